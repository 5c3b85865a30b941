"""The cells of workbooks: a look at the zip directory first, then a child process with limits.

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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import N_, Message, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

SECONDS = 180
MAX_MEMBERS = 1000
MAX_UNPACKED = 1 << 30
MAX_RATIO = 200
LARGE = 20 << 20
MAX_XLS = 200 << 20
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
CHILD = Path(__file__).with_name("workbook_child.py")
AS_CSV = N_("Save the sheet again as CSV UTF-8 and name that file in client.yml.")
AS_XLSX = N_("Open it in a spreadsheet program and save it again as XLSX.")
#: What no sheet can be called.
ALL_SHEETS = "*"
OLD = b"\xd0\xcf\x11\xe0"
_WHY = {
    "password": N_("the workbook is protected by a password"),
    "memory": N_("reading the workbook takes more memory than is allowed"),
    "empty": N_("no sheet of the workbook has any data"),
    "damaged": N_("the workbook is damaged or is none"),
    "large": N_("a sheet of the workbook is larger than any description"),
}


@dataclass(frozen=True)
class Grid:
    """A sheet as it stands: rows of texts from the sheet's first row and column on, and merged ranges.

    ``merged`` holds first row, first column, last row, last column of each range, from 0, ends included.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()


def read_sheet(path: Path, kind: str, *, sheet: str | None = None) -> tuple[dict[str, Any], pa.Table]:
    """Read one sheet as text, the first with data unless one is named.

    Parameters
    ----------
    path: the file.
    kind: ``xlsx`` or ``xls``, as its first bytes say.
    sheet: the sheet's name.

    Returns
    -------
    what was found (``sheet``, ``others``; places of columns with ``dates`` or ``damaged`` numbers); a column
    ``row`` (from 1) and a column of text for each of the sheet's.

    Raises
    ------
    SourceError: the file is damaged, protected, hostile or too large, or has no such sheet.
    """
    import pyarrow as pa

    suffix = check_archive(path) if kind == "xlsx" else _check_old(path)
    with tempfile.TemporaryDirectory(prefix="crmkit-") as folder:
        found = _found(path, suffix, sheet or "", Path(folder), AS_CSV)
        with pa.OSFile(str(Path(folder) / "cells.arrow"), "rb") as source:
            return found, pa.ipc.open_stream(source).read_all()


def read_grids(path: Path) -> list[Grid]:
    """Read all sheets of an XLSX workbook as they stand: formulas by their saved values, moments in ISO.

    Raises
    ------
    SourceError: the file is no XLSX, or is damaged, protected, hostile or too large.
    """
    _refuse_size(path, AS_XLSX)
    if path.read_bytes()[:4] == OLD:
        _check_old(path, AS_XLSX)
        what = N_("this is a workbook of an old kind (XLS), or none")
        raise SourceError(path.name, what, (), AS_XLSX)
    suffix = check_archive(path, AS_XLSX)
    with tempfile.TemporaryDirectory(prefix="crmkit-") as folder:
        found = _found(path, suffix, ALL_SHEETS, Path(folder), AS_XLSX)
    return [
        Grid(one["name"], tuple(map(tuple, one["rows"])), tuple(map(tuple, one["merged"])))
        for one in found["grids"]
    ]


def _found(path: Path, suffix: str, sheet: str, folder: Path, retry: Message) -> dict[str, Any]:
    """Read in a child process; what it refuses is raised."""
    book = folder / f"book.{suffix}"  # calamine goes by the name, which may lie
    shutil.copyfile(path, book)
    found = _in_child(book, sheet)
    if "error" in found:
        _refuse(path.name, found, sheet, retry)
    return found


def check_archive(path: Path, retry: Message = AS_CSV) -> str:
    """Refuse a zip that is no workbook, or would unpack to too much, by its directory alone.

    Parameters
    ----------
    retry: what to do about a file that cannot be read.

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
            _refuse_directory(path.name, members, retry)
            for member in members:
                if member.filename.endswith((".xml", ".rels")) and _declares_entities(archive, member):
                    what = N_("the workbook declares its own XML entities, as no spreadsheet program does")
                    raise SourceError(path.name, what, [member.filename], retry)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError) as error:
        raise SourceError(path.name, _WHY["damaged"], [str(error)[:100]], retry) from error
    return "xlsx" if any(member.filename == "xl/workbook.xml" for member in members) else "xlsb"


def _refuse_directory(where: str, members: list[zipfile.ZipInfo], retry: Message) -> None:
    """Refuse what the directory of the zip already shows."""
    names = {member.filename for member in members}
    if not names & {"xl/workbook.xml", "xl/workbook.bin"}:
        what = N_("this is a zip archive without a workbook in it")
        raise SourceError(where, what, sorted(names)[:3], retry)
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise zipfile.BadZipFile("unusual compression")
    if any(member.flag_bits & 1 for member in members):
        raise SourceError(where, _WHY["password"], (), _remedy("password", retry))
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
        raise SourceError(where, what, packed_too_well[:3], retry)


def _declares_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as file:
        return b"<!DOCTYPE" in file.read(4096).replace(b"\0", b"").upper()


def _refuse_size(path: Path, retry: Message) -> None:
    if path.stat().st_size > MAX_XLS:
        what = N_("the workbook is larger than {limit} MB", limit=MAX_XLS >> 20)
        raise SourceError(path.name, what, (), retry)


def _check_old(path: Path, retry: Message = AS_CSV) -> str:
    _refuse_size(path, retry)
    if ENCRYPTED in path.read_bytes():
        raise SourceError(path.name, _WHY["password"], (), _remedy("password", retry))
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


def _refuse(where: str, found: dict[str, Any], sheet: str, retry: Message) -> None:
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
    raise SourceError(where, what, detail, _remedy(code, retry))


def _remedy(code: str, retry: Message) -> Message:
    return {
        "password": N_("Remove the password in the spreadsheet program and save the workbook again."),
        "empty": N_("Check that the export went into this file."),
    }.get(code, retry)
