"""Dates that cannot be: later than the export, before the beginning, the end before the start."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.edges import lonely_end, lonely_start
from crmkit.facts import BoolArray, day_of, is_status
from crmkit.intake.problems import of_rows, problem
from crmkit.schema import EVENTS, Snapshot

#: The later moment of a row, the earlier one, and what it is called if they stand the other way round.
ORDER = (
    ("deals", "closed_at", "created_at", "closed_before_created"),
    ("tasks", "completed_at", "created_at", "completed_before_created"),
    ("tasks", "due_at", "created_at", "due_before_created"),
)


def impossible(crm: Snapshot, exported: pd.Timestamp | None) -> list[dict[str, object]]:
    """Return the problems of dates in an export that nothing was cut from.

    Parameters
    ----------
    exported: the end of the day of export, if it is known; later events cannot be.
    """
    found = [*_reversed(crm), *_before_the_deal(crm), *_incomplete(crm)]
    if exported is not None:
        found += _after(crm, exported)
    for code, lonely in (("lonely_end", lonely_end(crm)), ("lonely_start", lonely_start(crm))):
        if lonely is not None:
            edge, count, of = lonely
            found.append(problem(code, "", "", count=count, of=of, samples=[edge.date().isoformat()]))
    return found


def _after(crm: Snapshot, exported: pd.Timestamp) -> list[dict[str, object]]:
    found = []
    for table, names in EVENTS.items():
        for name in names:
            frame = crm.tables[table]
            moments = frame[name]
            found += of_rows(
                "after_export", (table, name), frame, bad=moments > exported, of=int(moments.notna().sum())
            )
    return found


def _reversed(crm: Snapshot) -> list[dict[str, object]]:
    found = []
    for table, later, earlier, code in ORDER:
        frame = crm.tables[table]
        by_day = not crm.whole_days.isdisjoint({f"{table}.{later}", f"{table}.{earlier}"})
        both = int((frame[later].notna() & frame[earlier].notna()).sum())
        bad = _is_before(frame[later], frame[earlier], by_day=by_day)
        found += of_rows(code, (table, later), frame, bad=bad, of=both)
    return found


def _before_the_deal(crm: Snapshot) -> list[dict[str, object]]:
    """Return changes of stage more than a minute (in exports by the day: a day) before the deal began."""
    frame = crm.tables["stage_changes"]
    if frame.empty:
        return []
    place = frame["deal_ix"].to_numpy()
    created = crm.deals["created_at"].array.take(place, allow_fill=True, fill_value=pd.NaT)
    began = pd.Series(created, index=frame.index)
    by_day = not crm.whole_days.isdisjoint({"deals.created_at", "stage_changes.changed_at"})
    moved = frame["changed_at"] if by_day else frame["changed_at"] + pd.Timedelta(minutes=1)
    bad = _is_before(moved, began, by_day=by_day)
    both = int((frame["changed_at"].notna() & began.notna()).sum())
    return of_rows("changed_before_created", ("stage_changes", "changed_at"), frame, bad=bad, of=both)


def _incomplete(crm: Snapshot) -> list[dict[str, object]]:
    """Return deals without a date that they must have."""
    deals, closed = crm.deals, is_status(crm, "won") | is_status(crm, "lost")
    undated = closed & deals["closed_at"].isna().to_numpy()
    unborn = deals["created_at"].isna()
    return [
        *of_rows("closed_without_date", ("deals", "closed_at"), deals, bad=undated, of=int(closed.sum())),
        *of_rows("no_creation_date", ("deals", "created_at"), deals, bad=unborn, of=len(deals)),
    ]


def _is_before(later: pd.Series, earlier: pd.Series, *, by_day: bool) -> BoolArray:
    if by_day:
        later, earlier = day_of(later), day_of(earlier)
    return np.asarray(later < earlier, dtype=bool)
