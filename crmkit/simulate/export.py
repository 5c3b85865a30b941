"""What the writers of all CRMs share: cells, delimited files, ``client.yml`` and ``planted.yml``."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from crmkit.simulate.department import Department, assumed
from crmkit.simulate.scenario import CHECKS, read_data

Cells = dict[str, list[Any]]

#: Rows that are turned into text at once; a multiple of every rhythm below, so that it does not show.
_AT_ONCE = 240_000

DOTTED = "%d.%m.%Y %H:%M:%S"


def stamps(values: pd.Series, pattern: str, missing: str = "") -> list[str]:
    """Return moments or dates as text in the client's wall-clock time."""
    text = values.dt.strftime(pattern).astype("object")
    return [one if isinstance(one, str) else missing for one in text.tolist()]


def said(values: pd.Series) -> list[str]:
    """Return text and names; missing ones are empty."""
    return [one if isinstance(one, str) else "" for one in values.astype("object").tolist()]


def deal_cells(department: Department) -> Cells:
    """Return what every export says of deals: identifiers, titles, and names in place of identifiers."""
    deals, words = department.deals, read_data("words.yml")[department.scenario.language]
    contacts = department.contacts.set_index("contact_id")
    sources = {source.name: source for source in department.scenario.sources}
    manager = named(deals["manager_id"], department.managers.set_index("manager_id")["name"])
    source = said(deals["source"])
    notes = words["notes"]
    inbound = [sources[one].inbound for one in source]
    return {
        "deal_id": said(deals["deal_id"]),
        "manager": manager,
        "creator": [words["robot"] if robot else who for robot, who in zip(inbound, manager, strict=True)],
        "company": named(deals["company_id"], department.companies.set_index("company_id")["name"]),
        "contact": named(deals["contact_id"], contacts["name"]),
        **{name: named(deals["contact_id"], contacts[name]) for name in ("phone", "email", "position")},
        **{
            name: said(deals[name])
            for name in ("title", "product", "segment", "pipeline", "stage", "lost_reason")
        },
        "source": source,
        "utm_source": [sources[one].utm for one in source],
        "utm_medium": ["cpc" if sources[one].utm else "" for one in source],
        "tags": [words["tags"][k % len(words["tags"])] if k % 5 == 0 else "" for k in deals.index],
        **{
            f"note{n}": [notes[(k * 3 + n) % len(notes)] if k % 4 >= n else "" for k in deals.index]
            for n in (1, 2, 3)
        },
    }


def named(identifiers: pd.Series, names: pd.Series) -> list[str]:
    """Return the names that stand for identifiers."""
    known = dict(zip(names.index.astype("str"), said(names), strict=True))
    found = [known.get(one, "") for one in identifiers.cat.categories]
    return [found[code] if code >= 0 else "" for code in identifiers.cat.codes.tolist()]


def rows(headings: Sequence[Sequence[str]], cells: Cells) -> Iterable[tuple[Any, ...]]:
    """Yield the rows of an export: one cell per heading, empty where the heading has no field."""
    count = len(next(iter(cells.values())))
    blank = [""] * count
    return zip(*(cells[heading[1]] if len(heading) > 1 else blank for heading in headings), strict=True)


def by_parts(department: Department, table: str, cells: Callable[[Department], Cells]) -> Iterator[Cells]:
    """Yield the cells of a long table part by part."""
    frame: pd.DataFrame = getattr(department, table)
    for start in range(0, max(len(frame), 1), _AT_ONCE):
        part: dict[str, Any] = {table: frame.iloc[start : start + _AT_ONCE]}
        yield cells(replace(department, **part))


def write_delimited(
    path: Path,
    headings: Sequence[Sequence[str]],
    parts: Iterable[Cells],
    *,
    encoding: str = "utf-8",
    **dialect: Any,
) -> None:
    """Write a delimited file, with the same bytes on every machine."""
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, **{"lineterminator": "\n", **dialect})
        writer.writerow([heading[0] for heading in headings])
        for cells in parts:
            writer.writerows(rows(headings, cells))


def write_client(folder: Path, department: Department, crm: str, files: list[dict[str, Any]]) -> None:
    """Write the ``client.yml`` that a consultant would have confirmed for this export."""
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
        "files": files,
        "pipelines": [
            {"name": one.name, "stages": [_stage(stage, shown) for stage in one.stages]}
            for one in scenario.pipelines
        ],
        "technical_losses": [reason.name for reason in scenario.loss_reasons if reason.technical],
        "managers": [
            rep.model_dump(include={"name", "role", "team", "hired_on", "left_on"}, exclude_none=True)
            for rep in scenario.reps
        ],
        "plan": _plan(department),
    }
    _dump(folder / "client.yml", settings)


def _stage(stage: Any, shown: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = stage.model_dump(
        include={"name", "kind", "process_step", "norm_days", "probability"}, exclude_none=True
    )
    required = [field for field in stage.required if field in shown]
    return told | ({"required": required} if required else {})


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

    Cards of clients are named by their names: the exports carry no numbers of theirs.
    """
    truth, tables = department.truth, read_data("headings.yml")[crm]["tables"]
    people = department.contacts.set_index("contact_id")["name"]

    def shown(book: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        return {
            table: [people[one] for one in found] if table == "contacts" else list(found)
            for table, found in book.items()
            if table in tables and len(found)
        }

    told: dict[int, Any] = {}
    for check in checks:
        innocents = {why: shown(book) for why, book in truth.innocents.get(check, {}).items()}
        told[check] = {
            "assumed": assumed(check),
            "offenders": shown(truth.planted.get(check, {})),
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
