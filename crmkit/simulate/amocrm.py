"""Exports as amoCRM writes them: the classic CSV (layout A) and the list as a workbook (layout B)."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from crmkit.simulate.cells import DOTTED, Cells, by_parts, deal_cells, rows, stamps
from crmkit.simulate.department import Department
from crmkit.simulate.export import new_workbook, write_client, write_delimited, write_planted, write_row
from crmkit.simulate.scenario import read_data

_MOMENTS = {
    "created": "created_at",
    "updated": "updated_at",
    "closed": "closed_at",
    "next_task": "next_task_at",
}


def write_amocrm(
    department: Department,
    folder: Path,
    *,
    layout: Literal["A", "B"] = "A",
    language: Literal["ru", "en"] | None = None,
) -> Path:
    """Write an amoCRM export of deals with its ``client.yml`` and ``planted.yml``.

    Parameters
    ----------
    layout: A is the classic CSV; B the list as XLSX, with numbers, texts and dates mixed within a column.
    language: of the headings; by default the scenario's. The English ones are not verified on a real file.

    Returns
    -------
    the path of the export.
    """
    known = read_data("headings.yml")["amocrm"]
    told = known[language or department.scenario.language]
    day = department.scenario.as_of.date()
    folder.mkdir(parents=True, exist_ok=True)
    if layout == "A":
        path = folder / f"amocrm_export_leads_{day}.csv"
        parts = by_parts(department, "deals", lambda part: _cells(part, told["not_closed"]))
        write_delimited(path, told["A"], parts)
    else:
        path = folder / f"amocrm_export_leads_{day}.xlsx"
        cells = _cells(department, told["not_closed"])
        _write_workbook(path, told["B"], cells | _mixed(department, cells))
    write_client(folder, department, "amocrm", [{"path": path.name, "table": "deals"}])
    write_planted(folder, department, "amocrm", known["checks"][layout])
    return path


def _cells(department: Department, not_closed: str) -> Cells:
    """Return the cells as text; the reason for a loss is glued to the stage."""
    deals = department.deals
    cells = deal_cells(department)
    cells["stage"] = [
        f"{stage} ({reason})" if reason else stage
        for stage, reason in zip(cells["stage"], cells["lost_reason"], strict=True)
    ]
    cells["phone"] = [f"'{phone}" if phone else "" for phone in cells["phone"]]
    cells["amount"] = [f"{one:.0f}" if one == one else "" for one in deals["amount"].tolist()]
    missing = {"closed": not_closed}
    return cells | {name: stamps(deals[of], DOTTED, missing.get(name, "")) for name, of in _MOMENTS.items()}


def _mixed(department: Department, cells: Cells) -> Cells:
    """Return the cells that a workbook mixes: numbers and «350 000», real dates and dates as text."""
    amounts = department.deals["amount"].tolist()
    spaced = [f"{one:,.0f}".replace(",", " ") if one == one else "" for one in amounts]
    mixed: Cells = {
        "amount": [text if k % 3 == 0 or not text else amounts[k] for k, text in enumerate(spaced)]
    }
    for name in ("created", "updated", "closed"):
        moments = _naive(department.deals[_MOMENTS[name]])
        texts = cells[name]
        mixed[name] = [texts[k] if k % 4 == 0 or one is None else one for k, one in enumerate(moments)]
    return mixed


def _naive(values: pd.Series) -> list[datetime.datetime | None]:
    local = values.dt.tz_localize(None).to_numpy().astype("M8[s]")
    return [None if np.isnat(one) else one.astype(datetime.datetime) for one in local]


def _write_workbook(path: Path, headings: list[list[str]], cells: Cells) -> None:
    with new_workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [heading[0] for heading in headings])
        for number, row in enumerate(rows(headings, cells), 1):
            write_row(sheet, number, row)
