"""Read one sheet of a workbook, in a process of its own: a hostile file may kill it, and only it.

Run by ``workbooks`` as a script (not with ``-m``: the package and pandas stay unloaded):
``workbook_child.py FILE SHEET OUT``. Writes ``OUT/cells.arrow`` (an Arrow stream: ``row``, and a text column
for each column of the sheet) and ``OUT/found.json``; a refusal is ``{"error": code, "detail": …}``. For the
sheet ``*`` it writes all sheets as they stand into ``OUT/found.json``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import python_calamine as calamine
from lxml import etree

MEMORY = 4 << 30
BATCH = 10_000
MAX_EXACT = 2**53
ALL_SHEETS = "*"
MOST_CELLS, MOST_COLUMNS = 2_500_000, 500
_ERROR = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})(\d{1,7})"[^>]*>'
    rb"(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]{1,20})</v>"
)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CARRIAGE = re.compile(r"_x000[dD]_\n?")

Errors = dict[tuple[int, int], str]
Merged = dict[int, list[tuple[int, int]]]


def main(file: str, wanted: str, out: str) -> None:
    """Read a sheet (the first with data if ``wanted`` is empty) and write what was found."""
    try:
        _limit_memory()
        found = _grids(file) if wanted == ALL_SHEETS else _read(file, wanted, Path(out))
    except calamine.PasswordError:
        found = {"error": "password"}
    except calamine.WorksheetNotFound as error:
        found = {"error": "sheet", "detail": str(error)}
    except MemoryError:
        found = {"error": "memory"}
    except (
        calamine.CalamineError,
        OSError,
        ValueError,
        LookupError,
        OverflowError,
        zipfile.BadZipFile,
        zlib.error,
        etree.XMLSyntaxError,
    ) as error:
        found = {"error": "damaged", "detail": str(error)[:200]}
    (Path(out) / "found.json").write_text(json.dumps(found), encoding="utf-8")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; there the time limit and the look at the zip must do
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _grids(file: str) -> dict[str, object]:
    """Return all sheets of a small workbook, rows and columns counted from the sheet's own first ones."""
    grids = []
    with calamine.CalamineWorkbook.from_path(file) as book:
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.height * max(sheet.width, 50) > MOST_CELLS or sheet.width > MOST_COLUMNS:
                return {"error": "large", "detail": meta.name}
            left = [""] * (sheet.start[1] if sheet.start else 0)
            rows = [
                left + [_text(value, place, set(), set()) for place, value in enumerate(values)]
                for values in sheet.iter_rows()
            ]
            for (row, column), text in _formula_errors(file, meta.name).items():
                if row <= len(rows) and column < len(rows[row - 1]):
                    rows[row - 1][column] = text
            merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or []]
            grids.append({"name": meta.name, "rows": rows, "merged": merged})
    return {"grids": grids}


def _read(file: str, wanted: str, out: Path) -> dict[str, object]:
    with calamine.CalamineWorkbook.from_path(file) as book:
        if wanted and wanted not in book.sheet_names:
            return {"error": "sheet", "detail": ", ".join(book.sheet_names[:20])}
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == calamine.SheetVisibleEnum.Visible
        ]
        filled = []
        sheet = None
        for name in [wanted] if wanted else visible or book.sheet_names:
            read = book.get_sheet_by_name(name)
            if read.height:
                filled.append(name)
                sheet = sheet or read
        if sheet is None:
            return {"error": "empty"}
        found = _write(sheet, _formula_errors(file, sheet.name), out)
        return {"sheet": sheet.name, "others": filled[1:], **found}


def _write(sheet: calamine.CalamineSheet, errors: Errors, out: Path) -> dict[str, object]:
    """Write the rows that are not blank as text; tell the columns with dates and damaged numbers."""
    left = sheet.start[1] if sheet.start else 0
    width = max([sheet.width, *(column - left + 1 for _, column in errors)])
    schema = pa.schema([("row", pa.int64()), *((str(place), pa.large_string()) for place in range(width))])
    dates, damaged = set[int](), set[int]()
    merged = _merged_down(sheet, left)
    with pa.OSFile(str(out / "cells.arrow"), "wb") as sink, pa.ipc.new_stream(sink, schema) as stream:
        for batch in _batches(sheet, errors, left, width, dates, damaged, merged):
            rows = pa.py_buffer(array("q", (row for row, _ in batch)))
            columns = [pa.Array.from_buffers(pa.int64(), len(batch), [None, rows])]
            columns += [_column([cells[place] for _, cells in batch]) for place in range(width)]
            stream.write_batch(pa.record_batch(columns, schema=schema))
    spanned = sum(last - row for row, some in merged.items() for _, last in some)
    return {"dates": sorted(dates), "damaged": sorted(damaged), "merged": spanned}


def _column(cells: list[str]) -> pa.LargeStringArray:
    """Return text as an Arrow array made of bytes, since ``pa.array`` would import pandas."""
    encoded = [cell.encode("utf-8", "replace") for cell in cells]
    ends = array("q", accumulate(map(len, encoded), initial=0))
    return pa.LargeStringArray.from_buffers(len(cells), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def _merged_down(sheet: calamine.CalamineSheet, left: int) -> Merged:
    """Return by row the places of cells below the first row merged down one column, with the last rows."""
    found: Merged = {}
    for (top, place), (bottom, right) in sheet.merged_cell_ranges or []:
        if place == right and top > 0:
            found.setdefault(top + 1, []).append((place - left, bottom + 1))
    return found


def _batches(
    sheet: calamine.CalamineSheet, errors: Errors, left: int, width: int, dates: set[int], damaged: set[int],
    merged: Merged,
) -> Iterator[list[tuple[int, list[str]]]]:  # fmt: skip
    batch: list[tuple[int, list[str]]] = []
    rows_in_error = {row for row, _ in errors}
    above: dict[int, tuple[int, str]] = {}
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(value, place, dates, damaged) for place, value in enumerate(values)]
        cells += [""] * (width - len(cells))
        if number in rows_in_error:
            for place in range(width):
                cells[place] = errors.get((number, place + left), cells[place])
        above |= {place: (last, cells[place]) for place, last in merged.get(number, ())}
        if any(cells):
            for place, (last, value) in above.items():
                cells[place] = cells[place] or (value if number <= last else "")
            batch.append((number, cells))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(value: object, place: int, dates: set[int], damaged: set[int]) -> str:
    """Return a cell as text: whole numbers without a point, moments in ISO, no time where it is midnight."""
    if isinstance(value, str):
        return _CARRIAGE.sub("\n", value) if "_x000" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        if abs(value) > MAX_EXACT:
            damaged.add(place)
        return str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        dates.add(place)
        value = _whole_milliseconds(value)
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date):
        dates.add(place)
        return value.isoformat()
    return "" if value is None else str(value)


def _whole_milliseconds(moment: dt.datetime) -> dt.datetime:
    """Undo the rounding of the day fractions in which workbooks keep moments."""
    return moment + dt.timedelta(microseconds=(moment.microsecond + 500) // 1000 * 1000 - moment.microsecond)


def _formula_errors(file: str, sheet: str) -> Errors:
    """Return cells such as ``#REF!``, which calamine reads as empty, by 1-based row and 0-based column."""
    if not zipfile.is_zipfile(file):
        return {}
    with zipfile.ZipFile(file) as book:
        member = _member(book, sheet)
        if member is None:
            return {}
        found: Errors = {}
        tail = b""
        with book.open(member) as xml:
            while chunk := xml.read(1 << 20):
                chunk = tail + chunk
                if b't="e"' in chunk:
                    for letters, row, text in _ERROR.findall(chunk):
                        found[int(row), _place(letters)] = text.decode("utf-8", "replace")
                tail = chunk[-512:]
        return found


def _member(book: zipfile.ZipFile, sheet: str) -> str | None:
    names = set(book.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    listed = etree.fromstring(book.read("xl/workbook.xml"), parser).iter()
    key = next(
        (one.get(_RELATION) for one in listed if one.get("name") == sheet and one.get(_RELATION)), None
    )
    related = etree.fromstring(book.read("xl/_rels/workbook.xml.rels"), parser)
    target = next((one.get("Target", "") for one in related if one.get("Id") == key), "")
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return path if path in names else None


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1


if __name__ == "__main__":
    main(*sys.argv[1:])
