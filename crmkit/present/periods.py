"""The page of two periods: what changed per working day, what of it is no noise, and what only looks so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmkit.compare.periods import Periods, compared_periods
from crmkit.errors import N_
from crmkit.measures import ALL, borders
from crmkit.measures.records import plain_rows
from crmkit.periods import Period, floor
from crmkit.present.artefacts import warnings
from crmkit.present.asked import two_periods
from crmkit.present.compared import records
from crmkit.present.differences import between_text, difference_text
from crmkit.present.managers import told_of
from crmkit.present.period_mix import mix, names
from crmkit.present.several import Several
from crmkit.present.slicing import within
from crmkit.present.study import Study, before
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT
from crmkit.present.verdict_words import Compared, label_text, reason_text, why

READING = (
    N_(
        "Counts and sums are told per working day. A change holds if it is more than the weeks, and the"
        " clients, differ anyway, with all figures compared at once taken into account. Why it came about is"
        " not told: the season or the market may have done it."
    ),
)

ALIKE = N_(
    "The win rate is judged among like deals, on a line of its own: the later figure there is what it would"
    " be had nothing changed but how such deals are won. Other deals that came make the rest of its change."
)


def periods(study: Study) -> Several:
    """Return the comparison of two periods: the ones asked for by the option ``periods``, else the latest.

    The option is a list of two names, such as ``["2017-Q1", "2017-Q2"]``. Without it a period that was asked
    for is compared with the one before it, else the latest two whole quarters are.

    Raises
    ------
    RequestError: an option that cannot be used.
    """
    pair = asked(study)
    if pair is None:
        nothing = N_("There are no two periods to compare: the export covers less than two whole quarters.")
        return Several((Sentences.of(study.words, [nothing], "warning"),))
    return periods_of(study, *pair)


def asked(study: Study) -> tuple[Period, Period] | None:
    """Return which periods are compared; nothing where the export covers less than two whole quarters."""
    option, zone = study.options.get("periods"), study.client.time_zone
    if option is not None:
        return two_periods("options: periods", option, zone)
    first, after = borders(study.crm, ALL).days()
    earlier = before(study.asked)
    if earlier is not None and earlier.days()[0] >= first:
        return earlier, study.asked
    end = floor(after, "quarter")
    middle = floor(end - timedelta(days=1), "quarter")
    start = floor(middle - timedelta(days=1), "quarter")
    if start < floor(first, "month"):
        return None
    names = [f"{one.year}-Q{(one.month + 2) // 3}" for one in (start, middle)]
    return Period.parse(names[0], zone), Period.parse(names[1], zone)


def periods_of(study: Study, earlier: Period, later: Period) -> Several:
    """Return two periods compared: how to read it, warnings, what changed, the mix, what is not compared."""
    return shown(study, found_periods(study, earlier, later))


def found_periods(study: Study, earlier: Period, later: Period) -> Periods:
    """Return two periods compared, once for all pages of a study."""
    name = f"periods {earlier.name} {later.name}"
    return study.once(name, lambda: compared_periods(study.crm, earlier, later))


def shown(study: Study, found: Periods) -> Several:
    """Return a comparison of two periods as its page tells it."""
    study.found.setdefault("periods", []).append(content(study, found))
    parts = [
        Sentences.of(study.words, READING), warnings(study, found), said(study, found), changes(study, found),
        mix(study, found), not_compared(study, found),
    ]  # fmt: skip
    return Several(tuple(part for part in parts if part is not None))


def content(study: Study, found: Periods) -> dict[str, Any]:
    """Return all that was found as JSON values."""
    return {
        "earlier": found.earlier.name, "later": found.later.name, "working_days": list(found.working_days),
        "like": found.like or None, "level": found.level,
        "rows": records(study, found.rows, lambda row: what_of(row)),
        "mix": plain_rows(found.mix), "warnings": plain_rows(found.warnings),
        "left_out": plain_rows(found.left_out),
    }  # fmt: skip


def what_of(row: Any) -> Compared:
    """Return what a row of the comparison is about."""
    return Compared(row["unit"], row["better"], "cases", "change")


def title(study: Study, row: Any) -> str:
    """Return what a figure is called; of counts and sums, that it is per working day; of like deals, that."""
    told = study.title(row["name"])
    if row["like"]:
        return study.say("{measure}, like deals (by {slice})", measure=told, slice=within(study, row["like"]))
    return study.say("{measure} per working day", measure=told) if row["is_daily"] else told


def said(study: Study, found: Periods) -> Sentences:
    """Return what changed for certain, in sentences; else that nothing did."""
    earlier, later = names(study, found)
    told = list[str]()
    rows = found.rows.to_dict("records")
    for row in rows:
        if row["label"] == "holds":
            told.append(told_of(study, title(study, row), row, what_of(row)))
    judged = sum(row["label"] in ("holds", "may_be_chance") for row in rows)
    if not told and judged:
        nothing = N_("{earlier} → {later}: no figure changed by more than chance.")
        told.append(study.say(nothing.text, earlier=earlier, later=later))
    elif told:
        changed = N_("{earlier} → {later}: these figures changed by more than chance.")
        told.insert(0, study.say(changed.text, earlier=earlier, later=later))
    if not judged:
        told.append(study.say("No change can be judged: see the reasons below."))
    return Sentences(tuple(told), "finding")


def changes(study: Study, found: Periods) -> Table | None:
    """Return the figures of both periods, their change, and what may be said of it."""
    rows = found.rows[found.rows[["before", "value"]].notna().any(axis=1)].reset_index(drop=True)
    if rows.empty:
        return None
    told = [line for row in rows.to_dict("records") for line in _lines(row)]
    rows = pd.DataFrame(told)
    kinds = ["money" if row["unit"] == "money_per_day" else KIND_OF_UNIT[row["unit"]] for row in told]
    earlier, later = names(study, found)
    frame = rows.assign(
        title=[title(study, row) for row in told],
        after=rows["value"], after_low=rows["low"], after_high=rows["high"],
        change=[_change(study, row) for row in told],
        verdict=[label_text(study, row["label"]) if row["label"] else None for row in told],
        interval=[_interval(study, row) for row in told],
    )  # fmt: skip
    is_share = rows["unit"] == "share"
    for side in ("before", "after"):
        frame[f"{side}_numerator"] = np.where(is_share, np.round(frame[side] * frame[f"{side}_n"]), np.nan)
    columns = [
        Column("title", study.say("Figure")),
        Column("before", earlier, "mixed", gated=True),
        Column("after", later, "mixed", gated=True),
        Column("change", study.say("Change")),
        Column("interval", study.say("Its interval")),
        Column("n", "n", "count"),
        Column("verdict", study.say("Verdict")),
    ]
    days = dict(zip(("one", "other"), found.working_days, strict=True))
    notes = [
        study.say("Working days: {one} and {other}.", **days),
        study.say(
            "The interval of a change allows for all the figures that are compared at once. n is what it"
            " rests on: of counts and sums the larger side, else the smaller."
        ),
        *([study.say(ALIKE.text)] if any(row["like"] for row in told) else []),
        *_reasons(study, told),
    ]
    heading = study.say("What changed from {earlier} to {later}", earlier=earlier, later=later)
    return study.table(frame, "periods", heading, columns, notes, kinds=kinds)


def _lines(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a figure: what is judged among like deals has one of its own beside the raw one."""
    if not row["like"] or is_missing(row["adjusted"]) or row["label"] not in ("holds", "may_be_chance"):
        return [row | {"like": ""}]
    alike = {"value": row["adjusted"], "low": row["adjusted_low"], "high": row["adjusted_high"]}
    return [row | {"like": "", "label": "", "reason": ""}, row | alike | {"change": row["gap"]}]


def _unit(row: Any) -> str:
    """Return the unit of a difference in the table, where the title says that it is per working day."""
    return {"per_day": "", "money_per_day": "money"}.get(str(row["unit"]), str(row["unit"]))


def _change(study: Study, row: Any) -> str | None:
    """Return the change; of a part of a period nothing that would mislead. Its interval is in the verdict."""
    if row["label"] == "cannot_be_computed":
        return None
    return difference_text(study.formats, row["change"], _unit(row))


def _interval(study: Study, row: Any) -> str | None:
    if row["label"] not in ("holds", "may_be_chance"):
        return None
    return between_text(study.formats, row["gap_low"], row["gap_high"], _unit(row))


def _reasons(study: Study, rows: Sequence[Any]) -> list[str]:
    """Return why changes do not hold that are no mere chance, each reason once with its figures."""
    told: dict[str, list[str]] = {}
    for row in rows:
        if row["reason"] not in ("", "within_chance"):
            told.setdefault(reason_text(study, row, what_of(row)), []).append(study.title(row["name"]))
    return [
        study.say("{figures}. {reason}", figures="; ".join(titles), reason=reason)
        for reason, titles in told.items()
    ]


def not_compared(study: Study, found: Periods) -> Table | None:
    """Return the figures that neither period has, by what is missing."""
    rows = found.rows[found.rows[["before", "value"]].isna().all(axis=1)]
    if rows.empty:
        return None
    grouped: dict[str, list[str]] = {}
    for row in rows.to_dict("records"):
        reason = why(study, row["reason"]) if row["label"] == "cannot_be_computed" else study.say("No cases.")
        grouped.setdefault(reason, []).append(study.title(row["name"]))
    frame = pd.DataFrame([{"why": reason, "figures": " · ".join(told)} for reason, told in grouped.items()])
    columns = [Column("why", study.say("What is missing")), Column("figures", study.say("Figures"))]
    return study.table(frame, "periods_missing", study.say("Figures that are not compared"), columns)
