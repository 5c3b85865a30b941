"""Stale deals: open deals in which nothing moves, and the money in them (METHOD 3.2, 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import (
    NEVER,
    days_before,
    is_status,
    last_action,
    micros,
    once_per_snapshot,
    open_tasks,
)
from crmkit.measures.cases import deal_cases
from crmkit.measures.catalog import ACTED, measure
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.visits import days_in_stage, norm_days

Mask = npt.NDArray[np.bool_]

PLANNED = ACTED | {"tasks.deal_id|deals.next_task_at"}


@once_per_snapshot
def idle(crm: Snapshot) -> tuple[Mask, dict[str, Mask]]:
    """Return the deals in which nothing was done for long, and those of which it cannot be told.

    A deal with which nothing has been done is idle since its creation.
    """
    last, created = last_action(crm), micros(crm.deals["created_at"])
    edge = micros(pd.Series([days_before(crm, crm.settings.limits.stale_days)]))[0]
    since = np.maximum(last, created)
    unknown = is_status(crm, "open") & (since == NEVER)
    return since <= edge, {"no_creation_date": unknown}


def _unplanned(crm: Snapshot) -> Mask:
    waiting, overdue = open_tasks(crm)
    return np.asarray(waiting == overdue)


@measure(
    "deals_stale:idle_without_plan", title="Stale deals", unit="share", better="lower", group="quality",
    needs=PLANNED, summary="ratio", basis="open_at",
)  # fmt: skip
def deals_stale(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals in which nothing was done for long (14 days) and nothing is planned.

    Cases: one row per deal open at ``as_of``. Value: 1 if its last communication or completed task (without
    any, its creation) lies ``limits.stale_days`` days back or more, and it has no open task but overdue
    ones.
    Leaves out: deals without any action and without a creation date.
    Source: METHOD 3.3; KPI23 12
    """
    stands, left_out = idle(crm)
    return deal_cases(crm, is_status(crm, "open"), value=stands & _unplanned(crm), left_out=left_out)


@measure(
    "deals_stale:idle", title="Stale deals: nothing done", unit="share", better="lower", group="quality",
    needs=ACTED, summary="ratio", basis="open_at", default=False,
)  # fmt: skip
def deals_idle(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals in which nothing was done for long (14 days), whatever is planned.

    Cases: one row per deal open at ``as_of``. Value: 1 if its last communication or completed task (without
    any, its creation) lies ``limits.stale_days`` days back or more.
    Leaves out: deals without any action and without a creation date.
    Source: METHOD 3.3
    """
    stands, left_out = idle(crm)
    return deal_cases(crm, is_status(crm, "open"), value=stands, left_out=left_out)


@measure(
    "deals_stale:stage_overtime", title="Stale deals: over the stage's norm", unit="share", better="lower",
    group="quality", summary="ratio", basis="open_at", default=False,
    needs={"deals.status", "deals.stage", "stages.norm_days",
           "deals.stage_entered_at|stage_changes.changed_at"},
)  # fmt: skip
def deals_over_norm(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals that stand in their stage for longer than its norm allows.

    Cases: one row per deal open at ``as_of``. Value: 1 if it entered its stage more than the stage's
    ``norm_days`` days ago (by the deal's own date of entering, else by the history of stages).
    Leaves out: deals in stages without a norm; deals of which it is not known when they entered the stage.
    Source: METHOD 3.3
    """
    is_open, norm, days = is_status(crm, "open"), norm_days(crm), days_in_stage(crm)
    left_out = {"no_norm": is_open & np.isnan(norm), "no_stage_entry": is_open & np.isnan(days)}
    return deal_cases(crm, is_open, value=days > norm, left_out=left_out)


@measure(
    "deals_stale:age", title="Stale deals: old", unit="share", better="lower", group="quality",
    needs={"deals.status", "deals.created_at"}, summary="ratio", basis="open_at", default=False,
)  # fmt: skip
def deals_old(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals that were created long ago (more than 180 days).

    Cases: one row per deal open at ``as_of``. Value: 1 if it was created more than
    ``limits.old_deal_days`` days before.
    Leaves out: deals without a creation date.
    Source: METHOD 3.3
    """
    is_open, created = is_status(crm, "open"), micros(crm.deals["created_at"])
    edge = micros(pd.Series([days_before(crm, crm.settings.limits.old_deal_days)]))[0]
    left_out = {"no_creation_date": is_open & (created == NEVER)}
    return deal_cases(crm, is_open, value=created < edge, left_out=left_out)


@measure(
    "deals_stale_amount", title="Money in stale deals", unit="money", better="lower", group="quality",
    needs=PLANNED | {"deals.amount"}, summary="sum", basis="open_at",
)  # fmt: skip
def deals_stale_amount(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amounts of the stale deals, in which nothing was done for long and nothing is planned, added up.

    Cases: one row per stale deal (variant ``idle_without_plan``). Value: its amount.
    Leaves out: stale deals without an amount; deals without any action and without a creation date.
    Source: METHOD 3.3; KPI23 12
    """
    stands, left_out = idle(crm)
    stale = is_status(crm, "open") & stands & _unplanned(crm)
    amount = crm.deals["amount"].to_numpy(dtype=np.float64)
    return deal_cases(crm, stale, value=amount, left_out=left_out | {"no_amount": stale & np.isnan(amount)})
