"""Checks of tasks: what is planned, what is overdue, what comes next (METHOD 5.1: 1, 11)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crmkit.audit.checks import Examined, check
from crmkit.audit.seeing import moments
from crmkit.errors import N_
from crmkit.facts import NEVER, is_status, last_action, micros, open_tasks
from crmkit.periods import Period
from crmkit.schema import Snapshot


@check(
    "H01", title="Open deals without a task", about="open deals", severity="critical",
    needs={"deals.status", "tasks.deal_id|deals.next_task_at"},
    says=[N_("no task is open; last action: {since}"), N_("no task is open, and nothing has been done yet")],
)  # fmt: skip
def open_deals_without_task(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals for which no task is open: nobody has planned what comes next.

    Evidence: the deal, and when something was last done in it.
    Why: a client with whom no next step is agreed is forgotten, and buys elsewhere.
    Fix: set the next task with a day and an hour, or close the deal with its reason.
    """
    is_open, last = is_status(crm, "open"), last_action(crm)
    since = np.where(last == NEVER, micros(crm.deals["created_at"]), last)
    kind = (last == NEVER).astype(np.int8)
    return [Examined("deals", is_open, open_tasks(crm)[0] == 0, moments(crm, since), kind)]
