"""The commands that tell figures: what they take, and how they print it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from crmkit.commands.terminal import print_csv, print_json, print_table, say, user_language
from crmkit.errors import N_, RequestError
from crmkit.present.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.measures.presets import Preset

#: What stands of a comparison on a terminal.
SIDE_BY_SIDE = ["pipeline", "stage", "value_ours", "n_ours", "value_theirs", "n_theirs", "difference"]

ClientPlace = Annotated[
    Path, typer.Argument(metavar="CLIENT", help=say("The client's folder, or its client.yml."))
]
Format: TypeAlias = Annotated[
    Literal["table", "json", "csv"], typer.Option("--format", help=say("How to print it."))
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", help=say("The day that is described, such as 2026-10-31; default: the latest event.")
    ),
]
Span = Annotated[
    str,
    typer.Option("--period", help=say("2017, 2017-Q1, 2017-03, 2017-W09, 2017-03-01..2017-04-01 or all.")),
]


Language: TypeAlias = Annotated[Literal["ru", "en"] | None, typer.Option(help=say("Default: the client's."))]
OwnLanguage: TypeAlias = Annotated[
    Literal["ru", "en"] | None, typer.Option(help=say("Default: the language of this terminal."))
]
Replace = Annotated[bool, typer.Option("--replace", help=say("Write over the file if it is there already."))]
Measures = Annotated[list[str], typer.Option(help=say("ID or ID:VARIANT; may be given several times."))]
PresetName = Annotated[
    str, typer.Option(help=say("A list of measures: its name (crmkit list presets) or its file."))
]
Step = Annotated[str, typer.Option(help=say("Cut the period into steps: day, week, month, quarter or year."))]
Slices = Annotated[
    list[str],
    typer.Option(help=say("A slice: manager, team, stage, source, month …; may be given several times.")),
]


def evaluate(
    client: ClientPlace,
    measure: Measures = [],  # noqa: B006
    preset: PresetName = "",
    by: Slices = [],  # noqa: B006
    period: Span = "all",
    each: Step = "",
    as_of: AsOf = "",
    format: Format = "table",
) -> None:
    """Print figures."""
    from crmkit.client import read_client
    from crmkit.measures import evaluate_fully, find
    from crmkit.measures.presets import fitting, read_preset
    from crmkit.measures.records import left_out_records, records, with_parts
    from crmkit.periods import Period
    from crmkit.sources.load import load

    settings = read_client(client)
    chosen = read_preset(preset, settings.folder) if preset else None
    watched = chosen.measures if chosen else ()
    names = [*measure, *fitting(watched, by)]
    if not names:
        remedy = N_("Give --measure or --preset; crmkit list measures tells what there is.")
        raise RequestError("--measure", N_("no measure is asked for"), remedy=remedy)
    crm = load(settings, as_of or None)
    span = Period.parse(period, settings.time_zone)
    figures, left = evaluate_fully(names, crm, span, by, each or None)
    if format == "json":
        rows, parts = records(figures, by), [part for name in names for part in find(name).parts]
        if parts:
            rows = with_parts(rows, records(evaluate_fully(parts, crm, span, by, each or None)[0], by))
        told = {"rows": rows, "left_out": left_out_records(left)}
        print_json({"as_of": crm.as_of.isoformat()} | _of_preset(chosen) | told)
        return
    _print(figures, format)
    for line in _remarks(chosen, set(watched) - set(names)):
        typer.echo(line, err=format == "csv")


def _remarks(preset: Preset | None, untold: Collection[str]) -> list[str]:
    """Return what is to be said below the figures of a preset."""
    words = Words(user_language())
    said = [words.say(preset.note)] if preset and preset.note else []
    left = words.say("Cannot be told by these slices: {names}.", names=", ".join(sorted(untold)))
    return [*said, *([left] if untold else [])]


def _of_preset(preset: Preset | None) -> dict[str, Any]:
    return {"preset": {"name": preset.name, "title": preset.title, "note": preset.note}} if preset else {}


def pareto(
    client: ClientPlace,
    measure: Annotated[str, typer.Option(help=say("A count or a sum: ID or ID:VARIANT."))],
    by: Annotated[str, typer.Option(help=say("The slice whose items are ranked: company, source …"))],
    period: Span = "all",
    as_of: AsOf = "",
    format: Format = "table",
) -> None:
    """Print a Pareto."""
    from crmkit.client import read_client
    from crmkit.measures.pareto import core_of
    from crmkit.measures.pareto import pareto as items_of
    from crmkit.measures.records import plain_rows
    from crmkit.periods import Period
    from crmkit.sources.load import load

    settings = read_client(client)
    crm = load(settings, as_of or None)
    items = items_of(measure, crm, by, Period.parse(period, settings.time_zone))
    if format != "json":
        _print(items, format)
        return
    core = core_of(items, settings.limits.pareto_share)
    told = {"as_of": crm.as_of.isoformat(), "measure": measure, "by": by, "core": asdict(core)}
    print_json(told | {"rows": plain_rows(items)})


def parity(
    client: ClientPlace,
    period: Span = "all",
    crm: Annotated[str, typer.Option(help=say("Whose screen; default: the client's CRM."))] = "",
    as_of: AsOf = "",
    format: Format = "table",
) -> None:
    """Print our figures beside those on the CRM's screen, and why they differ."""
    from crmkit.client import read_client
    from crmkit.measures.parity import pairs_of
    from crmkit.measures.parity import parity as side_by_side
    from crmkit.measures.records import plain
    from crmkit.periods import Period
    from crmkit.sources.load import load

    settings = read_client(client)
    whose, words = crm or settings.crm, Words(user_language())
    said = {pair.theirs: pair for pair in pairs_of(whose)}
    snapshot = load(settings, as_of or None)
    rows = side_by_side(snapshot, whose, Period.parse(period, settings.time_zone))
    rows = rows.assign(
        why=[words.message(said[name].why) for name in rows["theirs"]],
        where=[words.message(said[name].where) for name in rows["theirs"]],
    )
    if format == "csv":
        print_csv(rows)
        return
    if format == "table":
        print_table(rows[["ours", "theirs", *SIDE_BY_SIDE, "why"]])
        return
    values = rows.astype("object").where(rows.notna() & (rows != ""), None).to_dict("records")
    told = [{str(name): plain(value) for name, value in row.items()} for row in values]
    print_json({"as_of": snapshot.as_of.isoformat(), "crm": whose, "rows": told})


def _print(frame: pd.DataFrame, format: str) -> None:
    (print_csv if format == "csv" else print_table)(frame)
