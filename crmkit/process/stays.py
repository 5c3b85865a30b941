"""The stays that an account of the process counts: how long, how busy, over the norm; and what stands now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import NEVER, FloatArray, IntArray, elapsed_days, is_status, is_technical, micros, within
from crmkit.periods import Period
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.stagelog import Ints, as_moments, owners
from crmkit.stages import STILL_THERE, coded_stages, stage_order
from crmkit.visits import Visits, passed_over, visit_days

Mask = npt.NDArray[np.bool_]
#: Deal and moment become one whole number: told to the microsecond, or as finely as it fits.
_UNITS, _LARGEST = (1, 1000, 1_000_000), 2**62
_TOLERANCE = 1e-9  # of working time, which is microseconds divided


@dataclass(frozen=True, eq=False)
class Stays:
    """The visits to open places that began in a period (or on an unknown day), technical losses left out.

    Attributes
    ----------
    crm, places: what was asked about. visits: all of them, of any time. chosen: positions of the stays among
        ``visits.rows``. skipped: one row per place passed over in the period (``stage``, ``manager_id``).
    """

    crm: Snapshot
    places: StepMap
    visits: Visits
    chosen: IntArray
    skipped: pd.DataFrame

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The stays, as in ``Visits.rows``."""
        return self.visits.rows.iloc[self.chosen]

    @property
    def place(self) -> Ints:
        """Code of each stay's place."""
        return np.asarray(self.rows["stage"].to_numpy())

    @cached_property
    def days(self) -> FloatArray:
        """Calendar days, so far if the stay goes on; NaN if not known."""
        return visit_days(self.crm, self.rows)

    @cached_property
    def working_days(self) -> FloatArray:
        """Working days of the client's calendar."""
        return visit_days(self.crm, self.rows, working=True)

    @cached_property
    def ended(self) -> Mask:
        """Whether the stay is over, on a known day."""
        return np.asarray(self.rows["left_at"].notna())

    @cached_property
    def over_norm(self) -> FloatArray:
        """1 for a stay beyond its place's norm, 0 within it; NaN without a norm or while it is undecided."""
        over = exceeded(self.crm, self.places, self.place, (self.days, self.working_days))
        return np.where(self.ended | (over == 1), over, np.nan)

    @cached_property
    def is_repeated(self) -> Mask:
        """Whether the deal had been in the place before, at any time."""
        rows = self.visits.rows
        size = len(self.visits.order.kinds)
        key = rows["deal_ix"].to_numpy(np.int64) * size + rows["stage"].to_numpy()
        order = np.argsort(key, kind="stable")
        again = np.zeros(len(key), dtype=bool)
        again[order[1:]] = key[order[1:]] == key[order[:-1]]
        return np.asarray(again[self.chosen])

    def count(self, deal: Ints, at: IntArray, *, after: bool = False) -> FloatArray:
        """Return how many events of its deal fall into each stay, ``[entered, left)``; NaN if not known.

        Parameters
        ----------
        deal, at: position of each event's deal (−1 for none) and its moment in microseconds. after: count in
            ``(entered, left]`` instead.
        """
        entered, left = (micros(self.rows[name]) for name in ("entered_at", "left_at"))
        going = (left == NEVER) & (self.rows["outcome"] == STILL_THERE).to_numpy()
        told = (entered != NEVER) & (going | (left != NEVER))
        last = int(micros(pd.Series([self.crm.as_of]))[0]) + 1
        first = int(entered[told].min(initial=last))
        seen = np.flatnonzero((deal >= 0) & (at >= first) & (at < last))
        size = len(self.crm.deals)
        unit = next(one for one in _UNITS if ((last - first) // one + 2) * (size + 1) < _LARGEST)
        span = (last - first) // unit + 2
        events = deal[seen].astype(np.int64) * span + (at[seen] - first) // unit
        events.sort()
        line = self.rows["deal_ix"].to_numpy(np.int64)[told] * span
        side: Literal["left", "right"] = "right" if after else "left"
        till = np.where(going, span - 1, (left - first) // unit)[told]
        found = np.searchsorted(events, line + till, side=side)
        found -= np.searchsorted(events, line + (entered[told] - first) // unit, side=side)
        counts = np.full(len(told), np.nan)
        counts[told] = found
        return counts


def stays_of(crm: Snapshot, period: Period, places: StepMap) -> Stays:
    """Return the stays of a period, as the measures of stages choose visits."""
    visits, technical = places.visits(crm), is_technical(crm)
    rows = visits.rows
    chosen = within(rows["entered_at"], period) | rows["entered_at"].isna().to_numpy()
    chosen &= visits.is_open & ~technical[rows["deal_ix"].to_numpy()]
    jumped = passed_over(visits)
    jumped = jumped[within(jumped["at"], period) & ~technical[jumped["deal_ix"].to_numpy()]]
    return Stays(crm, places, visits, np.flatnonzero(chosen), jumped)


def exceeded(crm: Snapshot, places: StepMap, place: Ints, spans: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return 1 where a stay is longer than its place's norm, 0 where not, NaN where it cannot be told.

    Parameters
    ----------
    place: code of each stay's place. spans: how long each lasted in calendar days, and in working days.
    """
    days, working_days = spans
    hours = crm.settings.calendar.hours_per_day
    if "stage_changes.changed_at" in crm.whole_days:  # days without a time of day tell no hours
        hours = np.nan
    per = np.where(places.norm_unit == "working_hours", hours, 1.0)
    span = np.where((places.norm_unit == "days")[place], days, working_days * per[place])
    norm = places.norm_amount[place]
    return np.where(np.isnan(span) | np.isnan(norm), np.nan, span > norm + _TOLERANCE)


def standing(crm: Snapshot, places: StepMap) -> pd.DataFrame:
    """Return the open deals where they stand at ``as_of``, by their own stage, else by the history.

    Returns
    -------
    One row per open deal with a place: ``deal_ix``, ``place``, ``manager`` (code of the present owner),
    ``amount`` (NaN: none, or not known at ``as_of``), ``over_norm`` (1, 0; NaN: no norm, or it is not known
    when the deal came). A deal without history came when it says that it entered its CRM stage.
    """
    deals = crm.deals
    codes = coded_stages(crm, stage_order(crm), deals["stage"], np.arange(len(deals)))
    place = np.append(places.codes, -1)[codes]
    rows = places.visits(crm).rows
    mine = rows["deal_ix"].to_numpy()
    last = np.flatnonzero(np.append(mine[1:] != mine[:-1], np.ones(min(1, len(mine)), dtype=bool)))
    there = np.full(len(deals), -1)
    there[mine[last]] = rows["stage"].to_numpy()[last]
    place = np.where(place < 0, there, place)
    came = np.full(len(deals), NEVER)
    same = place[mine[last]] == there[mine[last]]
    came[mine[last][same]] = micros(rows["entered_at"])[last][same]
    came = np.where(came == NEVER, micros(deals["stage_entered_at"]), came)
    chosen = np.flatnonzero(is_status(crm, "open") & (place >= 0))
    entered = pd.Series(as_moments(came[chosen], crm.settings.zone))
    now = pd.Series(crm.as_of, index=entered.index, dtype=entered.dtype)
    by_day = bool({"stage_changes.changed_at", "deals.stage_entered_at"} & crm.whole_days)
    calendar = crm.settings.calendar
    spans = elapsed_days(entered, now, by_day=by_day), calendar.working_time(entered, now)
    amount = deals["amount"].to_numpy(dtype=np.float64)[chosen]
    return pd.DataFrame(
        {
            "deal_ix": chosen,
            "place": place[chosen],
            "manager": owners(crm)[1][chosen],
            "amount": amount if crm.is_current else np.nan,
            "over_norm": exceeded(crm, places, place[chosen], (spans[0], spans[1] / calendar.hours_per_day)),
        }
    )
