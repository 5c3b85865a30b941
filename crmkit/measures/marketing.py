"""Marketing: what a lead and a won deal cost, and what the spending brought (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import midnights, once_per_snapshot
from crmkit.measures.cases import days_seen, reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.measures.money import margin, revenue
from crmkit.measures.sales import CLOSED, new_deals, won_deals
from crmkit.periods import GRAINS, Period, next_start
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.int64]
#: The clients' own fields of a deal in which the campaign may stand, small letters.
CAMPAIGN = ("campaign", "utm_campaign")
BY_CHANNEL = ("source", "campaign", *GRAINS)


@once_per_snapshot
def cost_by_day(crm: Snapshot) -> pd.DataFrame:
    """Spread the spending over the calendar days that it is for: ``row`` of costs, ``on``, ``hundredths``.

    A figure is for the ``period`` that begins on its day. Where the table has no such column: for a month if
    all figures of its source begin on the first of a month, for a week if all begin on a Monday, else for a
    day. Part i of n is round(total · i / n) − round(total · (i − 1) / n): the days add up to the figure.

    Source: METHOD 2, 7.1 (the rounding)
    """
    costs = crm.tables["costs"]
    rows = np.flatnonzero((costs["period_start"].notna() & costs["amount"].notna()).to_numpy())
    costs = costs.iloc[rows]
    starts = costs["period_start"].dt.date
    pairs = zip(starts, _grains(costs), strict=True)
    spans = np.array([(next_start(start, grain) - start).days for start, grain in pairs], dtype=np.int64)
    total = np.repeat(np.rint(costs["amount"].to_numpy(dtype=np.float64) * 100).astype(np.int64), spans)
    count = np.repeat(spans, spans)
    nth = np.arange(len(total)) - np.repeat(np.cumsum(spans) - spans, spans)
    parts = (2 * total * (nth + 1) + count) // (2 * count) - (2 * total * nth + count) // (2 * count)
    first = np.repeat(costs["period_start"].to_numpy().astype("datetime64[D]"), spans)
    return pd.DataFrame({"row": np.repeat(rows, spans), "on": first + nth, "hundredths": parts})


def _grains(costs: pd.DataFrame) -> pd.Series:
    """Return for each figure the step of time that it is for."""
    start, source = costs["period_start"], costs["source"].astype("str").fillna(value=-1)
    firsts = (start.dt.day == 1).groupby(source).transform("all")
    mondays = (start.dt.day_of_week == 0).groupby(source).transform("all")
    told = pd.Series(np.select([firsts, mondays], ["month", "week"], "day"), index=costs.index)
    named = costs["period"].astype("object")
    return named.where(named.isin(GRAINS), told)


def _beside_costs(crm: Snapshot, period: Period, deals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return deals and days of spending with ``source`` and ``campaign``; only those told together count.

    A deal counts on a day for which its source has a figure of spending, if only 0; a day of spending counts
    from the first record to ``as_of``.
    """
    table, daily = crm.tables["costs"], cost_by_day(crm)
    names = crm.deals["source"].cat.categories.union(table["source"].cat.categories)
    of_deal, of_cost = (_codes(frame["source"], names) for frame in (crm.deals, table))
    ix = deals["deal_ix"].to_numpy()
    first = daily["on"].min() if len(daily) else pd.Timestamp("1970-01-01")
    place = (daily["on"].to_numpy().astype("datetime64[D]") - np.datetime64(first, "D")).astype(np.int64)
    covered = np.zeros((len(names) + 1, int(place.max(initial=-1)) + 1), dtype=bool)
    covered[of_cost[daily["row"]], place] = True
    day = deals["at"].dt.tz_localize(None).to_numpy().astype("datetime64[D]") - np.datetime64(first, "D")
    day = np.where(np.isnat(day), -1, day.astype(np.int64))
    inside = (day >= 0) & (day < covered.shape[1])
    known = inside.copy()
    known[inside] = covered[of_deal[ix[inside]], day[inside]]
    deals.loc[deals["at"].notna().to_numpy() & ~known, "left_out"] = "no_cost"  # whatever else it lacks
    own = next((name for name in crm.deals.columns if str(name).casefold() in CAMPAIGN), None)
    campaign = crm.deals[own].astype("str").array[ix] if own else pd.array([None] * len(ix), dtype="str")
    deals = deals.assign(source=pd.Categorical.from_codes(of_deal[ix], names), campaign=campaign, counts=1.0)
    at = midnights(crm, daily["on"].astype("datetime64[us]"))
    spent = daily["hundredths"].to_numpy() / 100
    days = pd.DataFrame(
        {
            "deal_ix": -1,
            "at": at,
            "value": spent,
            "left_out": reasons_of(len(at), {}),
            "source": pd.Categorical.from_codes(of_cost[daily["row"]], names),
            "campaign": table["campaign"].astype("str").array[daily["row"]],
            "counts": 0.0,
        }
    )
    return deals, days[within(at, days_seen(crm, period))]


def _codes(names: pd.Series, known: pd.Index) -> Ints:
    """Return the codes of names among the known ones, −1 where missing."""
    places = np.append(known.get_indexer(names.cat.categories), -1)
    return np.asarray(places[names.cat.codes], dtype=np.int64)


def _cost_by(crm: Snapshot, period: Period, deals: pd.DataFrame) -> pd.DataFrame:
    """Return deals (weight 1) and days of spending (value: the money)."""
    deals, days = _beside_costs(crm, period, deals)
    return pd.concat([deals.assign(value=0.0, weight=1.0), days.assign(weight=0.0)], ignore_index=True)


def _return_of(crm: Snapshot, period: Period, deals: pd.DataFrame) -> pd.DataFrame:
    """Return deals (value: what they brought) and days of spending (value: less the money; weight: it)."""
    deals, days = _beside_costs(crm, period, deals)
    days = days.assign(value=-days["value"], weight=days["value"])
    return pd.concat([deals.assign(weight=0.0), days], ignore_index=True)


@measure(
    "cost_per_lead", title="Cost per lead", unit="money", better="lower", group="sales",
    needs={"costs.amount", "deals.created_at", "deals.source"}, summary="ratio", basis="created_in",
    only_by=BY_CHANNEL, also_by=("campaign",), exact=True,
)  # fmt: skip
def cost_per_lead(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Marketing costs divided by the deals created, of the channels whose costs are known.

    Cases: one row per deal created on a day for which its source has a figure of spending (weight 1) and one
    per figure and day (value: the day's part, see ``cost_by_day``). n: the deals. By campaign where the deals
    have a field «campaign» or «utm_campaign».
    Leaves out: deals without a creation date; deals of sources and days without a figure of spending.
    Source: METHOD 3.3
    """
    return _cost_by(crm, period, new_deals(crm, period))


@measure(
    "cost_per_won", title="Cost per won deal", unit="money", better="lower", group="sales",
    needs={"costs.amount", "deals.source", *CLOSED}, summary="ratio", basis="closed_in",
    only_by=BY_CHANNEL, also_by=("campaign",), exact=True,
)  # fmt: skip
def cost_per_won(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Marketing costs divided by the deals won in the same period, of the channels whose costs are known.

    Deals won now came of the spending of a cycle ago: over a period shorter than the cycle it tells little.

    Cases: as for the cost per lead, with the won deals by the day they were closed.
    Leaves out: won deals without a closing date; deals of sources and days without a figure of spending.
    Source: METHOD 3.3
    """
    return _cost_by(crm, period, won_deals(crm, period))


@measure(
    "marketing_return:revenue", title="Return on marketing", unit="ratio", better="higher", group="sales",
    needs={"costs.amount", "deals.source", "deals.amount", *CLOSED}, summary="ratio", basis="closed_in",
    only_by=BY_CHANNEL, also_by=("campaign",), exact=True,
)  # fmt: skip
def marketing_return(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Revenue of the channels whose costs are known, less the costs, divided by the costs; 0 gets them back.

    Deals won now came of the spending of a cycle ago: over a period shorter than the cycle it tells little.

    Cases: one row per won deal closed on a day for which its source has a figure of spending (value: amount,
    weight 0) and one per figure and day (value: less the day's part; weight: the part). n: the deals.
    Leaves out: as revenue; deals of sources and days without a figure of spending.
    Source: METHOD 3.3
    """
    return _return_of(crm, period, revenue(crm, period))


@measure(
    "marketing_return:margin", title="Return on marketing in margin", unit="ratio", better="higher",
    group="sales", needs={"costs.amount", "deals.source", "deals.margin", *CLOSED}, summary="ratio",
    basis="closed_in", only_by=BY_CHANNEL, also_by=("campaign",), exact=True, default=False,
)  # fmt: skip
def marketing_return_margin(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Margin of the channels whose costs are known, less the costs, divided by the costs.

    Cases: as for the return on marketing, with the margin of the won deals.
    Source: METHOD 3.3
    """
    return _return_of(crm, period, margin(crm, period))
