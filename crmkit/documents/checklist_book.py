"""The sales-system checklist as a workbook: for whoever asks the questions without a notebook (METHOD 5.4).

It is read back by ``crmkit.audit.checklist_sheet``; text is always written as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from crmkit.audit.answers import Answers
from crmkit.audit.checklist_sheet import BY, TOLD, row_key
from crmkit.documents.audit_sheet_help import HEADING, LINE, OPEN, write_cell
from crmkit.documents.process_look import book_to_edit, heading_style, height_of, on_paper
from crmkit.documents.sheets import SOFT, Styles, cell_text, sheet_names
from crmkit.errors import N_
from crmkit.present.checklist_audit import to_fill_in
from crmkit.present.checklist_form import CHOICES
from crmkit.present.checklist_sheet import HEADINGS, rows
from crmkit.present.checklist_words import basis
from crmkit.present.study import Study

HEAD = 3
#: Columns with their widths in signs. What is needed for asking stands first; the data, which are looked at
#: after the answer, behind it: on a second page where the sheet is printed, two pages of A4 wide.
WIDTHS = {
    "id": 6, "area": 14, "text": 38, "good": 38, "where": 22, "whom": 13, "answer": 14, "evidence": 30,
    "note": 26, "data": 38, "suggested": 13, "previous": 20, "why": 30, "key": 12,
}  # fmt: skip
FROZEN = 3
MEANINGS: Mapping[str, Any] = {
    "yes": N_("It is as it stands under «What good looks like», and you have seen it."),
    "partly": N_("It is there and works in some cases, for some people, or not to the end."),
    "no": N_("It is not there, or nobody keeps to it."),
    "na": N_("The company does not have the thing at all; the question counts nowhere."),
    "": N_("The answer is taken back, with the texts beside it that are deleted too."),
}
ADVICE = (
    N_("Ask first, look at the figure afterwards: for this reason the data stand behind the answer."),
    N_("Ask to be shown it, and write down what you saw: the name of the document, a figure, a day."),
    N_("Choose the answer from the list. What nobody could answer stays empty."),
    N_(
        "An empty cell and a deleted row change nothing: what is kept already stays. To take an answer back,"
        " choose «{word}»."
    ),
    N_("Only what was written since the workbook was made is taken over; the rest may change elsewhere."),
    N_("Rows may be sorted, filtered and deleted, columns widened. Do not rename headings or merge cells."),
    N_("Then: crmkit checklist read CLIENT FILE. Mistakes are told with their cells; nothing is kept then."),
)


def write_checklist(study: Study, path: Path, *, new: bool = False) -> date:
    """Write the questions with the answers given so far; the same data give the same bytes.

    Parameters
    ----------
    new: begin an audit on the day described, where the present one is of an earlier day.

    Returns
    -------
    the day of the audit that the workbook belongs to.
    """
    now, before = to_fill_in(study, new)
    names = sheet_names([study.say("Checklist"), study.say("How to fill in")])
    with book_to_edit(path, study.client.name) as (book, styles):
        _write_questions(book.add_worksheet(names[0]), styles, study, now=now, before=before)
        _write_help(book.add_worksheet(names[1]), styles, study)
    return now.day


def _write_questions(
    page: Any, styles: Styles, study: Study, *, now: Answers, before: Answers | None
) -> None:
    """Write one row a question, its key unseen at the end."""
    columns = [key for key in WIDTHS if key != "previous" or before is not None]
    told = rows(study, now, before)
    _write_top(page, styles, study, now=now, before=before, columns=columns)
    for row, said in enumerate(told, HEAD + 1):
        key = row_key(
            study.client.name, now.day, said["id"], [now.said(said["id"]), said["evidence"], said["note"]]
        )
        for place, column in enumerate(columns):
            value = key.text() if column == "key" else said[column]
            write_cell(page, (row, place), value, style=_cell(styles, column))
        texts = [(said[one], WIDTHS[one]) for one in columns if one not in ("key", "id")]
        page.set_row(row, height_of(texts))
    last, answer = HEAD + len(told), columns.index("answer")
    page.data_validation(
        HEAD + 1, answer, last, answer,
        {"validate": "list", "source": [study.words.message(CHOICES[code]) for code in MEANINGS],
         "error_title": study.say("Answer"), "error_message": study.say("Choose an answer from the list.")},
    )  # fmt: skip
    page.autofilter(HEAD, 0, last, len(columns) - 1)
    page.freeze_panes(HEAD + 1, FROZEN)
    on_paper(page, last=(last, len(columns) - 1))
    page.fit_to_pages(2, 0)
    page.repeat_rows(HEAD)
    page.repeat_columns(0, FROZEN - 1)


def _cell(styles: Styles, column: str) -> Any:
    colour = {"bg_color": OPEN} if column in TOLD else {}
    bold = {"bold": True} if column in ("text", "answer") else {}
    return styles.style(num_format="@", text_wrap=True, border=1, border_color=LINE, **colour, **bold)


def _write_top(
    page: Any, styles: Styles, study: Study, *, now: Answers, before: Answers | None, columns: Sequence[str]
) -> None:
    """Write the title, who answers, and the headings."""
    style, day = styles.style, study.formats.day(now.day)
    title = study.say("{client}: sales-system checklist, {day}", client=study.client.name, day=day)
    page.write_string(0, 0, cell_text(title), style(bold=True, font_size=14))
    page.write_string(1, 0, study.say("Who answers"), style(font_color=SOFT))
    write_cell(page, (1, columns.index("text")), now.answered_by, style=_cell(styles, "evidence"))
    key = row_key(study.client.name, now.day, BY, [now.answered_by])
    page.write_string(1, columns.index("key"), key.text(), style())
    for place, column in enumerate(columns):
        heading = study.words.message(HEADINGS[column])
        if column == "previous" and before is not None:
            heading += f", {study.formats.day(before.day)}"
        page.set_column(place, place, WIDTHS[column], None, {"hidden": column == "key"})
        colour = "#f4e3a6" if column in TOLD else HEADING
        page.write_string(HEAD, place, heading, heading_style(styles, colour))
    page.set_row(HEAD, 33)


def _write_help(page: Any, styles: Styles, study: Study) -> None:
    """Explain how the workbook is filled in, and what each answer means."""
    style, line = styles.style, {"border": 1, "border_color": LINE, "text_wrap": True}
    page.set_column(0, 0, 26)
    page.set_column(1, 1, 100)
    page.write_string(0, 0, study.say("How to fill in"), style(bold=True, font_size=14))
    word = study.words.message(CHOICES[""])
    advised = [
        study.say(one.text, word=word) if "{word}" in one.text else study.words.message(one) for one in ADVICE
    ]
    for row, said in enumerate([*advised, basis(study)], 2):
        page.merge_range(row, 0, row, 1, "", style(text_wrap=True))
        page.write_string(row, 0, f"{row - 1}. {said}", style(text_wrap=True))
        page.set_row(row, height_of([(said, 122)]))
    row = 4 + len(advised)
    for place, text in enumerate((study.say("Answer"), study.say("What it means"))):
        page.write_string(row, place, text, style(**line, bold=True, bg_color=HEADING))
    for code, meaning in MEANINGS.items():
        row += 1
        page.write_string(row, 0, study.words.message(CHOICES[code]), style(**line, bold=True))
        page.write_string(row, 1, study.words.message(meaning), style(**line))
    page.protect()
    on_paper(page)
