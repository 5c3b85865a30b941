"""Many comparisons at once: false-discovery control, and intervals that allow for it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


def false_discovery(chances: ArrayLike, rate: float = 0.05) -> tuple[Bools, float]:
    """Return which of many comparisons stand out, and the level of the intervals that say the same.

    Parameters
    ----------
    chances: two-sided p-values, one a comparison; NaN for those that are not made, which do not count.
    rate: the share of false ones that is allowed among those that stand out. If nobody differs at all, this
        is the chance that anybody stands out.

    Returns
    -------
    Which stand out (Benjamini and Hochberg), and the confidence level for the intervals of all of them
    (Benjamini and Yekutieli): an interval of that level excludes nothing exactly where its comparison stands
    out.

    Source: Benjamini and Hochberg, JRSS B 57 (1995) 289–300; Benjamini and Yekutieli, JASA 100 (2005) 71–81

    >>> found, level = false_discovery([0.001, 0.02, 0.04, 0.8])
    >>> found.tolist(), level
    ([True, True, False, False], 0.975)
    """
    told = np.asarray(chances, np.float64)
    ordered = np.sort(told[~np.isnan(told)])
    made = len(ordered)
    if not made:
        return np.zeros(told.shape, dtype=bool), 1 - rate
    below = np.flatnonzero(ordered <= rate * np.arange(1, made + 1) / made)
    count = int(below[-1]) + 1 if len(below) else 0
    border = rate * count / made
    return np.where(np.isnan(told), False, told <= border), 1 - rate * max(count, 1) / made


def widened(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, *, rate: float = 0.05
) -> tuple[Floats, Floats, float]:
    """Return the limits of many differences, made wide enough for all of them together, and their level.

    Parameters
    ----------
    value, low, high: differences with their 95 % intervals; NaN where there is none, which does not count.
        How far a difference is from zero is told by the half of its interval that points to zero.
    rate: as for :func:`false_discovery`.

    >>> [end.round(2).tolist() for end in widened([3.0, 1.0], [1.0, -1.0], [5.0, 3.0])[:2]]
    [[0.71, -1.29], [5.29, 3.29]]
    """
    from scipy.special import ndtr, ndtri

    middle, below, above = (np.asarray(one, np.float64) for one in (value, low, high))
    toward = np.where(middle > 0, middle - below, above - middle)
    usual = ndtri(0.975)
    apart = np.divide(np.abs(middle) * usual, toward, out=np.full(middle.shape, np.nan), where=toward > 0)
    level = false_discovery(2 * ndtr(-apart), rate)[1]
    times = ndtri(0.5 + level / 2) / usual
    return middle - times * (middle - below), middle + times * (above - middle), level
