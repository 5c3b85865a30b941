"""Hostile text in every field changes no page and no workbook: the same tags, attributes, links and types."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from lxml import etree, html

from crmkit.documents.sheets import cell_text
from crmkit.documents.xlsx import Rows, write_workbook
from crmkit.present.tables import Column, Table
from crmkit.present.texts import clean


@pytest.fixture(scope="module")
def pages(hostile_page: str, neutral_page: str) -> tuple[html.HtmlElement, html.HtmlElement]:
    return html.document_fromstring(hostile_page), html.document_fromstring(neutral_page)


def shape(made: html.HtmlElement) -> Counter[tuple[str, tuple[str, ...]]]:
    """Count each tag with the names of its attributes; links to cards are counted apart."""
    elements = [e for e in made.iter() if isinstance(e.tag, str) and not (e.tag == "a" and e.get("target"))]
    return Counter((element.tag, tuple(sorted(element.attrib))) for element in elements)


def test_the_page_has_the_same_tags_and_attributes(pages: tuple[html.HtmlElement, html.HtmlElement]) -> None:
    assert shape(pages[0]) == shape(pages[1])
    assert not list(pages[0].iter(etree.Comment))


def test_no_address_comes_from_data_but_web_addresses_of_cards(
    pages: tuple[html.HtmlElement, html.HtmlElement],
) -> None:
    links = pages[0].xpath("//a[@target]/@href")
    assert links == [
        "https://evil.example/?a=1&b=2"
    ]  # the one payload that is a web address, in the column of links
    values = [
        (name, value)
        for element in pages[0].iter()
        if isinstance(element.tag, str)
        for name, value in element.attrib.items()
        if name in ("href", "src", "action", "data", "style", "srcdoc") and value not in links
    ]
    assert all(
        value.startswith("#part-") or value == "#how-to-read" for name, value in values if name == "href"
    )
    assert all(re.fullmatch(r"min-height:\d+px", value) for name, value in values if name == "style")
    assert {name for name, _ in values} == {"href", "style"}


def test_the_text_is_still_there(
    pages: tuple[html.HtmlElement, html.HtmlElement], payloads: list[str]
) -> None:
    cells = pages[0].xpath("//table[caption='All']/tbody/tr/th")
    read = ["".join(cell.itertext()) for cell in cells]
    assert read == [clean(text) for text in payloads]
    assert "abcde" in read  # its control characters are gone


def test_charts_hold_no_markup_and_no_templates(
    pages: tuple[html.HtmlElement, html.HtmlElement], payloads: list[str]
) -> None:
    scripts = pages[0].xpath("//script[@type='application/json']")
    assert len(scripts) == 1 + 1 + 3 + -(-len(payloads) // 4)
    ours = re.compile(r'<br>|<span style="font-size:11px;color:#6b6b6b">|</span>')

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)
        elif isinstance(value, str):
            left = ours.sub("", value)
            assert "<" not in left and "%{" not in left and "$" not in left, value

    for script in scripts:
        assert "<" not in script.text and "&" not in script.text
        walk(json.loads(script.text))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, payloads: list[str], hostile_tables: list[Table]) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "report.xlsx"
    frame = pd.DataFrame({"a": pd.Series(payloads, dtype=object), "b": range(len(payloads))})
    columns = (Column("a", "A"), Column("b", "B", "count"))
    rows = Rows("rows", "Rows", columns, frame, "en", "USD", tuple(payloads))
    write_workbook(path, [rows, *hostile_tables], language="en", title=payloads[50])
    return path


def test_the_workbook_has_no_formula_no_link_and_no_foreign_part(book: Path) -> None:
    with zipfile.ZipFile(book) as parts:
        for name in parts.namelist():
            content = etree.fromstring(parts.read(name))
            tags = {
                etree.QName(element).localname for element in content.iter() if isinstance(element.tag, str)
            }
            assert not tags & {"f", "hyperlink", "hyperlinks", "oleObject", "drawing"}, name
            if name.endswith(".rels"):
                assert not [element for element in content if element.get("TargetMode") == "External"]


def test_each_text_stays_a_text_and_itself(book: Path, payloads: list[str]) -> None:
    sheet = openpyxl.load_workbook(book)["Rows"]
    for index, payload in enumerate(payloads):
        cell = sheet.cell(4 + index, 1)
        if cell_text(payload):
            assert cell.data_type == "s", payload
            # openpyxl undoes the escape of _x0041_ only in part: the test below looks into the file
            assert cell.value == cell_text(payload) or "_x" in payload, payload
        assert sheet.cell(4 + index, 2).value == index


def test_an_underscored_escape_is_escaped_in_the_file(book: Path) -> None:
    with zipfile.ZipFile(book) as parts:
        text = parts.read("xl/worksheets/sheet2.xml").decode()
    assert "_x005F_x0041_ and _x005F_x000D_" in text
