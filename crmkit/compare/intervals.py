"""What every comparison ends in: an interval, and one of four labels with its reason (METHOD 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.limits import Limits

Label: TypeAlias = Literal["holds", "may_be_chance", "too_little_data", "cannot_be_computed"]
Direction: TypeAlias = Literal["above", "below", "none"]
#: Of the interval of one figure; those of several together are wider.
LEVEL = 0.95


@dataclass(frozen=True)
class Verdict:
    """What may be said of a difference.

    Attributes
    ----------
    label: ``holds``, ``may_be_chance``, ``too_little_data`` or ``cannot_be_computed``.
    direction: ``above`` or ``below`` where it holds, else ``none``; of the figure itself, be that good or
        bad.
    reason: empty where it holds; else a code, or the columns that are missing.
    """

    label: Label
    direction: Direction
    reason: str = ""


def verdicts(
    n: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    limits: Limits,
    missing: npt.ArrayLike = "",
    bent: npt.ArrayLike = "",
    against: npt.ArrayLike = "",
) -> pd.DataFrame:
    """Return ``label``, ``direction`` and ``reason`` of differences, one row each.

    Parameters
    ----------
    n: resolved cases; of two sides the smaller one.
    low, high: the interval of the difference, adjusted for case mix and for the number of comparisons.
    missing: why a difference cannot be computed: a code, or the columns that the export lacks; else empty.
    bent: why the figures, and so the interval, may tell of something else (``mass_closing``,
        ``recording_changed`` …): then neither a difference nor none is sure; else empty.
    against: why a difference does not hold although its interval excludes zero (``one_deal``,
        ``approximate_interval`` …); else empty.

    The reasons of the labels: ``few_cases`` (under ``limits.few_cases``) and ``some_cases`` (under
    ``limits.compared_cases``) of too little data; what has ``bent`` the figures, ``within_chance`` (the
    interval includes zero) or what stands ``against`` of what may be chance; ``no_interval`` where there is
    none to judge by.

    Source: METHOD 6
    """
    cases, below, above, lacks, skewed, hindered = np.broadcast_arrays(
        np.asarray(n, np.float64), np.asarray(low, np.float64), np.asarray(high, np.float64),
        np.asarray(missing, object), np.asarray(bent, object), np.asarray(against, object),
    )  # fmt: skip
    excludes = (below > 0) | (above < 0)
    states = [
        (lacks != "", "cannot_be_computed", lacks),
        (~(cases >= limits.few_cases), "too_little_data", "few_cases"),
        (cases < limits.compared_cases, "too_little_data", "some_cases"),
        (np.isnan(below) | np.isnan(above), "cannot_be_computed", "no_interval"),
        (skewed != "", "may_be_chance", skewed),
        (~excludes, "may_be_chance", "within_chance"),
        (hindered != "", "may_be_chance", hindered),
    ]
    masks = [mask for mask, _, _ in states]
    label = np.select(masks, [np.full(cases.shape, one, object) for _, one, _ in states], "holds")
    reason = np.select(
        masks, [np.broadcast_to(np.asarray(why, object), cases.shape) for _, _, why in states], ""
    )
    side = np.where(below > 0, "above", "below")
    direction = np.where(label == "holds", side, "none")
    told = {"label": label, "direction": direction, "reason": reason}
    return pd.DataFrame({name: np.atleast_1d(one) for name, one in told.items()}).astype("str")


def verdict(
    n: float, low: float, high: float, *, limits: Limits, missing: str = "", bent: str = "", against: str = ""
) -> Verdict:
    """Return the verdict of one difference; see :func:`verdicts`."""
    told = verdicts(n, low, high, limits=limits, missing=missing, bent=bent, against=against)
    row = told.iloc[0]
    return Verdict(row["label"], row["direction"], row["reason"])


def unheld(rows: pd.DataFrame, where: npt.NDArray[np.bool_], reason: str) -> None:
    """Take a verdict back, in place: what held may be chance after all, for a reason found later."""
    chosen = where & (rows["label"] == "holds").to_numpy()
    rows.loc[chosen, ["label", "direction", "reason"]] = ["may_be_chance", "none", reason]
