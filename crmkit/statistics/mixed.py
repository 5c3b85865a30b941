"""What may be expected of cases of a kind: main effects of their attributes, and a deviation of each cell.

A cell is a combination of attributes (source × segment × product …). Its deviation from what the attributes
say one by one is drawn towards nothing, the more so the fewer cases it has: large cells speak for themselves,
small ones are collapsed into the model. How far cells deviate at all is estimated from the data, and what is
not known of a cell stands in the variance of what is expected.

Source: Breslow and Clayton, JASA 88 (1993) 9–25 (penalised quasi-likelihood); DerSimonian and Laird,
Controlled Clinical Trials 7 (1986) 177–188 (moments)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

#: How many times the usual spread of single cases the effect of an attribute may be, before data speak.
WIDE = 4.0
_STEPS, _STILL, _FAR = 30, 1e-4, 12.0
#: A step so long on the logistic scale is looked at before it is gone; so short, it is gone anyhow.
_LONG, _SHORTEST = 0.5, 1e-6


@dataclass(frozen=True, eq=False)
class Design:
    """The cells, and which value each has of each attribute.

    Attributes
    ----------
    codes: one array an attribute, one entry a cell: 0, 1, 2 … without gaps.
    size: how many cells. noise: the variance of a single case around its cell, or ``None`` where cases are
        yes or no (then everything is on the logistic scale).

    The model has a constant and an effect of each value: ``width`` effects, in this order.
    """

    codes: Sequence[Ints]
    size: int
    noise: float | None = None

    @cached_property
    def starts(self) -> Ints:
        """The place of each attribute's first effect; last, how many effects there are."""
        return np.cumsum([1, *(int(own.max(initial=-1)) + 1 for own in self.codes)])

    @property
    def width(self) -> int:
        """How many effects there are."""
        return int(self.starts[-1])

    @property
    def penalty(self) -> Floats:
        """How strongly each effect is drawn to nothing: the constant not at all, in whatever unit."""
        strength = np.append(1e-9, np.full(self.width - 1, 1 / WIDE))
        return np.asarray(strength / (self.noise or 1.0))

    def of(self, cells: Ints) -> Design:
        """Return some of the cells, with the effects of all."""
        mine = replace(self, codes=[own[cells] for own in self.codes], size=len(cells))
        mine.__dict__["starts"] = self.starts
        return mine

    def places(self, effects: Floats) -> Floats:
        """Return the sum of the effects in each cell."""
        told = np.full(self.size, effects[0])
        for own, start in zip(self.codes, self.starts, strict=False):
            told += effects[start + own]
        return told

    def sums(self, figures: Floats) -> Floats:
        """Add up figures of the cells for each effect."""
        parts = [
            np.bincount(own, weights=figures, minlength=after - start)
            for own, start, after in zip(self.codes, self.starts, self.starts[1:], strict=False)
        ]
        return np.concatenate([[figures.sum()], *parts]).astype(np.float64)

    @cached_property
    def blocks(self) -> list[tuple[slice, slice, Ints]]:
        """Each pair of attributes: the effects of both, and the pair of values that each cell has."""
        spans = [slice(*ends) for ends in itertools.pairwise(self.starts)]
        pairs = itertools.combinations(zip(spans, self.codes, strict=True), 2)
        return [(a, b, own * (b.stop - b.start) + other) for (a, own), (b, other) in pairs]

    def crossed(self, weights: Floats) -> Floats:
        """Add up weights of the cells for each pair of effects."""
        table = np.diag(self.sums(weights))
        table[0] = table[:, 0] = np.diag(table)
        for rows, columns, pairs in self.blocks:
            part = table[rows, columns]
            part[:] = np.bincount(pairs, weights=weights, minlength=part.size).reshape(part.shape)
            table[columns, rows] = part.T
        return table

    def means(self, eta: Floats) -> Floats:
        """Return what is expected of a case, of its place on the model's scale."""
        return eta if self.noise is not None else 1 / (1 + np.exp(-np.clip(eta, -_FAR, _FAR)))

    def likelihood(self, eta: Floats, counts: Floats, sums: Floats) -> float:
        """Return the log-likelihood of cases, up to a constant."""
        if self.noise is not None:
            return float((sums * eta - counts * eta**2 / 2).sum()) / self.noise
        return float((sums * eta - counts * np.logaddexp(0, eta)).sum())

    def slopes(self, means: Floats) -> Floats:
        """Return how the expected changes with the place on the scale."""
        return np.ones_like(means) if self.noise is not None else means * (1 - means)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model: effects of the attributes, deviations of the cells, what is needed for its errors."""

    design: Design
    effects: Floats
    deviations: Floats
    weights: Floats
    inverse: Floats
    spread: float

    @cached_property
    def means(self) -> Floats:
        """What is expected of a case in each cell."""
        return self.design.means(self.design.places(self.effects) + self.deviations)

    def expected(self, cells: Ints, counts: Floats) -> tuple[float, float]:
        """Return the mean expected of ``counts`` cases in some cells, and the variance of that."""
        n, weights = float(counts.sum()), self.weights[cells]
        pull = counts * self.design.slopes(self.means[cells])
        rest, own = pull, 0.0
        if self.spread > 0:
            width = weights + 1 / self.spread
            own = float((pull**2 / width).sum())
            rest = pull - weights * pull / width
        common = self.design.of(cells).sums(rest)
        return float(counts @ self.means[cells]) / n, float(own + common @ self.inverse @ common) / n**2

    def simple(self, cells: Ints, counts: Floats) -> float:
        """Return the mean expected by the effects of the attributes alone."""
        means = self.design.means(self.design.of(cells).places(self.effects))
        return float(counts @ means / counts.sum())


def fit(design: Design, counts: Floats, sums: Floats, *, spread: float, start: Fit | None = None) -> Fit:
    """Fit the model to cases: how many there are in each cell, and their sum.

    Parameters
    ----------
    counts, sums: one figure a cell. spread: variance of the cells' deviations (0: there are none).
    start: a fit of nearly the same cases; it saves steps.
    """
    penalty, scale = design.penalty, design.noise or 1.0
    effects, cells = np.zeros(design.width), np.zeros(design.size)
    if start is not None:
        effects, cells = start.effects, start.deviations

    def height(effects: Floats, cells: Floats) -> float:
        drawn = float(cells @ cells) / spread if spread > 0 else 0.0
        fits = design.likelihood(design.places(effects) + cells, counts, sums)
        return fits - (float(penalty @ effects**2) + drawn) / 2

    for _ in range(_STEPS):
        means = design.means(design.places(effects) + cells)
        weights = counts * design.slopes(means) / scale
        pulls = (sums - counts * means) / scale
        keep, told = np.ones_like(weights), pulls
        if spread > 0:
            told = pulls - cells / spread
            keep = 1 - weights / (weights + 1 / spread)
        normal = design.crossed(weights * keep) + np.diag(penalty)
        inverse = np.asarray(np.linalg.inv(normal), np.float64)
        step = inverse @ (design.sums(pulls - (1 - keep) * told) - penalty * effects)
        aside = np.zeros_like(cells)
        if spread > 0:
            aside = (told - weights * design.places(step)) / (weights + 1 / spread)
        part = _part(height, (effects, cells), (step, aside)) if np.abs(step).max() > _LONG else 1.0
        effects, cells = effects + part * step, cells + part * aside
        if np.abs(part * step).max() < _STILL * scale**0.5:
            break
    return Fit(design, effects, cells, weights, inverse, spread)


def _part(
    height: Callable[[Floats, Floats], float], at: tuple[Floats, Floats], step: tuple[Floats, Floats]
) -> float:
    """Return how much of a step can be gone without going down: in rare cells, Newton's steps lead astray."""
    here, part = height(*at), 1.0
    while part > _SHORTEST and not height(at[0] + part * step[0], at[1] + part * step[1]) >= here:
        part /= 2
    return part


def spread_of(design: Design, cell: Ints, group: Ints, *, counts: Floats, sums: Floats) -> float:
    """Estimate how far cells deviate from the main effects of their attributes, by moments.

    Groups (reps) may differ from each other; that is taken out.

    Parameters
    ----------
    cell, group: codes of pairs, one entry each, without gaps; counts, sums: of the cases of each pair.

    Returns
    -------
    The variance of the cells' deviations on the model's scale; 0 where they deviate no more than by chance.
    """
    pairs = Design([*(own[cell] for own in design.codes), group], len(cell), design.noise)
    found = fit(pairs, counts, sums, spread=0.0)
    scale = design.noise or 1.0
    excess = np.bincount(cell, weights=(sums - counts * found.means) / scale, minlength=design.size)
    variance = np.bincount(cell, weights=found.weights, minlength=design.size)
    joint = np.zeros((design.size, pairs.width))
    joint[:, 0] = variance
    for own, start in zip(design.codes, pairs.starts, strict=False):
        joint[np.arange(design.size), start + own] = variance
    np.add.at(joint, (cell, pairs.starts[-2] + group), found.weights)
    seen = variance > 0
    joint, variance, excess = joint[seen], variance[seen], excess[seen]
    drawn = joint @ found.inverse
    lost = (drawn * joint).sum(axis=1)
    common = ((drawn @ (joint.T @ joint)) * drawn).sum(axis=1)
    by_chance = float((1 - lost / variance).sum())
    gained = float((variance - 2 * lost + common / variance).sum())
    told = float((excess**2 / variance).sum()) - by_chance
    return max(0.0, told / gained) if gained > 0 else 0.0
