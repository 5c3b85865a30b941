"""Working days and working hours of one client.

NumPy's busday functions know no working Saturdays, so a table of days is kept. Working time is counted
between the moments at which the office opens and closes: no clock change and no zone of the data can bend it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.countries import check_country, country_year, last_known_year, source_of
from crmkit.errors import N_, Message, SettingsError

Dates: TypeAlias = "pd.Series | pd.DatetimeIndex | NDArray[np.datetime64] | Collection[date] | date"
Moments: TypeAlias = "pd.Series | pd.DatetimeIndex | datetime"

_WHERE = "client.yml: calendar"
_DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000
_FIRST_DAY = int(np.datetime64("1900-01-01", "D").astype(np.int64))
_LAST_DAY = int(np.datetime64("2199-12-31", "D").astype(np.int64))


@dataclass(frozen=True)
class WorkCalendar:
    """The working days and hours of a client.

    Days declared non-working with pay in 2020 and 2021 are working days here, as in Russia's official count;
    who rested then names them in ``days_off``.

    Parameters
    ----------
    country: two-letter code (ISO 3166-1); empty means Monday to Friday without holidays.
    zone: IANA name of the client's time zone.
    days_off, days_on: the client's own days off and working days; they override the country's.
    hours: the office opens and closes at these wall-clock times; midnight as the second one is the day's end.
        Lunch is not taken out: a client who waits for an answer waits through lunch too.

    Raises
    ------
    SettingsError: an unknown country, a day both off and on, or hours that end before they begin.
    """

    country: str = ""
    _: KW_ONLY
    zone: str
    days_off: Collection[date] = ()
    days_on: Collection[date] = ()
    hours: tuple[time, time] = (time(9), time(18))

    def __post_init__(self) -> None:
        for name in ("days_off", "days_on"):  # sorted tuples: hashable, and the same repr in any order given
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        check_country(self.country)
        if both := sorted(set(self.days_off) & set(self.days_on)):
            what = N_("{day} stands both in days_off and in days_on", day=both[0].isoformat())
            raise SettingsError(_WHERE, what, [], N_("Keep each day in one of the two lists."))
        if self.hours_per_day <= 0:
            what = N_("working hours end before they begin")
            remedy = N_("Give the opening time first; as the closing time 00:00 means midnight.")
            raise SettingsError(_WHERE, what, [f"{at:%H:%M}" for at in self.hours], remedy)

    @property
    def hours_per_day(self) -> float:
        """Working hours of an ordinary working day."""
        opens, closes = (_since_midnight(at) for at in self.hours)
        return ((closes or _DAY_US) - opens) / _HOUR_US

    @property
    def source(self) -> Message:
        """The sentence that says where the working days come from."""
        return source_of(self.country)

    def unconfirmed_years(self, start: date, end: date) -> tuple[int, ...]:
        """Years of ``[start, end)`` that come after the last known decree on moved days off."""
        known = last_known_year(self.country)
        if known is None or end <= start:
            return ()
        last = end.year if (end.month, end.day) > (1, 1) else end.year - 1
        return tuple(range(max(start.year, known + 1), last + 1))

    def is_working(self, dates: Dates) -> NDArray[np.bool_]:
        """Tell for each date whether it is a working day.

        Parameters
        ----------
        dates: calendar dates, or aware moments, of which the local date counts.

        Returns
        -------
        Booleans, one a date; False where the date is missing or outside 1900–2199.
        """
        days, known = self._local_days(dates)
        table = _day_table(self, *_decades(days[known]))
        return known & table.working[np.where(known, days - table.first, 0)]

    def working_days(self, start: date, end: date) -> int:
        """Count the working days of ``[start, end)``; negative if ``end`` comes first.

        >>> WorkCalendar(zone="UTC").working_days(date(2024, 4, 1), date(2024, 5, 1))
        22
        """
        return int(self.working_days_between(start, end)[0])

    def working_days_between(self, starts: Dates, ends: Dates) -> NDArray[np.float64]:
        """Count working days of ``[start, end)``, pair by pair; a single date goes with every other.

        Returns
        -------
        Days as floats, negative where the end comes first; NaN where a date is missing or outside 1900–2199.
        """
        first, first_known = self._local_days(starts)
        last, last_known = self._local_days(ends)
        table = _day_table(self, *_decades(np.concatenate([first[first_known], last[last_known]])))
        at_first = table.before[np.where(first_known, first - table.first, 0)]
        at_last = table.before[np.where(last_known, last - table.first, 0)]
        return np.where(first_known & last_known, (at_last - at_first).astype(np.float64), np.nan)

    def add_working_days(self, dates: Dates, count: int) -> NDArray[np.datetime64]:
        """Return the ``count``-th working day after each date (before it, if negative).

        The date itself never counts: one working day after a Saturday is Monday, after a Monday is Tuesday.
        Zero gives the date itself if it is a working day, else the next one.

        Returns
        -------
        datetime64[us] midnights; NaT where the date is missing or outside 1900–2199.
        """
        days, known = self._local_days(dates)
        first_year, last_year = _decades(days[known])
        margin = 10 * (abs(count) // 1500 + 1)  # a decade has some 2 500 working days
        table = _day_table(self, first_year - margin, last_year + margin)
        place = np.where(known, days - table.first, 0)
        rank = table.before[place + 1] + count - 1 if count > 0 else table.before[place] + count
        ordinals = np.flatnonzero(table.working)
        known &= (rank >= 0) & (rank < len(ordinals))
        found = (ordinals[np.where(known, rank, 0)] + table.first).astype("datetime64[D]")
        return np.where(known, found, np.datetime64("NaT", "D")).astype("datetime64[us]")

    def working_time(self, starts: Moments, ends: Moments) -> NDArray[np.float64]:
        """Measure working time between aware moments, pair by pair; a single moment goes with every other.

        Only time between opening and closing of working days counts, as it truly elapsed: an office open
        round the clock works 23 hours on the day the clocks go forward.

        Returns
        -------
        Hours, negative where the end comes first; NaN where a moment is missing or outside 1900–2199.

        Raises
        ------
        TypeError: moments without a time zone.
        """
        begun, ended = _index(starts), _index(ends)
        if begun.tz is None or ended.tz is None:
            raise TypeError("working time needs moments with a time zone")
        (first, first_known), (last, last_known) = _stamps(begun), _stamps(ended)
        days = np.concatenate([first[first_known], last[last_known]]) // _DAY_US
        shifts = _shifts(self, *_decades(days, margin=1))
        worked = (shifts.worked_until(last) - shifts.worked_until(first)) / _HOUR_US
        return np.where(first_known & last_known, worked, np.nan)

    def _local_days(self, dates: Dates) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Days since 1970 in the client's zone, and which of them are known."""
        index = _index(dates)
        if index.tz is not None:
            index = index.tz_convert(self.zone).tz_localize(None)
        stamps, known = _stamps(index)
        return stamps // _DAY_US, known


@dataclass(frozen=True)
class _Days:
    first: int  # days since 1970-01-01
    working: NDArray[np.bool_]  # one a day
    before: NDArray[np.int64]  # working days before each day; one longer


@dataclass(frozen=True)
class _Shifts:
    opened: NDArray[np.int64]  # microseconds since 1970 in UTC, one a working day, ascending
    length: NDArray[np.int64]
    before: NDArray[np.int64]  # working time before each shift; one longer

    def worked_until(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """Working time, in microseconds, from the beginning of the table."""
        at = np.searchsorted(self.opened, moments, side="right") - 1
        inside = np.clip(moments - self.opened[at], 0, self.length[at])
        return np.where(at < 0, 0, self.before[at] + inside)


@lru_cache(maxsize=64)
def _day_table(calendar: WorkCalendar, first_year: int, last_year: int) -> _Days:
    first = np.datetime64(f"{first_year}-01-01", "D").astype(np.int64)
    years = [country_year(calendar.country, year) for year in range(first_year, last_year + 1)]
    working = np.concatenate(years)
    for days, state in ((calendar.days_off, False), (calendar.days_on, True)):
        places = np.array(sorted(days), dtype="datetime64[D]").astype(np.int64) - first
        working[places[(places >= 0) & (places < len(working))]] = state
    return _Days(int(first), working, np.concatenate([[0], np.cumsum(working)]))


@lru_cache(maxsize=64)
def _shifts(calendar: WorkCalendar, first_year: int, last_year: int) -> _Shifts:
    table = _day_table(calendar, first_year, last_year)
    midnights, (opens, closes) = (np.flatnonzero(table.working) + table.first) * _DAY_US, calendar.hours
    opened = _in_utc((midnights + _since_midnight(opens)).astype("M8[us]"), calendar.zone, first=True)
    till = (midnights + (_since_midnight(closes) or _DAY_US)).astype("M8[us]")
    closed = _in_utc(till, calendar.zone, first=closes == time(0))
    length = closed - opened
    return _Shifts(opened, length, np.concatenate([[0], np.cumsum(length)]))


def _since_midnight(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000


def _in_utc(wall: NDArray[np.datetime64], zone: str, *, first: bool) -> NDArray[np.int64]:
    """Wall-clock times as UTC; of a time that comes twice, the first (a day begins with it) or the second."""
    twice = np.full(len(wall), first)
    local = pd.DatetimeIndex(wall).tz_localize(zone, ambiguous=twice, nonexistent="shift_forward")
    return np.asarray(local.asi8, dtype=np.int64)


def _index(values: Dates | Moments) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([values] if isinstance(values, date | np.datetime64) else values)


def _stamps(index: pd.DatetimeIndex) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Microseconds since 1970, and which of them are known; the unknown ones are 0."""
    stamps = index.as_unit("us").asi8
    days = stamps // _DAY_US
    known = np.asarray(index.notna()) & (days >= _FIRST_DAY) & (days <= _LAST_DAY)
    return np.where(known, stamps, 0), known


def _decades(days: NDArray[np.int64], margin: int = 0) -> tuple[int, int]:
    """First and last year of the whole decades that hold these days: few tables serve all questions."""
    bounds = [days.min() - margin, days.max() + margin] if len(days) else [0, 0]
    years = np.array(bounds, dtype="datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    first, last = years // 10 * 10
    return int(first), int(last) + 9
