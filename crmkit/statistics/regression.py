"""Straight lines through figures of successive weeks, whose errors hang together with those next to them.

Two ways of allowing for that. Newey and West's errors add the covariances of neighbouring residuals; with a
hundred weeks, a trend and a season they are far too small. ``autoregressive`` fits the dependence itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
#: How errors may hang together: the correlation of what lasts from week to week, and its part of an error;
#: the rest is each week's own. No series of sales alternates; what drifts slowly has correlations near 1.
LASTING = ((0.0, 0.0), *product((0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.995), (0.1, 0.25, 0.5, 0.75, 1.0)))
#: Squares below this part of all squares are rounding, not residuals.
_NOTHING = 1e-24


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted linear regression.

    Attributes
    ----------
    coefficients: one a column of x. covariance: of them.
    freedom: the degrees of freedom of Student's distribution for their intervals.
    correlation: of the errors of neighbouring rows; NaN where it is not fitted.
    """

    coefficients: Floats
    covariance: Floats
    freedom: int
    correlation: float


def least_squares(y: ArrayLike, x: ArrayLike, weights: ArrayLike | None = None, *, lags: int = 0) -> Fit:
    """Fit a line by least squares, with Newey and West's errors.

    Parameters
    ----------
    y: one value a row, the rows in the order of time. x: rows × columns; the intercept is the caller's.
    weights: what each row is worth, above 0; left out: all alike.
    lags: residuals so many rows apart may hang together, with Bartlett's weights; 0: none, only their spread
        may differ from row to row.

    Raises
    ------
    ValueError: lengths that differ, weights that are not above 0, as many columns as rows.
    LinAlgError: a column says the same as others together.

    Source: Newey and West, Econometrica 55 (1987) 703–708, with the factor n ÷ (n − columns)

    >>> told = least_squares([1, 2, 4, 5], [[1, 0], [1, 0], [1, 1], [1, 1]])
    >>> told.coefficients.round(6).tolist(), float(told.covariance[1, 1].round(6))
    ([1.5, 3.0], 0.5)
    """
    value, columns = _scaled(y, x, weights)
    rows, count = columns.shape
    inner = np.linalg.inv(columns.T @ columns)
    coefficients = inner @ (columns.T @ value)
    scores = columns * (value - columns @ coefficients)[:, None]
    middle = scores.T @ scores
    for lag in range(1, lags + 1):
        shifted = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (shifted + shifted.T)
    covariance = inner @ middle @ inner * rows / (rows - count)
    return Fit(coefficients, covariance, rows - count, float("nan"))


def usual_lags(rows: int) -> int:
    """Return how many lags are usual for Newey and West's errors: 4 (rows ÷ 100)^(2/9), rounded down.

    Source: Newey and West, Review of Economic Studies 61 (1994) 631–653

    >>> [usual_lags(rows) for rows in (16, 39, 130, 300)]
    [2, 3, 4, 5]
    """
    return int(4 * (rows / 100) ** (2 / 9))


def autoregressive(y: ArrayLike, x: ArrayLike, weights: ArrayLike | None = None) -> Fit:
    """Fit a line whose errors follow an autoregression of order 1, however strong it is, beside plain noise.

    Counts of a week have noise of their own, beneath which what lasts would be overlooked if an
    autoregression were all. For each way to hang together in ``LASTING`` the line is fitted by generalised
    least squares; the fits are put together by their restricted likelihoods. So the covariance has two
    parts: how far a fit may be wrong, and how far the fits differ because how errors hang together is known
    but roughly.

    Parameters
    ----------
    y, x, weights: as for :func:`least_squares`.

    Raises
    ------
    ValueError, LinAlgError: as there.

    Source: Harville, JASA 72 (1977) 320–338 (restricted likelihood); averaging over it instead of taking its
    maximum: Berger, de Oliveira and Sansó, JASA 96 (2001) 1361–1374
    """
    value, columns = _scaled(y, x, weights)
    rows, count = columns.shape
    roots = _roots(rows)
    both = roots @ np.column_stack([columns, value])
    x_white, y_white = both[:, :, :-1], both[:, :, -1:]
    inner = np.linalg.inv(x_white.transpose(0, 2, 1) @ x_white)
    found = inner @ (x_white.transpose(0, 2, 1) @ y_white)
    squares = ((y_white - x_white @ found) ** 2).sum(axis=(1, 2))
    squares = np.maximum(squares, max(_NOTHING * float(value @ value), np.finfo(np.float64).tiny))
    scale = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    likelihood = scale + (np.linalg.slogdet(inner)[1] - (rows - count) * np.log(squares)) / 2
    chance = np.exp(likelihood - likelihood.max())
    chance /= chance.sum()
    coefficients = chance @ found[:, :, 0]
    apart = found[:, :, 0] - coefficients
    within = np.einsum("r,rij->ij", chance * squares / (rows - count), inner)
    between = np.einsum("r,ri,rj->ij", chance, apart, apart)
    return Fit(coefficients, within + between, rows - count, float(chance @ np.prod(LASTING, axis=1)))


@cache
def _roots(rows: int) -> Floats:
    """Return for each of ``LASTING`` what makes so many errors that hang together so independent."""
    apart = np.abs(np.subtract.outer(np.arange(rows), np.arange(rows)))
    spreads = [(1 - part) * np.eye(rows) + part * np.float64(shared) ** apart for shared, part in LASTING]
    return np.asarray(np.linalg.inv(np.linalg.cholesky(np.array(spreads))), np.float64)


def whitened(columns: Floats, correlations: ArrayLike) -> Floats:
    """Take from each row what it shares with the row before: one table of columns for each correlation.

    Source: Prais and Winsten, Cowles Commission Discussion Paper 383 (1954)

    >>> whitened(np.array([[5.0], [3.0], [4.0]]), [0.6])[0, :, 0].round(6).tolist()
    [4.0, 0.0, 2.2]
    """
    shared = np.asarray(correlations, np.float64)[:, None, None]
    first = columns[None, :1] * np.sqrt(1 - shared**2)
    return np.concatenate([first, columns[None, 1:] - shared * columns[None, :-1]], axis=1)


def _scaled(y: ArrayLike, x: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return values and columns in which every row is worth the same."""
    value, columns = np.asarray(y, np.float64), np.asarray(x, np.float64)
    if columns.ndim != 2 or len(columns) != len(value):
        raise ValueError("x must have a row for each y")
    if len(columns) <= columns.shape[1]:
        raise ValueError("there must be more rows than columns")
    if weights is None:
        return value, columns
    worth = np.asarray(weights, np.float64)
    if worth.shape != value.shape or not (worth > 0).all():
        raise ValueError("there must be a weight above 0 for each y")
    root = np.sqrt(worth)
    return value * root, columns * root[:, None]
