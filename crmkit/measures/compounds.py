"""Measures that are a formula over other measures: put together from their figures, group by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.measures.catalog import Floats, Measure, find
from crmkit.measures.groups import HEAD
from crmkit.measures.summaries import FIGURES
from crmkit.periods import Period
from crmkit.schema import Snapshot


def with_compounds(
    wanted: Sequence[Measure],
    figures: pd.DataFrame,
    left: pd.DataFrame,
    *,
    crm: Snapshot,
    by: Sequence[str],
    is_all: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures and the cases left out of the wanted measures alone, compound ones among them.

    Parameters
    ----------
    figures, left: of the wanted measures that are no compounds, and of the parts of those that are.
    is_all: whether the period is «all», of which some compounds cannot tell.
    """
    known, out_of = (pd.MultiIndex.from_frame(frame[["measure", "variant"]]) for frame in (figures, left))
    plain = [(one.id, one.variant) for one in wanted if not one.parts]
    told, out = [figures[known.isin(plain)]], [left[out_of.isin(plain)]]
    for one in wanted:
        if not one.parts:
            continue
        keys = [(part.id, part.variant) for part in map(find, one.parts)]
        frames = [figures[known == key] for key in keys]
        lacks = ["needs_borders"] if one.is_bounded and is_all else []
        made = [
            _put_together(one, [frame[frame["period_start"] == start] for frame in frames], crm, (by, lacks))
            for start in frames[0]["period_start"].drop_duplicates()
        ]
        told += made
        out.append(_left_out(one, left[out_of.isin(keys)], pd.concat(made)))
    return pd.concat(told, ignore_index=True), pd.concat(out, ignore_index=True)


def _left_out(one: Measure, left: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Return what is left out of a compound where it is told: by reason the most that a part leaves out.

    The parts look at the same deals, so what two of them leave out for one reason is not added up.
    """
    told = made.loc[made["state"] != "not_in_export", "period_start"]
    mine = left[left["period_start"].isin(told)]
    mine = mine.assign(measure=one.id, variant=one.variant, unit=one.unit)
    return mine.groupby([*HEAD, "reason"], as_index=False)["n"].max()


def _put_together(
    one: Measure,
    frames: Sequence[pd.DataFrame],
    crm: Snapshot,
    asked: tuple[Sequence[str], Sequence[str]],
) -> pd.DataFrame:
    """Return the figures of a compound in one period; ``asked``: the slices, and what stands against it."""
    if one.formula is None:
        raise ValueError(f"{one.name} is not a compound")
    by, lacks = asked
    head = {"measure": one.id, "variant": one.variant, "unit": one.unit}
    lacks = [*lacks, *(frame["missing"].iloc[0] for frame in frames if _is_untold(frame, by))]
    if lacks:
        missing = ", ".join(dict.fromkeys(", ".join(lacks).split(", ")))
        nothing = dict.fromkeys(FIGURES, np.nan) | {"n": 0, "state": "not_in_export", "missing": missing}
        return frames[0].iloc[:1].assign(**head, **nothing, **dict.fromkeys(by))
    first = frames[0].reset_index(drop=True)
    aligned = [_aligned(frame, first, by) for frame in frames]
    period = Period(first["period_start"].iloc[0], first["period_end"].iloc[0], "")
    with np.errstate(divide="ignore", invalid="ignore"):
        numerator, denominator, *codes = one.formula(_values(one, aligned), crm, period)
        value = numerator if denominator is None else numerator / denominator
    value = np.where(np.isfinite(value), value, np.nan)
    states = np.array([frame["state"] for frame in aligned], dtype=object)
    unknown, rough = ((states == state).any(axis=0) for state in ("not_in_export", "approximate"))
    reasons = np.array([*(frame["missing"] for frame in aligned), *codes], dtype=object)
    whys = [", ".join(dict.fromkeys(filter(None, column))) for column in reasons.T]
    nothing = np.isnan(value) & (np.array(whys) == "")
    nan = np.full(len(value), np.nan)
    return first.assign(
        **head,
        value=np.where(unknown, np.nan, value),
        numerator=nan if denominator is None else numerator,
        denominator=nan if denominator is None else denominator,
        low=nan,
        high=nan,
        state=np.select([unknown, rough, nothing], ["not_in_export", "approximate", "empty"], "ok"),
        missing=whys,
    )


def _values(one: Measure, aligned: Sequence[pd.DataFrame]) -> dict[str, Floats]:
    """Return what a formula is given: the values of the parts, and the two sides of each."""
    values = {}
    for name, frame in zip(one.parts, aligned, strict=True):
        values[name] = frame["value"].to_numpy(float)
        values |= {f"{name}.{side}": frame[side].to_numpy(float) for side in ("numerator", "denominator")}
    return values


def _aligned(frame: pd.DataFrame, first: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return a part's figures in the order of the first part's groups.

    Raises
    ------
    ValueError: the part has other groups.
    """
    if not by:
        return frame.reset_index(drop=True)
    ordered = first[list(by)].merge(frame, on=list(by), how="left", validate="1:1")
    if len(frame) != len(first) or ordered["measure"].isna().any():
        raise ValueError(f"the parts of a compound have different groups by {', '.join(by)}")
    return ordered


def _is_untold(frame: pd.DataFrame, by: Sequence[str]) -> bool:
    """Return whether a part tells nothing at all in the period, by no group."""
    return (
        len(frame) == 1
        and frame["state"].iloc[0] == "not_in_export"
        and (not by or bool(frame[list(by)].isna().all(axis=None)))
    )
