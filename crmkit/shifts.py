"""Tables of one calendar: which days are working days, and when the office opens and closes on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.countries import country_year

if TYPE_CHECKING:
    from crmkit.calendars import WorkCalendar

DAY_US = 86_400_000_000
FIRST_DAY = int(np.datetime64("1900-01-01", "D").astype(np.int64))
LAST_DAY = int(np.datetime64("2199-12-31", "D").astype(np.int64))
_STRETCH = 36  # two to this power of microseconds: 19 hours, in which an office hardly opens twice
_PIECE = 1 << 14  # so many moments at a time stay in the cache of a core


@dataclass(frozen=True)
class Days:
    """Which days of some decades are working days."""

    first: int  # days since 1970-01-01
    working: NDArray[np.bool_]  # one a day
    before: NDArray[np.int64]  # working days before each day; one longer


@dataclass(frozen=True)
class Shifts:
    """When the office was open in some decades, in microseconds."""

    opened: NDArray[np.int64]  # since 1970 in UTC, one a working day, ascending, with an end that never comes
    length: NDArray[np.int64]
    before: NDArray[np.int64]  # working time before each shift
    latest: NDArray[np.int64]  # the last shift that opened before each stretch of time, else the first one
    most: int  # how many open within one stretch of time

    def worked_until(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the working time from the beginning of the table until each moment."""
        worked = np.empty(len(moments), dtype=np.int64)
        for start in range(0, len(moments), _PIECE):
            piece = moments[start : start + _PIECE]
            at = self.latest[np.clip((piece - self.opened[0]) >> _STRETCH, 0, len(self.latest) - 1)]
            for _ in range(self.most):
                at += self.opened[at + 1] <= piece
            inside = np.clip(piece - self.opened[at], 0, self.length[at])
            np.add(self.before[at], inside, out=worked[start : start + _PIECE])
        return worked


@lru_cache(maxsize=64)
def day_table(calendar: WorkCalendar, first_year: int, last_year: int) -> Days:
    """Return the working days of whole years: the country's, then the client's own."""
    first = np.datetime64(f"{first_year}-01-01", "D").astype(np.int64)
    years = [country_year(calendar.country, year) for year in range(first_year, last_year + 1)]
    working = np.concatenate(years)
    for days, state in ((calendar.days_off, False), (calendar.days_on, True)):
        places = np.array(sorted(days), dtype="datetime64[D]").astype(np.int64) - first
        working[places[(places >= 0) & (places < len(working))]] = state
    return Days(int(first), working, np.concatenate([[0], np.cumsum(working)]))


@lru_cache(maxsize=64)
def shifts(calendar: WorkCalendar, first_year: int, last_year: int) -> Shifts:
    """Return the shifts of whole years."""
    table = day_table(calendar, first_year, last_year)
    midnights, (opens, closes) = (np.flatnonzero(table.working) + table.first) * DAY_US, calendar.hours
    opened = _in_utc((midnights + since_midnight(opens)).astype("M8[us]"), calendar.zone, first=True)
    till = (midnights + (since_midnight(closes) or DAY_US)).astype("M8[us]")
    closed = _in_utc(till, calendar.zone, first=closes == time(0))
    length = closed - opened
    if not len(opened):  # nobody ever works: one shift of no length
        opened, length = np.zeros((2, 1), dtype=np.int64)
    stretches = opened[0] + (np.arange(((opened[-1] - opened[0]) >> _STRETCH) + 2) << _STRETCH)
    latest = np.searchsorted(opened, stretches, side="right") - 1
    ending = np.append(opened, np.iinfo(np.int64).max)
    most = int(np.diff(latest).max())
    return Shifts(ending, length, np.cumsum(length) - length, latest, most)


def since_midnight(at: time) -> int:
    """Return the microseconds from midnight to a time of day."""
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000


def _in_utc(wall: NDArray[np.datetime64], zone: str, *, first: bool) -> NDArray[np.int64]:
    """Wall-clock times as UTC; of a time that comes twice, the first (a day begins with it) or the second."""
    twice = np.full(len(wall), first)
    local = pd.DatetimeIndex(wall).tz_localize(zone, ambiguous=twice, nonexistent="shift_forward")
    return np.asarray(local.asi8, dtype=np.int64)


def decades(days: NDArray[np.int64], margin: int = 0) -> tuple[int, int]:
    """First and last year of the whole decades that hold these days: few tables serve all questions."""
    bounds = [days.min() - margin, days.max() + margin] if len(days) else [0, 0]
    years = np.array(bounds, dtype="datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    first, last = years // 10 * 10
    return int(first), int(last) + 9
