"""The commands that compare: ``crmkit compare …``. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from crmkit.commands import compare_clients, compare_groups, compare_times
from crmkit.commands.terminal import say

app = typer.Typer(
    help=say("Compare fairly: reps like for like, periods, before and after; with intervals and verdicts."),
    no_args_is_help=True,
)


@app.callback()
def _compare() -> None:
    """Hold the commands together."""


app.command(help=say("Compare reps like for like: each beside what others would have made of such deals."))(
    compare_groups.managers
)
app.command(
    help=say("Split a gap in revenue into what makes it: leads, win rate, average check, or stages.")
)(compare_groups.gap)
app.command(help=say("Compare two periods: which figures changed by more than noise."))(compare_times.periods)
app.command(help=say("Say what a change brought: weekly figures before and after a day."))(
    compare_times.effect
)
app.command(help=say("Set claims against the data: supported, contradicted, or the data cannot tell."))(
    compare_times.claim
)
app.command(help=say("Set a client beside the others of a portfolio: quartiles, and nobody's own figure."))(
    compare_clients.clients
)
