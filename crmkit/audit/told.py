"""What can be read off the data and the settings for the sales-system checklist: filled columns and facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.audit.questions import Rule
from crmkit.facts import BoolArray
from crmkit.fields import filled_rows
from crmkit.periods import Period, floor, next_start
from crmkit.schema import Snapshot

#: The moment that places a row of a table in a period.
PLACED = {
    "deals": "created_at", "tasks": "created_at", "activities": "at", "companies": "created_at",
    "contacts": "created_at",
}  # fmt: skip
MONEY = ("revenue", "margin")


@dataclass(frozen=True)
class Counted:
    """How many of how many; ``missing`` says which columns it would take, where it cannot be counted.

    Attributes
    ----------
    is_whole: all there is was counted, such as the stages of a funnel: no sample, and no interval.
    reason: why it tells nothing, as in :func:`crmkit.audit.suggestions.suggest`.
    """

    k: int = 0
    n: int = 0
    is_whole: bool = False
    reason: str = ""
    missing: str = ""


def counted(rule: Rule, crm: Snapshot, period: Period, told: Mapping[str, tuple[int, int]]) -> Counted:
    """Return the figure behind a rule that is no measure and no check."""
    if rule.filled:
        return _filled(rule, crm, period)
    if rule.fact == "stage_history":
        return _stage_history(crm, period)
    if rule.fact == "stage_norms":
        return _stage_norms(crm)
    if rule.fact == "rep_roles":
        return _rep_roles(crm)
    if rule.fact in ("plan_by_month", "plan_by_rep"):
        return _plans(rule.fact, crm, period)
    if str(rule.fact) not in told:
        return Counted(reason="not_told", missing="process")
    return Counted(*told[str(rule.fact)], is_whole=True)


def _filled(rule: Rule, crm: Snapshot, period: Period) -> Counted:
    """Return how many of the period's rows of a table fill a column."""
    table, _, name = rule.filled.partition(".")
    filled = filled_rows(crm, table, name)
    if filled is None:
        return Counted(reason="not_in_export", missing=rule.filled)
    rows = _in_period(crm, table, period)
    if rule.kind:
        if lacks := crm.lacks([f"{table}.kind={rule.kind}"]):
            return Counted(reason="not_in_export", missing=lacks[0])
        rows = rows & (crm.tables[table]["kind"] == rule.kind).to_numpy()
    return Counted(int((filled & rows).sum()), int(rows.sum()))


def _in_period(crm: Snapshot, table: str, period: Period) -> BoolArray:
    """Return which rows belong to a period; all of a table whose rows bear no day."""
    name = PLACED.get(table, "")
    rows = crm.tables[table]
    if period.is_all or f"{table}.{name}" not in crm.supplied:
        return np.ones(len(rows), dtype=bool)
    return np.asarray((rows[name] >= period.start) & (rows[name] < period.end), dtype=bool)


def _stage_history(crm: Snapshot, period: Period) -> Counted:
    """Return for how many of the period's deals a move between stages is on record."""
    if lacks := crm.lacks(["stage_changes.to_stage"]):
        return Counted(reason="not_in_export", missing=lacks[0])
    if "stage_changes" in crm.partial:
        return Counted(reason="approximate", missing="stage_changes")
    moved = np.zeros(len(crm.deals) + 1, dtype=bool)
    moved[crm.tables["stage_changes"]["deal_ix"].to_numpy()] = True
    rows = _in_period(crm, "deals", period)
    return Counted(int((moved[:-1] & rows).sum()), int(rows.sum()))


def _stage_norms(crm: Snapshot) -> Counted:
    if lacks := crm.lacks(["stages.norm_days"]):
        return Counted(reason="not_told", missing=lacks[0])
    stages = crm.tables["stages"]
    rows = (stages["kind"] == "open").to_numpy()
    return Counted(int((stages["norm_days"].notna().to_numpy() & rows).sum()), int(rows.sum()), is_whole=True)


def _rep_roles(crm: Snapshot) -> Counted:
    if lacks := crm.lacks(["managers.role"]):
        return Counted(reason="not_told", missing=lacks[0])
    rows = _working(crm)
    roles = crm.tables["managers"]["role"].notna().to_numpy()
    return Counted(int((roles & rows).sum()), int(rows.sum()), is_whole=True)


def _working(crm: Snapshot) -> BoolArray:
    """Return which reps work in the company at ``as_of``."""
    people = crm.tables["managers"]
    today = pd.Timestamp(crm.today)
    left = (people["left_on"] <= today).to_numpy(dtype=bool)
    return np.asarray(~left & ~(people["hired_on"] > today).to_numpy(dtype=bool))


def _plans(fact: str, crm: Snapshot, period: Period) -> Counted:
    """Return for how many months of the period, or reps who work now, there is a plan in money."""
    by_rep = fact == "plan_by_rep"
    needs = ["plans.value", *(["managers.manager_id"] if by_rep else [])]
    if lacks := crm.lacks(needs):
        return Counted(reason="not_told", missing=", ".join(lacks))
    first, after = (_last_year(crm) if period.is_all else period).days()
    plans = crm.tables["plans"]
    plans = plans[plans["metric"].isin(MONEY).to_numpy() & plans["value"].notna().to_numpy()]
    starts = [start.date() for start in plans["period_start"]]
    ends = [next_start(start, str(grain)) for start, grain in zip(starts, plans["period"], strict=True)]
    if by_rep:
        current = [end > first and start < after for start, end in zip(starts, ends, strict=True)]
        planned = plans["manager_id"][np.array(current, dtype=bool)]
        rows = _working(crm) & (crm.tables["managers"]["role"] != "head").to_numpy(dtype=bool)
        has = crm.tables["managers"]["manager_id"].isin(planned.dropna().unique()).to_numpy()
        return Counted(int((has & rows).sum()), int(rows.sum()), is_whole=True)
    months = _months(first, after)
    spans = list(zip(starts, ends, strict=True))
    has_plan = [any(start < next_start(one, "month") and end > one for start, end in spans) for one in months]
    return Counted(sum(has_plan), len(months), is_whole=True)


def _last_year(crm: Snapshot) -> Period:
    today = crm.today
    return Period.between(today - timedelta(days=365), today, crm.settings.zone)


def _months(first: date, after: date) -> list[date]:
    """Return the first days of the months that a span touches."""
    months = [floor(first, "month")]
    while (following := next_start(months[-1], "month")) < after:
        months.append(following)
    return months
