"""Cells as the readers of the formats hand them over, and how their text is cleaned."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


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
    if any(_has_outer_space(chunk) for chunk in column.chunks):
        column = pc.utf8_trim(column, " \t\r\n\v\f\u00a0\u2007\u2009\u200b\u202f\u3000\ufeff")
        column = pc.if_else(pc.equal(pc.binary_length(column), 0), pa.scalar(None, column.type), column)
    return column if plain else pc.utf8_normalize(column, "NFC")


def _has_outer_space(chunk: pa.LargeStringArray) -> bool:
    """Look at both ends of every cell, by bytes: does one of them look like a space?"""
    _, offsets, text = chunk.buffers()
    if text is None or not text.size:
        return False
    bounds = np.frombuffer(offsets, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    filled = bounds[1:] > bounds[:-1]
    starts, ends = bounds[:-1][filled], bounds[1:][filled]
    codes = np.frombuffer(text, np.uint8)
    first, last = codes[starts], codes[ends - 1]
    if (first <= 32).any() or (last <= 32).any():
        return True
    lead = starts[(first == 0xC2) | (first == 0xE2) | (first == 0xE3) | (first == 0xEF)]
    tail = ends[last >= 0x80]
    return _is_wide_space(codes[lead], codes[lead + 1]) or _is_wide_space(codes[tail - 2], codes[tail - 1])


def _is_wide_space(before: np.ndarray, after: np.ndarray) -> bool:
    """Find bytes of NBSP, of the spaces from U+2000 on, of U+3000 or a byte-order mark; a rough sieve."""
    nbsp = (before == 0xC2) & (after == 0xA0)
    wide = ((before == 0xE2) | (before == 0xE3)) & (after == 0x80)
    wide |= (before == 0x80) & (after >= 0x80) & (after <= 0xAF)
    mark = ((before == 0xEF) & (after == 0xBB)) | ((before == 0xBB) & (after == 0xBF))
    return bool((nbsp | wide | mark).any())


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
