"""Workbooks as people hand them back: any language, any order, merged cells; never a wrong table."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from crmkit.documents.process_book import write_process_book
from crmkit.errors import CrmkitError, Refusals, SourceError
from crmkit.present.process_words import all_book_words
from crmkit.process.book import read_book
from crmkit.process.description import CrmStage, Norm, Process, SubProcess

WORDS = all_book_words()
SALE = Process(
    name="Sale",
    stages=[{"name": "Development"}, {"name": "Conversion"}],
    steps=[
        {"name": "Need", "stage": "Development", "norm": "2",
         "sub_processes": [{"name": "Check", "owner": "Lawyer"}]},
        {"name": "Offer", "stage": "Conversion", "goal": "an offer", "responsible": ["Closer"]},
        {"name": "Money", "stage": "Conversion", "expected_conversion": 0.5},
    ],
)  # fmt: skip
STEPS, HEADING = "Process steps", 4  # the first step stands in row 5


@pytest.fixture
def handed_back(tmp_path):
    """Return what is read from the workbook of ``SALE`` after ``change(book)``."""

    def read(change, language="en"):
        path = tmp_path / "as-is.xlsx"
        write_process_book(path, SALE, language=language)
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
        return read_book(path, WORDS)

    return read


def column(page, heading):
    return next(cell.column for cell in page[HEADING] if cell.value == heading)


def told(handed_back, change):
    """Return where, what and remedy of every mistake."""
    with pytest.raises(CrmkitError) as caught:
        handed_back(change)
    errors = caught.value.errors if isinstance(caught.value, Refusals) else (caught.value,)
    return [(error.where, str(error.what), str(error.remedy)) for error in errors]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_another_program_saves_it_and_nothing_is_lost(handed_back, language):
    assert handed_back(lambda book: None, language) == (SALE, ())


def test_columns_move_headings_are_written_otherwise_and_blank_rows_come_between(handed_back):
    def change(book):
        page = book[STEPS]
        page.cell(HEADING, column(page, "Goal")).value = "  GOAL "
        page.cell(HEADING, column(page, "Output")).value = "Выход"  # the other language's
        page.insert_rows(6, 2)
        page.insert_cols(3)
        page.insert_rows(1)
        book.move_sheet("Roles", -3)

    assert handed_back(change) == (SALE, ())


def test_an_unknown_heading_is_named_with_the_nearest(handed_back):
    def change(book):
        page = book[STEPS]
        page.cell(HEADING, column(page, "Responsible")).value = "Responsibel"

    ((where, what, remedy),) = told(handed_back, change)
    assert (where, what) == ("as-is.xlsx: Process steps G4", "there is no column «Responsibel»")
    assert remedy == "Did you mean «Responsible»?"


def test_a_column_without_a_heading_a_lost_and_a_double_one_are_refused(handed_back):
    def change(book):
        page = book[STEPS]
        page.cell(HEADING, column(page, "Goal")).value = None
        page.cell(HEADING, column(page, "Process step")).value = None
        page.cell(HEADING, column(page, "Tasks")).value = "Actions"

    whats = [what for _, what, _ in told(handed_back, change)]
    assert whats[:2] == ["the column «Actions» stands twice", "the column «Process step» is missing"]
    assert whats[2:4] == ["something stands in a column that has no heading"] * 2


def test_a_merged_stage_counts_for_each_row_and_that_is_told(handed_back):
    def change(book):
        page = book[STEPS]
        page.merge_cells("B6:B7")  # Conversion of Offer and Money

    process, repairs = handed_back(change)
    assert process == SALE
    assert [str(repair) for repair in repairs] == [
        "as-is.xlsx: Process steps B6:B7: "
        "the value of the merged cell, «Conversion», counts for each of the rows it spans."
    ]


def test_headings_may_be_merged_over_two_rows(handed_back):
    def change(book):
        page = book[STEPS]
        page.insert_rows(HEADING + 1)
        for place in range(1, 28):
            page.merge_cells(start_row=HEADING, end_row=HEADING + 1, start_column=place, end_column=place)

    assert handed_back(change) == (SALE, ())


def test_a_formula_that_gives_an_error_is_refused(handed_back):
    def change(book):
        cell = book[STEPS].cell(5, column(book[STEPS], "Goal"))
        cell.value, cell.data_type = "#REF!", "e"

    assert told(handed_back, change)[0][:2] == (
        "as-is.xlsx: Process steps J5", "the formula in the cell gives an error"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ("J6:J7", "one merged cell lies over several rows"),  # one goal for two steps
        ("C6:C7", "one merged cell lies over several rows"),  # two rows of one step
        ("J6:K6", "one merged cell lies over several columns"),
    ],
)
def test_a_merged_cell_that_is_not_clear_is_refused(handed_back, cells, what):
    found = told(handed_back, lambda book: book[STEPS].merge_cells(cells))
    assert found[0][0] == f"as-is.xlsx: Process steps {cells}"
    assert found[0][1].startswith(what)


def test_a_heading_merged_over_filled_rows_hides_none_of_them(handed_back):
    found = told(handed_back, lambda book: book[STEPS].merge_cells("B4:B6"))
    assert found[0][:2] == (
        "as-is.xlsx: Process steps 4", "a merged cell lies over the headings and over rows below them"
    )  # fmt: skip


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "as-is.xlsx"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # of holes: it takes no room on the disk
    with pytest.raises(SourceError, match="larger than 200 MB"):
        read_book(path, WORDS)


def test_notes_a_unit_in_other_words_and_a_renamed_step_are_told_in_the_language_of_the_workbook(
    handed_back,
):
    def change(book):
        page = book["Этапы процесса"]
        page.cell(HEADING, page.max_column + 1).value = "Заметки"
        page.cell(5, column(page, "Единица нормы")).value = "дней"
        book["Подпроцессы"]["B4"] = "Нужда"  # the step is called «Need»

    with pytest.raises(Refusals) as refused:
        handed_back(change, "ru")
    assert [str(one.remedy) for one in refused.value.errors] == [
        "Notes of your own may stand on a sheet of their own, which is not read.",
        "Possible: рабочие дни, рабочие часы, календарные дни.",
        "Write the name of the step as it stands on the sheet of steps, or delete the row.",
    ]


def test_every_mistake_is_told_at_once_with_its_cell(handed_back):
    def change(book):
        page = book[STEPS]
        for row, heading, value in [
            (5, "Time norm", "two days"), (5, "Kind of process", "cor"), (6, "Output", "Offer [documnt]"),
            (6, "Unit of the norm", "working days"), (7, "Expected conversion", 50),
            (7, "May be skipped", "maybe"), (8, "Goal", "a step without a name"),
        ]:  # fmt: skip
            page.cell(row, column(page, heading)).value = value
        page["F1"] = "as was"
        page["H1"] = "soon"
        book["Sub-processes"]["A4"] = 7
        book["Sub-processes"]["B4"] = None

    assert told(handed_back, change) == [
        ("as-is.xlsx: Process steps F1", "this is not one of the possible values", "Did you mean «as is»?"),
        ("as-is.xlsx: Process steps D5", "this is not one of the possible values", "Did you mean «core»?"),
        ("as-is.xlsx: Process steps S5", "a number should stand here",
         "Write the number alone; a unit has a column of its own or stands in the heading."),
        ("as-is.xlsx: Process steps F6", "there is no kind «documnt» of inputs and outputs",
         "Did you mean «document»? If the bracket is part of the text, put a backslash before it."),
        ("as-is.xlsx: Process steps T6", "there is a unit and no number before it", "None"),
        ("as-is.xlsx: Process steps V7", "a share cannot be more than 1",
         "Write a percentage with its sign, such as 60 %."),
        ("as-is.xlsx: Process steps Z7", "this is not one of the possible values",
         "Possible: yes, no."),
        ("as-is.xlsx: Process steps 8", "the row has no «Process step»", "None"),
        ("as-is.xlsx: Sub-processes 4", "it is not clear which step the sub-process belongs to",
         "Give the number of the step as it stands on the sheet of steps."),
        ("as-is.xlsx: Process steps H1", "a date such as 2026-10-31 should stand here", "None"),
    ]  # fmt: skip


def test_numbers_percents_dates_and_formulas_are_read_as_they_are_shown(handed_back):
    def change(book):
        page = book[STEPS]
        page["H1"] = dt.date(2026, 9, 1)
        page["F1"] = "Как надо"
        page.cell(5, column(page, "Time norm")).value = "1,5"
        page.cell(5, column(page, "Unit of the norm")).value = "рабочие часы"
        page.cell(5, column(page, "Cost per case")).value = "1 500,50"
        page.cell(5, column(page, "Expected conversion")).value = "60 %"
        page.cell(5, column(page, "May be skipped")).value = True
        page.cell(5, column(page, "KPI")).value = 12
        page.cell(5, column(page, "CRM stages")).value = "Cold > Offer\nWon"

    process, _ = handed_back(change)
    step = process.steps[0]
    assert (process.version, process.dated) == ("to_be", dt.date(2026, 9, 1))
    assert step.norm == Norm(amount=1.5, unit="working_hours")
    assert (step.cost_per_case, step.expected_conversion, step.optional, step.kpi) == (
        1500.5,
        0.6,
        True,
        "12",
    )
    assert step.crm_stages == (CrmStage(stage="Offer", pipeline="Cold"), CrmStage(stage="Won"))


def test_a_sub_process_is_tied_by_number_and_name_and_the_name_wins(handed_back):
    def change(book):
        book["Sub-processes"]["A4"] = 2  # the name beside it says Need, which is 1

    process, repairs = handed_back(change)
    assert process.steps[0].sub_processes == (SubProcess(name="Check", owner="Lawyer"),)
    assert str(repairs[0]).endswith("the number «2» is not that of «Need»; the name counts.")


def test_two_steps_of_one_name_are_kept_and_their_sub_processes_found_by_number(handed_back):
    def change(book):
        book[STEPS]["C6"] = "Need"
        book["Sub-processes"]["A4"] = 2

    process, _ = handed_back(change)
    assert [step.name for step in process.steps] == ["Need", "Need", "Money"]
    assert [len(step.sub_processes) for step in process.steps] == [0, 1, 0]


def test_sheets_of_their_own_are_left_alone_and_that_is_told(handed_back):
    def change(book):
        book.create_sheet("Notes")["A1"] = "mine"
        book.create_sheet("Empty")

    process, repairs = handed_back(change)
    assert process == SALE
    assert [str(repair) for repair in repairs] == ["as-is.xlsx: the sheet «Notes» is not read."]


def test_a_sheet_that_is_nearly_called_so_and_one_that_is_missing(handed_back):
    found = told(handed_back, lambda book: setattr(book[STEPS], "title", "Proces steps"))
    assert found[0] == (
        "as-is.xlsx: Proces steps", "there is no such sheet in a description", "Did you mean «Process steps»?"
    )  # fmt: skip
    assert found[1][1] == "the workbook has no sheet «Process steps»"


def test_the_name_of_the_process_is_asked_for(handed_back):
    found = told(handed_back, lambda book: book[STEPS].__setitem__("C1", None))
    assert [what for _, what, _ in found] == ["the process has no name"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "an old kind"),
        (b"PK\x03\x04 cut", "damaged"),
        (b"name: Sale", "damaged"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path, content, what):
    (tmp_path / "as-is.xlsx").write_bytes(content)
    with pytest.raises(SourceError, match=what):
        read_book(tmp_path / "as-is.xlsx", WORDS)
