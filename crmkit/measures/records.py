"""Figures as plain records for programs: unrounded, missing is null, moments are ISO text."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from crmkit.measures.evaluation import FIGURES

HEAD = ("measure", "variant", "unit", "period_start", "period_end")


def records(figures: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of ``evaluate`` as dictionaries with the slices under ``by``."""
    columns = list(figures.columns)
    by = columns[len(HEAD) : columns.index("value")]
    rows = []
    for values in figures.itertuples(index=False, name=None):
        row = dict(zip(columns, values, strict=True))
        record: dict[str, Any] = {name: _plain(row[name]) for name in HEAD}
        record["variant"] = record["variant"] or None
        record["by"] = {name: _plain(row[name]) for name in by}
        record |= {name: _plain(row[name]) for name in FIGURES}
        record |= {"n": int(row["n"]), "state": row["state"], "missing": row["missing"] or None}
        rows.append(record)
    return rows


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, float):
        return float(value)
    return value


def left_out_records(left: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cases left out, one record per measure, period and reason."""
    return [
        {
            "measure": measure,
            "variant": variant or None,
            "period_start": start.isoformat(),
            "reason": reason,
            "n": int(n),
        }
        for measure, variant, start, reason, n in left.itertuples(index=False, name=None)
    ]
