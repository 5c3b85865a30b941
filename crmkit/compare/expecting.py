"""What the others would have made of a rep's cases: expected by the mix, the rep left out (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crmkit.facts import BoolArray, FloatArray, IntArray
from crmkit.statistics.designs import Design
from crmkit.statistics.mixed import Fit, Spread, fit, spread_of

#: Cases of one cell and rep beyond the first that are needed for telling how single values scatter.
FEW_REPEATS = 30


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the others' figures let one expect of a rep's cases.

    Attributes
    ----------
    mean: expected value of a case of the rep's mix; error: its variance.
    simple: the same by the main effects of the attributes alone. noise: variance of the rep's own mean, were
        it as expected. matched: share of the rep's cases each of whose attributes the others have often
        enough.
    by_cell: what is expected of a case in each cell.
    """

    mean: float
    error: float
    simple: float
    noise: float
    matched: float
    by_cell: FloatArray

    @classmethod
    def unknown(cls, cells: int) -> Expectation:
        """Return that nothing can be expected: nobody else has cases."""
        return cls(np.nan, np.nan, np.nan, np.nan, np.nan, np.full(cells, np.nan))


@dataclass(frozen=True, eq=False)
class Field:
    """Cases of one role by cell and rep.

    Attributes
    ----------
    rep, cell, value: one entry a case. attributes: codes of each attribute, one a case.
    is_share: values are yes or no. kind: which cases share what cannot be told by their attributes one by
        one; left out: those of one cell.
    """

    rep: IntArray
    cell: IntArray
    value: FloatArray
    attributes: Sequence[IntArray]
    is_share: bool
    kind: IntArray | None = None

    @cached_property
    def size(self) -> int:
        """How many cells there are."""
        return int(self.cell.max(initial=-1)) + 1

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Cell and rep of each pair that has cases, how many, and their sum."""
        joint, place = np.unique(self.rep * self.size + self.cell, return_inverse=True)
        counts = np.bincount(place).astype(np.float64)
        sums = np.bincount(place, weights=self.value).astype(np.float64)
        return joint % self.size, joint // self.size, counts, sums

    @cached_property
    def design(self) -> Design:
        """The cells, and which value each has of each attribute."""
        first = np.full(self.size, -1)
        first[self.cell[::-1]] = np.arange(len(self.cell))[::-1]
        codes = [np.unique(own[first], return_inverse=True)[1] for own in self.attributes]
        kinds = None if self.kind is None else np.unique(self.kind[first], return_inverse=True)[1]
        return Design(codes, self.size, None if self.is_share else self._noise(), kinds)

    def _noise(self) -> float:
        """Return the variance of single values within cells and reps; of all if there are no repeats."""
        counts, sums = self.pairs[2:]
        squares = float((self.value**2).sum() - (sums**2 / counts).sum())
        free = len(self.value) - len(counts)
        whole = float(self.value.var()) if len(self.value) else 0.0
        return max(squares / free if free > FEW_REPEATS else whole, 1e-12)

    @cached_property
    def spread(self) -> Spread:
        """How far kinds, and cells, deviate from the main effects of their attributes."""
        if len(self.attributes) < 2:
            return Spread()
        cell, rep, counts, sums = self.pairs
        return spread_of(self.design, cell, np.unique(rep, return_inverse=True)[1], counts=counts, sums=sums)

    def expectations(self, reference: BoolArray, enough: int) -> Iterator[tuple[int, Expectation]]:
        """Yield for each rep what the others of the reference let one expect.

        Parameters
        ----------
        reference: which reps are compared with, one entry a code. enough: cases of others that make a cell.
        """
        cell, rep, counts, sums = self.pairs
        inside = reference[rep]
        all_n, all_sum = (
            np.bincount(cell[inside], weights=one[inside], minlength=self.size).astype(np.float64)
            for one in (counts, sums)
        )
        whole: Fit | None = None
        order = np.argsort(rep, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(rep[order])) + 1):
            n, total = all_n, all_sum
            if reference[rep[rows[0]]]:
                n, total = all_n.copy(), all_sum.copy()
                n[cell[rows]] -= counts[rows]
                total[cell[rows]] -= sums[rows]
            if n.sum() < 2:
                continue
            whole = fit(self.design, n, total, spread=self.spread, start=whole)
            rare = self.design.sums(n) < enough
            yield int(rep[rows[0]]), self._expected(whole, cell[rows], counts[rows], rare)

    def _expected(self, whole: Fit, cells: IntArray, counts: FloatArray, rare: BoolArray) -> Expectation:
        mean, error = whole.expected(cells, counts)
        cases, means = float(counts.sum()), whole.means
        noise = self.design.slopes(means[cells]) * (1.0 if self.is_share else self.design.noise or 0.0)
        matched = self.design.of(cells).places(rare.astype(np.float64)) == 0
        simple, seen = whole.simple(cells, counts), float(counts[matched].sum()) / cases
        return Expectation(mean, error, simple, float(counts @ noise) / cases**2, seen, means)
