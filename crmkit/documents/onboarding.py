"""The onboarding sheet: what a newcomer to a role has to know, and a plan of the first weeks (METHOD 4.8)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crmkit.documents.grids import Grid
from crmkit.documents.handed import ASKED, Handed, roles_of
from crmkit.documents.sections import agreements, cover, crm_rules
from crmkit.documents.word import Cell, WordDocument
from crmkit.process.description import Step

MATTER = tuple(name for name in ASKED if name not in ("goal", "tasks", "expected_conversion"))
"""What a newcomer has to be told of a step."""


def write_onboarding(handed: Handed, path: Path) -> None:
    """Write a chapter for every role that answers for a step, each from a new page."""
    say, process = handed.say, handed.process
    document = WordDocument(say("Onboarding of a new rep"), client=handed.client, words=handed.words)
    cover(document, handed)
    document.text(
        say(
            "Print the chapter of the role and go through it with the newcomer. The boxes are ticked by the"
            " mentor when the newcomer has shown it in the work, not when it has been explained."
        )
    )
    roles = [role for role in process.role_names() if _own(handed, role)]
    if not roles:
        document.text(say("No role answers for a step yet: agree first who is responsible."))
    if len(roles) > 1:
        document.contents()
    for number, role in enumerate(roles):
        document.heading(role, new_page=number > 0 or len(roles) > 1)
        _role(document, handed, role)
    agreements(document, handed, handed.gaps(MATTER))
    document.write(path)


def _own(handed: Handed, role: str) -> list[Step]:
    return [step for step in handed.process.steps if role in step.responsible]


def _role(document: WordDocument, handed: Handed, role: str) -> None:
    """Add a role's chapter: who, its steps, the rules of the CRM, the plan."""
    say, steps = handed.say, _own(handed, role)
    document.facts(
        [
            (say("Newcomer"), ""),
            (say("Mentor"), ""),
            (say("First day"), ""),
            (say("Your steps"), ", ".join(step.name for step in steps)),
            (say("Tasks are set to you by"), handed.told(", ".join(_setters(steps, role)))),
            (say("Your results are used by"), handed.told(", ".join(_users(steps, role)))),
        ]
    )
    document.heading(say("Your work step by step"), 2)
    for step in steps:
        document.heading(step.name, 3)
        document.facts(_card(handed, step))
    document.heading(say("Plan of the first weeks"), 2)
    _plan(handed, steps).into(document)


def _setters(steps: Sequence[Step], role: str) -> list[str]:
    return list(
        dict.fromkeys(one for step in steps for one in roles_of(step, "task_setter") if one not in ("", role))
    )


def _users(steps: Sequence[Step], role: str) -> list[str]:
    return list(dict.fromkeys(one for step in steps for one in step.result_users if one != role))


def _card(handed: Handed, step: Step) -> list[tuple[str, Cell]]:
    say, head = handed.say, handed.heading
    return [
        (say("You begin when"), handed.listed(one.text for one in step.inputs)),
        (say("What you do"), handed.listed(step.actions or step.tasks)),
        (say("A good result"), handed.listed(one.text for one in step.outputs)),
        (head("key_success_factor"), handed.told(step.key_success_factor)),
        (head("norm"), handed.norm(step.norm)),
        (head("kpi"), handed.told(step.kpi)),
        (head("target"), handed.told(step.target)),
        *crm_rules(handed, step),
        *([(say("Take care"), list(step.problems))] if step.problems else []),
    ]


def _plan(handed: Handed, steps: Sequence[Step]) -> Grid:
    """Return the plan: learn and watch, then work with the mentor, then alone, then look at the figures."""
    say = handed.say
    first, second, third = say("Week 1"), say("Week 2"), say("Week 3")
    rows: list[list[str]] = [
        [first, say("Has read the regulation and can name the steps of the process in their order")],
        [first, say("Has access to the CRM and can find a deal, a task and the own list of work")],
    ]
    for step in steps:
        rows.append(
            [first, say("Has watched a colleague at «{step}» and can name its result", step=step.name)]
        )
    for step in steps:
        rows.append(
            [second, say("Has done «{step}» with the mentor, all required fields filled in", step=step.name)]
        )
    for step in steps:
        norm = handed.norm(step.norm)
        rows.append([third, say("Has done «{step}» alone; time norm: {norm}", step=step.name, norm=norm)])
    rows.append(
        [say("End of week 3"), say("Mentor and newcomer have gone through the KPIs of the own steps")]
    )
    heads = ["", say("When"), say("What is shown"), say("Date"), say("Mentor")]
    return Grid(
        say("What the mentor ticks off"), heads, [["☐", *row, "", ""] for row in rows], (0.7, 2.2, 8, 2, 2.4)
    )
