"""The workbook, read back by another library."""

from __future__ import annotations

import gc
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from crmkit.documents.plainbook import write_plain_book
from crmkit.documents.sheets import cell_text, number_format, sheet_names
from crmkit.documents.xlsx import HEAD, Rows, new_book, write_workbook
from crmkit.present.formats import Formats
from crmkit.present.tables import Column, Table

DAY = datetime.fromisoformat("2017-01-02")
MOMENT = datetime.fromisoformat("2017-01-02T13:45:00")
COLUMNS = (
    Column("manager", "Rep"),
    Column("deals", "Deals", "count"),
    Column("revenue", "Revenue", "money"),
    Column("wr", "Win rate", "share"),
    Column("last", "Last deal", "date"),
    Column("at", "Read at", "moment"),
)


def table(currency: str = "USD", language: str = "en") -> Table:
    frame = pd.DataFrame(
        {
            "manager": ["Ann", "Bob", None, "Total"],
            "deals": [100, 20, 7, 127],
            "revenue": [1234567.25, 2000.0, float("nan"), 1236567.25],
            "wr": [0.63, 0.5, 3 / 7, 0.6],
            "wr_numerator": [63, 10, 3, 76],
            "wr_denominator": [100, 20, 7, 127],
            "wr_n": [100, 20, 7, 127],
            "wr_low": [0.53, 0.3, 0.16, 0.51],
            "wr_high": [0.72, 0.7, 0.75, 0.68],
            "last": pd.to_datetime(["2017-01-02", "2017-02-03", None, "2017-02-03"]),
            "at": pd.to_datetime(["2017-01-02 13:45:00"] * 4).tz_localize("Europe/Moscow"),
        }
    )
    return Table.of(
        frame, name="reps", title="Reps", columns=COLUMNS, language=language, currency=currency,
        notes=["Closed in the period."], foot=1,
    )  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    path = tmp_path / "report.xlsx"
    write_workbook(path, [table()], language="en", title="Northern Wind")
    return openpyxl.load_workbook(path)


def test_contents_come_first(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["Contents", "Reps"]
    values = [[cell.value for cell in row] for row in book["Contents"].iter_rows()]
    assert values == [
        ["Northern Wind", None, None],
        [None, None, None],
        ["Sheet", "What it shows", "Rows"],
        ["Reps", "Reps", 4],
    ]


def test_values_are_numbers_dates_and_texts(book: openpyxl.Workbook) -> None:
    sheet = book["Reps"]
    assert sheet["A1"].value == "Reps"
    heads = [cell.value for cell in sheet[HEAD + 1]]
    assert heads == [
        "Rep", "Deals", "Revenue, $", "Win rate, %", "Win rate, %: n", "Win rate, %: from", "Win rate, %: to",
        "Last deal", "Read at",
    ]  # fmt: skip
    first, second, third = ([cell.value for cell in sheet[HEAD + 2 + i]] for i in range(3))
    assert first == [
        "Ann", 100, 1234567.25, 0.63, 100, 0.53, 0.72, DAY, MOMENT,
    ]  # fmt: skip
    assert second[3:7] == [0.5, 20, 0.3, 0.7]
    assert third[0] == "not set"
    assert third[2] is None
    assert third[3:7] == ["3\xa0of\xa07", 7, None, None]


def test_looks_formats_filter_and_notes(book: openpyxl.Workbook) -> None:
    sheet = book["Reps"]
    formats = [cell.number_format for cell in sheet[HEAD + 2]]
    assert formats[1:4] == ["#,##0", '"$"#,##0', "0.0%"]
    assert formats[7:] == ["d mmm yyyy", "d mmm yyyy hh:mm"]
    assert [cell.font.i for cell in sheet[HEAD + 3]][3] and not sheet.cell(HEAD + 2, 4).font.i
    assert sheet.cell(HEAD + 5, 1).font.b and sheet.cell(HEAD + 5, 5).font.b
    assert sheet.freeze_panes == "B4"
    assert sheet.auto_filter.ref == "A3:I6"  # three rows, without the total
    notes = [sheet.cell(row, 1).value for row in range(HEAD + 7, HEAD + 9)]
    assert notes[0] == "Closed in the period." and notes[1].startswith("In italics:")


@pytest.mark.parametrize(
    ("language", "currency", "hundredths", "expected"),
    [
        ("en", "USD", False, '"$"#,##0'),
        ("en", "RUB", True, '"RUB "#,##0.00'),
        ("ru", "RUB", False, '#,##0" ₽"'),
        ("ru", "RUB", True, '#,##0.00" ₽"'),
    ],
)
def test_money_formats(language: str, currency: str, hundredths: bool, expected: str) -> None:
    assert number_format("money", Formats(language, currency), hundredths) == expected


def test_rows_behind_the_figures(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "deal_id": ["00123", "1E5", None],
            "amount": [10.5, np.nan, -3.0],
            "n": [1, 2, 3],
            "closed_at": pd.to_datetime(["2017-01-02 13:45", None, "1899-01-01 00:00"]).tz_localize(
                "Europe/Moscow"
            ),
            "kind": pd.Categorical(["a", "b", None]),
        }
    )
    columns = (
        Column("deal_id", "Deal"), Column("amount", "Amount, $", "money"), Column("n", "N", "count"),
        Column("closed_at", "Closed", "moment"), Column("kind", "Kind"),
    )  # fmt: skip
    rows = Rows("won_rows", "Won deals", columns, frame, "en", "USD", ("One row a deal.",))
    write_workbook(tmp_path / "a.xlsx", [rows], language="en", title="x")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Won deals"]
    got = [[cell.value for cell in sheet[HEAD + 2 + i]] for i in range(3)]
    assert got == [
        ["00123", 10.5, 1, MOMENT, "a"],
        ["1E5", None, 2, None, "b"],
        [None, -3, 3, "1899-01-01T00:00:00", None],  # before Excel's calendar begins
    ]
    assert sheet.cell(HEAD + 6, 1).value == "One row a deal."
    assert [sheet.cell(HEAD + 2, 1).data_type, sheet.cell(HEAD + 2, 2).data_type] == ["s", "n"]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, [table(), table("RUB", "ru")], language="ru", title="Клиент")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]
    assert b"2020-01-01T00:00:00Z" in zipfile.ZipFile(tmp_path / "a.xlsx").read("docProps/core.xml")


def test_a_full_disk_is_said_as_one_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xlsxwriter.workbook.ZipFile", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_plain_book(tmp_path / "a.xlsx", "Firm", [], "open")
    assert caught.value.strerror == "No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_sheet_names_are_accepted_and_differ() -> None:
    names = sheet_names(
        [
            "A/B: [c]*?\\",
            "a b   c",
            "'quoted'",
            "",
            "History",
            "x" * 40,
            "X" * 40,
            "\U0001f600" * 20,
            "\x00\x01",
        ]
    )
    assert names == [
        "A B c", "a b c (2)", "quoted", "4", "History (2)", "x" * 31, "X" * 27 + " (2)",
        "\U0001f600" * 15, "9",
    ]  # fmt: skip
    assert len({name.casefold() for name in names}) == len(names)


def test_texts_are_cut_at_excels_limit_in_utf16_units() -> None:
    assert cell_text("x" * 32_767) == "x" * 32_767
    assert cell_text("x" * 32_768) == "x" * 32_766 + "…"
    long = cell_text("\U0001f600" * 20_000)
    assert long == "\U0001f600" * 16_383 + "…"
    assert cell_text("a\x00\x0b\r\nb\ud800") == "a\nb"
    assert cell_text("<r>x</r>") == "<r>x</r> "


def test_an_empty_table_is_a_sheet_with_headings(tmp_path: Path) -> None:
    empty = Table.of(
        pd.DataFrame({"a": []}), name="a", title="Nothing", columns=[Column("a", "A")], language="en",
        currency="USD",
    )  # fmt: skip
    write_workbook(tmp_path / "a.xlsx", [empty], language="en", title="x")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Nothing"].cell(HEAD + 1, 1).value == "A"


def test_figures_of_several_kinds_are_numbers_with_their_own_formats(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"name": ["Revenue", "Talk time", "Calls"], "now": [1500.0, 12.5, "not in this export"]}
    ).astype({"now": "object"})
    made = Table.of(
        frame, name="a", title="A", columns=[Column("name", "Figure"), Column("now", "Now", "mixed")],
        language="en", currency="USD", kinds=["money", "minutes", "count"], heat={"now": (6, 1, 0)},
    )  # fmt: skip
    path = tmp_path / "report.xlsx"
    write_workbook(path, [made], language="en", title="Northern Wind")
    cells = [
        row[1] for row in openpyxl.load_workbook(path)["A"].iter_rows(min_row=HEAD + 2, max_row=HEAD + 4)
    ]
    assert [cell.value for cell in cells] == [1500, 12.5, "not in this export"]
    assert [cell.number_format for cell in cells] == ['"$"#,##0', '#,##0.0" minutes"', "General"]
    assert [cell.fill.fgColor.rgb for cell in cells[:2]] == ["FF14589F", "FFEEF5FB"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_told_and_leaves_no_open_file() -> None:
    with pytest.raises(OSError, match="No space left"), new_book(Path("/dev/full")) as book:
        book.add_worksheet("a").write_string(0, 0, "x" * 30_000)
    gc.collect()  # a file that could not be closed would tell it here, past everything that catches
