"""The commands about the weekly sheet of the audit: ``crmkit sheet …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Language, Replace
from crmkit.commands.terminal import busy, refuse_taken, say
from crmkit.errors import N_, RequestError

app = typer.Typer(
    help=say("The weekly audit sheet: cards to walk through, and what was decided on them."),
    no_args_is_help=True,
)


@app.command(help=say("Write the weekly sheet: cards with violations, the worst first, to be decided on."))
def make(
    client: ClientPlace,
    to: Annotated[
        Path | None, typer.Option(help=say("Where to; default: CLIENT/audit/audit-sheet-DAY.xlsx."))
    ] = None,
    by: Annotated[
        Literal["rep", "stage", "both"], typer.Option(help=say("Walk rep by rep, stage by stage, or both."))
    ] = "both",
    as_of: AsOf = "",
    language: Language = None,
    replace: Replace = False,
) -> None:
    """Write the workbook; one that is there, perhaps filled in, is kept unless told otherwise."""
    from crmkit.documents.audit_sheet import write_audit_sheet
    from crmkit.present.study import open_study

    with busy():
        study = open_study(client, as_of, language or "")
    target = to or study.client.folder / "audit" / f"audit-sheet-{study.crm.today}.xlsx"
    refuse_taken(target, replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with busy():
        count = write_audit_sheet(target, study, ("rep", "stage") if by == "both" else (by,))
    typer.echo(say("Written: {path}", path=target))
    typer.echo("  → " + study.words.plural("{n} card to decide on.", "{n} cards to decide on.", count))
    typer.echo("  → " + say("Then: crmkit sheet read {client} {file}", client=client, file=target))


@app.command(help=say("Read the decisions of a filled weekly sheet into the client's folder."))
def read(
    client: ClientPlace,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("The weekly sheet, filled in."))],
) -> None:
    """Keep the decisions; with any mistake in the file, nothing is kept."""
    from crmkit.audit.decisions import keep
    from crmkit.audit.filled import read_filled
    from crmkit.client import read_client
    from crmkit.present.sheet_words import all_sheet_words

    if not file.is_file():
        raise RequestError(str(file), N_("there is no such file"))
    settings = read_client(client)
    kept = keep(settings.folder, read_filled(file, all_sheet_words(), settings.name))
    typer.echo(
        say(
            "Decisions: {added} new, {changed} changed, {known} known already.",
            added=kept.added, changed=kept.changed, known=kept.known,
        )
    )  # fmt: skip
