"""Lists as 1C:CRM prints them into a workbook: titles above, rows in groups, a total below; not verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, groupby
from pathlib import Path

from crmkit.simulate.cells import Cells, Style, rows, worded
from crmkit.simulate.department import Department
from crmkit.simulate.export import new_workbook, write_export, write_row
from crmkit.simulate.scenario import read_data

_STYLE = Style(moment="%d.%m.%Y %H:%M:%S", day="%d.%m.%Y")
_GROUP = "manager"


def write_onec(department: Department, folder: Path) -> Path:
    """Write 1C's lists of interests, tasks and events as workbooks, and ``client.yml``.

    Returns
    -------
    the path of the interests' file.
    """
    makers = dict.fromkeys(("deals", "tasks", "activities"), _as_onec)
    return write_export(department, folder, "1c", style=_STYLE, makers=makers, write=_write_list)


def _as_onec(department: Department, cells: Cells) -> Cells:
    words = read_data("headings.yml")["1c"]["words"]
    told: Cells = {}
    for name, known in (("kind", "kinds"), ("direction", "directions"), ("status", "status")):
        if name in cells:
            told[name] = worded(cells[name], words[known])
    if "amount" in cells:
        deals = department.deals
        told["amount"] = [
            f"{one:,.2f}".replace(",", "\N{NO-BREAK SPACE}").replace(".", ",") if one == one else ""
            for one in deals["amount"].tolist()
        ]
        told["percent"] = [f"{one * 100:.0f}" for one in deals["probability"].tolist()]
    return told


def _write_list(path: Path, headings: Sequence[Sequence[str]], parts: Iterable[Cells]) -> None:
    """Write a list with its title, and a row that names every group (the person responsible)."""
    words = read_data("headings.yml")["1c"]["words"]
    place = [heading[1] for heading in headings].index(_GROUP)
    body = sorted(
        chain.from_iterable(rows(headings, cells) for cells in parts), key=lambda row: str(row[place])
    )
    with new_workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, path.stem)
        sheet.write_row(2, 0, [heading[0] for heading in headings])
        number = 2
        for group, inside in groupby(body, key=lambda row: str(row[place])):
            for row in ((group,), *inside):
                number += 1
                write_row(sheet, number, row)
        sheet.write(number + 1, 0, words["total"])
