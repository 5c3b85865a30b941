"""How cases become a figure: count, sum, ratio, mean, quantiles, distribution, censored quantiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.statistics.intervals import quantile_ranks, wilson
from crmkit.statistics.survival import WON, medians_among_winners, order_within, survival_quantiles

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FIGURES = ("value", "numerator", "denominator", "n", "low", "high")

#: Money is added up in whole kopecks: exact, whatever the order of the rows.
MINOR = 100
#: What may lie between a number and a whole one by division alone.
WHOLE = 1e-9


@dataclass(frozen=True, eq=False)
class Sample:
    """Counted cases with their groups.

    Attributes
    ----------
    cases: ``value``, and where the measure has them ``weight``, ``counts``, ``event``.
    codes: the group of each case, 0 … size − 1; size: the number of groups.
    is_money: whether values and weights are amounts; is_share: whether each case is a 1 or a 0.
    max_open: for a censored median, the largest share still open at the longest age.
    """

    cases: pd.DataFrame
    codes: Codes
    size: int
    is_money: bool = False
    is_share: bool = False
    max_open: float = 0.05

    @classmethod
    def of_nothing(cls) -> Sample:
        """Return one group without cases."""
        return cls(pd.DataFrame(columns=["value", "event"]), np.array([], dtype=np.int64), 1)

    def column(self, name: str) -> Floats:
        """Return a column of the cases; 1 each where the measure does not have it."""
        if name not in self.cases:
            return np.ones(len(self.cases))
        return np.asarray(self.cases[name], dtype=np.float64)

    def total(self, values: Floats) -> Floats:
        """Return the sum per group, the same in any order of the rows."""
        if self.is_money:
            minor = values * MINOR
            return np.asarray(self._sum(np.rint(minor, out=minor)) / MINOR, dtype=np.float64)
        for parts in (1, 60):  # whole numbers, and minutes out of whole seconds, add up exactly in any order
            whole = np.rint(values * parts)
            if (np.abs(values * parts - whole) < WHOLE).all():
                return self._sum(whole) / parts
        return self._sum(values, np.argsort(values, kind="stable"))

    def _sum(self, values: Floats, order: Codes | slice = slice(None)) -> Floats:
        sums = np.bincount(self.codes[order], weights=values[order], minlength=self.size)
        return np.asarray(sums, dtype=np.float64)

    def count(self) -> Floats:
        """Return the number of cases per group; a case may say how many it stands for."""
        return self._sum(self.column("counts"))


def summarise(summary: str, sample: Sample) -> dict[str, Floats]:
    """Return value, numerator, denominator, n, low and high, one of each per group; NaN where there is none.

    Parameters
    ----------
    summary: one of ``catalog.SUMMARIES``; a distribution is counted here and divided by its whole later.
    """
    figures = {name: np.full(sample.size, np.nan) for name in FIGURES} | {"n": sample.count()}
    if summary in ("count", "distribution"):
        return figures | {"value": figures["n"], "numerator": figures["n"]}
    if summary == "sum":
        total = sample.total(sample.column("value"))
        return figures | {"value": total, "numerator": total}
    return figures | _MAKERS.get(summary, _divided)(sample)


def _divided(sample: Sample) -> dict[str, Floats]:
    """Sum of the values by the sum of the weights; a plain share gets Wilson's interval."""
    top, bottom = sample.total(sample.column("value")), sample.total(sample.column("weight"))
    figures = {"value": top / np.where(bottom > 0, bottom, np.nan), "numerator": top, "denominator": bottom}
    if sample.is_share:
        figures["low"], figures["high"] = wilson(top, bottom)
    return figures


def _quantile(sample: Sample, tenths: int) -> dict[str, Floats]:
    """Where the ordered values pass a share; the middle of two values where it lies between them."""
    values = sample.column("value")
    ordered = values[order_within(sample.codes, values)]
    sizes = np.bincount(sample.codes, minlength=sample.size)
    told = np.flatnonzero(sizes)
    firsts, sizes = (np.cumsum(sizes) - sizes)[told], sizes[told]
    value, low, high = np.full((3, sample.size), np.nan)
    below = firsts + (sizes * tenths - 1) // 10
    value[told] = (ordered[below] + ordered[firsts + sizes * tenths // 10]) / 2
    for size in np.unique(sizes):
        ranks = quantile_ranks(int(size), tenths / 10)
        if ranks is not None:
            same = sizes == size
            low[told[same]] = ordered[firsts[same] + ranks[0] - 1]
            high[told[same]] = ordered[firsts[same] + ranks[1] - 1]
    return {"value": value, "low": low, "high": high}


def _survival(sample: Sample, share: float) -> dict[str, Floats]:
    """Time within which a share ends, by Kaplan–Meier; numerator: how many have ended."""
    ended, spans = sample.column("event").astype(np.int64), sample.column("value")
    value = survival_quantiles(sample.codes, spans, ended, sample.size, share)
    done = np.bincount(sample.codes[ended == 1], minlength=sample.size).astype(np.float64)
    return {"value": value, "numerator": done, "denominator": sample.count()}


def _censored_median(sample: Sample) -> dict[str, Floats]:
    """Median age of winning among those who will win; numerator: how many have won."""
    events, ages = sample.column("event").astype(np.int64), sample.column("value")
    value, _ = medians_among_winners(sample.codes, ages, events, sample.size, sample.max_open)
    won = np.bincount(sample.codes[events == WON], minlength=sample.size).astype(np.float64)
    return {"value": value, "numerator": won, "denominator": sample.count()}


_MAKERS: dict[str, Callable[[Sample], dict[str, Floats]]] = {
    "median": partial(_quantile, tenths=5),
    "p90": partial(_quantile, tenths=9),
    "censored_median": _censored_median,
    "survival_median": partial(_survival, share=0.5),
    "survival_p90": partial(_survival, share=0.9),
}
