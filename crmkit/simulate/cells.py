"""What the writers of all CRMs say of canonical rows: cells of text, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from crmkit.schema import TABLES
from crmkit.simulate.department import Department
from crmkit.simulate.scenario import read_data

Cells = dict[str, list[Any]]

#: Rows that are turned into text at once; a multiple of every rhythm below, so that it does not show.
_AT_ONCE = 240_000

DOTTED = "%d.%m.%Y %H:%M:%S"


@dataclass(frozen=True)
class Style:
    """How a CRM writes values; ``zone`` is that of its moments if it is not the client's."""

    moment: str = "%Y-%m-%d %H:%M:%S"
    day: str = "%Y-%m-%d"
    yes_no: tuple[str, str] = ("true", "false")
    zone: str | None = None
    money: str = "{:.2f}"


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


def cells_of(department: Department, table: str, style: Style, fields: Iterable[str]) -> Cells:
    """Return the cells of canonical columns, and of ``manager``, ``company``, ``contact``: names for ids."""
    frame: pd.DataFrame = getattr(department, table)
    cards = {"manager": department.managers, "company": department.companies, "contact": department.contacts}
    kinds = {column.name: column.kind for column in TABLES[table]}
    cells: Cells = {}
    for field in fields:
        if field in cards:
            cells[field] = named(frame[f"{field}_id"], cards[field].set_index(f"{field}_id")["name"])
        elif field in kinds:
            cells[field] = _written(frame[field], kinds[field], style)
    return cells


def _written(values: pd.Series, kind: str, style: Style) -> list[str]:
    """Return the values of a canonical column as a CRM writes them."""
    if kind == "moment":
        return stamps(values.dt.tz_convert(style.zone) if style.zone else values, style.moment)
    if kind == "date":
        return stamps(values, style.day)
    if kind == "bool":
        yes, no = style.yes_no
        return ["" if one is pd.NA else yes if one else no for one in values.tolist()]
    if kind == "money":
        return [style.money.format(one) if one == one else "" for one in values.tolist()]
    if kind in ("number", "share", "seconds", "days"):
        return [f"{one:g}" if one == one else "" for one in values.tolist()]
    return said(values)


def worded(cells: Iterable[Any], words: Mapping[str, str]) -> list[str]:
    """Return a CRM's own words for canonical ones; nothing for nothing."""
    return [words.get(one, "") for one in cells]


def closings(department: Department, moment: str) -> Cells:
    """Return the one closing date of CRMs where it is planned while the deal is open, and their two flags."""
    deals = department.deals
    planned, actual = stamps(deals["expected_close_on"], "%Y-%m-%d"), stamps(deals["closed_at"], moment)
    status = deals["status"].tolist()
    return {
        "closing": [
            plan if one == "open" else at for one, plan, at in zip(status, planned, actual, strict=True)
        ],
        "is_closed": ["false" if one == "open" else "true" for one in status],
        "is_won": ["true" if one == "won" else "false" for one in status],
        "type": ["Existing Business" if one else "New Business" for one in deals["is_repeat"].tolist()],
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
