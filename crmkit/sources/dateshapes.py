"""Dates by shape: cells alike but for their digits are understood once, and read by columns of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MAX_SHAPES = 40
MAX_LENGTH = 40
_SHAPE = re.compile(
    r"(?:(?P<year>0000)(?P<iso>[-/.])(?P<month>00?)(?P=iso)(?P<day>00?)"
    r"|(?P<one>00?)(?P<mark>[-/.])(?P<two>00?)(?P=mark)(?P<last>0000|00))"
    r"(?:(?:T|,? )(?P<hour>00?):(?P<minute>00)(?::(?P<second>00)(?:[.,](?P<fraction>0{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp][Mm]))?(?: ?(?P<zone>Z|UTC|[+-]00(?::?00)?))?)?"
)


@dataclass(frozen=True)
class Group:
    """Cells of one shape: rows, parts of the date, time of day in µs (−1: none such), offset in µs."""

    rows: np.ndarray
    shape: re.Match[str]
    parts: tuple[np.ndarray, np.ndarray, np.ndarray]
    clock: np.ndarray
    offset: np.ndarray

    @property
    def mark(self) -> str:
        """The separator of a date that does not begin with the year, else empty."""
        return self.shape["mark"] or ""


def shape_groups(cells: pa.LargeStringArray) -> Iterator[Group]:
    """Sort cells by shape (digits as 0); yield those whose shape is a date's, their parts as numbers."""
    lengths = pc.binary_length(cells).to_numpy()
    for length in np.flatnonzero(np.bincount(lengths)):
        if not 6 <= length <= MAX_LENGTH:
            continue
        rows = np.flatnonzero(lengths == length)
        chosen = cells if len(rows) == len(cells) else cells.take(pa.array(rows))
        start = np.frombuffer(chosen.buffers()[1], np.int64)[chosen.offset]
        signs = np.frombuffer(chosen.buffers()[2], np.uint8)[start : start + length * len(rows)].reshape(
            -1, length
        )
        for _ in range(MAX_SHAPES):
            if not len(rows):
                break
            is_digit = (signs[0] >= 48) & (signs[0] <= 57)
            low = np.where(is_digit, np.uint8(48), signs[0])
            same = (signs - low <= np.where(is_digit, np.uint8(9), np.uint8(0))).all(axis=1)
            found = _SHAPE.fullmatch(low.tobytes().decode("utf-8", "replace"))
            if found:
                yield _group(signs if same.all() else signs[same], rows[same], found)
            if same.all():
                break
            signs, rows = signs[~same], rows[~same]


def _group(signs: np.ndarray, rows: np.ndarray, shape: re.Match[str]) -> Group:
    def number(name: str) -> np.ndarray:
        value: np.ndarray = np.zeros(len(signs), dtype=np.int64)
        for place in range(*shape.span(name)) if shape[name] else ():
            value = value * 10 + (signs[:, place] - np.uint8(48))
        return value

    names = ("year", "month", "day") if shape["year"] else ("one", "two", "last")
    hour, minute, second = number("hour"), number("minute"), number("second")
    fits = (hour < 24) & (minute < 60) & (second < 60)
    if half := (shape["half"] or "").upper():
        fits &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + (12 if half == "PM" else 0)
    micros = number("fraction") * 1_000_000 // 10 ** len(shape["fraction"] or "")
    clock = np.where(fits, ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros, -1)
    offset: np.ndarray = np.zeros(len(signs), dtype=np.int64)
    if shape["zone"] and shape["zone"][0] in "+-":
        begin, end = shape.span("zone")
        digits = [place for place in range(begin + 1, end) if shape.string[place] == "0"]
        ten, one, *rest = (signs[:, place].astype(np.int64) - 48 for place in digits)
        minutes = (ten * 10 + one) * 60 + (rest[0] * 10 + rest[1] if rest else 0)
        offset = minutes * 60_000_000 * (-1 if shape["zone"][0] == "-" else 1)
    first, middle, last = map(number, names)
    return Group(rows, shape, (first, middle, last), clock, offset)
