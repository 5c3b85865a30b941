"""Word documents, read back by python-docx and as plain XML."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn

from crmkit.documents.word import WordDocument
from crmkit.present.texts import clean
from crmkit.present.words import Words


def written(path: Path, language: str = "en", text: str = "Two lines\nof text") -> Path:
    document = WordDocument("Rules", client="Northern Wind", words=Words(language))
    document.cover("Sale", [("Version", "As is"), ("Date", document.open_point)])
    document.contents()
    document.heading("First")
    document.text(text)
    document.heading("Part", 2)
    document.heading("Detail", 3)
    document.heading("Second", new_page=True)
    document.heading("Other part", 2)
    document.items(["one", "two"])
    document.items(["tick"], "CheckList")
    document.table(["A", "B"], [["1", ["x", "y"]], [text, document.open_point]], (1, 3), caption="Values")
    document.write(path)
    return path


@pytest.fixture
def made(tmp_path: Path) -> Any:
    return docx.Document(str(written(tmp_path / "a.docx")))


def test_headings_have_words_own_styles_numbered_by_one_list(made: Any) -> None:
    found = [(p.style.name, p.text) for p in made.paragraphs if p.style.name.startswith("Heading")]
    assert found == [
        ("Heading 1", "First"), ("Heading 2", "Part"), ("Heading 3", "Detail"),
        ("Heading 1", "Second"), ("Heading 2", "Other part"),
    ]  # fmt: skip
    for level in (1, 2, 3):
        style = made.styles[f"Heading {level}"].element
        assert style.find(f".//{qn('w:numId')}").get(qn("w:val")) == "1"
    numbering = made.part.numbering_part.element
    texts = [one.get(qn("w:val")) for one in numbering.iter(qn("w:lvlText"))]
    assert texts[:3] == ["%1", "%1.%2", "%1.%2.%3"]


def test_the_contents_are_filled_with_numbered_links_to_the_headings(made: Any) -> None:
    entries = [(p.style.name, p.text) for p in made.paragraphs if p.style.name.startswith("toc")]
    assert entries == [
        ("toc 1", "1\tFirst"), ("toc 2", "1.1\tPart"), ("toc 1", "2\tSecond"), ("toc 2", "2.1\tOther part"),
    ]  # fmt: skip
    body = made.element.body
    anchors = [one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))]
    marks = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    assert len(anchors) == 4 and set(anchors) <= marks
    ends = [one.get(qn("w:fldCharType")) for one in body.iter(qn("w:fldChar"))]
    assert ends == ["begin", "separate", "end"] * 2  # the contents, and the number of the table


def test_a_table_repeats_its_headings_and_keeps_its_rows_whole(made: Any) -> None:
    table = made.tables[-1]
    assert table.style.name == "Process Table"
    heads = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in table.rows]
    assert heads == [True, False, False]
    assert [p.text for p in table.rows[1].cells[1].paragraphs] == ["x", "y"]
    assert {p.style.name for p in table.rows[1].cells[1].paragraphs} == {"Table Bullet"}
    assert table.rows[2].cells[1].paragraphs[0].runs[0].style.name == "To Be Agreed"
    assert "Table 1. Values" in [p.text for p in made.paragraphs if p.style.name == "Caption"]


def test_page_header_and_footer(made: Any) -> None:
    section = made.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    assert section.header.paragraphs[0].text == "Northern Wind\tRules"
    assert section.footer.paragraphs[0].text == "Page 1 of 1"
    fields = [one.text.strip() for one in section.footer._element.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]


@pytest.mark.parametrize(("language", "code"), [("en", "en-US"), ("ru", "ru-RU")])
def test_the_language_is_said_and_nothing_of_machine_or_clock(
    tmp_path: Path, language: str, code: str
) -> None:
    path = written(tmp_path / "a.docx", language)
    document = docx.Document(str(path))
    assert next(document.styles.element.iter(qn("w:lang"))).get(qn("w:val")) == code
    told = document.core_properties
    assert (told.author, told.last_modified_by, told.language) == ("crmkit", "crmkit", code)
    assert told.created.year == told.modified.year == 2020
    with zipfile.ZipFile(path) as parts:
        assert {info.date_time for info in parts.infolist()} == {(2020, 1, 1, 0, 0, 0)}
        assert b"Macintosh" not in b"".join(parts.read(name) for name in parts.namelist())


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.docx"), written(tmp_path / "b.docx")
    assert first.read_bytes() == second.read_bytes()


def test_hostile_texts_stay_texts(tmp_path: Path, payloads: list[str]) -> None:
    text = "\n".join(payloads)
    path = written(tmp_path / "a.docx", text=text)
    plain = written(tmp_path / "b.docx", text="\n".join("word" for _ in clean(text).split("\n")))
    document = docx.Document(str(path))
    said = "\n".join(p.text for p in document.paragraphs)
    assert payloads[0] in said
    with zipfile.ZipFile(path) as hostile, zipfile.ZipFile(plain) as neutral:
        assert hostile.namelist() == neutral.namelist()
        for name in hostile.namelist():
            tags = [re.findall(r"<(/?[\w:]+)", parts.read(name).decode()) for parts in (hostile, neutral)]
            assert tags[0] == tags[1]
        relations = hostile.read("word/_rels/document.xml.rels").decode()
        assert "External" not in relations
