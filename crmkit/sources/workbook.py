"""A sheet of a workbook as a raw table: what the child process read, cleared of what no cell should hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.sources.cells import Cells
from crmkit.sources.encodings import CONTROLS
from crmkit.sources.rawtable import RawTable, finish
from crmkit.workbooks import read_sheet


def read_workbook(path: Path, kind: str, *, sheet: str | None = None) -> RawTable:
    """Read a sheet of a workbook as text, the first with data unless one is named; lines are its rows.

    Parameters
    ----------
    path: the file.
    kind: ``xlsx`` or ``xls``, as its first bytes say.
    sheet: the sheet's name.

    Raises
    ------
    SourceError: the file is damaged, protected, hostile or too large, or has no such sheet.
    """
    found, table = read_sheet(path, kind, sheet=sheet)
    lines = table.column("row").to_numpy()
    columns = [_cleared(column) for column in table.columns[1:]]
    headings = [column[0].as_py() or "" for column in columns]
    raw = finish(
        Cells(headings, [column.slice(1) for column in columns], lines[1:], [], "\t", _every_line_is_blank),
        {"kind": kind, "sheet": found["sheet"]},
        native=found["dates"],
    )
    if found["merged"]:
        raw.decisions["merged_cells"] = str(found["merged"])
    if found["others"]:
        raw.decisions["other_sheets"] = ", ".join(found["others"])
    if damaged := [raw.headings[place] for place in found["damaged"] if place < len(raw.headings)]:
        raw.decisions["damaged_numbers"] = ", ".join(damaged)
    return raw


def _every_line_is_blank(lines: np.ndarray) -> np.ndarray:
    """Empty rows of a sheet are no records: they were left out, or hold nothing but spaces."""
    return np.ones(len(lines), dtype=bool)


def _cleared(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make empty cells null, and strip control characters from the columns that have any."""
    if pc.any(pc.match_substring_regex(column, f"[{CONTROLS}\r]")).as_py():
        column = pc.replace_substring(pc.replace_substring(column, "\r\n", "\n"), "\r", "\n")
        column = pc.replace_substring_regex(column, f"[{CONTROLS}]", "")
    return pc.if_else(pc.equal(pc.binary_length(column), 0), pa.scalar(None, column.type), column)
