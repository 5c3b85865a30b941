"""Figures that move with how records are kept: closed in a mass, or written down more fully (METHOD 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.compare.series import weekly
from crmkit.facts import day_of, is_status, midnights, once_per_snapshot, within
from crmkit.measures.catalog import Measure
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import Z95

#: By how much more deals must be recorded than before, for every one that is won, to call it better keeping.
JUMP = 1.5
#: Weeks on each side that tell how many deals are recorded.
WEEKS = 26
RECORDED = ("new_deals", "lost_deals")
#: Measures of won deals alone: that more is written down does not move them.
OF_WON = {"won_deals", "revenue", "margin", "average_check", "average_discount", "repeat_sales"}
MASS_COLUMNS = ("day", "manager_id", "closed", "usual")
COUNTED = ("measure", "before", "after", "ratio", "low", "high", "won_ratio", "against_low", "against_high")


@dataclass(frozen=True, eq=False)
class Recording:
    """How records were kept around a day.

    Attributes
    ----------
    mass: as :func:`mass_closings`. kept: as :func:`kept_otherwise`. Both without rows where they do not move
        the measure that is asked about.
    reason: why its figures before and after are not alike: ``mass_closing``, ``recording_changed``, or empty.
    """

    mass: pd.DataFrame
    kept: pd.DataFrame
    reason: str = ""


def mass_closings(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return on which days of a period one person closed far more deals than anybody usually does.

    Far more is ``limits.mass_rows`` at least, and ``limits.mass_times`` the median of the days on which
    somebody closed any. Deals of nobody, closed by many, have a usual day of their own where there are
    ``limits.few_cases`` such days.

    Returns
    -------
    One row a day and person: ``day``, ``manager_id`` (null for deals of nobody), ``closed`` (how many deals),
    ``usual`` (that median); sorted by day.
    """
    days = _closing_days(crm)
    limits = crm.settings.limits
    same = days.groupby(days["manager_id"].isna())["closed"]
    often = same.transform("size") >= limits.few_cases
    usual = same.transform("median").where(often, days["closed"].median())
    many = days["closed"] >= np.maximum(limits.mass_rows, limits.mass_times * usual)
    inside = within(days["day"], period)
    found = days.assign(usual=usual)[many.to_numpy() & inside]
    return found[list(MASS_COLUMNS)].reset_index(drop=True)


@once_per_snapshot
def _closing_days(crm: Snapshot) -> pd.DataFrame:
    """Return how many deals each person closed on each day on which any were."""
    closed = crm.deals["closed_at"]
    chosen = (is_status(crm, "won") | is_status(crm, "lost")) & closed.notna().to_numpy()
    rows = crm.deals.loc[chosen, ["manager_id"]].assign(day=midnights(crm, day_of(closed[chosen])))
    counts = rows.groupby(["day", "manager_id"], observed=True, dropna=False).size()
    return counts.rename("closed").reset_index().sort_values(["day", "manager_id"], kind="stable")


def kept_otherwise(crm: Snapshot, day: date) -> pd.DataFrame:
    """Return what is recorded more, or less, since a day although no more, or less, is won.

    Deals created and deals lost are set beside deals won, up to 26 weeks on each side: they have grown 1.5
    times as much at least (or shrunk as much), surely grown, and surely more than won deals, which may have
    stayed as they were. Then a win rate may fall because losses are written down, and not because less is
    sold. It need not be sure that it is 1.5 times: whatever stands against a verdict needs less proof.

    Returns
    -------
    One row for ``new_deals`` and ``lost_deals``, where it is so: ``measure``, ``before`` and ``after``, per
    working day; ``ratio, low, high``: after ÷ before; ``won_ratio``: that of won deals; ``against_low,
    against_high``: the first ratio ÷ the second. Intervals of 95 %; weeks may differ by more than chance.
    Empty with fewer than ``limits.described_weeks`` weeks on a side.
    """
    won = _ratio(crm, "won_deals", day)
    rows = []
    for name in RECORDED:
        told = _ratio(crm, name, day)
        if won is None or told is None or abs(won[0]) > Z95 * won[1]:
            continue
        against, half = told[0] - won[0], Z95 * float(np.hypot(told[1], won[1]))
        own = Z95 * told[1]
        if abs(against) < max(half, np.log(JUMP)) or abs(told[0]) < own or against * told[0] < 0:
            continue
        spans = [told[0], told[0] - own, told[0] + own, won[0], against - half, against + half]
        rows.append((name, told[2], told[3], *np.exp(spans)))
    return pd.DataFrame(rows, columns=list(COUNTED)).astype({"measure": "str"})


def _ratio(crm: Snapshot, name: str, day: date) -> tuple[float, float, float, float] | None:
    """Return the logarithm of after ÷ before, its error, before and after; nothing where weeks are few."""
    frame = weekly(crm, name)
    weeks = frame["week"].to_numpy("datetime64[D]")
    start, week = np.datetime64(day, "D"), np.timedelta64(7, "D")
    after = (weeks >= start) & (weeks < start + WEEKS * week)
    before = (weeks + week <= start) & (weeks >= start - WEEKS * week)
    if min(before.sum(), after.sum()) < crm.settings.limits.described_weeks:
        return None
    counts, days = frame["numerator"].to_numpy(np.float64), frame["working_days"].to_numpy(np.float64)
    sums = [(counts[side].sum(), days[side].sum()) for side in (before, after)]
    if not (sums[0][0] and sums[1][0]):
        return None
    rates = [count / of for count, of in sums]
    expected = np.where(after, rates[1], rates[0]) * days
    both = before | after
    spread = ((counts[both] - expected[both]) ** 2 / expected[both]).sum() / (both.sum() - 2)
    error = float(np.sqrt(max(1.0, spread) * (1 / sums[0][0] + 1 / sums[1][0])))
    return float(np.log(rates[1] / rates[0])), error, rates[0], rates[1]


def recording(crm: Snapshot, one: Measure, day: date, until: date) -> Recording:
    """Return how records were kept around a day, as far as it moves the figures of a measure.

    Deals closed in a mass are looked for from ``limits.weeks_after`` weeks before the day until ``until``;
    they count against a comparison from ``limits.mass_share`` of all deals closed in that time on.
    """
    zone, limits = crm.settings.zone, crm.settings.limits
    around = Period.between(day - timedelta(weeks=limits.weeks_after), max(day, until), zone)
    closings = one.basis == "closed_in"
    mass, every = mass_closings(crm, around), _closing_days(crm)
    closed = int(every["closed"][within(every["day"], around)].sum())
    many = closings and closed > 0 and mass["closed"].sum() >= limits.mass_share * closed
    of_deals = one.basis in ("closed_in", "created_in", "matured_in", "entered_stage_in")
    moved = of_deals and one.unit in ("share", "count", "money") and one.id not in OF_WON
    kept = kept_otherwise(crm, day)
    reason = "mass_closing" if many else "recording_changed" if moved and len(kept) else ""
    return Recording(mass if closings else mass[:0], kept if moved else kept[:0], reason)
