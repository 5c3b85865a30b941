"""Cut delimited text into records with pyarrow, know the line of each, and find quotes that swallow rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from crmkit.errors import N_, SourceError
from crmkit.sources.cells import Aside, Cells
from crmkit.sources.encodings import CHUNK, chunks, count_byte

BLOCK = 2 << 20
#: First bytes of the characters with which a text may differ from its NFC: marks to be combined, jamo …
_LEADS = (*range(0xD6, 0xE2), 0xCC, 0xCD, 0xE3, *range(0xEA, 0xF0))
_COMBINING = np.isin(np.arange(256), _LEADS)


@dataclass(frozen=True)
class Text:
    """A file's text, where its records start (byte and line), what they should look like, lines above."""

    where: str
    data: bytes
    start: int
    line: int
    headings: list[str]
    delimiter: str
    titles: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Records:
    """Rows as wide as the heading (blank lines too), and those that are not: number from 0, and text."""

    table: pa.Table
    odd: list[tuple[int, str]]


def tokenize(text: Text) -> Records:
    """Cut the text into records of text fields, as RFC 4180 says; empty fields are null.

    Raises
    ------
    SourceError: a quote swallows more than a record can hold.
    """
    whole = min(len(text.data) - text.start + 1, (1 << 31) - 1)
    try:
        return _parse(text, min(BLOCK, whole))
    except pa.ArrowInvalid:  # a record longer than a block: an unclosed quote, or a very long note
        try:
            return _parse(text, whole)
        except pa.ArrowInvalid:
            refuse_quote(text.where, text.line, "")


def _parse(text: Text, block: int) -> Records:
    names = [str(place) for place in range(len(text.headings))]
    schema = pa.schema(dict.fromkeys(names, pa.large_string()))
    odd: list[tuple[int, str]] = []

    def remember(row: csv.InvalidRow) -> str:
        odd.append((row.number - 1, row.text))
        return "skip"

    if text.start >= len(text.data):
        return Records(schema.empty_table(), odd)
    reader = csv.open_csv(
        pa.BufferReader(pa.py_buffer(text.data).slice(text.start)),
        read_options=csv.ReadOptions(use_threads=False, block_size=block, column_names=names),
        parse_options=csv.ParseOptions(
            delimiter=text.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=remember,
        ),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    nothing, batches = pa.nulls(0, pa.large_string()), []
    for batch in reader:  # columns without any text, as most are, share the memory of one
        if len(nothing) < len(batch):
            nothing = pa.nulls(len(batch), pa.large_string())
        columns = [
            nothing.slice(0, len(batch)) if one.null_count == len(batch) else one for one in batch.columns
        ]
        batches.append(pa.record_batch(columns, schema))
    return Records(pa.Table.from_batches(batches, schema), odd)


def number(text: Text, records: Records) -> Cells:
    """Give every record its line, and refuse the file if a quote swallowed rows.

    The lines that the records take are held against the line ends of the file: an independent count.
    """
    table, odd = records.table, records.odd
    columns = list(table.columns)
    kept = np.ones(table.num_rows + len(odd), dtype=bool)
    kept[[place for place, _ in odd]] = False
    heights = np.ones(len(kept), dtype=np.int64)
    lines = count_byte(text.data, 10, text.start)
    cut: Aside | None = None
    if len(kept) != lines or _ends_open(table):
        columns = [_with_line_feeds(column) for column in columns]
        odd = [(place, one.replace("\r\n", "\n").replace("\r", "\n")) for place, one in odd]
        heights[kept] += sum(
            (pc.fill_null(pc.count_substring(column, "\n"), 0).to_numpy() for column in columns),
            start=np.zeros(table.num_rows, dtype=np.int64),
        )
        heights[~kept] += np.array([one.count("\n") for _, one in odd], dtype=np.int64)
        cut = _check_quotes(text, heights, lines)
    starts = text.line + np.cumsum(heights) - heights
    aside = [Aside(int(starts[place]), "fields", one) for place, one in odd if one.strip()]
    row_starts = starts[kept]
    if cut is not None and kept[-1]:
        columns, row_starts = [column.slice(0, table.num_rows - 1) for column in columns], row_starts[:-1]
        aside.append(cut)
    plain = text.data.isascii() or not _may_combine(text.data)
    return Cells(text.headings, columns, row_starts, aside, text.delimiter, _BlankLines(text), plain)


def _with_line_feeds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make LF of CRLF, and of the CR that pyarrow leaves of a CRLF on the border of two blocks."""
    if not pc.any(pc.match_substring(column, "\r")).as_py():
        return column
    return pc.replace_substring(pc.replace_substring(column, "\r\n", "\n"), "\r", "\n")


def _ends_open(table: pa.Table) -> bool:
    """Say whether the last row holds the file's last line end, as only an unclosed quote makes it."""
    last = table.slice(max(0, table.num_rows - 1)).to_pylist()
    return any((value or "").endswith(("\n", "\r")) for row in last for value in row.values())


def _check_quotes(text: Text, heights: np.ndarray, lines: int) -> Aside | None:
    """Refuse a cell that swallowed whole rows; return the last record if the file ends inside its quotes."""
    ends = line_ends(text.data, text.start)
    firsts = np.cumsum(heights) - heights
    full = len(text.headings) - 1
    mark = text.delimiter.encode()
    for place in np.flatnonzero(heights > 1).tolist():
        first, last = int(firsts[place]), min(int(firsts[place] + heights[place]), lines) - 1
        begin = int(ends[first - 1]) + 1 if first else text.start
        record = text.data[begin : int(ends[last])]
        final = place == len(heights) - 1
        below = record.split(b"\n")[1:]
        swallowed = any(line.count(mark) >= full for line in below)
        if not swallowed and not final:
            continue
        at = broken_quote(record, text.delimiter)
        if at is None:
            continue
        if swallowed:
            line = text.line + first + record.count(b"\n", 0, at)
            refuse_quote(text.where, line, record[at:].split(b"\n")[0].decode("utf-8", "replace"))
        if final and int(heights.sum()) == lines + 1:
            return Aside(text.line + first, "cut", record.decode("utf-8", "replace"))
    if not lines <= int(heights.sum()) <= lines + 1:
        refuse_quote(text.where, text.line, "")
    return None


@lru_cache
def _quoted(delimiter: str) -> re.Pattern[bytes]:
    mark = re.escape(delimiter.encode())
    return re.compile(rb'(?<![^%s])"[^"]*(?:""[^"]*)*("?)([^%s\r\n]*)' % (mark, mark))


def broken_quote(record: bytes, delimiter: str) -> int | None:
    """Return where a quoted field begins that never ends, or has lines and text behind its closing quote."""
    for field in _quoted(delimiter).finditer(record):
        if not field[1] or (field[2].strip() and b"\n" in field[0]):
            return field.start()
    return None


def refuse_quote(where: str, line: int, sample: str) -> NoReturn:
    """Raise the refusal of a file with an unclosed quote."""
    raise SourceError(
        where,
        N_("a quotation mark in line {line} is not closed, so that it swallows the rows below", line=line),
        [sample[:100]] if sample else (),
        N_("Close or delete the quotation mark in that line, or save the table again as XLSX."),
    )


def line_ends(data: bytes, start: int) -> np.ndarray:
    """Return the positions of the line feeds from ``start`` on."""
    found = [
        np.flatnonzero(codes == 10) + start + place * CHUNK for place, codes in enumerate(chunks(data, start))
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _may_combine(data: bytes) -> bool:
    """Look for lead bytes of marks; dashes and quotes (E2) are the frequent high bytes beside letters."""
    for codes in chunks(data):
        if np.count_nonzero((codes & 0xFE) == 0xCC):
            return True
        high = np.count_nonzero(codes >= 0xD6)
        if high > np.count_nonzero(codes == 0xE2) and _COMBINING[codes[codes >= 0xD6]].any():
            return True
    return False


@dataclass(frozen=True)
class _BlankLines:
    """Says of line numbers of the file whether nothing but spaces stands in them."""

    text: Text

    def __call__(self, lines: np.ndarray) -> np.ndarray:
        ends = line_ends(self.text.data, self.text.start)
        places = lines - self.text.line
        begins = np.where(places > 0, ends[places - 1] + 1, self.text.start)
        pairs = zip(begins.tolist(), ends[places].tolist(), strict=True)
        return np.array([not self.text.data[begin:end].strip() for begin, end in pairs], dtype=bool)
