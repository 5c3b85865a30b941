"""Read any export file as text: CSV, XLSX, old XLS, and HTML tables named .xls.

What a file is, is told by its first bytes and never by its name.
"""

from __future__ import annotations

from pathlib import Path

from crmkit.errors import N_, SourceError
from crmkit.sources.delimited import read_delimited
from crmkit.sources.markup import is_markup, read_markup
from crmkit.sources.rawtable import RawTable
from crmkit.sources.workbook import read_workbook

__all__ = ["RawTable", "read_raw", "sniff"]

#: First bytes of files that are no tables, and what they are.
FOREIGN = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip",
    b"SQLite format 3": "SQLite",
    b"PAR1": "Parquet",
    b'{"': "JSON",
    b'[{"': "JSON",
    b"<?xml": "XML",
}
_EXPORT_AGAIN = N_("Export the table again as CSV UTF-8 or XLSX.")


def sniff(path: Path) -> str:
    """Return what a file is: ``csv``, ``xlsx``, ``xls`` or ``html``.

    Raises
    ------
    SourceError: there is no such file, it is empty, or it is something else, such as a PDF.
    """
    where = path.name
    if not path.exists():
        raise SourceError(
            where,
            N_("there is no such file: {path}", path=path.as_posix()),
            (),
            N_("Check the path, in client.yml or in the command."),
        )
    if path.is_dir():
        raise SourceError(
            where,
            N_("this is a folder, not a file"),
            (),
            N_("Name the files in it one by one."),
        )
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        what = N_("the file cannot be opened: {reason}", reason=error.strerror or "")
        raise SourceError(
            where, what, (), N_("Close it in other programs and check that you may read it.")
        ) from error
    if not head.removeprefix(b"\xef\xbb\xbf").strip(b"\xff\xfe\0 \t\r\n"):
        raise SourceError(
            where, N_("the file is empty"), (), N_("Export it again, and check that the file is whole.")
        )
    if head.startswith(b"PK"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if is_markup(head):
        return "html"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, name in FOREIGN.items():
        if start.startswith(magic):
            raise SourceError(where, N_("this is a {name} file, not a table", name=name), (), _EXPORT_AGAIN)
    return "csv"


def read_raw(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> RawTable:
    """Read a file as text, without deciding what its columns mean.

    Parameters
    ----------
    path: the file.
    encoding, delimiter: of a CSV (the encoding also of an HTML file); found on evidence if not given.
    sheet: of a workbook; the first with data if not given.

    Returns
    -------
    RawTable, with ``rows_read`` equal to the rows kept and set aside.

    Raises
    ------
    SourceError: the file is no table, is damaged, or would take too much memory; with the remedy.
    """
    kind = sniff(path)
    if kind == "csv":
        return read_delimited(path, encoding=encoding, delimiter=delimiter)
    if kind == "html":
        return read_markup(path, encoding=encoding)
    return read_workbook(path, kind, sheet=sheet)
