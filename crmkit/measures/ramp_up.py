"""How long a new rep takes: to the first won deal, and to what the department sells (METHOD 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import is_status, midnights, once_per_snapshot
from crmkit.measures.cases import reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.measures.plan import BY_REP
from crmkit.measures.sales import CLOSED, amounts
from crmkit.periods import GRAINS, Period
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
FAR = 1 << 40  # a day or month that never comes


@dataclass(frozen=True, eq=False)
class Reps:
    """The reps, one entry each, in days since 1970; ``FAR`` for what has not happened.

    Attributes
    ----------
    hired: NaT where it is not known. since: hiring, else the first deal created or won.
    left: the day after the last. owner: for each deal the row of its rep, −1 for none. has_deals: owns any.
    first: the day of the first record; today: the day of ``as_of``.
    """

    hired: npt.NDArray[np.datetime64]
    since: Ints
    left: Ints
    owner: Ints
    has_deals: npt.NDArray[np.bool_]
    first: int
    today: int


@once_per_snapshot
def _reps(crm: Snapshot) -> Reps:
    table, deals = crm.tables["managers"], crm.deals
    places = pd.Index(table["manager_id"].astype("str")).get_indexer(deals["manager_id"].cat.categories)
    owner = np.append(places, -1)[deals["manager_id"].cat.codes]
    hired, left = (table[name].to_numpy().astype("datetime64[D]") for name in ("hired_on", "left_on"))
    begun = np.full(len(table) + 1, FAR)
    for days in (_days(deals["created_at"]), np.where(is_status(crm, "won"), _days(deals["closed_at"]), FAR)):
        np.minimum.at(begun, owner, days)
    since = np.where(np.isnat(hired), begun[:-1], hired.astype(np.int64))
    gone = np.where(np.isnat(left), FAR, left.astype(np.int64))
    has_deals = np.bincount(owner[owner >= 0], minlength=len(table)) > 0
    first = min((_day(crm, moment) for table, moment in crm.began.items() if table == "deals"), default=FAR)
    return Reps(hired, since, gone, owner, has_deals, first, _day(crm, crm.as_of))


def _day(crm: Snapshot, moment: pd.Timestamp) -> int:
    return int(np.datetime64(moment.tz_convert(crm.settings.zone).date(), "D").astype(np.int64))


def _days(moments: pd.Series) -> Ints:
    """Return calendar days since 1970, ``FAR`` where missing."""
    local = moments.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(local), FAR, local.astype(np.int64))


def _hired(crm: Snapshot, period: Period, days: Ints, until: Ints) -> pd.DataFrame:
    """Return one case per rep hired in the period: days from hiring to what has happened.

    Parameters
    ----------
    days: on which day it happened, ``FAR`` if it did not; until: how far the rep has been seen then.
    """
    reps, table = _reps(crm), crm.tables["managers"]
    at = midnights(crm, pd.Series(reps.hired.astype("datetime64[us]")))
    inside = within(at, period) & (reps.since <= reps.today)
    left_out = {
        "no_hiring_date": np.isnat(reps.hired) & reps.has_deals,
        "hired_before_records": inside & (reps.since < reps.first),
    }
    reasons = reasons_of(len(table), left_out)
    rows = np.flatnonzero(inside | (reasons.codes > 0))
    happened = days < FAR
    return pd.DataFrame(
        {
            "deal_ix": -1,
            "manager_id": table["manager_id"].array[rows],
            "at": at.array[rows],
            "value": np.maximum(np.where(happened, days, until) - reps.since, 0)[rows].astype(np.float64),
            "event": happened[rows].astype(np.int64),
            "left_out": reasons[rows],
        }
    )


@measure(
    "days_to_first_won", title="Days from hiring to the first won deal", unit="days", better="lower",
    group="sales", needs={*CLOSED, "deals.manager_id", "managers.hired_on"}, summary="survival_median",
    basis="hired_in", only_by=(*BY_REP, *GRAINS),
)  # fmt: skip
def days_to_first_won(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Calendar days within which half of the reps hired in the period win their first deal.

    Cases: one row per rep whose ``hired_on`` lies in the period. Value: days to the closing of the first deal
    won after hiring (by its present owner); event: 1 if there is one, 0 if not until the rep left or the day
    described. The estimate is Kaplan and Meier's.
    Leaves out: reps with deals and without a hiring date; reps hired before the first record of deals.
    Source: METHOD 3.3
    """
    reps = _reps(crm)
    days, owner = _days(crm.deals["closed_at"]), reps.owner
    won = is_status(crm, "won") & (owner >= 0)
    won &= days >= np.append(reps.since, FAR)[owner]
    first = np.full(len(reps.since), FAR)
    np.minimum.at(first, owner[won], days[won])
    return _hired(crm, period, first, np.minimum(reps.today, reps.left))


@measure(
    "days_to_median", title="Days from hiring to the department's median", unit="days", better="lower",
    group="sales", needs={*CLOSED, "deals.manager_id", "deals.amount", "managers.hired_on"},
    summary="survival_median", basis="hired_in", only_by=(*BY_REP, *GRAINS),
)  # fmt: skip
def days_to_median(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Calendar days within which half of the reps hired in the period sell like the department's median rep.

    The median of a month is that of the revenue of all who worked the whole of it: from hiring (else their
    first deal) to leaving. A rep has reached it in the first month, whole or begun, in which the rep's
    revenue is not below it and not nothing. Months that are not over, and those that fewer than two worked
    whole, tell nothing.

    Cases: one row per rep whose ``hired_on`` lies in the period. Value: days from hiring to the end of that
    month; event: 1 if there is one, 0 if not until the rep left or the last whole month.
    Leaves out: reps with deals and without a hiring date; reps hired before the first record of deals.
    Source: METHOD 3.3
    """
    reps = _reps(crm)
    months, ends = _months(reps)
    sold, starts = _sold(crm, months), months.astype("datetime64[D]").astype(np.int64)
    whole = (reps.since[:, None] <= starts) & (reps.left[:, None] >= ends)
    told = whole.sum(axis=0) > 1
    median = np.full(len(months), np.inf)
    if told.any():
        median[told] = np.nanmedian(np.where(whole, sold, np.nan)[:, told], axis=0)
    reached = (sold >= median) & (sold > 0)
    month = np.where(reached.any(axis=1), reached.argmax(axis=1) if len(months) else 0, len(months))
    last = ends[-1] if len(ends) else reps.first
    return _hired(crm, period, np.append(ends, FAR)[month], np.minimum(last, reps.left))


def _months(reps: Reps) -> tuple[npt.NDArray[np.datetime64], Ints]:
    """Return the calendar months from the first record that are over, and the day after each."""
    first = np.datetime64(min(reps.first, reps.today), "D").astype("datetime64[M]")
    after = np.datetime64(reps.today + 1, "D").astype("datetime64[M]")
    months = np.arange(first, after, dtype="datetime64[M]")
    return months, np.asarray((months + np.timedelta64(1, "M")).astype("datetime64[D]"), dtype=np.int64)


def _sold(crm: Snapshot, months: npt.NDArray[np.datetime64]) -> Floats:
    """Return the revenue of each rep (row) in each month (column); of deals won after hiring only."""
    reps, days, amount = _reps(crm), _days(crm.deals["closed_at"]), amounts(crm)
    chosen = is_status(crm, "won") & (reps.owner >= 0) & (days < FAR) & ~np.isnan(amount)
    chosen &= days >= np.append(reps.since, FAR)[reps.owner]
    first = months[0].astype(np.int64) if len(months) else 0
    place = days[chosen].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - first
    inside = (place >= 0) & (place < len(months))
    joint = reps.owner[chosen][inside] * max(len(months), 1) + place[inside]
    size = len(reps.since) * max(len(months), 1)
    minor = np.bincount(joint, weights=np.rint(amount[chosen][inside] * 100), minlength=size)
    return (minor / 100).reshape(len(reps.since), -1)[:, : len(months)]
