"""Reps of one role beside one another, like for like: the core of the comparison (METHOD 6.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.compare.expecting import Expectation, Field
from crmkit.compare.intervals import verdicts
from crmkit.compare.judging import Gaps
from crmkit.compare.mix import cells_of
from crmkit.limits import Limits
from crmkit.statistics.intervals import Z95
from crmkit.statistics.many import false_discovery
from crmkit.statistics.ranks import joint_tail, rank_limits
from crmkit.statistics.shrinkage import drawn

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Kind: TypeAlias = Literal["share", "mean", "money"]

#: At most so often the reps that stand out are taken out of what all are compared with.
ROUNDS = 5
#: So many of the reps stay in it at least, and with fewer reps nobody is taken out.
USUAL, FEWEST = 0.5, 4
LEVEL = 0.95
#: A rep whose cases are mostly of kinds that nobody else has cannot be compared.
MATCHED = 0.2


@dataclass(frozen=True, eq=False)
class Colleagues:
    """The cases of the reps of one role.

    Attributes
    ----------
    role: its code. codes: of the reps, sorted. field: the cases, reps numbered as in ``codes``.
    cluster: which cases hang together. sizes: what each is worth, NaN where that is not known. is_new: reps
        who are not judged yet.
    """

    role: int
    codes: Ints
    field: Field
    cluster: Ints
    sizes: Floats
    is_new: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, cases: pd.DataFrame, attributes: tuple[str, ...], kind: Kind) -> Colleagues:
        """Return the cases of one role, ready for counting."""
        codes, rep = np.unique(cases["rep"].to_numpy(np.int64), return_inverse=True)
        mine = [cases[name].to_numpy(np.int64) for name in attributes]
        mine = [codes for codes in mine if codes.min() < codes.max()]
        cell = cells_of(mine, len(cases))
        new = cases["is_new"].to_numpy(bool) if "is_new" in cases else np.zeros(len(cases), bool)
        field = Field(rep, cell, cases["value"].to_numpy(np.float64), mine, kind == "share")
        is_new = np.bincount(rep, weights=new, minlength=len(codes)) > 0
        sizes = np.full(len(cases), np.nan)
        if "size" in cases:
            sizes = cases["size"].to_numpy(np.float64)
        role = int(cases["role"].iloc[0]) if "role" in cases else 0
        return cls(role, codes, field, cases["cluster"].to_numpy(np.int64), sizes, is_new)

    @cached_property
    def rows_of(self) -> list[Ints]:
        """The positions of each rep's cases."""
        order = np.argsort(self.field.rep, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.field.rep[order])) + 1)

    def usual(self, standing_out: Ints) -> npt.NDArray[np.bool_]:
        """Return which reps all are compared with: those who do not stand out, and half of them at least."""
        told = np.ones(len(self.codes), dtype=bool)
        if len(told) >= FEWEST:
            told[standing_out[: int(len(told) * (1 - USUAL))]] = False
        return told

    def rows(self, standing_out: Ints, enough: int) -> pd.DataFrame:
        """Return the reps' figures and what was expected, with the variances of both.

        Parameters
        ----------
        standing_out: places of reps whose cases are not compared with, the clearest first. enough: cases of
            others that make a cell.
        """
        found = dict(self.field.expectations(self.usual(standing_out), enough))
        nothing = Expectation.unknown(self.field.size)
        told = [self._row(place, found.get(place, nothing)) for place in range(len(self.codes))]
        rows = pd.DataFrame(told, columns=list(_COLUMNS)).assign(rep=self.codes, is_new=self.is_new)
        return rows.assign(place=range(len(rows)), role=self.role, whole=float(self.field.value.mean()))

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
        wider = max(1.0, together / alone) if alone > 0 else 1.0
        free = float(clusters - 1)
        noise = expected.noise * wider
        if not self.field.is_share:
            noise = together / n**2 * clusters / free if free else np.nan
        elif wider == 1.0:
            free = np.inf
        error = expected.error * wider
        without = self._without_biggest(own, means, is_above=mean > expected.mean)
        return (
            float(n), float(values.sum()), float(clusters), mean, expected.mean, expected.simple, noise,
            error, free, expected.matched, *without,
        )  # fmt: skip

    def _without_biggest(self, own: Ints, means: Floats, *, is_above: bool) -> tuple[float, float]:
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
    "value_without", "expected_without",
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
    chance, matched, without_biggest, rank_low, rank_high, is_new, label, direction, reason``. ``value`` less
    ``expected`` is ``gap``; its limits allow for the mix and for all comparisons. ``model`` is what the main
    effects of the attributes alone let one expect. ``adjusted`` is ``value ÷ expected`` times the figure of
    the role, with 95 % limits. ``without_biggest`` is the gap without the case worth most; where that is not
    known, without the one that speaks most for the gap (of cases that are yes or no, none does).

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
        rows, level = _told(rows, limits, kind)
        order = rows[rows["stands_out"]].sort_values("chance", kind="stable")
        now = [order["place"][(order["role"] == side.role).to_numpy()].to_numpy() for side in sides]
        if all(set(new) == set(old) for new, old in zip(now, aside, strict=True)):
            break
        aside = now
    rows = _ranked(rows, kind)
    return rows.drop(columns=[*_WITHIN]), level


_PARTS = ("value", "expected", "noise", "error", "free")
_WITHIN = (
    "place", "noise", "error", "free", "value_without", "expected_without", "stands_out",
)  # fmt: skip


def _told(rows: pd.DataFrame, limits: Limits, kind: Kind) -> tuple[pd.DataFrame, float]:
    """Add gaps, limits that allow for all comparisons, and verdicts."""
    gaps = _gaps(rows, kind)
    n, clusters = rows["n"].to_numpy(), rows["clusters"].to_numpy()
    few_clients = (clusters < limits.few_cases) & (n >= limits.few_cases)
    single = rows["expected"].isna().to_numpy()
    alone = single | (rows["matched"] < MATCHED).to_numpy()
    judged = (n >= limits.compared_cases) & ~rows["is_new"].to_numpy() & ~few_clients & ~alone
    rows = rows.assign(gap=gaps.value - gaps.expected, chance=gaps.chances(judged))
    stands_out, level = false_discovery(rows["chance"], limits.false_discovery)
    low, high = gaps.limits(1 - level)
    near, far = gaps.limits(1 - LEVEL)
    pair = {name: rows[f"{name}_without"].to_numpy(np.float64) for name in ("value", "expected")}
    without = replace(gaps, **pair)
    least, most = without.limits(1 - level)
    hindrances = {
        "new_hire": rows["is_new"].to_numpy(),
        "approximate_interval": np.full(len(rows), kind == "money"),
        "models_disagree": (gaps.value - rows["model"].to_numpy()) * rows["gap"].to_numpy() <= 0,
        "one_deal": np.where(low > 0, least <= 0, most >= 0),
    }
    against = np.select(list(hindrances.values()), list(hindrances), "")
    told = verdicts(
        np.where(few_clients, clusters, n), low, high, limits=limits, against=against,
        missing=np.select([single, alone], ["no_colleagues", "no_like_deals"], ""),
    )  # fmt: skip
    told["reason"] = told["reason"].mask(few_clients & (told["label"] == "too_little_data"), "few_clients")
    scale = rows["whole"] / rows["expected"]
    rows = rows.assign(
        gap_low=low, gap_high=high, stands_out=stands_out, without_biggest=without.value - without.expected,
        adjusted=rows["value"] * scale, adjusted_low=(near + gaps.expected) * scale,
        adjusted_high=(far + gaps.expected) * scale,
    )  # fmt: skip
    return pd.concat([rows, told], axis=1), level


def _gaps(rows: pd.DataFrame, kind: Kind) -> Gaps:
    value, expected, noise, error, free = rows[list(_PARTS)].to_numpy(np.float64).T
    return Gaps(value, expected, noise, error, free, is_share=kind == "share")


def _ranked(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Add what is drawn towards the mean, and the places that each rep may have among those of the role."""
    kept = ["shrunk", "rank_low", "rank_high"]
    found = pd.DataFrame(np.nan, index=rows.index, columns=kept)
    for _, part in rows.groupby("role", sort=True):
        width = (part["adjusted_high"] - part["adjusted_low"]) / (2 * Z95)
        found.loc[part.index, "shrunk"] = drawn(part["adjusted"], width**2)
        scale = part["whole"] / part["expected"]
        gaps = _gaps(part, kind)
        limits = gaps.limits(joint_tail(len(part)))
        low, high = ((one + gaps.expected) * scale for one in limits)
        found.loc[part.index, "rank_low"], found.loc[part.index, "rank_high"] = rank_limits(low, high)
    return pd.concat([rows, found], axis=1)
