"""Which step to improve first, in plain words: one of them, what it costs, why, and what comes next."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.measures.records import plain, plain_rows
from crmkit.present.focus import VISITED, cost_of, name_of, row_at, rows_of, source_of, verdict_of
from crmkit.present.focus import focus as focus  # where the pages look for it
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import NBSP
from crmkit.present.tiles import Sentences, Tile, Tiles
from crmkit.process.bottlenecks import Bottlenecks, bottlenecks
from crmkit.process.steps import map_steps, stages_as_places


def bottlenecks_of(study: Study, *, stages: bool = False) -> Bottlenecks:
    """Return the steps of the process as it is by what they cost in the period.

    Without a description, or if they are asked for, the CRM stages.
    """
    process = None if stages else study.processes.as_is
    places = map_steps(study.crm, process) if process else stages_as_places(study.crm)
    return bottlenecks(study.crm, study.period, places, process=process)


def content(found: Bottlenecks) -> dict[str, Any]:
    """Return all that was found as JSON values; ``focus``, ``next`` and ``other_focus`` are rows."""
    whole = {
        "unit": found.unit, "months": plain(found.months), "clients": found.clients,
        "focus": found.focus, "next": list(found.next), "why_not": list(found.why_not),
        "first_two_overlap": found.first_two_overlap, "ahead": found.ahead,
        "other_focus": found.other_focus,
    }  # fmt: skip
    return whole | {"rows": plain_rows(found.ranking), "chain": plain_rows(found.chain.table)}


def tiles(study: Study, found: Bottlenecks) -> Tiles:
    """Return the recommended step in figures; without one, no tiles."""
    if found.focus is None:
        return Tiles((), study.language)
    row, formats = row_at(found, found.focus), study.formats
    cost, interval = cost_of(study, found, row)
    items = [
        Tile(study.say("Improve first"), name_of(found, row), (verdict_of(study, row),)),
        Tile(
            study.say("It costs a month"),
            cost,
            (study.say("95% interval: {interval}", interval=interval),),
        ),
        Tile(
            study.say("Conversion now"),
            formats.share(row["conversion"]),
            (f"n{NBSP}={NBSP}{formats.count(row['conversion_n'])}",),
        ),
        Tile(study.say("Benchmark"), formats.share(row["benchmark"]), (source_of(study, row),)),
    ]
    return Tiles(tuple(items), study.language)


def ranking(study: Study, found: Bottlenecks) -> Table | Sentences:
    """Return all steps by what they cost a month, with what they are compared with."""
    if found.ranking.empty:
        return focus(study, found)
    frame, say = found.ranking, study.say
    frame = frame.assign(
        name=[name_of(found, row) for row in rows_of(found)],
        source=[source_of(study, row) for row in rows_of(found)],
        verdict=[verdict_of(study, row) for row in rows_of(found)],
    )  # fmt: skip
    price = (
        Column("money_month", say("Costs a month"), "money", gated=True)
        if found.unit == "money"
        else Column("deals_month", say("Won deals a month more"), "number", gated=True)
    )
    columns = [
        Column("name", say("Step")),
        price,
        Column("conversion", say("Conversion"), "share", "higher"),
        Column("benchmark", say("Benchmark"), "share"),
        Column("source", say("Whose conversion that is")),
        Column("verdict", say("What can be said")),
        Column("open_over_norm", say("Deals standing over the norm"), "count"),
        Column("money_over_norm", say("Money standing over the norm"), "money"),
    ]
    title = study.say("What each step costs, {period}", period=study.period_text())
    notes = [
        study.words.message(VISITED),
        say("The costs of steps cannot be added up: each is what one step alone would bring."),
        say(
            "Money standing over the norm is counted apart: it is in deals that are open now and have stood"
            " in the step for longer than the norm."
        ),
    ]
    return study.table(frame, "bottlenecks", title, columns, notes)


def what_if(study: Study, found: Bottlenecks) -> Table | Sentences:
    """Return what would come of each step if its conversion alone rose, and the days left from it."""
    if found.ranking.empty:
        return focus(study, found)
    say, frame = study.say, found.ranking
    left = found.chain.table.set_index(pd.Index(found.chain.codes)).loc[frame["place"]].reset_index(drop=True)
    frame = frame.assign(
        name=[name_of(found, row) for row in rows_of(found)],
        p_win_n=frame["conversion_n"], p_win_if_n=frame["conversion_n"],
        remaining=left["remaining_days"], remaining_working=left["remaining_working_days"],
    )  # fmt: skip
    columns = [
        Column("name", say("Step")),
        Column("flow_month", say("Deals that come here a month"), "number"),
        Column("p_win", say("Won from here"), "share", "higher"),
        Column("p_win_if", say("Won at the benchmark"), "share"),
        Column("deals_month", say("Won deals a month more"), "number", gated=True),
        Column("check", say("Average check"), "money"),
        Column(
            "other_month",
            say("By the described conversion"),
            found.unit if found.unit == "money" else "number",
        ),
        Column("remaining", say("From here to the end"), "days"),
        Column("remaining_working", say("of them working"), "days"),
    ]
    notes = [
        say(
            "Won from here: of all deals that enter the step, by the way they take from step to step, returns"
            " included. Deals that are lost or moved back become fewer in proportion."
        ),
        say("The average check is the mean amount of the deals won in the period that have one."),
        say(
            "Days are mean days within a year; deals still in a step are taken into account. {longer}",
            longer=say("Some stay longer than that, so the real mean is higher.")
            if left["is_at_least"].any()
            else "",
        ).strip(),
    ]
    return study.table(frame, "what_if", say("What a better conversion would bring"), columns, notes)
