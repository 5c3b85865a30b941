"""A clock that runs only while the office is open: Monday to Friday, 9 to 18, without days off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmkit.simulate.scenario import Scenario

OPENS = 9 * 3600
DAY = 9 * 3600
#: Working time per calendar time, in the long run.
WORKING_SHARE = 5 / 7 * DAY / 86_400
_AHEAD = timedelta(days=500)


@dataclass(frozen=True)
class WorkClock:
    """Working seconds since the scenario's start, to and from local wall-clock time.

    Attributes
    ----------
    days: the working days in order, datetime64[D].
    as_of: the scenario's end, datetime64[s], local.
    """

    days: NDArray[Any]
    as_of: np.datetime64

    @classmethod
    def of(cls, scenario: Scenario) -> WorkClock:
        """Return the clock of a scenario."""
        end: date = scenario.as_of.date() + _AHEAD
        days = np.arange(np.datetime64(scenario.start, "D"), np.datetime64(end, "D"))
        off = np.isin(np.array([str(day)[5:] for day in days]), scenario.days_off)
        return cls(days[np.is_busday(days) & ~off], np.datetime64(scenario.as_of, "s"))

    @property
    def end(self) -> int:
        """The scenario's end in working seconds."""
        return int(self.work(np.array([self.as_of]))[0])

    def moment(self, work: NDArray[Any]) -> NDArray[Any]:
        """Return wall-clock times (datetime64[s]) of working seconds; later in, later out."""
        day, second = np.divmod(work, DAY)
        found: NDArray[Any] = self.days[day].astype("M8[s]") + (second + OPENS).astype("m8[s]")
        return found

    def work(self, moment: NDArray[Any]) -> NDArray[Any]:
        """Return working seconds of wall-clock times; outside of office hours the next opening counts."""
        day = moment.astype("M8[D]")
        place = np.searchsorted(self.days, day)
        second = np.clip((moment - day).astype("m8[s]").astype(np.int64) - OPENS, 0, DAY)
        return place * DAY + np.where(self.days[np.minimum(place, len(self.days) - 1)] == day, second, 0)


def span(days: Any) -> Any:
    """Return calendar days (number or array) as timedelta64[s]."""
    return np.asarray(np.rint(np.asarray(days, dtype=np.float64) * 86_400), dtype=np.int64).astype("m8[s]")
