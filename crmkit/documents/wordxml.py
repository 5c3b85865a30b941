"""The XML that Word documents are built of: paragraphs, fields, tables, contents, and bytes that repeat."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn as qn

from crmkit.present.texts import clean

Cell: TypeAlias = str | Sequence[str]
"""What stands in a cell of a table: a text, or a list of texts that becomes a list of bullets."""

CM = 567
"""Twentieths of a point, the unit of Word, in a centimetre."""
OPEN_POINT = "ToBeAgreed"
KEPT_TOGETHER = 3
"""How many rows of a table stay on one page, so that none begins at the very end of a page."""
_PAGES = Path(__file__).with_name("pages")
_LONG_AGO = (2020, 1, 1, 0, 0, 0)
APP = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/extended-properties"><Application>crmkit</Application></Properties>'
)
"""What stands for the program that made a document: no machine, no time."""


def resource(name: str) -> Any:
    """Return the root of an XML file of the kit, as python-docx knows elements."""
    return parse_xml((_PAGES / name).read_bytes())


def element(tag: str, *children: Any, **attributes: object) -> Any:
    """Return an element of Word's language with attributes of the same."""
    made: Any = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    made.extend(children)
    return made


def run(text: str, style: str = "") -> Any:
    """Return a run of plain text on one line."""
    said: Any = element("t")
    said.text = clean(text).replace("\n", " ").replace("\t", " ")
    said.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    marks = [element("rPr", element("rStyle", val=style))] if style else []
    return element("r", *marks, said)


def paragraph(style: str, *content: Any) -> Any:
    """Return a paragraph of a style (its id)."""
    return element("p", element("pPr", element("pStyle", val=style)), *content)


def lines(text: str, style: str, mark: str = "") -> Iterator[Any]:
    """Yield a paragraph for each line of a text."""
    for line in clean(text).split("\n"):
        yield paragraph(style, run(line, mark))


def field(instruction: str, shown: str) -> list[Any]:
    """Return the runs of a field and of what it shows until somebody updates it."""
    return [*_field_head(instruction), run(shown), _mark("end")]


def filled(sentence: str, **fields: tuple[str, str]) -> list[Any]:
    """Return the runs of a sentence whose ``{names}`` are fields: (instruction, what is shown)."""
    runs: list[Any] = []
    for part in sentence.replace("}", "{").split("{"):
        runs += field(*fields[part]) if part in fields else [run(part)] if part else []
    return runs


def contents(entries: Sequence[tuple[int, str, str, str]]) -> list[Any]:
    """Return the paragraphs of a table of contents that is filled already.

    It has no page numbers: only Word could know them, and wrong ones mislead. Headings are numbered, and a
    click on an entry goes to its heading.

    Parameters
    ----------
    entries: level, number, text and bookmark of each heading.
    """
    made = []
    for level, number, text, bookmark in entries:
        tab = element("r", element("tab"))
        link = element("hyperlink", run(number), tab, run(text), anchor=bookmark, history="1")
        made.append(paragraph(f"TOC{level}", link))
    for part in reversed(_field_head(r'TOC \o "1-2" \n \h \z \u')):
        made[0].insert(1, part)
    made[-1].append(_mark("end"))
    return made


def _field_head(instruction: str) -> list[Any]:
    told: Any = element("instrText")
    told.text = f" {instruction} "
    told.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return [_mark("begin"), element("r", told), _mark("separate")]


def _mark(kind: str) -> Any:
    return element("r", element("fldChar", fldCharType=kind))


def heading(text: str, level: int, bookmark: tuple[int, str], new_page: bool) -> Any:
    """Return a heading with the bookmark that the contents lead to."""
    number, name = bookmark
    begin = element("bookmarkStart", id=number, name=name)
    made = paragraph(f"Heading{level}", begin, run(text), element("bookmarkEnd", id=number))
    if new_page:
        made[0].append(element("pageBreakBefore"))
    return made


def table(
    rows: Sequence[Sequence[Cell]], widths: Sequence[int], *, headed: bool, labelled: bool, open_point: str,
    marks: int = 0,
) -> Any:  # fmt: skip
    """Return a table whose first row is repeated on every page, if it is ``headed``.

    Parameters
    ----------
    widths: of the columns, in Word's unit. labelled: the first column holds labels. open_point: the words
        that stand where something has to be agreed. marks: from which column on cells hold marks, to be
        centred; 0: none.
    """
    bits = f"{0x0600 + 0x0020 * headed + 0x0080 * labelled:04X}"
    look = element("tblLook", val=bits, firstRow=int(headed), firstColumn=int(labelled), noHBand=1, noVBand=1)
    made = element(
        "tbl",
        element(
            "tblPr", element("tblStyle", val="ProcessTable"), element("tblW", w=sum(widths), type="dxa"),
            element("tblLayout", type="fixed"), look,
        ),
        element("tblGrid", *(element("gridCol", w=width) for width in widths)),
    )  # fmt: skip
    for index, cells in enumerate(rows):
        head = headed and index == 0
        kept = [element("cantSplit"), *([element("tblHeader")] if head else [])]
        row = element("tr", element("trPr", *kept))
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            kind = "TableHeading" if head else "TableLabel" if labelled and not place else "TableText"
            kind = "TableMark" if marks and place >= marks and not head else kind
            frame = element("tcPr", element("tcW", w=width, type="dxa"))
            told = list(_cell(cell, kind, open_point))
            if index < KEPT_TOGETHER and len(rows) > index + 1:
                for one in told:
                    one[0].append(element("keepNext"))
            row.append(element("tc", frame, *told))
        made.append(row)
    return made


def _cell(cell: Cell, style: str, open_point: str) -> Iterable[Any]:
    items = [cell] if isinstance(cell, str) else list(cell)
    if len(items) > 1 and style == "TableText":
        style = "TableBullet"
    for item in items or [""]:
        yield from lines(item, style, OPEN_POINT if item == open_point else "")


def settings(language: str) -> Any:
    """Return the settings of a document: no compatibility mode, and the language of its fonts."""
    names = {"name": "compatibilityMode", "uri": "http://schemas.microsoft.com/office/word", "val": "15"}
    return element(
        "settings",
        element("zoom", percent=100),
        element("defaultTabStop", val=708),
        element("characterSpacingControl", val="doNotCompress"),
        element("compat", element("compatSetting", **names)),
        element("themeFontLang", val=language),
    )


def settled(content: bytes) -> bytes:
    """Return a packed document with its parts in one order and under one date, so that bytes repeat."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        names = sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            target.writestr(entry, source.read(name))
    return out.getvalue()
