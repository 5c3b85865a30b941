"""The page of the process as it should be: what was expected of each step, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.compare.to_be import ToBe, to_be
from crmkit.errors import N_, Message
from crmkit.present.compared import figure_text, records
from crmkit.present.differences import difference_text
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import MISSING, is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.verdict_words import Compared, verdict_text
from crmkit.process.cards import cards_file, read_cards

METRICS: Mapping[str, tuple[Message, Compared]] = {
    "conversion": (N_("conversion"), Compared("share", "higher", "visits", "change")),
    "working_days": (N_("median working days"), Compared("days", "lower", "visits", "change")),
}
CLAIMS: Mapping[str, Message] = {
    "supported": N_("has come"),
    "contradicted": N_("has not come"),
    "cannot_tell": N_("the data cannot tell"),
}
READING: tuple[Message, ...] = (
    N_(
        "Before: the visits that began within a year before the change; since: those that began from then on."
        " What can be said rests on the weeks, with trend and season taken out, and on dates on which nothing"
        " was changed; so the change there may differ from the difference of the two figures."
    ),
    N_(
        "The expected change is a statement of the description or of a card, not a promise; the money is what"
        " it would bring by the funnel of the year before. Whatever else came at the same time is in the"
        " measured change too."
    ),
)


def to_be_effect(study: Study) -> Several | Sentences:
    """Return the expected beside the measured effect, for each step and each card that has begun."""
    process = next(reversed(study.processes.to_be), None)
    found = to_be(study.crm, process, read_cards(cards_file(study.client.folder)))
    rows = found.rows.rename(columns={"after": "value", "after_n": "n"})
    rows = rows.assign(started_on=[day.isoformat() for day in rows["started_on"]])
    study.found["to_be"] = records(study, rows, _what)
    names = ", ".join(f"«{name}»" for name in found.not_begun)
    said = [study.say("Not begun by the day described: {names}.", names=names)] if names else []
    if found.rows.empty:
        nothing = N_(
            "There is nothing to set side by side yet: that needs a description of how it should be with its"
            " day and expected conversions, or a card of improvement that has begun."
        )
        return Sentences.of(study.words, [nothing, *said])
    table = _table(study, found)
    return Several((table, Sentences(tuple(said)))) if said else Several((table,))


def _what(row: Mapping[str, Any]) -> Compared:
    return METRICS[row["metric"]][1]


def _table(study: Study, found: ToBe) -> Table:
    rows = [row | {"n": _least(row)} for row in found.rows.to_dict("records")]
    frame = pd.DataFrame(
        {
            "step": [_step(study, row) for row in rows],
            "metric": [study.words.message(METRICS[row["metric"]][0]) for row in rows],
            "since": [study.formats.day(row["started_on"]) for row in rows],
            "before": [_side(study, row, "before") for row in rows],
            "after": [_side(study, row, "after") for row in rows],
            "expected": [difference_text(study.formats, row["expected"], _what(row).unit) for row in rows],
            "money": [row["money_month"] for row in rows],
            "came": [
                MISSING if is_missing(row["expected"]) else study.words.message(CLAIMS[row["claim"]])
                for row in rows
            ],
            "verdict": [verdict_text(study, row, _what(row)) for row in rows],
        }
    )
    columns = [
        Column("step", study.say("Step")),
        Column("metric", study.say("Measured by")),
        Column("since", study.say("Since")),
        Column("before", study.say("Before")),
        Column("after", study.say("After")),
        Column("expected", study.say("Expected change")),
        Column("money", study.say("Expected a month"), "money"),
        Column("came", study.say("The expected change")),
        Column("verdict", study.say("What can be said of the change")),
    ]
    notes = [study.words.message(one) for one in READING]
    title = study.say("What was expected of the steps, and what came")
    return study.table(frame, "to_be_effect", title, columns, notes)


def _least(row: Mapping[str, Any]) -> float:
    known = [row[name] for name in ("before_n", "after_n") if not is_missing(row[name])]
    return float(min(known, default=float("nan")))


def _step(study: Study, row: Mapping[str, Any]) -> str:
    if not row["card"]:
        return str(row["step"])
    return study.say("{step} (card {number})", step=row["step"], number=row["card"])


def _side(study: Study, row: Mapping[str, Any], side: str) -> str:
    parts = {"value": row[side], "n": row[f"{side}_n"]}
    parts |= {end: row[f"{side}_{end}"] for end in ("low", "high")}
    told = figure_text(study, parts, _what(row))
    if is_missing(parts["n"]):
        return told
    return study.say("{figure}; n = {n}", figure=told, n=study.formats.count(parts["n"]))
