"""The commands about the process: ``crmkit process …``. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from crmkit.terminal import say

app = typer.Typer(help=say("The sales process: describe, check, measure, improve."), no_args_is_help=True)


@app.callback()
def _process() -> None:
    """Hold the commands together."""
