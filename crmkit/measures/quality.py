"""Quality of work: where deals stand, tasks in time, deals without a task (METHOD 3.2, 3.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import day_of, has_passed, is_status, names_day, open_tasks
from crmkit.measures.cases import deal_cases, reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot


@measure(
    "stage_distribution", title="Funnel balance", unit="share", group="sales", within="stage",
    needs={"deals.stage", "deals.status"}, summary="distribution", basis="open_at", exact=True,
)  # fmt: skip
def stage_distribution(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals that stand in each stage: a distribution, not a conversion.

    Cases: one row per deal open at ``as_of``.
    Source: METHOD 3.3
    """
    return deal_cases(crm, is_status(crm, "open"))


@measure(
    "deals_without_task", title="Open deals without a task", unit="share", better="lower", group="quality",
    needs={"deals.status", "tasks.deal_id|deals.next_task_at"}, summary="ratio", basis="open_at",
)  # fmt: skip
def deals_without_task(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals that have no task waiting: nobody has planned what comes next.

    Cases: one row per deal open at ``as_of``. Value: 1 if no task of it is open (by the list of tasks, else
    by the deal's own date of the next task).
    Source: METHOD 3.2
    """
    return deal_cases(crm, is_status(crm, "open"), value=open_tasks(crm)[0] == 0)


@measure(
    "tasks_on_time", title="Tasks on time", unit="share", better="higher", group="quality",
    needs={"tasks.due_at", "tasks.completed_at"}, summary="ratio", basis="due_in",
)  # fmt: skip
def tasks_on_time(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the tasks due in the period that were done by then; an open task past its time is not on time.

    Cases: one row per task due in the period and before ``as_of``. Value: 1 if completed by the due time (by
    the due day, where tasks are due on a day).
    Leaves out: tasks without a due time.
    Source: METHOD 3.2
    """
    tasks = crm.tasks
    due, done = tasks["due_at"], tasks["completed_at"]
    by_day = names_day(crm, "tasks", "due_at") | ("tasks.completed_at" in crm.whole_days)
    in_time = np.where(by_day, day_of(done) <= day_of(due), done <= due)
    endless = due.isna().to_numpy()
    rows = np.flatnonzero((within(due, period) & has_passed(crm, "tasks", "due_at")) | endless).astype(
        np.int32
    )
    return pd.DataFrame(
        {
            "task_ix": rows,
            "deal_ix": tasks["deal_ix"].to_numpy()[rows],
            "manager_id": tasks["manager_id"].array[rows],
            "at": due.array[rows],
            "value": in_time[rows].astype(np.int8),
            "left_out": reasons_of(len(tasks), {"no_due_date": endless})[rows],
        },
        copy=False,
    )


@measure(
    "open_deals", title="Open deals", unit="count", group="sales",
    needs={"deals.status"}, summary="count", basis="open_at",
)  # fmt: skip
def open_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals that are neither won nor lost on the day described.

    Cases: one row per deal open at ``as_of``.
    Source: METHOD 3.3
    """
    return deal_cases(crm, is_status(crm, "open"))


@measure(
    "open_amount", title="Money in open deals", unit="money", group="sales",
    needs={"deals.status", "deals.amount"}, summary="sum", basis="open_at",
)  # fmt: skip
def open_amount(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amounts of the deals that are open on the day described, added up.

    Cases: one row per deal open at ``as_of``. Value: its amount.
    Leaves out: deals without an amount.
    Source: METHOD 3.3
    """
    is_open, amount = is_status(crm, "open"), crm.deals["amount"].to_numpy(dtype=np.float64)
    return deal_cases(
        crm, is_open & ~np.isnan(amount), value=amount, left_out={"no_amount": is_open & np.isnan(amount)}
    )
