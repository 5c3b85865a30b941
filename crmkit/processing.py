"""The commands about the process: ``crmkit process …``. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from crmkit import describing, improving, telling_lint, weighing
from crmkit.terminal import say

app = typer.Typer(help=say("The sales process: describe, check, measure, improve."), no_args_is_help=True)


@app.callback()
def _process() -> None:
    """Hold the commands together."""


app.command(help=say("Write a description to start from into the client's folder: a workbook, or YAML."))(
    describing.new
)
app.command(help=say("Write a workbook as YAML, or YAML as a workbook."))(describing.convert)
app.command(help=say("Write what is handed over: regulation, CRM brief, matrix, onboarding, plan, BPMN."))(
    describing.documents
)
app.command(help=say("Say what is to be mended in the descriptions: step, rule, what to do."))(
    telling_lint.lint
)
app.command(help=say("Hold deals against the description: how many keep to it, and every deviation."))(
    improving.conform
)
app.command(help=say("Say what differs between two versions of the description, cell by cell."))(
    improving.diff
)
app.command(help=say("Add a card of improvement to the client's folder, or measure what came of one."))(
    improving.card
)
app.command(help=say("Say what each step costs a month, and which one to improve first."))(
    weighing.bottlenecks
)
