"""Rows that are no records: empty ones, headings said again, formula errors, totals at the end."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.sources.cells import Aside, Cells, clean_heading

TAIL = 50

#: Words with which the last lines of an export begin that are not records; small letters.
FOOTERS = (
    "итого", "всего", "общий итог", "общая сумма", "количество записей", "количество строк",
    "записей:", "строк:", "total", "totals", "grand total", "grand totals", "subtotal", "number of records",
    "number of rows", "row count", "records:", "rows:", "total geral", "totais",
    "confidential information", "copyright ©", "copyright (c)",
)  # fmt: skip
_FOOTER = re.compile(
    rf"(?:{'|'.join(re.escape(word) for word in sorted(FOOTERS, key=len, reverse=True))})(?:(?<=\W)|(?!\w))"
    r"|\(?\d+ (?:rows?|records?|строк[аи]?|запис(?:ь|и|ей))\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"[-+(]?[^\w(]{0,2}\d[\d\s.,'’]*\D{0,6}")

#: What spreadsheets write into a cell that could not be worked out, in English and Russian.
FORMULA_ERRORS = (
    "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#ERROR!",
    "#ССЫЛКА!", "#Н/Д", "#ЗНАЧ!", "#ДЕЛ/0!", "#ИМЯ?", "#ПУСТО!", "#ЧИСЛО!",
)  # fmt: skip


def sort_out(
    cells: Cells, titles: list[str], columns: list[pa.ChunkedArray]
) -> tuple[np.ndarray, list[Aside]]:
    """Return which rows are kept, and all records that are not."""
    height = len(cells.lines)
    keep = np.ones(height, dtype=bool)
    found: dict[int, str] = dict.fromkeys(_empty_rows(columns, height), "empty")
    if found and cells.blank is not None:
        rows = np.fromiter(found, dtype=np.int64)
        for row in rows[cells.blank(cells.lines[rows])].tolist():
            del found[row]
            keep[row] = False
    found |= dict.fromkeys(_repeated_headings(cells, titles, columns), "repeated_heading")
    found |= dict.fromkeys(_formula_errors(columns), "formula_error")
    aside = [_footer_or_itself(one, cells.delimiter) for one in cells.aside]
    found |= dict.fromkeys(_footers(columns, cells.lines, keep, found, aside), "total")
    keep[list(found)] = False
    for row, reason in found.items():
        aside.append(Aside(int(cells.lines[row]), reason, cells.delimiter.join(_row(columns, row))))
    last = int(cells.lines[keep].max(initial=0))
    return keep, [
        one if one.reason != "footer" else Aside(one.line, "total" if one.line > last else "fields", one.text)
        for one in aside
    ]


def _row(columns: Sequence[pa.ChunkedArray], row: int) -> list[str]:
    return [column[row].as_py() or "" for column in columns]


def _empty_rows(columns: Sequence[pa.ChunkedArray], height: int) -> list[int]:
    if not height or any(column.null_count == 0 for column in columns):
        return []
    empty = np.ones(height, dtype=bool)
    for column in columns:
        empty &= pc.is_null(column).to_numpy()
    return [int(row) for row in np.flatnonzero(empty)]


def _repeated_headings(cells: Cells, titles: list[str], columns: Sequence[pa.ChunkedArray]) -> list[int]:
    """Rows that say the headings once more, as in files put together from several exports."""
    first = next((place for place, title in enumerate(titles) if title), None)
    if first is None:
        return []
    wanted = pa.array([titles[first], cells.headings[first].strip()], columns[first].type)
    rows = np.flatnonzero(pc.is_in(columns[first], wanted).to_numpy()).tolist()
    return [row for row in rows if [clean_heading(cell) for cell in _row(columns, row)] == titles]


def _formula_errors(columns: Sequence[pa.ChunkedArray]) -> list[int]:
    """Rows whose first filled cell is a formula error."""
    wrong = pa.array(FORMULA_ERRORS, columns[0].type) if columns else None
    found: list[int] = []
    undecided: np.ndarray | None = None
    for column in columns:
        hit = pc.is_in(column, wrong).to_numpy() if len(column) else np.zeros(0, dtype=bool)
        found += np.flatnonzero(hit if undecided is None else hit & undecided).tolist()
        if column.null_count == 0:
            break
        empty = pc.is_null(column).to_numpy()
        undecided = empty if undecided is None else undecided & empty
        if not undecided.any():
            break
    return found


def _footer_or_itself(one: Aside, delimiter: str) -> Aside:
    if one.reason != "fields" or "\n" in one.text:
        return one
    cells = next(csv.reader([one.text[:2000]], delimiter=delimiter), [])
    return Aside(one.line, "footer", one.text) if is_footer(cells, short=True) else one


def _footers(
    columns: Sequence[pa.ChunkedArray],
    lines: np.ndarray,
    keep: np.ndarray,
    found: dict[int, str],
    aside: list[Aside],
) -> list[int]:
    """Rows at the very end that are totals or a notice, walking up until a row is neither."""
    footers: list[int] = []
    other = max((one.line for one in aside if one.reason != "footer"), default=0)
    for row in range(len(lines) - 1, max(-1, len(lines) - 1 - TAIL), -1):
        if not keep[row] or row in found:
            continue
        if lines[row] < other or not is_footer(_row(columns, row)):
            break
        footers.append(row)
    return footers


def is_footer(cells: Sequence[str], short: bool = False) -> bool:
    """Say whether a record reads as a total or a notice at the end of an export.

    Its first filled cell begins with one of ``FOOTERS``, and most of the others are empty, or all of them are
    amounts beside the bare word. ``short``: the record has fewer fields than the heading.

    >>> is_footer(["Итого", "", "", "1 500 000"]), is_footer(["Total Recall Ltd", "Won", "2024", "100"])
    (True, False)
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or not (match := _FOOTER.match(filled[0])):
        return False
    others = filled[1:]
    if short or 2 * len(others) <= len(cells) - 1:
        return True
    return match.end() >= len(filled[0].rstrip(" :.")) and all(_AMOUNT.fullmatch(other) for other in others)
