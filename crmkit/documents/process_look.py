"""How the workbook of a description looks: widths, colours, paper, cell formats."""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from crmkit.documents.sheets import Styles, cell_text
from crmkit.documents.xlsx import SOME_DAY, new_book
from crmkit.errors import N_
from crmkit.folder import whole
from crmkit.present.words import Words
from crmkit.process.layout import BookWords

HEAD = {"steps": 3, "sub_processes": 2, "stages": 2, "roles": 2}
"""The row of the headings, from 0."""
MORE = {"steps": 40, "sub_processes": 30, "stages": 20, "roles": 30}
"""Rows prepared below those that are filled."""
#: Groups of columns: the first column of each, its title, its colour.
GROUPS = (
    ("number", N_("Step"), "#dbe7f3"),
    ("inputs", N_("What goes in and comes out"), "#dcefe4"),
    ("responsible", N_("Who"), "#f8ead2"),
    ("goal", N_("What is done"), "#e6e2f2"),
    ("crm_entities", N_("In the CRM"), "#d9eef2"),
    ("kpi", N_("Figures"), "#f5dfe0"),
    ("variables", N_("Besides"), "#e9ebed"),
    ("crm_stages", N_("In the CRM"), "#d9eef2"),
    ("optional", N_("Besides"), "#e9ebed"),
)
WIDTHS = {
    "number": 5, "stage": 20, "name": 24, "kind": 12, "inputs": 38, "outputs": 44, "responsible": 17,
    "task_setter": 17, "result_users": 17, "goal": 34, "tasks": 40, "actions": 46, "key_success_factor": 34,
    "crm_entities": 15, "required_fields": 24, "automations": 36, "kpi": 30, "target": 26, "norm": 9,
    "norm_unit": 16, "cost_per_case": 14, "expected_conversion": 13, "variables": 22, "problems": 34,
    "crm_stages": 34, "optional": 11, "replaces": 24, "step": 28, "department": 22, "owner": 22,
    "exit": 60, "crm_role": 30,
}  # fmt: skip
FIGURES = {"number": "0", "norm": "0.##", "cost_per_case": "#,##0.##", "expected_conversion": "0%"}
DAY_FORMAT = "yyyy-mm-dd"


@dataclass(frozen=True)
class Maker:
    """A workbook in the making: the book, its cell formats, its words."""

    book: Any
    styles: Styles
    words: Words
    spoken: BookWords

    def cell(self, key: str, **marks: object) -> Any:
        """Return the format of a cell of a column."""
        form = FIGURES.get(key, "@")
        marks |= {"align": "center"} if key in FIGURES else {}
        return self.styles.style(num_format=form, text_wrap=True, border=1, border_color="#c9d0d6", **marks)


def fills_of(sheet: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the colour of each heading: that of its group, on sheets without groups the first one's."""
    fills, colour = {}, GROUPS[0][2]
    starts = {first: colour for first, _, colour in GROUPS} if sheet == "steps" else {}
    for key in keys:
        colour = starts.get(key, colour)
        fills[key] = colour
    return fills


def on_paper(page: Any, *, last: tuple[int, int] | None = None, wide: bool = False) -> None:
    """Set the page up: landscape, as wide as the paper; the table of steps takes larger paper."""
    page.set_landscape()
    page.set_paper(8 if wide else 9)
    page.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.5)
    page.fit_to_pages(2 if wide else 1, 0)
    page.set_footer("&R&P / &N")
    if last:
        page.print_area(0, 0, *last)
    if wide:
        page.repeat_columns(0, 2)


def width_of(sheet: str, key: str) -> float:
    """Return how wide a column is, in signs."""
    return 34 if (sheet, key) == ("sub_processes", "name") else WIDTHS[key]


def shown(value: Any) -> str:
    """Return what a cell shows: a list with one item a line."""
    return "\n".join(value) if isinstance(value, list | tuple) else "" if value is None else str(value)


def height_of(texts: Sequence[tuple[str, float]]) -> float:
    """Return the height of a row, in points, that shows wrapped texts in columns of these widths."""
    lines = [
        sum(max(1, len(textwrap.wrap(line, int(0.93 * width)))) for line in text.split("\n"))
        for text, width in texts
    ]
    return min(15 * max([1, *lines]) + 3, 409)


@contextmanager
def book_to_edit(path: Path, title: str) -> Iterator[tuple[Any, Styles]]:
    """Give a workbook that people fill in, with its cell formats; the file appears whole or not at all."""
    with whole(path) as place:
        with new_book(place, constant_memory=False, in_memory=True) as book:
            book.set_properties({"created": SOME_DAY, "author": "crmkit", "title": cell_text(title)[:250]})
            yield book, Styles(book)
        _let_rows_grow(place)


def heading_style(styles: Styles, colour: str) -> Any:
    """Return the format of the heading of a column."""
    return styles.style(bold=True, text_wrap=True, bg_color=colour, border=1, border_color="#9aa5ae")


def _let_rows_grow(path: Path) -> None:
    """Take the mark «set by hand» off the heights of rows: they show the text now, and grow with it later."""
    with zipfile.ZipFile(path) as book:
        members = [(member, book.read(member)) for member in book.infolist()]
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for member, content in members:
            inside = member.filename.startswith("xl/worksheets/")
            book.writestr(member, content.replace(b' customHeight="1"', b"") if inside else content)
    path.write_bytes(packed.getvalue())
