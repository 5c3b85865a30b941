"""The commands that make and convert descriptions of a process, and write its documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Language, Replace, Span
from crmkit.commands.improve import Version, chosen
from crmkit.commands.terminal import refuse_taken, say, user_language
from crmkit.errors import N_, RequestError
from crmkit.present.words import Words

if TYPE_CHECKING:
    import datetime as dt

    from crmkit.process.description import CrmStage, Process
    from crmkit.process.store import Processes
    from crmkit.settings import Client


def new(
    client: ClientPlace,
    template: Annotated[
        Literal["b2b", "short"],
        typer.Option(help=say("What it starts from: the standard B2B process, or a sale of a few days.")),
    ] = "b2b",
    format: Annotated[
        Literal["xlsx", "yml"],
        typer.Option("--format", help=say("A workbook to fill in and to send, or a text file (YAML).")),
    ] = "xlsx",
    version: Annotated[
        Literal["as_is", "to_be"],
        typer.Option(
            help=say("The process as it is, or as it should be; that starts from the one as it is.")
        ),
    ] = "as_is",
    date: Annotated[str, typer.Option(help=say("From when it is in force, such as 2026-10-31."))] = "",
) -> None:
    """Write a description to start from into the client's folder; nothing is overwritten."""
    from crmkit.client import read_client
    from crmkit.present.process_words import described
    from crmkit.process.store import FOLDER

    settings, day = read_client(client), _day(date)
    there = described(settings.folder)
    name = "as-is" if version == "as_is" else f"to-be-{date}".removesuffix("-")
    path = settings.folder / FOLDER / f"{name}.{format}"
    known = there.files.get((version, day if version == "to_be" else None))
    if known or path.exists():
        what = N_("this version is described already")
        remedy = N_("Go on with that file, give another --date, or move it away.")
        raise RequestError("crmkit process new", what, [f"{FOLDER}/{(known or path).name}"], remedy)
    start = _start(there, version, template, settings=settings)
    _write(path, start.in_version(version, day), settings)
    typer.echo(say("Written: {path}", path=path))
    typer.echo(
        "  → " + say("Fill it in with those who sell, then: crmkit process lint {client}", client=client)
    )
    typer.echo("  → " + say("Then: crmkit run {client} --notebooks 02,03", client=client))


def convert(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=say("A description: CLIENT/process/as-is.xlsx or .yml."))
    ],
    to: Annotated[
        Path | None, typer.Option(help=say("Where to; default: the same name with the other ending."))
    ] = None,
    replace: Replace = False,
) -> None:
    """Write a workbook as YAML, or YAML as a workbook with the client's CRM stages to choose from."""
    from crmkit.client import read_client
    from crmkit.present.process_words import all_book_words
    from crmkit.process.store import read_file

    if not file.is_file():
        raise RequestError(str(file), N_("there is no such file"))
    target = to or file.with_suffix(".yml" if file.suffix.lower() == ".xlsx" else ".xlsx")
    if target.suffix.lower() not in (".xlsx", ".yml", ".yaml"):
        remedy = N_("Give a name that ends in .xlsx or .yml.")
        raise RequestError("--to", N_("descriptions are written as XLSX or YAML"), [target.name], remedy)
    refuse_taken(target, replace=replace)
    process, repairs = read_file(file, all_book_words())
    home = next((place for place in file.resolve().parents[:2] if (place / "client.yml").is_file()), None)
    _write(target, process, read_client(home) if home else None)
    words = Words(user_language())
    for repair in repairs:
        typer.echo("  → " + words.message(repair))
    typer.echo(say("Written: {path}", path=target))


def documents(
    client: ClientPlace,
    to: Annotated[Path, typer.Option(help=say("The folder to write them into; it may not exist yet."))],
    version: Version = "",
    language: Language = None,
    as_of: AsOf = "",
    period: Span = "",
    replace: Annotated[
        bool, typer.Option("--replace", help=say("Write over documents that are there already."))
    ] = False,
) -> None:
    """Write all that is handed over about a client's process; what is there is kept unless told otherwise."""
    from crmkit.documents.handover import FILES, write_handover
    from crmkit.present.study import open_study

    there = [name for name in FILES if (to / name).exists()]
    if there and not replace:
        remedy = N_("Give --replace to write over them, or --to with another folder.")
        raise RequestError(str(to), N_("documents are there already, perhaps with changes"), there, remedy)
    study = open_study(client, as_of, language or "", period)
    for path in write_handover(study, to, chosen(study.processes, version)):
        typer.echo(say("Written: {path}", path=path))


def _day(text: str) -> dt.date | None:
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise RequestError("--date", N_("a date such as 2026-10-31 should stand here"), [text]) from error


def _start(there: Processes, version: str, template: str, *, settings: Client) -> Process:
    """Return what a new description starts from: the process as it is, else a template with CRM stages."""
    from crmkit.places import resource
    from crmkit.process.beginning import with_crm_stages
    from crmkit.process.yamlform import read_description

    if version == "to_be" and there.as_is:
        return there.as_is
    folder = resource("templates") / "process"
    own, english = (
        read_description(folder / f"{template}.{language}.yml") for language in (settings.language, "en")
    )
    return with_crm_stages(own, english, settings.pipelines)


def _write(path: Path, process: Process, settings: Client | None) -> None:
    """Write a description in the form that the file's ending says."""
    from crmkit.documents.process_book import write_process_book
    from crmkit.process.yamlform import write_yaml

    if path.suffix.lower() != ".xlsx":
        write_yaml(path, process)
        return
    language = settings.language if settings else user_language()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_process_book(path, process, language=language, crm_stages=_crm_stages(settings))


def _crm_stages(settings: Client | None) -> list[CrmStage]:
    from crmkit.process.beginning import choices_of

    pipelines = settings.pipelines if settings else ()
    return choices_of((pipeline.name, stage.name) for pipeline in pipelines for stage in pipeline.stages)
