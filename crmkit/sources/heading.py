"""Find the headings of a printed list, below its titles, and tell its records from groups and totals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from crmkit.sources.cells import clean_heading, name_columns
from crmkit.sources.norecords import is_footer
from crmkit.sources.rawtable import MAX_TEXT, TEXT, RawTable

#: How many rows from the top may be titles; in how many of the first columns the name of a group may stand.
TOP, GROUP_COLUMNS = 40, 2
#: Signs that a report puts behind the heading it is sorted by.
_SORTED = "↑↓▲▼ "
_FIGURES = re.compile(r"[\d\s.,:/+-]+")


def find_heading_row(raw: RawTable) -> RawTable:
    """Return the table with its headings, where titles stand above them; any other table as it is.

    A first row counts as a title if fewer than half of its cells are filled. The headings are the first row
    below in which most cells are filled with distinct text, none of it a number, and which is followed by
    rows at least half as full. The rows above are set aside with the reason ``title``.
    """
    width = len(raw.headings)
    first = ["" if _is_made_up(name, place) else name for place, name in enumerate(raw.headings, 1)]
    if width < 3 or 2 * sum(map(bool, first)) >= width:
        return raw
    top = raw.frame.head(TOP).fillna("").to_numpy(dtype=object)
    place = next(
        (row for row in range(len(top)) if reads_as_headings(top[row]) and _is_followed(top, row)), None
    )
    if place is None:
        return raw
    names = tuple(name_columns([clean_heading(cell).rstrip(_SORTED) for cell in top[place]]))
    renamed = dict(zip(raw.headings, names, strict=True))
    rows = [first, *top[:place].tolist()]
    lines = [max(int(raw.lines[0]) - 1, 1), *raw.lines[:place].tolist()]
    damaged = raw.decisions.get("damaged_numbers", "").split(", ")
    decisions = {**raw.decisions, "heading_line": str(raw.lines[place])}
    if damaged != [""]:
        decisions["damaged_numbers"] = ", ".join(renamed.get(name, name) for name in damaged)
    return replace(
        raw,
        headings=names,
        frame=raw.frame.iloc[place + 1 :].set_axis(list(names), axis=1).reset_index(drop=True),
        lines=raw.lines[place + 1 :],
        set_aside=_with_rows(raw.set_aside, lines, ["title"] * len(lines), rows),
        decisions=decisions,
        native_dates=frozenset(renamed[name] for name in raw.native_dates),
    )


def without_groups(raw: RawTable) -> RawTable:
    """Set aside the rows that name a group of records, the totals below one, and the headings said again.

    Reasons: ``group_row``, ``total``, ``repeated_heading``. A group's row has one filled cell, in one of the
    first two columns; a table of less than four columns is left as it is.
    """
    if len(raw.headings) < 4:
        return raw
    filled = raw.frame.notna().to_numpy()
    lonely = np.flatnonzero((filled.sum(axis=1) == 1) & filled[:, :GROUP_COLUMNS].any(axis=1))
    sparse = np.flatnonzero(2 * filled.sum(axis=1) <= len(raw.headings) + 1)
    reasons = dict.fromkeys(lonely.tolist(), "group_row")
    for row in sparse.tolist():
        if is_footer(raw.frame.iloc[row].fillna("").tolist()):
            reasons[row] = "total"
    again = (raw.frame == list(raw.headings)) | raw.frame.isna()
    reasons |= dict.fromkeys(
        np.flatnonzero(again.all(axis=1) & (filled.sum(axis=1) > 2)).tolist(), "repeated_heading"
    )
    if not reasons:
        return raw
    gone = sorted(reasons)
    rows = raw.frame.iloc[gone].fillna("").to_numpy(dtype=object).tolist()
    keep = np.ones(len(raw.frame), dtype=bool)
    keep[gone] = False
    aside = _with_rows(raw.set_aside, raw.lines[gone].tolist(), [reasons[row] for row in gone], rows)
    return replace(raw, frame=raw.frame[keep].reset_index(drop=True), lines=raw.lines[keep], set_aside=aside)


def _is_made_up(name: str, place: int) -> bool:
    """Say whether a heading was made up for an empty cell."""
    return name == f"column {place}"


def with_titles(raw: RawTable, titles: Sequence[tuple[int, str]]) -> RawTable:
    """Return the table with the lines above its headings among the rows set aside."""
    if not titles:
        return raw
    lines, rows = [line for line, _ in titles], [[text] for _, text in titles]
    aside = _with_rows(raw.set_aside, lines, ["title"] * len(lines), rows)
    return replace(raw, set_aside=aside, rows_read=raw.rows_read + len(lines))


def reads_as_headings(cells: Sequence[str]) -> bool:
    """Return whether most cells are filled, with distinct text, none of it a number."""
    filled = [cell for cell in cells if cell]
    words = [cell for cell in filled if len(cell) <= 80 and not _FIGURES.fullmatch(cell)]
    return 2 * len(filled) > len(cells) and len(words) == len(filled) == len(set(filled))


def _is_followed(top: np.ndarray, place: int) -> bool:
    """Say whether one of the next three rows is at least half as full."""
    width = sum(map(bool, top[place]))
    return any(2 * sum(map(bool, row)) >= width for row in top[place + 1 : place + 4])


def _with_rows(
    aside: pd.DataFrame, lines: Sequence[int], reasons: Sequence[str], rows: Sequence[Sequence[str]]
) -> pd.DataFrame:
    texts = ["\t".join(cells).rstrip("\t")[:MAX_TEXT] for cells in rows]
    fresh = pd.DataFrame(
        {
            "line": np.array(lines, dtype=np.int64),
            "reason": pd.array(list(reasons), dtype=TEXT),
            "text": pd.array(texts, dtype=TEXT),
        }
    )
    return pd.concat([aside, fresh]).sort_values("line", kind="stable", ignore_index=True)
