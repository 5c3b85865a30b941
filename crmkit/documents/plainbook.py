"""A workbook of tables of texts, to be read and filled in by people: wrapped, frozen, never a formula."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

from crmkit.documents.grids import Grid
from crmkit.documents.sheets import Styles, cell_text, sheet_names
from crmkit.documents.xlsx import HEAD, SOME_DAY, new_book
from crmkit.folder import whole

SHEET_WIDTH = 150
"""How many signs wide the columns of a sheet are together."""


def write_plain_book(path: Path, title: str, grids: Sequence[Grid], open_point: str) -> None:
    """Write a sheet for each table; the same tables give the same bytes.

    Parameters
    ----------
    title: what stands over every sheet. open_point: the words to be marked.
    """
    names = sheet_names(grid.title for grid in grids)
    with whole(path) as place, new_book(place, constant_memory=False, tmpdir=str(path.parent)) as book:
        book.set_properties({"created": SOME_DAY, "author": "crmkit", "title": cell_text(title)[:250]})
        styles = Styles(book)
        for name, grid in zip(names, grids, strict=True):
            _write_grid(book.add_worksheet(name), styles, title, grid, open_point)


def _height(texts: Sequence[str], widths: Sequence[float]) -> int:
    """Return the height of a row, in points, that shows wrapped texts in columns of these widths."""
    lines = [
        sum(ceil(max(len(line), 1) / max(width - 1, 1)) for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    ]
    return min(15 * max(lines) + 3, 400)


def _write_grid(page: Any, styles: Styles, title: str, grid: Grid, open_point: str) -> None:
    body = {"text_wrap": True, "border": 1, "border_color": "#b8c2cc"}
    widths = [max(6, round(SHEET_WIDTH * width / sum(grid.widths))) for width in grid.widths]
    page.write_string(0, 0, cell_text(f"{title}: {grid.title}"), styles.style(bold=True, font_size=13))
    for place, (heading, width) in enumerate(zip(grid.headings, widths, strict=True)):
        page.set_column(place, place, width)
        page.write_string(
            HEAD, place, cell_text(heading), styles.style(**body, bold=True, bg_color="#e3eaf1")
        )
    page.set_row(HEAD, _height(grid.headings, [0.85 * width for width in widths]))  # they are bold
    for row, cells in enumerate(grid.rows, HEAD + 1):
        texts = [cell if isinstance(cell, str) else "\n".join(cell) for cell in cells]
        page.set_row(row, _height(texts, widths))
        for place, text in enumerate(texts):
            mark = {"italic": True, "font_color": "#9c4a00"} if text == open_point else {}
            if text:
                page.write_string(row, place, cell_text(text), styles.style(**body, **mark))
            else:
                page.write_blank(row, place, None, styles.style(**body))
    page.freeze_panes(HEAD + 1, 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEAD)
