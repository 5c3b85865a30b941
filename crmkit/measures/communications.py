"""Communications: how much the reps do (METHOD 3.1)."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.measures.catalog import measure, within
from crmkit.periods import Period
from crmkit.schema import Snapshot


def _actions(crm: Snapshot) -> pd.DataFrame:
    """Return one row per sales action: a completed task or a logged communication."""
    tasks, activities = crm.tasks, crm.activities
    done = tasks["completed_at"].notna().to_numpy()
    parts = []
    for frame, moment, chosen, key in (
        (tasks, "completed_at", done, "task_ix"),
        (activities, "at", np.ones(len(activities), dtype=bool), "activity_ix"),
    ):
        rows = np.flatnonzero(chosen)
        parts.append(
            pd.DataFrame(
                {
                    key: rows,
                    "deal_ix": frame["deal_ix"].to_numpy()[rows] if "deal_ix" in frame else -1,
                    "manager_id": frame["manager_id"].astype("str").iloc[rows].array,
                    "at": frame[moment].iloc[rows].array,
                }
            )
        )
    whole = pd.concat(parts, ignore_index=True)
    return whole.assign(value=1.0, weight=0.0, counts=0.0)


@measure(
    "sales_actions_per_day", title="Sales actions per rep and working day", unit="per_day", better="higher",
    group="communications", needs={"tasks.completed_at|activities.at", "tasks.manager_id|activities.manager_id"},
    summary="ratio", basis="done_in",
)  # fmt: skip
def sales_actions_per_day(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Completed tasks and logged communications per rep and working day; 30 to 40 a day are expected.

    Cases: one row per action done in the period (value 1, weight 0) and one per rep and working day (value 0,
    weight 1). A rep named in the settings counts from hiring to leaving; any other from the first to the last action.
    Leaves out: actions without a rep.
    Source: METHOD 3.1
    """
    actions = _actions(crm)
    ownerless = actions["manager_id"].isna()
    inside = within(actions["at"], period)
    left_out = pd.Series(np.where(ownerless, "no_manager", ""), dtype="str")
    done = actions.assign(left_out=left_out)[inside]
    days = _rep_days(crm, period, actions[~ownerless])
    return pd.concat([done, days], ignore_index=True)


def _rep_days(crm: Snapshot, period: Period, actions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rep and working day of the period, from the first record to ``as_of``."""
    zone = crm.settings.zone
    last_day = crm.as_of.tz_convert(zone).date() + timedelta(days=1)
    spans = actions.groupby("manager_id", observed=True)["at"].agg(["min", "max"])
    first_record = actions["at"].min()
    managers = crm.tables["managers"].set_index("manager_id")
    rows = []
    for name, span in zip(spans.index, spans.itertuples(index=False), strict=True):
        hired, left = managers["hired_on"].get(name), managers["left_on"].get(name)
        start = hired.date() if pd.notna(hired) else span.min.date()
        end = (
            left.date()
            if pd.notna(left)
            else (last_day if pd.notna(hired) else span.max.date() + timedelta(days=1))
        )
        start, end = max(start, first_record.date()), min(end, last_day)
        if period.start is not None and period.end is not None:
            start, end = max(start, period.start.date()), min(end, period.end.date())
        if start < end:
            every = np.arange(np.datetime64(start), np.datetime64(end))
            days = every[crm.settings.calendar.is_working(every)]
            rows.append(
                pd.DataFrame({"manager_id": str(name), "at": pd.to_datetime(days).astype("datetime64[us]")})
            )
    if not rows:
        return pd.DataFrame(columns=["manager_id", "at"]).astype(
            {"manager_id": "str", "at": crm.activities["at"].dtype}
        )
    whole = pd.concat(rows, ignore_index=True)
    at = whole["at"].dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return whole.assign(at=at, value=0.0, weight=1.0, counts=1.0, deal_ix=-1, left_out="")
