"""Where the boxes, ways and labels of a process map stand, so that no two of them meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crmkit.present.drawing import WIDTH
from crmkit.present.formats import Formats
from crmkit.present.lettering import lines_of, text_width
from crmkit.present.shapes import Box, Line, Shape, Text
from crmkit.present.texts import NBSP
from crmkit.present.units import short_span

ROW, TRACK, GAP, TOP, EDGE = 20.0, 13.0, 40.0, 34.0, 8.0
NARROWEST, WIDEST = 210.0, 290.0
#: How far from its box a label begins, and the room that the mark of a lost end takes behind it.
ASIDE, MARK = 14.0, 28.0


@dataclass(frozen=True)
class Node:
    """A stage of the map: its name, its kind, what is said under the name."""

    name: str
    kind: str
    said: str


@dataclass(frozen=True)
class Move:
    """A way between two stages (their places on the line): how often, how many timed, the median time."""

    source: int
    target: int
    n: int
    timed: int
    days: float | None


@dataclass
class _Place:
    """Where a stage stands, and in which rows beside it its moves leave and arrive."""

    top: float = 0.0
    height: float = 0.0
    ahead: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    from_left: bool = False
    from_right: bool = False

    @property
    def rows(self) -> int:
        """How many rows the busier side needs."""
        return max(len(self.ahead) + self.from_right, len(self.back) + self.from_left)

    @property
    def bottom(self) -> float:
        """Where its box ends."""
        return self.top + self.height

    def row(self, number: int) -> float:
        """Return the height of a row."""
        return self.top + self.height / 2 + ROW * (number - (self.rows - 1) / 2)

    def out(self, move: int) -> float:
        """Return the height at which a move leaves: on the right below those that arrive."""
        if move in self.ahead:
            return self.row(self.from_right + self.ahead.index(move))
        return self.row(self.back.index(move))

    def into(self, *, right: bool) -> float:
        """Return the height at which moves arrive: on the right above those that leave, on the left below."""
        return self.row(0 if right else len(self.back))


class MapLayout:
    """The map: boxes down the page, beside them rows with labels, beyond those tracks for the ways."""

    def __init__(self, nodes: Sequence[Node], moves: Sequence[Move], formats: Formats) -> None:
        self.nodes, self.moves, self.formats = nodes, moves, formats
        self.most = max((move.n for move in moves), default=1)
        self.lost = [index for index, node in enumerate(nodes) if node.kind == "lost"]
        self.labels = [self.label(move) for move in moves]
        self.places = [_Place() for _ in nodes]
        for index, move in enumerate(moves):
            self.attach(index, move)
        for here in self.places:
            here.ahead.sort(key=lambda index: (self.is_end(moves[index]), -moves[index].target))
            here.back.sort(key=lambda index: -moves[index].target)
        say = formats.words.say
        self.heads = say("went back"), say("jumped ahead, or lost") if self.lost else say("jumped ahead")
        self.left = self.wide([index for here in self.places for index in here.back], self.heads[0])
        self.right = self.wide([index for here in self.places for index in here.ahead], self.heads[1])
        self.stack(NARROWEST)
        self.ahead, self.back = self.tracks(right=True), self.tracks(right=False)
        sides = [TRACK * (max(of.values(), default=-1) + 1) for of in (self.back, self.ahead)]
        self.start = EDGE + sides[0] + self.left
        room = WIDTH - self.start - self.right - sides[1] - EDGE
        self.box = min(max(room, NARROWEST), WIDEST)
        self.end = self.start + self.box
        self.width = self.end + self.right + sides[1] + EDGE
        self.height = self.stack(self.box)

    def is_end(self, move: Move) -> bool:
        """Whether a move ends in a lost stage, and so in a mark."""
        return self.nodes[move.target].kind == "lost" and move.source != move.target

    def attach(self, index: int, move: Move) -> None:
        """Give a move its rows; a move to the next stage needs none."""
        here, there = self.places[move.source], self.places[move.target]
        if self.is_end(move):
            here.ahead.append(index)
        elif move.target > move.source + 1:
            here.ahead.append(index)
            there.from_right = True
        elif move.target <= move.source:
            here.back.append(index)
            there.from_left |= move.target < move.source

    def label(self, move: Move) -> str:
        """Return what stands on an arrow: how many times, and the median time."""
        count = self.formats.count(move.n)
        return (
            count
            if move.days is None
            else f"{count} · {short_span(self.formats, move.days)}".replace(" ", NBSP)
        )

    def wide(self, moves: Sequence[int], heading: str) -> float:
        """Return how wide the labels of these moves and their heading are with the space around them."""
        marked = [MARK if self.is_end(self.moves[index]) else 12 for index in moves]
        labels = [text_width(self.labels[index]) for index in moves]
        rooms = [ASIDE + label + room for label, room in zip(labels, marked, strict=True)]
        return max([*rooms, text_width(heading, bold=True) + 12]) if moves else EDGE

    def stack(self, box: float) -> float:
        """Place the stages one under another; return where the map ends."""
        direct = {move.source for move in self.moves if self.is_direct(move)}
        down = TOP
        for index, (node, here) in enumerate(zip(self.nodes, self.places, strict=True)):
            names, said = _lines(node, box)
            here.top = down
            here.height = max(16.0 * len(names) + 15.0 * len(said) + 14, ROW * here.rows + 6)
            down = here.bottom + (GAP if index in direct else 16)
        return down - 4

    def is_direct(self, move: Move) -> bool:
        """Whether a move leads to the stage that stands next, and so straight down."""
        return move.target == move.source + 1 and not self.is_end(move)

    def tracks(self, *, right: bool) -> dict[int, int]:
        """Return for each move of a side its track, counted from the boxes: the shortest are nearest."""
        spans = {}
        for index, move in enumerate(self.moves):
            here, there = self.places[move.source], self.places[move.target]
            jumps = index in here.ahead if right else index in here.back and move.source != move.target
            if jumps and not self.is_end(move):
                spans[index] = sorted((here.out(index), there.into(right=right)))
        taken: list[list[list[float]]] = []
        found = {}
        for index in sorted(spans, key=lambda index: (spans[index][1] - spans[index][0], index)):
            low, high = spans[index]
            free = (n for n, t in enumerate(taken) if all(high + 6 < a or low - 6 > b for a, b in t))
            track = next(free, len(taken))
            if track == len(taken):
                taken.append([])
            taken[track].append([low, high])
            found[index] = track
        return found

    def drawn(self) -> tuple[Shape, ...]:
        """Return the shapes: ways first, labels on them, boxes on top."""
        parts = [list(self.way(index, move)) for index, move in enumerate(self.moves)]
        by_n = sorted(range(len(parts)), key=lambda index: -self.moves[index].n)
        ways = [shape for index in by_n for shape in parts[index] if isinstance(shape, Line)]
        labels = [shape for part in parts for shape in part if not isinstance(shape, Line)]
        boxes = [shape for index in range(len(self.nodes)) for shape in self.stage(index)]
        return (*self.headings(), *ways, *labels, *boxes)

    def gaps(self) -> list[float]:
        """Return at which heights the map may be cut."""
        return [here.bottom + 3 for here in self.places[:-1]]

    def headings(self) -> Iterator[Shape]:
        """Say what stands on which side."""
        if self.left > EDGE:
            yield Text(self.start - 8, 16, self.heads[0], "strong", 12, "end", bold=True)
        if self.right > EDGE:
            yield Text(self.end + 8, 16, self.heads[1], "soft", 12, bold=True)

    def way(self, index: int, move: Move) -> Iterator[Shape]:
        """Draw a move: its line, the label on it, and the mark of a lost end."""
        here, there, label = self.places[move.source], self.places[move.target], self.labels[index]
        wide, width = text_width(label), 1 + 5.5 * move.n / self.most
        role = f"move_{min(3, int(4 * move.n / self.most))}"
        hint = f"{self.nodes[move.source].name} → {self.nodes[move.target].name}"
        if self.is_direct(move):
            middle = (self.start + self.end) / 2
            yield Line(((middle, here.bottom), (middle, there.top)), role, width, arrow=True, hint=hint)
            yield Text(middle + 9, (here.bottom + there.top) / 2 + 3, label, hint=hint)
            return
        right = index in here.ahead
        side, sign, y = (self.end, 1, here.out(index)) if right else (self.start, -1, here.out(index))
        if self.is_end(move):
            yield Line(((side, y), (side + ASIDE + wide + 12, y)), role, width, hint=hint)
            yield from self.mark(side + ASIDE + wide + 17, y, move.target)
        elif move.source == move.target:
            yield Line(((side, y), (side - ASIDE, y)), "back", hint=hint)
        else:
            tracks, room = (self.ahead, self.right) if right else (self.back, self.left)
            x, into = side + sign * (room + TRACK * (tracks[index] + 0.5)), there.into(right=right)
            points = ((side, y), (x, y), (x, into), (side, into))
            yield Line(points, role if right else "return", width, arrow=True, hint=hint)
        start = side + ASIDE if right else side - ASIDE - wide
        yield Box(start - 3, y - 7, wide + 6, 14, "paper")
        yield Text(start, y + 4, label, hint=hint)

    def mark(self, x: float, y: float, target: int) -> Iterator[Shape]:
        """Draw the mark of a lost stage; where there are several, its number."""
        yield Box(x - 8, y - 8, 16, 16, "lost", 8)
        sign = str(self.lost.index(target) + 1) if len(self.lost) > 1 else "×"
        yield Text(x, y + 4, sign, "strong", 12, "middle", bold=True, hint=self.nodes[target].name)

    def stage(self, index: int) -> Iterator[Shape]:
        """Draw the box of a stage with its name."""
        node, here = self.nodes[index], self.places[index]
        kind = {"open": "step"}.get(node.kind, node.kind)
        names, said = _lines(node, self.box)
        hint = node.name if names and names[-1].endswith("…") else ""
        yield Box(self.start, here.top, self.box, here.height, kind, 5)
        middle = (self.start + self.end) / 2
        y = here.top + (here.height - 16 * len(names) - 15 * len(said)) / 2 + 12
        for number, line in enumerate(names):
            yield Text(middle, y + 16 * number, line, "text", 13, "middle", bold=True, hint=hint)
        for number, line in enumerate(said):
            yield Text(middle, y + 16 * len(names) + 15 * number, line, "soft", 12, "middle")
        if index in self.lost:
            yield from self.mark(self.start + 20, here.top + here.height / 2, index)


def _lines(node: Node, box: float) -> tuple[list[str], list[str]]:
    """Return the lines of a name, and of what is said under it."""
    room = box - (70 if node.kind == "lost" else 26)
    return lines_of(node.name, room, size=13, most=3, bold=True), lines_of(node.said, room, most=2)
