"""The rows of a workbook's sheets under their headings: columns in any order, merged cells made plain."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crmkit.bookcells import Reading, letters
from crmkit.errors import N_, Message, did_you_mean
from crmkit.process.layout import SPREADS, BookWords
from crmkit.process.wording import fold
from crmkit.workbooks import Grid

_NOTES = N_("Notes of your own may stand on a sheet of their own, which is not read.")
_SPLIT = N_("Split the merged cells and write in each cell what holds for its row.")


@dataclass(frozen=True)
class Rows:
    """The filled rows of a sheet.

    Attributes
    ----------
    name: the sheet's. heading: position of the row of headings. columns: position of each known column.
    rows: positions, from the top. cells: all texts, merged values filled in.
    """

    name: str
    heading: int
    columns: Mapping[str, int]
    rows: tuple[int, ...]
    cells: Sequence[Sequence[str]]

    def said(self, row: int) -> dict[str, str]:
        """Return what a row says, by column."""
        return {key: text for key, place in self.columns.items() if (text := self.cells[row][place])}


def rows_of(grid: Grid, sheet: str, *, words: Sequence[BookWords], told: Reading) -> Rows | None:
    """Find the headings of a sheet and the rows below; ``None`` if there are none (which is told).

    Parameters
    ----------
    grid: the sheet as it stands.
    sheet: its key in ``layout.SHEETS``.
    """
    width = max((len(row) for row in grid.rows), default=0)
    cells = [[text.strip() for text in row] + [""] * (width - len(row)) for row in grid.rows]
    known = {fold(heading): key for one in words for key, heading in one.columns[sheet].items()}
    hits = [sum(fold(text) in known for text in row) for row in cells]
    if not hits or not max(hits):
        if any(any(row) for row in cells) or sheet == "steps":
            expected = ", ".join(words[0].columns[sheet].values())
            what = N_("no row has the headings of this sheet")
            told.refuse(told.where(grid.name), what, (), N_("Possible: {expected}.", expected=expected))
        return None
    heading = hits.index(max(hits))
    columns = _columns(cells[heading], heading, grid.name, known=_Known(sheet, known, words), told=told)
    first = 1 + max([heading, *(down for up, _, down, _ in grid.merged if up <= heading <= down)])
    for merged in grid.merged:
        if merged[0] >= first:
            _make_plain(grid.name, cells, merged, columns=(sheet, columns), told=told)
    telling = [place for key, place in columns.items() if key != "number"]
    covered = [row[columns["name"]] for row in cells[heading + 1 : first] if "name" in columns]
    if any(covered):
        what = N_("a merged cell lies over the headings and over rows below them")
        told.refuse(told.where(grid.name, heading), what, filter(None, covered), _SPLIT)
    filled = [row for row in range(first, len(cells)) if any(cells[row][place] for place in telling)]
    for place in sorted(set(range(width)) - set(columns.values())):
        row = next((row for row in range(first, len(cells)) if cells[row][place]), None)
        if row is not None and not cells[heading][place]:
            what = N_("something stands in a column that has no heading")
            remedy = N_("Give the column one of the known headings, or empty it.")
            told.refuse(told.where(grid.name, row, place), what, [cells[row][place]], remedy)
    return Rows(grid.name, heading, columns, tuple(filled), cells)


def positions(rows: Rows, key: str, form: Callable[[str], str]) -> Mapping[str, list[int]]:
    """Return the positions of the rows by what they say in a column."""
    found: dict[str, list[int]] = {}
    for ix, row in enumerate(rows.rows):
        if text := rows.said(row).get(key):
            found.setdefault(form(text), []).append(ix)
    return found


@dataclass(frozen=True)
class _Known:
    """The headings that a sheet may have: by folded word, and as they are written in each language."""

    sheet: str
    keys: Mapping[str, str]
    words: Sequence[BookWords]

    def remedy(self, word: str, row: Sequence[str]) -> Message:
        """Say which heading is meant, in the language that most headings of the row are in."""
        there = {fold(text) for text in row}
        spoken = max(
            (list(one.columns[self.sheet].values()) for one in self.words),
            key=lambda headings: len(there & set(map(fold, headings))),
        )
        near = difflib.get_close_matches(word.casefold(), spoken, n=1, cutoff=0.6)
        return did_you_mean(word, spoken) if near else _NOTES


def _columns(row: Sequence[str], place: int, name: str, *, known: _Known, told: Reading) -> dict[str, int]:
    columns: dict[str, int] = {}
    for column, text in enumerate(row):
        key = known.keys.get(fold(text))
        where = told.where(name, place, column)
        if text and key is None:
            told.refuse(
                where, N_("there is no column «{heading}»", heading=text), (), known.remedy(text, row)
            )
        elif key in columns:
            told.refuse(
                where, N_("the column «{heading}» stands twice", heading=text), (), N_("Keep one of the two.")
            )
        elif key is not None:
            columns[key] = column
    if "name" not in columns:
        heading = known.words[0].columns[known.sheet]["name"]
        told.refuse(told.where(name, place), N_("the column «{heading}» is missing", heading=heading))
    return columns


def _make_plain(
    name: str,
    cells: list[list[str]],
    merged: tuple[int, int, int, int],
    *,
    columns: tuple[str, Mapping[str, int]],
    told: Reading,
) -> None:
    """Let the value of a merged cell count for each row that it spans, where the column allows that."""
    up, left, down, right = merged
    if up >= len(cells) or not (value := cells[up][left]):
        return
    sheet, places = columns
    keys = [key for key, place in places.items() if left <= place <= right]
    others = [row for row in range(up + 1, min(down + 1, len(cells))) if _elsewhere(cells[row], keys, places)]
    where = f"{told.where(name, up, left)}:{letters(right)}{down + 1}"
    if len(keys) > 1 or (keys and places[keys[0]] != left):
        told.refuse(where, N_("one merged cell lies over several columns"), [value], _SPLIT)
    elif others and keys and keys[0] in SPREADS[sheet]:
        for row in others:
            cells[row][left] = value
        what = N_(
            "{where}: the value of the merged cell, «{value}», counts for each of the rows it spans.",
            where=where, value=value,
        )  # fmt: skip
        told.repairs.append(what)
    elif others and keys:
        what = N_("one merged cell lies over several rows, and it is not clear for which of them it holds")
        told.refuse(where, what, [value], _SPLIT)


def _elsewhere(row: Sequence[str], keys: Sequence[str], places: Mapping[str, int]) -> bool:
    """Tell whether a row says anything outside of a merged cell."""
    return any(row[place] for key, place in places.items() if key not in keys)


def beside(cells: Sequence[Sequence[str]], labels: Mapping[str, str]) -> Iterator[tuple[str, int, int, str]]:
    """Yield what stands right of labels: the label's key; the row, the column and the text of the value."""
    for row, texts in enumerate(cells):
        column = 0
        while column < len(texts):
            key = labels.get(fold(texts[column].rstrip(": ")))
            column += 1
            if key is None:
                continue
            start = column
            while column < len(texts) and not texts[column].strip():
                column += 1
            # right beside a label stands its value, whatever it is; farther on another label may
            if column < len(texts) and (column == start or fold(texts[column].rstrip(": ")) not in labels):
                yield key, row, column, texts[column].strip()
                column += 1
