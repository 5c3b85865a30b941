"""Where a difference comes from: factors, or rates and mix, whose parts add up to it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]


def shapley(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    """Return what each factor contributes to the difference of two products, first less second.

    Parameters
    ----------
    first, second: the factors of each product along the last axis, in the same order and units.

    Returns
    -------
    One contribution a factor, in the unit of the product; over the last axis they add up to
    ``first.prod() - second.prod()``. They are the averages of what changing the factor alone does, over all
    orders in which the factors can be changed one after the other; so no order is preferred, and equal
    factors contribute nothing. Besides, what one more of each factor is worth: a contribution is that times
    the difference of the factor.

    Notes
    -----
    What one more is worth is the product of the other factors on the mean over the straight way from second
    to first: a polynomial along it, which Gauss' quadrature integrates exactly. There is no need to go
    through the orders.

    Source: Shapley, Contributions to the Theory of Games II (1953) 307–317; Owen, Management Science 18
    (1972) 64–79

    >>> shapley([3, 5], [2, 4])[0].tolist()  # 15 less 8: the first 1 × 4.5, the second 1 × 2.5
    [4.5, 2.5]
    """
    one, other = np.broadcast_arrays(np.asarray(first, np.float64), np.asarray(second, np.float64))
    factors = one.shape[-1]
    nodes, weights = np.polynomial.legendre.leggauss(factors // 2 + 1)
    told = np.zeros(one.shape)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        between = other + node * (one - other)
        for factor in range(factors):
            told[..., factor] += weight * np.delete(between, factor, axis=-1).prod(axis=-1)
    return told * (one - other), told


def whole_steps(start: float, parts: ArrayLike, places: int = 0) -> Floats:
    """Return parts rounded so that they lead from the rounded start to the rounded end.

    Parameters
    ----------
    parts: what is added to the start, one after the other. places: decimal places.

    Source: METHOD 7.1

    >>> whole_steps(0.4, [0.4, 0.4, 0.4]).tolist()  # 0.4 → 1.6: 0 → 2
    [1.0, 0.0, 1.0]
    """
    way = np.concatenate([[start], start + np.cumsum(np.asarray(parts, np.float64))]) * 10.0**places
    return np.asarray(np.diff(np.floor(way + 0.5)) / 10.0**places)


@dataclass(frozen=True, eq=False)
class RateAndMix:
    """A difference of two shares by group; all parts together are the difference exactly.

    Attributes
    ----------
    rate: what comes of the groups' own shares differing. mix: what comes of their weights differing, told
        against the middle of both wholes: a larger part of a group that is worse than it counts against.
        Both along the last axis by group.
    like_for_like: the share of each side (first, second) if both had the mean of the two mixes; they differ
        by the rates' part.
    expected: the share of each side if its groups had the mean of both sides' rates; they differ by the mix.
    """

    rate: Floats
    mix: Floats
    like_for_like: tuple[Floats, Floats]
    expected: tuple[Floats, Floats]


def kitagawa(first: tuple[ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike]) -> RateAndMix:
    """Split the difference of two shares, first less second, into the groups' rates and their mix.

    Parameters
    ----------
    first, second: sums (such as won deals) and weights (such as resolved deals) of the groups along the last
        axis, both sides' groups in the same order.

    Returns
    -------
    Contributions by group in the unit of the share. What one side has not at all has no rate there: it is
    taken to be the other side's, so that such a group counts as mix alone. All NaN where a side has nothing.

    Source: Kitagawa, Journal of the American Statistical Association 50 (1955) 1168–1194

    >>> warm_and_cold = kitagawa(([0.25 * 0.53, 0.75 * 0.11], [0.25, 0.75]), ([0.175, 0.065], [0.35, 0.65]))
    >>> f"{warm_and_cold.rate.sum():.3f} {warm_and_cold.mix.sum():.3f}"
    '0.016 -0.041'
    """
    (sums, of), (other_sums, other_of) = (
        [np.asarray(part, np.float64) for part in told] for told in (first, second)
    )
    rates, other_rates = _ratio(sums, of), _ratio(other_sums, other_of)
    rates, other_rates = _either(rates, other_rates), _either(other_rates, rates)
    shares, other_shares = (_ratio(part, part.sum(axis=-1, keepdims=True)) for part in (of, other_of))
    wholes = [_ratio(up.sum(axis=-1), down.sum(axis=-1)) for up, down in ((sums, of), (other_sums, other_of))]
    middle = np.expand_dims((wholes[0] + wholes[1]) / 2, -1)
    known = ~np.isnan(rates)  # a group that neither side has weighs nothing, whatever its rate
    own, others = np.where(known, rates, middle), np.where(known, other_rates, middle)
    weight, centre = (shares + other_shares) / 2, (own + others) / 2
    return RateAndMix(
        weight * (own - others),
        (shares - other_shares) * (centre - middle),
        ((weight * own).sum(axis=-1), (weight * others).sum(axis=-1)),
        ((shares * centre).sum(axis=-1), (other_shares * centre).sum(axis=-1)),
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))


def _either(own: Floats, other: Floats) -> Floats:
    return np.where(np.isnan(own), other, own)
