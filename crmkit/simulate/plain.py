"""A deals list of no particular CRM, as somebody's spreadsheet: English headings, US or ISO dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from crmkit.schema import TABLES
from crmkit.simulate.cells import Cells, Style, by_parts, cells_of, deal_cells, stamps
from crmkit.simulate.department import Department
from crmkit.simulate.export import write_client, write_delimited, write_planted
from crmkit.simulate.scenario import CHECKS, read_data

_MOMENTS = {
    "created": "created_at",
    "closed": "closed_at",
    "expected": "expected_close_on",
    "last_activity": "last_activity_at",
}
_WHOLE = ("deals", "stage_changes", "tasks", "activities", "companies", "contacts", "managers", "products")
_STYLE = Style(moment="%Y-%m-%dT%H:%M:%SZ", zone="UTC")
_PATTERNS = {"us": "%m/%d/%Y", "iso": "%Y-%m-%d"}


def write_plain(department: Department, folder: Path, *, dates: Literal["us", "iso"] = "us") -> Path:
    """Write a CSV of deals with its ``client.yml``, which names every column, and ``planted.yml``.

    Returns
    -------
    the path of the export.
    """
    told = read_data("headings.yml")["plain"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"opportunities_{department.scenario.as_of.date()}.csv"
    pattern = _PATTERNS[dates]
    write_delimited(path, told["deals"], by_parts(department, "deals", lambda part: _cells(part, pattern)))
    columns = {heading: canonical for heading, _, canonical in told["deals"]}
    entry: dict[str, Any] = {
        "path": path.name,
        "table": "deals",
        "columns": columns,
        "dates": pattern,
        "decimal": ".",
    }
    write_client(folder, department, "plain", [entry])
    write_planted(folder, department, "plain", told["checks"])
    return path


def write_tables(department: Department, folder: Path) -> Path:
    """Write all that was simulated, a CSV per canonical table, with its ``client.yml`` and ``planted.yml``.

    Returns
    -------
    the path of the deals.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table in _WHOLE:
        names = [column.name for column in TABLES[table]]
        parts = by_parts(department, table, lambda part, t=table, n=names: cells_of(part, t, _STYLE, n))  # type: ignore[misc]
        write_delimited(folder / f"{table}.csv", [(name, name) for name in names], parts)
    write_client(folder, department, "plain", [{"path": f"{table}.csv", "table": table} for table in _WHOLE])
    write_planted(folder, department, "plain", CHECKS)
    return folder / "deals.csv"


def _cells(department: Department, pattern: str) -> Cells:
    deals = department.deals
    amounts = [f"{one:.2f}" if one == one else "" for one in deals["amount"].tolist()]
    moments = {name: stamps(deals[of], pattern) for name, of in _MOMENTS.items()}
    return deal_cells(department) | moments | {"amount": amounts}
