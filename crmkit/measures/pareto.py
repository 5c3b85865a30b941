"""Pareto: which few items (clients, reps, reasons …) give most of a count or a sum (METHOD 3.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from crmkit.errors import N_, RequestError
from crmkit.measures.catalog import catalogue, find
from crmkit.measures.evaluation import evaluate
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: Summaries whose groups add up to the whole, so that an item has a share in it.
ADDED_UP = ("count", "sum")
#: In what part of its unit a figure is added up exactly: money in hundredths, the rest in millionths.
PARTS = {"count": 1, "money": 100}
FINE = 1_000_000
#: The rule's own claim: a fifth of the items gives four fifths of the result.
FEW = Fraction(1, 5)


@dataclass(frozen=True)
class Core:
    """What a Pareto says in a few figures.

    Attributes
    ----------
    items: how many items there are that give more than nothing; core: the smallest number of them that
        reaches the threshold; given: the share of the whole that these give, 0 to 1.
    top, top_given: a fifth of the items (rounded, at least one), and what they give.
    total: the sum of all items that give more than nothing, in the measure's unit.
    idle, negative, unknown: items that give nothing, less than nothing, or whose figure is not known; they
        have no share.
    threshold: the share that was asked for.
    """

    items: int
    core: int
    given: float
    top: int
    top_given: float
    total: float
    idle: int
    negative: int
    unknown: int
    threshold: float


def pareto(name: str, crm: Snapshot, by: str, period: Period | None = None) -> pd.DataFrame:
    """Return the items of a slice by their part in a measure, the largest first.

    Parameters
    ----------
    name: a count or a sum, ``id`` or ``id:variant``.
    by: the slice; the cases without a label are an item of their own (null).
    period: by default all that the export tells of.

    Returns
    -------
    As :func:`ranked`.

    Raises
    ------
    RequestError: no such measure or slice, or the measure's groups do not add up to a whole.
    """
    if find(name).summary not in ADDED_UP:
        added = [one.name for one in catalogue() if one.summary in ADDED_UP]
        raise RequestError(
            f"--measure {name}",
            N_("its groups do not add up to a whole, so none of them has a share in it"),
            remedy=N_("Possible: {expected}.", expected=", ".join(added)),
        )
    return ranked(evaluate(name, crm, period, by=[by]), by, crm.settings.limits.pareto_share)


def ranked(figures: pd.DataFrame, by: str, threshold: float = 0.8) -> pd.DataFrame:
    """Return evaluated groups of one count or sum as a Pareto.

    Parameters
    ----------
    figures: rows of ``evaluate`` of one measure and period, sliced by ``by``.
    threshold: the share of the whole that the core reaches.

    Returns
    -------
    ``<by>, value, share, cumulative, is_core, n, missing``; the largest value first, equal ones by label, the
    null label last among them. Shares are 0 to 1 of the sum of all values above zero, added up in whole
    hundredths of money. ``is_core`` marks the smallest set of items that reaches the threshold. Items of
    nothing or less, and those whose value is not known, come last and have no share.
    """
    parts = PARTS.get(figures["unit"].iloc[0], FINE)
    order = figures.sort_values(by, na_position="last", kind="stable")
    order = order.sort_values("value", ascending=False, na_position="last", kind="stable", ignore_index=True)
    values = order["value"].to_numpy(np.float64)
    giving = values > 0
    whole = np.rint(np.where(giving, values, 0) * parts).astype(np.int64)
    running = np.cumsum(whole)
    total = int(running[-1]) if len(running) else 0
    goal = Fraction(str(threshold))
    need = -(-total * goal.numerator // goal.denominator)
    before = running - whole
    share = np.divide(whole, total, out=np.full(len(order), np.nan), where=giving)
    cumulative = np.divide(running, total, out=np.full(len(order), np.nan), where=giving)
    told = order[[by, "value"]].assign(share=share, cumulative=cumulative, is_core=giving & (before < need))
    return told.assign(n=order["n"], missing=order["missing"])


def core_of(items: pd.DataFrame, threshold: float = 0.8) -> Core:
    """Return what a Pareto (:func:`ranked`) says in a few figures."""
    values, cumulative = items["value"].to_numpy(np.float64), items["cumulative"].to_numpy(np.float64)
    giving = values > 0
    count, core = int(giving.sum()), int(items["is_core"].sum())
    top = max(1, round(count * FEW)) if count else 0
    return Core(
        items=count,
        core=core,
        given=float(cumulative[core - 1]) if core else 0.0,
        top=top,
        top_given=float(cumulative[top - 1]) if top else 0.0,
        total=round(math.fsum(values[giving]), 6),
        idle=int((values == 0).sum()),
        negative=int((values < 0).sum()),
        unknown=int(np.isnan(values).sum()),
        threshold=threshold,
    )
