"""Identifiers that a spreadsheet damaged: rounded, in scientific notation, without their leading zeros."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.intake.problems import problem
from crmkit.schema import TABLES, Snapshot, column
from crmkit.sources.ledger import LoadReport

#: A spreadsheet keeps 15 digits of a number.
KEPT = 15
_SCIENTIFIC = r"^[+-]?\d(?:[.,]\d+)?[eE]\+?\d{1,2}$"
#: So many values, and so many times more than by chance, make it damage.
MIN_VALUES, TIMES = 3, 10.0


def damaged(crm: Snapshot, report: LoadReport) -> list[dict[str, object]]:
    """Return the damage to identifiers, telephones, tax numbers and the client's own fields."""
    repeats = report.set_aside[report.set_aside["reason"].isin(["same_id", "same_row"])]
    twice = repeats.groupby(["table", "reason"])["line"].size().to_dict()
    noted = report.notes[report.notes["code"] == "damaged_numbers"]
    told = set(zip(noted["table"], noted["column"], strict=True))
    found: list[dict[str, object]] = []
    broken = {table for table, name in told if name == _key(table)}
    for table, name, cells, weights in _texts(crm):
        own = [
            one
            for code, bad in (
                ("scientific_numbers", _scientific(cells)),
                ("damaged_numbers", _rounded(cells)),
                ("lost_zeros", _shortened(cells, name)),
            )
            if bad is not None and not (code == "damaged_numbers" and (table, name) in told)
            for one in _told(code, (table, name), (cells, weights, bad))
        ]
        found += own
        is_key = name == _key(table)
        if is_key and (any(one["code"] != "lost_zeros" for one in own) or _are_floats(cells)):
            broken.add(table)
    for (table, reason), count in twice.items():
        code = "ids_collapsed" if table in broken and reason == "same_id" else reason
        rows = repeats[(repeats["table"] == table) & (repeats["reason"] == reason)]
        of = len(crm.tables.get(table, ())) + count
        found.append(problem(code, table, _key(table), count=count, of=of, samples=rows["text"]))
    return found


def _key(table: str) -> str:
    return next((item.name for item in TABLES.get(table, ()) if item.name.endswith("_id")), "")


def _texts(crm: Snapshot) -> Iterator[tuple[str, str, pa.Array, np.ndarray]]:
    """Yield what may be damaged: the cells of a column and how often each stands there."""
    for table, frame in crm.tables.items():
        for name in frame.columns:
            known = column(table, name)
            wanted = name.endswith("_id") or name == "phone" if known else name not in ("file", "line")
            values = frame[name]
            if not wanted or not len(values):
                continue
            if isinstance(values.dtype, pd.CategoricalDtype):
                cells = pa.array(values.cat.categories, type=pa.large_string())
                counts = np.bincount(values.cat.codes + 1, minlength=len(cells) + 1)[1:]
            elif isinstance(values.dtype, pd.StringDtype):
                cells = pa.array(values, type=pa.large_string())
                counts = np.ones(len(cells), dtype=np.int64)
            else:
                continue
            cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
            if cells.null_count < len(cells):
                yield table, name, cells, counts


def _told(
    code: str, place: tuple[str, str], found: tuple[pa.Array, np.ndarray, np.ndarray]
) -> Iterator[dict[str, object]]:
    cells, weights, bad = found
    count = int(weights[bad].sum())
    if count:
        shown = list(dict.fromkeys(cells.filter(pa.array(bad)).slice(0, 50).to_pylist()))
        filled = int(weights[cells.is_valid().to_numpy(zero_copy_only=False)].sum())
        yield problem(code, *place, count=count, of=filled, samples=shown)


def _holds(found: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def _scientific(cells: pa.Array) -> np.ndarray | None:
    if not any(pc.any(pc.match_substring(cells, mark)).as_py() for mark in ("E+", "e+")):
        return None
    return _holds(pc.match_substring_regex(cells, _SCIENTIFIC))


def _long(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return which cells are whole numbers of 16 to 19 digits, and those numbers."""
    lengths = pc.utf8_length(cells)
    wide = pc.and_(pc.greater(lengths, KEPT), pc.less_equal(lengths, 19))
    if not pc.any(wide).as_py():
        return np.zeros(len(cells), dtype=bool), np.zeros(0, dtype=np.uint64)
    places = _holds(pc.and_(wide, pc.match_substring_regex(cells, r"^[1-9]\d+$")))
    return places, np.asarray(cells.filter(pa.array(places)).cast(pa.uint64()).to_numpy())


def _rounded(cells: pa.Array) -> np.ndarray | None:
    """Tell which numbers have only zeros behind their 15th digit.

    Only if most of the long ones do, and more than by chance: a spreadsheet rounds them all, but for cells
    that were text.
    """
    places, numbers = _long(cells)
    if not len(numbers):
        return None
    steps = 10 ** np.maximum(np.floor(np.log10(numbers.astype(np.float64))).astype(np.int64) + 1 - KEPT, 0)
    round_ones = numbers % steps.astype(np.uint64) == 0
    expected = float((1.0 / steps).sum())
    if round_ones.sum() < max(MIN_VALUES, TIMES * expected, len(numbers) / 2):
        return None
    bad = np.zeros(len(cells), dtype=bool)
    bad[places] = round_ones
    return bad


def _are_floats(cells: pa.Array) -> bool:
    """Tell whether all long numbers are such as a binary floating-point number can hold.

    That alone proves nothing: some systems give out such identifiers. With records that share one, it does.
    """
    _, numbers = _long(cells)
    numbers = numbers[numbers > 1 << 53]
    return len(numbers) >= MIN_VALUES and bool(
        (numbers.astype(np.float64).astype(np.uint64) == numbers).all()
    )


def _shortened(cells: pa.Array, name: str) -> np.ndarray | None:
    """Tell which numbers lack one digit of the usual ten or twelve, while none begins with a zero.

    So a tax number loses its leading zero. Telephones are left alone: with and without the country's code
    they are of two lengths anyway.
    """
    lengths = pc.fill_null(pc.utf8_length(cells), 0).to_numpy(zero_copy_only=False)
    usual = np.isin(lengths, (10, 12))
    short = np.isin(lengths, (9, 11))
    if name == "phone" or short.sum() < MIN_VALUES or usual.sum() < 4 * short.sum():
        return None
    digits = _holds(pc.match_substring_regex(cells, r"^\d{9,12}$"))
    zeros = _holds(pc.starts_with(cells, "0"))
    phones = _holds(pc.match_substring_regex(cells, r"^[78]\d{10}$"))
    filled = int(cells.is_valid().to_numpy(zero_copy_only=False).sum())
    if (digits & zeros).any() or (digits & phones).any() or 10 * digits.sum() < 9 * filled:
        return None
    bad = digits & short
    return bad if bad.sum() >= MIN_VALUES and (digits & usual).sum() >= 4 * bad.sum() else None
