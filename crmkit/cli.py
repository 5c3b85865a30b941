"""The command line. Nothing heavy is imported before it is known which command runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from crmkit import __version__
from crmkit.commands import audit, board, checklist, compare, figures, flows, process, sheet
from crmkit.commands.figures import AsOf, ClientPlace, Format, Language, OwnLanguage
from crmkit.commands.terminal import (
    print_csv,
    print_json,
    print_table,
    say,
    say_all_signs,
    tell,
    user_language,
)
from crmkit.errors import N_, CrmkitError
from crmkit.present.words import Words

app = typer.Typer(
    help=say(
        "From a CRM export to an audit of a sales department: "
        "figures, tables and reports in Russian and English."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; a refusal is told in the user's language and exits with 2."""
    say_all_signs()
    try:
        app()
    except CrmkitError as error:
        tell(error)
        sys.exit(2)
    except OSError as error:
        what = N_(
            "the file or folder cannot be read or written: {reason}", reason=error.strerror or str(error)
        )
        remedy = N_("Check that it is there, that you may use it, and that the disk is not full.")
        tell(CrmkitError(str(error.filename or "crmkit"), what, remedy=remedy))
        sys.exit(2)


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
    language: OwnLanguage = None,
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
def load(
    client: ClientPlace,
    format: Annotated[Literal["table", "json"], typer.Option(help=say("How to print it."))] = "table",
) -> None:
    """Print the load report."""
    from crmkit.client import read_client
    from crmkit.present.quality import examined
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
        quality = {"quality": examined(settings).records()}
        print_json(head | {"rows": rows, "hidden": dict(crm.hidden)} | content | quality)
        return
    for frame in parts.values():
        print_table(frame)


@app.command(help=say("Fetch what is new from the client's CRM (amoCRM, Bitrix24) into its folder."))
def pull(
    client: ClientPlace,
    full: Annotated[bool, typer.Option("--full", help=say("Fetch everything again."))] = False,
) -> None:
    """Pull from the CRM's own interface."""
    from crmkit.client import read_client
    from crmkit.commands.terminal import tell_pull, tell_step
    from crmkit.pull import pull as pull_from

    settings = read_client(client)
    tell_pull(pull_from(settings, full=full, tell=tell_step), settings)


app.command(help=say("Tell figures of a client: measures over periods and slices."))(figures.evaluate)
app.command(help=say("Tell which few clients, reps or others give most of a count or a sum."))(figures.pareto)
app.command(help=say("Set our figures beside those on the CRM's own screen, and say why they differ."))(
    figures.parity
)
app.command(help=say("Tell the process from the history of stages: accounts, moves, paths, times."))(
    flows.flows
)
app.command(help=say("Audit how the CRM is kept: every violation with its evidence, and what changed."))(
    audit.audit
)
app.command(help=say("Write the board of violations: one page for a shared screen."))(board.board)
app.add_typer(compare.app, name="compare")
app.add_typer(process.app, name="process")
app.add_typer(sheet.app, name="sheet")
app.add_typer(checklist.app, name="checklist")


@app.command("list", help=say("List what there is: measures, presets, checks, notebooks or sources."))
def list_(
    what: Literal["measures", "presets", "checks", "notebooks", "sources"],
    language: OwnLanguage = None,
    format: Format = "table",
) -> None:
    """Print a catalogue."""
    import pandas as pd

    from crmkit.commands.listing import listed

    rows = listed(what, Words(language or user_language()))
    if format == "json":
        print_json(rows)
    elif format == "csv":
        print_csv(pd.DataFrame(rows))
    else:
        print_table(pd.DataFrame(rows))


@app.command(help=say("Make a department that never was, with a known truth, as files of a CRM export."))
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER")],
    crm: Annotated[
        Literal["amocrm", "bitrix24", "hubspot", "pipedrive", "salesforce", "1c", "plain"],
        typer.Option(help=say("Whose export it looks like.")),
    ] = "amocrm",
    deals: Annotated[int, typer.Option(min=10, help=say("How many deals."))] = 500,
    seed: Annotated[int, typer.Option(help=say("The same seed gives the same files."))] = 1,
    language: OwnLanguage = None,
) -> None:
    """Write a simulated client."""
    from crmkit.simulate import simulate_to

    chosen = language or user_language()
    simulate_to(folder, crm=crm, deals=deals, seed=seed, language=chosen)
    typer.echo(say("Written: {path}", path=folder))


@app.command(help=say("Write the notebooks in a language, to work in them."))
def notebooks(
    to: Annotated[Path, typer.Option(help=say("The folder to write to."))],
    language: OwnLanguage = None,
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
    language: Language = None,
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
