"""Exports as Bitrix24 writes them: deals, tasks, cards; a stage history and a journal saved from REST."""

from __future__ import annotations

import csv
import html
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from crmkit.simulate.cells import (
    DOTTED,
    Cells,
    Style,
    by_parts,
    cells_of,
    deal_cells,
    named,
    rows,
    said,
    stamps,
)
from crmkit.simulate.department import Department
from crmkit.simulate.export import write_client, write_delimited, write_planted
from crmkit.simulate.scenario import read_data

_DAY = "%d.%m.%Y"
_ISO = "%Y-%m-%d %H:%M:%S"
#: What the lists of cards are called.
_CARDS = {"companies": "COMPANY", "contacts": "CONTACT"}
#: Every eighth deal with an amount has a second product, every sixteenth a third one.
_SECOND, _THIRD = 8, 16


def write_bitrix24(
    department: Department,
    folder: Path,
    *,
    encoding: Literal["utf-8-sig", "cp1251"] | None = None,
    excel: bool = False,
    language: Literal["ru", "en"] | None = None,
) -> Path:
    """Write a Bitrix24 export of deals, tasks and cards, a stage history and a journal of communications.

    ``client.yml`` and ``planted.yml`` are written beside them.

    Parameters
    ----------
    encoding: of the deals, tasks and cards; by default the scenario's.
    excel: write the deals as «Excel», which is an HTML table named .xls.
    language: of the headings; by default the scenario's.

    Returns
    -------
    the path of the deals' file.
    """
    told = read_data("headings.yml")["bitrix24"]
    known = told[language or department.scenario.language]
    encoding = encoding or department.scenario.encoding
    day = department.scenario.as_of.date()
    folder.mkdir(parents=True, exist_ok=True)
    deals = by_parts(department, "deals", lambda part: _exploded(part, _deal_cells(part, known["words"])))
    tasks = by_parts(department, "tasks", lambda part: _task_cells(part, known["words"]))
    path = folder / (f"DEAL_{day:%Y%m%d}_7c1e5a90.xls" if excel else f"DEAL_{day:%Y%m%d}_7c1e5a90.csv")
    if excel:
        _write_html(path, known["deals"], deals)
    else:
        _write_csv(path, known["deals"], deals, encoding)
    _write_csv(folder / f"tasks_{day}.csv", known["tasks"], tasks, encoding)
    history = by_parts(department, "stage_changes", _history_cells)
    write_delimited(folder / f"stage_history_{day}.csv", known["history"], history)
    files: list[dict[str, Any]] = [
        {"path": path.name, "table": "deals", "columns": known["deal_columns"]},
        {"path": f"tasks_{day}.csv", "table": "tasks", "columns": known["task_columns"]},
        {"path": f"stage_history_{day}.csv", "table": "stage_changes", "columns": known["history_columns"]},
        *_write_cards(department, folder, known, encoding),
    ]
    write_client(folder, department, "bitrix24", [{k: v for k, v in one.items() if v} for one in files])
    write_planted(folder, department, "bitrix24", told["checks"])
    return path


def _write_cards(
    department: Department, folder: Path, known: dict[str, Any], encoding: str
) -> Iterable[dict[str, Any]]:
    """Write the lists of companies and contacts, and the journal; yield how ``client.yml`` names them."""
    day = department.scenario.as_of.date()
    for table in (*_CARDS, "activities"):
        headings = known[table]
        style = Style(moment=DOTTED if table in _CARDS else _ISO)
        fields = [field for _, field, _ in headings]
        parts = by_parts(department, table, lambda part, t=table, s=style, f=fields: cells_of(part, t, s, f))  # type: ignore[misc]
        if table in _CARDS:
            path = folder / f"{_CARDS[table]}_{day:%Y%m%d}_7c1e5a90.csv"
            _write_csv(path, headings, parts, encoding)
        else:
            path = folder / f"activities_{day}.csv"
            write_delimited(path, headings, parts)
        yield {"path": path.name, "table": table, "columns": {head: name for head, _, name in headings}}


def _write_csv(path: Path, headings: Sequence[Sequence[str]], parts: Iterable[Cells], encoding: str) -> None:
    dialect = {"delimiter": ";", "quoting": csv.QUOTE_ALL}
    write_delimited(path, headings, parts, encoding=encoding, tail=";", **dialect)


def _write_html(path: Path, headings: Sequence[Sequence[str]], parts: Iterable[Cells]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(
            '<meta http-equiv="Content-type" content="text/html;charset=UTF-8" />\n'
            '<table border="1">\n<thead><tr>'
        )
        stream.write(
            "".join(f"<th>{html.escape(heading[0])}</th>" for heading in headings)
            + "</tr></thead>\n<tbody>\n"
        )
        for row in chain.from_iterable(rows(headings, cells) for cells in parts):
            stream.write("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>\n")
        stream.write("</tbody>\n</table>\n")


def _deal_cells(department: Department, words: dict[str, Any]) -> Cells:
    """Return one row per deal; the closing date is planned while the deal is open, else actual."""
    deals = department.deals
    closing = (
        deals["closed_at"].dt.tz_localize(None).where(deals["closed_at"].notna(), deals["expected_close_on"])
    )
    amounts = deals["amount"].tolist()
    return deal_cells(department) | {
        "repeat": [words["yes"] if one else words["no"] for one in deals["is_repeat"].tolist()],
        "is_closed": [words["no"] if one == "open" else words["yes"] for one in deals["status"].tolist()],
        "probability": [f"{one * 100:.0f}" for one in deals["probability"].tolist()],
        "type": [words["type"]] * len(deals),
        "currency": [words["currency"][one] for one in deals["currency"].tolist()],
        "amount": [f"{one:.2f}" if one == one else "0.00" for one in amounts],
        "created": stamps(deals["created_at"], DOTTED),
        "updated": stamps(deals["updated_at"], DOTTED),
        "begun": stamps(deals["created_at"], _DAY),
        "expected": stamps(closing, _DAY),
    }


def _exploded(department: Department, cells: Cells) -> Cells:
    """Give every product of a deal a row of its own with its part of the amount, in whole kopecks."""
    products = [product.name for product in department.scenario.products]
    source: list[int] = []
    sold: list[tuple[str, str, str, str]] = []
    for k, (product, amount) in enumerate(zip(cells["product"], cells["amount"], strict=True)):
        kopecks = round(float(amount) * 100)
        extra = 2 if k % _THIRD == 0 else 1 if k % _SECOND == 0 else 0
        parts = [kopecks // (4 + n) for n in range(extra)] if product and kopecks else []
        first = products.index(product) if product else 0
        others = [products[(first + n) % len(products)] for n in range(1, len(parts) + 1)]
        for name, part in zip([product, *others], [kopecks - sum(parts), *parts], strict=True):
            source.append(k)
            money = f"{part // 100}.{part % 100:02d}"
            sold.append((name, money if name else "", "1" if name else "", money))
    exploded: Cells = {name: [values[k] for k in source] for name, values in cells.items()}
    for place, name in enumerate(("product", "price", "quantity", "amount")):
        exploded[name] = [row[place] for row in sold]
    return exploded


def _task_cells(department: Department, words: dict[str, Any]) -> Cells:
    tasks = department.tasks
    done = tasks["completed_at"].notna().tolist()
    return {
        "task_id": said(tasks["task_id"]),
        "title": said(tasks["title"]),
        "text": said(tasks["text"]),
        "status": [words["done"] if one else words["waiting"] for one in done],
        "manager": named(tasks["manager_id"], department.managers.set_index("manager_id")["name"]),
        "due": stamps(tasks["due_at"], DOTTED),
        "created": stamps(tasks["created_at"], DOTTED),
        "completed": stamps(tasks["completed_at"], DOTTED),
        "deal": [f"D_{one}" for one in said(tasks["deal_id"])],
    }


def _history_cells(department: Department) -> Cells:
    """Return the rows of crm.stagehistory.list: type 1 is the creation, 2 a step, 3 the end."""
    changes = department.stage_changes
    closing = {
        stage.name for one in department.scenario.pipelines for stage in one.stages if stage.kind != "open"
    }
    entered = said(changes["to_stage"])
    first = changes["from_stage"].isna().tolist()
    kinds = [
        "1" if new else "3" if stage in closing else "2" for new, stage in zip(first, entered, strict=True)
    ]
    return {
        "row": [str(one + 1) for one in changes.index],
        "deal_id": said(changes["deal_id"]),
        "changed": stamps(changes["changed_at"], _ISO),
        "to_stage": entered,
        "type": kinds,
    }
