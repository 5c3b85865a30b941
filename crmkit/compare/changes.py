"""How a figure changed from one period to the next, and between which limits the change lies.

What a week, or a client, adds to a figure is told by influences: what each case moves it by. Their spread
from week to week and from client to client is that of the figure. Counts are not Poisson, and deals of one
client are no independent cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np

from crmkit.compare.spread import PeriodCases, clustered, grouped, paired, spread_of
from crmkit.facts import FloatArray
from crmkit.statistics.decomposition import kitagawa
from crmkit.statistics.intervals import difference_limits, newcombe
from crmkit.statistics.weekly import weekly_spread

ChangeKind: TypeAlias = Literal["total", "ratio", "share", "quantile"]
#: The smallest chance that is told, and the steps by which it is found.
LEAST, STEPS = 1e-9, 40


@dataclass(frozen=True, eq=False)
class Change:
    """A figure of two periods, and what is needed to tell limits of its change.

    Attributes
    ----------
    before, after: the figure. spread: variance of the change. freedom: degrees of freedom of it.
    worth: of shares, how many independent cases each side is worth. ends: of quantiles, both sides' sorted
        values, with the standard error of the share below.
    """

    kind: ChangeKind
    before: float
    after: float
    spread: float = np.nan
    freedom: float = np.inf
    worth: tuple[float, float] = (np.nan, np.nan)
    ends: tuple[tuple[FloatArray, float], ...] = ()
    quantile: float = 0.5

    @property
    def gap(self) -> float:
        """After less before."""
        return self.after - self.before

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval of the change; NaN where it cannot be told."""
        if self.kind == "share":
            sides = [(min(max(p, 0.0), 1.0) * n, n) for p, n in zip(self._both, self.worth, strict=True)]
            low, high = newcombe(sides[1], sides[0], level)
        elif self.kind == "quantile":
            low, high = difference_limits(*(self._quantile(side, level) for side in (1, 0)))
        else:
            half = _student(level, self.freedom) * np.sqrt(self.spread)
            low, high = self.gap - half, self.gap + half
        return float(low), float(high)

    @property
    def _both(self) -> tuple[float, float]:
        return self.before, self.after

    def _quantile(self, side: int, level: float) -> tuple[float, float, float]:
        """Return a quantile with its limits: those values of which the share below is within its limits."""
        values, error = self.ends[side]
        reach = NormalDist().inv_cdf(level / 2 + 0.5) * error
        first, last = self.quantile - reach, self.quantile + reach
        if first <= 0 or last >= 1:
            return self._both[side], np.nan, np.nan
        places = np.clip([np.floor(first * len(values)), np.ceil(last * len(values)) - 1], 0, len(values) - 1)
        return self._both[side], float(values[int(places[0])]), float(values[int(places[1])])

    def chance(self) -> float:
        """Return the two-sided p-value: at which the interval ends at no change; NaN if not told."""
        if np.isnan(self.limits()).any():
            return np.nan
        small, large = np.log(LEAST), np.log(1 - LEAST)
        for _ in range(STEPS):
            middle = (small + large) / 2
            low, high = self.limits(1 - np.exp(middle))
            small, large = (small, middle) if low > 0 or high < 0 else (middle, large)
        return float(np.exp(large))


def total_change(first: PeriodCases, second: PeriodCases, *, counts: bool) -> Change:
    """Return the change of a count or a sum per working day.

    Counts spread by week, but at least as Poisson's do; sums by week or by client, whichever is more.
    """
    sides, days = (first, second), (first.days.sum(), second.days.sum())
    rates = [float(side.value.sum() / many) for side, many in zip(sides, days, strict=True)]
    weekly = [
        (side.by_week(side.value) - rate * side.days) / many
        for side, rate, many in zip(sides, rates, days, strict=True)
    ]
    one, other, freedom = map(float, weekly_spread(weekly[0], weekly[1]))
    if counts:
        floors = [rate / many for rate, many in zip(rates, days, strict=True)]
        spread = max(one, floors[0]) + max(other, floors[1])
    else:
        parts = [side.value / many for side, many in zip(sides, days, strict=True)]
        spread = max(one + other, paired(first, second, parts))
    return Change("total", rates[0], rates[1], spread, freedom)


def ratio_change(first: PeriodCases, second: PeriodCases) -> Change:
    """Return the change of a mean or a ratio: sum of values by sum of weights."""
    wholes = [side.weight.sum() for side in (first, second)]
    values = [float(side.value.sum() / whole) for side, whole in zip((first, second), wholes, strict=True)]
    parts = [
        (side.value - value * side.weight) / whole
        for side, value, whole in zip((first, second), values, wholes, strict=True)
    ]
    return Change("ratio", values[0], values[1], *spread_of(first, second, parts))


def share_change(first: PeriodCases, second: PeriodCases, cell_cases: int = 5) -> tuple[Change, float]:
    """Return the change of a share among like cases, and what else changed it: the mix of the groups.

    Both sides are told for the middle of both mixes, so that their difference is Kitagawa's rate effect.
    Groups with fewer than ``cell_cases`` on a side are put together. Without groups it is the plain change.
    """
    sides = grouped(first, second, cell_cases)
    mix = float(kitagawa((sides[1].won, sides[1].of), (sides[0].won, sides[0].of)).mix.sum())
    weights = (sides[0].of / sides[0].of.sum() + sides[1].of / sides[1].of.sum()) / 2
    shared = np.where((sides[0].of > 0) & (sides[1].of > 0), weights, 0.0)
    rates = [np.where(np.isnan(a.rate), b.rate, a.rate) for a, b in (sides, sides[::-1])]
    values = [float(np.nansum(weights * rate)) for rate in rates]
    parts = [
        (shared / side.of.clip(1))[side.code] * (cases.value - np.nan_to_num(side.rate)[side.code])
        for side, cases in zip(sides, (first, second), strict=True)
    ]
    floors = [float((shared**2 * side.near * (1 - side.near) / side.of.clip(1)).sum()) for side in sides]
    spread, freedom = spread_of(first, second, parts)
    wider = max(spread / sum(floors), 1.0)
    means = [float((weights * side.near).sum()) for side in sides]
    worth = [mean * (1 - mean) / (floor * wider) for mean, floor in zip(means, floors, strict=True)]
    change = Change("share", values[0], values[1], spread, freedom, (worth[0], worth[1]))
    return change, mix


def quantile_change(first: PeriodCases, second: PeriodCases, tenths: int = 5) -> Change:
    """Return the change of a quantile (5 tenths: the median) by limits of the share below it.

    Source: Woodruff, JASA 47 (1952) 635–646
    """
    ends, values, weekly, by_client = [], [], [], []
    for side in (first, second):
        ordered = np.sort(side.value)
        size = len(ordered)
        values.append(float(ordered[(size * tenths - 1) // 10] + ordered[size * tenths // 10]) / 2)
        below = side.value <= values[-1]
        part = (below - below.mean()) / len(below)
        weekly.append(side.by_week(part))
        by_client.append(clustered(part, side.client))
        ends.append(ordered)
    spreads = map(float, weekly_spread(weekly[0], weekly[1])[:2])
    quantile = tenths / 10
    errors = [
        max(spread, client, quantile * (1 - quantile) / len(ordered)) ** 0.5
        for spread, client, ordered in zip(spreads, by_client, ends, strict=True)
    ]
    told = ((ends[0], errors[0]), (ends[1], errors[1]))
    return Change("quantile", values[0], values[1], ends=told, quantile=quantile)


def _student(level: float, freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, level / 2 + 0.5))
