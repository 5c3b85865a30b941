"""What may be expected of cases of a kind: main effects of their attributes, and what deviates from them.

A cell is a combination of attributes; cells of one kind (source × segment × product, whatever the amount and
the time) share a deviation from what the attributes say one by one, and each cell has one of its own. Both
are drawn towards nothing, the more so the fewer cases there are: large kinds and cells speak for themselves,
small ones are collapsed into the model. How far they deviate at all is estimated from the data, and what is
not known of them stands in the variance of what is expected.

Source: Breslow and Clayton, JASA 88 (1993) 9–25 (penalised quasi-likelihood); DerSimonian and Laird,
Controlled Clinical Trials 7 (1986) 177–188 (moments)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crmkit.statistics.designs import Design

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_STEPS, _STILL = 30, 1e-4
#: A step so long on the logistic scale is looked at before it is gone; so short, it is gone anyhow.
_LONG, _SHORTEST = 0.5, 1e-6


@dataclass(frozen=True, eq=False)
class Spread:
    """The variance of the deviations, on the model's scale: of kinds, and of the cells of a kind."""

    kinds: float = 0.0
    cells: float = 0.0


@dataclass(frozen=True, eq=False)
class Weighed:
    """How much the cases of a fit tell of effects, and of deviations.

    Attributes
    ----------
    kept: part of each cell's cases that tells of more than the cell. inverse: covariance of the effects.
    cells, kinds: one by the variance of each deviation, all that is above it known; infinite where there is
        none. met: what each kind's cases tell of each effect.
    """

    kept: Floats
    inverse: Floats
    cells: Floats
    kinds: Floats
    met: Floats


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model: effects of the attributes, deviations of kinds and cells, what their errors need."""

    design: Design
    effects: Floats
    kinds: Floats
    cells: Floats
    weighed: Weighed

    @cached_property
    def means(self) -> Floats:
        """What is expected of a case in each cell."""
        return self.design.means(self.design.places(self.effects) + self.kinds[self.design.kind] + self.cells)

    def expected(self, cells: Ints, counts: Floats) -> tuple[float, float]:
        """Return the mean expected of ``counts`` cases in some cells, and the variance of that."""
        n, mine, told = float(counts.sum()), self.design.of(cells), self.weighed
        pull = counts * self.design.slopes(self.means[cells])
        rest = pull * told.kept[cells]
        drawn = mine.by_kind(rest) / told.kinds
        common = mine.sums(rest) - drawn @ told.met
        own = (pull**2 / told.cells[cells]).sum() + drawn @ mine.by_kind(rest)
        return float(counts @ self.means[cells]) / n, float(own + common @ told.inverse @ common) / n**2

    def simple(self, cells: Ints, counts: Floats) -> float:
        """Return the mean expected by the effects of the attributes alone."""
        means = self.design.means(self.design.of(cells).places(self.effects))
        return float(counts @ means / counts.sum())


def fit(design: Design, counts: Floats, sums: Floats, *, spread: Spread, start: Fit | None = None) -> Fit:
    """Fit the model to cases: how many there are in each cell, and their sum.

    Parameters
    ----------
    counts, sums: one figure a cell. spread: how far kinds and cells deviate.
    start: a fit of nearly the same cases; it saves steps.
    """
    penalty, scale = design.penalty, design.noise or 1.0
    effects, kinds, cells = np.zeros(design.width), np.zeros(design.many), np.zeros(design.size)
    if start is not None:
        effects, kinds, cells = start.effects, start.kinds, start.cells
    by_kind, by_cell = (1 / one if one > 0 else np.inf for one in (spread.kinds, spread.cells))

    def height(effects: Floats, kinds: Floats, cells: Floats) -> float:
        drawn = sum(
            float(own @ own) / of for own, of in ((kinds, spread.kinds), (cells, spread.cells)) if of > 0
        )
        fits = design.likelihood(design.places(effects) + kinds[design.kind] + cells, counts, sums)
        return fits - (float(penalty @ effects**2) + drawn) / 2

    for _ in range(_STEPS):
        means = design.means(design.places(effects) + kinds[design.kind] + cells)
        weights = counts * design.slopes(means) / scale
        pulls = (sums - counts * means) / scale
        told = _weighed(design, weights, by_kind, by_cell)
        own = pulls - _drawn(cells, spread.cells)
        rest = pulls - weights / told.cells * own
        shared = design.by_kind(rest) - _drawn(kinds, spread.kinds)
        step = told.inverse @ (design.sums(rest) - penalty * effects - (shared / told.kinds) @ told.met)
        of_kinds = (shared - told.met @ step) / told.kinds
        of_cells = (own - weights * (design.places(step) + of_kinds[design.kind])) / told.cells
        steps = (step, of_kinds, of_cells)
        part = _part(height, (effects, kinds, cells), steps) if np.abs(step).max() > _LONG else 1.0
        effects, kinds, cells = effects + part * step, kinds + part * of_kinds, cells + part * of_cells
        if np.abs(part * step).max() < _STILL * scale**0.5:
            break
    return Fit(design, effects, kinds, cells, told)


def _drawn(deviations: Floats, spread: float) -> Floats:
    """Return how strongly deviations are drawn to nothing."""
    return deviations / spread if spread > 0 else deviations


def _weighed(design: Design, weights: Floats, by_kind: float, by_cell: float) -> Weighed:
    """Return how much cases that weigh so much tell; cells within kinds within effects."""
    cells = weights + by_cell
    kept = 1 - weights / cells
    rest = weights * kept
    normal = design.crossed(rest) + np.diag(design.penalty)
    kinds, met = design.by_kind(rest) + by_kind, np.zeros((design.many, design.width))
    if np.isfinite(by_kind):
        met = design.met(rest)
        normal -= met.T @ (met / kinds[:, None])
    return Weighed(kept, np.asarray(np.linalg.inv(normal), np.float64), cells, kinds, met)


def _part(height: Callable[..., float], at: tuple[Floats, ...], step: tuple[Floats, ...]) -> float:
    """Return how much of a step can be gone without going down: in rare cells, Newton's steps lead astray."""
    here, part = height(*at), 1.0
    while part > _SHORTEST and not height(*(a + part * b for a, b in zip(at, step, strict=True))) >= here:
        part /= 2
    return part


def spread_of(design: Design, cell: Ints, group: Ints, *, counts: Floats, sums: Floats) -> Spread:
    """Estimate how far kinds and cells deviate from the main effects of their attributes, by moments.

    Groups (reps) may differ from each other; that is taken out.

    Parameters
    ----------
    cell, group: codes of pairs, one entry each, without gaps; counts, sums: of the cases of each pair.

    Returns
    -------
    The variances on the model's scale; 0 where there is no more than by chance.
    """
    codes = [*(own[cell] for own in design.codes), group]
    pairs = Design(codes, len(cell), design.noise, cell)
    found = fit(pairs, counts, sums, spread=Spread())
    scale = design.noise or 1.0
    weights = counts * design.slopes(found.means) / scale
    excess = (sums - counts * found.means) / scale
    cells = _by_moments(pairs.by_kind(excess), pairs.met(weights), found.weighed.inverse)
    if design.kinds is None:
        return Spread(cells=max(0.0, cells))
    kinds = Design(codes, len(cell), design.noise, design.kind[cell])
    whole = _by_moments(kinds.by_kind(excess), kinds.met(weights), found.weighed.inverse)
    # What cells deviate by on their own is in the figure of their kind too, as far as few cells make it.
    mine = pairs.by_kind(weights)
    of_kind = np.bincount(design.kind, weights=mine)
    part = float(np.bincount(design.kind, weights=mine**2) @ (1 / of_kind)) / float(mine.sum())
    own = max(0.0, cells - whole) / (1 - part) if part < 1 else 0.0
    return Spread(max(0.0, whole - part * own), own)


def _by_moments(excess: Floats, met: Floats, inverse: Floats) -> float:
    """Return the variance by which sums of residuals exceed chance.

    Parameters
    ----------
    excess: of each group, the sum of its residuals. met: what its cases tell of each effect; the constant
    comes first. inverse: covariance of the effects.
    """
    seen = met[:, 0] > 0
    joint, excess, variance = met[seen], excess[seen], met[seen, 0]
    drawn = joint @ inverse
    lost = (drawn * joint).sum(axis=1)
    common = ((drawn @ (joint.T @ joint)) * drawn).sum(axis=1)
    by_chance = float((1 - lost / variance).sum())
    gained = float((variance - 2 * lost + common / variance).sum())
    told = float((excess**2 / variance).sum()) - by_chance
    return told / gained if gained > 0 else 0.0
