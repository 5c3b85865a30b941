"""The commands about the sales-system checklist: ``crmkit checklist …``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Language, Replace
from crmkit.commands.terminal import busy, print_json, refuse_taken, say, user_language
from crmkit.errors import N_, RequestError
from crmkit.present.words import Words

if TYPE_CHECKING:
    from crmkit.present.study import Study

app = typer.Typer(
    help=say("The sales-system checklist: questions to people, beside what the data say."),
    no_args_is_help=True,
)
Shape: TypeAlias = Annotated[Literal["table", "json"], typer.Option("--format", help=say("How to print it."))]


@app.command(help=say("Write the checklist as a workbook, with the answers given so far, to be filled in."))
def make(
    client: ClientPlace,
    to: Annotated[
        Path | None, typer.Option(help=say("Where to; default: CLIENT/audit/checklist-DAY.xlsx."))
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help=say("Begin a new audit, on the day described; answers start empty."))
    ] = False,
    as_of: AsOf = "",
    language: Language = None,
    replace: Replace = False,
) -> None:
    """Write the workbook; one that is there, perhaps filled in, is kept unless told otherwise."""
    from crmkit.documents.checklist_book import write_checklist
    from crmkit.present.checklist_audit import to_fill_in
    from crmkit.present.study import open_study

    with busy():
        study = open_study(client, as_of, language or "")
    day = to_fill_in(study, new)[0].day
    target = to or study.client.folder / "audit" / f"checklist-{day}.xlsx"
    refuse_taken(target, replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with busy():
        write_checklist(study, target, new=new)
    typer.echo(say("Written: {path}", path=target))
    typer.echo("  → " + say("The audit of {day}.", day=day.isoformat()))
    typer.echo("  → " + say("Then: crmkit checklist read {client} {file}", client=client, file=target))


@app.command(help=say("Read the answers of a filled workbook into the client's folder."))
def read(
    client: ClientPlace,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("The workbook, filled in."))],
    replace: Annotated[
        bool, typer.Option("--replace", help=say("Let it hold where another answer was given meanwhile."))
    ] = False,
    earlier: Annotated[
        bool,
        typer.Option("--earlier", help=say("Read it into the audit of its day, though a later one began.")),
    ] = False,
) -> None:
    """Keep the answers; with any mistake in the file, nothing is kept."""
    from crmkit.audit.checklist_kept import keep
    from crmkit.audit.checklist_sheet import read_checklist
    from crmkit.audit.questions import read_questions
    from crmkit.client import read_client
    from crmkit.present.checklist_sheet import all_checklist_words

    if not file.is_file():
        raise RequestError(str(file), N_("there is no such file"))
    settings = read_client(client)
    questions = read_questions(settings.folder)
    filled = read_checklist(file, all_checklist_words(), questions, client=settings.name)
    kept = keep(settings.folder, filled, questions, replace=replace, earlier=earlier)
    if kept.answers is None:
        typer.echo(say("The workbook holds no answer."))
        return
    counts = {"added": kept.added, "changed": kept.changed, "back": kept.taken_back, "known": kept.known}
    typer.echo(
        say("Answers: {added} new, {changed} changed, {back} taken back, {known} known already.", **counts)
    )
    left = sum(not kept.answers.said(one.id) for one in questions.questions)
    words = Words(user_language())
    typer.echo(words.say("The audit of {day}.", day=kept.answers.day.isoformat()))
    typer.echo(words.plural("{n} question is not answered yet", "{n} questions are not answered yet", left))


@app.command(help=say("Show what the answers come to: areas, growth points, contradictions, what changed."))
def show(client: ClientPlace, as_of: AsOf = "", format: Shape = "table") -> None:
    """Print the present audit."""
    from crmkit.present.checklist_audit import records
    from crmkit.present.study import open_study

    with busy():
        study = open_study(client, as_of, user_language())
        found = records(study)
    if format == "json":
        print_json(found)
        return
    for part in _parts(study):
        typer.echo(str(part))
        typer.echo()


def _parts(study: Study) -> list[Any]:
    """Return what is shown, in order."""
    from crmkit.present import checklist, checklist_answers

    first = [checklist.headline(study), checklist.areas(study), checklist.points(study)]
    pages = ("contradictions", "changes", "unanswered")
    return [*first, *(getattr(checklist_answers, name)(study) for name in pages)]
