"""The flow diagram of a described process: a lane a role, a box a step, arrows onward (METHOD 4.8)."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from crmkit.present.drawing import WIDTH, Diagram
from crmkit.present.formats import Formats
from crmkit.present.lane_band import Band, Link, Place
from crmkit.present.process_texts import norm_text
from crmkit.present.shapes import Shape, Text, moved
from crmkit.present.tables import Column, Table
from crmkit.process.description import Process, Step, dead_ends, find_step, fold, following

COLUMNS = 4
"""How many steps stand side by side; more go into further bands below."""
SPACE = 26.0


def flow_diagram(process: Process, formats: Formats, *, name: str = "flow") -> Diagram:
    """Draw a described process.

    Steps stand in their order, from left to right, four to a band; each in the lane of its first responsible
    role, or in that of «not said». Where a step has several outcomes, each has a row of its own in its box,
    with an arrow to what follows, the number of a step in another band, or the mark of an end.
    """
    links = links_of(process)
    places = [_place(process, index, formats, links=links) for index in range(len(process.steps))]
    shapes: list[Shape] = []
    breaks, down = [], 0.0
    size = _columns(len(places))
    for start in range(0, len(places), size):
        if start:
            breaks.append(down - SPACE / 2)
        band = Band(places[start : start + size], links, formats, columns=size)
        shapes += [moved(shape, down) for shape in band.drawn()]
        down += band.height + SPACE
    if not places:
        shapes.append(
            Text(WIDTH / 2, 24, formats.words.say("There is nothing to draw."), "soft", 13, "middle")
        )
        down = 40 + SPACE
    title = _title(process, links, formats)
    alt = formats.words.say(
        "Flow diagram: {title}. {steps}", title=title.rstrip("."), steps="; ".join(_told(places, links))
    )
    table = _table(places, links, name=name, formats=formats)
    notes = _notes(process, links, formats)
    return Diagram(name, title, alt, WIDTH, down - SPACE + 2, tuple(shapes), notes, tuple(breaks), table)


def _columns(steps: int) -> int:
    """Return how many of these steps stand in each band: bands are about as long as one another."""
    bands = max(1, ceil(steps / COLUMNS))
    return max(1, ceil(steps / bands))


def links_of(process: Process) -> list[Link]:
    """Return what follows each step: to a step, or to an end (``target`` −1), with the outcome's text.

    A link has no text where the step has one way on only.
    """
    links = []
    for index, step in enumerate(process.steps):
        going = []
        for one in step.outputs:
            target = find_step(process, one.next_step) if one.next_step else None
            if target is not None:
                going.append((one.text, target))
        going = going or [("", target) for target in following(process, index)]
        ends = [(one.text, -1) for one in dead_ends(process, index)] or ([] if going else [("", -1)])
        last = index + 1 == len(process.steps)
        several = len(going) + len(ends) > 1
        for place, (text, target) in enumerate([*going, *ends]):
            aimed = last and place <= len(going)  # of the ends of the last step the first is what is aimed at
            handed = target >= 0 and fold(_role(step)) != fold(_role(process.steps[target]))
            links.append(Link(index, target, text if several else "", handed, aimed))
    return links


def _role(step: Step) -> str:
    return step.responsible[0] if step.responsible else ""


def _place(process: Process, index: int, formats: Formats, *, links: Sequence[Link]) -> Place:
    step, say = process.steps[index], formats.words.say
    rows = [link.text for link in links if link.source == index and link.text]
    said = []
    if step.norm is not None:
        said.append(say("norm: {norm}", norm=norm_text(step.norm, formats)))
    if len(step.responsible) > 1:
        said.append(say("together with: {roles}", roles=", ".join(step.responsible[1:])))
    if step.optional:
        said.append(say("may be skipped"))
    if not rows and step.outputs:
        said.append(say("output: {output}", output="; ".join(one.text for one in step.outputs)))
    others = []
    for part in step.sub_processes:
        whose = part.department or part.owner or say("another department")
        norm = f" ({norm_text(part.norm, formats)})" if part.norm else ""
        others.append(f"{whose}: {part.name}{norm}")
    role = next((_role(one) for one in process.steps if fold(_role(one)) == fold(_role(step))), "")
    return Place(
        index, step.name, step.stage, role or say("role not said"), tuple(said), tuple(others), step.optional
    )


def _title(process: Process, links: Sequence[Link], formats: Formats) -> str:
    words = formats.words
    handed = len({(link.source, link.target) for link in links if link.handed})
    return words.say(
        "{name}: {steps}, {roles}, {handed}",
        name=process.name,
        steps=words.plural("{n} step", "{n} steps", len(process.steps)),
        roles=words.plural("{n} role", "{n} roles", len({fold(_role(s)) for s in process.steps if _role(s)})),
        handed=words.plural("{n} hand-over", "{n} hand-overs", handed),
    )


def _notes(process: Process, links: Sequence[Link], formats: Formats) -> tuple[str, ...]:
    """Return how to read what is on the picture."""
    say, said = formats.words.say, []
    if any(link.handed for link in links):
        said.append(say("A thick orange arrow is a hand-over to another role."))
    size = _columns(len(process.steps))
    if any(link.source // size * size <= link.target <= link.source for link in links):
        said.append(say("A dashed arrow leads back."))
    if len(process.steps) > COLUMNS:
        said.append(say("An arrow with a number goes on at that step, in another band."))
    if any(link.target < 0 and not link.last for link in links):
        said.append(say("A cross is an outcome after which the deal goes no further."))
    if any(step.sub_processes for step in process.steps):
        said.append(say("A dashed grey row is work of another department."))
    return (" ".join(said),) if said else ()


def _told(places: Sequence[Place], links: Sequence[Link]) -> list[str]:
    """Return each step in words: its number, name and role, and where it leads."""
    told = []
    for place in places:
        to = [str(link.target + 1) for link in links if link.source == place.index and link.target >= 0]
        told.append(f"{place.index + 1}. {place.name} ({place.role})" + (f" → {', '.join(to)}" if to else ""))
    return told


def _table(places: Sequence[Place], links: Sequence[Link], *, name: str, formats: Formats) -> Table:
    say = formats.words.say
    cells = []
    for link in links:
        here = places[link.source]
        there = places[link.target].name if link.target >= 0 else say("the process ends")
        handed = places[link.target].role if link.handed else None
        cells.append((here.index + 1, here.name, here.role, link.text, there, handed or ""))
    columns = (
        Column("number", say("No."), "count"), Column("step", say("Step")),
        Column("role", say("Responsible")), Column("outcome", say("Outcome")),
        Column("next_step", say("What follows")), Column("handed", say("Handed over to")),
    )  # fmt: skip
    title = say("What follows each step, and who takes over")
    return Table(
        name, title, columns, tuple(cells), language=formats.language, currency=formats.currency, shown=60
    )
