"""CSV: what is read, what is set aside, what is refused."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pandas as pd
import pytest

from crmkit.errors import SourceError
from crmkit.sources import delimited, records
from crmkit.sources.reading import RawTable, read_raw

SPECTRUM = Path(__file__).parents[3] / "shared" / "real" / "csv_spectrum"


@pytest.fixture
def read(tmp_path):
    def read(content: str | bytes, **options) -> RawTable:
        path = tmp_path / "deals.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        raw = read_raw(path, **options)
        assert raw.rows_read == len(raw.frame) + len(raw.set_aside)
        assert len(raw.lines) == len(raw.frame)
        assert list(raw.frame.columns) == list(raw.headings)
        return raw

    return read


def cells(raw: RawTable) -> list[list[str | None]]:
    return raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()


def aside(raw: RawTable) -> list[tuple[int, str, str]]:
    return list(raw.set_aside.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("ID;Name\n1;x\n", ";"),
        ("ID,Name\n1,x\n", ","),
        ("ID\tName\n1\tx\n", "tab"),
        ("ID|Name\n1|x\n", "|"),
        ("sep=,\nID,Name\n1,x\n", ","),
        ('"sep=;"\nID;Name\n1;x\n', ";"),
        ('"ID";"Name"\n"1";"x"\n', ";"),
        ("\n\nID;Name\n1;x\n", ";"),
        ("ID;Name\n1;x", ";"),
        ("ID;Name\r\n1;x\r\n", ";"),
        ("ID;Name\r1;x\r", ";"),
        ("ID;Name;\n1;x;\n", ";"),
        ("ID;Name\n1;x;\n", ";"),
        ("ID;Name;\n1;x\n", ";"),
        ("ID;Name;;;\n1;x;;;\n", ";"),
        ("\ufeffID;Name\n1;x\n", ";"),
        ("\u00a0ID ;Name\u00a0\n 1;\u00a0x \n", ";"),
        ("ID;Name\n1\0;x\n", ";"),
        ("ID;Name\n1;\x0bx\x1f\n", ";"),
    ],
)
def test_one_row_however_written(read, content, delimiter):
    raw = read(content)
    assert raw.headings == ("ID", "Name")
    assert cells(raw) == [["1", "x"]]
    assert raw.decisions["kind"] == "csv"
    assert raw.decisions["delimiter"] == delimiter
    assert raw.frame["ID"].dtype == pd.StringDtype("pyarrow", na_value=float("nan"))
    assert raw.frame.index.equals(pd.RangeIndex(1))


def test_delimiter_of_a_heading_with_commas_in_it_is_the_one_that_cuts_evenly(read):
    raw = read("ID;Amount, RUB, no VAT\n1;5\n2;6\n")
    assert raw.headings == ("ID", "Amount, RUB, no VAT")
    assert cells(raw) == [["1", "5"], ["2", "6"]]


def test_lines_count_line_breaks_in_cells_blank_lines_and_bad_rows(read):
    #       1     2      4         6    7      8        9
    raw = read('a;b\n1;"x\ny"\n\n"2\n";z\n3\n4;5\n\n6;7;8\n9;0\n')
    # lines 2–3: 1; 4: blank; 5–6: 2; 7: "3", one field; 8: 4; 9: blank; 10: 6;7;8, three fields; 11: 9
    assert raw.lines.tolist() == [2, 5, 8, 11]
    assert aside(raw) == [(7, "fields", "3"), (10, "fields", "6;7;8")]
    assert cells(raw) == [["1", "x\ny"], ["2", "z"], ["4", "5"], ["9", "0"]]
    assert raw.rows_read == 6


def test_lines_do_not_depend_on_the_block_size(read, monkeypatch):
    content = "".join(f'{n};"note {n}\n\nmore";z\n' if n % 3 else f"{n};short\n\n" for n in range(1, 200))
    whole = read("a;b;c\n" + content)
    monkeypatch.setattr(records, "BLOCK", 64)
    parts = read("a;b;c\n" + content)
    assert parts.lines.tolist() == whole.lines.tolist()
    assert cells(parts) == cells(whole)
    assert aside(parts) == aside(whole)
    # every third of 199 rows is short: 66
    assert len(whole.set_aside) == 66
    assert whole.lines[0] == 2


def test_crlf_in_cells_is_one_line_wherever_a_block_ends(read, monkeypatch):
    # pyarrow drops the LF of a CRLF that two blocks share
    content = "a;b\r\n" + "".join(f'{n};"note\r\nmore"\r\n' for n in range(30))
    for block in range(30, 60):
        monkeypatch.setattr(records, "BLOCK", block)
        raw = read(content)
        assert raw.frame["b"].unique().tolist() == ["note\nmore"]
        assert raw.lines.tolist() == list(range(2, 62, 2))


def test_empty_cells_are_missing_and_words_for_nothing_are_text(read):
    raw = read('ID;a;b\n1;;""\n2;NA;None\n3;null;nan\n4; ;NULL\n')
    assert cells(raw) == [["1", None, None], ["2", "NA", "None"], ["3", "null", "nan"], ["4", None, "NULL"]]


def test_identifiers_stay_as_they_are(read):
    values = [
        "00123",
        "9223372036854775807123",
        "1234567890123456789",
        "+79991234567",
        "1E5",
        "1e5",
        "0x1F",
        "1_000",
    ]
    raw = read("ID;x\n" + "".join(f"{value};y\n" for value in values))
    assert raw.frame["ID"].tolist() == values


def test_headings_repeated_and_empty(read):
    raw = read("utm;Name;utm;;utm\n1;x;2;3;4\n")
    assert raw.headings == ("utm", "Name", "utm.2", "column 4", "utm.3")
    raw = read("a;a.2;a\n1;2;3\n")
    assert raw.headings == ("a", "a.2", "a.3")


def test_heading_over_two_lines(read):
    raw = read('ID;"Amount\nRUB"\n1;5\n')
    assert raw.headings == ("ID", "Amount RUB")
    assert raw.lines.tolist() == [3]


def test_text_is_composed(read):
    raw = read("ID;Name\n1;и\u0306ога\n")  # й written as и and a breve
    assert cells(raw) == [["1", "йога"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("ID;Name;Sum\n1;x;5\nID;Name;Sum\n2;y;6\n", "repeated_heading"),
        ("ID;Name;Sum\n1;x;5\n#REF!;#REF!;#REF!\n2;y;6\n", "formula_error"),
        ("ID;Name;Sum\n1;x;5\n#Н/Д;;7\n2;y;6\n", "formula_error"),
        ("ID;Name;Sum\n1;x;5\n;#REF!;\n2;y;6\n", "formula_error"),
        ("ID;Name;Sum\n1;x;5\n;;\n2;y;6\n", "empty"),
        ("ID;Name;Sum\n1;x;5\n3;z\n2;y;6\n", "fields"),
        ("ID;Name;Sum\n1;x;5\n3;z;7;8\n2;y;6\n", "fields"),
    ],
)
def test_a_row_that_is_no_record_is_set_aside(read, content, reason):
    raw = read(content)
    assert cells(raw) == [["1", "x", "5"], ["2", "y", "6"]]
    assert aside(raw) == [(3, reason, content.split("\n")[2])]
    assert raw.lines.tolist() == [2, 4]


@pytest.mark.parametrize(
    "footer",
    [
        "Итого;;;11",
        "Итого:;;;11",
        "Всего;2;;11",
        ";;Всего;11",
        "Total;;;",
        "Grand Totals (2 records);;;",
        "Количество записей: 2;;;",
        "2 records;;;",
        "Итого",
        '"Grand Totals (2 records)"\n\n"Confidential Information - Do Not Distribute"\n"Copyright © 2024"',
        "Итого;;;11\n;;;\n\n",
    ],
)
def test_totals_at_the_end_are_set_aside(read, footer):
    raw = read(f"ID;Name;Stage;Sum\n1;x;won;5\n2;y;won;6\n{footer}\n")
    assert raw.frame["ID"].tolist() == ["1", "2"]
    assert set(raw.set_aside["reason"]) - {"empty"} == {"total"}
    assert raw.set_aside["line"].iloc[0] == 4


@pytest.mark.parametrize(
    "row",
    [
        "Total Recall Ltd;won;2024-01-01;5",  # a deal whose title begins so, at the end
        "Итоговая сделка;;;5",  # another word
        "Totally new;;;",
    ],
)
def test_a_deal_that_only_sounds_like_a_total_stays(read, row):
    raw = read(f"Name;Stage;Date;Sum\nx;won;2024-01-01;5\n{row}\n")
    assert len(raw.frame) == 2


def test_a_total_in_the_middle_stays(read):
    raw = read("Name;Stage;Sum\nTotal;;5\nx;won;5\n")
    assert raw.frame["Name"].tolist() == ["Total", "x"]


def test_a_heading_without_rows_is_a_table(read):
    raw = read("ID;Name;\n")
    assert raw.headings == ("ID", "Name")
    assert raw.frame.shape == (0, 2)
    assert raw.rows_read == 0


@pytest.mark.parametrize("content", ["", "\n\n", " \r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(read, content):
    with pytest.raises(SourceError, match="empty"):
        read(content)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a;b;c\n1;"un;x\n2;y;z\n3;"q";w\n', 2),  # closed by the next quote, three rows below
        ('a;b;c\n1;2;x\n2;3;"un\n3;y;z\n4;q;w\n', 3),  # swallows all to the end, in the last column
        ('a;b;c\n1;"un;x\n2;y;z\n3;q;w\n', 2),  # swallows all to the end, too few fields
        ('a;"b;c\n1;2;3\n2;3;4\n', 1),  # in the heading
        ('a;b;c\n1;"ok\nnote";x\n2;"un;x\n3;"y";z\n', 4),  # behind an honest note
    ],
)
def test_a_quote_that_swallows_rows_is_refused_with_its_line(read, content, line):
    with pytest.raises(SourceError) as caught:
        read(content)
    assert f"line {line} " in str(caught.value)


def test_honest_notes_with_delimiters_and_quotes_are_kept(read):
    note = 'list:\n1;2;3\n4;5;6\nhe said ""yes"";\n'
    raw = read(f'a;b;c\n1;"{note}";x\n2;y;z\n')
    assert cells(raw)[0][1] == note.replace('""', '"').strip()
    assert raw.lines.tolist() == [2, 7]


def test_a_note_longer_than_a_block_is_read(read, monkeypatch):
    monkeypatch.setattr(records, "BLOCK", 1 << 10)
    note = "line\n" * 1000
    raw = read(f'a;b\n1;"{note}"\n2;x\n')
    assert cells(raw) == [["1", note.strip()], ["2", "x"]]
    assert raw.lines.tolist() == [2, 1003]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a;b\n1;x\n2", "fields"),
        ('"a";"b"\n"1";"x"\n"2', "fields"),
        ('"a";"b"\n"1";"x"\n"2";"cu', "cut"),
        ('"a";"b";"c"\n"1";"x";"y"\n"2";"z";"a note\ncut he', "cut"),
    ],
)
def test_a_file_cut_in_its_last_row_loses_only_that(read, content, reason):
    raw = read(content)
    assert raw.frame.iloc[:, 0].tolist() == ["1"]
    assert raw.set_aside["reason"].tolist() == [reason]
    assert raw.set_aside["line"].tolist() == [3]


def test_quotes_inside_unquoted_cells_are_text(read):
    raw = read('a;b\n1;37°36\'37.8"N 121"W\n2;5" pipe\n')
    assert cells(raw) == [["1", '37°36\'37.8"N 121"W'], ["2", '5" pipe']]


def test_quotes_escaped_by_backslash(read):
    raw = read('"a";"b"\n"1";"he \\"x; y\\" z"\n"2";"C:\\dir"\n')
    assert cells(raw) == [["1", 'he "x; y" z'], ["2", "C:\\dir"]]
    assert raw.decisions["quotes"] == "backslash"


def test_a_backslash_before_a_closing_quote_is_text(read):
    raw = read('"a";"b"\n"C:\\";"x"\n')
    assert cells(raw) == [["C:\\", "x"]]
    assert "quotes" not in raw.decisions


def test_a_lone_cr_does_not_break_a_row(read):
    raw = read("a;b\r\n1;x\ry\r\n2;z\r\n")
    assert cells(raw) == [["1", "x y"], ["2", "z"]]


@pytest.mark.parametrize(
    "content",
    [
        "ID;Name\n1;x;5\n2;y;6\n",
        "ID;Name;Sum;Date\n1;x\n2;y\n",
    ],
)
def test_a_heading_that_does_not_fit_the_rows_is_refused(read, content):
    with pytest.raises(SourceError, match="heading"):
        read(content)


def test_a_list_of_names_with_commas_is_one_column(read):
    assert cells(read("Name\nSmith, Ann\nJones, Bob\n")) == [["Smith, Ann"], ["Jones, Bob"]]


@pytest.mark.parametrize("delimiter", [",", "xx", '"', "§"])
def test_a_wrong_delimiter_is_refused(read, delimiter):
    with pytest.raises(SourceError, match="delimiter"):
        read("ID;Name\n1;x\n", delimiter=delimiter)


def test_a_named_delimiter_wins(read):
    raw = read("a,b;c,d\n1,2;3,4\n", delimiter=";")
    assert raw.headings == ("a,b", "c,d")


RUSSIAN = "Имя;Сумма\nИван;5\nОльга;6\n"


@pytest.mark.parametrize(
    ("raw_bytes", "encoding"),
    [
        (RUSSIAN.encode(), "utf-8"),
        (RUSSIAN.encode("utf-8-sig"), "utf-8-sig"),
        (RUSSIAN.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + RUSSIAN.encode("utf-16-be"), "utf-16-be"),
        (RUSSIAN.encode("utf-16-le"), "utf-16-le"),
        (RUSSIAN.encode("cp1251"), "cp1251"),
    ],
)
def test_encodings_are_found(read, raw_bytes, encoding):
    raw = read(raw_bytes)
    assert cells(raw) == [["Иван", "5"], ["Ольга", "6"]]
    assert raw.decisions["encoding"] == encoding


def test_one_cyrillic_row_in_fifty_is_enough(read):
    content = "ID;Name\n" + "".join(f"{n};client {n}\n" for n in range(49)) + "49;Ёлка № 5 «Х»\n"
    raw = read(content.encode("cp1251"))
    assert raw.frame["Name"].iloc[49] == "Ёлка № 5 «Х»"


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "mac-cyrillic", "KOI8-R"])
def test_a_named_encoding_wins(read, encoding):
    assert cells(read(RUSSIAN.encode(encoding), encoding=encoding)) == [["Иван", "5"], ["Ольга", "6"]]


@pytest.mark.parametrize(
    ("raw_bytes", "encoding"),
    [
        (RUSSIAN.encode(), "cp1251"),
        (RUSSIAN.encode("utf-8-sig"), "koi8-r"),
        ((RUSSIAN * 3).encode(), "koi8-r"),
        (RUSSIAN.encode("cp1251"), "utf-8"),
        (RUSSIAN.encode(), "no-such"),
        (RUSSIAN.encode(), "rot13"),
    ],
)
def test_a_wrong_encoding_is_refused(read, raw_bytes, encoding):
    with pytest.raises(SourceError, match="encoding"):
        read(raw_bytes, encoding=encoding)


def test_some_damaged_characters_are_told(read):
    damaged = RUSSIAN.encode().replace("л".encode(), b"\xd0")
    raw = read(damaged)
    assert raw.decisions == {"kind": "csv", "encoding": "utf-8", "damaged_characters": "1", "delimiter": ";"}
    assert raw.frame["Имя"].tolist() == ["Иван", "О\ufffdьга"]


def test_western_letters_are_not_read_as_cyrillic(read):
    with pytest.raises(SourceError, match="encoding"):
        read("Nome;Cidade\nJoão;São Paulo\n".encode("latin-1"))


def test_two_encodings_in_one_file_are_refused(read):
    with pytest.raises(SourceError, match="two encodings"):
        read("Имя;Сумма\nИван;5\n".encode() + "Ольга;6\n".encode("cp1251"))


def test_binary_is_refused(read):
    with pytest.raises(SourceError):
        read(random.Random(5).randbytes(4000))


def test_a_very_large_file_is_refused(read, monkeypatch):
    monkeypatch.setattr(delimited, "MAX_BYTES", 10)
    with pytest.raises(SourceError, match="larger"):
        read("ID;Name\n1;x\n")


@pytest.mark.skipif(not SPECTRUM.is_dir(), reason="the files of csv-spectrum are not here")
@pytest.mark.parametrize("path", sorted(SPECTRUM.glob("*.csv")), ids=lambda path: path.stem)
def test_csv_spectrum(path):
    raw = read_raw(path)
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    got = [{name: value or "" for name, value in zip(raw.headings, row, strict=True)} for row in cells(raw)]
    rows = expected if isinstance(expected, list) else [expected]
    if path.stem == "location_coordinates":  # its JSON has another phone number than its CSV
        rows = [{**rows[0], "Contact Phone Number": got[0]["Contact Phone Number"]}]
    # line breaks within cells are line feeds, outer spaces go
    trimmed = [{name: value.replace("\r\n", "\n").strip() for name, value in row.items()} for row in rows]
    assert got == trimmed


def independent_count(text: str, delimiter: str) -> int:
    """Count records with another tokenizer, the standard library's."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return sum(len(row) > 1 or row == [""] or bool("".join(row).strip()) for row in rows)


def test_mutations_end_in_a_table_or_a_refusal_and_lose_no_record(tmp_path):
    """500 files with bytes flipped, cut, put in: never a traceback, and the records add up."""
    header = "ID;Название;Бюджет;Дата;Примечание;Ответственный\n"
    notes = ['"строка\nещё; одна"', "", "просто"]
    rows = "".join(
        f'{n};"Сделка ""{n}""";{n * 1000};0{n % 9 + 1}.02.2024;{notes[n % 3]};Иванов\n' for n in range(40)
    )
    original = (header + rows).encode()
    path = tmp_path / "deals.csv"
    luck = random.Random(20240102)
    outcomes = {"read": 0, "refused": 0, "counted": 0}
    for _ in range(500):
        data = bytearray(original)
        for _ in range(luck.randint(1, 3)):
            at = luck.randrange(len(data))
            kind = luck.randrange(4)
            if kind == 0:
                data[at] = luck.randrange(256)
            elif kind == 1:
                data[at:at] = luck.choice([b'"', b";", b"\n", b"\r", b"\0", b"\r\n", b'""', b"\\", b"\xff"])
            elif kind == 2:
                del data[at : at + luck.randint(1, 80)]
            else:
                del data[max(at, 1) :]
        path.write_bytes(data)
        try:
            raw = read_raw(path)
        except SourceError as refusal:
            assert refusal.remedy is not None
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        assert raw.rows_read == len(raw.frame) + len(raw.set_aside)
        assert (pd.Series(raw.lines).diff().dropna() > 0).all()
        text = data.decode("utf-8", "replace")
        plainly = {"kind": "csv", "encoding": "utf-8", "delimiter": ";"}
        told = {name: value for name, value in raw.decisions.items() if name != "damaged_characters"}
        if told == plainly and "\r" not in text:
            outcomes["counted"] += 1
            assert raw.rows_read == independent_count(text, ";") - 1
    assert outcomes["read"] > 200
    assert outcomes["counted"] > 150


def test_titles_above_the_headings_are_set_aside(read):
    raw = read("Deals of the firm\n\nexported;2026-02-01\nid;name;amount;day\n1;A;5;x\n2;B;6;y\n3;C;7;z\n")
    assert raw.headings == ("id", "name", "amount", "day")
    assert [cell[0] for cell in cells(raw)] == ["1", "2", "3"]
    assert aside(raw)[0] == (1, "title", "Deals of the firm") and aside(raw)[-1][0] == 3
    assert raw.decisions["heading_line"] == "4" and raw.lines.tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    "content",
    [
        "id;name;amount\n1;A;5;x\n2;B;6;y\n3;C;7;z\n",  # a heading one too short is no title
        "note\n1;2;3;4\n5;6;7;8\n9;1;2;3\n",  # nothing below reads as headings
    ],
)
def test_what_is_no_title_is_refused_as_before(read, content):
    with pytest.raises(SourceError):
        read(content)
