"""Exports as Salesforce's Data Loader writes them: a file per object, identifiers of 18 signs, UTC."""

from __future__ import annotations

import csv
from pathlib import Path

from crmkit.simulate.cells import Cells, Style, cells_of, closings, worded
from crmkit.simulate.department import Department
from crmkit.simulate.export import write_export
from crmkit.simulate.scenario import read_data

_STYLE = Style(moment="%Y-%m-%dT%H:%M:%S.000Z", zone="UTC")
_DAYS = Style(moment="%Y-%m-%d")
#: The first three signs tell whose identifier it is, the last three which of the others are capitals.
_IDS = {
    "deal_id": "006{}AAA",
    "company_id": "001{}AAA",
    "contact_id": "003{}AAA",
    "manager_id": "005{}AAA",
    "task_id": "00T{}EAA",
    "row": "008{}AAA",
}
_TABLES = ("deals", "stage_changes", "tasks", "companies", "contacts", "managers")


def write_salesforce(department: Department, folder: Path) -> Path:
    """Write Data Loader's files of opportunities, their history, tasks, accounts, contacts and users.

    The closing date has no time of day, nor has the day a task is due; logged communications are in no file.

    Returns
    -------
    the path of the opportunities' file.
    """
    return write_export(
        department, folder, "salesforce", style=_STYLE, makers=dict.fromkeys(_TABLES, _as_salesforce),
        quoting=csv.QUOTE_ALL,
    )  # fmt: skip


def _as_salesforce(department: Department, cells: Cells) -> Cells:
    """Turn whatever a table has into Salesforce's way of saying it."""
    told: Cells = {"deleted": ["false"] * len(next(iter(cells.values())))}
    if "to_stage" in cells:
        cells = cells | {"row": [str(one + 1) for one in department.stage_changes.index]}
    if "title" in cells and "pipeline" in cells:
        told |= _opportunities(department)
    if "task_id" in cells:
        words = read_data("headings.yml")["salesforce"]["words"]
        told["kind"] = worded(cells["kind"], words["kinds"])
        told["task_status"] = ["Completed" if one else "Not Started" for one in cells["completed_at"]]
        told |= cells_of(department, "tasks", _DAYS, ["due_at"])
    if "role" in cells:
        told["username"] = [f"user{one}@firm.example" for one in range(1, len(cells["role"]) + 1)]
    ids = {name: [_long(name, one) for one in cells[name]] for name in _IDS if name in cells}
    return told | ids


def _long(name: str, number: str) -> str:
    return _IDS[name].format(f"{int(number.lstrip('M')):012d}") if number else ""


def _opportunities(department: Department) -> Cells:
    return closings(department, _DAYS.moment) | {
        "percent": [f"{one * 100:.0f}" for one in department.deals["probability"].tolist()],
        **cells_of(department, "deals", _DAYS, ["last_activity_at"]),
    }
