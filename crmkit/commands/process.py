"""The commands about the process: ``crmkit process …``. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from crmkit.commands import describe, improve, lint, weigh
from crmkit.commands.terminal import say

app = typer.Typer(help=say("The sales process: describe, check, measure, improve."), no_args_is_help=True)


@app.callback()
def _process() -> None:
    """Hold the commands together."""


app.command(help=say("Write a description to start from into the client's folder: a workbook, or YAML."))(
    describe.new
)
app.command(help=say("Write a workbook as YAML, or YAML as a workbook."))(describe.convert)
app.command(help=say("Write what is handed over: regulation, CRM brief, matrix, onboarding, plan, BPMN."))(
    describe.documents
)
app.command(help=say("Say what is to be mended in the descriptions: step, rule, what to do."))(lint.lint)
app.command(help=say("Hold deals against the description: how many keep to it, and every deviation."))(
    improve.conform
)
app.command(help=say("Say what differs between two versions of the description, cell by cell."))(improve.diff)
app.command(help=say("Add a card of improvement to the client's folder, or measure what came of one."))(
    improve.card
)
app.command(help=say("Say what each step costs a month, and which one to improve first."))(weigh.bottlenecks)
