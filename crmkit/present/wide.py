"""Long figures laid out for reading: one row per group or period, one column per measure, cases beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from crmkit.measures import find
from crmkit.measures.catalog import ADDITIVE
from crmkit.present.tables import CASES, Column
from crmkit.present.units import KIND_OF_UNIT

if TYPE_CHECKING:
    from crmkit.present.study import Study


def key_of(name: str) -> str:
    """Return a measure's name as a column key: ``win_rate:cohort`` becomes ``win_rate_cohort``."""
    return name.replace(":", "_")


def beside(key: str) -> dict[str, str]:
    """Return the names under which a table looks for the cases behind the column ``key``."""
    return {part: f"{key}_{part}" for part in CASES}


def counted(key: str, k: Any, n: Any) -> dict[str, Any]:
    """Return the cases behind the share ``key`` of a table: ``k`` of ``n``."""
    return {f"{key}_numerator": k, f"{key}_denominator": n, f"{key}_n": n}


def rows_of(figures: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one measure (``id`` or ``id:variant``)."""
    one = find(name)
    return figures[(figures["measure"] == one.id) & (figures["variant"] == one.variant)]


def row_of(figures: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return the one row of a measure among figures that are not sliced."""
    return {str(key): value for key, value in rows_of(figures, name).iloc[0].to_dict().items()}


def wide(figures: pd.DataFrame, names: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Lay out figures side by side; what cannot be told is missing, and makes no row.

    Parameters
    ----------
    figures: rows of ``evaluate``.
    names: the measures in the order wanted; each becomes ``<key>``, ``<key>_n`` …
    by: what makes a row: slices, or ``period_start`` and ``period_end``.
    """
    told = figures[figures["state"] != "not_in_export"]
    out = told[list(by)].drop_duplicates().reset_index(drop=True)
    for name in names:
        key = key_of(name)
        cases = [] if find(name).is_exact else CASES  # a table gates a share only where it finds its cases
        renamed = rows_of(told, name)[[*by, "value", *cases]].rename(columns={"value": key} | beside(key))
        out = out.merge(renamed, how="left", on=list(by), validate="1:1")
    return out


def measure_columns(study: Study, names: Sequence[str]) -> list[Column]:
    """Return a column for each measure; what is estimated from cases is told as their number allows."""
    ones = {name: study.measure(name) for name in names}
    return [
        Column(
            key_of(name), study.say(one.title), KIND_OF_UNIT[one.unit], one.better,
            gated=one.summary not in ADDITIVE and not one.is_exact,
        )
        for name, one in ones.items()
    ]  # fmt: skip


def available(figures: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the measures that the export can tell anywhere in these figures."""
    return [name for name in names if (rows_of(figures, name)["state"] != "not_in_export").any()]
