"""Cells as the readers of the formats hand them over, and how their text is cleaned."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SPACES = " \t\r\n\v\f\u00a0\u2007\u2009\u200b\u202f\u3000\ufeff"


@dataclass(frozen=True)
class Aside:
    """A record that is not kept: where it starts, why, and its text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Cells:
    """What a reader of one format hands over: columns as they stand, and records that did not fit them.

    ``blank`` says of line numbers whether those lines are blank (their empty rows are no records); ``plain``
    promises that no cell needs NFC.
    """

    headings: Sequence[str]
    columns: Sequence[pa.ChunkedArray]
    lines: np.ndarray
    aside: Sequence[Aside]
    delimiter: str
    blank: Callable[[np.ndarray], np.ndarray] | None = None
    plain: bool = False


def clean(column: pa.ChunkedArray, plain: bool) -> pa.ChunkedArray:
    """Return a text column with ``\\n`` line breaks, in NFC, without outer spaces; empty cells are null."""
    if column.null_count == len(column):
        return column
    trimmed = pc.utf8_trim(column, _SPACES)
    if _bytes(trimmed) < _bytes(column):
        column = pc.if_else(pc.equal(pc.binary_length(trimmed), 0), pa.scalar(None, column.type), trimmed)
    return column if plain else pc.utf8_normalize(column, "NFC")


def _bytes(column: pa.ChunkedArray) -> int:
    return pc.sum(pc.binary_length(column)).as_py() or 0


def clean_heading(heading: str) -> str:
    """Return a heading in NFC with single plain spaces and without byte-order mark.

    >>> clean_heading("\\ufeff Бюджет\\u00a0 ")
    'Бюджет'
    """
    return " ".join(unicodedata.normalize("NFC", heading).replace("\ufeff", "").replace("\u200b", "").split())


def name_columns(titles: Sequence[str]) -> list[str]:
    """Return distinct names: repeated headings are numbered, empty ones named by their place.

    >>> name_columns(["id", "utm", "", "utm"])
    ['id', 'utm', 'column 3', 'utm.2']
    """
    names: list[str] = []
    given = set(titles)
    for place, title in enumerate(titles, start=1):
        stem = name = title or f"column {place}"
        number = 2
        while name in names or (name != title and name in given):
            name, number = f"{stem}.{number}", number + 1
        names.append(name)
    return names
