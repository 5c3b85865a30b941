"""Communications: how much the reps do (METHOD 3.1)."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.facts import midnights
from crmkit.measures.catalog import borders, measure, reasons_of, within
from crmkit.periods import Period
from crmkit.schema import Snapshot


def _actions(crm: Snapshot) -> pd.DataFrame:
    """Return one row per sales action: a completed task or a logged communication."""
    tasks, activities, reps = crm.tasks, crm.activities, crm.tables["managers"]["manager_id"]
    done = np.flatnonzero(tasks["completed_at"].notna().to_numpy())
    owners = reps.cat.categories.union(tasks["manager_id"].cat.categories).union(
        activities["manager_id"].cat.categories
    )
    parts = [
        pd.DataFrame(
            {
                key: rows,
                "deal_ix": frame["deal_ix"].to_numpy()[rows],
                "manager_id": frame["manager_id"].cat.set_categories(owners).array[rows],
                "at": frame[moment].array[rows],
            }
        )
        for frame, moment, rows, key in (
            (tasks, "completed_at", done, "task_ix"),
            (activities, "at", np.arange(len(activities)), "activity_ix"),
        )
    ]
    return pd.concat(parts, ignore_index=True).assign(value=1.0, weight=0.0, counts=0.0)


@measure(
    "sales_actions_per_day", title="Sales actions per rep and working day", unit="per_day", better="higher",
    group="communications", summary="ratio", basis="done_in",
    needs={"tasks.completed_at|activities.at", "tasks.manager_id|activities.manager_id"},
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
    actions = _actions(crm)
    ownerless = actions["manager_id"].isna().to_numpy()
    actions["left_out"] = reasons_of(len(actions), {"no_manager": ownerless})
    days = _rep_days(crm, period, actions[~ownerless])
    return pd.concat([actions[within(actions["at"], period)], days], ignore_index=True)


def _rep_days(crm: Snapshot, period: Period, actions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rep and working day of the period, from the first record to ``as_of``."""
    edges = [
        edge.date() for edge in (borders(crm, period).start, borders(crm, period).end) if edge is not None
    ]
    last = crm.as_of.tz_convert(crm.settings.zone).date() + timedelta(days=1)
    begun = actions["at"].min().date() if len(actions) else last
    owners = actions["manager_id"].dtype.categories
    names, days = [], []
    for name, (start, end) in _employment(crm, actions, last).items():
        first, after = max(start, begun, edges[0]), min(end, last, edges[1])
        every = np.arange(first, max(first, after), dtype="datetime64[D]")
        days.append(every[crm.settings.calendar.is_working(every)])
        names.append(np.full(len(days[-1]), owners.get_loc(name)))
    at = pd.Series(np.concatenate([np.array([], "datetime64[us]"), *days]).astype("datetime64[us]"))
    codes = np.concatenate([np.array([], np.int64), *names])
    return pd.DataFrame(
        {
            "deal_ix": -1,
            "manager_id": pd.Categorical.from_codes(codes, owners),
            "at": midnights(crm, at),
            "value": 0.0,
            "weight": 1.0,
            "counts": 1.0,
            "left_out": reasons_of(len(at), {}),
        }
    )


def _employment(crm: Snapshot, actions: pd.DataFrame, last: date) -> dict[str, tuple[date, date]]:
    """Return for each rep the first day that counts and the one after the last."""
    spans = actions.groupby("manager_id", observed=True)["at"].agg(["min", "max"])
    found = {
        str(name): (first.date(), final.date() + timedelta(days=1))
        for name, first, final in spans.itertuples(name=None)
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
