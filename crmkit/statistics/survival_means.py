"""Mean durations with censored cases: they exist only within a horizon, and say which."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmkit.statistics.survival import steps_of


def restricted_means(
    groups: ArrayLike, durations: ArrayLike, ended: ArrayLike, size: int, horizon: float | ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return for each group the mean duration within a horizon, those not ended being censored.

    The area under Kaplan and Meier's curve up to the horizon; where the longest case of a group is shorter,
    up to that one, unless all have ended by then.

    Parameters
    ----------
    groups, durations, ended, size: as for :func:`survival_quantiles`.
    horizon: one for all, or one a group; in the unit of the durations.

    Returns
    -------
    Means, the horizons used, and the shares not ended at them; NaN for a group without cases.

    Source: Royston and Parmar, BMC Medical Research Methodology 13 (2013) 152

    >>> means, horizons, still = restricted_means([0, 0, 0, 0], [1, 2, 3, 4], [1, 0, 1, 1], 1, 3.5)
    >>> means.tolist(), horizons.tolist(), still.tolist()
    ([2.6875], [3.5], [0.375])
    """
    steps = steps_of(groups, durations, np.asarray(ended, dtype=np.int64))
    means, horizons, still = (np.full(size, np.nan) for _ in range(3))
    if not len(steps.groups):
        return means, horizons, still
    present = steps.groups[steps.first]
    rows = np.diff(np.append(steps.first, len(steps.groups)))
    asked = np.broadcast_to(np.asarray(horizon, np.float64), size)[present]
    begins, level = np.roll(steps.times, 1), np.roll(steps.survival, 1)
    begins[steps.first], level[steps.first] = 0.0, 1.0
    until = np.repeat(asked, rows)
    area = level * np.maximum(np.minimum(steps.times, until) - begins, 0.0)
    longest = steps.times[steps.first + rows - 1]
    at_end = np.add.reduceat((steps.times <= until).astype(np.int64), steps.first)
    means[present] = np.add.reduceat(area, steps.first)
    horizons[present] = np.minimum(asked, longest)
    reached = steps.survival[steps.first + np.maximum(at_end, 1) - 1]
    still[present] = np.where(at_end > 0, reached, 1.0)
    return means, horizons, still
