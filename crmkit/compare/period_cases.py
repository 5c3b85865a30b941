"""The cases of one measure in two periods, as comparisons need them: weeks, clients, working days, groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.clients import clusters
from crmkit.compare.mix import telling
from crmkit.compare.spread import PeriodCases, added
from crmkit.facts import IntArray
from crmkit.measures.cases import days_seen
from crmkit.measures.slices import coded
from crmkit.periods import Period
from crmkit.schema import Snapshot

Days = npt.NDArray[np.datetime64]


def seen_days(crm: Snapshot, period: Period) -> Days:
    """Return the days of a period from the first record to ``as_of``."""
    first, after = days_seen(crm, period).days()
    return np.arange(np.datetime64(first), np.datetime64(after), dtype="datetime64[D]")


def days_of(moments: pd.Series) -> Days:
    """Return the local day of each moment."""
    return np.asarray(moments.dt.tz_localize(None).to_numpy(), dtype="datetime64[D]")


def weeks_of(days: Days) -> IntArray:
    """Return the week (Monday to Sunday) of each day, as a running number."""
    return np.asarray((days.astype(np.int64) + 3) // 7)


def gathered(
    crm: Snapshot, rows: tuple[pd.DataFrame, pd.DataFrame], spans: tuple[Days, Days]
) -> tuple[PeriodCases, PeriodCases]:
    """Return the counted cases of a measure on both sides.

    Weeks without a working day are put to the week before (the first of a period to the one after).

    Parameters
    ----------
    rows: the measure's cases with ``at``. spans: the days of each period.
    """
    before, after = _clients(crm, rows)
    return _side(crm, rows[0], spans[0], before), _side(crm, rows[1], spans[1], after)


def _side(crm: Snapshot, rows: pd.DataFrame, days: Days, client: IntArray) -> PeriodCases:
    weeks = weeks_of(days)
    first = int(weeks[0])
    working = added(weeks - first, crm.settings.calendar.is_working(days).astype(np.float64))
    place = np.maximum(np.cumsum(working > 0) - 1, 0)
    week = place[np.clip(weeks_of(days_of(rows["at"])) - first, 0, len(place) - 1)]
    value = rows["value"].to_numpy(dtype=np.float64)
    weight = rows["weight"].to_numpy(dtype=np.float64) if "weight" in rows else np.ones(len(rows))
    return PeriodCases(value, weight, week, client, added(place, working))


def _clients(crm: Snapshot, rows: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[IntArray, IntArray]:
    """Return what the cases of both sides hang together by, coded alike."""
    places = [some.get("deal_ix", pd.Series(-1, some.index)) for some in rows]
    deals = [some.fillna(value=-1).to_numpy(dtype=np.int64) for some in places]
    code = np.unique(clusters(crm, np.concatenate(deals)), return_inverse=True)[1].astype(np.int64)
    return code[: len(deals[0])], code[len(deals[0]) :]


def told_after(crm: Snapshot, deals: IntArray, slice_: str) -> bool:
    """Return whether a field of deals is filled in by how they ended: as their mix it would tell that."""
    cases = pd.DataFrame({"deal_ix": deals})
    return telling(crm, cases, np.asarray(coded(crm, cases, slice_)[0] >= 0))


def cells(
    crm: Snapshot, rows: tuple[pd.DataFrame, pd.DataFrame], slice_: str
) -> tuple[list[IntArray], list[str]]:
    """Return the group of each case in a slice, those without one last, and the groups' names."""
    both = pd.concat([some[["deal_ix"]] for some in rows], ignore_index=True)
    codes, names = coded(crm, both, slice_)
    codes = np.where(codes < 0, len(names), codes).astype(np.int64)
    return [codes[: len(rows[0])], codes[len(rows[0]) :]], names
