"""Shares of small groups drawn towards the whole: empirical Bayes for k of n cases in several groups.

The groups' true shares are taken to follow a beta distribution, whose mean and strength are estimated from
all groups by moments. The best of many noisy shares looks better than it is; the best of these does not.

Source: Kleinman, Journal of the American Statistical Association 68 (1973) 46–54
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shrunken:
    """What the groups' shares look like in the light of all of them.

    Attributes
    ----------
    shares: of each group, between its own share and ``mean``; a group without cases has the mean.
    mean: the share of all cases together; NaN if there are none.
    strength: how many cases the knowledge of the other groups is worth. Infinite where the groups differ by
        no more than chance makes equal groups differ: then all shares are the mean. NaN where one group
        alone, or none, has cases: then its share stands as it is.
    """

    shares: Floats
    mean: Floats
    strength: Floats


def shrink(successes: ArrayLike, n: ArrayLike, *, noise: ArrayLike = 1.0) -> Shrunken:
    """Draw the shares of groups towards their mean, the more so the fewer cases a group has.

    Parameters
    ----------
    successes, n: counts; the groups lie along the last axis, sets of groups to be treated apart along others.
    noise: how often the counts were drawn at random: 1 as they are, 2 in a bootstrap resample of them, which
        differs by chance from data that already differed by chance; one for all, or one a set.

    Returns
    -------
    Shares of the shape of ``successes``, the mean and the strength without its last axis.

    Raises
    ------
    ValueError: successes below 0 or above n.

    >>> found = shrink([2, 10, 18], [20, 20, 20])
    >>> float(found.mean), float(found.strength.round(9)), found.shares.round(4).tolist()
    (0.5, 0.610169492, [0.1118, 0.5, 0.8882])
    """
    won, of = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    if not ((won >= 0) & (won <= of)).all():
        raise ValueError("successes must lie between 0 and n")
    whole, own = of.sum(axis=-1), _ratio(won, of)
    mean = _ratio(won.sum(axis=-1), whole)
    likeness = _likeness(own, of, mean, np.asarray(noise, np.float64))
    with np.errstate(divide="ignore"):
        strength = np.asarray(1 / likeness - 1)
    others = np.where(np.isnan(strength), 0.0, strength)[..., None]
    weight = _ratio(of, of + others)  # of a group's own share
    drawn = mean[..., None] + weight * (own - mean[..., None])
    return Shrunken(np.where(of > 0, drawn, mean[..., None]), mean, strength)


def _likeness(own: Floats, of: Floats, mean: Floats, noise: Floats) -> Floats:
    """Return the correlation of two cases of one group, 0 … 1; NaN if it cannot be told.

    With groups alike, Σ n(p − m)² ÷ m(1 − m) is on average the number of groups less one; what is above comes
    from true differences.
    """
    whole, groups = of.sum(axis=-1), (of > 0).sum(axis=-1)
    apart = np.where(of > 0, of * (own - mean[..., None]) ** 2, 0.0).sum(axis=-1)
    spread = mean * (1 - mean)
    chance = noise * (groups - 1)
    most = whole - _ratio((of**2).sum(axis=-1), whole) - chance
    above = np.where(spread > 0, _ratio(apart, spread) - chance, 0.0)
    told = np.clip(np.where(most > 0, _ratio(above, most), 0.0), 0.0, 1.0)
    return np.where(groups > 1, told, np.nan)


def _ratio(part: Floats, whole: Floats) -> Floats:
    empty = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=empty, where=whole > 0))


def drawn(values: ArrayLike, variances: ArrayLike) -> Floats:
    """Draw estimates towards their mean, the more so the less certain each is (normal, by moments).

    Parameters
    ----------
    values, variances: one a group; NaN where a group has none.

    Returns
    -------
    As ``values``. Groups that differ no more than their errors make equal groups differ have all the mean.

    Source: DerSimonian and Laird, Controlled Clinical Trials 7 (1986) 177–188; Morris, JASA 78 (1983) 47–55

    >>> drawn([1.0, 2.0, 6.0], [1.0, 1.0, 1.0]).round(3).tolist()
    [1.286, 2.143, 5.571]
    """
    told, errors = (np.asarray(one, np.float64) for one in (values, variances))
    known = ~np.isnan(told) & (errors > 0)
    if known.sum() < 2:
        return told
    weight = 1 / errors[known]
    mean = float(weight @ told[known] / weight.sum())
    excess = float(weight @ (told[known] - mean) ** 2) - (known.sum() - 1)
    spread = max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
    common = 1 / (errors[known] + spread)
    mean = float(common @ told[known] / common.sum())
    found = told.copy()
    found[known] = mean + spread / (spread + errors[known]) * (told[known] - mean)
    return found
