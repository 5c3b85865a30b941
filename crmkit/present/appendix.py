"""The end of every report: what could not be told, what figures leave out, what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.measures import borders
from crmkit.present.meanings import BASES
from crmkit.present.reasons import LEFT_OUT
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences


def unavailable(study: Study, names: Sequence[str], by: Sequence[str] = ()) -> Sentences:
    """Return why these measures cannot be told, and what to do about it."""
    codes = study.evaluate(names, by=by)["missing"]
    said = dict.fromkeys(sentence for code in codes for sentence in study.why(code))
    return Sentences.of(
        study.words, list(said) or [N_("There is nothing to count in this period.")], "warning"
    )


def not_told(study: Study) -> Table | Sentences:
    """Return what the export lacks, with the figures that it cannot tell for it, or only roughly."""
    found: dict[str, list[str]] = {}
    for name in study.names():
        one = study.measure(name)
        records = [
            row
            for row in study.told.values()
            if (row["measure"], row["variant"] or "") == (one.id, one.variant)
        ]
        rough = [row for row in records if row["state"] == "approximate"]
        if rough or all(row["state"] == "not_in_export" for row in records):
            whole = min(rough or records, key=lambda row: len(row["by"]))
            found.setdefault(" ".join(study.why(whole["missing"])), []).append(study.title(name))
    if not found:
        return Sentences.of(
            study.words, [N_("Every figure of this report could be computed from the export.")]
        )
    rows = [{"why": why, "measures": " · ".join(titles)} for why, titles in found.items()]
    columns = [Column("why", study.say("What is missing")), Column("measures", study.say("Figures"))]
    return study.table(
        pd.DataFrame(rows), "not_told", study.say("Figures that are missing or approximate"), columns
    )


def left_out(study: Study) -> Table | Sentences:
    """Return how many cases are in no figure of the report's period, and why."""
    rows = []
    for record in study.left_out.values():
        name = ":".join(part for part in (record["measure"], record["variant"]) if part)
        edges = borders(study.crm, study.span(name))
        span = [pd.Timestamp(edge) for edge in (edges.start, edges.end)]
        if [pd.Timestamp(record[part]) for part in ("period_start", "period_end")] == span:
            why = LEFT_OUT.get(record["reason"], Message(record["reason"]))
            rows.append({"measure": study.title(name), "reason": study.words.message(why), "n": record["n"]})
    if not rows:
        return Sentences.of(study.words, [N_("Every deal that belongs to a figure is in it.")])
    columns = [
        Column("measure", study.say("Figure")), Column("reason", study.say("Left out because")),
        Column("n", study.say("Cases"), "count"),
    ]  # fmt: skip
    return study.table(
        pd.DataFrame(rows), "left_out", study.say("What each figure leaves out"), columns, shown=60
    )


def glossary(study: Study) -> Table:
    """Return the definition of every measure that the report uses."""
    ones = sorted((study.measure(name) for name in study.names()), key=lambda one: study.say(one.title))
    frame = pd.DataFrame(
        {
            "title": [study.say(one.title) for one in ones],
            "definition": [
                f"{study.say(one.definition)} "
                + study.say("Placed in a period by: {basis}.", basis=study.words.message(BASES[one.basis]))
                for one in ones
            ],
            "id": [one.name for one in ones],
        }
    )
    columns = [
        Column("title", study.say("Figure")), Column("definition", study.say("Definition")),
        Column("id", study.say("Name for programs")),
    ]  # fmt: skip
    return study.table(frame, "glossary", study.say("Definitions"), columns, shown=60)
