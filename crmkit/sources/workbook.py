"""Read XLSX and XLS files: a look at the zip directory first, then a child process with limits.

A workbook of 5 kB can ask for half a terabyte of memory and so abort the process that reads it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.errors import N_, Message, SourceError
from crmkit.sources.cells import Cells
from crmkit.sources.encodings import CONTROLS
from crmkit.sources.rawtable import RawTable, finish

SECONDS = 180
MAX_MEMBERS = 1000
MAX_UNPACKED = 1 << 30
MAX_RATIO = 200
LARGE = 20 << 20
MAX_XLS = 200 << 20
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
CHILD = Path(__file__).with_name("workbook_child.py")
_AS_CSV = N_("Save the sheet again as CSV UTF-8 and name that file in client.yml.")
_WHY = {
    "password": N_("the workbook is protected by a password"),
    "memory": N_("reading the workbook takes more memory than is allowed"),
    "empty": N_("no sheet of the workbook has any data"),
    "damaged": N_("the workbook is damaged or is none"),
}


def read_workbook(path: Path, kind: str, *, sheet: str | None = None) -> RawTable:
    """Read a sheet of a workbook as text, the first with data unless one is named; lines are its rows.

    Parameters
    ----------
    path: the file.
    kind: ``xlsx`` or ``xls``, as its first bytes say.
    sheet: the sheet's name.

    Raises
    ------
    SourceError: the file is damaged, protected, hostile or too large, or has no such sheet.
    """
    where = path.name
    suffix = check_archive(path) if kind == "xlsx" else _check_old(path)
    with tempfile.TemporaryDirectory(prefix="crmkit-") as folder:
        book = Path(folder) / f"book.{suffix}"  # calamine goes by the name, which may lie
        shutil.copyfile(path, book)
        found = _in_child(book, sheet or "")
        if "error" in found:
            _refuse(where, found, sheet)
        with pa.OSFile(str(Path(folder) / "cells.arrow"), "rb") as source:
            table = pa.ipc.open_stream(source).read_all()
    lines = table.column("row").to_numpy()
    columns = [_cleared(column) for column in table.columns[1:]]
    headings = [column[0].as_py() or "" for column in columns]
    raw = finish(
        Cells(headings, [column.slice(1) for column in columns], lines[1:], [], "\t", _every_line_is_blank),
        {"kind": kind, "sheet": found["sheet"]},
        native=found["dates"],
    )
    if found["others"]:
        raw.decisions["other_sheets"] = ", ".join(found["others"])
    if damaged := [raw.headings[place] for place in found["damaged"] if place < len(raw.headings)]:
        raw.decisions["damaged_numbers"] = ", ".join(damaged)
    return raw


def check_archive(path: Path) -> str:
    """Refuse a zip that is no workbook, or would unpack to too much, by its directory alone.

    Returns
    -------
    ``xlsx`` or ``xlsb``.

    Raises
    ------
    SourceError
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_directory(path.name, members)
            for member in members:
                if member.filename.endswith((".xml", ".rels")) and _declares_entities(archive, member):
                    what = N_("the workbook declares its own XML entities, as no spreadsheet program does")
                    raise SourceError(path.name, what, [member.filename], _AS_CSV)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError) as error:
        raise SourceError(path.name, _WHY["damaged"], [str(error)[:100]], _AS_CSV) from error
    return "xlsx" if any(member.filename == "xl/workbook.xml" for member in members) else "xlsb"


def _refuse_directory(where: str, members: list[zipfile.ZipInfo]) -> None:
    """Refuse what the directory of the zip already shows."""
    names = {member.filename for member in members}
    if not names & {"xl/workbook.xml", "xl/workbook.bin"}:
        what = N_("this is a zip archive without a workbook in it")
        raise SourceError(where, what, sorted(names)[:3], _AS_CSV)
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise zipfile.BadZipFile("unusual compression")
    if any(member.flag_bits & 1 for member in members):
        raise SourceError(where, _WHY["password"], (), _remedy("password"))
    packed_too_well = [
        member.filename
        for member in members
        if member.file_size > LARGE and member.file_size > MAX_RATIO * max(member.compress_size, 1)
    ]
    unpacked = sum(member.file_size for member in members)
    if packed_too_well or unpacked > MAX_UNPACKED or len(members) > MAX_MEMBERS:
        what = N_(
            "the workbook unpacks to {size} MB in {members} parts: too much to be read safely",
            size=unpacked >> 20,
            members=len(members),
        )
        raise SourceError(where, what, packed_too_well[:3], _AS_CSV)


def _declares_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as file:
        return b"<!DOCTYPE" in file.read(4096).replace(b"\0", b"").upper()


def _check_old(path: Path) -> str:
    if path.stat().st_size > MAX_XLS:
        what = N_("the workbook is larger than {limit} MB", limit=MAX_XLS >> 20)
        raise SourceError(path.name, what, (), _AS_CSV)
    if ENCRYPTED in path.read_bytes():
        raise SourceError(path.name, _WHY["password"], (), _remedy("password"))
    return "xls"


def _in_child(book: Path, sheet: str) -> dict[str, Any]:
    """Run the reader in its own process and return what it found; its death is a finding too."""
    command = [sys.executable, "-P", str(CHILD), str(book), sheet, str(book.parent)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return {"error": "time"}
    if child.returncode == 0:
        found: dict[str, Any] = json.loads((book.parent / "found.json").read_text(encoding="utf-8"))
        return found
    if child.returncode < 0 or b"memory allocation" in child.stderr:
        return {"error": "memory"}
    return {
        "error": "damaged",
        "detail": child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200],
    }


def _refuse(where: str, found: dict[str, Any], sheet: str | None) -> None:
    code = found["error"]
    if code == "sheet":
        what = N_(
            "the workbook has no sheet «{sheet}»; it has: {sheets}", sheet=sheet, sheets=found["detail"]
        )
        raise SourceError(where, what, (), N_("Correct the sheet in client.yml under files."))
    what = (
        N_("the workbook could not be read in {seconds} seconds", seconds=SECONDS)
        if code == "time"
        else _WHY[code]
    )
    detail = [found["detail"]] if found.get("detail") else []
    raise SourceError(where, what, detail, _remedy(code))


def _remedy(code: str) -> Message:
    return {
        "password": N_("Remove the password in the spreadsheet program and save the workbook again."),
        "empty": N_("Check that the export went into this file."),
    }.get(code, _AS_CSV)


def _every_line_is_blank(lines: np.ndarray) -> np.ndarray:
    """Empty rows of a sheet are no records: they were left out, or hold nothing but spaces."""
    return np.ones(len(lines), dtype=bool)


def _cleared(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make empty cells null, and strip control characters from the columns that have any."""
    if pc.any(pc.match_substring_regex(column, f"[{CONTROLS}\r]")).as_py():
        column = pc.replace_substring(pc.replace_substring(column, "\r\n", "\n"), "\r", "\n")
        column = pc.replace_substring_regex(column, f"[{CONTROLS}]", "")
    return pc.if_else(pc.equal(pc.binary_length(column), 0), pa.scalar(None, column.type), column)
