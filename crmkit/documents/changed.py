"""What a version of a process changes against the process as it is, in a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmkit.documents.handed import Handed
from crmkit.documents.sections import Grid
from crmkit.documents.wordxml import Cell
from crmkit.errors import N_
from crmkit.present.process_words import FIELDS
from crmkit.process.changes import differences

ITEMS = {"stage": N_("Stage «{name}»"), "step": N_("Step «{name}»"), "role": N_("Role «{name}»")}
UNTOLD = ("problems", "variables", "cost_per_case")
"""What is no rule for anybody, and therefore stands in no regulation."""
KINDS = {
    "removed": N_("is dropped"),
    "added": N_("is new"),
    "merged": N_("goes into «{name}»"),
    "renamed": N_("is renamed"),
    "reordered": N_("changes its place"),
}


def changes(handed: Handed) -> list[Grid]:
    """Return what differs from the process as it is, a table for every step, stage and role that does.

    Empty if the process as it is is not described, or nothing changes.
    """
    say, found = handed.say, dict[str, list[list[Cell]]]()
    if handed.before is not None:
        for row in differences(handed.before, handed.process).to_dict("records"):
            if row["field"] not in UNTOLD:
                found.setdefault(_where(handed, row), []).append(_row(handed, row))
    heads = [say("What changes"), say("As is"), say("To be")]
    return [Grid(where, heads, rows, (3, 6, 6)) for where, rows in found.items()]


def in_short(handed: Handed) -> Grid:
    """Return what changes where, without the wording."""
    say = handed.say
    rows: list[list[Cell]] = [
        [one.title, ", ".join(str(row[0]) for row in one.rows)] for one in changes(handed)
    ]
    return Grid(
        say("What changes; the regulation has the wording"),
        [say("Where"), say("What changes")],
        rows,
        (4, 11),
    )


def _where(handed: Handed, row: dict[Any, Any]) -> str:
    part, name = row["part"], row["step_before"] or row["step_after"]
    return handed.say(ITEMS[part].text, name=name) if part in ITEMS else handed.say("The whole process")


def _row(handed: Handed, row: dict[Any, Any]) -> list[Cell]:
    say, message = handed.say, handed.words.message
    part, kind, field = row["part"], row["kind"], row["field"]
    if kind != "changed":
        what = message(N_(KINDS[kind].text, name=row["step_after"]))
        return [what, row["old"] or "—", row["new"] or "—"]
    sheet = {"stage": "stages", "role": "roles"}.get(part, "steps")
    told = FIELDS[sheet].get(field)
    heading = {"outputs": say("Result"), "sub_processes": say("Sub-processes")}.get(field)
    heading = heading or (message(told[0]) if told else field)
    return [heading, *(_cell(handed, *pair) for pair in _values(handed, row))]


def _values(handed: Handed, row: dict[Any, Any]) -> list[tuple[str, Any]]:
    """Return the field with its earlier and its later value; of lists, what only one of them has."""
    field, values = row["field"], []
    for process, place in ((handed.before, row["before_ix"]), (handed.process, row["after_ix"])):
        items = {"step": "steps", "stage": "stages", "role": "roles"}.get(row["part"])
        values.append(getattr(getattr(process, items)[place] if items else process, field))
    old, new = values
    if isinstance(old, tuple) and isinstance(new, tuple) and set(old) != set(new):
        old, new = tuple(one for one in old if one not in new), tuple(one for one in new if one not in old)
    return [(field, old), (field, new)]


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
