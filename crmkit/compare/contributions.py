"""What each factor of a chain contributes to a gap, in the data and in resamples of it (METHOD 6.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.clients import worth
from crmkit.compare.gap_sides import Chain, Side
from crmkit.compare.measure_change import LIKE
from crmkit.compare.period_cases import told_after
from crmkit.errors import N_, RequestError
from crmkit.facts import FloatArray, IntArray
from crmkit.measures.cases import days_seen
from crmkit.measures.slices import coded, lacking
from crmkit.process.resampling import Resamples
from crmkit.schema import Snapshot
from crmkit.statistics.decomposition import kitagawa, shapley


@dataclass(frozen=True, eq=False)
class Split:
    """What the data are split by.

    Attributes
    ----------
    chain: the steps and the deals. money: the amount of each deal. drawn: the data and its resamples.
    days: working days of each side, where the sides differ in them; else empty.
    groups: of each deal, a code from 0, by which the win rate is split into rate and mix; else empty.
    """

    chain: Chain
    money: FloatArray
    drawn: Resamples
    days: tuple[int, ...]
    groups: IntArray

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Each factor with its stage, in order; without the total."""
        pairs = [*zip(self.chain.factors, self.chain.stages, strict=True)]
        if self.days:
            pairs.insert(0, ("working_days", ""))
        if len(self.groups):
            pairs.insert(self.won_at, ("mix", ""))
        return tuple(pairs)

    @property
    def won_at(self) -> int:
        """Where the win rate stands among the factors, without the mix."""
        return 1 + bool(self.days)

    def buyers(self) -> int:
        """Return how many clients bought on the side where fewer did; a side without any does not count.

        Above 500 clients, their blocks are counted.
        """
        bought = [depth == self.chain.steps - 1 for depth in self.chain.depths]
        return min((len(np.unique(self.drawn.block[mask])) for mask in bought if mask.any()), default=0)

    def clients(self) -> float:
        """Return how many equal clients the deals of the side are worth on which that is less."""
        return min(worth(self.drawn.block[depth >= 0]) for depth in self.chain.depths)

    def without_biggest(self) -> list[tuple[int, int]]:
        """Return what to leave out to see whether one deal alone makes a difference: each side's biggest."""
        if "average_check" not in self.chain.factors:
            return []
        told = []
        for side, depth in enumerate(self.chain.depths):
            paid = np.flatnonzero(depth == self.chain.steps - 1)
            if len(paid):
                biggest = int(paid[self.money[paid].argmax()])
                told.append((biggest, -1) if side == 0 else (-1, biggest))
        return told

    def counted(self, without: tuple[int, int] = (-1, -1)) -> Contributions:
        """Return the values of the factors and what they contribute; a deal of each side may be left out."""
        levels = [self.chain.levels(at, self.drawn, self.money, without[at]) for at in range(2)]
        told = [self._factors(at, levels[at]) for at in range(2)]
        adds, means = shapley(_filled(told[0], told[1]), _filled(told[1], told[0]))
        values = np.stack([told[0][0], told[1][0]])
        if len(self.groups):
            at = self.won_at
            rates, parts = self._rate_and_mix(without)
            values = np.concatenate([values[:, :at], rates, values[:, at + 1 :]], axis=1)
            parts = means[:, at : at + 1] * parts
            adds = np.concatenate([adds[:, :at], parts, adds[:, at + 1 :]], axis=1)
        n = np.stack([self._denominators(one[0]) for one in levels])
        whole = np.stack([levels[0][:, -1], levels[1][:, -1]], axis=1)
        total = whole[:, 0] - whole[:, 1]
        return Contributions(
            np.concatenate([values, whole[:1].T], axis=1), n, np.concatenate([adds, total[:, None]], axis=1)
        )

    def _factors(self, side: int, levels: FloatArray) -> FloatArray:
        """Return the factors, whose product is the last level; NaN where there is nothing to divide by."""
        if self.days:
            levels = np.concatenate([np.full((len(levels), 1), float(self.days[side])), levels], axis=1)
        shares = levels[:, 1:] / np.where(levels[:, :-1] > 0, levels[:, :-1], np.nan)
        return np.concatenate([levels[:, :1], shares], axis=1)

    def _denominators(self, levels: FloatArray) -> FloatArray:
        """Return how many cases each factor of a side rests on, and the total: leads on themselves."""
        cases = np.concatenate([levels[:1], levels[: len(self.chain.factors) - 1]])
        more = len(self.names) - len(cases)
        return np.concatenate([np.full(more, levels[0]), cases, levels[:1]])

    def _rate_and_mix(self, without: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """Return the win rates by mix and of like deals (data), and both parts of their difference."""
        size = int(self.groups.max(initial=0)) + 1
        sums = []
        for side in range(2):
            depth = self.chain.depths[side]
            deals = np.flatnonzero(depth >= 0)
            deals = deals[deals != without[side]]
            groups = self.groups[deals]
            won = np.where(depth[deals] >= 1, groups, -1)
            sums.append((self.drawn.sums(deals, won, size), self.drawn.sums(deals, groups, size)))
        told = kitagawa(sums[0], sums[1])
        rates = [[told.expected[side][0], told.like_for_like[side][0]] for side in range(2)]
        parts = np.stack([told.mix.sum(axis=1), told.rate.sum(axis=1)], axis=1)
        # A side without leads has no win rate to split: all of the gap is its leads.
        return np.array(rates), np.where(np.isnan(parts), 0.0, parts)


@dataclass(frozen=True, eq=False)
class Contributions:
    """What the factors and, last, the total are and contribute.

    Attributes
    ----------
    values: of the first side and the second (rows), the factors as they are in the data, and the total; NaN
        where not known. n: the cases behind each of them. worth: what each contributes to the total, one row
        a resample, the data first.
    """

    values: FloatArray
    n: FloatArray
    worth: FloatArray


def _filled(own: FloatArray, other: FloatArray) -> FloatArray:
    """Take the other side's factor where one's own is not known; where neither is, any will do: it is 0 ×."""
    told = np.where(np.isnan(own), other, own)
    return np.where(np.isnan(told), 1.0, told)


def days_apart(crm: Snapshot, sides: tuple[Side, Side]) -> tuple[int, ...]:
    """Return the working days of both periods, as far as the data go, where they differ."""
    spans = [days_seen(crm, side.period).days() for side in sides]
    days = tuple(crm.settings.calendar.working_days(*span) for span in spans)
    return days if days[0] != days[1] and min(days) > 0 else ()


def mix_groups(crm: Snapshot, mix: str | None, chain: Chain) -> tuple[str, IntArray]:
    """Return by what the win rate is split, and the group of each deal; what has none is a group too.

    Raises
    ------
    RequestError: the slice is filled in by how deals ended.
    """
    deals = np.flatnonzero(np.maximum(*chain.depths) >= 0)
    if "win_rate" not in chain.factors:
        mix = ""
    elif mix is None:
        known = (name for name in LIKE if not lacking(crm, name) and not told_after(crm, deals, name))
        mix = next(known, "")
    elif mix and told_after(crm, deals, mix):
        what = N_(
            "this is filled in mostly when the outcome is known: it does not tell which deals a side had"
        )
        raise RequestError(f"mix {mix}", what, remedy=N_("Name another field, or none."))
    if not mix:
        return "", np.zeros(0, dtype=np.int64)
    codes = coded(crm, pd.DataFrame({"deal_ix": np.arange(len(crm.deals))}), mix)[0]
    return mix, np.asarray(codes, dtype=np.int64) + 1
