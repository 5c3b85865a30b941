"""The regulation: the written rules of a process, step by step, for the client to sign (METHOD 4.8)."""

from __future__ import annotations

from pathlib import Path

from crmkit.documents.changed import changes
from crmkit.documents.grids import Grid
from crmkit.documents.handed import Handed, roles_of
from crmkit.documents.sections import agreements, cover, crm_rules, measures, sub_processes
from crmkit.documents.word import Cell, WordDocument
from crmkit.errors import N_
from crmkit.process.description import Step, dead_ends

TERMS = (
    (N_("Process stage"), N_("A big block of the process. It has an owner and a condition of leaving it.")),
    (N_("Process step"), N_("A part of a stage, done by one role, with a result that can be checked.")),
    (N_("Result"), N_("What shows that the step is done: a document, filled-in data, money, an order.")),
    (N_("Responsible"), N_("The one role that answers for the result of the step and for its time.")),
    (N_("Key success factor"), N_("The condition that has to be met for the step to succeed.")),
    (N_("Time norm"), N_("How long the step may take, from its input to its result.")),
    (N_("KPI"), N_("The figure by which the work at the step is judged. Its target is the value wanted.")),
    (N_("CRM stage"), N_("Where the deal's card stands in the CRM while the step is done.")),
)


def write_regulation(handed: Handed, path: Path) -> None:
    """Write the regulation of a process as a Word document."""
    say = handed.say
    document = WordDocument(say("Regulation of the sales process"), client=handed.client, words=handed.words)
    cover(document, handed)
    document.contents()
    _purpose(document, handed)
    _terms_and_roles(document, handed)
    _at_a_glance(document, handed)
    document.heading(say("The steps"), new_page=True)
    for step in handed.process.steps:
        _step(document, handed, step)
    document.heading(say("Measures and control"))
    measures(handed).into(document, labelled=True)
    changed = changes(handed)
    if changed:
        document.heading(say("What changes"))
    for grid in changed:
        grid.into(document)
    agreements(document, handed, handed.gaps())
    _approval(document, handed)
    document.write(path)


def _purpose(document: WordDocument, handed: Handed) -> None:
    say, process = handed.say, handed.process
    document.heading(say("Purpose and scope"))
    document.text(
        say(
            "This regulation says how {client} sells: which steps a deal passes, who is responsible for each,"
            " how long it may take, and which result ends it. It binds everybody who holds one of the roles"
            " named below.",
            client=handed.client,
        )
    )
    begins = process.steps[0].inputs if process.steps else ()
    last = len(process.steps) - 1
    ends = [one.text for one in dead_ends(process, last)] if process.steps else []
    early = [f"{process.steps[ix].name}: {one.text}" for ix in range(last) for one in dead_ends(process, ix)]
    rows: list[tuple[str, Cell]] = [
        (say("The process begins with"), handed.listed(one.text for one in begins)),
        (say("It ends with"), handed.listed(ends)),
    ]
    if early:
        rows.append((say("It may end earlier"), early))
    document.facts(rows)


def _terms_and_roles(document: WordDocument, handed: Handed) -> None:
    say, message = handed.say, handed.words.message
    document.heading(say("Terms"))
    document.table(
        [say("Term"), say("Meaning")],
        [[message(term), message(meaning)] for term, meaning in TERMS],
        (3, 9),
        labelled=True,
    )
    document.heading(say("Roles"))
    parts = ("responsible", "task_setter", "result_users")
    rows = [
        [role, *(_parts_of(handed, role, field) or "—" for field in parts)]
        for role in handed.process.role_names()
    ]
    heads = [say("Role"), say("Responsible for"), say("Sets the task for"), say("Uses the result of")]
    if not rows:
        document.text(handed.open)
    Grid(say("Who takes part"), heads, rows, (3, 4, 4, 4)).into(document, labelled=True)


def _parts_of(handed: Handed, role: str, field: str) -> list[str]:
    """Return in which steps a role has a part; it may answer for stages and sub-processes too."""
    process, say = handed.process, handed.say
    found = [step.name for step in process.steps if role in roles_of(step, field)]
    if field == "responsible":
        found += [say("stage «{name}»", name=stage.name) for stage in process.stages if stage.owner == role]
        others = [one for step in process.steps for one in step.sub_processes if one.owner == role]
        found += [say("sub-process «{name}»", name=one.name) for one in others]
    return found


def _at_a_glance(document: WordDocument, handed: Handed) -> None:
    say, process = handed.say, handed.process
    document.heading(say("The process at a glance"))
    if process.stages:
        inside = {
            one.name: [step.name for step in process.steps if step.stage == one.name]
            for one in process.stages
        }
        stages = [
            [one.name, handed.told(one.owner), handed.told(one.exit), inside[one.name] or "—"]
            for one in process.stages
        ]
        heads = [say("Process stage"), say("Owner"), say("Exit condition"), say("Steps")]
        document.table(heads, stages, (2.8, 2.7, 5, 3.6), caption=say("Process stages"), labelled=True)
    steps = []
    for number, step in enumerate(process.steps, 1):
        results = handed.listed(one.text for one in step.outputs)
        steps.append([str(number), step.name, _who(handed, step), handed.norm(step.norm), results])
    heads = [say("No."), say("Step"), say("Responsible"), say("Time norm"), say("Result")]
    document.table(heads, steps, (0.9, 2.9, 2.9, 2.2, 6), caption=say("Process steps"))


def _who(handed: Handed, step: Step) -> str:
    return handed.told(", ".join(step.responsible))


def _step(document: WordDocument, handed: Handed, step: Step) -> None:
    say, head = handed.say, handed.heading
    document.heading(step.name, 2)
    rows: list[tuple[str, Cell]] = [
        *([(say("Process stage"), step.stage)] if step.stage else []),
        (head("goal"), handed.told(step.goal)),
        (head("responsible"), _who(handed, step)),
        (head("task_setter"), handed.told(step.task_setter)),
        (head("norm"), handed.norm(step.norm)),
        (head("inputs"), handed.listed(one.text for one in step.inputs)),
        (head("tasks"), handed.listed(step.tasks)),
        (head("actions"), handed.listed(step.actions)),
        (head("outputs"), handed.results(step.outputs)),
        (head("result_users"), handed.told(", ".join(step.result_users))),
        (head("key_success_factor"), handed.told(step.key_success_factor)),
        (head("kpi"), handed.told(step.kpi)),
        (head("target"), handed.told(step.target)),
        *crm_rules(handed, step),
    ]
    if step.optional:
        rows.append((say("May be skipped"), say("yes")))
    document.facts(rows)
    sub_processes(handed, [step]).into(document)


def _approval(document: WordDocument, handed: Handed) -> None:
    """Add the block of signatures: who approves, and every role that answers for a step."""
    say, process = handed.say, handed.process
    document.heading(say("Approval"))
    owners = [stage.owner for stage in process.stages if stage.owner]
    roles = dict.fromkeys([*owners, *(role for step in process.steps for role in step.responsible)])
    rows = [[say("Approved"), "", "", "", ""]]
    rows += [[say("Read and accepted"), role, "", "", ""] for role in roles]
    heads = [say("Status"), say("Role"), say("Name"), say("Signature"), say("Date")]
    document.table(heads, rows, (3, 3.2, 4, 3, 2.2))
