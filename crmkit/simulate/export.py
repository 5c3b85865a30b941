"""What the writers of all CRMs share: delimited files, workbooks, ``client.yml`` and ``planted.yml``."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import yaml

from crmkit.calendars import WorkCalendar
from crmkit.simulate.cells import Cells, Style, by_parts, cells_of, named, rows
from crmkit.simulate.clock import WorkClock
from crmkit.simulate.department import Department, assumed
from crmkit.simulate.frames import LINK
from crmkit.simulate.scenario import CHECKS, Scenario, read_data

#: What cards are called in the addresses of the invented CRM.
_CARDS = {"deal": "deals", "company": "companies", "contact": "contacts"}
_OVERDUE = 11


def write_delimited(
    path: Path,
    headings: Sequence[Sequence[str]],
    parts: Iterable[Cells],
    *,
    encoding: str = "utf-8",
    tail: str = "",
    **dialect: Any,
) -> None:
    """Write a delimited file, with the same bytes on every machine; ``tail`` ends each record."""
    with path.open("w", encoding=encoding, newline="") as stream:
        tailed = SimpleNamespace(write=lambda record: stream.write(f"{record[:-1]}{tail}\n"))
        writer = csv.writer(tailed, lineterminator="\n", **dialect)
        writer.writerow([heading[0] for heading in headings])
        for cells in parts:
            writer.writerows(rows(headings, cells))


def new_workbook(path: Path) -> Any:
    """Return a workbook that takes cells as they are, and has the same bytes on every machine."""
    import xlsxwriter

    kept = dict.fromkeys(("strings_to_numbers", "strings_to_formulas", "strings_to_urls"), False)
    book = xlsxwriter.Workbook(str(path), {**kept, "default_date_format": "dd.mm.yyyy hh:mm:ss"})
    book.set_properties({"created": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)})
    return book


def write_row(sheet: Any, number: int, row: Sequence[Any]) -> None:
    """Write the filled cells of one row."""
    for column, cell in enumerate(row):
        if cell != "":
            sheet.write(number, column, cell)


def write_export(
    department: Department,
    folder: Path,
    crm: str,
    *,
    style: Style,
    makers: Mapping[str, Callable[[Department, Cells], Cells]] | None = None,
    more: Mapping[str, Sequence[Sequence[str]]] | None = None,
    write: Callable[..., None] = write_delimited,
    **dialect: Any,
) -> Path:
    """Write the files of one CRM as ``headings.yml`` lists them, ``client.yml`` and ``planted.yml``.

    Parameters
    ----------
    makers: table -> what the CRM says in its own way, laid over the canonical cells.
    more: table -> headings that depend on the scenario.

    Returns
    -------
    the path of the first file, that of the deals.
    """
    told, makers, more = read_data("headings.yml")[crm], makers or {}, more or {}
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    for table, file in told["files"].items():
        headings = [*file["headings"], *more.get(table, [])]
        path = folder / file["path"].format(day=department.scenario.as_of.date())
        fields = dict.fromkeys(heading[1] for heading in headings if len(heading) > 1)

        def cells(part: Department, table: str = table, fields: Iterable[str] = tuple(fields)) -> Cells:
            plain = cells_of(part, table, style, fields)
            return plain | makers[table](part, plain) if table in makers else plain

        write(path, headings, by_parts(department, table, cells), **dialect)
        own = {heading[0]: heading[2] for heading in headings if len(heading) > 2}
        entries.append({"path": path.name, "table": table} | ({"columns": own} if own else {}))
    write_client(folder, department, crm, entries)
    write_planted(folder, department, crm, told["checks"])
    first: str = entries[0]["path"]
    return folder / first


def write_client(folder: Path, department: Department, crm: str, files: list[dict[str, Any]]) -> None:
    """Write the ``client.yml`` that a consultant would have confirmed; without files, for saved answers."""
    scenario = department.scenario
    shown = read_data("headings.yml")[crm]["fields"]
    settings: dict[str, Any] = {
        "format": 1,
        **{
            name: getattr(scenario, name) for name in ("name", "language", "currency", "country", "time_zone")
        },
        "crm": crm,
        "as_of": scenario.as_of,
        "exported_on": scenario.as_of.date(),
        **({"files": files} if files else {"api": "api"}),
        "pipelines": [
            {"name": one.name, "stages": [_stage(stage, shown) for stage in one.stages]}
            for one in scenario.pipelines
        ],
        "links": {kind: f"{LINK}/{folder}/{{id}}" for kind, folder in _CARDS.items()},
        "technical_losses": [reason.name for reason in scenario.loss_reasons if reason.technical],
        "inbound_sources": [source.name for source in scenario.sources if source.inbound],
        "managers": [
            rep.model_dump(include={"name", "role", "team", "hired_on", "left_on"}, exclude_none=True)
            for rep in scenario.reps
        ],
        "calendar": _calendar(scenario),
        "plan": _plan(department),
    }
    _dump(folder / "client.yml", settings)


def _calendar(scenario: Scenario) -> dict[str, list[datetime.date]]:
    """Return the days on which the office was open or closed otherwise than its country's calendar says."""
    days = np.arange(np.datetime64(scenario.start), np.datetime64(f"{scenario.as_of.year + 1}"))
    usual = WorkCalendar(scenario.country, zone=scenario.time_zone).is_working(days)
    here = np.isin(days, WorkClock.of(scenario).days)
    return {"days_off": days[usual & ~here].tolist(), "days_on": days[here & ~usual].tolist()}


def _stage(stage: Any, shown: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = stage.model_dump(
        include={"name", "kind", "process_step", "norm_days", "probability"}, exclude_none=True
    )
    required = [field for field in stage.required if field in shown]
    return (
        told | ({"required": required} if required else {}) | ({"optional": True} if stage.optional else {})
    )


def _plan(department: Department) -> list[dict[str, Any]]:
    plans = department.plans
    who = named(plans["manager_id"], department.managers.set_index("manager_id")["name"])
    return [
        {
            "period": "month",
            "period_start": day.date(),
            **({"manager": name} if name else {}),
            "metric": "revenue",
            "value": value,
        }
        for day, name, value in zip(plans["period_start"], who, plans["value"].tolist(), strict=True)
    ]


def write_planted(folder: Path, department: Department, crm: str, checks: Sequence[int]) -> None:
    """Write what was planted and can be seen in this export, from the simulation's bookkeeping alone.

    An overdue task is named by itself; its deal stands for it where the export has no tasks. Contacts are
    named by their names where the export carries no numbers of theirs.
    """
    truth, headings = department.truth, read_data("headings.yml")[crm]
    tables, by_name = headings["tables"], headings.get("named", ())
    people = department.contacts.set_index("contact_id")["name"]

    def shown(book: Mapping[str, Sequence[str]], check: int) -> dict[str, list[str]]:
        seen = {
            table: [people[one] for one in found] if table in by_name else list(found)
            for table, found in book.items()
            if table in tables and len(found)
        }
        return {"tasks": seen["tasks"]} if check == _OVERDUE and "tasks" in seen else seen

    told: dict[int, Any] = {}
    for check in checks:
        innocents = {why: shown(book, check) for why, book in truth.innocents.get(check, {}).items()}
        told[check] = {
            "assumed": assumed(check),
            "offenders": shown(truth.planted.get(check, {}), check),
            "innocents": {why: book for why, book in innocents.items() if book},
        }
    change = department.scenario.change
    _dump(
        folder / "planted.yml",
        {
            "format": 1,
            "reps": truth.reps.drop(columns="manager_id").to_dict("records"),
            "stages": truth.stages.round(4).to_dict("records"),
            "change": change.model_dump() if change is not None else None,
            "optional_stages": [
                s.name for p in department.scenario.pipelines for s in p.stages if s.optional
            ],
            "carried": list(checks),
            "not_carried": [check for check in CHECKS if check not in checks],
            "checks": told,
        },
    )


def _dump(path: Path, content: Any) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
    path.write_text(text, encoding="utf-8", newline="\n")
