"""The end of every report: what could not be told, what figures leave out, what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.errors import N_
from crmkit.measures import borders
from crmkit.present.reasons import LEFT_OUT, missing
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences


def unavailable(study: Study, names: Sequence[str], by: Sequence[str] = ()) -> Sentences:
    """Return why these measures cannot be told, and what to do about it."""
    figures = study.evaluate(list(names), by=by)
    codes = [code for code in figures["missing"] if code]
    said = [message for code in codes for message in missing(code)]
    nothing = N_("There is nothing to count in this period.")
    return Sentences.of(study.words, list({str(one): one for one in said}.values()) or [nothing], "warning")


def not_told(study: Study) -> Table | Sentences:
    """Return every measure of the report that this export cannot tell, with the way to get it."""
    rows: dict[str, str] = {}
    for record in study.told:
        if record["state"] == "not_in_export" and not record["by"]:
            name = record["measure"] + (f":{record['variant']}" if record["variant"] else "")
            rows.setdefault(name, record["missing"])
    rows = {
        name: code
        for name, code in rows.items()
        if code not in ("before_first_record", "after_as_of", "known_at_as_of_only")
    }
    if not rows:
        return Sentences.of(
            study.words, [N_("Every figure of this report could be computed from the export.")]
        )
    frame = pd.DataFrame(
        {
            "measure": [study.title(name) for name in rows],
            "why": [" ".join(study.words.message(m) for m in missing(code)) for code in rows.values()],
        }
    )
    return study.table(
        frame,
        "not_told",
        study.say("Figures that are missing"),
        [Column("measure", study.say("Figure")), Column("why", study.say("What is missing"))],
    )


def left_out(study: Study) -> Table | Sentences:
    """Return how many cases are in no figure of the period, and why."""
    span = pd.Timestamp(borders(study.crm, study.period).start).isoformat()
    rows = {}
    for record in study.left_out:
        if record["period_start"] == span:
            name = record["measure"] + (f":{record['variant']}" if record["variant"] else "")
            rows[study.title(name), record["reason"]] = record["n"]
    if not rows:
        return Sentences.of(study.words, [N_("Every deal that belongs to a figure is in it.")])
    frame = pd.DataFrame(
        [
            {"measure": name, "reason": study.words.message(LEFT_OUT[code]), "n": n}
            for (name, code), n in rows.items()
        ]
    )
    columns = [
        Column("measure", study.say("Figure")),
        Column("reason", study.say("Left out because")),
        Column("n", study.say("Cases"), "count"),
    ]
    return study.table(frame, "left_out", study.say("Cases that are in no figure"), columns)


def glossary(study: Study) -> Table:
    """Return the definition of every measure that the report uses."""
    names = dict.fromkeys(
        record["measure"] + (f":{record['variant']}" if record["variant"] else "") for record in study.told
    )
    ones = sorted((study.measure(name) for name in names), key=lambda one: study.say(one.title))
    frame = pd.DataFrame(
        {
            "title": [study.say(one.title) for one in ones],
            "definition": [study.say(one.definition) for one in ones],
            "id": [one.name for one in ones],
        }
    )
    columns = [
        Column("title", study.say("Figure")),
        Column("definition", study.say("Definition")),
        Column("id", study.say("Name for programs")),
    ]
    return study.table(frame, "glossary", study.say("Definitions"), columns, shown=60)
