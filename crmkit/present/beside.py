"""What people say of each step beside what the data says, as a table that an owner can read (METHOD 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.conformance import headings_of
from crmkit.present.field_words import role_text
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, gated, standing
from crmkit.present.process_texts import norm_text
from crmkit.present.quality import heading
from crmkit.present.slicing import names_of_reps
from crmkit.present.tables import Column, Table
from crmkit.present.texts import MISSING, is_missing
from crmkit.process.beside import DIFFERS, described_beside_measured
from crmkit.process.rules import BETWEEN
from crmkit.schema import column

if TYPE_CHECKING:
    from crmkit.present.study import Study
    from crmkit.process.description import Process

Row = Mapping[Any, Any]

#: What is set side by side: one row of the table each; the other aspects are told within these.
TOPICS: Mapping[str, Message] = {
    "use": N_("CRM stage"), "time": N_("Time"), "conversion": N_("Conversion"),
    "role": N_("Who is responsible"), "output": N_("Output"), "fields": N_("Required fields"),
    "order": N_("Comes after"),
}  # fmt: skip
MARKS: Mapping[str, Message] = {
    "unused_step": N_("differs: no deal came here"),
    "undescribed_stage": N_("differs: deals come here, nobody has described it"),
    "norm_exceeded": N_("differs: takes longer than the norm"),
    "faster_than_norm": N_("differs: surely faster than the norm"),
    "conversion_below": N_("differs: fewer go on than people say"),
    "conversion_above": N_("differs: more go on than people say"),
    "other_role_owns": N_("differs: others own some of the deals"),
    "fields_empty": N_("differs: fields stay empty"),
    "without_previous": N_("differs: the step before is passed over"),
    "agrees": N_("no difference seen"),
    "cannot_tell": N_("too few cases to tell"),
    "not_described": N_("not described"),
    "not_in_export": N_("not in this export"),
    "no_crm_stage": N_("no CRM stage belongs to the step"),
}
#: Why a side cannot be told, where it is no column that ``evaluate`` knows of.
REASONS: Mapping[str, Message] = {
    "role_not_in_list": N_(
        "No rep of the list has the role. Write on the sheet of roles what your list of reps calls it."
    ),
    "no_required_column": N_("None of the required fields is in the export."),
    "no_crm_stage": N_("A step before it has no CRM stage, so that nobody can see who passed it."),
}
UNITS: Mapping[str, Message] = {
    "working_days": N_("{number} working days"), "working_hours": N_("{number} working hours"),
    "days": N_("{number} calendar days"),
}  # fmt: skip


def page(study: Study, process: Process) -> Table:
    """Return for each step what people say, what the data says, and whether the two surely differ."""
    rows = described_beside_measured(study.crm, study.period, process, headings=headings_of(study.report))
    told = pd.DataFrame(
        list(_told(study, process, rows)), columns=["step", "topic", "said", "measured", "mark"]
    ).astype("str")
    differs = told["mark"].isin([study.words.message(MARKS[code]) for code in DIFFERS])
    shown = differs if differs.any() else told["step"] == next(iter(told["step"]), "")  # others are opened
    count = int(rows["mark"].isin(DIFFERS).sum())
    title = study.words.plural(
        "What people say and what the data says, {period}: {n} difference",
        "What people say and what the data says, {period}: {n} differences",
        count,
        period=study.period_text(),
    )
    if not rows["mark"].isin([*DIFFERS, "agrees", "cannot_tell"]).any():
        title = study.say("What people say; the export has nothing to set beside it")
    columns = [
        Column("step", study.say("Step")),
        Column("topic", study.say("What about")),
        Column("said", study.say("People say")),
        Column("measured", study.say("The data says")),
        Column("mark", study.say("Side by side")),
    ]
    folded = np.flatnonzero(~shown).tolist()
    notes = _notes(study, rows)
    return study.table(told, "beside", title, columns, notes, parted="step", shown=200, folded=folded)


def _notes(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return how the table is to be read, then why some of it cannot be told, each once."""
    notes = [
        study.say(
            "A difference is told only where at least {enough} cases leave no doubt of it: the 95 % interval"
            " excludes what people say. Time counts visits that still go on; required fields are judged as"
            " they stand at the export.",
            enough=study.crm.settings.limits.compared_cases,
        )
    ]
    rough = study.crm.partial.get("stage_changes")
    codes = [*rows["missing"], rough] if rough else list(rows["missing"])
    for code in dict.fromkeys(code for code in codes if code):
        notes += [study.words.message(REASONS[code])] if code in REASONS else study.why(code)
    return list(dict.fromkeys(notes))


def _told(study: Study, process: Process, rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield the rows of the table; what nobody says and nothing tells has none."""
    by_step: dict[tuple[int, str], dict[str, Row]] = {}
    for row in rows.to_dict("records"):
        by_step.setdefault((row["step_ix"], row["step"]), {})[row["aspect"]] = row
    for (ix, name), sides in by_step.items():
        undescribed = ix < 0
        for topic, topic_words in TOPICS.items():
            if topic not in sides:
                continue
            row = sides[topic]
            said, measured = _said(study, process, row), MEASURED[topic](study, sides)
            if said or (measured and row["mark"] != "no_crm_stage"):
                yield {
                    "step": study.say("CRM stages of no step") if undescribed else f"{ix + 1}. {name}",
                    "topic": name if undescribed else study.words.message(topic_words),
                    "said": said or MISSING,
                    "measured": measured or MISSING,
                    "mark": study.words.message(MARKS[row["mark"]]) if row["mark"] else "",
                }


def _said(study: Study, process: Process, row: Row) -> str:
    if row["aspect"] == "time":
        return norm_text(process.steps[row["step_ix"]].norm, study.formats)
    if row["aspect"] == "conversion":
        return "" if is_missing(row["said_number"]) else study.formats.share(row["said_number"])
    if row["aspect"] == "fields":
        return BETWEEN.join(_field(study, name) for name in process.steps[row["step_ix"]].required_fields)
    return str(row["said"])


def _field(study: Study, name: str) -> str:
    """Return what a required field is called in the client's files."""
    return heading(study, "deals", name) if column("deals", name) else name


def _share(formats: Formats, row: Row) -> str:
    """Return a share with its cases, as their number allows: «3 of 7»; «53 of 62: 85.5% (75–92%)»."""
    if is_missing(row["value"]):
        return ""
    counted, told = formats.k_of_n(row["numerator"], row["n"]), gated(formats, row["value"], Cases.of(row))
    return counted if told.standing == "few" else f"{counted}: {told}"


def _use(study: Study, sides: Mapping[str, Row]) -> str:
    value = sides["use"]["value"]
    return "" if is_missing(value) else study.words.plural("{n} visit", "{n} visits", int(value))


def _time(study: Study, sides: Mapping[str, Row]) -> str:
    """Return the median with its interval or n, the slowest tenth, and the share within the norm."""
    middle, slow, formats = sides["time"], sides["slow_tenth"], study.formats
    if is_missing(middle["n"]) or not middle["n"]:
        return ""
    said = []
    for row, text in (
        (middle, N_("half of the visits: up to {span}")),
        (slow, N_("nine of ten: up to {span}")),
    ):
        if is_missing(row["value"]):
            continue
        span = study.say(UNITS[row["unit"]].text, number=formats.number(row["value"]))
        few = standing(row["n"], study.crm.settings.limits) == "few" or is_missing(row["high"])
        beside = (
            f"n = {formats.count(row['n'])}" if few else formats.interval(row["low"], row["high"], "days")
        )
        said.append(study.say(text.text, span=f"{span} ({beside})"))
    said = said or [study.say("not yet: too many have not ended")]
    within = _share(formats, sides["within_norm"])
    return "; ".join([*said, *([study.say("within the norm: {share}", share=within)] if within else [])])


def _conversion(study: Study, sides: Mapping[str, Row]) -> str:
    return _share(study.formats, sides["conversion"])


def _role(study: Study, sides: Mapping[str, Row]) -> str:
    """Return how many visits the role owns, which role owns most, and whose visits are the most."""
    role, owner, said = sides["role"], sides["owner"], []
    if mine := _share(study.formats, role):
        said.append(study.say("this role: {share}", share=mine))
    if role["missing"] == "role_not_in_list":
        said.append(study.say("no rep has the role: {role}", role=role["found"]))
    elif role["found"] and role["mark"] != "agrees":
        said.append(study.say("mostly: {role}", role=role_text(study.words, role["found"])))
    if owner["found"] and (share := _share(study.formats, owner)):
        name = names_of_reps(study).get(owner["found"], owner["found"])
        said.append(study.say("most visits: {name}, {share}", name=name, share=share))
    return "; ".join(said)


def _output(study: Study, sides: Mapping[str, Row]) -> str:
    return study.say("no CRM tells this: ask to see it") if sides["output"]["said"] else ""


def _fields(study: Study, sides: Mapping[str, Row]) -> str:
    row = sides["fields"]
    share = _share(study.formats, row)
    if not share:
        return ""
    said = [study.say("all filled in deals that went on: {share}", share=share)]
    if row["found"]:
        said.append(study.say("the emptiest: {field}", field=_field(study, row["found"])))
    return "; ".join(said)


def _order(study: Study, sides: Mapping[str, Row]) -> str:
    share = _share(study.formats, sides["order"])
    return study.say("came without it: {share}", share=share) if share else ""


MEASURED: Mapping[str, Callable[[Study, Mapping[str, Row]], str]] = {
    "use": _use, "time": _time, "conversion": _conversion, "role": _role, "output": _output,
    "fields": _fields, "order": _order,
}  # fmt: skip
