"""Ranks with their uncertainty: between which places each of several may stand."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints: TypeAlias = NDArray[np.int64]


def joint_tail(many: int, level: float = 0.95) -> float:
    """Return the chance that each of so many intervals may miss, so that all hold together at a level.

    >>> round(joint_tail(8), 6)
    0.006391
    """
    return float(1 - level ** (1 / max(many, 1)))


def rank_limits(low: ArrayLike, high: ArrayLike) -> tuple[Ints, Ints]:
    """Return the best and the worst place that each may have; 1 is the largest figure.

    All are true together with the level of the intervals: a place above is sure only for those whose whole
    interval lies above.

    Parameters
    ----------
    low, high: intervals that hold together (:func:`joint_tail`), without missing ones.

    Source: Klein, Wright and Wieczorek, JRSS A 183 (2020) 589–606

    >>> [one.tolist() for one in rank_limits([1, 4, 2], [3, 6, 5])]
    [[2, 1, 1], [3, 2, 3]]
    """
    below, above = np.asarray(low, np.float64), np.asarray(high, np.float64)
    surely_above = (below[None, :] > above[:, None]).sum(axis=1)
    surely_below = (above[None, :] < below[:, None]).sum(axis=1)
    return 1 + surely_above, len(below) - surely_below
