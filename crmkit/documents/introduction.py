"""The introduction plan: five steps by which a process comes into use, with dates and check points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from crmkit.documents.changed import in_short
from crmkit.documents.grids import Grid
from crmkit.documents.handed import Gap, Handed
from crmkit.documents.sections import agreements, cover, measures
from crmkit.documents.word import Cell, WordDocument
from crmkit.errors import N_, Message, fold
from crmkit.present.texts import MINUS


@dataclass(frozen=True)
class Phase:
    """One of the five steps: what is done, between which days (0: in force), how one sees that it is."""

    name: Message
    first: int
    last: int
    done: Message


PHASES = (
    Phase(
        N_("Set KPIs for every step"), -21, -15,
        N_("Every step has a KPI, a target and a time norm, agreed with the head of sales."),
    ),
    Phase(
        N_("Put the regulation into force"), -14, -8,
        N_("No point is left open, everybody has signed, the CRM is set up by the brief."),
    ),
    Phase(
        N_("Explain the goals"), -7, -1,
        N_("Everybody can say what changes in the own work and why."),
    ),
    Phase(
        N_("Accompany the work"), 0, 21,
        N_("Every role has had its first results by the new rules."),
    ),
    Phase(
        N_("Analyse and correct"), 22, 28,
        N_("Every step is compared with its target, and the corrections are decided."),
    ),
)  # fmt: skip
"""Source: METHOD 4.8"""

WEEKS = 3


def write_introduction(handed: Handed, path: Path) -> None:
    """Write the plan of bringing a process into use as a Word document."""
    say = handed.say
    document = WordDocument(say("Plan of introducing the process"), client=handed.client, words=handed.words)
    cover(document, handed)
    document.contents()
    document.heading(say("The plan at a glance"))
    document.text(
        say(
            "The dates are counted from the day on which the process comes into force and are a proposal:"
            " three weeks to prepare, three weeks beside the people, then a week to draw conclusions."
        )
    )
    _overview(handed).into(document)
    if handed.focus:
        document.heading(say("What to improve first"))
    for line in handed.focus:
        document.text(line)
    for phase, write in zip(PHASES, (_kpis, _regulation, _goals, _accompany, _analyse), strict=True):
        document.heading(handed.words.message(phase.name))
        when, done = days(handed, phase.first, phase.last), handed.words.message(phase.done)
        document.facts([(say("When"), when), (say("Owner"), handed.open), (say("Done when"), done)])
        write(document, handed)
    if handed.cards:
        document.heading(say("Improvements under way (PDCA)"), new_page=True)
        for card in handed.cards:
            card.into(document)
    owners = [Gap(handed.words.message(phase.name), (say("Owner"),)) for phase in PHASES]
    agreements(document, handed, [*owners, *handed.gaps()])
    document.write(path)


def days(handed: Handed, first: int, last: int) -> str:
    """Return a span of days: as dates if the day in force is known, else counted from it."""
    start = handed.process.dated
    if start is None:
        ends = [
            handed.say("day {n}", n=f"{day:+d}".replace("-", MINUS) if day else "0") for day in (first, last)
        ]
    else:
        ends = [handed.formats.day(start + timedelta(days=day)) for day in (first, last)]
    return ends[0] if first == last else f"{ends[0]} – {ends[1]}"


def _overview(handed: Handed) -> Grid:
    say, message = handed.say, handed.words.message
    rows: list[list[Cell]] = [
        [str(number), message(one.name), days(handed, one.first, one.last), handed.open, message(one.done)]
        for number, one in enumerate(PHASES, 1)
    ]
    heads = [say("No."), say("Step of the plan"), say("When"), say("Owner"), say("Done when")]
    return Grid(say("Five steps"), heads, rows, (0.9, 3.2, 3.2, 2.2, 5))


def _kpis(document: WordDocument, handed: Handed) -> None:
    document.text(
        handed.say(
            "Go through the table with those who answer for the steps; change a target only together with its"
            " owner."
        )
    )
    measures(handed).into(document, labelled=True)


def _regulation(document: WordDocument, handed: Handed) -> None:
    say, steps, plural = handed.say, handed.process.steps, handed.words.plural
    gaps = sum(len(gap.what) for gap in handed.gaps())
    fields = len({fold(name) for step in steps for name in step.required_fields})
    acts = sum(len(step.automations) for step in steps)
    items = [say("Read the regulation through once more: it has no open points")]
    if gaps:
        items = [
            plural(
                "Settle {n} open point of the regulation", "Settle {n} open points of the regulation", gaps
            )
        ]
    items += [
        say("Have the regulation signed by: {roles}", roles=handed.told(", ".join(responsible(handed)))),
        plural("Set up {n} required field in the CRM", "Set up {n} required fields in the CRM", fields),
        plural("Set up {n} automation in the CRM", "Set up {n} automations in the CRM", acts),
        say("Settle the open questions of the CRM brief, and check the rights of every role"),
    ]
    document.items(items, "CheckList")


def responsible(handed: Handed) -> list[str]:
    """Return the roles that answer for a step, in order."""
    return list(dict.fromkeys(role for step in handed.process.steps for role in step.responsible))


def _goals(document: WordDocument, handed: Handed) -> None:
    say = handed.say
    meeting = say(
        "Hold a meeting of the whole department: why the process changes, what is expected, by what it is"
        " judged"
    )
    own = say("Go through the own steps with every role, by the onboarding sheet")
    doubts = say("Write down questions and objections, and answer each before the process comes into force")
    document.items([meeting, own, doubts], "CheckList")
    rows: list[list[Cell]] = []
    for step in handed.process.steps:
        who = handed.told(", ".join(step.responsible))
        rows.append([step.name, who, handed.told(step.goal), handed.told(step.key_success_factor)])
    heads = [say("Step"), say("Responsible"), say("Goal"), say("Key success factor")]
    Grid(say("What to explain"), heads, rows, (2.6, 2.9, 4.6, 4.9)).into(document, labelled=True)
    in_short(handed).into(document, labelled=True)


def _accompany(document: WordDocument, handed: Handed) -> None:
    say = handed.say
    document.text(
        say("People believe in new rules when they have had a result by them: stay beside them until then.")
    )
    rows: list[list[Cell]] = []
    for week in range(1, WEEKS + 1):
        when = days(handed, 7 * week, 7 * week)
        for role in responsible(handed):
            steps = [step.name for step in handed.process.steps if role in step.responsible]
            rows.append(["☐", when, role, ", ".join(steps), ""])
    heads = [
        "",
        say("Check point"),
        say("Role"),
        say("Look at deals in these steps"),
        say("What was seen, what was agreed"),
    ]
    title = say("Once a week with every role: order of steps, results, required fields, time norms")
    Grid(title, heads, rows, (0.7, 2.6, 2.6, 4.4, 5)).into(document)


def _analyse(document: WordDocument, handed: Handed) -> None:
    say, head = handed.say, handed.heading
    document.text(
        say(
            "Make the report of the kit again and compare. Improve one step at a time, the most pressing one."
        )
    )
    rows: list[list[Cell]] = []
    for step in handed.process.steps:
        told = [step.name, handed.told(step.target), handed.norm(step.norm)]
        rows.append([*told, handed.share(step.expected_conversion), "", ""])
    heads = [
        say("Step"),
        head("target"),
        head("norm"),
        head("expected_conversion"),
        say("Measured"),
        say("Decision"),
    ]
    Grid(say("Planned and measured"), heads, rows, (2.9, 3.4, 2.4, 2.4, 2, 2.6)).into(document, labelled=True)
