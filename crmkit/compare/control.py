"""Control charts of weekly figures (XmR): what is ordinary for this figure, and what asks for a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmkit.compare.series import TOTALS, lacking, unit_of, weekly
from crmkit.facts import FloatArray
from crmkit.measures.catalog import find
from crmkit.measures.evaluation import ALL
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: The limits lie so many mean moving ranges from the mean: three standard deviations of weeks that do not
#: hang together (3 ÷ 1.128).
REACH = 2.66
#: So many weeks on one side of the mean are a signal too.
RUN = 8


@dataclass(frozen=True, eq=False)
class Control:
    """A weekly figure with the limits of what is ordinary for it.

    Attributes
    ----------
    name, unit: the measure, and the unit of the values (per working day where ``is_daily``).
    rows: one row a week: ``week`` (Monday), ``value``, ``n``, ``working_days``, ``moving_range`` (from the
        week before), ``signal``: ``above`` or ``below`` the limits, ``run_above`` or ``run_below`` (eighth or
        later week in a row on one side of the mean), or empty.
    mean, low, high, moving_range: of all weeks shown; the limits are null with fewer weeks than
        ``limits.described_weeks``. No share has a limit beyond 0 and 1, and no count or sum below 0.
    reason: why there are no limits: ``few_weeks``; ``sparse_weeks``: fewer than ``limits.cell_cases`` cases a
        week, of which most charts would show signals by chance alone; or what the export lacks; else empty.
    """

    name: str
    unit: str
    is_daily: bool
    rows: pd.DataFrame
    mean: float
    low: float
    high: float
    moving_range: float
    reason: str = ""


def control(crm: Snapshot, name: str, period: Period = ALL) -> Control:
    """Return a measure by week with the limits of what is ordinary for it.

    A week outside the limits, or eight in a row on one side of the mean, is a signal: something happened that
    is worth asking about. It is no proof: weeks that hang together, a trend or a season give signals too, and
    so does chance now and then.

    Parameters
    ----------
    period: whole weeks within it are taken; by default all that are recorded.

    Raises
    ------
    RequestError: an unknown measure, or one that has no weekly figures.

    Source: METHOD 6.3; Wheeler and Chambers, Understanding Statistical Process Control (1992), chapter 3
    """
    one, frame = find(name), weekly(crm, name)
    daily = one.summary in TOTALS
    unit = unit_of(one)
    rows = frame[["week", "value", "n", "working_days"]]
    if not period.is_all and len(rows):
        first, after = (np.datetime64(day) for day in period.days())
        monday = rows["week"].to_numpy("datetime64[D]")
        rows = rows[(monday >= first) & (monday + np.timedelta64(7, "D") <= after)]
    rows = rows.dropna(subset=["value"]).reset_index(drop=True)
    floor = 0.0 if daily or one.unit in ("share", "days", "hours", "minutes") else -np.inf
    least = crm.settings.limits.described_weeks
    told = limited(rows, name=one.name, unit=unit, is_daily=daily, floor=floor, least=least)
    if not told.reason and rows["n"].mean() < crm.settings.limits.cell_cases:
        bare = told.rows.assign(signal="")
        told = replace(told, rows=bare, low=np.nan, high=np.nan, reason="sparse_weeks")
    return replace(told, reason=lacking(crm, name) or told.reason)


def limited(
    rows: pd.DataFrame,
    *,
    name: str,
    unit: str,
    is_daily: bool = False,
    floor: float = -np.inf,
    least: int = 8,
) -> Control:
    """Return the control chart of weekly values.

    Parameters
    ----------
    rows: ``week, value, n, working_days`` in order, none missing. floor: what no value is below.
    """
    values = rows["value"].to_numpy(np.float64)
    moved = np.abs(np.diff(values, prepend=np.nan))
    rows = rows.assign(moving_range=moved)
    if len(values) < max(least, 2):
        rows = rows.assign(signal=np.full(len(values), "", object))
        mean = float(values.mean()) if len(values) else np.nan
        return Control(name, unit, is_daily, rows, mean, np.nan, np.nan, np.nan, "few_weeks")
    mean, usual = float(values.mean()), float(moved[1:].mean())
    low, high = max(mean - REACH * usual, floor), mean + REACH * usual
    if unit == "share":
        high = min(high, 1.0)
    rows = rows.assign(signal=signals(values, mean, (low, high)))
    return Control(name, unit, is_daily, rows, mean, low, high, usual)


def signals(
    values: FloatArray, mean: float, limits: tuple[float, float]
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return for each week what it signals; outside the limits counts before a run.

    >>> signals(np.array([1.0, 9.0, 2.0]), 4.0, (0.0, 8.0)).tolist()
    ['', 'above', '']
    """
    side = np.sign(values - mean)
    length = np.zeros(len(values), np.int64)
    for at, one in enumerate(side):
        length[at] = (length[at - 1] if at and side[at - 1] == one else 0) + 1 if one else 0
    run = length >= RUN
    told = [values > limits[1], values < limits[0], run & (side > 0), run & (side < 0)]
    return np.select(told, np.array(["above", "below", "run_above", "run_below"], object), "").astype(object)
