"""The commands that compare: ``crmkit compare …``. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from crmkit.commands import changes, portfolio, sides
from crmkit.commands.terminal import say

app = typer.Typer(
    help=say("Compare fairly: reps like for like, periods, before and after; with intervals and verdicts."),
    no_args_is_help=True,
)


@app.callback()
def _compare() -> None:
    """Hold the commands together."""


app.command(help=say("Compare reps like for like: each beside what others would have made of such deals."))(
    sides.managers
)
app.command(
    help=say("Split a gap in revenue into what makes it: leads, win rate, average check, or stages.")
)(sides.gap)
app.command(help=say("Compare two periods: which figures changed by more than noise."))(changes.periods)
app.command(help=say("Say what a change brought: weekly figures before and after a day."))(changes.effect)
app.command(help=say("Set claims against the data: supported, contradicted, or the data cannot tell."))(
    changes.claim
)
app.command(help=say("Set a client beside the others of a portfolio: quartiles, and nobody's own figure."))(
    portfolio.clients
)
