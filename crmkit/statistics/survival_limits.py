"""How sure the quantiles of censored durations are: intervals by the curve's own limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmkit.statistics.intervals import Z95
from crmkit.statistics.survival import TOLERANCE, Steps, quantiles_of, running_sums, steps_of


def survival_intervals(
    groups: ArrayLike,
    durations: ArrayLike,
    ended: ArrayLike,
    size: int,
    *,
    shares: Sequence[float] = (0.5, 0.9),
) -> NDArray[np.float64]:
    """Return :func:`survival_quantiles` for several shares at once, each with its 95 % interval.

    Returns
    -------
    Shape (shares, 3, size): value, lower and upper limit; NaN where the limit is not reached yet.

    Source: Brookmeyer and Crowley, Biometrics 38 (1982) 29–41, on the log-log scale; as R's ``survfit`` with
    ``conf.type = "log-log"``

    >>> survival_intervals([0] * 6, [1, 2, 3, 4, 5, 6], [1] * 6, 1, shares=[0.5]).ravel().tolist()
    [3.5, 1.0, nan]
    """
    steps = steps_of(groups, durations, np.asarray(ended, dtype=np.int64))
    told = np.full((len(shares), 3, size), np.nan)
    if not len(steps.groups):
        return told
    low, high = _limits(steps)
    present = steps.groups[steps.first]
    for row, share in enumerate(shares):
        told[row, 0] = quantiles_of(steps, size, share)
        told[row, 1, present] = _first_reached(steps, low, 1 - share)
        told[row, 2, present] = _first_reached(steps, high, 1 - share)
    return told


def _limits(steps: Steps) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper curve of survival.

    Where all who were left end at once, the upper curve falls by the binomial bound of all of so many.
    """
    left = steps.at_risk - steps.ended
    terms = np.where(left > 0, steps.ended / (steps.at_risk * np.maximum(left, 1)), 0.0)
    rows = np.diff(np.append(steps.first, len(steps.groups)))
    spread = np.sqrt(running_sums(terms, steps.first, rows))
    inside = (steps.survival > 0) & (steps.survival < 1)
    low, high = steps.survival.copy(), np.where(steps.survival > 0, steps.survival, 1.0)
    turn = np.exp(Z95 * spread[inside] / -np.log(steps.survival[inside]))
    low[inside], high[inside] = steps.survival[inside] ** turn, steps.survival[inside] ** (1 / turn)
    ends = np.flatnonzero(steps.survival <= 0)
    before = np.where(np.isin(ends, steps.first), 1.0, high[ends - 1])
    high[ends] = before * (1 - 0.025 ** (1 / steps.at_risk[ends]))
    return low, high


def _first_reached(steps: Steps, curve: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Return for each group with cases the first age at which a curve is no higher than a level, else NaN."""
    hits = np.append(np.flatnonzero(curve <= level + TOLERANCE), len(curve))
    at = hits[np.searchsorted(hits, steps.first)]
    inside = at < np.append(steps.first[1:], len(curve))
    return np.where(inside, np.append(steps.times, np.nan)[at], np.nan)
