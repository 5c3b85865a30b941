"""The weekly sheet of the audit as a workbook that the head of sales fills in (METHOD 5.3).

It is read back by ``crmkit.audit.filled``; text is always written as text, and only web addresses are links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crmkit.audit.decisions import Violation
from crmkit.audit.rowkeys import RowKey
from crmkit.audit.sheet import Walk
from crmkit.documents.audit_sheet_help import (
    FILLED_IN,
    HEADING,
    Maker,
    write_cell,
    write_earlier,
    write_help,
)
from crmkit.documents.process_look import book_to_edit, heading_style, height_of, on_paper
from crmkit.documents.sheets import LONGEST_TEXT, SOFT, cell_text, sheet_names
from crmkit.present.audit_sheet import By, sampling, told, weekly
from crmkit.present.sheet_words import DECISIONS, HEADINGS
from crmkit.present.study import Study
from crmkit.present.texts import is_missing

FILE = "audit-sheet.xlsx"
HEAD = 3
LOWEST = 26
"""How high a row is at least, in points: somebody may write into it by hand."""
#: Columns of a sheet with their widths in signs; the hidden key stands among those that are sorted together.
WIDTHS = {
    "rep": 17, "stage": 18, "name": 27, "amount": 12, "days_in_stage": 8, "last_action_at": 11,
    "next_task_at": 11, "what": 52, "key": 12, "decision": 18, "until": 12, "note": 26,
}  # fmt: skip
AGAIN = "#fbe9e0"
"""The colour of what was decided on before and is still so."""


def write_audit_sheet(path: Path, study: Study, by: Sequence[By] = ("rep", "stage")) -> int:
    """Write the weekly sheet; the same data give the same bytes. Return how many cards stand on it.

    Parameters
    ----------
    by: the sheets to fill in, in order.
    """
    found = weekly(study)
    titles = {"rep": study.say("By rep"), "stage": study.say("By stage")}
    others = [study.say("How to fill in"), study.say("Earlier decisions")]
    names = sheet_names([*(titles[one] for one in by), *others])
    with book_to_edit(path, study.client.name) as (book, styles):
        maker = Maker(styles, study, found)
        for one, name in zip(by, names, strict=False):
            _write_walk(book.add_worksheet(name), maker, one)
        write_help(book.add_worksheet(names[-2]), maker)
        if len(found.earlier):
            write_earlier(book.add_worksheet(names[-1]), maker)
    return len(found.cards)


def _write_walk(page: Any, maker: Maker, by: By) -> None:
    """Write the cards in an order, each with its key, and empty cells to fill in."""
    study, found = maker.study, maker.found
    rows = told(study, found, by=by).to_dict("records")
    other = "stage" if by == "rep" else "rep"
    columns = [by, other, *(key for key in WIDTHS if key not in ("rep", "stage"))]
    _write_top(page, maker, columns)
    for row, (said, hidden) in enumerate(zip(rows, _keys(study, found, rows), strict=True), HEAD + 1):
        again = {"bg_color": AGAIN} if said["earlier"] >= 0 else {}
        for place, key in enumerate(columns):
            value = hidden if key == "key" else None if key in FILLED_IN else said[key]
            style = maker.cell(key, **(again if key == "what" else {}))
            write_cell(page, (row, place), value, style=style, link=said["url"] if key == "name" else None)
        texts = [(str(said[key]), WIDTHS[key]) for key in ("rep", "stage", "name", "what")]
        page.set_row(row, max(height_of(texts), LOWEST))
    last = HEAD + max(len(rows), 1)
    _let_choose(page, maker, columns, last=last)
    page.autofilter(HEAD, 0, last, len(columns) - 1)
    page.freeze_panes(HEAD + 1, 3)
    page.repeat_rows(HEAD)
    on_paper(page, last=(last, len(columns) - 1))


def _keys(study: Study, found: Walk, rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    wrong = found.wrong
    of_card: list[list[Violation]] = [[] for _ in range(len(found.cards))]
    for at, check, table, name in zip(wrong["at"], wrong["check"], wrong["table"], wrong["key"], strict=True):
        of_card[at].append((check, table, name))
    day, client = study.crm.today, study.client.name
    keys = []
    for row in rows:
        rep = "" if is_missing(row["manager_id"]) else str(row["manager_id"])
        mine = tuple(of_card[row["at"]])
        key = RowKey(client, day, row["card"], row["key"], rep, cell_text(row["name"]), mine)
        keys.append(key.text(LONGEST_TEXT))
    return keys


def _write_top(page: Any, maker: Maker, columns: Sequence[str]) -> None:
    """Write the title, which cards these are, and the headings."""
    study, style = maker.study, maker.styles.style
    day = study.formats.day(study.crm.today)
    title = study.say("{client}: weekly audit sheet, {day}", client=study.client.name, day=day)
    page.write_string(0, 0, cell_text(title), style(bold=True, font_size=14))
    note = " ".join(sampling(study, maker.found))
    wide = sum(WIDTHS.values()) - WIDTHS["key"]
    page.merge_range(1, 0, 1, len(columns) - 1, "", style(text_wrap=True, font_color=SOFT))
    page.write_string(1, 0, cell_text(note), style(text_wrap=True, font_color=SOFT))
    page.set_row(1, height_of([(note, wide)]))
    for place, key in enumerate(columns):
        heading = study.words.message(HEADINGS[key])
        heading += f", {study.formats.unit('money')}" if key == "amount" else ""
        page.set_column(place, place, WIDTHS[key], None, {"hidden": key == "key"})
        colour = "#f4e3a6" if key in FILLED_IN else HEADING
        page.write_string(HEAD, place, heading, heading_style(maker.styles, colour))
    page.set_row(HEAD, 48)


def _let_choose(page: Any, maker: Maker, columns: Sequence[str], *, last: int) -> None:
    """Let the decision be chosen from a list, and ask for a day that is not over."""
    study, place = maker.study, {key: columns.index(key) for key in FILLED_IN}
    words = [study.words.message(said) for said, _ in DECISIONS.values()]
    page.data_validation(
        HEAD + 1, place["decision"], last, place["decision"],
        {"validate": "list", "source": words, "error_title": study.say("Decision"),
         "error_message": study.say("Choose a decision from the list.")},
    )  # fmt: skip
    page.data_validation(
        HEAD + 1, place["until"], last, place["until"],
        {"validate": "date", "criteria": ">=", "value": study.crm.today, "error_type": "warning",
         "error_message": study.say("A day such as 31.12.2026 should stand here, not before the sheet's.")},
    )  # fmt: skip
