"""Groups of figures: which cases belong together, the same groups for all measures, shares of a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.measures.catalog import SUMMARIES, Measure
from crmkit.measures.summaries import FIGURES, Codes, Sample, summarise

HEAD = ("measure", "variant", "unit", "period_start", "period_end")


#: Up to so many possible groups are looked up in a table, more are hashed.
MOST_POSSIBLE = 1 << 20
#: What each summary makes of no cases.
NOTHING = {
    summary: {name: float(values[0]) for name, values in summarise(summary, Sample.of_nothing()).items()}
    for summary in SUMMARIES
}

#: Columns of figures: the labels of the slices, the figures, state and missing, one of each per group.
Columns = dict[str, np.ndarray]


def grouped(keys: Sequence[tuple[Codes, list[str]]], length: int) -> tuple[Codes, list[np.ndarray]]:
    """Return a group code per case, and for each slice the groups' labels; what has none is a group too."""
    joint, size = np.zeros(length, dtype=np.int64), 1
    for codes, names in keys:
        joint *= len(names) + 1
        joint += codes
        joint += 1
        size *= len(names) + 1
    if not keys:
        return joint, []
    if size > MOST_POSSIBLE:
        grouped, present = pd.factorize(joint)
    else:
        is_there = np.bincount(joint, minlength=size) > 0
        grouped = np.take(np.cumsum(is_there) - 1, joint, out=joint, mode="clip")
        present = np.flatnonzero(is_there)
    labels = []
    for _, names in reversed(keys):
        labels.append(np.array([None, *names], dtype=object)[present % (len(names) + 1)])
        present = present // (len(names) + 1)
    return grouped.astype(np.int64), labels[::-1]


def evened(heads: pd.DataFrame, parts: Sequence[Columns], by: Sequence[str]) -> pd.DataFrame:
    """Put figures together, and give every measure and period the same groups.

    Parameters
    ----------
    heads: one row per measure and period, with its ``summary``; none where the figure cannot be told.
    parts: the figures of each head.
    """
    sizes = [len(part["state"]) for part in parts]
    every = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = heads.iloc[np.repeat(np.arange(len(heads)), sizes)].reset_index(drop=True)
    figures = rows.assign(**every).astype(dict.fromkeys(by, "str"))
    known = heads[heads["summary"] != ""]
    told = (figures["summary"] != "").to_numpy()
    if by and (len(known) > 1 or (len(known) == 1 and not told.any())):  # alone, it has all groups there are
        groups = figures.loc[told, list(by)].drop_duplicates()
        if groups.empty:
            groups = pd.DataFrame({name: [None] for name in by}).astype("str")
        grid = known.merge(groups, how="cross")
        keys = [*HEAD, *by]
        here = grid[keys].merge(figures[keys].assign(here=True), how="left", on=keys, validate="1:1")["here"]
        fresh = grid[here.isna().to_numpy()]
        if len(fresh):
            nothing = [NOTHING[summary] for summary in fresh["summary"]]
            fresh = fresh.assign(**{name: [one[name] for one in nothing] for name in FIGURES})
            figures = pd.concat([figures, fresh.assign(state="empty", missing="")], ignore_index=True)
    return figures[[*HEAD, *by, *FIGURES, "state", "missing"]]


def as_shares(figures: pd.DataFrame, one: Measure, by: Sequence[str]) -> pd.DataFrame:
    """Divide each count of a distribution by that of its outer group: all stages together are one."""
    mine = (figures["measure"] == one.id) & (figures["variant"] == one.variant)
    mine &= figures["state"] != "not_in_export"
    outer = [*HEAD, *(name for name in by if name != one.within)]
    whole = figures[mine].groupby(outer, dropna=False)["numerator"].transform("sum")
    shares = {"denominator": whole, "n": whole, "value": figures["numerator"][mine] / whole.where(whole > 0)}
    shares["state"] = pd.Series(np.where(whole > 0, "ok", "empty"), index=whole.index)
    return figures.assign(
        **{name: shares[name].reindex(figures.index).where(mine, figures[name]) for name in shares}
    )
