"""Checks of tasks: what is planned, what is overdue, what comes next (METHOD 5.1: 1, 11, 12, 13, 22)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.actions import first_after
from crmkit.audit.checks import Examined, check
from crmkit.audit.seeing import begun, by_measure, holds, moments
from crmkit.errors import N_
from crmkit.facts import (
    NEVER,
    BoolArray,
    FloatArray,
    IntArray,
    day_of,
    days_before,
    days_since,
    has_passed,
    is_status,
    is_technical,
    last_action,
    micros,
    midnights,
    names_day,
    open_tasks,
    overdue_tasks,
    within,
)
from crmkit.measures.catalog import ACTED
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: What tells whether something is planned in a deal.
_PLANS = "tasks.deal_id|deals.next_task_at"


@check(
    "H01", title="Open deals without a task", about="open deals", severity="critical",
    needs={"deals.status", _PLANS},
    says=[N_("no task is open; last action: {since}"), N_("no task is open, and nothing has been done yet")],
)  # fmt: skip
def open_deals_without_task(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals for which no task is open: nobody has planned what comes next.

    Evidence: the deal, and when something was last done in it.
    Why: a client with whom no next step is agreed is forgotten, and buys elsewhere.
    Fix: set the next task with a day and an hour, or close the deal with its reason.
    """
    is_open, (since, kind) = is_status(crm, "open"), _last_done(crm)
    told = {"tasks.completed_at"} if "tasks.deal_id" in crm.supplied else set[str]()
    lacking = tuple(crm.lacks(told))  # then every task is taken for an open one
    return [Examined("deals", is_open, open_tasks(crm)[0] == 0, moments(crm, since), kind, lacking=lacking)]


def _last_done(crm: Snapshot) -> tuple[IntArray, IntArray]:
    """Return when something was last done in each deal, and 0; without any action its creation, and 1."""
    last = last_action(crm)
    since = np.where(last == NEVER, micros(crm.deals["created_at"]), last)
    return since, (last == NEVER).astype(np.int64)


@check(
    "H11", title="Overdue tasks", about="open tasks with a due time", severity="major",
    needs={"tasks.due_at|deals.next_task_at", "tasks.completed_at|deals.next_task_at"},
    says=[
        N_("was due on {since}, day {number} of the delay"),
        N_("the next task was due on {since}, day {number} of the delay"),
    ],
)  # fmt: skip
def overdue(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open tasks whose time has passed; a task for a day is overdue when the day is over.

    Where the export has no list of tasks, open deals are looked at by the date of their next task. Tasks
    without a due time are not judged.

    Evidence: the task, its deal, when it was due, and which day of the delay it is.
    Why: what was promised to a client was not done, and among many overdue tasks the important ones drown.
    Fix: do it today, or agree on a new day with the client and move the task; delete what nobody needs.
    """
    if not crm.lacks({"tasks.due_at", "tasks.completed_at"}):
        is_open, due = crm.tasks["completed_at"].isna().to_numpy(), crm.tasks["due_at"]
        known, late = due.notna().to_numpy(), overdue_tasks(crm)
        number = _day_since(crm, due, by_day=names_day(crm, "tasks", "due_at"))
        unknown = {"no_due_date": is_open & ~known}
        return [Examined("tasks", is_open & known, late, due, number=number, unknown=unknown)]
    due = crm.deals["next_task_at"]
    planned = is_status(crm, "open") & due.notna().to_numpy()
    number = _day_since(crm, due, by_day=names_day(crm, "deals", "next_task_at"))
    kind = np.ones(len(due), dtype=np.int8)
    return [Examined("deals", planned, has_passed(crm, "deals", "next_task_at"), due, kind, number=number)]


def _day_since(crm: Snapshot, since: pd.Series, *, by_day: BoolArray) -> FloatArray:
    """Return which day since each moment it is: the first one is 1."""
    days = (days_since(crm, since, by_day=one) for one in (True, False))
    return np.maximum(np.ceil(np.where(by_day, *days)), 1)


@check(
    "H12", title="Task done, and no next one", about="open deals with a task done", severity="major",
    needs={"deals.status", "tasks.deal_id", "tasks.completed_at"},
    says=[N_("the last task was done on {since}; none is open")],
)  # fmt: skip
def no_next_task(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals whose latest task is done, while no other one is open.

    Each such deal is also one without a task; here stand those that were dropped after a step was made.

    Evidence: the deal, and when its latest task was done.
    Why: the step was made, and the thread was dropped: the client waits for what comes next.
    Fix: end no task without setting the next one; let the CRM ask for it.
    """
    ix, done = crm.tasks["deal_ix"].to_numpy(), micros(crm.tasks["completed_at"])
    last, rows = np.full(len(crm.deals), NEVER), np.flatnonzero((ix >= 0) & (done != NEVER))
    np.maximum.at(last, ix[rows], done[rows])
    checked = is_status(crm, "open") & (last != NEVER)
    return [Examined("deals", checked, open_tasks(crm)[0] == 0, moments(crm, last))]


@check(
    "H13", title="Stale deals", about="open deals", severity="major",
    needs=ACTED,
    says=[
        N_("nothing done since {since}, days: {number}; nothing is planned either"),
        N_("nothing done since the creation on {since}, days: {number}; nothing is planned either"),
        N_("nothing done since {since}, days: {number}"),
        N_("nothing done since the creation on {since}, days: {number}"),
    ],
)  # fmt: skip
def stale(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals in which nothing was done for long (14 days) and no task is to come.

    Done is a task or a communication; without any, the deal is silent since its creation. A task that is
    overdue plans nothing any more; where the export tells of no tasks, silence alone counts.

    Evidence: the deal, when something was last done in it, and for how many days nothing has been.
    Why: nobody works on it, and yet it stands in the funnel and in the forecast as money to come.
    Fix: call the client today, or close the deal with its reason; a later return is a task with a date.
    """
    since, kind = _last_done(crm)
    since = np.maximum(since, micros(crm.deals["created_at"]))
    silent = moments(crm, since)
    number, alone = np.floor(days_since(crm, silent)), bool(crm.lacks({_PLANS}))
    due = "tasks.due_at" if "tasks.deal_id" in crm.supplied else _PLANS
    return [
        by_measure(
            "deals_stale:idle" if alone else "deals_stale:idle_without_plan", crm, period, offends=holds,
            since=silent, kind=kind + 2 * alone, number=number,
            norm=np.full(len(kind), float(crm.settings.limits.stale_days)),
            lacking=tuple(crm.lacks({due})),
        )
    ]  # fmt: skip


@check(
    "H22", title="Lost clients nobody returns to", about="losses that are no technical ones",
    severity="minor", needs={"deals.status", "deals.closed_at", "tasks.deal_id", "tasks.due_at"},
    says=[N_("lost on {since}; no task is due from {number} to {norm} months later")],
)  # fmt: skip
def lost_and_forgotten(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Losses at least a week old without a task, open or done, due three to six months after closing.

    A task of the deal counts, and one without a deal of the same contact or company; a task without a due
    time counts by the day it was done. Technical losses are not looked at. A loss without a closing date is
    not judged, nor is one whose months were over before the first task was recorded.

    Evidence: the deal, when it was lost, and in which months a task should be due.
    Why: a refusal is seldom for ever: in half a year the budget, the supplier or the person has changed.
    Fix: on closing set a task to call again in three to six months; let the CRM set it by itself.
    """
    limits, closed = crm.settings.limits, crm.deals["closed_at"]
    lost = is_status(crm, "lost") & ~is_technical(crm)
    settled = np.asarray(closed <= days_before(crm, limits.settled_days))
    asked, days = (limits.return_from_months, limits.return_to_months), day_of(closed)
    start = micros(midnights(crm, days + pd.DateOffset(months=asked[0])))
    end = micros(midnights(crm, days + pd.DateOffset(months=asked[1], days=1)))
    tasks = crm.tasks
    at = tasks["due_at"].where(tasks["due_at"].notna(), tasks["completed_at"])
    found = first_after(crm, "tasks", (np.arange(len(at)), micros(at)), since=start)
    chosen = lost & settled & within(closed, period)
    unwatched = chosen & (end < begun(crm, "tasks"))
    unknown = {"no_closing_date": lost & closed.isna().to_numpy(), "not_recorded": unwatched}
    checked = chosen & ~unwatched
    number, norm = (np.full(len(closed), float(months)) for months in asked)
    wrong = (found == NEVER) | (found >= end)
    return [Examined("deals", checked, wrong, closed, number=number, norm=norm, unknown=unknown)]
