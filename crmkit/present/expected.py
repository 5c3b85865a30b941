"""What the process as it should be would bring: step by step and together, each with what it rests on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from crmkit.errors import N_, Message
from crmkit.present.focus import STATES, VISITED, WHY
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.process.description import Process
from crmkit.process.expected import Expected, expected_effect

FIGURES: Mapping[str, tuple[Message, str]] = {
    "win_rate": (N_("Won of the deals that enter"), "share"),
    "deals_month": (N_("Won deals a month"), "number"),
    "money_month": (N_("Money won a month"), "money"),
    "days": (N_("Days from the first step to the end"), "days"),
    "working_days": (N_("of them working"), "days"),
}
BASES: Mapping[str, Message] = {
    **STATES,
    "stated": N_("stated in the description"),
    "as_measured": N_("no conversion is stated: stays as it is"),
    "not_in_data": N_("no deal was seen in this step"),
    "few_visits": N_("stated; measured on few visits"),
}
UNTOLD: Mapping[str, Message] = {
    **WHY,
    "nothing_stated": N_(
        "The description states neither conversions nor norms that differ from what is measured: write the"
        " expected conversion of the steps that are to change."
    ),
}


def expected(study: Study, process: Process | None = None) -> Several:
    """Return what a description (by default the latest to-be version) would bring, or why it is not told."""
    process = process or study.processes.target
    if process is None:
        said = N_("The process is not described yet: crmkit process new writes a table to fill in.")
        return Several((Sentences.of(study.words, [said], "warning"),))
    found = expected_effect(study.crm, study.period, process)
    if found.state == "no_history":
        return Several((Sentences.of(study.words, study.why("stage_changes.to_stage"), "warning"),))
    if found.state:
        return Several((Sentences.of(study.words, [UNTOLD[found.state]], "warning"),))
    return Several((whole(study, found), steps(study, found)))


def whole(study: Study, found: Expected) -> Table:
    """Return the process as it is beside the one that is described."""
    frame = found.whole
    kinds = [FIGURES[name][1] for name in frame["figure"]]
    frame = frame.assign(
        name=[study.words.message(FIGURES[name][0]) for name in frame["figure"]],
        interval=[_interval(study, row) for row in frame.to_dict("records")],
        change=[
            study.formats.points(value) if kind == "share" else value
            for value, kind in zip(frame["change"], kinds, strict=True)
        ],
    )
    columns = [
        Column("name", study.say("Figure")),
        Column("now", study.say("Now"), "mixed"),
        Column("then", study.say("As described"), "mixed"),
        Column("change", study.say("Difference"), "mixed"),
        Column("interval", study.say("95% interval of the difference")),
    ]
    notes = [
        study.say(
            "Reckoned, not promised: the number of deals that enter, their first steps and the average check"
            " stay as they are. The interval tells how sure the measured side is; whether the stated"
            " conversions can be reached, it does not tell."
        ),
        study.say(
            "Where more deals go on, they also stay longer: the days can grow although every step keeps its"
            " norm."
        ),
    ]
    title = study.say("What the described process would bring")
    return study.table(frame, "expected_whole", title, columns, notes, kinds=kinds)


def steps(study: Study, found: Expected) -> Table:
    """Return what each described step alone would bring."""
    frame = found.steps
    frame = frame.assign(
        said=[study.words.message(BASES[name]) for name in frame["basis"]],
        deals_month=frame["deals_month"].where(frame["conversion_n"] > 0, np.nan),
    )
    columns = [
        Column("stage", study.say("Step")),
        Column("conversion", study.say("Conversion now"), "share", "higher"),
        Column("stated", study.say("Stated"), "share"),
        Column("said", study.say("What it rests on")),
        Column("deals_month", study.say("Won deals a month more"), "number", gated=True),
        Column("money_month", study.say("Money a month more"), "money", gated=True),
        Column("saved_days", study.say("Saved on the way to the end"), "days"),
    ]
    notes = [
        study.words.message(VISITED),
        study.say(
            "Each row is what this step alone would bring. Together they bring more or less than the sum,"
            " because every step gets what the one before it lets through."
        ),
    ]
    title = study.say("What each step alone would bring")
    return study.table(frame, "expected_steps", title, columns, notes)


def _interval(study: Study, row: Mapping[Hashable, Any]) -> str | None:
    """Return the interval of a difference as it is read; that of shares is in points."""
    low, high, kind = row["change_low"], row["change_high"], FIGURES[row["figure"]][1]
    if is_missing(low):
        return None
    if kind != "share":
        return study.formats.interval(low, high, kind)
    return study.say("{points} points", points=study.formats.interval(100 * low, 100 * high, "number"))
