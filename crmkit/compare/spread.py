"""The cases of two periods, and how far a figure made of them moves by week and by client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from crmkit.facts import FloatArray, IntArray
from crmkit.statistics.weekly import weekly_spread


@dataclass(frozen=True, eq=False)
class PeriodCases:
    """The cases of one period.

    Attributes
    ----------
    value, weight: of each case. week: 0 … its week of the period. client: its cluster, the same code in both
        periods; none is negative. days: the working days of each week. group: its cell of like deals.
    """

    value: FloatArray
    weight: FloatArray
    week: IntArray
    client: IntArray
    days: FloatArray
    group: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def is_share(self) -> bool:
        """Whether each case is a 1 or a 0, and counts once."""
        return bool(np.isin(self.value, (0.0, 1.0)).all() and (self.weight == 1).all())

    def by_week(self, parts: FloatArray) -> FloatArray:
        """Add up what cases tell by week."""
        return added(self.week, parts, len(self.days))

    def without(self, row: int) -> PeriodCases:
        """Return the cases without one."""
        kept = {name: np.delete(getattr(self, name), row) for name in ("value", "weight", "week", "client")}
        return replace(self, **kept, group=np.delete(self.group, row) if len(self.group) else self.group)


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of like cases on one side: code of each case, cases and successes of each group."""

    code: IntArray
    of: FloatArray
    won: FloatArray

    @property
    def rate(self) -> FloatArray:
        """Successes by cases; NaN for a group that has none."""
        return self.won / np.where(self.of > 0, self.of, np.nan)

    @property
    def near(self) -> FloatArray:
        """The rate, drawn a little away from 0 and 1, where a variance would be none."""
        return (self.won + 0.5) / (self.of + 1)


def grouped(first: PeriodCases, second: PeriodCases, least: int) -> tuple[Groups, Groups]:
    """Return the groups of both sides; those that are too small on either are one, the first."""
    codes = [
        side.group if len(side.group) else np.zeros(len(side.value), np.int64) for side in (first, second)
    ]
    size = 1 + max(int(code.max()) for code in codes)
    large = np.minimum(*(np.bincount(code, minlength=size) for code in codes)) >= least
    codes = [np.where(large, np.cumsum(large), 0)[code] for code in codes]
    size = int(large.sum()) + 1
    one, other = (
        Groups(code, added(code, np.ones(len(code)), size), added(code, side.value, size))
        for code, side in zip(codes, (first, second), strict=True)
    )
    return one, other


def spread_of(first: PeriodCases, second: PeriodCases, parts: Sequence[FloatArray]) -> tuple[float, float]:
    """Return the variance of a change by week or by client, whichever is more, and degrees of freedom."""
    weekly = [side.by_week(part) for side, part in zip((first, second), parts, strict=True)]
    one, other, freedom = map(float, weekly_spread(weekly[0], weekly[1]))
    return max(one + other, paired(first, second, parts)), freedom


def paired(first: PeriodCases, second: PeriodCases, parts: Sequence[FloatArray]) -> float:
    """Return the variance of a change by client: who buys in both periods is compared with himself."""
    size = 1 + max(int(side.client.max(initial=0)) for side in (first, second))
    before, after = (
        np.bincount(side.client, weights=part, minlength=size)
        for side, part in zip((first, second), parts, strict=True)
    )
    seen = np.bincount(np.concatenate([first.client, second.client]), minlength=size) > 0
    moved = (after - before)[seen]
    count = len(moved)
    return float(((moved - moved.mean()) ** 2).sum() * count / (count - 1)) if count > 1 else np.nan


def added(code: IntArray, parts: FloatArray, size: int = 0) -> FloatArray:
    """Add up parts by code."""
    return np.asarray(np.bincount(code, weights=parts, minlength=size), dtype=np.float64)


def clustered(part: FloatArray, client: IntArray) -> float:
    """Return the variance of the sum of parts that hang together by client."""
    sums = np.bincount(client, weights=part)
    count = len(np.unique(client))
    return float((sums * sums).sum() * count / (count - 1)) if count > 1 else np.nan
