"""Read CSV exports: encoding, line ends, delimiter and heading; ``records`` cuts the records."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from crmkit.errors import N_, SourceError
from crmkit.sources.encodings import chunks, to_utf8
from crmkit.sources.heading import TOP, reads_as_headings, with_titles
from crmkit.sources.rawtable import RawTable, finish
from crmkit.sources.records import Text, broken_quote, number, refuse_quote, tokenize

DELIMITERS = (";", "\t", ",", "|")
#: Stands for «no delimiter» in files of one column; control characters are gone from the text by then.
NONE = "\x1f"
HEAD = 1 << 20
SAMPLE = 1 << 16
MAX_BYTES = 4 << 30
_SEP = re.compile(rb'"?sep=(.)"?[;,\t| ]*\r?\n', re.IGNORECASE)
_BLANK = re.compile(rb"(?:[ \t]*\r?\n)+")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ESCAPED = re.compile(rb'\\"(?![;,\t|\r\n"])')


def read_delimited(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> RawTable:
    """Read a text file with delimiters.

    Raises
    ------
    SourceError: no encoding or delimiter fits, a quote is not closed and swallows rows, or most rows have
        another number of fields than the heading.
    """
    where = path.name
    if path.stat().st_size > MAX_BYTES:
        what = N_("the file is larger than {limit} GB", limit=MAX_BYTES >> 30)
        raise SourceError(
            where, what, (), N_("Export it in parts, each a shorter period, and list them all in client.yml.")
        )
    data, decided = to_utf8(path.read_bytes(), where, encoding)
    text = _open(_with_line_ends(data), where, delimiter)
    del data
    decisions = {
        "kind": "csv",
        **decided,
        "delimiter": {"\t": "tab", NONE: ""}.get(text.delimiter, text.delimiter),
    }
    records = tokenize(text)
    if b"\\" in text.data and _ESCAPED.search(text.data):
        mended = replace(text, data=text.data.replace(b'\\"', b'""'))
        other = tokenize(mended)
        if len(other.odd) <= len(records.odd):
            text, records, decisions["quotes"] = mended, other, "backslash"
    if text.titles:
        decisions["heading_line"] = str(text.titles[-1][0] + 1)
    raw = with_titles(finish(number(text, records), decisions), text.titles)
    _refuse_misfit(raw, where, len(text.headings))
    return raw


def _with_line_ends(data: bytes) -> bytes:
    """Make LF or CRLF end every line; a lone CR inside a line becomes a space."""
    if not data.endswith((b"\n", b"\r")):
        data += b"\n"
    if b"\r" not in data:
        return data
    first = _LINE_END.search(re.sub(rb'"[^"]*"', b"", data[:HEAD]))
    if first is not None and first[0] == b"\r":
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if data.endswith(b"\r") or any(
        ((codes[:-1] == 13) & (codes[1:] != 10)).any() for codes in chunks(data, more=1)
    ):
        data = re.sub(rb"\r(?!\n)", b" ", data)
    return data if data.endswith(b"\n") else data + b"\n"


def _open(data: bytes, where: str, named: str | None) -> Text:
    """Find the heading, the delimiter, and how many fields the records have."""
    start = 0
    if sep := _SEP.match(data):
        start, named = sep.end(), named or sep[1].decode("utf-8", "replace")
    if blank := _BLANK.match(data, start):
        start = blank.end()
    if start >= len(data):
        raise SourceError(
            where, N_("the file is empty"), (), N_("Export it again, and check that the file is whole.")
        )
    titles = _titles(data[start : start + SAMPLE].decode("utf-8", "ignore"), named)
    for _ in titles:
        start = data.index(b"\n", start) + 1
    first_line = data.count(b"\n", 0, start) + 1
    head = data[start : start + HEAD].decode("utf-8", "ignore").replace("\r\n", "\n")
    delimiter = _delimiter(head, where, named)
    headings, height = _heading(head, where, delimiter, first_line)
    body = start
    for _ in range(height):
        body = data.index(b"\n", body) + 1
    rows = _sample(data[body : body + SAMPLE].decode("utf-8", "ignore"), delimiter)
    above = [(first_line - len(titles) + place, title) for place, title in enumerate(titles)]
    return Text(where, data, body, first_line + height, _fit(headings, rows), delimiter, tuple(above))


def _delimiter(head: str, where: str, named: str | None) -> str:
    """Take the mark that stands in the first line outside quotes; of several, the one that cuts evenly."""
    line = head.partition("\n")[0]
    bare = re.sub(r'"[^"]*"', "", line)
    counts = {mark: bare.count(mark) for mark in DELIMITERS if mark in bare}
    if named is not None:
        named = "\t" if named.casefold() == "tab" else named
        if len(named) != 1 or not named.isascii() or named in '"\r\n' or (named not in bare and counts):
            what = N_(
                "the heading does not have the delimiter {mark} that is named for the file", mark=repr(named)
            )
            remedy = N_("Correct the delimiter in client.yml under files, or leave it out: the kit finds it.")
            raise SourceError(where, what, [line[:100]], remedy)
        return named
    if not counts:
        _refuse_title(head, where)
        return NONE

    def evenness(mark: str) -> tuple[float, int]:
        rows = _sample(head[:SAMPLE], mark)
        return sum(len(row) == len(rows[0]) for row in rows) / max(len(rows), 1), counts[mark]

    return max(counts, key=evenness) if len(counts) > 1 else next(iter(counts))


def _sample(text: str, delimiter: str) -> list[list[str]]:
    """Cut the first records; the last of them may be incomplete and is left out if there are others."""
    lines = (line + "\n" for line in text.split("\n")[:200])
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []
    return rows[:-1] or rows


def _refuse_title(head: str, where: str) -> None:
    """Refuse a first line without any delimiter above lines that all have the same number of one."""
    body = head[:SAMPLE].partition("\n")[2]
    for mark in DELIMITERS:
        widths = {len(row) for row in _sample(body, mark)}
        if len(widths) == 1 and min(widths) > (2 if mark == "," else 1) and f"{mark} " not in body:
            what = N_(
                "the first line is no heading: it has one field, the lines below have {fields}",
                fields=widths.pop(),
            )
            remedy = N_(
                "Delete the lines above the headings, so that the file begins with the names of its columns."
            )
            raise SourceError(where, what, head.split("\n")[:2], remedy)


def _titles(head: str, named: str | None) -> list[str]:
    """Return the lines above the headings: at most half as wide as nearly all that follows.

    The first line of full width has to read as headings; else nothing is taken for a title.
    """
    lines = [line.rstrip("\r") for line in head.split("\n")][:100]
    for mark in [named] if named in DELIMITERS else DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark, strict=False)]
        if len(widths) != len(lines):  # a cell of several lines: what stands where cannot be told so
            continue
        width, often = Counter(widths).most_common(1)[0]
        place = next((row for row in range(len(widths)) if widths[row] >= width), 0)
        if width < 3 or not 0 < place <= TOP or max(widths[:place]) > width // 2:
            continue
        if 5 * often >= 4 * (len([one for one in widths if one]) - place):
            cells = [cell.strip() for cell in next(csv.reader([lines[place]], delimiter=mark))]
            return lines[:place] if reads_as_headings(cells) else []
    return []


def _heading(head: str, where: str, delimiter: str, line: int) -> tuple[list[str], int]:
    """Return the headings and how many lines they take."""
    lines = head.split("\n")
    reader = csv.reader((one + "\n" for one in lines[:-1]), delimiter=delimiter)
    try:
        headings = next(reader, [])
    except csv.Error:
        refuse_quote(where, line, lines[0])
    if not headings:
        what = N_("the first line is longer than {limit} characters", limit=HEAD)
        raise SourceError(
            where,
            what,
            [lines[0][:60]],
            N_("Check that the file is a table with headings, and export it again."),
        )
    height = reader.line_num
    if height > 1 and broken_quote("\n".join(lines[:height]).encode(), delimiter) is not None:
        refuse_quote(where, line, lines[0])
    return headings, height


def _fit(headings: list[str], rows: list[list[str]]) -> list[str]:
    """Add or drop an empty last heading where separators end the rows but not the heading, or the reverse."""
    if not rows:
        return headings
    usual = Counter(map(len, rows)).most_common(1)[0][0]
    if usual == len(headings) + 1 and not any(row[-1].strip() for row in rows if len(row) == usual):
        return [*headings, ""]
    if usual == len(headings) - 1 and not headings[-1].strip():
        return headings[:-1]
    return headings


def _refuse_misfit(raw: RawTable, where: str, width: int) -> None:
    odd = raw.set_aside[raw.set_aside["reason"] == "fields"]
    if 2 * len(odd) > raw.rows_read:
        what = N_(
            "{odd} of {rows} rows have another number of fields than the heading, which has {width}",
            odd=len(odd), rows=raw.rows_read, width=width,
        )  # fmt: skip
        samples = [
            f"{line}: {text[:60]}" for line, text in zip(odd["line"][:3], odd["text"][:3], strict=True)
        ]
        remedy = N_(
            "Check that the first line holds the headings, or name the delimiter in client.yml under files."
        )
        raise SourceError(where, what, samples, remedy)
