"""Columns of a table, and a frame's values as a table keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmkit.present.formats import Formats
from crmkit.present.gates import Cases
from crmkit.present.texts import clean, is_missing

if TYPE_CHECKING:
    import pandas as pd

FIGURES = ("count", "share", "money", "days", "hours", "minutes", "money_per_day", "ratio", "number")
KINDS = (*FIGURES, "text", "date", "moment", "url", "interval", "mixed")
HEAT = ("#eef5fb", "#d3e4f3", "#abcfe5", "#75b2d8", "#4a98c9", "#14589f")
"""The shades of a heat map, light to dark in colour and in grey; white letters on the last."""
CASES = ("numerator", "denominator", "n", "low", "high")

Cell = str | int | float | None


@dataclass(frozen=True)
class Column:
    """A column: ``key`` in the frame, ``heading`` for people, ``kind``, which way is ``better``.

    A share is gated by its cases wherever the frame has ``<key>_n``; other figures where ``gated`` says so.
    ``counted``: the frame has ``<key>_n``, which stands beside in the workbook and is told on pointing at a
    cell. ``bare``: the heading has no unit, because the title tells it.
    ``mixed``: each row has a kind of its own, and its figures stand with their units; a text stays a text.
    """

    key: str
    heading: str
    kind: str = "text"
    better: str = ""
    gated: bool = False
    counted: bool = False
    bare: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is no kind of column: {KINDS}")


def has_cases(column: Column, frame: pd.DataFrame) -> bool:
    """Whether the table has to know the cases behind a column of the frame."""
    return (column.gated or column.counted or column.kind == "share") and f"{column.key}_n" in frame.columns


def cases_of(frame: pd.DataFrame, key: str) -> tuple[Cases, ...]:
    """Return what stands behind each row's figure: the columns ``<key>_numerator`` … ``<key>_high``."""
    lists = [
        [plain(v, "number") for v in frame[f"{key}_{part}"].tolist()]
        if f"{key}_{part}" in frame.columns
        else [None] * len(frame)
        for part in CASES
    ]
    return tuple(Cases(*one) for one in zip(*lists, strict=True))


def headed(column: Column, formats: Formats) -> str:
    """Return a column's heading with its unit."""
    unit = "" if column.bare else formats.unit(column.kind)
    heading = clean(column.heading)
    return heading if not unit or heading.endswith(unit) else f"{heading}, {unit}"


def plain(value: Any, kind: str) -> Cell:
    """Return a frame's value as JSON has it."""
    if is_missing(value):
        return None
    if kind in FIGURES or (kind == "mixed" and not isinstance(value, str)):
        figure = float(value)
        if figure in (float("inf"), float("-inf")):
            return None
        return int(figure) if figure.is_integer() and kind == "count" else figure
    if kind == "date" and isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    return value.isoformat() if kind == "moment" and isinstance(value, datetime) else clean(value)
