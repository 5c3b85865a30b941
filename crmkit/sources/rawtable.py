"""The raw table: a file's cells as text, with the line of every row, and the rows that are none set aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from crmkit.sources.cells import Cells, clean, clean_heading, name_columns
from crmkit.sources.norecords import sort_out

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
MAX_TEXT = 200


@dataclass(frozen=True)
class RawTable:
    """A file as text: every cell a string or missing, line numbers kept.

    Attributes
    ----------
    headings: as in the file, cleaned; a repeated one gets ``.2``, ``.3``; an empty one is ``column 7``.
    frame: one text column a heading, RangeIndex; empty cells are missing; no outer spaces, NFC.
    lines: 1-based line of the file (row of the sheet or of the HTML table) where each kept row starts.
    rows_read: records without the heading, ``len(frame) + len(set_aside)``. Blank lines are no records.
    set_aside: line, reason, text (cut at 200 characters), in the order of the file. Reasons: ``fields``
        (another number of fields than the heading), ``repeated_heading``, ``total`` (a footer),
        ``formula_error``, ``empty`` (separators only), ``cut`` (the file ends inside the row).
    decisions: how the file was read: kind, encoding, delimiter, sheet, other_sheets, damaged_numbers …
    native_dates: headings of a workbook in which cells were real dates; those cells are ISO text.
    """

    headings: tuple[str, ...]
    frame: pd.DataFrame
    lines: np.ndarray
    rows_read: int
    set_aside: pd.DataFrame
    decisions: dict[str, str]
    native_dates: frozenset[str]


def finish(cells: Cells, decisions: dict[str, str], native: Iterable[int] = ()) -> RawTable:
    """Clean the cells, name the columns, set aside what is no record.

    Parameters
    ----------
    cells: what a reader of one format hands over.
    decisions: how the file was read.
    native: positions of the columns with real dates.
    """
    columns = [clean(column, cells.plain) for column in cells.columns]
    titles = [clean_heading(heading) for heading in cells.headings]
    keep, aside = sort_out(cells, titles, columns)
    if not keep.all():
        chosen = pa.array(keep)
        columns = [column.filter(chosen) for column in columns]
    while len(titles) > 1 and not titles[-1] and columns[-1].null_count == len(columns[-1]):
        titles.pop()
        columns.pop()
    names = name_columns(titles)
    nothing = pa.nulls(int(keep.sum()), pa.large_string())  # one for all empty columns
    frame = pd.DataFrame(
        {
            name: TEXT.__from_arrow__(column if column.null_count < len(column) else nothing)
            for name, column in zip(names, columns, strict=True)
        },
        index=pd.RangeIndex(int(keep.sum())),
        copy=False,
    )
    aside = sorted(aside, key=lambda one: one.line)
    table = pd.DataFrame(
        {
            "line": np.array([one.line for one in aside], dtype=np.int64),
            "reason": pd.array([one.reason for one in aside], dtype=TEXT),
            "text": pd.array([one.text[:MAX_TEXT] for one in aside], dtype=TEXT),
        }
    )
    dates = frozenset(names[position] for position in native if position < len(names))
    return RawTable(tuple(names), frame, cells.lines[keep], len(frame) + len(table), table, decisions, dates)
