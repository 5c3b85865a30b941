"""A measure in two periods, each side with limits of its own: what a ratio of them is told from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmkit.compare.period_cases import gathered, seen_days
from crmkit.compare.series import TOTALS
from crmkit.compare.spread import PeriodCases, clustered
from crmkit.facts import FloatArray
from crmkit.measures.catalog import Measure
from crmkit.measures.evaluation import cases_of, evaluate
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import wilson
from crmkit.statistics.weekly import weekly_spread


@dataclass(frozen=True)
class PeriodFigure:
    """A figure (sums and counts: per working day) with its 95 % limits, and its cases."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: float = 0.0


def period_figures(
    crm: Snapshot, one: Measure, periods: tuple[Period, Period]
) -> tuple[PeriodFigure, PeriodFigure]:
    """Return a measure of two periods; NaN where it cannot be told.

    Sums, counts, means and shares spread by week and by client, whichever is more; medians, and what is
    told of a period as a whole, have the limits of their cases.
    """
    rows = [evaluate(one.name, crm, period).iloc[0] for period in periods]
    plain = [
        PeriodFigure(float(row["value"]), float(row["low"]), float(row["high"]), float(row["n"]))
        for row in rows
    ]
    of_cases = one.is_timeless or bool(one.parts) or one.summary not in (*TOTALS, "mean", "ratio")
    if of_cases or any(row["state"] == "not_in_export" for row in rows):
        return plain[0], plain[1]
    spans = (seen_days(crm, periods[0]), seen_days(crm, periods[1]))
    if min(map(len, spans)) == 0:
        return PeriodFigure(), PeriodFigure()
    cases = (cases_of(one.name, crm, periods[0]), cases_of(one.name, crm, periods[1]))
    both = gathered(crm, cases, spans)
    if min(len(side.days) for side in both) < 2 or min(side.days.sum() for side in both) == 0:
        return plain[0], plain[1]
    return _limited(one, both)


def _limited(one: Measure, sides: tuple[PeriodCases, PeriodCases]) -> tuple[PeriodFigure, PeriodFigure]:
    """Return both sides with limits by the spread of weeks and clients."""
    from scipy.special import stdtrit

    is_total = one.summary in TOTALS
    wholes = [float(side.days.sum() if is_total else side.weight.sum()) for side in sides]
    if min(wholes) <= 0:
        return PeriodFigure(), PeriodFigure()
    values = [float(side.value.sum()) / whole for side, whole in zip(sides, wholes, strict=True)]
    pulls, weekly = [], []
    for side, value, whole in zip(sides, values, wholes, strict=True):
        pulls.append((side.value - (0 if is_total else value * side.weight)) / whole)
        expected = value * side.days / whole if is_total else 0
        weekly.append(side.by_week(pulls[-1]) - expected)
    *spreads, freedom = weekly_spread(weekly[0], weekly[1])
    reach = float(stdtrit(float(freedom), 0.975))
    is_share = one.summary == "ratio" and all(side.is_share for side in sides)
    found = []
    for side, value, whole, pull, spread in zip(sides, values, wholes, pulls, spreads, strict=True):
        n = float(len(side.value))
        floor = value / whole if one.unit == "count" else value * (1 - value) / whole if is_share else 0.0
        variance = max(float(spread), _by_client(pull, side), floor)
        if is_share:
            worth = n * floor / variance if variance > 0 else n
            low, high = (float(end) for end in wilson(value * worth, worth))
        else:
            half = reach * variance**0.5
            low, high = max(value - half, 0.0), value + half
        found.append(PeriodFigure(value, low, high, n))
    return found[0], found[1]


def _by_client(pull: FloatArray, side: PeriodCases) -> float:
    spread = clustered(pull, side.client) if len(pull) else np.nan
    return spread if np.isfinite(spread) else 0.0
