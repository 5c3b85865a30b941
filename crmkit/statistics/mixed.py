"""What may be expected of cases of a kind: main effects of their attributes, and a deviation of each cell.

A cell is a combination of attributes (source × segment × product …). Its deviation from what the attributes
say one by one is drawn towards nothing, the more so the fewer cases it has: large cells speak for themselves,
small ones are collapsed into the model. How far cells deviate at all is estimated from the data, and what is
not known of a cell stands in the variance of what is expected.

Source: Breslow and Clayton, JASA 88 (1993) 9–25 (penalised quasi-likelihood); DerSimonian and Laird,
Controlled Clinical Trials 7 (1986) 177–188 (moments)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

#: How many times the usual spread of single cases the effect of an attribute may be, before data speak.
WIDE = 4.0
_STEPS, _STILL, _FAR = 30, 1e-5, 12.0


@dataclass(frozen=True, eq=False)
class Design:
    """The cells: one row each, a constant and one column for each value of each attribute.

    ``noise`` is the variance of a single case around its cell, or ``None`` where cases are yes or no (then
    everything is on the logistic scale).
    """

    columns: Floats
    noise: float | None = None

    @property
    def penalty(self) -> Floats:
        """How strongly each column is drawn to nothing: the constant not at all."""
        wide = WIDE if self.noise is None else WIDE * self.noise
        return np.append(1e-9, np.full(self.columns.shape[1] - 1, 1 / wide))

    def means(self, eta: Floats) -> Floats:
        """Return what is expected of a case, of its place on the model's scale."""
        return eta if self.noise is not None else 1 / (1 + np.exp(-np.clip(eta, -_FAR, _FAR)))

    def slopes(self, means: Floats) -> Floats:
        """Return how the expected changes with the place on the scale."""
        return np.ones_like(means) if self.noise is not None else means * (1 - means)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model: effects of the columns, deviations of the cells, and what is needed for its errors."""

    design: Design
    effects: Floats
    deviations: Floats
    weights: Floats
    inverse: Floats
    spread: float

    @property
    def means(self) -> Floats:
        """What is expected of a case in each cell."""
        return self.design.means(self.design.columns @ self.effects + self.deviations)

    def expected(self, counts: Floats) -> tuple[float, float]:
        """Return the mean expected of ``counts`` cases in each cell, and the variance of that expectation."""
        means, n = self.means, counts.sum()
        pull = counts * self.design.slopes(means)
        rest, own = pull, 0.0
        if self.spread > 0:
            width = self.weights + 1 / self.spread
            own = float((pull**2 / width).sum())
            rest = pull - self.weights * pull / width
        common = self.design.columns.T @ rest
        return float(counts @ means / n), float(own + common @ self.inverse @ common) / float(n) ** 2


def fit(design: Design, counts: Floats, sums: Floats, *, spread: float, start: Fit | None = None) -> Fit:
    """Fit the model to cases: how many there are in each cell, and their sum.

    Parameters
    ----------
    counts, sums: one figure a cell. spread: variance of the cells' deviations (0: there are none).
    start: a fit of nearly the same cases; it saves steps.
    """
    x, penalty, scale = design.columns, design.penalty, design.noise or 1.0
    effects, cells = np.zeros(x.shape[1]), np.zeros(len(x))
    if start is not None:
        effects, cells = start.effects, start.deviations
    for _ in range(_STEPS):
        means = design.means(x @ effects + cells)
        weights = counts * design.slopes(means) / scale
        pulls = (sums - counts * means) / scale
        keep, told = np.ones_like(weights), pulls
        if spread > 0:
            told = pulls - cells / spread
            keep = 1 - weights / (weights + 1 / spread)
        within = x.T * (weights * keep) @ x + np.diag(penalty)
        right = x.T @ (pulls - (1 - keep) * told) - penalty * effects
        step = np.linalg.solve(within, right)
        if spread > 0:
            cells = cells + (told - weights * (x @ step)) / (weights + 1 / spread)
        effects = effects + step
        if np.abs(step).max() < _STILL:
            break
    return Fit(design, effects, cells, weights, np.asarray(np.linalg.inv(within), np.float64), spread)


def spread_of(design: Design, cell: Ints, group: Ints, *, counts: Floats, sums: Floats) -> float:
    """Estimate how far cells deviate from the main effects of their attributes, by moments.

    Groups (reps) may differ from each other; that is taken out.

    Parameters
    ----------
    cell, group: codes of pairs, one entry each; counts, sums: of the cases of each pair.

    Returns
    -------
    The variance of the cells' deviations on the model's scale; 0 where they deviate no more than by chance.
    """
    pairs = _Pairs(design, cell, group, counts, sums)
    means, weights, inverse = pairs.fitted()
    size = len(design.columns)
    excess = np.bincount(cell, weights=(sums - counts * means) / pairs.scale, minlength=size)
    variance = np.bincount(cell, weights=weights, minlength=size)
    with_group = np.zeros((size, int(group.max(initial=0)) + 1))
    np.add.at(with_group, (cell, group), weights)
    joint = np.hstack([design.columns * variance[:, None], with_group])
    seen = variance > 0
    joint, variance, excess = joint[seen], variance[seen], excess[seen]
    drawn = joint @ inverse
    lost = np.einsum("ij,ij->i", drawn, joint)
    crossed = np.einsum("ij,jk,ik->i", drawn, joint.T @ joint, drawn, optimize=True)
    by_chance = float((1 - lost / variance).sum())
    scale = float((variance - 2 * lost + crossed / variance).sum())
    found = float((excess**2 / variance).sum()) - by_chance
    return max(0.0, found / scale) if scale > 0 else 0.0


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Cases by cell and group, for a fit in which groups have effects of their own."""

    design: Design
    cell: Ints
    group: Ints
    counts: Floats
    sums: Floats

    @property
    def scale(self) -> float:
        return self.design.noise or 1.0

    def fitted(self) -> tuple[Floats, Floats, Floats]:
        """Return the expected of each pair, its weight, and the inverse of the normal matrix."""
        x, groups = self.design.columns, int(self.group.max(initial=0)) + 1
        width = x.shape[1]
        penalty = np.append(self.design.penalty, np.full(groups, self.design.penalty[-1]))
        known = np.zeros(width + groups)
        for _ in range(_STEPS):
            eta = (x @ known[:width])[self.cell] + known[width + self.group]
            means = self.design.means(eta)
            weights = self.counts * self.design.slopes(means) / self.scale
            pulls = (self.sums - self.counts * means) / self.scale
            by_cell = np.bincount(self.cell, weights=weights, minlength=len(x))
            cross = np.zeros((groups, width))
            for column in range(width):
                values = weights * x[self.cell, column]
                cross[:, column] = np.bincount(self.group, weights=values, minlength=groups)
            alone = np.diag(np.bincount(self.group, weights=weights, minlength=groups))
            normal = np.block([[x.T * by_cell @ x, cross.T], [cross, alone]]) + np.diag(penalty)
            pulled = np.bincount(self.cell, weights=pulls, minlength=len(x))
            by_group = np.bincount(self.group, weights=pulls, minlength=groups)
            step = np.linalg.solve(normal, np.append(x.T @ pulled, by_group) - penalty * known)
            known = known + step
            if np.abs(step).max() < _STILL:
                break
        return means, weights, np.linalg.inv(normal)
