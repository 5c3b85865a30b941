"""What may be expected of cases of a kind: main effects of their attributes, and a deviation of each kind.

A cell is a combination of attributes; cells of one kind (source × segment × product, whatever the time) share
a deviation from what the attributes say one by one. It is drawn towards nothing, the more so the fewer cases
the kind has: large kinds speak for themselves, small ones are collapsed into the model. How far kinds deviate
at all is estimated from the data, and what is not known of a kind stands in the variance of what is expected.

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
class Fit:
    """A fitted model: effects of the attributes, deviations of the kinds, what is needed for their errors.

    Attributes
    ----------
    inverse: covariance of the effects. widths: one by the variance of each kind's deviation, the effects
    known. met: what each kind's cases weigh for each effect. All of them only matter where kinds deviate.
    """

    design: Design
    effects: Floats
    deviations: Floats
    inverse: Floats
    widths: Floats
    met: Floats
    spread: float

    @cached_property
    def means(self) -> Floats:
        """What is expected of a case in each cell."""
        places = self.design.places(self.effects) + self.deviations[self.design.kind]
        return self.design.means(places)

    def expected(self, cells: Ints, counts: Floats) -> tuple[float, float]:
        """Return the mean expected of ``counts`` cases in some cells, and the variance of that."""
        n, mine = float(counts.sum()), self.design.of(cells)
        pull = counts * self.design.slopes(self.means[cells])
        common, own = mine.sums(pull), 0.0
        if self.spread > 0:
            drawn = mine.by_kind(pull) / self.widths
            own = float(drawn @ (drawn * self.widths))
            common = common - drawn @ self.met
        return float(counts @ self.means[cells]) / n, float(own + common @ self.inverse @ common) / n**2

    def simple(self, cells: Ints, counts: Floats) -> float:
        """Return the mean expected by the effects of the attributes alone."""
        means = self.design.means(self.design.of(cells).places(self.effects))
        return float(counts @ means / counts.sum())


def fit(design: Design, counts: Floats, sums: Floats, *, spread: float, start: Fit | None = None) -> Fit:
    """Fit the model to cases: how many there are in each cell, and their sum.

    Parameters
    ----------
    counts, sums: one figure a cell. spread: variance of the kinds' deviations (0: there are none).
    start: a fit of nearly the same cases; it saves steps.
    """
    penalty, scale = design.penalty, design.noise or 1.0
    effects, kinds = np.zeros(design.width), np.zeros(design.many)
    if start is not None:
        effects, kinds = start.effects, start.deviations
    widths, met = np.ones(design.many), np.zeros((design.many, design.width))

    def height(effects: Floats, kinds: Floats) -> float:
        drawn = float(kinds @ kinds) / spread if spread > 0 else 0.0
        fits = design.likelihood(design.places(effects) + kinds[design.kind], counts, sums)
        return fits - (float(penalty @ effects**2) + drawn) / 2

    for _ in range(_STEPS):
        means = design.means(design.places(effects) + kinds[design.kind])
        weights = counts * design.slopes(means) / scale
        pulls = (sums - counts * means) / scale
        normal = design.crossed(weights) + np.diag(penalty)
        rest = design.sums(pulls) - penalty * effects
        if spread > 0:
            widths, met = design.by_kind(weights) + 1 / spread, design.met(weights)
            told = design.by_kind(pulls) - kinds / spread
            normal -= met.T @ (met / widths[:, None])
            rest -= (told / widths) @ met
        inverse = np.asarray(np.linalg.inv(normal), np.float64)
        step, aside = inverse @ rest, np.zeros_like(kinds)
        if spread > 0:
            aside = (told - met @ step) / widths
        part = _part(height, (effects, kinds), (step, aside)) if np.abs(step).max() > _LONG else 1.0
        effects, kinds = effects + part * step, kinds + part * aside
        if np.abs(part * step).max() < _STILL * scale**0.5:
            break
    return Fit(design, effects, kinds, inverse, widths, met, spread)


def _part(
    height: Callable[[Floats, Floats], float], at: tuple[Floats, Floats], step: tuple[Floats, Floats]
) -> float:
    """Return how much of a step can be gone without going down: in rare cells, Newton's steps lead astray."""
    here, part = height(*at), 1.0
    while part > _SHORTEST and not height(at[0] + part * step[0], at[1] + part * step[1]) >= here:
        part /= 2
    return part


def spread_of(design: Design, cell: Ints, group: Ints, *, counts: Floats, sums: Floats) -> float:
    """Estimate how far kinds deviate from the main effects of their attributes, by moments.

    Groups (reps) may differ from each other; that is taken out.

    Parameters
    ----------
    cell, group: codes of pairs, one entry each, without gaps; counts, sums: of the cases of each pair.

    Returns
    -------
    The variance of the kinds' deviations on the model's scale; 0 where they deviate no more than by chance.
    """
    codes = [*(own[cell] for own in design.codes), group]
    pairs = Design(codes, len(cell), design.noise, design.kind[cell])
    found = fit(pairs, counts, sums, spread=0.0)
    means = pairs.means(pairs.places(found.effects))
    scale = design.noise or 1.0
    met = pairs.met(counts * pairs.slopes(means) / scale)
    excess = pairs.by_kind((sums - counts * means) / scale)
    seen = met[:, 0] > 0
    joint, excess, variance = met[seen], excess[seen], met[seen, 0]
    drawn = joint @ found.inverse
    lost = (drawn * joint).sum(axis=1)
    common = ((drawn @ (joint.T @ joint)) * drawn).sum(axis=1)
    by_chance = float((1 - lost / variance).sum())
    gained = float((variance - 2 * lost + common / variance).sum())
    told = float((excess**2 / variance).sum()) - by_chance
    return max(0.0, told / gained) if gained > 0 else 0.0
