"""The CRM brief: how the CRM is set up so that the process can be kept in it (METHOD 4.8)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crmkit.documents.grids import Grid
from crmkit.documents.handed import IN_CRM, Gap, Handed, roles_of
from crmkit.documents.plainbook import write_plain_book
from crmkit.documents.responsibility import matrices
from crmkit.documents.sections import cover, measures, open_points, sub_processes
from crmkit.documents.word import Cell, WordDocument
from crmkit.errors import N_
from crmkit.present.field_words import role_text
from crmkit.process.description import Step
from crmkit.process.filling import deals_filled
from crmkit.process.steps import map_steps
from crmkit.stages import OPEN, Ints, StageOrder, stage_order

KINDS = {"open": N_("deal in work"), "won": N_("deal won"), "lost": N_("deal lost")}
MOST_ROLES_ON_A_SHEET = 60


def write_crm_brief(handed: Handed, document: Path, workbook: Path) -> None:
    """Write the brief as a Word document and the same tables as a workbook."""
    say = handed.say
    word = WordDocument(say("Brief for setting up the CRM"), client=handed.client, words=handed.words)
    cover(word, handed)
    word.contents()
    word.heading(say("What it is for"))
    word.text(
        say(
            "The process of {client} is to be kept in the CRM. Below stands what has to be set up: pipelines"
            " and stages, fields without which a deal does not go on, automations, rights, and reports.",
            client=handed.client,
        )
    )
    sections = _sections(handed)
    for title, silent, grids in sections:
        filled = [grid for grid in grids if grid.rows]
        word.heading(title)
        if not filled:
            word.text(silent)
        for grid in filled:
            grid.into(word, labelled=True)
    gaps = _gaps(handed)
    questions = open_points(handed, gaps)
    word.heading(say("Open questions"))
    questions.into(word)
    word.write(document)
    sheets = [grid for _, _, grids in sections for grid in grids if grid.rows]
    sheets += matrices(handed, MOST_ROLES_ON_A_SHEET)
    write_plain_book(workbook, handed.client, [*sheets, questions], handed.open)


def _sections(handed: Handed) -> list[tuple[str, str, list[Grid]]]:
    """Return the chapters: heading, what is said if there is nothing, tables."""
    say, steps = handed.say, handed.process.steps
    nothing = say("The description says nothing about it.")
    stages = [*_pipelines(handed), _mapping(handed)]
    return [
        (say("Pipelines and stages"), nothing, stages),
        (say("Required fields"), nothing, [_fields(handed)]),
        (say("Automations"), say("None is described."), [_automations(handed)]),
        (say("Roles and rights"), nothing, [_rights(handed)]),
        (say("Reports and KPIs to set up"), nothing, [measures(handed)]),
        (say("Tasks to other departments"), say("None is described."), [sub_processes(handed, steps)]),
    ]


def _pipelines(handed: Handed) -> list[Grid]:
    """Return a table of the stages of every pipeline that the client's CRM has today."""
    if handed.crm is None:
        return []
    say, steps = handed.say, handed.process.steps
    order, places = stage_order(handed.crm), map_steps(handed.crm, handed.process)
    owner = places.step_ix[places.codes] if places.is_described else np.full(len(order.kinds), -1)
    listed = ~np.isnan(order.positions) | ~order.table["stage"].duplicated().to_numpy()
    grids: dict[str, list[list[Cell]]] = {}
    codes = [int(one) for one in np.argsort(order.places) if listed[one]]
    for code in sorted(codes, key=lambda one: not _is_ours(order, owner, one)):  # those of the process first
        row, ours = order.table.iloc[code], _is_ours(order, owner, code)
        missing = handed.open if order.kinds[code] == OPEN and ours else "—"
        step = steps[owner[code]] if owner[code] >= 0 else None
        told = [step.name, handed.norm(step.norm)] if step else [missing, missing]
        kind = handed.words.message(KINDS[str(row["kind"])]) if row["kind"] in KINDS else "—"
        name = str(row["pipeline"]) if order.pipelines[code] >= 0 else ""
        title = say("Pipeline «{name}» today", name=name) if name else say("Stages of no listed pipeline")
        title = title if ours else say("Pipeline «{name}» today: not a part of this process", name=name)
        rows = grids.setdefault(title, [])
        rows.append([str(len(rows) + 1), str(row["stage"]), kind, *told])
    heads = [say("No."), say("CRM stage"), say("Kind"), say("Process step"), say("Time norm")]
    return [Grid(title, heads, rows, (0.9, 3.8, 2.8, 3.8, 2.6)) for title, rows in grids.items()]


def _is_ours(order: StageOrder, owner: Ints, code: int) -> bool:
    """Whether a stage stands in a pipeline that the process is kept in, or in none; all are, if none is."""
    pipeline = order.pipelines[code]
    return bool(pipeline < 0 or (owner < 0).all() or (owner[order.pipelines == pipeline] >= 0).any())


def _mapping(handed: Handed) -> Grid:
    """Return in which CRM stages every step is kept."""
    say = handed.say
    rows: list[list[Cell]] = []
    for step in handed.process.steps:
        results = handed.listed(one.text for one in step.outputs)
        rows.append([step.name, handed.crm_stages(step.crm_stages), handed.norm(step.norm), results])
    heads = [say("Process step"), say("CRM stages"), say("Time norm"), say("A deal leaves it with")]
    return Grid(say("Steps in the CRM"), heads, rows, (3, 3.4, 2.2, 6))


def _fields(handed: Handed) -> Grid:
    """Return what must be filled before a deal leaves a step; a field that the data lack is marked."""
    say = handed.say
    heads = [say("Process step"), say("Field"), say("Cards in the CRM")]
    rows: list[list[Cell]] = []
    for step in handed.process.steps:
        lost = missing_fields(handed, step)
        called = [
            say("{field} (not in the export)", field=name) if name in lost else name
            for name in handed.fields(step.required_fields)
        ]
        rows.append([step.name, called or handed.open, ", ".join(step.crm_entities) or "—"])
    return Grid(say("To be filled before a deal leaves the step"), heads, rows, (3.2, 5, 4.4))


def missing_fields(handed: Handed, step: Step) -> list[str]:
    """Return those fields of a step, as they are called, that the client's data do not have."""
    crm = handed.crm
    if crm is None:
        return []
    found = {name: deals_filled(crm, name, handed.headings) for name in step.required_fields}
    return handed.fields(name for name, rows in found.items() if rows is None)


def _automations(handed: Handed) -> Grid:
    say = handed.say
    rows = [[step.name, list(step.automations)] for step in handed.process.steps if step.automations]
    return Grid(say("What the CRM does by itself"), [say("Process step"), say("Automation")], rows, (3, 10))


def _rights(handed: Handed) -> Grid:
    """Return what every role does in the CRM; what it may do beyond that has to be agreed."""
    say, process = handed.say, handed.process
    called = {role.name: role.crm_role for role in process.roles}
    rows: list[list[Cell]] = []
    for role in process.role_names():
        parts = [
            [step.name for step in process.steps if role in roles_of(step, field)]
            for field in ("responsible", "task_setter", "result_users")
        ]
        if any(parts):
            rows.append(
                [
                    role,
                    role_text(handed.words, called.get(role, "")) or "—",
                    *(part or "—" for part in parts),
                    handed.open,
                ]
            )
    heads = [
        say("Role"), say("Role in the CRM"), say("Changes deals at"), say("Sets tasks at"),
        say("Sees the result of"), say("Further rights"),
    ]  # fmt: skip
    title = say("What roles do in the CRM; further rights are others' deals, export, deletion")
    return Grid(title, heads, rows, (2.3, 2, 3.2, 3.2, 3.2, 2.6))


def _gaps(handed: Handed) -> list[Gap]:
    """Return what the CRM has to know and nobody has said."""
    say, found = handed.say, handed.gaps(IN_CRM)
    found.append(Gap(say("Roles and rights"), (say("further rights of every role"),)))
    if handed.crm is None:
        return found
    places = map_steps(handed.crm, handed.process)
    for one in places.unknown:
        place = one.stage + (f" ({one.pipeline})" if one.pipeline else "")
        found.append(Gap(place, (say("the CRM has no such stage: create it, or correct the description"),)))
    for one in places.doubled:
        found.append(Gap(one.stage, (say("several steps name this CRM stage"),)))
    order = stage_order(handed.crm)
    owner = places.step_ix[places.codes] if places.is_described else np.full(len(order.kinds), -1)
    for code in places.undescribed:
        if _is_ours(order, owner, code):
            found.append(
                Gap(str(order.table["stage"].iloc[code]), (say("a CRM stage that belongs to no step"),))
            )
    for step in handed.process.steps:
        what = [
            say("the export has no field «{field}»: create or export it", field=name)
            for name in missing_fields(handed, step)
        ]
        found += [Gap(step.name, (one,)) for one in what]
    return found
