"""Confidence intervals that hold for small samples."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Two-sided 95 per cent of the normal distribution.
Z95 = NormalDist().inv_cdf(0.975)

_TOLERANCE = 1e-12  # of a probability that is summed up from many


def wilson(
    successes: ArrayLike, n: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    successes, n: counts, of one shape or broadcast to it.
    level: two-sided confidence.

    Returns
    -------
    Lower and upper limits between 0 and 1; NaN where ``n`` is 0 or missing.

    Raises
    ------
    ValueError: successes below 0 or above n, or a level outside (0, 1).

    Source: Newcombe, Statistics in Medicine 17 (1998) 857–872, method 3
    """
    z = NormalDist().inv_cdf(_checked(level) / 2 + 0.5)
    won, of = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    if ((won < 0) | (won > of)).any():
        raise ValueError("successes must lie between 0 and n")
    of = np.where(of > 0, of, np.nan)
    share, scale = won / of, 1 + z * z / of
    centre = (share + z * z / (2 * of)) / scale
    half = z / scale * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    # At the ends the limit is 0 or 1 exactly; subtraction would leave 1e-17 or 0.9999999999999999.
    return np.where(won == 0, centre * 0, centre - half), np.where(won == of, centre * 0 + 1, centre + half)


def beta_limits(
    successes: ArrayLike, n: ArrayLike, level: ArrayLike = 0.95, *, exact: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Jeffreys' interval of a share, or the exact one: far out Wilson's are too short, not these.

    Parameters
    ----------
    successes, n: counts, of one shape or broadcast to it; parts of a case are allowed (cases that hang
        together are worth fewer).
    level: two-sided confidence; one for all or one each.
    exact: Clopper and Pearson's, which covers at least so much; Jeffreys' does so on average.

    Returns
    -------
    Lower and upper limits between 0 and 1; the lower is 0 without successes, the upper 1 without failures;
    NaN where ``n`` is 0 or missing.

    Source: Brown, Cai and DasGupta, Statistical Science 16 (2001) 101–133; Clopper and Pearson, Biometrika 26
    (1934) 404–413
    """
    from scipy.special import betaincinv

    tail = (1 - np.asarray(level, np.float64)) / 2
    won, of = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    if ((won < 0) | (won > of)).any() or ((tail <= 0) | (tail > 0.5)).any():
        raise ValueError("successes must lie between 0 and n, a level between 0 and 1")
    of = np.where(of > 0, of, np.nan)
    near, least = (0.0, 1e-9) if exact else (0.5, 0.0)
    low = betaincinv(np.maximum(won, least) + near, of - won + 1 - near, tail)
    high = betaincinv(won + 1 - near, np.maximum(of - won, least) + near, 1 - tail)
    return np.where(won == 0, of * 0, low), np.where(won == of, of * 0 + 1, high)


def newcombe(
    first: tuple[ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of the difference of two independent shares, first less second.

    Parameters
    ----------
    first, second: successes and n of each, as for :func:`wilson`.
    level: two-sided confidence.

    Returns
    -------
    Lower and upper limits between −1 and 1; NaN where an ``n`` is 0 or missing.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873–890, method 10
    """
    shares = [np.asarray(k, np.float64) / np.where(np.asarray(n) > 0, n, np.nan) for k, n in (first, second)]
    limits = [wilson(k, n, level) for k, n in (first, second)]
    return difference_limits((shares[0], *limits[0]), (shares[1], *limits[1]))


def difference_limits(
    first: tuple[ArrayLike, ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike, ArrayLike]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of a difference, first less second, from the intervals of both (square and add).

    Parameters
    ----------
    first, second: value, lower and upper limit of two independent estimates, at one level.

    Source: Zou and Donner, Statistics in Medicine 27 (2008) 1693–1702

    >>> low, high = difference_limits((10, 7, 14), (6, 3, 10))
    >>> float(low), float(high)
    (-1.0, 9.0)
    """
    (one, low, high), (other, below, above) = (
        [np.asarray(part, np.float64) for part in told] for told in (first, second)
    )
    gap = one - other
    return gap - np.hypot(one - low, above - other), gap + np.hypot(high - one, other - below)


def ratio_limits(
    first: tuple[ArrayLike, ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike, ArrayLike]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of a ratio, first by second, from the intervals of both (MOVER-R).

    Parameters
    ----------
    first, second: value, lower and upper limit of two independent estimates at one level, of figures that
        are not negative; a limit below 0 counts as 0.

    Returns
    -------
    Lower and upper limits; the upper one is infinite where the second can be 0, both NaN where it is, or
    where the first is negative.

    Source: Donner and Zou, Statistical Methods in Medical Research 21 (2012) 347–359

    >>> low, high = ratio_limits((10, 8, 12), (5, 4, 6))
    >>> round(float(low), 3), round(float(high), 3)
    (1.5, 2.667)
    """
    (one, low, high), (other, below, above) = (
        [np.asarray(part, np.float64) for part in told] for told in (first, second)
    )
    product = np.where((other > 0) & (one >= 0), one * other, np.nan)
    low, below = np.maximum(low, 0.0), np.maximum(below, 0.0)
    least, most = low * (2 * one - low), high * (2 * one - high)
    up, down = above * (2 * other - above), below * (2 * other - below)
    bottom = product + np.sqrt(product**2 - least * up)
    top = product + np.sqrt(np.maximum(product**2 - most * down, 0))
    lower = np.where(bottom > 0, least / np.where(bottom > 0, bottom, 1), product * 0)
    return lower, np.where(down > 0, top / np.where(down > 0, down, 1), product * 0 + np.inf)


@lru_cache(maxsize=4096)
def quantile_ranks(n: int, quantile: float = 0.5, level: float = 0.95) -> tuple[int, int] | None:
    """Return the ranks (from 1) of the ordered values that limit a quantile, whatever the distribution.

    Parameters
    ----------
    n: how many values there are. quantile: 0.5 for the median, 0.9 for p90.
    level: two-sided confidence; the interval covers at least that much, with equal tails.

    Returns
    -------
    Both ranks; None where n is too small (at 95 %: below 6 for the median, below 36 for p90).

    Raises
    ------
    ValueError: a quantile or level outside (0, 1).

    Notes
    -----
    The number of values below the true quantile is binomial, so the lower rank is the largest l with
    P(fewer than l below) <= (1 - level) / 2, the upper one the smallest u with P(u or more below) within it.

    Source: Conover, Practical Nonparametric Statistics, 3.2

    >>> quantile_ranks(10), quantile_ranks(5)
    ((2, 9), None)
    """
    tail = (1 - _checked(level)) / 2 + _TOLERANCE
    chances = _binomial(n, _checked(quantile))
    lower = int(np.searchsorted(np.cumsum(chances), tail, side="right"))
    upper = n + 1 - int(np.searchsorted(np.cumsum(chances[::-1]), tail, side="right"))
    return (lower, upper) if lower >= 1 and upper <= n else None


def _binomial(n: int, chance: float) -> NDArray[np.float64]:
    """Probabilities of 0 … n successes, by the ratio of each to the one before."""
    k = np.arange(1, n + 1)
    steps = np.log((n - k + 1) / k) + np.log(chance / (1 - chance))
    return np.asarray(np.exp(n * np.log1p(-chance) + np.concatenate([[0.0], np.cumsum(steps)])))


def _checked(probability: float) -> float:
    if not 0 < probability < 1:
        raise ValueError("a level or quantile lies between 0 and 1, ends excluded")
    return probability
