"""Cells of like cases as a table of effects: which value each has of each attribute, and its kind."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

#: How many times the usual spread of single cases the effect of an attribute may be, before data speak.
WIDE = 4.0
#: Beyond this on the logistic scale nothing differs.
FAR = 12.0


@dataclass(frozen=True, eq=False)
class Design:
    """The cells, and which value each has of each attribute.

    Attributes
    ----------
    codes: one array an attribute, one entry a cell: 0, 1, 2 … without gaps.
    size: how many cells. noise: the variance of a single case around its cell, or ``None`` where cases are
        yes or no (then everything is on the logistic scale).
    kinds: the kind of each cell, 0, 1, 2 … without gaps; left out: each is a kind of its own.

    The model has a constant and an effect of each value: ``width`` effects, in this order.
    """

    codes: Sequence[Ints]
    size: int
    noise: float | None = None
    kinds: Ints | None = None

    @cached_property
    def kind(self) -> Ints:
        """The kind of each cell."""
        return np.arange(self.size) if self.kinds is None else self.kinds

    @cached_property
    def many(self) -> int:
        """How many kinds there are."""
        return int(self.kind.max(initial=-1)) + 1

    @cached_property
    def of_kinds(self) -> list[Ints | None]:
        """Of each attribute, the value that each kind has; ``None`` where cells of a kind have several."""
        first = np.zeros(self.many, np.int64)
        first[self.kind[::-1]] = np.arange(self.size)[::-1]
        return [own[first] if (own[first][self.kind] == own).all() else None for own in self.codes]

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
        codes = [own[cells] for own in self.codes]
        mine = replace(self, codes=codes, size=len(cells), kinds=self.kind[cells])
        mine.__dict__.update(starts=self.starts, many=self.many, of_kinds=self.of_kinds)
        return mine

    def places(self, effects: Floats) -> Floats:
        """Return the sum of the effects in each cell."""
        shared, own = np.full(self.many, effects[0]), np.zeros(self.size)
        for codes, of_kind, start in zip(self.codes, self.of_kinds, self.starts, strict=False):
            if of_kind is None:
                own += effects[start + codes]
            else:
                shared += effects[start + of_kind]
        return np.asarray(shared[self.kind] + own)

    def sums(self, figures: Floats) -> Floats:
        """Add up figures of the cells for each effect."""
        shared = self.by_kind(figures)
        table = [shared.sum(keepdims=True)]
        for codes, of_kind, start, after in zip(
            self.codes, self.of_kinds, self.starts, self.starts[1:], strict=False
        ):
            where, added = (codes, figures) if of_kind is None else (of_kind, shared)
            table.append(np.bincount(where, weights=added, minlength=after - start).astype(np.float64))
        return np.concatenate(table)

    def by_kind(self, figures: Floats) -> Floats:
        """Add up figures of the cells for each kind."""
        return np.bincount(self.kind, weights=figures, minlength=self.many).astype(np.float64)

    def met(self, weights: Floats) -> Floats:
        """Add up weights of the cells for each kind and effect."""
        shared = self.by_kind(weights)
        table = np.zeros((self.many, self.width))
        table[:, 0] = shared
        for codes, of_kind, start, after in zip(
            self.codes, self.of_kinds, self.starts, self.starts[1:], strict=False
        ):
            if of_kind is None:
                size = self.many * int(after - start)
                pairs = np.bincount(self.kind * (after - start) + codes, weights=weights, minlength=size)
                table[:, start:after] = pairs.reshape(self.many, -1)
            else:
                table[np.arange(self.many), start + of_kind] = shared
        return table

    @cached_property
    def is_coarse(self) -> bool:
        """Whether there are so few kinds that what cells have in common is added up by kind first."""
        return self.many * self.width <= self.size

    @cached_property
    def shown(self) -> Floats:
        """The effects of each kind's own values: a table of kinds × effects, 1 or 0."""
        table = np.zeros((self.many, self.width))
        table[:, 0] = 1.0
        for of_kind, start in zip(self.of_kinds, self.starts, strict=False):
            if of_kind is not None:
                table[np.arange(self.many), start + of_kind] = 1.0
        return table

    @cached_property
    def blocks(self) -> list[tuple[slice, slice, Ints]]:
        """Each pair of attributes: the effects of both, and the pair of values that each cell has.

        Where what cells have in common is added up by kind, only the pairs of attributes that are not.
        """
        spans = [slice(*ends) for ends in itertools.pairwise(self.starts)]
        told = list(zip(spans, self.codes, self.of_kinds, strict=True))
        apart = [one for one in told if one[2] is None] if self.is_coarse else told
        pairs = itertools.combinations(apart, 2)
        return [(a, b, own * (b.stop - b.start) + other) for (a, own, _), (b, other, _) in pairs]

    def crossed(self, weights: Floats) -> Floats:
        """Add up weights of the cells for each pair of effects."""
        if self.is_coarse:
            met = self.met(weights)
            told = self.shown.T @ met
            table = np.where(self.shown.max(axis=0, keepdims=True).T > 0, told, told.T)
            np.fill_diagonal(table, met.sum(axis=0))
        else:
            table = np.diag(self.sums(weights))
            table[0] = table[:, 0] = np.diag(table)
        for rows, columns, pairs in self.blocks:
            part = table[rows, columns]
            part[:] = np.bincount(pairs, weights=weights, minlength=part.size).reshape(part.shape)
            table[columns, rows] = part.T
        return table

    def means(self, eta: Floats) -> Floats:
        """Return what is expected of a case, of its place on the model's scale."""
        return eta if self.noise is not None else 1 / (1 + np.exp(-np.clip(eta, -FAR, FAR)))

    def likelihood(self, eta: Floats, counts: Floats, sums: Floats) -> float:
        """Return the log-likelihood of cases, up to a constant."""
        if self.noise is not None:
            return float((sums * eta - counts * eta**2 / 2).sum()) / self.noise
        return float((sums * eta - counts * np.logaddexp(0, eta)).sum())

    def slopes(self, means: Floats) -> Floats:
        """Return how the expected changes with the place on the scale."""
        return np.ones_like(means) if self.noise is not None else means * (1 - means)
