"""The responsibility matrix: for every step who answers for it, who sets the task, who uses the result."""

from __future__ import annotations

from pathlib import Path

from crmkit.documents.grids import Grid
from crmkit.documents.handed import Handed, roles_of
from crmkit.documents.sections import agreements, cover, sub_processes
from crmkit.documents.word import WordDocument
from crmkit.errors import N_

MARKS = {"responsible": N_("R"), "task_setter": N_("T"), "result_users": N_("U")}
"""The letters of the matrix: responsible, sets the task, uses the result."""

MOST_ROLES = 8
"""How many roles fit beside one another on a sheet; more go into further tables."""


def write_responsibility(handed: Handed, path: Path) -> None:
    """Write the matrix as a Word document on lying sheets."""
    say, process = handed.say, handed.process
    document = WordDocument(
        say("Responsibility matrix"), client=handed.client, words=handed.words, landscape=True
    )
    cover(document, handed)
    document.heading(say("Who does what at which step"))
    document.text(legend(handed))
    for grid in matrices(handed):
        grid.into(document, labelled=True, marks=1)
    others = sub_processes(handed, process.steps)
    if others.rows:
        document.heading(say("What other departments do"))
        others.into(document, labelled=True)
    agreements(document, handed, handed.gaps(MARKS))
    document.write(path)


def legend(handed: Handed) -> str:
    """Return what the letters mean."""
    told = [f"{handed.words.message(MARKS[field])} — {handed.heading(field).lower()}" for field in MARKS]
    return "; ".join(told) + "."


def matrices(handed: Handed, most: int = MOST_ROLES) -> list[Grid]:
    """Return the matrix, cut into tables of at most so many roles; roles without a part are left out."""
    process, say = handed.process, handed.say
    taking = [
        role
        for role in process.role_names()
        if any(role in roles_of(step, field) for step in process.steps for field in MARKS)
    ]
    title = say("Steps and roles")
    made = []
    for first in range(0, max(len(taking), 1), most):
        roles = taking[first : first + most]
        rows = [
            [step.name, *(_marks(handed, step_ix, role) for role in roles)]
            for step_ix, step in enumerate(process.steps)
        ]
        made.append(Grid(title, [say("Step"), *roles], rows, [2.6] + [1.5] * len(roles)))
    return made


def _marks(handed: Handed, step_ix: int, role: str) -> str:
    step = handed.process.steps[step_ix]
    return ", ".join(handed.words.message(MARKS[field]) for field in MARKS if role in roles_of(step, field))
