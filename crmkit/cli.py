"""The command line. Nothing heavy is imported before it is known which command runs."""

from __future__ import annotations

import json
import locale
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmkit import __version__
from crmkit.errors import N_, CrmkitError, Refusals
from crmkit.present.words import LANGUAGES, Words

if TYPE_CHECKING:
    import pandas as pd


def user_language() -> str:
    """Return the language of the person at the keyboard: ``CRMKIT_LANGUAGE``, else the system's, else English."""
    told = os.environ.get("CRMKIT_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES")
    told = told or os.environ.get("LANG") or locale.getlocale()[0] or "en"
    return next(
        (one for one in LANGUAGES if told.lower().startswith((one, {"ru": "russian"}.get(one, one)))), "en"
    )


say = Words(user_language()).say

app = typer.Typer(
    help=say(
        "From a CRM export to an audit of a sales department: figures, tables and reports in Russian and English."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ClientPlace = Annotated[
    Path, typer.Argument(metavar="CLIENT", help=say("The client's folder, or its client.yml."))
]
Format = Annotated[str, typer.Option("--format", help=say("table, json or csv."))]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", help=say("The day that is described, such as 2026-10-31; default: the latest event.")
    ),
]
Language = Annotated[str, typer.Option(help=say("ru or en; default: the client's."))]


def main() -> None:
    """Run a command; a refusal is told in the user's language and exits with 2."""
    try:
        app()
    except CrmkitError as error:
        tell(error)
        sys.exit(2)


def tell(error: CrmkitError, language: str | None = None) -> None:
    """Say a refusal on standard error: where, what, samples, what to do."""
    words = Words(language) if language else Words(user_language())
    for one in error.errors if isinstance(error, Refusals) else (error,):
        typer.secho(f"✗ {one.where}: {words.message(one.what)}", err=True, fg=typer.colors.RED)
        if one.samples:
            typer.echo("  " + " · ".join(one.samples), err=True)
        if one.remedy is not None:
            typer.echo("  → " + words.message(one.remedy), err=True)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help=say("Show the version and stop."))] = False,
) -> None:
    """Answer ``--version``."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


@app.command(help=say("Make a client's folder with a client.yml, from files of a CRM export."))
def new(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help=say("The folder to make; it must not hold a client.yml."))
    ],
    exports: Annotated[
        list[Path],
        typer.Argument(metavar="EXPORT…", help=say("Files of the export; they are left where they are.")),
    ],
    name: Annotated[str, typer.Option(help=say("The client's name; default: the folder's."))] = "",
    language: Language = "",
) -> None:
    """Write a commented ``client.yml`` that only needs confirming."""
    from crmkit.sources.new import write_client

    chosen = language or user_language()
    path, open_points = write_client(folder, exports, name=name, words=Words(chosen))
    typer.echo(Words(chosen).say("Written: {path}", path=path))
    for point in open_points:
        typer.echo("  → " + Words(chosen).message(point))
    typer.echo(Words(chosen).say("Read it through, then: crmkit run {folder}", folder=folder))


@app.command(help=say("Read a client's files and tell how: rows kept and set aside, columns, oddities."))
def load(client: ClientPlace, format: Format = "table") -> None:  # noqa: A002 (the option's name)
    """Print the load report."""
    from crmkit.client import read_client
    from crmkit.sources.load import load as snapshot_of
    from crmkit.sources.load import load_report

    settings = read_client(client)
    report = load_report(settings)
    crm = snapshot_of(settings)
    parts = {name: getattr(report, name) for name in ("files", "columns", "set_aside", "notes")}
    if format == "json":
        content = {name: json.loads(frame.to_json(orient="records")) for name, frame in parts.items()}
        rows = {name: len(frame) for name, frame in crm.tables.items()}
        head = {
            "client": settings.name,
            "as_of": crm.as_of.isoformat(),
            "exported_at": crm.exported_at.isoformat(),
        }
        _json(head | {"rows": rows, "hidden": dict(crm.hidden)} | content)
        return
    for frame in parts.values():
        _table(frame)


@app.command(help=say("Tell figures of a client: measures over periods and slices."))
def evaluate(
    client: ClientPlace,
    measure: Annotated[list[str], typer.Option(help=say("ID or ID:VARIANT; may be given several times."))],
    by: Annotated[
        list[str],
        typer.Option(help=say("A slice: manager, team, stage, source, month …; may be given several times.")),
    ] = [],  # noqa: B006
    period: Annotated[
        str, typer.Option(help=say("2017, 2017-Q1, 2017-03, 2017-W09, 2017-03-01..2017-04-01 or all."))
    ] = "all",
    each: Annotated[
        str, typer.Option(help=say("Cut the period into steps: day, week, month, quarter or year."))
    ] = "",
    as_of: AsOf = "",
    format: Format = "table",  # noqa: A002
) -> None:
    """Print figures."""
    from crmkit.client import read_client
    from crmkit.measures import evaluate_fully
    from crmkit.measures.records import left_out_records, records
    from crmkit.periods import Period
    from crmkit.sources.load import load as snapshot_of

    settings = read_client(client)
    crm = snapshot_of(settings, as_of or None)
    span = Period.parse(period, settings.time_zone)
    figures, left = evaluate_fully(measure, crm, span, by, each or None)
    if format == "json":
        _json({"as_of": crm.as_of.isoformat(), "rows": records(figures), "left_out": left_out_records(left)})
    elif format == "csv":
        _csv(figures)
    else:
        _table(figures)


@app.command("list", help=say("List what there is: measures, checks, notebooks or sources."))
def list_(
    what: Annotated[str, typer.Argument(metavar="measures|checks|notebooks|sources")],
    language: Language = "",
    format: Format = "table",  # noqa: A002
) -> None:
    """Print a catalogue."""
    import pandas as pd

    rows = _listed(what, Words(language or user_language()))
    if format == "json":
        _json(rows)
    else:
        _table(pd.DataFrame(rows))


def _listed(what: str, words: Words) -> list[dict[str, Any]]:
    from crmkit.client import did_you_mean
    from crmkit.errors import RequestError

    if what == "measures":
        from crmkit.measures import catalogue

        return [
            {
                "id": one.id, "variant": one.variant, "unit": one.unit, "better": one.better, "group": one.group,
                "basis": one.basis, "needs": ", ".join(sorted(one.needs)), "title": words.say(one.title),
                "definition": words.say(one.definition),
            }
            for one in catalogue()
        ]  # fmt: skip
    if what == "checks":
        return []
    if what == "notebooks":
        from crmkit.batch.notebooks import notebook_paths

        return [{"name": name} for name in notebook_paths()]
    if what == "sources":
        from crmkit.sources.known import SOURCES

        return [
            {"crm": one.name, "tables": ", ".join(one.columns) or "client.yml"} for one in SOURCES.values()
        ]
    raise RequestError(
        f"list {what}",
        N_("there is no such list"),
        remedy=did_you_mean(what, ["measures", "checks", "notebooks", "sources"]),
    )


@app.command(help=say("Make a department that never was, with a known truth, as files of a CRM export."))
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER")],
    crm: Annotated[str, typer.Option(help=say("amocrm, bitrix24 or plain."))] = "amocrm",
    deals: Annotated[int, typer.Option(min=10, help=say("How many deals."))] = 500,
    seed: Annotated[int, typer.Option(help=say("The same seed gives the same files."))] = 1,
    language: Language = "",
) -> None:
    """Write a simulated client."""
    from crmkit.simulate import simulate_to

    simulate_to(folder, crm=crm, deals=deals, seed=seed, language=language or user_language())
    typer.echo(say("Written: {path}", path=folder))


@app.command(help=say("Write the notebooks in a language, to work in them."))
def notebooks(
    to: Annotated[Path, typer.Option(help=say("The folder to write to."))],
    language: Language = "",
) -> None:
    """Write translated notebooks."""
    from crmkit.batch.notebooks import write_notebooks

    written = write_notebooks(language or user_language(), to)
    for path in written.paths:
        typer.echo(say("Written: {path}", path=path))
    for path in written.kept:
        typer.echo(say("Left as you changed it: {path}", path=path))


@app.command(help=say("Make the reports of one client or of many: HTML, XLSX, notebooks and run.json."))
def run(
    clients: Annotated[list[Path], typer.Argument(metavar="CLIENT…", help=say("Folders with a client.yml."))],
    out: Annotated[Path, typer.Option(help=say("The folder of the reports."))] = Path("reports"),
    notebooks: Annotated[str, typer.Option(help=say("Which notebooks, such as 01,06; default: all."))] = "",
    as_of: AsOf = "",
    language: Language = "",
    period: Annotated[
        str, typer.Option(help=say("The period of the figures; default: the last twelve months."))
    ] = "",
    options: Annotated[Path | None, typer.Option(help=say("A JSON file that the notebooks read."))] = None,
    jobs: Annotated[int, typer.Option(min=1, help=say("How many clients at a time."))] = 1,
) -> None:
    """Run the batch; exits with 0 if all were made, 1 if some failed, 2 if nothing was made."""
    from crmkit.batch.console import run_and_tell
    from crmkit.batch.request import Request

    request = Request(
        out=out,
        notebooks=[one.strip() for one in notebooks.split(",") if one.strip()] or None,
        as_of=as_of or None,
        language=language or None,
        period=period or None,
        options=options,
        jobs=jobs,
    )
    raise typer.Exit(run_and_tell(clients, request, Words(language or user_language())))


def _json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))


def _csv(frame: pd.DataFrame) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(
        ["" if value is None or value != value else value for value in row]
        for row in frame.itertuples(index=False, name=None)
    )
    typer.echo(text.getvalue(), nl=False)


def _table(frame: pd.DataFrame) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name in frame.columns:
        table.add_column(str(name), overflow="fold")
    for row in frame.itertuples(index=False, name=None):
        table.add_row(*(Text("" if value is None or value != value else str(value)) for value in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)
