"""Ranks with their uncertainty: between which places each of several may stand."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmkit.statistics.intervals import difference_limits

Ints: TypeAlias = NDArray[np.int64]


def rank_limits(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Ints, Ints]:
    """Return the best and the worst place that each may have; 1 is the largest figure.

    A place above is sure only for those who are surely above: the interval of the difference, from the
    intervals of both, excludes zero.

    Parameters
    ----------
    value: figures of each, without missing ones. low, high: their intervals, at the level of
        :func:`rank_tail`.

    Source: Mogstad, Romano, Shaikh and Wilhelm, Review of Economic Studies 91 (2024) 476–518

    >>> [one.tolist() for one in rank_limits([2, 5, 3.5], [1, 4, 2], [3, 6, 5])]
    [[2, 1, 1], [3, 2, 3]]
    """
    told, below, above = (np.asarray(one, np.float64) for one in (value, low, high))
    least, most = difference_limits(
        (told[None, :], below[None, :], above[None, :]), (told[:, None], below[:, None], above[:, None])
    )
    return 1 + (least > 0).sum(axis=1), len(told) - (most < 0).sum(axis=1)


def rank_tail(many: int, level: float = 0.95) -> float:
    """Return the chance that the interval of one difference may miss, so that all of one rep's hold together.

    >>> round(rank_tail(6), 6)
    0.01
    """
    return (1 - level) / max(many - 1, 1)
