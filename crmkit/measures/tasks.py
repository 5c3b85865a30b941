"""Tasks: what was done, what is overdue, and whether somebody has planned what comes next (METHOD 3.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import next_day_ends
from crmkit.facts import (
    NEVER,
    elapsed_days,
    is_status,
    micros,
    once_per_snapshot,
    open_tasks,
    overdue_tasks,
)
from crmkit.measures.cases import deal_cases, row_cases, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

DUE = {"tasks.due_at", "tasks.completed_at"}


@measure(
    "tasks_completed", title="Tasks completed", unit="count", better="higher", group="quality",
    needs={"tasks.completed_at"}, summary="count", basis="done_in",
)  # fmt: skip
def tasks_completed(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Tasks that were done in the period, in time or not.

    Cases: one row per task whose ``completed_at`` lies in the period.
    Leaves out: nothing.
    Source: METHOD 3.2
    """
    return row_cases(crm, "tasks", within(crm.tasks["completed_at"], period), at="completed_at")


@measure(
    "tasks_overdue_open:count", title="Overdue tasks", unit="count", better="lower", group="quality",
    needs=DUE, summary="count", basis="open_at",
)  # fmt: skip
def tasks_overdue_open_count(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Tasks that should have been done by the day described and are not.

    Cases: one row per task that is open at ``as_of`` and was due before it (a task for a day: when the day
    is over).
    Source: METHOD 3.2; KPI23 10
    """
    return row_cases(crm, "tasks", overdue_tasks(crm), at="due_at").drop(columns="at")


@measure(
    "tasks_overdue_open:mean_age", title="Overdue tasks, mean age", unit="days", better="lower",
    group="quality", needs=DUE, summary="mean", basis="open_at", default=False,
)  # fmt: skip
def tasks_overdue_open_age(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days for which the overdue tasks have been waiting beyond their time, on average.

    Cases: as for the count. Value: days from the due time to ``as_of``; calendar days where tasks are due on
    a day.
    Source: METHOD 3.2; KPI23 10
    """
    due = crm.tasks["due_at"]
    now = pd.Series(crm.as_of, index=due.index, dtype=due.dtype)
    days = elapsed_days(due, now, by_day="tasks.due_at" in crm.whole_days)
    return row_cases(crm, "tasks", overdue_tasks(crm), at="due_at", value=days).drop(columns="at")


@measure(
    "deals_with_overdue_task_only", title="Open deals with overdue tasks only", unit="share",
    better="lower", group="quality", needs={"deals.status", "tasks.due_at|deals.next_task_at"},
    summary="ratio", basis="open_at",
)  # fmt: skip
def deals_with_overdue_task_only(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals whose tasks are all overdue: somebody had planned a step, and forgot it.

    Cases: one row per deal open at ``as_of``. Value: 1 if it has open tasks and all are overdue (by the list
    of tasks, else by the deal's own date of the next task).
    Source: METHOD 3.2; KPI23 11
    """
    waiting, overdue = open_tasks(crm)
    return deal_cases(crm, is_status(crm, "open"), value=(waiting > 0) & (waiting == overdue))


@measure(
    "next_task_set", title="Next task set", unit="share", better="higher", group="quality",
    needs={"tasks.completed_at", "tasks.created_at", "tasks.deal_id", "deals.status"}, summary="ratio",
    basis="done_in",
)  # fmt: skip
def next_task_set(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the tasks done in deals that went on, after which the next task was set by the next day.

    Cases: one row per task whose ``completed_at`` lies in the period, of a deal that was still open at the
    end of the next working day. Value: 1 if by then the deal had another task: one that was open when this
    one was done, or was set since.
    Leaves out: tasks of no deal in the export; tasks after which the next working day is not over at
    ``as_of``; tasks of closed deals without a closing date.
    Source: METHOD 3.2
    """
    tasks = crm.tasks
    ix, ends = tasks["deal_ix"].to_numpy(), _next_day_ends(crm)
    done = within(tasks["completed_at"], period)
    closed_at = np.append(micros(crm.deals["closed_at"]), NEVER)[ix]
    closed = np.append(~is_status(crm, "open"), values=True)[ix]
    goes_on = ~closed | (closed_at >= ends)
    now = micros(pd.Series([crm.as_of]))[0]
    left_out = {
        "no_deal": done & (ix < 0),
        "no_closing_date": done & closed & (closed_at == NEVER),
        "too_young": done & goes_on & (ends > now + 1),
    }
    return row_cases(crm, "tasks", done & goes_on, at="completed_at", value=_followed(crm), left_out=left_out)


@once_per_snapshot
def _next_day_ends(crm: Snapshot) -> Ints:
    """Return for each completed task the microsecond at which the next working day is over."""
    return next_day_ends(crm, crm.tasks["completed_at"])


@once_per_snapshot
def _followed(crm: Snapshot) -> Mask:
    """Return after which completed tasks the deal had another one by the end of the next working day.

    Within a deal, in the order of completion, a task is followed if of those completed later (or never) the
    one that was set first was set in time. A task of which it is not known when it was set was there.
    """
    tasks = crm.tasks
    rows = np.flatnonzero((tasks["deal_ix"] >= 0).to_numpy())
    ix = tasks["deal_ix"].to_numpy()[rows]
    done, made = (micros(tasks[name])[rows] for name in ("completed_at", "created_at"))
    is_open = done == NEVER
    latest = int(max(done.max(initial=0), made.max(initial=0)))
    done = np.where(is_open, latest + 1, done)
    order = np.lexsort((done, ix))
    ix, done, made = ix[order], done[order], made[order]
    # The earliest ``made`` from each row to the end of its deal: in ranks, so that deals do not mix.
    steps = np.unique(np.append(made, [NEVER, _next_day_ends(crm).max(initial=0)]))
    size = len(steps) + 1
    mixed = np.searchsorted(steps, made) + ix.astype(np.int64) * size
    earliest = np.minimum.accumulate(mixed[::-1])[::-1] - ix * size
    starts = np.append([True] * bool(len(ix)), (ix[1:] != ix[:-1]) | (done[1:] != done[:-1]))
    after = np.append(np.flatnonzero(starts), len(ix))[np.cumsum(starts)]
    there = after < len(ix)
    there[there] = ix[after[there]] == ix[there]
    ends = _next_day_ends(crm)[rows][order]
    in_time = np.searchsorted(steps, ends, side="left")
    followed = np.zeros(len(tasks), dtype=bool)
    found = np.append(earliest, size)[np.where(there, after, -1)]
    followed[rows[order]] = there & (found < in_time)
    return followed
