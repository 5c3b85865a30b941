"""Figures as plain records for programs: unrounded, missing is null, moments are ISO text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmkit.measures.catalog import find
from crmkit.measures.evaluation import LEFT
from crmkit.measures.groups import HEAD
from crmkit.measures.summaries import FIGURES


def records(figures: pd.DataFrame, by: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of ``evaluate`` as dictionaries with the slices under ``by``.

    Parameters
    ----------
    by: the slices that were asked for; by default all that the frame has. Others belong only to the measures
        that bring them along, such as the stage of a distribution.
    """
    columns = list(figures.columns)
    brought = columns[len(HEAD) : columns.index("value")]
    rows = []
    for values in figures.itertuples(index=False, name=None):
        row = {name: plain(value) for name, value in zip(columns, values, strict=True)}
        own = find(_name(row)).within
        told = {name: row[name] for name in brought if by is None or name in by or name == own}
        head = {name: row[name] for name in HEAD} | {"variant": row["variant"] or None}
        ends = {"n": int(row["n"]), "state": row["state"], "missing": row["missing"] or None}
        rows.append(head | {"by": told} | {name: row[name] for name in FIGURES} | ends)
    return rows


def with_parts(rows: list[dict[str, Any]], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records in which those of compounds have ``parts``: the value of each by its name.

    Parameters
    ----------
    told: the records of the parts, of the same periods and slices.
    """
    known = {(_name(row), row["period_start"], tuple(row["by"].items())): row["value"] for row in told}
    made = []
    for row in rows:
        parts = find(_name(row)).parts
        place = (row["period_start"], tuple(row["by"].items()))
        values = {part: known.get((part, *place)) for part in parts}
        made.append(row | {"parts": values} if parts else row)
    return made


def _name(row: dict[str, Any]) -> str:
    return ":".join(part for part in (row["measure"], row["variant"]) if part)


def left_out_records(left: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cases left out, one record per measure, period and reason."""
    rows = [
        {name: plain(value) for name, value in zip(LEFT, values, strict=True)}
        for values in left[list(LEFT)].itertuples(index=False, name=None)
    ]
    return [row | {"variant": row["variant"] or None, "n": int(row["n"])} for row in rows]


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON values."""
    names = [str(name) for name in frame.columns]
    return [
        dict(zip(names, map(plain, row), strict=True)) for row in frame.itertuples(index=False, name=None)
    ]


def plain(value: Any) -> Any:
    """Return one value as JSON has it; a number without end is no number there."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
