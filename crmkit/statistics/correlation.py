"""What goes together: rank correlations with intervals, across groups and within them over time."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_ROUNDS = 50  # of taking out the means of groups and of times in turn


@dataclass(frozen=True)
class Correlation:
    """A rank correlation, and how sure it is.

    Attributes
    ----------
    value: −1 … 1; NaN where there is none.
    z, spread: the same on Fisher's scale, and its standard error.
    freedom: of Student's t; infinite for the normal distribution.
    groups: how many there are; n: how many points.
    """

    value: float
    z: float
    spread: float
    freedom: float
    groups: int
    n: int

    @property
    def chance(self) -> float:
        """The two-sided p-value of no association."""
        from scipy.special import stdtr

        if not self.spread > 0:
            return float("nan")
        return float(2 * stdtr(self.freedom, -abs(self.z) / self.spread))

    def limits(self, confidence: float) -> tuple[float, float]:
        """Return the interval of the correlation."""
        from scipy.special import stdtrit

        tail = 0.5 + confidence / 2
        wide = NormalDist().inv_cdf(tail) if np.isinf(self.freedom) else float(stdtrit(self.freedom, tail))
        low, high = np.tanh(self.z - wide * self.spread), np.tanh(self.z + wide * self.spread)
        return float(np.fmin(low, self.value)), float(np.fmax(high, self.value))


def across(x: ArrayLike, y: ArrayLike, kind: ArrayLike) -> Correlation:
    """Return how two figures of groups go together, each less the mean of the groups of its kind.

    Parameters
    ----------
    x, y: one figure a group, none missing. kind: code of each; a group alone in its kind tells nothing.

    Source: Bonett and Wright, Psychometrika 65 (2000) 23–28
    """
    one, other, kinds = np.asarray(x, np.float64), np.asarray(y, np.float64), np.asarray(kind, np.int64)
    shared = np.bincount(kinds, minlength=1)[kinds] > 1
    one, other, kinds = one[shared], other[shared], np.unique(kinds[shared], return_inverse=True)[1]
    freedom = len(one) - int(kinds.max(initial=0)) - 3
    value = _rank_correlation(_centred(one, kinds), _centred(other, kinds))
    if freedom < 1 or value != value:
        return Correlation(value, np.nan, np.nan, np.inf, len(one), len(one))
    spread = np.sqrt((1 + value**2 / 2) / freedom)
    return Correlation(value, _fisher(value, len(one)), float(spread), np.inf, len(one), len(one))


def within(group: ArrayLike, time: ArrayLike, x: ArrayLike, y: ArrayLike) -> Correlation:
    """Return how two figures of groups go together over time.

    The mean of each group and that of each time over all groups are taken out, so that neither what a group
    is nor the season shows. The groups' own correlations are independent of one another, whatever a group's
    weeks owe to those before; their mean is told with the interval that their spread gives (Student's t).
    Taking out common means makes few groups a little alike: the interval is widened by
    √(groups ÷ (groups − 1)).

    Parameters
    ----------
    group, time: codes. x, y: the figures, none missing.
    """
    who, when = (np.unique(np.asarray(codes), return_inverse=True)[1] for codes in (group, time))
    one, other = (_both_taken_out(np.asarray(each, np.float64), who, when) for each in (x, y))
    found = []
    for at in range(who.max(initial=-1) + 1):
        value = _rank_correlation(one[who == at], other[who == at])
        if value == value:
            found.append(_fisher(value, int((who == at).sum())))
    groups = len(found)
    if groups < 2:
        return Correlation(np.nan, np.nan, np.nan, np.inf, groups, len(one))
    z, spread = np.mean(found), np.std(found, ddof=1) / np.sqrt(groups - 1)
    return Correlation(float(np.tanh(z)), float(z), float(spread), groups - 1, groups, len(one))


def _rank_correlation(x: Floats, y: Floats) -> float:
    """Return Spearman's correlation; NaN where one of the two never changes, or of fewer than three pairs."""
    if len(x) < 3:
        return float("nan")
    one, other = (_ranks(each) for each in (x, y))
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / size) if size else float("nan")


def _ranks(values: Floats) -> Floats:
    """Return ranks, the mean one for equal values; what differs by rounding alone is equal."""
    _, places, sizes = np.unique(values.round(9), return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[places])


def _fisher(value: float, n: int) -> float:
    """Return a correlation of ``n`` points on Fisher's scale; one nearer to ±1 than 1 ÷ n tells no more."""
    return float(np.arctanh(np.clip(value, 1 / n - 1, 1 - 1 / n)))


def _centred(values: Floats, groups: Ints) -> Floats:
    """Return values less the mean of their group."""
    sizes = np.maximum(np.bincount(groups, minlength=1), 1)
    return np.asarray(values - (np.bincount(groups, values, minlength=1) / sizes)[groups])


def _both_taken_out(values: Floats, who: Ints, when: Ints) -> Floats:
    for _ in range(_ROUNDS):
        values = _centred(_centred(values, when), who)
    return values
