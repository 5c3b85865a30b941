"""The data's quality (notebook 01): what is broken, what it does to figures, and what to ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.intake import Quality, examine
from crmkit.intake.unlocks import how_to_export
from crmkit.measures import catalogue
from crmkit.present.reasons import TABLE_NAMES
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.troubles import BY_DATE, LOOKED_FOR, WEIGHTS, remedy, what_is_wrong
from crmkit.schema import Snapshot, column
from crmkit.sources.asof import end_of
from crmkit.sources.load import export_day, load_report, load_whole

if TYPE_CHECKING:
    from crmkit.client import Client
    from crmkit.present.study import Study

_KNOWN: WeakKeyDictionary[Snapshot, Quality] = WeakKeyDictionary()


def quality_of(study: Study) -> Quality:
    """Return what is found in the export of a study; examined once."""
    if study.crm not in _KNOWN:
        _KNOWN[study.crm] = examined(study.client)
    return _KNOWN[study.crm]


def examined(client: Client) -> Quality:
    """Return what is found in a client's export; ``unlocks`` gets ``way`` and ``how`` of the client's CRM."""
    day = export_day(client)
    exported = None if day is None else end_of(day, client.time_zone)
    found = examine(load_whole(client), load_report(client), measures=catalogue(), exported=exported)
    ways = [how_to_export(client.crm, need) for need in found.unlocks["need"]]
    told = found.unlocks.assign(way=[way for way, _ in ways], how=[how for _, how in ways])
    return replace(found, unlocks=told)


def problems(study: Study) -> Table | Sentences:
    """Return every problem, the heaviest first, with what to do about it."""
    found = quality_of(study).problems
    found = found[found["weight"] != "note"]
    if found.empty:
        return Sentences.of(study.words, [N_("No problem was found in the data.")])
    found = _worded(study, found)
    weights = [study.words.message(WEIGHTS[weight]) for weight in found["weight"]]
    rows = [study.formats.k_of_n(*pair) for pair in zip(found["count"], found["of"], strict=True)]
    found = found.assign(
        says=[f"{weight}: {n}" for weight, n in zip(weights, rows, strict=True)],
        wrong=[f"{where}: {what}" for where, what in zip(found["where"], found["what"], strict=True)],
        todo=[study.words.message(remedy(code)) for code in found["code"]],
    )
    title = study.words.plural(
        "{n} problem of the data", "{n} problems of the data, the heaviest first", len(found)
    )
    spec = [
        Column("says", study.say("How heavy, in how many rows")),
        Column("wrong", study.say("What is wrong")),
        Column("todo", study.say("What to do")),
    ]
    return study.table(found, "problems", title, spec, shown=20)


def _worded(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(
        what=[study.words.message(what_is_wrong(code)) for code in found["code"]],
        where=[place(study, *pair) for pair in zip(found["table"], found["column"], strict=True)],
        share=found["count"] / found["of"].where(found["of"] > 0),
    )


def place(study: Study, table: str, name: str) -> str:
    """Return a column as the client knows it: its table and its heading in the files."""
    parts = [study.words.message(TABLE_NAMES[table])] if table in TABLE_NAMES else []
    return " · ".join([*parts, *([_with_kind(study, table, name)] if name else [])]) or study.say("all dates")


def heading(study: Study, table: str, name: str) -> str:
    """Return the heading of a column in the client's files, else its meaning."""
    files = {entry.shown for entry in study.client.files if entry.table == table}
    listed = study.report.columns
    mine = listed[(listed["column"] == name) & listed["file"].isin(files) & (name != "")]
    if len(mine):
        return str(mine["heading"].iloc[0])
    known = column(table, name)
    return study.say(known.meaning) if known else name


def _with_kind(study: Study, table: str, name: str) -> str:
    """Return the heading of a column, of which perhaps only a kind of rows is meant: ``kind=call``."""
    base, _, kind = name.partition("=")
    shown = heading(study, table, base)
    if kind == "time":
        return study.say("{column}, with the time of day", column=shown)
    return f"{shown} = {kind}" if kind else shown


def _group(study: Study, group: str, title: Message, more: tuple[Column, ...] = ()) -> Table | Sentences:
    """Return the problems of a group; ``{rows}`` in the title is how many rows they are in."""
    found = quality_of(study).of_group(group)
    if found.empty:
        return Sentences.of(study.words, [LOOKED_FOR[group]])
    rows = len(found) if group == "filling" else int(found["count"].sum())
    pairs = zip(found["table"], found["column"], strict=True)
    effects = [BY_DATE.get(f"{table}.{name}") for table, name in pairs]
    found = found.assign(effect=["" if one is None else study.words.message(one) for one in effects])
    spec = [
        Column("what", study.say("What is wrong")),
        Column("where", study.say("Where")),
        Column("count", study.say("Rows"), "count"),
        Column("of", study.say("Of how many"), "count"),
        Column("share", study.say("Share"), "share"),
        *more,
        Column("samples", study.say("Samples")),
    ]
    heading = study.say(title.text, rows=study.formats.count(rows))
    return study.table(_worded(study, found), group, heading, spec, shown=20)


def identifiers(study: Study) -> Table | Sentences:
    """Return the identifiers that a spreadsheet damaged, and records that share one."""
    return _group(study, "identifiers", N_("Damaged identifiers: {rows} cells or rows"))


def dates(study: Study) -> Table | Sentences:
    """Return the dates that cannot be."""
    return _group(study, "dates", N_("Impossible dates: {rows} rows"))


def masses(study: Study) -> Table | Sentences:
    """Return rows that were made or closed in a mass."""
    effect = Column("effect", study.say("Figures that it distorts"))
    return _group(study, "masses", N_("Made in a mass: {rows} dates"), (effect,))


def joins(study: Study) -> Table | Sentences:
    """Return for each two tables that belong together how many rows find their partner."""
    found = quality_of(study).joins
    if found.empty:
        return Sentences.of(study.words, [N_("There are no two tables here that name one another.")])
    lost = int(found["unmatched"].sum())
    found = found.assign(
        where=[place(study, *pair) for pair in zip(found["table"], found["column"], strict=True)],
        to=[study.words.message(TABLE_NAMES[name]) for name in found["to"]],
        empty=found["rows"] - found["filled"],
    )
    said = N_("Joins lose {lost} rows", lost=study.formats.count(lost))
    title = study.words.message(said if lost else LOOKED_FOR["joins"])
    spec = [
        Column("where", study.say("Who names")),
        Column("to", study.say("whom")),
        Column("rows", study.say("Rows"), "count"),
        Column("empty", study.say("Left empty"), "count"),
        Column("matched", study.say("Partner found"), "count"),
        Column("unmatched", study.say("No partner"), "count"),
        Column("distinct", study.say("Names without a partner"), "count"),
        Column("samples", study.say("Most frequent, and the nearest known name")),
    ]
    return study.table(found, "joins", title.rstrip("."), spec)


def reach(study: Study) -> Table:
    """Return from when to when each table reaches, and its silent weeks."""
    found, silent = quality_of(study).reach, int(quality_of(study).reach["silent"].sum())
    found = found.assign(
        table=[study.words.message(TABLE_NAMES[name]) for name in found["table"]],
        first=[moment.date() for moment in found["first"]],
        last=[moment.date() for moment in found["last"]],
    )
    title = N_("From when to when: {weeks} silent weeks", weeks=study.formats.count(silent))
    none = N_("From when to when: no silent weeks")
    spec = [
        Column("table", study.say("Table")),
        Column("rows", study.say("Rows"), "count"),
        Column("first", study.say("First record"), "date"),
        Column("last", study.say("Last record"), "date"),
        Column("weeks", study.say("Weeks in all"), "count"),
        Column("silent", study.say("Silent weeks"), "count"),
        Column("gaps", study.say("When silent")),
    ]
    return study.table(found, "reach", study.words.message(title if silent else none), spec)


def fields(study: Study) -> Table | Sentences:
    """Return the problems of filling: fields too empty, and those whose filling began late or stopped."""
    return _group(study, "filling", N_("Fields that cannot be relied on: {rows}"))
