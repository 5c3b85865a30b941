"""How long deals take when some are still open: winning and losing compete, open deals are censored.

Source: METHOD 3.3; Aalen and Johansen, Scandinavian Journal of Statistics 5 (1978) 141–150
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

OPEN, WON, LOST = 0, 1, 2

TOLERANCE = 1e-9  # of probabilities, which are products and sums of many


def medians_among_winners(
    groups: ArrayLike, durations: ArrayLike, events: ArrayLike, size: int, max_open: float = 0.05
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median age of winning among the deals of each group that will be won, and the share open.

    Parameters
    ----------
    groups: code of each deal's group, 0 … size − 1.
    durations, events: as for :func:`steps_of`.
    size: number of groups, those without deals included.
    max_open: the median is told only if at most this share is still open at the greatest age.

    Returns
    -------
    For each group the smallest age at which half of the final share won is reached, NaN for «not yet» or
    where none was won; and the share open at the greatest age, NaN for a group without deals.
    """
    steps = steps_of(groups, durations, events)
    if len(steps.groups) and not 0 <= steps.groups[0] <= steps.groups[-1] < size:
        raise ValueError("group codes must lie between 0 and size - 1")
    medians, still_open = np.full(size, np.nan), np.full(size, np.nan)
    if not len(steps.groups):
        return medians, still_open
    present = steps.groups[steps.first]
    last = np.append(steps.first[1:], len(steps.groups)) - 1
    still_open[present] = steps.survival[last]
    final = steps.cif[last]
    below = steps.cif < np.repeat(final / 2, last - steps.first + 1) - TOLERANCE
    half = steps.first + np.add.reduceat(below.astype(np.int64), steps.first)
    told = (steps.survival[last] <= max_open + TOLERANCE) & (final > 0)
    medians[present[told]] = steps.times[half[told]]
    return medians, still_open


def survival_quantiles(
    groups: ArrayLike, durations: ArrayLike, ended: ArrayLike, size: int, share: float = 0.5
) -> NDArray[np.float64]:
    """Return for each group the duration within which a share of all ends, those not ended being censored.

    Kaplan–Meier; where the curve is level at exactly 1 − share, the middle of that level, so that without
    censoring the median is the usual one.

    Parameters
    ----------
    groups: code of each case's group, 0 … size − 1.
    durations: time to the end, or to the moment described; in any unit, not negative.
    ended: 1 ended, 0 not yet.

    Returns
    -------
    One a group; NaN for «not yet», and for a group without cases.

    Source: Kaplan and Meier, JASA 53 (1958) 457–481; the middle of a level as in R's ``survfit``

    >>> survival_quantiles([0, 0, 0, 0], [1, 2, 3, 4], [1, 1, 1, 1], 1).tolist()
    [2.5]
    >>> survival_quantiles([0, 0, 0, 0], [1, 2, 3, 4], [1, 0, 0, 1], 1).tolist()
    [4.0]
    """
    return quantiles_of(steps_of(groups, durations, np.asarray(ended, dtype=np.int64)), size, share)


def quantiles_of(steps: Steps, size: int, share: float) -> NDArray[np.float64]:
    """Return :func:`survival_quantiles` of curves; groups without cases have none."""
    values = np.full(size, np.nan)
    if not len(steps.groups):
        return values
    present = steps.groups[steps.first]
    rows = np.diff(np.append(steps.first, len(steps.groups)))
    above = np.add.reduceat((steps.survival > 1 - share + TOLERANCE).astype(np.int64), steps.first)
    level = np.add.reduceat((steps.survival > 1 - share - TOLERANCE).astype(np.int64), steps.first)
    reached = above < rows
    left = steps.first[reached] + above[reached]
    is_level = (level[reached] > above[reached]) & (level[reached] < rows[reached])
    right = np.where(is_level, steps.first[reached] + np.minimum(level, rows - 1)[reached], left)
    values[present[reached]] = (steps.times[left] + steps.times[right]) / 2
    return values


def order_within(groups: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions sorted by group, then by value; those of equal values in any order.

    Ten times as fast as ``lexsort``: floats are sorted by vector instructions, two-byte codes by counting.

    >>> order_within(np.array([1, 0, 1]), np.array([5.0, 7.0, 3.0])).tolist()
    [1, 2, 0]
    """
    order = np.argsort(values)
    edges = (np.min_scalar_type(edge) for edge in (groups.min(initial=0), groups.max(initial=0)))
    codes = groups.astype(np.result_type(*edges))[order]
    return np.asarray(order[np.argsort(codes, kind="stable")], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Steps:
    """The curves of all groups, one below the other: a step at each distinct duration, in ascending order.

    Attributes
    ----------
    groups, times: of each step. cif: the probability of being won by then. survival: of being still open
        after it; what is missing from 1 is lost. at_risk: deals that reached that age open. ended: at it.
    first: where each group begins.
    """

    groups: NDArray[np.int64]
    times: NDArray[np.float64]
    cif: NDArray[np.float64]
    survival: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    ended: NDArray[np.int64]
    first: NDArray[np.int64]


def steps_of(groups: ArrayLike, durations: ArrayLike, events: ArrayLike) -> Steps:
    """Estimate the share won, and the share still open, by age (Aalen–Johansen).

    Parameters
    ----------
    groups: code of each deal's group, not negative.
    durations: age of each deal at its end, or at as_of if it is open; in any unit.
    events: 0 open (censored), 1 won, 2 lost. At equal ages, ends come before censorings.

    Raises
    ------
    ValueError: missing or negative durations, other events, or lengths that differ.

    >>> curve = steps_of([0, 0, 0, 0], [10, 20, 20, 30], [1, 2, 0, 1])
    >>> curve.times.tolist(), curve.cif.round(9).tolist(), curve.survival.round(9).tolist()
    ([10.0, 20.0, 30.0], [0.25, 0.25, 0.75], [0.75, 0.5, 0.0])
    """
    codes, ages, ends = np.asarray(groups, np.int64), np.asarray(durations, np.float64), np.asarray(events)
    _check(codes, ages, ends)
    order = order_within(codes, ages)
    codes, ages, ends = codes[order], ages[order], ends[order]
    new_group = np.diff(codes, prepend=-1) != 0
    starts = np.flatnonzero(new_group | (np.diff(ages, prepend=-1.0) != 0))  # of each distinct age of a group
    first = np.flatnonzero(new_group[starts])
    sizes = np.diff(np.append(starts[first], len(codes)))
    rows = np.diff(np.append(first, len(starts)))  # steps of each group
    at_risk = np.repeat(starts[first] + sizes, rows) - starts
    won = _sums(ends == WON, starts)
    ended = won + _sums(ends == LOST, starts)
    # Only the last step of a group can leave none at risk: its logarithm is left out of the running sum.
    left = np.where(ended < at_risk, np.log1p(-np.where(ended < at_risk, ended, 0) / at_risk), 0.0)
    before = np.exp(running_sums(left, first, rows) - left)
    survival = np.where(ended < at_risk, before * (1 - ended / at_risk), 0.0)
    cif = running_sums(before * won / at_risk, first, rows)
    return Steps(codes[starts], ages[starts], cif, survival, at_risk, ended, first)


def _sums(flags: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count true flags from each start to the next."""
    counts = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(np.diff(counts[np.append(starts, len(flags))]), dtype=np.int64)


def running_sums(
    values: NDArray[np.float64], first: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Running sums that begin anew with each group."""
    sums = np.cumsum(values)
    return sums - np.repeat((sums - values)[first], rows)


def _check(codes: NDArray[np.int64], ages: NDArray[np.float64], ends: NDArray[np.generic]) -> None:
    if not len(codes) == len(ages) == len(ends):
        raise ValueError("groups, durations and events must be of one length")
    if not (ages >= 0).all():
        raise ValueError("durations must be given and not negative")
    if not np.isin(ends, (OPEN, WON, LOST)).all():
        raise ValueError("events must be 0 (open), 1 (won) or 2 (lost)")
