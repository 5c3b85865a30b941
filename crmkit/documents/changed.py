"""What a version of a process changes against the process as it is, in a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmkit.documents.grids import Grid
from crmkit.documents.handed import Handed
from crmkit.documents.wordxml import Cell
from crmkit.errors import N_
from crmkit.present.changes import ITEMS, KINDS, PARTS, both_values
from crmkit.present.process_words import FIELDS
from crmkit.process.changes import differences
from crmkit.process.description import Process

UNTOLD = ("problems", "variables", "cost_per_case")
"""What is no rule for anybody, and therefore stands in no regulation."""


def changes(handed: Handed) -> list[Grid]:
    """Return what differs from the process as it is: what comes, goes and moves, then a table for each item.

    Empty if the process as it is is not described, or nothing changes.
    """
    before = handed.before
    if before is None:
        return []
    say, moved, cells = handed.say, list[list[Cell]](), dict[str, list[list[Cell]]]()
    for row in differences(before, handed.process).to_dict("records"):
        if row["kind"] != "changed":
            what = handed.words.message(N_(KINDS[row["kind"]].text, name=row["step_after"]))
            moved.append([_where(handed, row), what, row["old"] or "—", row["new"] or "—"])
        elif row["field"] not in UNTOLD:
            cells.setdefault(_where(handed, row), []).append(_row(handed, before, row))
    heads = [say("What changes"), say("As is"), say("To be")]
    first = Grid(say("What comes, goes and moves"), [say("Where"), *heads], moved, (4, 4, 3.5, 3.5))
    return [*([first] if moved else []), *(Grid(one, heads, rows, (3, 6, 6)) for one, rows in cells.items())]


def in_short(handed: Handed) -> Grid:
    """Return what changes where, without the wording."""
    say, rows = handed.say, list[list[Cell]]()
    for grid in changes(handed):
        whole = len(grid.headings) == 4
        rows += [[row[0], row[1]] for row in grid.rows] if whole else []
        rows += [] if whole else [[grid.title, ", ".join(str(row[0]) for row in grid.rows)]]
    heads = [say("Where"), say("What changes")]
    return Grid(say("What changes; the regulation has the wording"), heads, rows, (4, 11))


def _where(handed: Handed, row: dict[Any, Any]) -> str:
    return handed.say(ITEMS[row["part"]].text, name=row["step_before"] or row["step_after"])


def _row(handed: Handed, before: Process, row: dict[Any, Any]) -> list[Cell]:
    """Return a changed cell: what it is called, its earlier and its later content."""
    say, field = handed.say, row["field"]
    told = FIELDS[PARTS.get(row["part"], "steps")].get(field)
    called = {"outputs": say("Result"), "sub_processes": say("Sub-processes")}.get(field)
    heading = called or (handed.words.message(told[0]) if told else say("Name"))
    return [heading, *(_cell(handed, field, one) for one in both_values(row, before, handed.process))]


def _cell(handed: Handed, field: str, value: Any) -> Cell:
    """Return a value as a reader sees it; nothing is a dash."""
    if value in ((), "", None):
        return "—"
    write: dict[str, Callable[[Any], Cell]] = {
        "norm": handed.norm,
        "inputs": handed.results,
        "outputs": handed.results,
        "expected_conversion": handed.share,
        "required_fields": handed.fields,
        "crm_stages": handed.crm_stages,
        "sub_processes": handed.sub_processes,
        "cost_per_case": handed.formats.money,
    }
    if field in write:
        return write[field](value)
    if isinstance(value, bool):
        return handed.say("yes") if value else handed.say("no")
    return [str(one) for one in value] if isinstance(value, tuple) else str(value)
