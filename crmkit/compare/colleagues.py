"""Reps of one role beside one another, like for like: the core of the comparison (METHOD 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from crmkit.compare.expecting import Expectation, Field
from crmkit.compare.intervals import LEVEL
from crmkit.compare.mix import cells_of, kinds_of, pooled
from crmkit.compare.rep_verdicts import Kind, judged_rows, ranked
from crmkit.facts import BoolArray, FloatArray, IntArray
from crmkit.limits import Limits
from crmkit.statistics.bootstrap import cluster_means
from crmkit.statistics.stratified import scored

#: At most so often the reps that stand out are taken out of what all are compared with.
ROUNDS = 5
#: So many of the reps stay in it at least, and with fewer reps nobody is taken out.
USUAL, FEWEST = 0.5, 3


@dataclass(frozen=True, eq=False)
class Colleagues:
    """The cases of the reps of one role.

    Attributes
    ----------
    role: its code. codes: of the reps, sorted. field: the cases, reps numbered as in ``codes``.
    cluster: which cases hang together. sizes: what each is worth, NaN where that is not known.
        is_money: limits come from resamples of clients. is_new: reps who are not judged yet.
    """

    role: int
    codes: IntArray
    field: Field
    cluster: IntArray
    sizes: FloatArray
    is_money: bool
    is_new: BoolArray

    @classmethod
    def of(cls, cases: pd.DataFrame, attributes: tuple[str, ...], kind: Kind) -> Colleagues:
        """Return the cases of one role, ready for counting."""
        codes, rep = np.unique(cases["rep"].to_numpy(np.int64), return_inverse=True)
        told = {name: cases[name].to_numpy(np.int64) for name in attributes}
        told = {name: own for name, own in told.items() if own.min() < own.max()}
        mine = list(told.values())
        new = cases["is_new"].to_numpy(bool) if "is_new" in cases else np.zeros(len(cases), bool)
        field = Field(
            rep, cells_of(mine, len(cases)), cases["value"].to_numpy(np.float64), mine, kind == "share",
            kinds_of(told, len(cases)),
        )  # fmt: skip
        is_new = np.bincount(rep, weights=new, minlength=len(codes)) > 0
        sizes = np.full(len(cases), np.nan)
        if "size" in cases:
            sizes = cases["size"].to_numpy(np.float64)
        role = int(cases["role"].iloc[0]) if "role" in cases else 0
        cluster = cases["cluster"].to_numpy(np.int64)
        return cls(role, codes, field, cluster, sizes, kind == "money", is_new)

    @cached_property
    def rows_of(self) -> list[IntArray]:
        """The positions of each rep's cases."""
        order = np.argsort(self.field.rep, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.field.rep[order])) + 1)

    @cached_property
    def sides(self) -> FloatArray:
        """On which side of the others each rep is within cells of like cases: 1, -1, or 0 if that is unclear.

        Mantel and Haenszel's gap, with its own 95 % limits: it needs no model, so it keeps the model from
        judging by what it only supposes of cells in which the others had nothing. Cells with few cases are
        put together by fewer attributes. NaN where values are no shares.
        """
        from scipy.special import stdtrit

        if not self.field.is_share:
            return np.full(len(self.codes), np.nan)
        cases = np.arange(len(self.cluster))
        like = pooled(self.field.attributes, len(cases))
        score = scored(
            self.field.value, self.field.rep, like, cluster=self.cluster, unit=cases, groups=len(self.codes)
        )
        reach = stdtrit(np.maximum(score.clusters - 1, 1), (1 + LEVEL) / 2) * score.spread
        return np.where(np.abs(score.ahead) > reach, np.sign(score.ahead), 0.0)

    def usual(self, standing_out: IntArray) -> BoolArray:
        """Return which reps all are compared with: those who do not stand out, and half of them at least."""
        told = np.ones(len(self.codes), dtype=bool)
        if len(told) >= FEWEST:
            told[standing_out[: int(len(told) * (1 - USUAL))]] = False
        return told

    def rows(self, standing_out: IntArray, enough: int) -> pd.DataFrame:
        """Return the reps' figures and what was expected, with the variances of both.

        Parameters
        ----------
        standing_out: places of reps whose cases are not compared with, the clearest first. enough: cases of
            others that make a cell.
        """
        usual = self.usual(standing_out)
        if usual.tobytes() not in self._known:
            self._known[usual.tobytes()] = self._rows(usual, enough)
        return self._known[usual.tobytes()]

    @cached_property
    def _known(self) -> dict[bytes, pd.DataFrame]:
        """The rows by which reps were compared with: a round in which these are the same costs nothing."""
        return {}

    def _rows(self, usual: BoolArray, enough: int) -> pd.DataFrame:
        found = dict(self.field.expectations(usual, enough))
        nothing = Expectation.unknown(self.field.size)
        each = [self._row(place, found.get(place, nothing)) for place in range(len(self.codes))]
        rows = pd.DataFrame(each, columns=list(_COLUMNS)).assign(rep=self.codes, is_new=self.is_new)
        added = rows[list(_ADDED)].mul(usual, axis=0)
        others = added.sum() - added
        rows["others"], rows["others_clusters"] = others["n"], others["clusters"]
        rows["error"] *= np.maximum(others["together"] / others["alone"].clip(lower=1e-12), 1.0)
        rows["side"] = self.sides
        rows["draws"] = pd.Series(self._draws(), dtype="object")
        whole = float(self.field.value[usual[self.field.rep]].mean())
        return rows.assign(place=range(len(rows)), role=self.role, whole=whole)

    def _row(self, place: int, expected: Expectation) -> tuple[float, ...]:
        own = self.rows_of[place]
        values, means = self.field.value[own], expected.by_cell[self.field.cell[own]]
        n, mean = len(own), float(values.mean())
        residues = values - means
        groups = np.unique(self.cluster[own], return_inverse=True)[1]
        clusters = int(groups.max()) + 1
        sums = np.bincount(groups, weights=residues - residues.mean())
        together = float((sums**2).sum())
        alone = float(((residues - residues.mean()) ** 2).sum())
        wider = max(1.0, together / alone) if alone > 0 and clusters < n else 1.0
        if self.field.is_share and values.min() == values.max():  # nothing tells how far clients' cases agree
            wider = float((np.bincount(groups) ** 2).sum()) / n
        sizes = np.bincount(groups).astype(np.float64) ** 2
        free = min(clusters - 1.0, float(sizes.sum() ** 2 / (sizes**2).sum()))  # a few large clients
        noise = expected.noise * wider
        if not self.field.is_share:
            noise = together / n**2 * clusters / free if free else np.nan
        elif wider == 1.0:
            free = np.inf
        without = self._without_biggest(own, means, is_above=mean > expected.mean)
        return (
            float(n), float(values.sum()), float(clusters), mean, expected.mean, expected.simple, noise,
            expected.error, free, expected.matched, *without, together, alone,
        )  # fmt: skip

    def _draws(self) -> list[FloatArray | None]:
        """Return the means of money in resamples of each rep's clients."""
        if not self.is_money:
            return [None] * len(self.codes)
        return [cluster_means(self.field.value[own], self.cluster[own]) for own in self.rows_of]

    def _without_biggest(self, own: IntArray, means: FloatArray, *, is_above: bool) -> tuple[float, float]:
        """Return value and expected without the case worth most, else the one that speaks most.

        Of cases that are yes or no, and not worth anything, none is bigger than another.
        """
        values, sizes = self.field.value[own], self.sizes[own]
        if not np.isnan(sizes).all():
            biggest = int(np.nanargmax(sizes))
        elif self.field.is_share:
            return float(values.mean()), float(means.mean())
        else:
            biggest = int((values - means).argmax() if is_above else (values - means).argmin())
        less = max(len(own) - 1, 1)
        return (values.sum() - values[biggest]) / less, (means.sum() - means[biggest]) / less


_COLUMNS = (
    "n", "numerator", "clusters", "value", "expected", "model", "noise", "error", "free", "matched",
    "value_without", "expected_without", "together", "alone",
)  # fmt: skip
#: What is added up over the others: their cases, clients, and squares that tell how far clients' cases agree.
_ADDED = ("n", "clusters", "together", "alone")
_WITHIN = (
    "place", "noise", "error", "free", "value_without", "expected_without", "stands_out", "draws",
    "side", "others", "others_clusters", "together", "alone",
)  # fmt: skip


def judged(
    cases: pd.DataFrame, attributes: tuple[str, ...] = (), *, limits: Limits, kind: Kind = "share"
) -> tuple[pd.DataFrame, float]:
    """Return each rep beside the others of one role, like for like, with a verdict.

    Parameters
    ----------
    cases: one row a case with integer codes ``rep``, ``role`` and ``cluster`` (cases that hang together),
        ``value`` and, for each of ``attributes``, codes of what kind of case it is. Optional: ``is_new``,
        cases of reps who are not judged yet; ``size``, what a case is worth.
    kind: ``share`` (values are 0 or 1), ``mean``, or ``money`` (heavy tails: never more than may be chance).

    Returns
    -------
    One row a rep, by code, and the level of ``gap_low`` and ``gap_high``: ``rep, role, n, numerator,
    clusters, value, expected, model, adjusted, adjusted_low, adjusted_high, shrunk, gap, gap_low, gap_high,
    chance, matched, without_biggest, rank_low, rank_high, worth, is_new, label, direction, reason``.
    ``value`` less ``expected`` is ``gap``; its limits allow for the mix and for all comparisons. ``model`` is
    what the main effects of the attributes alone let one expect. ``adjusted`` is ``value ÷ expected`` times
    ``whole``, the figure of those of the role who do not stand out, with 95 % limits. ``without_biggest`` is
    the gap without the case worth most; where that is not known, without the one that speaks most for the gap
    (of cases that are yes or no, none does). ``worth``: as many cases of a share ``adjusted`` is as certain
    as, at most ``n``.

    Those who stand out are taken out of what all are compared with, so that one excellent rep does not make
    the others look weak; half of the reps always stay in it.

    Source: METHOD 6.1
    """
    roles = cases["role"] if "role" in cases else pd.Series(0, index=cases.index)
    sides = [Colleagues.of(part, attributes, kind) for _, part in cases.groupby(roles, sort=True)]
    aside = [np.zeros(0, dtype=np.int64)] * len(sides)
    for _ in range(ROUNDS):
        pairs = zip(sides, aside, strict=True)
        rows = pd.concat([side.rows(out, limits.cell_cases) for side, out in pairs], ignore_index=True)
        rows, level = judged_rows(rows, limits, kind)
        order = rows[rows["stands_out"]].sort_values("chance", kind="stable")
        now = [order["place"][(order["role"] == side.role).to_numpy()].to_numpy() for side in sides]
        if all(set(new) == set(old) for new, old in zip(now, aside, strict=True)):
            break
        aside = now
    rows = ranked(rows, kind)
    return rows.drop(columns=[*_WITHIN]), level
