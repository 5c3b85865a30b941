"""The process graph and the variants by hand: bare NumPy on integer codes that are sorted already.

As little as a careful person would write who knows the data: a few stages, times that fit beside them into
one integer, an office in UTC without holidays. No unknown moments, no ties, no order of stages, no frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Told = dict[str, Array]

DAY = 86_400_000_000
HOUR = DAY // 24


@dataclass(frozen=True)
class Office:
    """Working hours, Monday to Friday."""

    opens: int
    closes: int


def graph(deal: Array, at: Array, stage: Array, size: int) -> Told:
    """Return the edges with counts, medians and means in days."""
    return _edges(deal, at[1:] - at[:-1], stage, size)


def working(deal: Array, at: Array, stage: Array, size: int, office: Office) -> Told:
    """Return the edges with counts, medians and means in days of working time."""
    first = int(at.min() // DAY)
    days = np.arange(first, int(at.max() // DAY) + 2)
    is_working = (days + 3) % 7 < 5  # 1 January 1970 was a Thursday
    shift = (office.closes - office.opens) * HOUR
    before = np.append(0, np.cumsum(is_working * shift))
    day = at // DAY
    inside = np.clip(at - (day * DAY + office.opens * HOUR), 0, shift)
    day -= first
    worked = before[day] + inside * is_working[day]
    return _edges(deal, worked[1:] - worked[:-1], stage, size)


def _edges(deal: Array, spans: Array, stage: Array, size: int) -> Told:
    same = deal[1:] == deal[:-1]
    edge = (stage[:-1] * np.int16(size) + stage[1:])[same].astype(np.int64)
    spans = spans[same]
    n = np.bincount(edge, minlength=size * size)
    found = np.flatnonzero(n)
    mean = np.bincount(edge, weights=spans, minlength=size * size)[found] / n[found] / DAY
    bits = int(spans.max(initial=1)).bit_length()
    ordered = (edge << bits) | spans
    ordered.sort()
    ends = np.cumsum(n)[found]
    low, high = ends - n[found] + (n[found] - 1) // 2, ends - n[found] + n[found] // 2
    whole = (1 << bits) - 1
    median = ((ordered[low] & whole) + (ordered[high] & whole)) / 2 / DAY
    return {"edge": found, "n": n[found], "median": median, "mean": mean}


def variants(deal: Array, stage: Array, size: int) -> dict[tuple[int, ...], int]:
    """Return how many deals took each path, told apart by a hash of 64 bits."""
    begin = np.flatnonzero(np.append(True, deal[1:] != deal[:-1]))
    length = np.diff(np.append(begin, len(deal)))
    step = np.arange(len(deal)) - np.repeat(begin, length)
    powers = np.cumprod(np.full(int(length.max()), 0x9E3779B97F4A7C15, dtype=np.uint64))
    mixed = (stage.astype(np.uint64) + np.uint64(1)) * powers[step]
    keys = np.add.reduceat(mixed, begin)
    _, first, n = np.unique(keys, return_index=True, return_counts=True)
    return {
        tuple(stage[begin[one] : begin[one] + length[one]].tolist()): int(count)
        for one, count in zip(first, n, strict=True)
    }
