"""Working days and working hours of one client.

NumPy's busday functions know no working Saturdays, so a table of days is kept. Working time is counted
between the moments at which the office opens and closes: no clock change and no zone of the data can bend it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, time
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.countries import check_country, last_known_year, source_of
from crmkit.errors import N_, Message, SettingsError
from crmkit.shifts import DAY_US, FIRST_DAY, LAST_DAY, day_table, decades, shifts, since_midnight

Dates: TypeAlias = "pd.Series | pd.DatetimeIndex | NDArray[np.datetime64] | Collection[date] | date"
Moments: TypeAlias = "pd.Series | pd.DatetimeIndex | datetime"

_WHERE = "client.yml: calendar"
_HOUR_US = 3_600_000_000


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
        opens, closes = (since_midnight(at) for at in self.hours)
        return ((closes or DAY_US) - opens) / _HOUR_US

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
        table = day_table(self, *decades(days[known]))
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
        table = day_table(self, *decades(np.concatenate([first[first_known], last[last_known]])))
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
        first_year, last_year = decades(days[known])
        margin = 10 * (abs(count) // 1500 + 1)  # a decade has some 2 500 working days
        table = day_table(self, first_year - margin, last_year + margin)
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
        days = np.concatenate([first[first_known], last[last_known]]) // DAY_US
        table = shifts(self, *decades(days, margin=1))
        worked = (table.worked_until(last) - table.worked_until(first)) / _HOUR_US
        return np.where(first_known & last_known, worked, np.nan)

    def covers(self, stamps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of which moments the calendar knows something: those within 1900–2199.

        Parameters
        ----------
        stamps: microseconds since 1970 in UTC.
        """
        return (stamps >= FIRST_DAY * DAY_US) & (stamps < (LAST_DAY + 1) * DAY_US)

    def worked_until(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the working time until moments, in microseconds, from a beginning common to all of them.

        The difference of two is the working time between them; what the calendar does not cover tells
        nothing.

        Parameters
        ----------
        stamps: microseconds since 1970 in UTC.
        """
        known = stamps[self.covers(stamps)]
        bounds = np.array([known.min(), known.max()] if len(known) else [0, 0]) // DAY_US
        return shifts(self, *decades(bounds, margin=1)).worked_until(stamps)

    def _local_days(self, dates: Dates) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Days since 1970 in the client's zone, and which of them are known."""
        index = _index(dates)
        if index.tz is not None:
            index = index.tz_convert(self.zone).tz_localize(None)
        stamps, known = _stamps(index)
        return stamps // DAY_US, known


def _index(values: Dates | Moments) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([values] if isinstance(values, date | np.datetime64) else values)


def _stamps(index: pd.DatetimeIndex) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Microseconds since 1970, and which of them are known; the unknown ones are 0."""
    stamps = index.as_unit("us").asi8
    days = stamps // DAY_US
    known = np.asarray(index.notna()) & (days >= FIRST_DAY) & (days <= LAST_DAY)
    return np.where(known, stamps, 0), known
