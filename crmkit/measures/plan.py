"""Plan and forecast: fact against plan, and what the open deals promise (METHOD 3.3, 7.2)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.facts import is_status, stage_probability
from crmkit.measures.catalog import deal_cases, measure, within
from crmkit.measures.sales import revenue
from crmkit.periods import Period, next_start
from crmkit.schema import Snapshot


def _planned(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return the revenue plan's rows in the period with their days; a row cut by its border counts by working days.

    What the department's plan holds beyond the sum of the reps' plans is a row without a rep, so that the rows add
    up to the department's plan.
    """
    plans = crm.tables["plans"]
    plans = plans[(plans["metric"] == "revenue").to_numpy()]
    rows = []
    for start, grain, manager, value in zip(
        plans["period_start"],
        plans["period"].astype("str"),
        plans["manager_id"].astype("object"),
        plans["value"],
        strict=True,
    ):
        first, after = start.date(), next_start(start.date(), grain)
        low, high = first, after
        if period.start is not None and period.end is not None:
            low, high = max(first, period.start.date()), min(after, period.end.date())
        if low < high:
            share = 1.0 if (low, high) == (first, after) else _share(crm, first, after, low, high)
            rows.append((low, high, manager if isinstance(manager, str) else None, value * share))
    frame = pd.DataFrame(rows, columns=["low", "high", "manager_id", "value"])
    whole = frame[frame["manager_id"].isna()]
    if whole.empty:
        return frame
    parts = frame[frame["manager_id"].notna()]
    rest = [
        (low, high, None, value - parts["value"][(parts["low"] >= low) & (parts["high"] <= high)].sum())
        for low, high, value in zip(whole["low"], whole["high"], whole["value"], strict=True)
    ]
    return pd.concat([parts, pd.DataFrame(rest, columns=frame.columns)], ignore_index=True)


def _share(crm: Snapshot, first: date, after: date, low: date, high: date) -> float:
    calendar = crm.settings.calendar
    whole = calendar.working_days(first, after)
    return calendar.working_days(low, high) / whole if whole else 0.0


@measure(
    "plan_attainment", title="Plan attainment", unit="share", better="higher", group="sales",
    needs={"plans.value", "deals.closed_at", "deals.amount"}, summary="ratio", basis="closed_in",
    only_by=("manager", "team", "role", "day", "week", "month", "quarter", "year"), exact=True,
)  # fmt: skip
def plan_attainment(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Revenue divided by the plan for the same days.

    Cases: one row per won deal closed on a day that has a plan (value: amount, weight 0) and one per plan figure
    (value 0, weight: the plan; of a period that is cut, its share by working days). Where only reps have plans,
    only their deals count.
    Leaves out: as revenue; deals won on days without a plan.
    Source: METHOD 3.3
    """
    plan = _planned(crm, period)
    fact = revenue(crm, period)
    owner = crm.deals["manager_id"].astype("str").to_numpy()[fact["deal_ix"].to_numpy()]
    day = fact["at"].dt.tz_localize(None).to_numpy()
    covered = np.zeros(len(fact), dtype=bool)
    has_whole = bool(plan["manager_id"].isna().any())
    for low, high, manager, _ in plan.itertuples(index=False, name=None):
        inside = (day >= np.datetime64(low)) & (day < np.datetime64(high))
        covered |= inside if not isinstance(manager, str) else inside & (owner == manager) & (not has_whole)
    counted = fact["left_out"] == ""
    fact = fact.assign(
        manager_id=pd.array(owner, dtype="str"),
        weight=0.0,
        counts=1.0,
        left_out=fact["left_out"].where(~counted | covered, "no_plan"),
    )
    at = (
        pd.to_datetime(plan["low"])
        .astype("datetime64[us]")
        .dt.tz_localize(crm.settings.zone, nonexistent="shift_forward")
    )
    figures = pd.DataFrame(
        {"deal_ix": -1, "value": 0.0, "counts": 0.0, "weight": plan["value"].astype("float64"), "at": at, "left_out": "",
         "manager_id": plan["manager_id"].astype("str")}
    ).astype({"left_out": "str"})  # fmt: skip
    return pd.concat([fact, figures], ignore_index=True)


@measure(
    "weighted_forecast", title="Weighted forecast", unit="money", better="higher", group="plan",
    needs={"deals.amount", "deals.probability|stages.default_probability"}, summary="sum", basis="expected_in",
)  # fmt: skip
def weighted_forecast(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Amounts of the open deals times the chance of winning that the CRM states, added up.

    Cases: one row per open deal expected to close in the period (of «all»: every open deal). Value: amount times
    the deal's probability, else its stage's.
    Leaves out: open deals without an amount, without a probability, or without an expected closing date.
    Source: METHOD 7.2
    """
    deals = crm.deals
    chance, amount = stage_probability(crm), deals["amount"].to_numpy(dtype=np.float64)
    is_open = is_status(crm, "open")
    expected = deals["expected_close_on"]
    inside = is_open.copy()
    undated = np.zeros(len(deals), dtype=bool)
    if not period.is_all:
        inside &= within(expected.dt.tz_localize(crm.settings.zone, nonexistent="shift_forward"), period)
        undated = is_open & expected.isna().to_numpy()
    left_out = {
        "no_expected_date": undated,
        "no_amount": inside & np.isnan(amount),
        "no_probability": inside & np.isnan(chance),
    }
    chosen = inside & ~np.isnan(amount) & ~np.isnan(chance)
    return deal_cases(crm, chosen, value=amount * chance, left_out=left_out)
