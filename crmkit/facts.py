"""What several rooms need to know of a Snapshot: computed once, from codes and positions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.periods import Period
from crmkit.schema import STATUSES, Snapshot

Result = TypeVar("Result")
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: A missing moment in microseconds.
NEVER = pd.NaT.value
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def once_per_snapshot(fact: Callable[[Snapshot], Result]) -> Callable[[Snapshot], Result]:
    """Remember a fact for as long as its Snapshot lives."""
    known: WeakKeyDictionary[Snapshot, Result] = WeakKeyDictionary()

    @wraps(fact)
    def remembered(crm: Snapshot) -> Result:
        if crm not in known:
            known[crm] = fact(crm)
        return known[crm]

    return remembered


def is_status(crm: Snapshot, status: str) -> BoolArray:
    """Return for each deal whether it is ``open``, ``won`` or ``lost`` at ``as_of``."""
    return _statuses(crm)[status]


@once_per_snapshot
def _statuses(crm: Snapshot) -> dict[str, BoolArray]:
    known = crm.deals["status"].cat.set_categories(list(STATUSES)).cat.codes.to_numpy()
    return {status: known == code for code, status in enumerate(STATUSES)}


@once_per_snapshot
def is_technical(crm: Snapshot) -> BoolArray:
    """Return for each deal whether it is a technical loss: so named in the settings, by reason or stage."""
    named = np.zeros(len(crm.deals), dtype=bool)
    for name in ("lost_reason", "stage"):
        column = crm.deals[name].cat
        hit = np.array(
            [one.strip().casefold() in crm.settings.technical_losses for one in column.categories], dtype=bool
        )
        named |= np.append(hit, values=False)[column.codes]
    return named & is_status(crm, "lost")


def day_of(moments: pd.Series) -> pd.Series:
    """Return the calendar date of each moment in its own zone, as naive midnights."""
    return moments.dt.tz_localize(None).dt.normalize()


def micros(moments: pd.Series) -> IntArray:
    """Return moments as microseconds since 1970 in UTC; a missing one is ``NEVER``."""
    return np.asarray(moments.dt.as_unit("us").array.asi8, dtype=np.int64)


def within(moments: pd.Series, period: Period) -> BoolArray:
    """Return which moments lie in a period; a missing moment lies in none."""
    stamps = moments.dt.as_unit("us").array.asi8
    inside = stamps != pd.NaT.value
    if period.start is not None and period.end is not None:
        start, end = ((edge - _EPOCH) // timedelta(microseconds=1) for edge in (period.start, period.end))
        inside &= (stamps >= start) & (stamps < end)
    return np.asarray(inside, dtype=bool)


def days_before(crm: Snapshot, days: float) -> pd.Timestamp:
    """Return the moment so many days before ``as_of``, by the clock on the wall."""
    earlier = crm.as_of.tz_localize(None) - pd.Timedelta(days=days)
    return earlier.tz_localize(crm.settings.zone, ambiguous=True, nonexistent="shift_forward")


def days_after(crm: Snapshot, moments: pd.Series, days: float) -> pd.Series:
    """Return the moments so many days after others, by the clock on the wall."""
    return midnights(crm, moments.dt.tz_localize(None) + pd.Timedelta(days=days))


def has_passed(crm: Snapshot, table: str, name: str) -> BoolArray:
    """Return which moments lie before ``as_of``; a day without a time of day has passed when it is over."""
    moments = crm.tables[table][name]
    now = crm.as_of.tz_convert(crm.settings.zone).tz_localize(None) + pd.Timedelta(microseconds=1)
    over = day_of(moments) + pd.Timedelta(days=1) <= now
    return np.asarray(np.where(names_day(crm, table, name), over, moments <= crm.as_of), dtype=bool)


def names_day(crm: Snapshot, table: str, name: str) -> BoolArray:
    """Return which moments name a day and no time of it: those of a column without times, and midnights."""
    walls = crm.tables[table][name].dt.tz_localize(None)
    return np.asarray((walls == walls.dt.normalize()) | (f"{table}.{name}" in crm.whole_days))


def midnights(crm: Snapshot, days: pd.Series) -> pd.Series:
    """Return when calendar dates begin in the client's zone, or its clocks show a time: of two, the first."""
    return days.dt.tz_localize(crm.settings.zone, ambiguous=True, nonexistent="shift_forward")


def elapsed_days(starts: pd.Series, ends: pd.Series, *, by_day: bool) -> FloatArray:
    """Return the days from start to end; calendar dates are compared where one side has no time of day."""
    span = day_of(ends) - day_of(starts) if by_day else ends - starts
    days = span.to_numpy(dtype="timedelta64[us]").astype(np.float64) / 86_400e6
    return np.where(span.isna().to_numpy(), np.nan, days)


def days_since(crm: Snapshot, moments: pd.Series, *, by_day: bool = False) -> FloatArray:
    """Return the days from moments to ``as_of`` by the clock on the wall: set back, it makes no day."""
    now = pd.Series(crm.as_of.tz_convert(crm.settings.zone), index=moments.index, dtype=moments.dtype)
    return elapsed_days(*(each.dt.tz_localize(None) for each in (moments, now)), by_day=by_day)


@once_per_snapshot
def cycle_days(crm: Snapshot) -> FloatArray:
    """Return for each deal the days from creation to closing, or to ``as_of`` while open; NaN if unknown."""
    deals = crm.deals
    by_day = bool({"deals.created_at", "deals.closed_at"} & crm.whole_days)
    ends = deals["closed_at"].where(~is_status(crm, "open"), crm.as_of)
    return elapsed_days(deals["created_at"], ends, by_day=by_day)


@once_per_snapshot
def overdue_tasks(crm: Snapshot) -> BoolArray:
    """Return which tasks are open at ``as_of`` although their time has passed."""
    return np.asarray(crm.tasks["completed_at"].isna() & has_passed(crm, "tasks", "due_at"))


@once_per_snapshot
def open_tasks(crm: Snapshot) -> tuple[IntArray, IntArray]:
    """Return for each deal how many tasks are open at ``as_of``, and how many of them are overdue.

    Where the export has no tasks, the deal's own date of the next task stands for one.
    """
    if "tasks.deal_id" not in crm.supplied:
        waits = crm.deals["next_task_at"].notna().to_numpy()
        late = waits & has_passed(crm, "deals", "next_task_at")
        return waits.astype(np.int64), late.astype(np.int64)
    ix = crm.tasks["deal_ix"].to_numpy()
    waits = crm.tasks["completed_at"].isna().to_numpy() & (ix >= 0)
    size = len(crm.deals)
    late = waits & overdue_tasks(crm)
    return np.bincount(ix[waits], minlength=size), np.bincount(ix[late], minlength=size)


@once_per_snapshot
def last_action(crm: Snapshot) -> IntArray:
    """Return for each deal the microsecond of its last communication or completed task, ``NEVER`` if none.

    Where the export has no communications, the deal's own date of the last action counts too.
    """
    last = np.full(len(crm.deals), NEVER)
    for rows, name in ((crm.activities, "at"), (crm.tasks, "completed_at")):
        ix, at = rows["deal_ix"].to_numpy(), micros(rows[name])
        known = ix >= 0
        np.maximum.at(last, ix[known], at[known])
    if "activities.at" not in crm.supplied:
        last = np.maximum(last, micros(crm.deals["last_activity_at"]))
    return last


@once_per_snapshot
def stage_probability(crm: Snapshot) -> FloatArray:
    """Return for each deal its own probability, else its stage's in the settings; NaN if neither is known.

    A stage that the settings do not list in the deal's pipeline has the chance on which all pipelines agree.
    """
    stages, deals = crm.tables["stages"].dropna(subset=["default_probability"]), crm.deals
    chances = stages["default_probability"].to_numpy(dtype=np.float64)
    by_pair, by_stage = {}, dict[str, float]()
    for pipeline, stage, chance in zip(
        stages["pipeline"].astype("object"), stages["stage"].astype("object"), chances, strict=True
    ):
        by_pair[pipeline, stage] = chance
        by_stage[stage] = chance if by_stage.get(stage, chance) == chance else np.nan
    pairs = deals.groupby(["pipeline", "stage"], dropna=False, observed=True).ngroup().to_numpy()
    table = np.full(int(pairs.max(initial=-1)) + 1, np.nan)
    for row in pd.Series(pairs).drop_duplicates().index:
        pipeline, stage = deals["pipeline"].iloc[row], deals["stage"].iloc[row]
        table[pairs[row]] = by_pair.get((pipeline, stage), by_stage.get(stage, np.nan))
    own: FloatArray = deals["probability"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(own), table[pairs], own)
