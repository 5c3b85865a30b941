"""Read the HTML tables that Bitrix24 and others save under the name .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
from lxml import etree

from crmkit.errors import N_, SourceError
from crmkit.sources.cells import Aside, Cells
from crmkit.sources.encodings import to_utf8
from crmkit.sources.rawtable import RawTable, finish

MAX_BYTES = 150 << 20
MAX_SPAN = 1000
_START = re.compile(
    rb"(?:<!doctype html|<(?:html|head|meta|body|table|style|div|title|!--)[\s>\-])", re.IGNORECASE
)
_XML = re.compile(rb"<\?xml[^>]*>\s*", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]*charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_REMEDY = N_("Open it in a spreadsheet program and save the table as XLSX or CSV UTF-8.")

Row = list[str]


def is_markup(head: bytes) -> bool:
    """Say whether a file's first bytes are HTML."""
    start = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    xml = _XML.match(start)
    return _START.match(start, xml.end() if xml else 0) is not None


def read_markup(path: Path, *, encoding: str | None = None) -> RawTable:
    """Read the table with the most rows of an HTML file; lines are its rows, the heading's being 1.

    Raises
    ------
    SourceError: the file has no table, or is too large.
    """
    where = path.name
    if path.stat().st_size > MAX_BYTES:
        what = N_("the HTML file is larger than {limit} MB", limit=MAX_BYTES >> 20)
        raise SourceError(where, what, (), N_("Export it as CSV, or in parts, each a shorter period."))
    raw = path.read_bytes()
    named = _CHARSET.search(raw[:4096])
    data, decisions = to_utf8(raw, where, encoding, named[1].decode("ascii") if named else None)
    tables: dict[int, list[Row]] = {}
    try:
        for table, row in _rows(data):
            tables.setdefault(table, []).append(row)
    except etree.Error as error:
        raise SourceError(where, N_("the HTML cannot be read"), [str(error)], _REMEDY) from error
    rows = max(tables.values(), key=len, default=[])
    if not rows:
        raise SourceError(where, N_("there is no table in this HTML file"), (), _REMEDY)
    return finish(_cells(rows), {"kind": "html", **decisions})


def _rows(data: bytes) -> Iterator[tuple[int, Row]]:
    """Give every row with the number of its table, and forget it: the tree never stands in memory."""
    started: list[int] = []
    count = 0
    walk = etree.iterparse(
        BytesIO(data),
        events=("start", "end"),
        tag=("table", "tr"),
        html=True,
        encoding="utf-8",
        no_network=True,
    )
    for event, element in walk:
        if element.tag == "table":
            if event == "start":
                count += 1
                started.append(count)
            else:
                started.pop()
        elif event == "end":
            row = _row(element)
            if row:
                yield (started[-1] if started else 0), row
            element.clear()
            while element.getprevious() is not None and element.getparent() is not None:
                del element.getparent()[0]


def _row(element: etree._Element) -> Row:
    row: Row = []
    for cell in element:
        if cell.tag in ("td", "th"):
            row.append(_text(cell))
            span = cell.get("colspan", "1").strip()
            row.extend([""] * (min(int(span), MAX_SPAN) - 1 if span.isascii() and span.isdigit() else 0))
    return row


def _text(cell: etree._Element) -> str:
    if not len(cell):
        return cell.text or ""
    for line_break in cell.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    return str(cell.xpath("string()"))


def _cells(rows: list[Row]) -> Cells:
    headings = rows[0]
    while (
        len(headings) > 1
        and not headings[-1].strip()
        and sum(len(row) < len(headings) for row in rows[1:]) > len(rows) // 2
    ):
        headings = headings[:-1]
    width = len(headings)
    fitting = [(line, row) for line, row in enumerate(rows[1:], start=2) if len(row) == width]
    aside = [
        Aside(line, "fields", "\t".join(row))
        for line, row in enumerate(rows[1:], start=2)
        if len(row) != width
    ]
    columns = [
        pa.chunked_array(
            [pa.array([row[place].replace("\r\n", "\n") or None for _, row in fitting], pa.large_string())]
        )
        for place in range(width)
    ]
    lines = np.array([line for line, _ in fitting], dtype=np.int64)
    return Cells(headings, columns, lines, aside, "\t")
