"""Measures that are a formula over other measures: put together from their figures, group by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.measures.catalog import Measure, find
from crmkit.measures.groups import HEAD
from crmkit.measures.summaries import FIGURES
from crmkit.periods import Period
from crmkit.schema import Snapshot


def with_compounds(
    wanted: Sequence[Measure], figures: pd.DataFrame, left: pd.DataFrame, crm: Snapshot, by: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures and the cases left out of the wanted measures alone, compound ones among them.

    Parameters
    ----------
    figures, left: of the wanted measures that are no compounds, and of the parts of those that are.
    """
    compounds = [one for one in wanted if one.parts]
    if not compounds:
        return figures, left
    known = pd.MultiIndex.from_frame(figures[["measure", "variant"]])
    kept = known.isin([(one.id, one.variant) for one in wanted])
    told, out = [figures[kept]], [left]
    for one in compounds:
        frames = [figures[known == _key(part)] for part in one.parts]
        for start in frames[0]["period_start"].drop_duplicates():
            told.append(
                _put_together(one, [frame[frame["period_start"] == start] for frame in frames], crm, by)
            )
        mine = left[
            pd.MultiIndex.from_frame(left[["measure", "variant"]]).isin([_key(part) for part in one.parts])
        ]
        mine = mine.assign(measure=one.id, variant=one.variant, unit=one.unit)
        out.append(mine.groupby([*HEAD, "reason"], sort=False, as_index=False)["n"].max())
    left = pd.concat(out, ignore_index=True)
    chosen = pd.MultiIndex.from_frame(left[["measure", "variant"]]).isin(
        [(one.id, one.variant) for one in wanted]
    )
    return pd.concat(told, ignore_index=True), left[chosen].reset_index(drop=True)


def _key(name: str) -> tuple[str, str]:
    part = find(name)
    return part.id, part.variant


def _put_together(
    one: Measure, frames: Sequence[pd.DataFrame], crm: Snapshot, by: Sequence[str]
) -> pd.DataFrame:
    """Return the figures of a compound in one period."""
    if one.formula is None:
        raise ValueError(f"{one.name} is not a compound")
    head = {"measure": one.id, "variant": one.variant, "unit": one.unit}
    lacks = [frame["missing"].iloc[0] for frame in frames if _is_untold(frame, by)]
    if lacks:
        missing = ", ".join(dict.fromkeys(", ".join(lacks).split(", ")))
        nothing = dict.fromkeys(FIGURES, np.nan) | {"n": 0, "state": "not_in_export", "missing": missing}
        return frames[0].iloc[:1].assign(**head, **nothing, **dict.fromkeys(by))
    keys = list(by)
    first = frames[0].sort_values(keys).reset_index(drop=True) if keys else frames[0].reset_index(drop=True)
    aligned = [first]
    for frame in frames[1:]:
        ordered = frame.sort_values(keys) if keys else frame
        aligned.append(ordered.reset_index(drop=True))
    values = {name: frame["value"].to_numpy(float) for name, frame in zip(one.parts, aligned, strict=True)}
    period = Period(first["period_start"].iloc[0], first["period_end"].iloc[0], "")
    with np.errstate(divide="ignore", invalid="ignore"):
        numerator, denominator = one.formula(values, crm, period)
        value = numerator if denominator is None else numerator / denominator
    value = np.where(np.isfinite(value), value, np.nan)
    unknown, rough = (
        np.any([frame["state"] == state for frame in aligned], axis=0)
        for state in ("not_in_export", "approximate")
    )
    reasons = np.array([frame["missing"] for frame in aligned], dtype=object)
    whys = [", ".join(dict.fromkeys(filter(None, column))) for column in reasons.T]
    nan = np.full(len(value), np.nan)
    return first.assign(
        **head,
        value=np.where(unknown, np.nan, value),
        numerator=nan if denominator is None else numerator,
        denominator=nan if denominator is None else denominator,
        low=nan,
        high=nan,
        state=np.select(
            [unknown, rough, np.isnan(value)], ["not_in_export", "approximate", "empty"], "ok"
        ),
        missing=whys,
    )


def _is_untold(frame: pd.DataFrame, by: Sequence[str]) -> bool:
    """Return whether a part tells nothing at all in the period, by no group."""
    return (
        len(frame) == 1
        and frame["state"].iloc[0] == "not_in_export"
        and (not by or bool(frame[list(by)].isna().all(axis=None)))
    )
