"""Communications: how much the reps do (METHOD 3.1)."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.facts import midnights, once_per_snapshot
from crmkit.measures.cases import all_owners, borders, reasons_of, stacked, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot


@measure(
    "sales_actions_per_day", title="Sales actions per rep and working day", unit="per_day", better="higher",
    group="communications", summary="ratio", basis="done_in",
    needs={"tasks.completed_at+activities.at", "tasks.manager_id|activities.manager_id"},
)  # fmt: skip
def sales_actions_per_day(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Completed tasks and logged communications per rep and working day; 30 to 40 a day are expected.

    Cases: one row per action done in the period (value 1, weight 0) and one per rep and working day (value 0,
    weight 1). A rep's days run from hiring to leaving where these are known, else from the first action to
    the last.
    n: the rep's working days.
    Leaves out: actions without a rep.
    Source: METHOD 3.1
    """
    tasks, activities = crm.tasks, crm.activities
    done = np.flatnonzero(within(tasks["completed_at"], period)).astype(np.int32)
    logged = np.flatnonzero(within(activities["at"], period)).astype(np.int32)
    days = _rep_days(crm, period)
    sizes = (len(done), len(logged), len(days))
    moments = [tasks["completed_at"].iloc[done], activities["at"].iloc[logged], midnights(crm, days["on"])]
    owners = all_owners(
        tasks["manager_id"].iloc[done], activities["manager_id"].iloc[logged], days["manager_id"]
    )
    deals = (tasks["deal_ix"].to_numpy()[done], activities["deal_ix"].to_numpy()[logged], None)
    return pd.DataFrame(
        {
            "task_ix": stacked(sizes, (done, None, None)),
            "activity_ix": stacked(sizes, (None, logged, None)),
            "deal_ix": stacked(sizes, deals),
            "manager_id": owners,
            "at": pd.concat(moments, ignore_index=True),
            "value": np.repeat(np.array([1, 1, 0], dtype=np.int8), sizes),
            "weight": np.repeat(np.array([0, 0, 1], dtype=np.int8), sizes),
            "counts": np.repeat(np.array([0, 0, 1], dtype=np.int8), sizes),
            "left_out": reasons_of(sum(sizes), {"no_manager": owners.isna()}),
        },
        copy=False,
    )


def _rep_days(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return one row per rep and working day of the period, from the first record to ``as_of``."""
    edges = borders(crm, period).days()
    last = crm.as_of.tz_convert(crm.settings.zone).date() + timedelta(days=1)
    employment = _employment(crm, last)
    begun = _spans(crm)["min"].min()
    begun = last if pd.isna(begun) else begun.date()
    names, days = [], [np.array([], dtype="datetime64[D]")]
    for name, (start, end) in employment.items():
        first, after = max(start, begun, edges[0]), min(end, last, edges[1])
        every = np.arange(first, max(first, after), dtype="datetime64[D]")
        days.append(every[crm.settings.calendar.is_working(every)])
        names += [name] * len(days[-1])
    owners = pd.Categorical(names, categories=sorted(employment))
    return pd.DataFrame({"manager_id": owners, "on": np.concatenate(days).astype("datetime64[us]")})


@once_per_snapshot
def _spans(crm: Snapshot) -> pd.DataFrame:
    """Return the moments of the first and the last sales action of each rep."""
    tables = ((crm.tasks, "completed_at"), (crm.activities, "at"))
    told = [
        frame.groupby("manager_id", observed=True)[moment].agg(["min", "max"]).dropna()
        for frame, moment in tables
    ]
    both = pd.concat([one.set_axis(one.index.astype("str")) for one in told])
    return both.groupby(level=0).agg({"min": "min", "max": "max"})


def _employment(crm: Snapshot, last: date) -> dict[str, tuple[date, date]]:
    """Return for each rep the first day that counts and the one after the last."""
    found = {
        str(name): (first.date(), final.date() + timedelta(days=1))
        for name, first, final in _spans(crm).itertuples(name=None)
    }
    managers = crm.tables["managers"]
    for name, hired, left in zip(
        managers["manager_id"].astype("str"), managers["hired_on"], managers["left_on"], strict=True
    ):
        if pd.isna(hired) and name not in found:
            continue  # a name in a list: nothing says that it worked then
        start = found[name][0] if pd.isna(hired) else hired.date()
        final = last if pd.isna(left) else left.date()
        found[name] = (start, found[name][1] if pd.isna(hired) and pd.isna(left) else final)
    return found
