"""What a description lacks to be a good one (METHOD 4.3): a finding names the step and the rule broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from crmkit.facts import BoolArray
from crmkit.process.description import Process, Result, Step, find_step
from crmkit.process.fitting import fitting_findings, nearest
from crmkit.process.steps import StepMap
from crmkit.process.verifiable import is_verifiable, says_something
from crmkit.process.ways import ways_of
from crmkit.process.wording import fold
from crmkit.schema import Snapshot

#: The rules, in the order in which findings about one step stand. Codes are never reused.
RULES = (
    "duplicate_step_name",
    "input_not_previous_output",
    "output_missing",
    "output_not_verifiable",
    "next_step_unknown",
    "no_responsible",
    "several_responsible",
    "no_key_success_factor",
    "no_crm_requirement",
    "required_field_in_no_export",
    "no_kpi",
    "no_norm",
    "sub_process_without_owner",
    "step_without_crm_stage",
    "crm_stage_unknown",
    "crm_stage_claimed_twice",
    "spelling_repaired",
    "crm_stage_without_step",
    "pipeline_without_step",
)
COLUMNS = ("rule", "step_ix", "step", "field", "detail", "other")

Finding = tuple[str, str, str, str]
"""Rule, field of the step, what is meant, and what it clashes with or should perhaps be."""


def lint(
    process: Process,
    crm: Snapshot | None = None,
    places: StepMap | None = None,
    *,
    headings: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return what is to be mended in a description.

    Parameters
    ----------
    crm: the client's data; without it, nothing is said of CRM stages and of fields in the export.
    places: the CRM stages folded into this description's steps, where they are known already.
    headings: the headings of the client's files and the canonical columns that they feed (empty for a field
        of the client's own): a required field may be called by its heading.

    Returns
    -------
    ``rule`` (of ``RULES``), ``step_ix`` (position from 0; −1 for the whole process), ``step`` (its name),
    ``field`` (of the step), ``detail`` (what is meant), ``other`` (what it clashes with, or what was perhaps
    meant; may be empty). In the order of the steps and rules; what is about the whole process stands last.
    """
    allowed = ways_of(process).allowed
    rows = [(ix, *finding) for ix in range(len(process.steps)) for finding in _about(process, ix, allowed)]
    if crm is not None:
        rows += fitting_findings(crm, process, places, headings or {})
    rows.sort(key=lambda row: (row[0] < 0, row[0], RULES.index(row[1])))
    names = [step.name for step in process.steps] + [""]
    told = [(rule, ix, names[ix], where, detail, other) for ix, rule, where, detail, other in rows]
    frame = pd.DataFrame(told, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS, "str") | {"step_ix": "int64"})


def _about(process: Process, position: int, allowed: BoolArray) -> Iterator[Finding]:
    """Yield what can be told of a step from the description alone."""
    step = process.steps[position]
    first = find_step(process, step.name)
    if first is not None and first < position:
        yield "duplicate_step_name", "name", step.name, process.steps[first].name
    yield from _inputs(process, position, allowed)
    if not any(says_something(one.text) for one in step.outputs):
        yield "output_missing", "outputs", "", ""
    for one in step.outputs:
        if says_something(one.text) and not is_verifiable(one, step.required_fields):
            yield "output_not_verifiable", "outputs", one.text, ""
    yield from _next_steps(process, step)
    yield from _responsible(process, step)
    yield from ((rule, where, "", "") for rule, where, is_told in _CELLS if not is_told(step))
    for part in step.sub_processes:
        if not says_something(part.owner):
            yield "sub_process_without_owner", "sub_processes", part.name, part.department


#: Cells that must say something.
_CELLS: tuple[tuple[str, str, Callable[[Step], bool]], ...] = (
    ("no_key_success_factor", "key_success_factor", lambda step: says_something(step.key_success_factor)),
    (
        "no_crm_requirement",
        "crm_entities",
        lambda step: any(map(says_something, (*step.crm_entities, *step.required_fields, *step.automations))),
    ),
    ("no_kpi", "kpi", lambda step: says_something(step.kpi)),
    ("no_norm", "norm", lambda step: step.norm is not None),
)


_BETWEEN = re.compile(r"\s*[,;/+&|]\s*")


def _inputs(process: Process, position: int, allowed: BoolArray) -> Iterator[Finding]:
    """Yield the inputs that no step gives; all of them where none comes from a step that leads here.

    Where no earlier step leads, the process begins: its inputs come from outside.
    """
    step = process.steps[position]
    leading = _leading_here(process, position, allowed)
    begins = not allowed[:position, position].any()
    if step.kind != "core" or begins or not leading:
        return
    given = {_bare(one.text): one.text for one in leading}
    if not step.inputs:
        yield "input_not_previous_output", "inputs", "", leading[0].text
        return
    ever = {_bare(one.text) for other in process.steps if other is not step for one in other.outputs}
    strange = [one.text for one in step.inputs if _bare(one.text) not in ever]
    if not any(_bare(one.text) in given for one in step.inputs):
        strange = [one.text for one in step.inputs]
    for text in strange:
        near = nearest(_bare(text), given)
        yield "input_not_previous_output", "inputs", text, given[near] if near else leading[0].text


def _leading_here(process: Process, position: int, allowed: BoolArray) -> list[Result]:
    """Return the outputs that lead to a step, also over optional ones: those that name it, else all."""
    found = []
    for before, step in enumerate(process.steps):
        if before == position or not allowed[before, position]:
            continue
        named = [one for one in step.outputs if find_step(process, one.next_step) == position]
        found += named or list(step.outputs)
    return [one for one in found if says_something(one.text)]


def _bare(text: str) -> str:
    return fold(text).strip(" .;,")


def _next_steps(process: Process, step: Step) -> Iterator[Finding]:
    names = {fold(one.name): one.name for one in process.steps}
    for wanted in dict.fromkeys(one.next_step for one in step.outputs if one.next_step):
        meant = names.get(fold(wanted))
        if meant is None:
            near = nearest(fold(wanted), names)
            yield "next_step_unknown", "outputs", wanted, names[near] if near else ""
        elif meant != wanted:
            yield "spelling_repaired", "outputs", wanted, meant


def _responsible(process: Process, step: Step) -> Iterator[Finding]:
    """Yield whether nobody is responsible, or several; two roles in one cell are several."""
    roles = {fold(role) for role in process.role_names() if role not in step.responsible}
    roles |= {fold(role.name) for role in process.roles}
    found = dict[str, str]()
    for name in filter(says_something, step.responsible):
        parts = [name] if fold(name) in roles else _parts(name, roles)
        found |= {fold(part): part for part in parts}
    if not found:
        yield "no_responsible", "responsible", "", ""
    elif len(found) > 1:
        yield "several_responsible", "responsible", " \u00b7 ".join(found.values()), ""


def _parts(name: str, roles: set[str]) -> list[str]:
    """Return the roles in a cell: parted by signs, or by a word between two roles that are known."""
    parts = [part for part in _BETWEEN.split(name) if part]
    if len(parts) > 1:
        return parts
    words = name.split()
    for ix in range(1, len(words) - 1):
        sides = [" ".join(words[:ix]), " ".join(words[ix + 1 :])]
        if all(fold(side) in roles for side in sides):
            return sides
    return [name]
