"""One band of a flow diagram: up to four steps side by side, the lanes of their roles, the arrows between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from crmkit.present.drawing import WIDTH
from crmkit.present.formats import Formats
from crmkit.present.lettering import lines_of, text_width
from crmkit.present.shapes import Box, Line, Shape, Text

HEAD, TAG, TRACK, SLOT = 26.0, 26.0, 11.0, 8.0
#: The least space between boxes, the room of a number or a mark beside a box, that of an arrow's head.
GUTTER, PILL, TIP = 26.0, 34.0, 16.0
LARGEST = 230.0
SMALL, LEAD = 11.0, 13.5


@dataclass(frozen=True)
class Link:
    """What follows a step: positions of both (−1: the end), the outcome, whether another role takes over.

    ``last``: it follows the last step, as it should.
    """

    source: int
    target: int
    text: str
    handed: bool
    last: bool


@dataclass(frozen=True)
class Place:
    """A step as it stands in its box; ``others`` are sub-processes of other departments."""

    index: int
    name: str
    stage: str
    role: str
    said: tuple[str, ...]
    others: tuple[str, ...]
    optional: bool


@dataclass(frozen=True)
class _Row:
    """Lines of one kind in a box: where they begin below its top, and how high they are."""

    kind: str
    lines: tuple[str, ...]
    whole: str
    top: float
    height: float


class Band:
    """Lays a band out: columns for steps, rows for lanes, tracks above them for arrows that go round."""

    def __init__(
        self, places: Sequence[Place], links: Sequence[Link], formats: Formats, *, columns: int
    ) -> None:
        self.places, self.formats = places, formats
        self.first = places[0].index
        self.inside = range(self.first, self.first + len(places))
        self.links = [link for link in links if link.source in self.inside]
        self.arriving = [link for link in links if link.source not in self.inside]
        self.round = [link for link in self.links if self.goes_round(link)]
        self.gutters = [self.gutter(column) for column in range(len(places) + 1)]
        spare = WIDTH - 2 - sum(self.gutters) - (columns - len(places)) * GUTTER
        self.box = min(spare / columns, LARGEST)
        self.lefts = [1 + sum(self.gutters[: n + 1]) + n * self.box for n in range(len(places))]
        self.rows = [list(self.written(place)) for place in places]
        self.heights = [rows[-1].top + rows[-1].height + 8 for rows in self.rows]
        self.roles = list(dict.fromkeys(place.role for place in places))
        self.head = HEAD if any(place.stage for place in places) else 2.0
        top = self.head + TRACK * len(self.round) + (6 if self.round else 0)
        self.tops: dict[str, float] = {}
        for role in self.roles:
            self.tops[role] = top
            top += TAG + max(h for h, p in zip(self.heights, places, strict=True) if p.role == role) + 12
        self.height = top

    def goes_round(self, link: Link) -> bool:
        """Whether an arrow leads within the band to another step than the next one."""
        return link.target in self.inside and link.target != link.source + 1

    def uprights(self, column: int) -> list[tuple[Link, bool]]:
        """Return the arrows that go up or down left of a column, and whether they leave or arrive there."""
        leaving = [
            (link, True)
            for link in self.links
            if link.source - self.first + 1 == column and link.target in self.inside
        ]
        return leaving + [(link, False) for link in self.round if link.target - self.first == column]

    def has_pills(self, column: int) -> bool:
        """Whether a number or a mark stands left of a column, beside the box before it."""
        beside = [link for link in self.links if link.source - self.first + 1 == column]
        return any(link.target not in self.inside for link in beside)

    def gutter(self, column: int) -> float:
        """Return how wide the space left of a column is."""
        last = column == len(self.places)
        room = PILL * self.has_pills(column) + SLOT * len(self.uprights(column))
        return max(room + (6 if last else TIP), 8 if last else GUTTER if column else 14)

    def written(self, place: Place) -> Iterator[_Row]:
        """Break what stands in a box into lines, from its top down."""
        down, inner = 24.0, self.box - 16
        names = lines_of(place.name, inner, size=13, most=3, bold=True)
        yield _Row("name", tuple(names), place.name, down, 15.5 * len(names))
        down += 15.5 * len(names) + 2
        for text in place.said:
            lines = lines_of(text, inner, size=SMALL, most=4)
            yield _Row("said", tuple(lines), text, down, LEAD * len(lines))
            down += LEAD * len(lines) + 1
        for kind, texts in (("outcome", self.outcomes(place)), ("outside", place.others)):
            for text in texts:
                lines = lines_of(text, inner, size=SMALL, most=5)
                height = LEAD * max(len(lines), 1) + 8
                yield _Row(kind, tuple(lines), text, down + 4, height)
                down += height + 4

    def outcomes(self, place: Place) -> list[str]:
        """Return the texts of a step's outcomes, in the order of its arrows."""
        return [link.text for link in self.links if link.source == place.index and link.text]

    def top(self, index: int) -> float:
        """Return where the box of a step begins."""
        return self.tops[self.places[index - self.first].role] + TAG

    def entry(self, index: int) -> float:
        """Return the height at which arrows arrive at a step."""
        return self.top(index) + 14

    def exit(self, link: Link) -> float:
        """Return the height at which an arrow leaves: at the row of its outcome."""
        mine = [one for one in self.links if one.source == link.source]
        rows = [row for row in self.rows[link.source - self.first] if row.kind == "outcome"]
        if not rows:
            return self.entry(link.source)
        row = rows[next(n for n, one in enumerate(mine) if one is link)]
        return self.top(link.source) + row.top + row.height / 2

    def slot(self, link: Link, column: int, *, leaving: bool) -> float:
        """Return where left of a column an arrow goes up or down."""
        here = self.uprights(column)
        number = next(n for n, (one, out) in enumerate(here) if one is link and out is leaving)
        edge = self.lefts[column - 1] + self.box if column else 1
        return edge + PILL * self.has_pills(column) + SLOT * (number + 0.75)

    def drawn(self) -> Iterator[Shape]:
        """Return the shapes of the band: lanes, arrows, boxes."""
        yield from self.stages()
        for number, role in enumerate(self.roles):
            top = self.tops[role]
            below = self.tops[self.roles[number + 1]] if number + 1 < len(self.roles) else self.height
            yield Box(1, top, WIDTH - 2, below - top, "lane")
        for link in self.links:
            yield from self.arrow(link)
        for role in self.roles:
            name = "".join(lines_of(role, 300, most=1, bold=True))
            wide = text_width(name, bold=True) + 16
            yield Box(1, self.tops[role], wide, 19, "lane_name")
            yield Text(9, self.tops[role] + 14, name, bold=True, hint="" if name == role else role)
        for place in self.places:
            yield from self.step(place)

    def stages(self) -> Iterator[Shape]:
        """Write the names of the big blocks over their steps."""
        columns = enumerate(self.places)
        for stage, group in groupby(columns, key=lambda one: one[1].stage):
            numbers = [number for number, _ in group]
            left, right = self.lefts[numbers[0]], self.lefts[numbers[-1]] + self.box
            if stage:
                name = "".join(lines_of(stage, right - left, most=1, bold=True))
                yield Text(left, 14, name, "soft", 12, bold=True, hint="" if name == stage else stage)
                yield Line(((left, 20), (right, 20)), "rule", 2)

    def arrow(self, link: Link) -> Iterator[Shape]:
        """Draw where a step leads: an arrow, the number of a step in another band, or the mark of an end."""
        column = link.source - self.first
        edge, y = self.lefts[column] + self.box, self.exit(link)
        if link.target in self.inside:
            points = [(edge, y), (self.slot(link, column + 1, leaving=True), y)]
            there = link.target - self.first
            if self.goes_round(link):
                track = self.head + 2 + TRACK * (self.round.index(link) + 0.5)
                points += [(points[-1][0], track), (self.slot(link, there, leaving=False), track)]
            points += [(points[-1][0], self.entry(link.target)), (self.lefts[there], self.entry(link.target))]
            yield Line(tuple(points), _role(link), arrow=True, hint=link.text)
        elif link.target >= 0:
            yield Line(((edge, y), (edge + 6, y)), "handover" if link.handed else "flow")
            yield Box(edge + 5, y - 9, 28, 18, "handed_tag" if link.handed else "tag", 4)
            told = f"→{link.target + 1}"
            size = min(12.0, 25 / text_width(told, 1, bold=True))
            yield Text(edge + 19, y + 4, told, size=size, anchor="middle", bold=True)
        else:
            yield Line(((edge, y), (edge + 8, y)), "flow")
            yield Box(edge + 7, y - 8, 16, 16, "end" if link.last else "lost", 8)
            yield Text(
                edge + 15,
                y + 4,
                "■" if link.last else "×",
                "text" if link.last else "strong",
                12,
                "middle",
                bold=True,
            )

    def step(self, place: Place) -> Iterator[Shape]:
        """Draw the box of a step with all that stands in it."""
        column = place.index - self.first
        left, top, rows = self.lefts[column], self.top(place.index), self.rows[column]
        yield Box(left, top, self.box, self.heights[column], "optional" if place.optional else "step", 5)
        number = str(place.index + 1)
        yield Box(left + 8, top + 6, text_width(number, bold=True) + 12, 16, "number", 3)
        yield Text(left + 14, top + 18, number, "light", 12, bold=True)
        sources = dict.fromkeys(link.source + 1 for link in self.arriving if link.target == place.index)
        if sources:
            told = "← " + ", ".join(map(str, sources))
            told = "".join(lines_of(told, self.box - 50, size=SMALL, most=1))
            yield Text(left + self.box - 8, top + 18, told, "soft", SMALL, "end")
        for row in rows:
            hint = row.whole if row.lines and row.lines[-1].endswith("…") else ""
            down = top + row.top
            if row.kind in ("outcome", "outside"):
                yield Box(left + 3, down, self.box - 6, row.height, row.kind, 3, hint)
                down += 4
            size, lead, ink = (13.0, 15.5, "text") if row.kind == "name" else (SMALL, LEAD, "text")
            ink = "soft" if row.kind == "said" else ink
            for count, line in enumerate(row.lines):
                y = down + lead * count + size - 1
                yield Text(left + 8, y, line, ink, size, bold=row.kind == "name", hint=hint)


def _role(link: Link) -> str:
    back = link.target <= link.source
    if link.handed:
        return "handed_back" if back else "handover"
    return "back" if back else "flow"
