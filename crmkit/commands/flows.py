"""``crmkit flows``: the process as the data tells it, for programs and for the eye."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Span
from crmkit.commands.terminal import print_json, print_table, say, user_language
from crmkit.errors import N_, RequestError
from crmkit.present.words import Words

if TYPE_CHECKING:
    from crmkit.process.steps import StepMap
    from crmkit.schema import Snapshot
    from crmkit.settings import Client

#: What stands of a stage and of a path on a terminal.
OF_STAGE = (
    "pipeline", "stage", "kind", "reached", "days_to_median", "entries", "advanced", "lost", "moved_back",
    "other_pipeline", "still_there", "unknown", "skipped", "conversion", "conversion_n", "days_median",
    "open_now",
)  # fmt: skip
MOST_PATHS = 15


def flows(
    client: ClientPlace,
    keep_self_loops: Annotated[
        bool, typer.Option("--keep-self-loops", help=say("Keep changes from a stage to itself."))
    ] = False,
    steps: Annotated[
        bool, typer.Option("--steps", help=say("Tell the steps of the client's description, not CRM stages."))
    ] = False,
    working: Annotated[
        bool, typer.Option("--working", help=say("Tell the times of moves in working days too."))
    ] = False,
    period: Span = "all",
    as_of: AsOf = "",
    format: Annotated[Literal["table", "json"], typer.Option(help=say("How to print it."))] = "table",
) -> None:
    """Print the account of each stage, the moves between them, and the paths of deals."""
    from crmkit.client import read_client
    from crmkit.commands.flow_records import flows_of, rows_of_history
    from crmkit.periods import Period
    from crmkit.present.reasons import missing
    from crmkit.process.steps import stages_as_places
    from crmkit.sources.load import load, load_report

    settings = read_client(client)
    crm = load(settings, as_of or None)
    if keep_self_loops:
        crm = replace(crm, settings=replace(crm.settings, self_loops="keep"))
    span = Period.parse(period, settings.time_zone)
    places = _steps(crm, settings) if steps else stages_as_places(crm)
    calendar = crm.settings.calendar if working else None
    told = {"client": settings.name} | flows_of(crm, span, places, working=calendar)
    told["rows"] = rows_of_history(load_report(settings))
    words = Words(user_language())
    told["how"] = [words.message(one) for one in missing(crm, ", ".join(told["missing"]))]
    if format == "json":
        print_json(told)
    else:
        _print(told)
        _print_rows(told["rows"], words)


def _steps(crm: Snapshot, settings: Client) -> StepMap:
    from crmkit.present.process_words import described
    from crmkit.process.steps import map_steps

    process = described(settings.folder).as_is
    if process is None:
        remedy = N_("Write the description of the process as it is: crmkit process new makes a first one.")
        raise RequestError("--steps", N_("the process of this client is not described yet"), remedy=remedy)
    return map_steps(crm, process)


def _print(told: dict[str, Any]) -> None:
    """Print what a person reads: the stages, the moves, the most frequent paths, the shares."""
    import pandas as pd

    stages = pd.DataFrame(told["stages"])
    print_table(stages[[name for name in OF_STAGE if name in stages]])
    for line in told["how"]:
        typer.echo(line)
    if told["state"] != "ok":
        return
    for part in ("edges", "starts", "ends", "shares"):
        print_table(pd.DataFrame(told[part]))
    paths = pd.DataFrame(told["variants"][:MOST_PATHS], columns=["path", "n", "share"])
    print_table(paths.assign(path=[" → ".join(path) for path in paths["path"]]))
    if (more := len(told["variants"]) - MOST_PATHS) > 0:
        typer.echo(say("Less frequent paths that are not shown: {n}.", n=more))
    print_table(pd.DataFrame([{"of": one} | told[one] for one in ("durations", "events_per_deal")]))
    ties, loops = told["ties"], told["self_loops"]
    told_of = (
        say("Moves between two stages at one moment: {n}. Such stages stand in their order.", n=ties["moves"])
        if ties["order"] == "stage_order" or not ties["moves"]
        else say(
            "Moves between two stages at one moment: {n}. Such stages stand in the order of their names: "
            "write the stages in their order under «pipelines» in client.yml.",
            n=ties["moves"],
        )
    )
    typer.echo(told_of)
    kept = loops["treatment"] == "kept"
    told_of = (
        say("Changes from a stage to itself, kept: {n}.", n=loops["n"])
        if kept
        else say("Changes from a stage to itself, left out: {n}.", n=loops["n"])
    )
    typer.echo(told_of)
    typer.echo(say("Deals without a history of stages: {n}.", n=told["deals_without_history"]))


def _print_rows(rows: dict[str, Any], words: Words) -> None:
    """Print how many rows of the history count, and what was odd about them."""
    from crmkit.present.reasons import SET_ASIDE
    from crmkit.present.troubles import what_is_wrong

    typer.echo(say("Rows of the history: {read} read, {kept} kept.", read=rows["read"], kept=rows["kept"]))
    odd = [(words.message(SET_ASIDE[reason]), n, "") for reason, n in rows["set_aside"].items()]
    odd += [
        (words.message(what_is_wrong(one["code"])), one["count"], one["samples"]) for one in rows["notes"]
    ]
    for what, n, samples in odd:
        typer.echo(f"  {n}: {what}" + (f" ({samples})" if samples else ""))
