"""Plan attainment: fact against plan, by the working days of the client (METHOD 3.3, 7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.calendars import WorkCalendar
from crmkit.facts import midnights, once_per_snapshot
from crmkit.measures.cases import borders, reasons_of, within
from crmkit.measures.catalog import Floats, Told, compound, measure
from crmkit.measures.money import margin, revenue
from crmkit.measures.sales import new_deals, won_deals
from crmkit.periods import GRAINS, Period, next_start
from crmkit.schema import Snapshot

#: The name of revenue against its plan, of which other figures are made.
ATTAINMENT = "plan_attainment"
#: Slices that a plan can be told by: those of reps, and time.
BY_REP = ("manager", "team", "role")


@dataclass(frozen=True, eq=False)
class DayPlan:
    """A plan by day, in hundredths: kopecks of money.

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
def _plans(crm: Snapshot) -> dict[str, DayPlan]:
    return {}


def plan_by_day(crm: Snapshot, metric: str = "revenue") -> DayPlan:
    """Spread a metric's plan over working days (over all days where a figure has no working day).

    Part i of n is round(total · i / n) − round(total · (i − 1) / n), so that the days add up to the plan. On
    a day that several figures of one owner cover, that of the shortest span counts. What the department's
    plan holds beyond the reps' plans of the same days is the rest; there is none where the two agree over the
    figure's span.

    Source: METHOD 7.1
    """
    known = _plans(crm)
    if metric not in known:
        plans = crm.tables["plans"]
        known[metric] = _spread(plans[(plans["metric"] == metric).to_numpy()], crm.settings.calendar)
    return known[metric]


def _spread(plans: pd.DataFrame, calendar: WorkCalendar) -> DayPlan:
    starts = [start.date() for start in plans["period_start"]]
    afters = [next_start(start, grain) for start, grain in zip(starts, plans["period"], strict=True)]
    first = np.datetime64(min(starts, default="1970-01-01"), "D")
    edges = np.array([starts, afters], dtype="datetime64[D]").reshape(2, -1)
    lows, highs = (edges - first).astype(np.int64)
    codes, owners = pd.factorize(plans["manager_id"].astype("str"))
    size = int(highs.max(initial=0))
    amounts = np.zeros((len(owners) + 1, size), np.int64)
    covered = np.zeros((len(owners) + 1, size), np.bool_)
    working = calendar.is_working(first + np.arange(size).astype("timedelta64[D]"))
    hundredths = np.rint(plans["value"].to_numpy(dtype=np.float64) * 100).astype(np.int64)
    for grain in reversed(GRAINS):
        rows = np.flatnonzero((plans["period"] == grain).to_numpy())
        for row in rows:
            amounts[codes[row], lows[row] : highs[row]] = 0
        for row in rows:
            span = slice(lows[row], highs[row])
            amounts[codes[row], span] += parts_of(hundredths[row], working[span])
            covered[codes[row], span] = True
    for low, high in zip(lows[codes < 0], highs[codes < 0], strict=True):
        if amounts[-1, low:high].sum() == amounts[:-1, low:high].sum():
            amounts[-1, low:high] = amounts[:-1, low:high].sum(axis=0)
    amounts[-1] -= np.where(covered[-1], amounts[:-1].sum(axis=0), 0)
    return DayPlan(first, owners, amounts, covered)


def parts_of(total: int, working: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Share a total out over the marked days of a span, or over all where none is marked."""
    chosen = working if working.any() else np.ones(len(working), dtype=bool)
    count = int(chosen.sum())
    whole = np.array([(2 * total * i + count) // (2 * count) for i in range(count + 1)], dtype=np.int64)
    parts = np.zeros(len(working), dtype=np.int64)
    parts[chosen] = np.diff(whole)
    return parts


def _against_plan(crm: Snapshot, period: Period, fact: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return facts (weight 0) and the days of the plan (value 0): only where both are told do they count."""
    plan = plan_by_day(crm, metric)
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
    at = midnights(crm, pd.Series((plan.first + days.astype("timedelta64[D]")).astype("datetime64[us]")))
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
    ATTAINMENT, title="Plan attainment", unit="share", better="higher", group="sales",
    needs={"plans.value", "deals.closed_at", "deals.amount"}, summary="ratio", basis="closed_in",
    only_by=(*BY_REP, *GRAINS), exact=True,
)  # fmt: skip
def plan_attainment(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Revenue divided by the plan for the same days.

    Cases: one row per won deal closed on a day that has a plan (value: amount, weight 0) and one per rep and
    day of the plan (value 0, weight: the day's part, see ``plan_by_day``). Where only reps have plans, only
    their deals count. n: the deals.
    Leaves out: as revenue; deals won on days without a plan.
    Source: METHOD 3.3
    """
    return _against_plan(crm, period, revenue(crm, period), "revenue")


@measure(
    "plan_attainment:margin", title="Plan attainment in margin", unit="share", better="higher",
    group="sales", needs={"plans.metric=margin", "deals.closed_at", "deals.margin"}, summary="ratio",
    basis="closed_in", only_by=(*BY_REP, *GRAINS), exact=True, default=False,
)  # fmt: skip
def plan_attainment_margin(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Margin divided by the plan of margin for the same days.

    Cases: as for plan attainment, with the margin of the won deals and the plan rows of ``margin``.
    Source: METHOD 3.3
    """
    return _against_plan(crm, period, margin(crm, period), "margin")


@measure(
    "plan_attainment:won_deals", title="Plan attainment in won deals", unit="share", better="higher",
    group="sales", needs={"plans.metric=won_deals", "deals.closed_at", "deals.status"}, summary="ratio",
    basis="closed_in", only_by=(*BY_REP, *GRAINS), exact=True, default=False,
)  # fmt: skip
def plan_attainment_won_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Number of deals won divided by the plan of won deals for the same days.

    Cases: as for plan attainment, with 1 for each won deal and the plan rows of ``won_deals``.
    Source: METHOD 3.3
    """
    return _against_plan(crm, period, won_deals(crm, period), "won_deals")


@measure(
    "plan_attainment:new_deals", title="Plan attainment in new deals", unit="share", better="higher",
    group="sales", needs={"plans.metric=new_deals", "deals.created_at"}, summary="ratio", basis="created_in",
    only_by=(*BY_REP, *GRAINS), exact=True, default=False,
)  # fmt: skip
def plan_attainment_new_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Number of deals created divided by the plan of new deals for the same days.

    Cases: as for plan attainment, with 1 for each deal created and the plan rows of ``new_deals``.
    Source: METHOD 3.3
    """
    return _against_plan(crm, period, new_deals(crm, period), "new_deals")


@compound(
    "plan_attainment:difference", title="Difference from the plan", unit="money", better="higher",
    group="sales", parts=(ATTAINMENT,), default=False, exact=True,
)  # fmt: skip
def plan_difference(parts: Mapping[str, Floats], crm: Snapshot, period: Period) -> Told:
    """Revenue less the plan for the same days: what is above it, or short of it.

    Cases: as for plan attainment. Where there is no plan there is no difference.
    Source: METHOD 3.3
    """
    fact, plan = parts["plan_attainment.numerator"], parts["plan_attainment.denominator"]
    return np.where(plan > 0, np.round(fact - plan, 2), np.nan), None


@compound(
    "plan_attainment:run_rate", title="Plan attainment at the present rate", unit="share", better="higher",
    group="sales", parts=(ATTAINMENT,), default=False, exact=True, timeless=True,
)  # fmt: skip
def plan_run_rate(parts: Mapping[str, Floats], crm: Snapshot, period: Period) -> Told:
    """Share of the plan that the period will reach if every working day brings as much as those so far.

    Revenue so far divided by the working days gone, times the working days of the period, divided by the
    plan. The day described counts as gone. Of a period that is over it is plan attainment itself; while no
    working day is gone there is no rate.

    Cases: as for plan attainment.
    Source: METHOD 3.3
    """
    calendar, (start, end) = crm.settings.calendar, period.days()
    after = min(end, crm.today + timedelta(days=1))
    if after == end:
        return parts["plan_attainment.numerator"], parts["plan_attainment.denominator"]
    gone, whole = calendar.working_days(start, after), calendar.working_days(start, end)
    plan = parts["plan_attainment.denominator"] * gone
    return parts["plan_attainment.numerator"] * whole, np.where(plan > 0, plan, np.nan)
