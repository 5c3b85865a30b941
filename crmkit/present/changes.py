"""What differs between two versions of a described process, in words, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.field_words import field_text
from crmkit.present.formats import Formats
from crmkit.present.process_texts import crm_stage_text, norm_text, result_text, said, version_text
from crmkit.present.process_words import FIELDS
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import begun
from crmkit.present.tiles import Sentences
from crmkit.process.changes import differences
from crmkit.process.description import Process, SubProcess

ITEMS: Mapping[str, Message] = {
    "process": N_("The whole process"),
    "stage": N_("Stage «{name}»"),
    "step": N_("Step «{name}»"),
    "role": N_("Role «{name}»"),
}
KINDS: Mapping[str, Message] = {
    "removed": N_("is dropped"),
    "added": N_("is new"),
    "merged": N_("goes into «{name}»"),
    "renamed": N_("is renamed"),
    "reordered": N_("changes its place"),
}
#: Where the items of a kind stand in a description, and in the words of its workbook.
PARTS = {"step": "steps", "stage": "stages", "role": "roles"}
OWN_HEADINGS: Mapping[str, Message] = {"sub_processes": N_("Sub-processes"), "name": N_("Name")}
BETWEEN = "; "
#: Which changed cells a page shows at once; the others are opened, and stand on paper.
FIRST = ("outputs", "responsible", "norm", "expected_conversion", "exit")


def changes_table(study: Study, before: Process, after: Process) -> Table | Sentences:
    """Return every difference: where, what, the earlier value and the later one."""
    found = differences(before, after)
    names = [version_text(one, study.formats) for one in (before, after)]
    if found.empty:
        return Sentences.of(study.words, [N_("The two versions say the same.")])
    told = [_row(study.formats, row, before, after) for row in found.to_dict("records")]
    frame = pd.DataFrame(told, columns=["where", "what", "old", "new"], dtype="str")
    columns = [
        Column("where", study.say("Where")), Column("what", study.say("What changes")),
        Column("old", begun(names[0])), Column("new", begun(names[1])),
    ]  # fmt: skip
    title = study.words.plural(
        "{n} difference between two versions of the process",
        "{n} differences between two versions of the process",
        len(found),
    )
    note = study.say("Of a list only the items are shown that are not in the other version.")
    is_first = (found["kind"] != "changed") | found["field"].isin(FIRST)
    folded = np.flatnonzero(~is_first).tolist() if is_first.any() else ()
    return study.table(
        frame, "changes", title, columns, [note], parted="where", shown=len(frame), folded=folded
    )


def changes_summary(study: Study, before: Process, after: Process) -> Sentences:
    """Return how many steps came, went, were joined, renamed and moved, and how many cells changed."""
    found = differences(before, after)
    steps = found[(found["part"] == "step").to_numpy()]
    n = {kind: int((steps["kind"] == kind).sum()) for kind in (*KINDS, "changed")}
    count = {kind: study.formats.count(number) for kind, number in n.items()}
    message = N_(
        "Steps: new {added}, dropped {removed}, joined with others {merged}, renamed {renamed}, moved"
        " {reordered}; cells of steps that changed: {changed}.",
        **count,
    )
    return Sentences.of(study.words, [message], "finding" if len(found) else "plain")


def cell_text(formats: Formats, field: str, value: Any) -> str:
    """Return a cell of the process table as it is read; nothing is ""."""
    if value in ((), "", None):
        return ""
    if isinstance(value, bool):
        return said(formats, "answers", "yes" if value else "no")
    whole: dict[str, Callable[[Any], str]] = {
        "norm": lambda norm: norm_text(norm, formats),
        "expected_conversion": formats.share,
        "cost_per_case": formats.money,
        "kind": lambda kind: said(formats, "kinds", kind),
    }
    items: dict[str, Callable[[Any], str]] = {
        "inputs": lambda one: result_text(one, formats),
        "outputs": lambda one: result_text(one, formats),
        "required_fields": lambda name: field_text(formats.words, name),
        "crm_stages": crm_stage_text,
        "sub_processes": lambda one: _sub_process(one, formats),
    }
    if isinstance(value, tuple):
        return BETWEEN.join(items.get(field, str)(one) for one in value)
    return whole.get(field, str)(value)


def _sub_process(one: SubProcess, formats: Formats) -> str:
    parts = (one.name, one.department, one.owner, norm_text(one.norm, formats), one.kpi)
    return " · ".join(part for part in parts if part)


def _row(
    formats: Formats, row: Mapping[Any, Any], before: Process, after: Process
) -> tuple[str, str, str, str]:
    words, part, kind, field = formats.words, row["part"], row["kind"], row["field"]
    where = words.say(ITEMS[part].text, name=row["step_before"] or row["step_after"])
    if kind in ("added", "removed", "merged"):
        return where, words.say(KINDS[kind].text, name=row["step_after"]), "", ""
    if kind == "reordered":
        places = [words.say("place {number}", number=row[side]) for side in ("old", "new")]
        return where, words.message(KINDS[kind]), places[0], places[1]
    if kind == "renamed":
        return where, words.message(KINDS[kind]), row["old"], row["new"]
    sheet = FIELDS[PARTS.get(part, "steps")]
    heading = OWN_HEADINGS[field] if field in OWN_HEADINGS else sheet[field][0]
    old, new = both_values(row, before, after)
    return where, words.message(heading), cell_text(formats, field, old), cell_text(formats, field, new)


def both_values(row: Mapping[Any, Any], before: Process, after: Process) -> tuple[Any, Any]:
    """Return the earlier and the later value of a changed cell; of lists, what only one of them has."""
    old, new = (
        getattr(getattr(one, PARTS[row["part"]])[row[place]] if row["part"] in PARTS else one, row["field"])
        for one, place in ((before, "before_ix"), (after, "after_ix"))
    )
    if isinstance(old, tuple) and isinstance(new, tuple) and set(old) != set(new):
        return tuple(one for one in old if one not in new), tuple(one for one in new if one not in old)
    return old, new
