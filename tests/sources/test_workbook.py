"""XLSX: cells as text, and hostile files that must not take the process with them."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from crmkit import workbooks
from crmkit.errors import SourceError
from crmkit.sources.reading import read_raw
from crmkit.sources.values import parse_durations, parse_moments


def book(fill) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as made:
        fill(made)
    return out.getvalue()


def table(rows):
    def fill(made):
        sheet = made.add_worksheet("Deals")
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)

    return book(fill)


def rewritten(content: bytes, change: dict[str, object]) -> bytes:
    """Return the workbook with the named parts changed (by a function of the old text) or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change[name](text) if name in change else text)
        for name in change.keys() - set(old.namelist()):
            new.writestr(name, change[name](b""))
    return out.getvalue()


SMALL = table([["ID", "Name"], ["1", "x"], ["2", "y"]])
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, **options):
        path = tmp_path / "deals.xlsx"
        path.write_bytes(content)
        raw = read_raw(path, **options)
        assert raw.rows_read == len(raw.frame) + len(raw.set_aside)
        return raw

    return read


def cells(raw):
    return raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()


def test_kinds_of_cells_as_text(read):
    def fill(made):
        sheet = made.add_worksheet()
        moment = made.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
        length = made.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_row(0, 0, ["ID", "Sum", "Won", "Created", "Day", "Talk", "Text"])
        sheet.write_row(1, 0, ["00123", 123.0, True])
        sheet.write_datetime(1, 3, pd.Timestamp("2024-01-02 03:04:05"), moment)
        sheet.write_datetime(1, 4, pd.Timestamp("2024-01-02"), moment)
        sheet.write_number(1, 5, 1.5, length)
        sheet.write_string(1, 6, " 1E5\u00a0")
        sheet.write_row(2, 0, [1234567890123456789, 0.1, False])
        sheet.write_datetime(2, 3, pd.Timestamp("2024-01-02 23:59:59.999"), moment)
        sheet.write_string(2, 6, "a\r\nb\x0b_x000D_\nи\u0306")
        sheet.write_row(3, 0, ["1234567890123456789", -2.5e-7, ""])
        sheet.write_number(3, 3, 45292)

    raw = read(book(fill))
    assert cells(raw) == [
        ["00123", "123", "true", "2024-01-02T03:04:05", "2024-01-02", "1 day, 12:00:00", "1E5"],
        ["1234567890123457024", "0.1", "false", "2024-01-02T23:59:59.999000", None, None, "a\nb\nй"],
        ["1234567890123456789", "-2.5e-07", None, "45292", None, None, None],
    ]
    assert raw.native_dates == {"Created", "Day"}
    assert raw.decisions["damaged_numbers"] == "ID"
    assert raw.decisions["kind"] == "xlsx"
    assert raw.lines.tolist() == [2, 3, 4]
    created = parse_moments(raw.frame["Created"], "Europe/Moscow", native=True)
    assert [str(value) for value in created.values] == [
        "2024-01-02 03:04:05+03:00",
        "2024-01-02 23:59:59.999000+03:00",
        "2024-01-01 00:00:00+03:00",  # day 45292 since 1899-12-30
    ]
    assert parse_durations(raw.frame["Talk"]).values.iloc[0] == 1.5 * 86400


def test_blank_rows_and_columns_around_the_table(read):
    def fill(made):
        sheet = made.add_worksheet()
        sheet.write_row(2, 1, ["ID", "Name"])
        sheet.write_row(3, 1, ["1", "x"])
        sheet.write_row(6, 1, ["2", "y"])
        sheet.write_row(7, 1, ["  ", ""])
        sheet.write_blank(9, 5, None, made.add_format({"bold": True}))

    raw = read(book(fill))
    assert raw.headings == ("ID", "Name")
    assert cells(raw) == [["1", "x"], ["2", "y"]]
    assert raw.lines.tolist() == [4, 7]
    assert raw.rows_read == 2


def test_footers_and_repeated_headings_are_set_aside(read):
    rows = [["ID", "Name", "Sum"], ["1", "x", 5], ["ID", "Name", "Sum"], ["2", "y", 6], ["Итого", "", 11]]
    raw = read(table(rows))
    assert cells(raw) == [["1", "x", "5"], ["2", "y", "6"]]
    assert raw.set_aside["reason"].tolist() == ["repeated_heading", "total"]
    assert raw.set_aside["line"].tolist() == [3, 5]


def test_formula_errors_are_seen_and_set_aside(read):
    def fill(made):
        sheet = made.add_worksheet("Сделки & co")
        sheet.write_row(0, 0, ["ID", "Name", "Sum"])
        sheet.write_row(1, 0, ["1", "x", 5])
        sheet.write_formula(2, 0, "=A1/0", None, "#REF!")
        sheet.write_formula(2, 1, "=A1/0", None, "#N/A")
        sheet.write_row(3, 0, ["2", "y"])
        sheet.write_formula(3, 2, "=1/0", None, "#DIV/0!")

    raw = read(book(fill))
    assert cells(raw) == [["1", "x", "5"], ["2", "y", "#DIV/0!"]]
    assert raw.set_aside.to_numpy().tolist() == [[3, "formula_error", "#REF!\t#N/A\t"]]


def several(made):
    made.add_worksheet("Cover")
    for name in ("Deals", "Calls"):
        made.add_worksheet(name).write_column(0, 0, ["ID", name])
    hidden = made.add_worksheet("Old")
    hidden.write_column(0, 0, ["ID", "hidden"])
    hidden.hide()


def test_the_first_sheet_with_data_is_taken_and_the_others_told(read):
    raw = read(book(several))
    assert cells(raw) == [["Deals"]]
    assert raw.decisions == {"kind": "xlsx", "sheet": "Deals", "other_sheets": "Calls"}


def test_a_named_sheet_wins_and_a_wrong_one_is_refused(read):
    assert cells(read(book(several), sheet="Calls")) == [["Calls"]]
    assert cells(read(book(several), sheet="Old")) == [["hidden"]]
    with pytest.raises(SourceError, match="no sheet «Tasks»; it has: Cover, Deals, Calls, Old"):
        read(book(several), sheet="Tasks")


def test_a_heading_alone_is_a_table_and_nothing_is_refused(read):
    raw = read(table([["ID", "Name"]]))
    assert raw.headings == ("ID", "Name")
    assert raw.rows_read == 0
    with pytest.raises(SourceError, match="no sheet of the workbook has any data"):
        read(table([]))


def far_cell(text: bytes) -> bytes:
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return re.sub(rb'<dimension ref="[^"]*"/>', b"", text).replace(b"</sheetData>", cell)


def many_strings(text: bytes) -> bytes:
    return re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4294967295"', text)


HOSTILE = {
    "a cell at the far corner": (rewritten(SMALL, {SHEET: far_cell}), "memory"),
    "4 billion shared strings": (rewritten(SMALL, {"xl/sharedStrings.xml": many_strings}), "memory"),
    "a bomb": (rewritten(SMALL, {"xl/media/x.xml": lambda _: b" " * (30 << 20)}), "too much"),
    "1001 parts": (rewritten(SMALL, {f"x/{n}.txt": lambda _: b"x" for n in range(1001)}), "too much"),
    "entities": (
        rewritten(SMALL, {"xl/sharedStrings.xml": lambda text: b'<!DOCTYPE x [<!ENTITY a "b">]>' + text}),
        "entities",
    ),
    "cut in half": (SMALL[: len(SMALL) // 2], "damaged"),
    "only its first bytes": (SMALL[:10], "damaged"),
    "a broken sheet": (rewritten(SMALL, {SHEET: lambda text: text[: len(text) // 2]}), "damaged"),
    "no sheet": (rewritten(SMALL, {SHEET: lambda _: b"nothing"}), "damaged|no sheet"),
    "a password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
    "old XLS in name only": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "damaged"),
}


@pytest.mark.parametrize(("content", "what"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_workbooks_are_refused_quickly(read, content, what):
    start = time.monotonic()
    with pytest.raises(SourceError, match=what) as caught:
        read(content)
    assert caught.value.remedy is not None
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("name", ["deals.xls", "deals.xlsx", "deals.csv"])
def test_an_old_workbook_written_by_libreoffice(tmp_path, name):
    shutil.copy(Path(__file__).with_name("libreoffice.biff"), tmp_path / name)
    raw = read_raw(tmp_path / name)
    assert raw.headings == ("ID", "Название", "Сумма", "Дата", "Оплачено", "Ошибка")
    assert cells(raw) == [
        ["00123", 'ООО "Ромашка"', "350000", "2024-01-02T03:04:05", "true", None],
        ["1234567890123456789", "б", "1234.56", "2024-01-02", "false", None],
    ]
    assert raw.native_dates == {"Дата"}
    assert raw.decisions == {"kind": "xls", "sheet": "Сделки"}


def test_a_lying_dimension_does_no_harm(read):
    for ref in (b"A1:A1", b"A1:XFD1048576"):
        lie = rewritten(
            SMALL, {SHEET: lambda text, ref=ref: re.sub(rb'ref="[^"]*"', b'ref="' + ref + b'"', text)}
        )
        assert cells(read(lie)) == [["1", "x"], ["2", "y"]]


def test_a_workbook_that_takes_too_long_is_refused(read, monkeypatch):
    monkeypatch.setattr(workbooks, "SECONDS", 0.01)
    with pytest.raises(SourceError, match="seconds"):
        read(SMALL)


def test_the_child_does_not_load_pandas(tmp_path):
    path = tmp_path / "deals.xlsx"
    path.write_bytes(SMALL)
    code = (
        "import runpy, sys; sys.argv = ['x', *sys.argv[1:]];"
        f"runpy.run_path({str(workbooks.CHILD)!r}, run_name='__main__');"
        "assert 'pandas' not in sys.modules and 'crmkit' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path), "", str(tmp_path)], check=True)


def test_mutations_end_in_a_table_or_a_refusal(tmp_path):
    """15 workbooks with bytes flipped or cut: whatever dies, it is not this process."""
    path = tmp_path / "deals.xlsx"
    luck = random.Random(3)
    for _ in range(15):
        data = bytearray(SMALL)
        for _ in range(luck.randint(1, 6)):
            at = luck.randrange(len(data))
            if luck.random() < 0.8:
                data[at] = luck.randrange(256)
            else:
                del data[at : at + luck.randint(1, 300)]
        path.write_bytes(data)
        try:
            raw = read_raw(path)
        except SourceError as refusal:
            assert refusal.remedy is not None
        else:
            assert raw.rows_read == len(raw.frame) + len(raw.set_aside)


def test_a_merged_cell_counts_for_each_row_that_it_spans(tmp_path, make):
    """Merged down one column below the headings; a row without anything else stays no row."""
    rows = [("d", "s", "at"), ("007", "New", "2026-01-01"), ("", "Won", "2026-01-03"), ("", "", "")]
    rows += [("8", "New", "2026-01-01"), ("8", "", "2026-01-05")]

    def fill(made):
        sheet = made.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        sheet.merge_range("A2:A4", "007")
        sheet.merge_range("B5:B6", "New")

    (tmp_path / "log.xlsx").write_bytes(book(fill))
    columns = "{d: deal_id, s: to_stage, at: changed_at}"
    text = f"files: [{{path: log.xlsx, table: stage_changes, columns: {columns}}}]\n"
    loaded = make(text + "self_loops: keep\n", {"log.xlsx": tmp_path / "log.xlsx"})
    assert loaded.stage_changes[["deal_id", "to_stage"]].to_numpy().tolist() == [
        ["007", "New"], ["007", "Won"], ["8", "New"], ["8", "New"],
    ]  # fmt: skip
    assert loaded.notes["merged_cells", ""] == (3, "")  # the blank row's too
    assert loaded.aside == []
