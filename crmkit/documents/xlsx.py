"""The workbook: every table in full on a sheet of its own, and the rows behind the figures.

Text is always written as text: no formula and no link can come from data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from crmkit.documents.sheets import SOFT, Rows, Strip, Styles, cell_text, of_rows, of_table, sheet_names
from crmkit.folder import whole
from crmkit.present.tables import Table
from crmkit.present.words import Words

__all__ = ["Rows", "Sheet", "write_workbook"]

HEAD = 2
"""The row of the headings; the title stands in row 0."""

MOST_ROWS = 1_048_576 - HEAD - 20
"""How many rows fit under the headings, with room for the notes."""

SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC)
"""What stands as the date of creation, so that the same input gives the same bytes."""

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}

Sheet = Table | Rows


@contextmanager
def new_book(place: Path, **options: object) -> Iterator[Any]:
    """Give a workbook to fill, in which text stays text.

    It is packed in memory: a disk that is full is an OSError as elsewhere, and leaves no open file behind.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    packed = BytesIO()
    try:
        with xlsxwriter.Workbook(packed, {**OPTIONS, **options}) as book:
            yield book
    except FileCreateError as error:
        raise OSError(*error.args[0].args) from error
    place.write_bytes(packed.getvalue())


def _write_sheet(book: Any, styles: Styles, name: str, sheet: Sheet) -> int:
    """Write one sheet, row after row as the memory-saving mode wants it; return how many rows there are."""
    page = book.add_worksheet(name)
    strips = list(of_table(sheet, styles) if isinstance(sheet, Table) else of_rows(sheet, styles))
    total = len(strips[0].values) if strips else 0
    count = min(total, MOST_ROWS)
    page.write_string(0, 0, cell_text(sheet.title), styles.style(bold=True, font_size=13))
    _write_headings(page, styles, strips)
    _write_cells(page, strips, count)
    page.freeze_panes(HEAD + 1, 1)
    _fit_on_paper(page)
    page.repeat_rows(HEAD)
    body = count - (sheet.foot if isinstance(sheet, Table) else 0)
    if strips and body > 0:
        page.autofilter(HEAD, 0, HEAD + body, len(strips) - 1)
    for line, note in enumerate(_notes(sheet, total - count), HEAD + count + 2):
        page.write_string(line, 0, cell_text(note), styles.style(font_color=SOFT))
    return total


def _fit_on_paper(page: Any) -> None:
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)


def _write_headings(page: Any, styles: Styles, strips: Sequence[Strip]) -> None:
    marks = {"bold": True, "bottom": 2, "text_wrap": True, "font_color": SOFT}
    widths = [min(max(strip.width, min(len(strip.heading), 20), 8) + 2, 60) for strip in strips]
    lines = [-(-len(strip.heading) // (width - 2)) for strip, width in zip(strips, widths, strict=True)]
    page.set_row(HEAD, 16 * min(max([1, *lines]), 5))
    for index, strip in enumerate(strips):
        page.set_column(index, index, widths[index])
        side = "left" if any(isinstance(value, str) for value in strip.values[:1]) else "right"
        page.write_string(HEAD, index, cell_text(strip.heading), styles.style(**marks, align=side))


def _write_cells(page: Any, strips: Sequence[Strip], count: int) -> None:
    write = {str: page.write_string, float: page.write_number, int: page.write_number}
    columns = [(index, strip.values, strip.styles) for index, strip in enumerate(strips)]
    for row in range(count):
        for index, values, styles in columns:
            value = values[row]
            if value is not None:
                write[type(value)](HEAD + 1 + row, index, value, styles[row])


def _notes(sheet: Sheet, left: int) -> list[str]:
    words = Words(sheet.language)
    notes = list(sheet.notes)
    if isinstance(sheet, Table) and sheet.gate_remark:
        notes.append(sheet.gate_remark)
    if left:
        notes.append(
            words.plural("{n} row does not fit into a sheet.", "{n} rows do not fit into a sheet.", left)
        )
    return notes[:15]


def _write_contents(
    page: Any, styles: Styles, words: Words, title: str, lines: Sequence[tuple[str, str, int]]
) -> None:
    _fit_on_paper(page)
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 90)
    page.write_string(0, 0, cell_text(title), styles.style(bold=True, font_size=15))
    heads = (words.say("Sheet"), words.say("What it shows"), words.say("Rows"))
    for index, heading in enumerate(heads):
        page.write_string(HEAD, index, heading, styles.style(bold=True, bottom=2, font_color=SOFT))
    for row, (name, shows, count) in enumerate(lines, HEAD + 1):
        page.write_string(row, 0, name, styles.style())
        page.write_string(row, 1, cell_text(shows), styles.style())
        page.write_number(row, 2, count, styles.style(num_format="#,##0"))


def write_workbook(
    path: Path, sheets: Sequence[Sheet], *, language: str, title: str, created: datetime = SOME_DAY
) -> None:
    """Write a workbook: a sheet of contents, then one a table; the file appears whole or not at all.

    Parameters
    ----------
    path: where to; its folder exists.
    sheets: tables, and frames of rows.
    title: what stands over the contents: the client's name.
    created: the date in the file's properties; a fixed one keeps the bytes equal.
    """
    words = Words(language)
    names = sheet_names([words.say("Contents"), *(sheet.title for sheet in sheets)])
    with whole(path) as place, new_book(place, tmpdir=str(path.parent)) as book:
        book.set_properties({"created": created, "author": "crmkit"})
        styles = Styles(book)
        cover = book.add_worksheet(names[0])
        counts = [_write_sheet(book, styles, *pair) for pair in zip(names[1:], sheets, strict=True)]
        lines = [(name, sheet.title, n) for name, sheet, n in zip(names[1:], sheets, counts, strict=True)]
        _write_contents(cover, styles, words, title, lines)
