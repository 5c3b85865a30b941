"""Plan and forecast: fact against plan, and what the open deals promise (METHOD 3.3, 7.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import is_status, midnights, once_per_snapshot, stage_probability
from crmkit.measures.cases import borders, deal_cases, reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.measures.sales import revenue
from crmkit.periods import GRAINS, Period, next_start
from crmkit.schema import Snapshot


@dataclass(frozen=True, eq=False)
class DayPlan:
    """A plan by day, in kopecks.

    Attributes
    ----------
    first: the day of the first column.
    owners: the reps who have a plan of their own; the row after the last is the rest of the department's.
    amounts, covered: one row per owner, one column per day: the plan, and whether the day has one.
    """

    first: np.datetime64
    owners: pd.Index
    amounts: npt.NDArray[np.int64]
    covered: npt.NDArray[np.bool_]


@once_per_snapshot
def plan_by_day(crm: Snapshot) -> DayPlan:
    """Spread the revenue plan over working days (over all days where a figure has no working day).

    Part i of n is round(total · i / n) − round(total · (i − 1) / n), so that the days add up to the plan. On
    a day that several figures of one owner cover, that of the shortest span counts. What the department's
    plan holds beyond the reps' plans of the same days is the rest; there is none where the two agree over the
    figure's span.

    Source: METHOD 7.1
    """
    plans = crm.tables["plans"]
    plans = plans[(plans["metric"] == "revenue").to_numpy()]
    starts = [start.date() for start in plans["period_start"]]
    afters = [next_start(start, grain) for start, grain in zip(starts, plans["period"], strict=True)]
    first = np.datetime64(min(starts, default="1970-01-01"), "D")
    edges = np.array([starts, afters], dtype="datetime64[D]").reshape(2, -1)
    lows, highs = (edges - first).astype(np.int64)
    codes, owners = pd.factorize(plans["manager_id"].astype("str"))
    size = int(highs.max(initial=0))
    amounts, covered = (
        np.zeros((len(owners) + 1, size), np.int64),
        np.zeros((len(owners) + 1, size), np.bool_),
    )
    working = crm.settings.calendar.is_working(np.arange(first, first + size))
    kopecks = np.rint(plans["value"].to_numpy(dtype=np.float64) * 100).astype(np.int64)
    for grain in reversed(GRAINS):
        rows = np.flatnonzero((plans["period"] == grain).to_numpy())
        for row in rows:
            amounts[codes[row], lows[row] : highs[row]] = 0
        for row in rows:
            span = slice(lows[row], highs[row])
            amounts[codes[row], span] += _parts(kopecks[row], working[span])
            covered[codes[row], span] = True
    for low, high in zip(lows[codes < 0], highs[codes < 0], strict=True):
        if amounts[-1, low:high].sum() == amounts[:-1, low:high].sum():
            amounts[-1, low:high] = amounts[:-1, low:high].sum(axis=0)
    amounts[-1] -= np.where(covered[-1], amounts[:-1].sum(axis=0), 0)
    return DayPlan(first, owners, amounts, covered)


def _parts(total: int, working: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Share a total out over the working days of a span."""
    chosen = working if working.any() else np.ones(len(working), dtype=bool)
    count = int(chosen.sum())
    whole = np.array([(2 * total * i + count) // (2 * count) for i in range(count + 1)], dtype=np.int64)
    parts = np.zeros(len(working), dtype=np.int64)
    parts[chosen] = np.diff(whole)
    return parts


@measure(
    "plan_attainment", title="Plan attainment", unit="share", better="higher", group="sales",
    needs={"plans.value", "deals.closed_at", "deals.amount"}, summary="ratio", basis="closed_in",
    only_by=("manager", "team", "role", "day", "week", "month", "quarter", "year"), exact=True,
)  # fmt: skip
def plan_attainment(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Revenue divided by the plan for the same days.

    Cases: one row per won deal closed on a day that has a plan (value: amount, weight 0) and one per rep and
    day of the plan (value 0, weight: the day's part, see ``plan_by_day``). Where only reps have plans, only
    their deals count. n: the deals.
    Leaves out: as revenue; deals won on days without a plan.
    Source: METHOD 3.3
    """
    plan = plan_by_day(crm)
    fact = revenue(crm, period)
    owner = crm.deals["manager_id"].array[fact["deal_ix"]]
    day = (fact["at"].dt.tz_localize(None).to_numpy().astype("datetime64[D]") - plan.first).astype(np.int64)
    known = fact["at"].notna().to_numpy() & (day >= 0) & (day < plan.amounts.shape[1])
    row, column = plan.owners.get_indexer(pd.Index(owner.astype("str"))), np.where(known, day, 0)
    unplanned = np.ones(len(fact), dtype=bool)
    if plan.amounts.size:
        has_own = (row >= 0) & plan.covered[row, column]
        unplanned = ~(known & (plan.covered[-1, column] | has_own))
    counted = (fact["left_out"] == "").to_numpy()
    fact.loc[counted & unplanned, "left_out"] = "no_plan"
    fact = fact.assign(manager_id=owner, weight=0.0, counts=1.0)
    rows, days = np.nonzero(plan.amounts)
    at = midnights(crm, pd.Series((plan.first + days).astype("datetime64[us]")))
    figures = pd.DataFrame(
        {
            "deal_ix": -1,
            "value": 0.0,
            "at": at,
            "left_out": reasons_of(len(at), {}),
            "manager_id": pd.Series([*plan.owners, None], dtype="str").array[rows],
            "weight": plan.amounts[rows, days] / 100,
            "counts": 0.0,
        }
    )
    figures = figures[within(at, borders(crm, period))]
    return pd.concat([fact.astype({"manager_id": "str"}), figures], ignore_index=True)


@measure(
    "weighted_forecast", title="Weighted forecast", unit="money", better="higher", group="plan",
    needs={"deals.amount", "deals.probability|stages.default_probability"}, summary="sum",
    basis="expected_in",
)  # fmt: skip
def weighted_forecast(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Amounts of the open deals times the chance of winning that the CRM states, added up.

    Cases: one row per open deal expected to close in the period (of «all»: every open deal). Value: amount
    times the deal's probability, else its stage's.
    Leaves out: open deals without an amount, without a probability, or without an expected closing date.
    Source: METHOD 7.2
    """
    deals = crm.deals
    chance, amount = stage_probability(crm), deals["amount"].to_numpy(dtype=np.float64)
    is_open = is_status(crm, "open")
    expected = deals["expected_close_on"]
    inside = is_open if period.is_all else is_open & within(midnights(crm, expected), period)
    left_out = {
        "no_expected_date": is_open & expected.isna().to_numpy() & (not period.is_all),
        "no_amount": inside & np.isnan(amount),
        "no_probability": inside & np.isnan(chance),
    }
    return deal_cases(crm, inside, at="expected_close_on", value=amount * chance, left_out=left_out)
