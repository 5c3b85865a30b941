"""Parts that several of the documents have: first page, rules of the CRM, figures, open points."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.documents.grids import Grid
from crmkit.documents.handed import Gap, Handed
from crmkit.documents.word import Cell, WordDocument
from crmkit.process.description import Step


def cover(document: WordDocument, handed: Handed) -> None:
    """Begin a document with what it is about: process, version and date."""
    say = handed.say
    facts = [(say("Client"), handed.client), (say("Version"), handed.version())]
    document.cover(handed.process.name, [*facts, (say("In force from"), handed.dated())])


def crm_rules(handed: Handed, step: Step) -> list[tuple[str, Cell]]:
    """Return what a step wants of the CRM, with labels."""
    say = handed.say
    rows: list[tuple[str, Cell]] = [
        (handed.heading("crm_stages"), handed.crm_stages(step.crm_stages)),
        (handed.heading("required_fields"), handed.told(", ".join(handed.fields(step.required_fields)))),
    ]
    if step.crm_entities:
        rows.append((say("Cards in the CRM"), ", ".join(step.crm_entities)))
    if step.automations:
        rows.append((say("The CRM does by itself"), list(step.automations)))
    return rows


def sub_processes(handed: Handed, steps: Sequence[Step]) -> Grid:
    """Return what other departments do for steps; for a single one its name is left out."""
    say, alone = handed.say, len(steps) == 1
    rows: list[list[Cell]] = []
    for step in steps:
        for one in step.sub_processes:
            told: list[Cell] = [step.name, one.name, handed.told(one.department), handed.told(one.owner)]
            rows.append([*told, handed.norm(one.norm), handed.told(one.kpi)][alone:])
    heads = [say("Step"), say("What is done"), say("Department"), say("Owner"), say("Time norm"), say("KPI")]
    title = say("Sub-processes of other departments")
    return Grid(title, heads[alone:], rows, (2.3, 2.8, 2.7, 2.4, 2.4, 2.5)[alone:])


def measures(handed: Handed) -> Grid:
    """Return what every step is measured by."""
    head = handed.heading
    rows: list[list[Cell]] = []
    for step in handed.process.steps:
        told = [step.name, handed.told(step.kpi), handed.told(step.target), handed.norm(step.norm)]
        rows.append([*told, handed.share(step.expected_conversion)])
    heads = [handed.say("Step"), head("kpi"), head("target"), head("norm"), head("expected_conversion")]
    return Grid(handed.say("What every step is measured by"), heads, rows, (2.9, 3.7, 3.7, 2.4, 2.3))


def open_points(handed: Handed, gaps: Sequence[Gap]) -> Grid:
    """Return all that the description leaves open, with boxes to tick."""
    say = handed.say
    rows = [["☐", gap.place, ", ".join(gap.what), ""] for gap in gaps]
    heads = ["", say("Where"), say("What is missing"), say("Agreed")]
    return Grid(say("Open points"), heads, rows, (0.6, 3.6, 6, 3))


def agreements(document: WordDocument, handed: Handed, gaps: Sequence[Gap]) -> None:
    """Add a section of all that the description leaves open, if there is anything."""
    if gaps:
        document.heading(handed.say("To be agreed"))
        document.text(
            handed.say(
                "The description does not say this yet. Settle every point before the document is signed."
            )
        )
        open_points(handed, gaps).into(document)
