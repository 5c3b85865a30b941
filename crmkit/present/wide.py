"""Long figures laid out for reading: one row per group or period, one column per measure, cases beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from crmkit.measures import find
from crmkit.present.tables import CASES, Column

if TYPE_CHECKING:
    from crmkit.present.study import Study

#: Units of measures -> kinds of columns.
KIND = {"count": "count", "share": "share", "money": "money", "days": "days", "per_day": "number"}


def key_of(name: str) -> str:
    """Return a measure's name as a column key: ``win_rate:cohort`` becomes ``win_rate_cohort``."""
    return name.replace(":", "_")


def wide(figures: pd.DataFrame, names: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Lay out figures side by side.

    Parameters
    ----------
    figures: rows of ``evaluate``.
    names: the measures (``id`` or ``id:variant``) in the order wanted; each becomes ``<key>`` and ``<key>_n`` …
    by: what makes a row: slices, or ``period_start`` and ``period_end``.
    """
    out = figures[list(by)].drop_duplicates().reset_index(drop=True)
    for name in names:
        identifier, _, variant = name.partition(":")
        rows = figures[(figures["measure"] == identifier) & ((figures["variant"] == variant) | (not variant))]
        rows = rows[rows["state"] != "not_in_export"]
        key = key_of(name)
        beside = [] if find(name).is_exact else list(CASES)
        renamed = rows[[*by, "value", *beside]].rename(
            columns={"value": key, **{part: f"{key}_{part}" for part in CASES}}
        )
        out = out.merge(renamed, how="left", on=list(by), validate="1:1")
    return out


def measure_columns(study: Study, names: Sequence[str]) -> list[Column]:
    """Return a column for each measure, gated where it is a share."""
    ones = [study.measure(name) for name in names]
    return [
        Column(key_of(name), study.say(one.title), KIND[one.unit], one.better)
        for name, one in zip(names, ones, strict=True)
    ]


def available(study: Study, figures: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the measures that the export can tell anywhere in these figures."""
    told = figures[figures["state"] != "not_in_export"]
    pairs = set(zip(told["measure"], told["variant"], strict=True))
    return [name for name in names if (study.measure(name).id, study.measure(name).variant) in pairs]


def row_of(figures: pd.DataFrame, identifier: str, variant: str) -> dict[str, Any]:
    """Return the one row of a measure among figures that are not sliced."""
    chosen = figures[(figures["measure"] == identifier) & (figures["variant"] == variant)]
    return {str(key): value for key, value in chosen.iloc[0].to_dict().items()}
