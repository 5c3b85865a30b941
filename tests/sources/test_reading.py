"""One table in every format is one frame; what is no table is refused."""

from __future__ import annotations

import csv
import html
import io
import itertools
import zipfile

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from crmkit.errors import SourceError
from crmkit.sources.reading import read_raw, sniff

#: Identifiers that readers like to spoil, words that they take for nothing, notes, quotes, delimiters.
TABLE = [
    ["ID", "Название", "Телефон", "Сумма", "Примечание", "Сумма"],
    ["00123", 'ООО "Ромашка"', "+79991234567", "350 000", "строка\nещё; одна,\tс табуляцией", "1E5"],
    ["1234567890123456789", "NA", "8 (495) 123-45-67", "1 234,56", "", "0x1F"],
    ["9223372036854775807123", "None", "'+7999", "", "null", "12345678901234567890"],
    ["1E5", "Null", "00", "€ 3.500,00", "a|b", "TRUE"],
    ["007", "nan", "", "0", "=1+1", "-"],
]
NAMES = ("ID", "Название", "Телефон", "Сумма", "Примечание", "Сумма.2")
EXPECTED = [[cell or None for cell in row] for row in TABLE[1:]]


def as_csv(delimiter: str, line_end: str, encoding: str, quoting: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows(TABLE)
    return out.getvalue().encode(encoding)


def as_xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(TABLE):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(place, column, cell)
    return out.getvalue()


def as_html() -> bytes:
    rows = [
        "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
        for tag, row in zip(["th", *["td"] * 9], TABLE, strict=False)
    ]
    head = '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><table border="1">'
    return f"{head}<thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table>".encode()


def check(raw):
    assert raw.headings == NAMES
    assert raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist() == EXPECTED
    assert raw.set_aside.empty
    assert raw.rows_read == 5


@pytest.mark.parametrize(
    ("delimiter", "line_end", "encoding", "quoting"),
    [
        (delimiter, line_end, encoding, quoting)
        for delimiter, line_end, encoding, quoting in itertools.product(
            [",", ";", "\t", "|"],
            ["\n", "\r\n", "\r"],
            ["utf-8", "utf-8-sig", "utf-16", "cp1251"],
            [csv.QUOTE_ALL, csv.QUOTE_MINIMAL],
        )
        if (delimiter, line_end, quoting) != ("|", "\r", csv.QUOTE_MINIMAL)  # Python leaves LF unquoted there
    ],
)
def test_the_same_csv_however_written(tmp_path, delimiter, line_end, encoding, quoting):
    path = tmp_path / "deals.csv"
    path.write_bytes(as_csv(delimiter, line_end, encoding, quoting))
    raw = read_raw(path)
    check(raw)
    # the first record takes two lines
    assert raw.lines.tolist() == [2, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (as_xlsx(), "deals.xlsx", "xlsx"),
        (as_xlsx(), "deals.csv", "xlsx"),
        (as_xlsx(), "deals.xls", "xlsx"),
        (as_html(), "DEAL_20240102_0.xls", "html"),
        (as_html(), "deals.xlsx", "html"),
        (as_csv(";", "\r\n", "cp1251", csv.QUOTE_ALL), "deals.xlsx", "csv"),
        (as_csv(";", "\n", "utf-8", csv.QUOTE_ALL), "deals.xls", "csv"),
    ],
)
def test_the_same_table_in_every_format_under_any_name(tmp_path, content, name, kind):
    path = tmp_path / name
    path.write_bytes(content)
    assert sniff(path) == kind
    raw = read_raw(path)
    check(raw)
    assert raw.decisions["kind"] == kind


def zipped(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b'[{"ID": 1}]', "JSON"),
        (b'{"result": []}', "JSON"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "XML"),
        (zipped({"readme.txt": "x"}), "without a workbook"),
        (zipped({"word/document.xml": "<x/>"}), "without a workbook"),
    ],
)
def test_what_is_no_table_is_refused_with_a_remedy(tmp_path, content, what):
    path = tmp_path / "deals.xlsx"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=what) as caught:
        read_raw(path)
    assert caught.value.where == "deals.xlsx"
    assert caught.value.remedy is not None


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        read_raw(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="folder"):
        read_raw(tmp_path)


def test_columns_are_text_ready_for_pandas(tmp_path):
    path = tmp_path / "deals.csv"
    path.write_bytes(as_csv(";", "\n", "utf-8", csv.QUOTE_ALL))
    raw = read_raw(path)
    assert set(raw.frame.dtypes) == {pd.StringDtype("pyarrow", na_value=np.nan)}
    assert raw.lines.dtype == np.int64
    assert raw.set_aside.dtypes.map(str).to_dict() == {"line": "int64", "reason": "str", "text": "str"}
    assert raw.native_dates == frozenset()
