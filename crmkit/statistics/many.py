"""Many comparisons at once: false-discovery control, and intervals that allow for it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bools: TypeAlias = NDArray[np.bool_]


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
