"""The sheets of the weekly audit sheet that are only to be read, and how its cells look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmkit.audit.filled import NEEDS
from crmkit.audit.sheet import Walk
from crmkit.documents.process_look import height_of, on_paper
from crmkit.documents.sheets import Strip, Styles, cell_text, number_format, of_table
from crmkit.errors import N_
from crmkit.present.audit_sheet import decided_table, sampling
from crmkit.present.sheet_words import DECISIONS, HEADINGS
from crmkit.present.study import Study
from crmkit.present.texts import is_missing, safe_link

KINDS = {
    "amount": "money", "days_in_stage": "days", "last_action_at": "date", "next_task_at": "date",
    "until": "date",
}  # fmt: skip
FILLED_IN = ("decision", "until", "note")
LINE, HEADING, OPEN = "#c9d0d6", "#dbe7f3", "#fdf6dd"
LONGEST_LINK = 2000
ADVICE = (
    N_("Go through the cards with the rep; open a card by its name, where the name is a link."),
    N_("Choose a decision from the list; write the day under «Until» and the reason under «Note»."),
    N_("Both sheets hold the same cards: by rep and by stage. Fill in either; what differs is refused."),
    N_("Rows may be sorted, filtered and deleted, columns widened. Do not rename headings or merge cells."),
    N_("Then: crmkit sheet read CLIENT FILE. The next sheet says what became of each decision."),
)


@dataclass(frozen=True)
class Maker:
    """A workbook in the making."""

    styles: Styles
    study: Study
    found: Walk

    def cell(self, key: str, **marks: object) -> Any:
        """Return the format of a cell of a column."""
        kind = KINDS.get(key, "text")
        form = "#,##0" if kind == "money" else number_format(kind, self.study.formats)
        marks |= {"align": "center"} if kind == "date" else {}
        colour = {"bg_color": OPEN} if key in FILLED_IN else {}
        return self.styles.style(
            num_format=form, text_wrap=True, border=1, border_color=LINE, **{**colour, **marks}
        )


def write_cell(page: Any, at: tuple[int, int], value: Any, *, style: Any, link: Any = None) -> None:
    """Write a value as what it is; a text never becomes a formula, and only a web address a link."""
    address = safe_link(link) if isinstance(link, str) else None
    if is_missing(value) or value == "":
        page.write_blank(*at, None, style)
    elif isinstance(value, pd.Timestamp):
        page.write_datetime(*at, value.to_pydatetime(), style)
    elif isinstance(value, float | int):
        page.write_number(*at, value, style)
    elif address and len(address) <= LONGEST_LINK:
        page.write_url(*at, address, style, cell_text(value))
    else:
        page.write_string(*at, cell_text(value), style)


def write_help(page: Any, maker: Maker) -> None:
    """Explain how the sheet is filled in, what each decision means, and whose cards were drawn."""
    study, style = maker.study, maker.styles.style
    for place, width in enumerate((26, 96, 24)):
        page.set_column(place, place, width)
    page.write_string(0, 0, study.say("How to fill in"), style(bold=True, font_size=14))
    for row, advice in enumerate(ADVICE, 2):
        page.write_string(row, 0, f"{row - 1}. {study.words.message(advice)}", style())
    row = 3 + len(ADVICE)
    heads = [study.say("Decision"), study.say("What it means"), study.say("Has to be filled in")]
    rows = [
        [
            *(study.words.message(one) for one in said),
            ", ".join(study.words.message(HEADINGS[key]) for key in NEEDS.get(code, ())) or "—",
        ]
        for code, said in DECISIONS.items()
    ]
    end = _write_grid(page, maker, row, heads=heads, rows=rows)
    page.write_string(end + 1, 0, study.say("Which cards stand here"), style(bold=True, font_size=12))
    for place, note in enumerate(sampling(study, maker.found), end + 2):
        page.merge_range(place, 0, place, 2, "", style(text_wrap=True))
        page.write_string(place, 0, cell_text(note), style(text_wrap=True))
        page.set_row(place, height_of([(note, 146)]))
    page.protect()
    on_paper(page)


def _write_grid(
    page: Any, maker: Maker, row: int, *, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> int:
    """Write a small table of texts; return the row after it."""
    body = {"text_wrap": True, "border": 1, "border_color": LINE}
    for place, text in enumerate(heads):
        page.write_string(row, place, text, maker.styles.style(**body, bold=True, bg_color=HEADING))
    for cells in rows:
        row += 1
        for place, text in enumerate(cells):
            page.write_string(row, place, cell_text(text), maker.styles.style(**body, bold=place == 0))
        page.set_row(row, height_of(list(zip(cells, (26, 96, 24), strict=True))))
    return row + 1


def write_earlier(page: Any, maker: Maker) -> None:
    """Write what was decided on earlier sheets, and what became of it."""
    table, style = decided_table(maker.study, maker.found.earlier), maker.styles.style
    known: Mapping[str, int] = {"name": 34, "note": 44, "part": 36, "url": 30, "rep": 20, "said": 22}
    strips: list[Strip] = list(of_table(table, maker.styles))
    widths = [known.get(column.key, 12) for column in table.columns]
    page.write_string(0, 0, cell_text(table.title), style(bold=True, font_size=14))
    for place, (column, strip) in enumerate(zip(table.columns, strips, strict=True)):
        head = style(bold=True, text_wrap=True, bg_color=HEADING, border=1, border_color=LINE)
        page.set_column(place, place, widths[place])
        page.write_string(2, place, cell_text(strip.heading), head)
        side = {"align": "center"} if column.kind == "date" else {}
        form = number_format(column.kind, maker.study.formats)
        body = style(num_format=form, text_wrap=True, border=1, border_color=LINE, **side)
        for row, value in enumerate(strip.values, 3):
            write_cell(page, (row, place), value, style=body)
    for row, cells in enumerate(table.rows, 3):
        texts = zip(["" if cell is None else str(cell) for cell in cells], widths, strict=True)
        page.set_row(row, height_of([(text, width) for text, width in texts if width > 12]))
    page.autofilter(2, 0, 2 + len(table.rows), len(strips) - 1)
    page.freeze_panes(3, 0)
    page.repeat_rows(2)
    on_paper(page)
