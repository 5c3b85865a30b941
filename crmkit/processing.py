"""The commands about the process: ``crmkit process …``. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from crmkit import describing
from crmkit.terminal import say

app = typer.Typer(help=say("The sales process: describe, check, measure, improve."), no_args_is_help=True)


@app.callback()
def _process() -> None:
    """Hold the commands together."""


app.command(help=say("Write a description to start from into the client's folder: a workbook, or YAML."))(
    describing.new
)
app.command(help=say("Write a workbook as YAML, or YAML as a workbook."))(describing.convert)
