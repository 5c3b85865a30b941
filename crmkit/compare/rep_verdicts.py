"""Rows of reps beside what was expected of them: limits, verdicts, places (METHOD 6.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.compare.intervals import LEVEL, verdicts
from crmkit.compare.rep_gaps import Gaps
from crmkit.facts import FloatArray
from crmkit.limits import Limits
from crmkit.statistics.intervals import Z95, wilson
from crmkit.statistics.many import false_discovery
from crmkit.statistics.ranks import rank_limits, rank_tail
from crmkit.statistics.shrinkage import drawn

Texts: TypeAlias = npt.NDArray[np.object_]
Kind: TypeAlias = Literal["share", "mean", "money"]

#: A rep whose cases are mostly of kinds that nobody else has cannot be compared.
MATCHED = 0.2

_PARTS = ("value", "expected", "noise", "error", "free")


def judged_rows(rows: pd.DataFrame, limits: Limits, kind: Kind) -> tuple[pd.DataFrame, float]:
    """Add gaps, limits that allow for all comparisons, and verdicts."""
    gaps = _gaps(rows, kind)
    missing, few, counts = _gates(rows, limits)
    judged = (counts >= limits.compared_cases) & ~rows["is_new"].to_numpy() & (missing == "") & (few == "")
    judged &= kind != "money"  # heavy tails: nothing is judged by them
    rows = rows.assign(gap=gaps.value - gaps.expected, chance=gaps.chances(judged))
    stands_out, level = false_discovery(rows["chance"], limits.false_discovery)
    low, high = gaps.limits(1 - level)
    near, far = gaps.limits(1 - LEVEL)
    pair = {name: rows[f"{name}_without"].to_numpy(np.float64) for name in ("value", "expected")}
    without = replace(gaps, **pair)
    least, most = without.limits(1 - level)
    gap, side = rows["gap"].to_numpy(), rows["side"].to_numpy()
    hindrances = {
        "new_hire": rows["is_new"].to_numpy(),
        "approximate_interval": np.full(len(rows), kind == "money"),
        "models_disagree": ((gaps.value - rows["model"].to_numpy()) * gap <= 0) | (side * gap <= 0),
        "one_deal": np.where(low > 0, least <= 0, most >= 0),
    }
    against = np.select(list(hindrances.values()), list(hindrances), "")
    found = verdicts(counts, low, high, limits=limits, missing=missing, against=against)
    little = (found["label"] == "too_little_data").to_numpy() & (few != "")
    found["reason"] = found["reason"].mask(little, few)
    scale, own = _scale(rows).mask(missing != ""), _own_limits(rows, gaps)
    told, highest = rows["value"] * scale, 1.0 if gaps.is_share else np.inf
    chance = rows["whole"] * (1 - rows["whole"]) if gaps.is_share else rows["whole"] * np.nan
    worth = (chance / ((gaps.noise + gaps.error) * scale**2)).where(chance > 0, np.inf)
    least = told.clip(upper=0.0)  # refunds can outweigh sales
    rows = rows.assign(
        low=own[0], high=own[1], gap_low=low, gap_high=high, stands_out=stands_out,
        without_biggest=without.value - without.expected,
        worth=np.fmin(worth, rows["n"]),
        adjusted=told.clip(upper=highest),
        adjusted_low=((near + gaps.expected) * scale).clip(least, highest),
        adjusted_high=((far + gaps.expected) * scale).clip(least, highest),
    )  # fmt: skip
    return pd.concat([rows, found], axis=1), level


def _gates(rows: pd.DataFrame, limits: Limits) -> tuple[Texts, Texts, FloatArray]:
    """Return why reps cannot be compared; of what but cases they have too few; how many cases count.

    Of two sides the smaller one counts, and clients instead of cases where they are too few.
    """
    n, clusters, others, those = rows[["n", "clusters", "others", "others_clusters"]].to_numpy(np.float64).T
    single = rows["expected"].isna().to_numpy()
    alone = (rows["matched"] < MATCHED).to_numpy()
    others = np.where(those < limits.few_cases, those, others)
    masks = [
        (clusters < limits.few_cases) & (n >= limits.few_cases),
        (others < limits.compared_cases) & (n >= limits.compared_cases),
    ]
    missing = np.select([single, alone], ["no_colleagues", "no_like_deals"], "")
    few = np.select(masks, ["few_clients", "few_others"], "")
    return missing.astype(object), few.astype(object), np.select(masks, [clusters, others], n)


def _scale(rows: pd.DataFrame) -> pd.Series:
    """Return what turns a figure into one like for like; nothing where no figure above zero is expected."""
    return rows["whole"] / rows["expected"].where(rows["expected"] > 0)


def _gaps(rows: pd.DataFrame, kind: Kind) -> Gaps:
    value, expected, noise, error, free = rows[list(_PARTS)].to_numpy(np.float64).T
    draws = rows["draws"].tolist() if kind == "money" else ()
    return Gaps(value, expected, noise, error, free, kind == "share", draws)


def _own_limits(rows: pd.DataFrame, gaps: Gaps) -> tuple[FloatArray, FloatArray]:
    """Return the 95 % limits of the raw figures."""
    if gaps.is_share:
        return wilson(rows["numerator"], rows["n"])
    if gaps.draws:
        low, high = np.quantile(np.stack(gaps.draws), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
        return low, high
    half = Z95 * gaps.noise**0.5
    return gaps.value - half, gaps.value + half


def ranked(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Add what is drawn towards the mean, and the places that each rep may have among those of the role."""
    kept = ["shrunk", "rank_low", "rank_high"]
    found = pd.DataFrame(np.nan, index=rows.index, columns=kept)
    for _, part in rows.groupby("role", sort=True):
        gaps, scale = _gaps(part, kind), _scale(part)
        near, far = gaps.limits(1 - LEVEL)
        found.loc[part.index, "shrunk"] = drawn(part["adjusted"], ((far - near) * scale / (2 * Z95)) ** 2)
        limits = gaps.limits(rank_tail(len(part)))
        low, high = ((one + gaps.expected) * scale for one in limits)
        found.loc[part.index, "rank_low"], found.loc[part.index, "rank_high"] = rank_limits(
            part["value"] * scale, low, high
        )
    found[rows["label"] == "cannot_be_computed"] = np.nan
    return pd.concat([rows, found], axis=1)
