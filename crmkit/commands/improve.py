"""The commands about what is done otherwise: deviations, changes between versions, cards of improvement."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Format, Span
from crmkit.commands.terminal import print_csv, print_json, print_table, say
from crmkit.errors import N_, RequestError
from crmkit.present.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.process.cards import Card
    from crmkit.process.description import Process
    from crmkit.process.effect import Measured, Side
    from crmkit.process.store import Processes
    from crmkit.schema import Snapshot
    from crmkit.settings import Client

Version = Annotated[
    str,
    typer.Option(
        help=say(
            "Which description: as_is, to_be (the latest) or its day; default: the latest to_be, else as_is."
        )
    ),
]
Recent = Annotated[str, typer.Option(help=say("The period of the figures; default: the last twelve months."))]
Plain = Annotated[Literal["table", "json"], typer.Option("--format", help=say("How to print it."))]
#: How many deviations stand on a terminal, and what of each.
MOST = 40
SHORT = ["deal_id", "place", "kind", "found", "expected", "at", "manager_id"]


def conform(
    client: ClientPlace,
    version: Version = "",
    period: Span = "all",
    as_of: AsOf = "",
    format: Format = "table",
) -> None:
    """Print how many deals go the described way, and every deviation."""
    from crmkit.client import read_client
    from crmkit.periods import Period
    from crmkit.present.conformance import headings_of
    from crmkit.process.conformance import conformance, conforming
    from crmkit.process.steps import map_steps
    from crmkit.sources.load import load, load_report

    settings = read_client(client)
    process = chosen(_described(settings), version)
    crm = load(settings, as_of or None)
    span = Period.parse(period, settings.time_zone)
    headings = headings_of(load_report(settings))
    found = conformance(crm, span, process, map_steps(crm, process), headings=headings)
    if format == "csv":
        print_csv(found.deviations)
    elif format == "table":
        print_table(conforming(found).drop(columns="state"))
        print_table(conforming(found, "kind").assign(missing=found.checked["missing"]))
        print_table(found.deviations[SHORT].head(MOST))
        more = len(found.deviations) - MOST
        if more > 0:
            typer.echo(say("{n} more: --format csv has all of them.", n=more))
    else:
        told: dict[str, Any] = {"as_of": crm.as_of.isoformat(), "period": span.name} | _named(process)
        told |= {"conforming": _records(conforming(found))[0], "checked": _records(found.checked)}
        for name, by in (("kinds", "kind"), ("reps", "manager_id"), ("steps", "step_ix")):
            told[name] = _records(conforming(found, by))  # type: ignore[arg-type]
        print_json(told | {"left_out": dict(found.left_out), "deviations": _records(found.deviations)})


def diff(
    client: ClientPlace,
    before: Annotated[
        str, typer.Option("--from", help=say("The earlier version: as_is, to_be or its day."))
    ] = "as_is",
    after: Annotated[
        str, typer.Option("--to", help=say("The later version: as_is, to_be or its day."))
    ] = "to_be",
    format: Plain = "table",
) -> None:
    """Print what differs between two versions of the description, cell by cell."""
    from crmkit.client import read_client
    from crmkit.process.changes import differences

    processes = _described(read_client(client))
    first, second = chosen(processes, before, "--from"), chosen(processes, after, "--to")
    rows = differences(first, second)
    if format == "table" and rows.empty:
        typer.echo(say("The two versions say the same."))
    elif format == "table":
        print_table(rows[["part", "kind", "step_before", "step_after", "field", "old", "new"]])
    else:
        print_json({"from": _named(first), "to": _named(second), "differences": _records(rows)})


def card(
    client: ClientPlace,
    step: Annotated[str, typer.Option(help=say("The step to improve; default: the recommended one."))] = "",
    problem: Annotated[str, typer.Option(help=say("What is wrong there."))] = "",
    check: Annotated[int, typer.Option(help=say("Measure the effect of the card of this number."))] = 0,
    period: Recent = "",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Add a card of improvement to the client's folder, or measure what came of one."""
    from crmkit.client import read_client
    from crmkit.process.cards import cards_file, read_cards, write_cards
    from crmkit.sources.load import load

    settings = read_client(client)
    path = cards_file(settings.folder)
    cards = read_cards(path)
    process = _described(settings).as_is
    if check:
        fresh, told = _measured(cards, check, load(settings, as_of or None), process)
        cards = tuple(fresh if one.id == check else one for one in cards)
    else:
        fresh = (
            _fresh(cards, step, problem, settings.language)
            if step
            else _recommended(settings, cards, problem, (period, as_of))
        )
        cards, told = (*cards, fresh), {}
    write_cards(path, cards)
    kept = fresh.model_dump(mode="json", exclude_defaults=True)
    if format == "json":
        print_json({"card": kept} | told)
    else:
        typer.echo(say("Card {id} is kept in {path}.", id=fresh.id, path=f"process/{path.name}"))
        for name, value in (kept | told).items():
            typer.echo(f"  {name}: {value}")


def chosen(processes: Processes, version: str, option: str = "--version") -> Process:
    """Return the version that is asked for: ``as_is``, ``to_be``, a day; nothing for the target.

    Raises
    ------
    RequestError: there is no such version.
    """
    by_name = {"as_is": processes.as_is, "to_be": processes.to_be[-1] if processes.to_be else None}
    by_name |= {one.dated.isoformat(): one for one in processes.to_be if one.dated} | {"": processes.target}
    found = by_name.get(version)
    if found is None:
        known = [name for name, one in by_name.items() if name and one is not None]
        remedy = N_("Make one with «crmkit process new CLIENT».")
        if known:
            remedy = N_("Possible: {expected}.", expected=", ".join(known))
        raise RequestError(f"{option} {version}".strip(), N_("there is no such description"), remedy=remedy)
    return found


def _described(settings: Client) -> Processes:
    from crmkit.present.process_words import described

    return described(settings.folder)


def _fresh(cards: tuple[Card, ...], step: str, problem: str, language: str) -> Card:
    from crmkit.process.cards import Card, next_id

    said = problem or Words(language).say("What is wrong there is to be written here.")
    return Card(id=next_id(cards), problem=said, step=step)


def _recommended(settings: Client, cards: tuple[Card, ...], problem: str, when: tuple[str, str]) -> Card:
    """Return a card for the step that is recommended to be improved first."""
    from crmkit.measures import borders
    from crmkit.measures.cases import latest_months
    from crmkit.periods import Period
    from crmkit.present.cards import evidence
    from crmkit.present.formats import Formats
    from crmkit.process.bottlenecks import bottlenecks
    from crmkit.process.cards import drafted, next_id
    from crmkit.process.steps import map_steps, stages_as_places
    from crmkit.sources.load import load

    crm, process = load(settings, when[1] or None), _described(settings).as_is
    span = Period.parse(when[0], settings.time_zone) if when[0] else latest_months(crm)
    places = map_steps(crm, process) if process else stages_as_places(crm)
    found = bottlenecks(crm, span, places, process=process)
    formats = Formats(settings.language, settings.currency)
    said = problem or formats.words.say("Too few deals go on from this step.")
    fresh = drafted(
        found, next_id(cards), said, evidence(formats, found, formats.period(*borders(crm, span).days()))
    )
    if fresh is None:
        remedy = N_("Name the step yourself: --step. «crmkit process bottlenecks» says why there is none.")
        raise RequestError("crmkit process card", N_("no step can be recommended"), remedy=remedy)
    return fresh


def _measured(
    cards: tuple[Card, ...], number: int, crm: Snapshot, process: Process | None
) -> tuple[Card, dict[str, Any]]:
    """Return a card with its measured effect, and what programs are told of it."""
    from crmkit.process.effect import measured

    one = next((one for one in cards if one.id == number), None)
    if one is None:
        known = ", ".join(str(one.id) for one in cards)
        remedy = N_("Possible: {expected}.", expected=known) if known else None
        raise RequestError(f"--check {number}", N_("there is no card of this number"), remedy=remedy)
    found = measured(one, crm, process)
    effect = found.effect(crm.today)
    return one.model_copy(update={"measured": effect or one.measured}), {"effect": _effect(found)}


def _effect(found: Measured) -> dict[str, Any]:
    sides = {name: _side(getattr(found, name)) for name in ("before", "after")}
    numbers = {name: _plain(getattr(found, name)) for name in ("difference", "low", "high")}
    return {"state": found.state, "missing": found.missing or None} | sides | numbers


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    told = {name: _plain(value) for name, value in asdict(side).items() if name != "period"}
    return {"period": side.period.name} | told


def _named(process: Process) -> dict[str, Any]:
    dated = process.dated.isoformat() if process.dated else None
    return {"process": process.name, "version": process.version, "dated": dated}


def _plain(value: Any) -> Any:
    from crmkit.measures.records import plain

    return plain(value)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them; text that is not there is null."""
    columns = list(frame.columns)
    rows = frame.astype("object").where(frame.notna(), None).itertuples(index=False, name=None)
    return [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in rows]
