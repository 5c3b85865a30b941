"""How cases become a figure: count, sum, ratio, mean, median, distribution, censored median."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.intervals import median_interval, wilson
from crmkit.survival import median_among_winners

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: A sum of money is exact in integer kopecks, whatever the order of the rows.
MINOR = 100


def _totals(values: Floats, codes: Codes, groups: int, *, money: bool) -> Floats:
    """Return the sum per group; of money in whole kopecks, so that it is exact and independent of order."""
    if not money:
        return np.bincount(codes, weights=values, minlength=groups).astype(np.float64)
    whole = np.zeros(groups, dtype=np.int64)
    np.add.at(whole, codes, np.rint(values * MINOR).astype(np.int64))
    return np.asarray(whole / MINOR, dtype=np.float64)


def _blank(groups: int) -> dict[str, Floats]:
    return {
        name: np.full(groups, np.nan) for name in ("value", "numerator", "denominator", "n", "low", "high")
    }


def _count(cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> dict[str, Floats]:
    figures = _blank(groups)
    figures["n"] = np.bincount(codes, minlength=groups).astype(np.float64)
    figures["value"] = figures["numerator"] = figures["n"]
    return figures


def _sum(cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> dict[str, Floats]:
    figures = _count(cases, codes, groups, money=money)
    figures["value"] = figures["numerator"] = _totals(cases["value"].to_numpy(), codes, groups, money=money)
    return figures


def _mean(cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> dict[str, Floats]:
    figures = _sum(cases, codes, groups, money=money)
    figures["denominator"] = figures["n"]
    figures["value"] = _divide(figures["numerator"], figures["denominator"])
    return figures


def _ratio(cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> dict[str, Floats]:
    figures = _blank(groups)
    value = cases["value"].to_numpy()
    weight = cases["weight"].to_numpy() if "weight" in cases else np.ones(len(cases))
    is_share = bool(np.isin(value, (0.0, 1.0)).all() and (weight == 1.0).all())
    exact = money or not is_share
    figures["numerator"] = _totals(value, codes, groups, money=exact)
    figures["denominator"] = _totals(weight, codes, groups, money=exact)
    counted = cases["counts"].to_numpy() if "counts" in cases else np.ones(len(cases))
    figures["n"] = np.bincount(codes, weights=counted, minlength=groups)
    figures["value"] = _divide(figures["numerator"], figures["denominator"])
    if is_share:
        figures["low"], figures["high"] = wilson(figures["numerator"], figures["n"])
    return figures


def _divide(top: Floats, bottom: Floats) -> Floats:
    safe = np.where(bottom > 0, bottom, np.nan)
    return np.asarray(top / safe, dtype=np.float64)


def _median(cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> dict[str, Floats]:
    figures = _count(cases, codes, groups, money=money)
    figures["numerator"] = np.full(groups, np.nan)
    value = cases["value"].to_numpy()
    order = np.lexsort((value, codes))
    edges = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=groups))])
    figures["value"] = np.full(groups, np.nan)
    for group in range(groups):
        sorted_values = value[order[edges[group] : edges[group + 1]]]
        if len(sorted_values):
            middle = len(sorted_values) // 2
            pair = sorted_values[middle - 1 + len(sorted_values) % 2 : middle + 1]
            figures["value"][group] = pair.mean()
            figures["low"][group], figures["high"][group] = median_interval(sorted_values)
    return figures


def _censored_median(cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> dict[str, Floats]:
    figures = _count(cases, codes, groups, money=money)
    figures["value"] = np.full(groups, np.nan)
    figures["denominator"] = figures["n"]
    value, event = cases["value"].to_numpy(), cases["event"].to_numpy()
    figures["numerator"] = np.bincount(codes[event == 1], minlength=groups).astype(np.float64)
    for group in range(groups):
        mine = codes == group
        if mine.any():
            figures["value"][group] = median_among_winners(value[mine], event[mine])[0]
    return figures


SUMMARIES: dict[str, Callable[..., dict[str, Floats]]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "ratio": _ratio,
    "median": _median,
    "distribution": _count,  # made a share of its group in measures.evaluation
    "censored_median": _censored_median,
}

#: Summaries that are 0, not missing, where a covered population is empty.
ADDITIVE = ("count", "sum", "distribution")


def summarise(summary: str, cases: pd.DataFrame, codes: Codes, groups: int, *, money: bool) -> pd.DataFrame:
    """Return one row per group: value, numerator, denominator, n, low, high."""
    return pd.DataFrame(SUMMARIES[summary](cases, codes, groups, money=money))
