"""Chances by attributes: logistic regression, and what a group's cases are worth with the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
#: How strongly the levels of attributes are drawn to their middle: enough for a level without wins (or of
#: one group alone) to keep a finite chance; 30 cases at 25 % are drawn by some 2 %.
RIDGE = 0.1
MOST_STEPS, CLOSE, DEPENDENT = 50, 1e-10, 1e-12


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted logistic regression.

    Attributes
    ----------
    coefficients: log-odds, one a column. covariance: of the coefficients. NaN both if not ``converged``.
    converged: False where the data do not determine the coefficients: columns depend on one another, or
        some of them tell the wins from the losses without a mistake (no finite coefficient is the best).
    """

    coefficients: Floats
    covariance: Floats
    converged: bool


def logistic(
    y: ArrayLike, x: ArrayLike, weights: ArrayLike | None = None, *, ridge: ArrayLike = 0.0
) -> Logistic:
    """Fit a logistic regression by iteratively reweighted least squares.

    Parameters
    ----------
    y: 0 or 1 a case; or the share of wins of a row of several cases.
    x: rows × columns; a column of ones, where an intercept is wanted, is the caller's.
    weights: cases of each row; rows without cases tell nothing. Left out: one each.
    ridge: what is taken off the log-likelihood for half the square of a coefficient: one for all, or one a
        column. 0 is plain maximum likelihood; with more, the covariance is that of the penalised fit.

    Raises
    ------
    ValueError: shares outside 0 … 1 or missing, negative weights, lengths that differ.

    Source: McCullagh and Nelder, Generalized Linear Models, 2.5; le Cessie and van Houwelingen, Applied
    Statistics 41 (1992) 191–201

    >>> told = logistic([0, 0, 0, 1, 0, 1, 1, 1], [[1, 0]] * 4 + [[1, 1]] * 4)
    >>> told.coefficients.round(6).tolist(), told.converged  # 1 : 3 and 3 : 1
    ([-1.098612, 2.197225], True)
    """
    columns = np.asarray(x, np.float64)
    share = np.asarray(y, np.float64)
    cases = np.ones(len(share)) if weights is None else np.asarray(weights, np.float64)
    if columns.ndim != 2 or not len(columns) == len(share) == len(cases):
        raise ValueError("x must have a row for each y and weight")
    share = np.where(cases == 0, 0.0, share)
    if not ((share >= 0) & (share <= 1) & (cases >= 0)).all():
        raise ValueError("shares lie between 0 and 1, weights are not negative")
    return _fitted(
        (cases * share, cases),
        (
            lambda coefficients: np.asarray(columns @ coefficients),
            lambda values: np.asarray(values @ columns),
            lambda values: np.asarray((columns.T * values) @ columns),
        ),
        np.zeros(columns.shape[1]),
        np.broadcast_to(np.asarray(ridge, np.float64), columns.shape[1]),
    )


def chances(x: ArrayLike, coefficients: ArrayLike) -> Floats:
    """Return the chance of each row: 0 … 1.

    >>> chances([[1, 0], [1, 1]], [0, 1.0986122886681098]).round(9).tolist()
    [0.5, 0.75]
    """
    return _chance(np.asarray(x, np.float64) @ np.asarray(coefficients, np.float64))


def chances_without(won: ArrayLike, of: ArrayLike, codes: ArrayLike, *, ridge: float = RIDGE) -> Floats:
    """Return for each group what chances the cells of like cases have with all the other groups.

    An intercept and one coefficient for every level of every attribute are fitted to the cases of the
    others; the levels are drawn a little to their middle, so that none is left out, attributes that say the
    same share it, and a level that the others have no case of gets the middle one.

    Parameters
    ----------
    won, of: groups × cells, successes and cases; parts of a case are allowed.
    codes: cells × attributes, level of each attribute from 0.
    ridge: more than 0; see :func:`logistic`.

    Returns
    -------
    Groups × cells, 0 … 1. NaN for a group if the others have no cases.

    Source: METHOD 6.1

    >>> told = chances_without([[1, 0], [2, 6], [2, 6]], [[4, 0], [10, 10], [10, 10]], [[0], [1]])
    >>> told[0].round(1).tolist()
    [0.2, 0.6]
    """
    wins, cases = np.asarray(won, np.float64), np.asarray(of, np.float64)
    if not ((wins >= 0) & (wins <= cases)).all() or not ridge > 0:
        raise ValueError("successes must lie between 0 and n, and the ridge above 0")
    maps, size = _levels(np.asarray(codes, np.int64))
    penalty = np.append(0.0, np.full(size - 1, ridge))
    whole = wins.sum(axis=0), cases.sum(axis=0)
    start = _fitted(whole, maps, np.zeros(size), penalty).coefficients
    told = np.full(cases.shape, np.nan)
    for group in range(len(cases)):
        # What is left after subtraction is no less than nothing, save for the last digit of parts of cases.
        others = np.maximum(whole[1] - cases[group], 0.0)
        theirs = np.clip(whole[0] - wins[group], 0.0, others)
        if others.any():
            fit = _fitted((theirs, others), maps, start if np.isfinite(start).all() else start * 0, penalty)
            told[group] = _chance(maps[0](fit.coefficients))
    return told


#: Coefficients to log-odds of rows, values of rows to sums by column, their weights to products of columns.
Maps: TypeAlias = tuple[Callable[[Floats], Floats], Callable[[Floats], Floats], Callable[[Floats], Floats]]


def _levels(codes: Ints) -> tuple[Maps, int]:
    """Return the maps of an intercept and a column for each level, and their number; no matrix is made."""
    sizes = codes.max(axis=0, initial=0) + 1
    first = np.append(1, 1 + np.cumsum(sizes))
    at = np.column_stack([np.zeros(len(codes), np.int64), codes + first[:-1]])
    size, width = int(first[-1]), at.shape[1]
    pairs = (at[:, :, None] * size + at[:, None, :]).ravel()

    def sums(values: Floats) -> Floats:
        return np.asarray(np.bincount(at.ravel(), np.repeat(values, width), size), np.float64)

    def products(values: Floats) -> Floats:
        told = np.bincount(pairs, np.repeat(values, width * width), size * size)
        return np.asarray(told.reshape(size, size), np.float64)

    return (lambda coefficients: np.asarray(coefficients[at].sum(axis=1)), sums, products), size


def _fitted(counts: tuple[Floats, Floats], maps: Maps, start: Floats, ridge: Floats) -> Logistic:
    """Climb to the greatest (penalised) likelihood by Newton's steps, halved where they lead down."""
    won, of = counts
    odds, sums, products = maps

    def height(at: Floats) -> float:
        line = odds(at)
        return float((won * line - of * np.logaddexp(0, line)).sum() - (ridge * at**2).sum() / 2)

    at, here = start, height(start)
    for _ in range(MOST_STEPS):
        chance = _chance(odds(at))
        curvature = products(of * chance * (1 - chance)) + np.diag(ridge)
        if not _is_sound(curvature):
            break
        step = np.linalg.solve(curvature, sums(won - of * chance) - ridge * at)
        if np.abs(step).max(initial=0.0) <= CLOSE * (1 + np.abs(at).max(initial=0.0)):
            return Logistic(at + step, np.asarray(np.linalg.inv(curvature)), True)
        there = height(at + step)
        while there < here - CLOSE * (1 + abs(here)) and np.abs(step).max() > CLOSE:
            step = step / 2
            there = height(at + step)
        at, here = at + step, there
    return Logistic(start * np.nan, np.full((len(start), len(start)), np.nan), False)


def _is_sound(curvature: Floats) -> bool:
    """Say whether the columns of a symmetric matrix do not depend on one another."""
    scale = np.sqrt(np.diag(curvature))
    if not (scale > 0).all():
        return False
    try:
        root = np.linalg.cholesky(curvature / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return False
    return bool((np.diag(root) ** 2 > DEPENDENT).all())


def _chance(odds: Floats) -> Floats:
    """Return 1 / (1 + exp(−odds)), without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -odds)))
