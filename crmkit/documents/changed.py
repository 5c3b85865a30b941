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
KINDS = {
    "removed": N_("is dropped"),
    "added": N_("is new"),
    "merged": N_("goes into «{name}»"),
    "renamed": N_("is renamed"),
    "reordered": N_("changes its place"),
}


def changes(handed: Handed) -> Grid:
    """Return every difference from the process as it is; no rows if there is none or it is not described."""
    say, rows = handed.say, list[list[Cell]]()
    if handed.before is not None:
        for row in differences(handed.before, handed.process).to_dict("records"):
            rows.append(_row(handed, row))
    heads = [say("Where"), say("What changes"), say("As is"), say("To be")]
    return Grid(say("Changes against the process as it is"), heads, rows, (3, 2.6, 4.6, 4.6))


def _row(handed: Handed, row: dict[Any, Any]) -> list[Cell]:
    say, message = handed.say, handed.words.message
    part, kind, field = row["part"], row["kind"], row["field"]
    name = row["step_before"] or row["step_after"]
    where = message(N_(ITEMS[part].text, name=name)) if part in ITEMS else say("The whole process")
    if kind != "changed":
        what = message(N_(KINDS[kind].text, name=row["step_after"]))
        return [where, what, row["old"] or "—", row["new"] or "—"]
    sheet = {"stage": "stages", "role": "roles"}.get(part, "steps")
    told = FIELDS[sheet].get(field) or FIELDS["sub_processes"].get(field)
    heading = {"outputs": say("Result"), "sub_processes": say("Sub-processes")}.get(field)
    heading = heading or (message(told[0]) if told else field)
    old, new = (_cell(handed, *pair) for pair in _values(handed, row))
    return [where, heading, old, new]


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
