"""Where the parts of a process stand on a BPMN diagram: a lane for each role, a column for each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from crmkit.present.texts import clean, shorten
from crmkit.process.description import Process, dead_ends, find_step, following

TASK, GATE, EVENT = (150, 80), (50, 50), (36, 36)
LEFT, TOP, HEAD = 190, 80, 30
AFTER_TASK, AFTER_GATE, GAP, LINE = 40, 220, 70, 17
CHANNEL, SPACE = 106, 30

Kind = Literal["task", "gate", "start", "end", "note"]


class Box(NamedTuple):
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Node:
    """A part with a place; ``step`` is the position of its step."""

    id: str
    kind: Kind
    name: str
    lane: int
    step: int
    box: Box


@dataclass(frozen=True)
class Flow:
    """An arrow from one part to another, by its corners."""

    id: str
    source: str
    target: str
    name: str
    points: tuple[tuple[float, float], ...]


@dataclass
class Plan:
    """Lanes (name, box), parts and arrows; ``notes`` are tied to their tasks."""

    lanes: list[tuple[str, Box]]
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    notes: list[Flow] = field(default_factory=list)

    @property
    def width(self) -> float:
        """How wide the whole is."""
        return self.lanes[0][1].width + HEAD


def plan_of(process: Process, *, nobody: str, start: str, end: str) -> Plan:
    """Return the plan of a process with at least one step.

    Parameters
    ----------
    nobody: the lane of steps that nobody is responsible for. start, end: names of events that have no other.
    """
    owners = [step.responsible[0] if step.responsible else nobody for step in process.steps]
    roles = [name for name in process.role_names() if name in owners]
    roles += [nobody] * (nobody in owners and nobody not in roles)
    columns, width = _columns(process)
    plan = Plan(_lanes(process, owners, roles, width))
    for ix, step in enumerate(process.steps):
        lane = roles.index(owners[ix])
        _place_step(process, plan, (ix, lane, columns[ix]), end)
        if ix == 0:
            name = "; ".join(one.text for one in step.inputs) or start
            y = plan.nodes["step_1"].box.middle[1] - EVENT[1] / 2
            plan.nodes["start"] = Node("start", "start", _short(name), lane, 0, Box(LEFT - 90, y, *EVENT))
    _join(process, plan)
    return plan


def branches(process: Process, ix: int) -> bool:
    """Tell whether a step ends in a choice: several ways on, or a way on and an end."""
    return len(following(process, ix)) + len(_ends(process, ix)) > 1


def _ends(process: Process, ix: int) -> list[str]:
    """Return the names of the ends behind a step; the last step has at least one."""
    texts = [one.text for one in dead_ends(process, ix)]
    return texts if following(process, ix) else texts or [""]


def _short(text: str, width: int = 120) -> str:
    return shorten(clean(text), width)


def note_of(process: Process, ix: int) -> list[str]:
    """Return a line for what each other department does in a step."""
    parts = process.steps[ix].sub_processes
    return [": ".join(part for part in (one.department or one.owner, one.name) if part) for one in parts]


def _columns(process: Process) -> tuple[list[float], float]:
    """Return where each step's column begins, and where the last one ends."""
    begins, x = [], float(LEFT)
    for ix in range(len(process.steps)):
        begins.append(x)
        x += TASK[0] + AFTER_TASK
        x += GATE[0] + AFTER_GATE if branches(process, ix) else GAP - AFTER_TASK
    return begins, x + EVENT[0] + AFTER_GATE


def _lanes(process: Process, owners: list[str], roles: list[str], width: float) -> list[tuple[str, Box]]:
    lanes, y = [], float(TOP)
    for role in roles:
        mine = [ix for ix, owner in enumerate(owners) if owner == role]
        height = CHANNEL + TASK[1] + max(_below(process, ix) for ix in mine) + SPACE
        lanes.append((_short(role), Box(HEAD, y, width - HEAD, height)))
        y += height
    return lanes


def _below(process: Process, ix: int) -> float:
    """Return how much room a step needs below its task: for its ends and its note."""
    below = len(_ends(process, ix)) - (not following(process, ix))
    return max(80.0 * below, _note_height(process, ix))


def _note_height(process: Process, ix: int) -> float:
    lines = sum(-(-len(_short(line)) // 20) for line in note_of(process, ix))
    return 20.0 + LINE * lines + 10 if lines else 0.0


def _place_step(process: Process, plan: Plan, place: tuple[int, int, float], end: str) -> None:
    ix, lane, x = place
    name, number = process.steps[ix].name, ix + 1
    top = plan.lanes[lane][1].y + CHANNEL
    task = Node(f"step_{number}", "task", _short(name), lane, ix, Box(x, top, *TASK))
    plan.nodes[task.id] = task
    middle = task.box.middle[1]
    x = task.box.x + TASK[0] + AFTER_TASK
    source = task
    if branches(process, ix):
        source = Node(f"choice_{number}", "gate", "", lane, ix, Box(x, middle - GATE[1] / 2, *GATE))
        plan.nodes[source.id] = source
    onward = bool(following(process, ix))
    ends = _ends(process, ix)
    for count, text in enumerate(ends):
        row = count + onward  # where nothing goes on, the first end stands where the way would
        aside = 50 * (len(ends) > 1) + (30 if source is not task else -25) * (row == 0)
        left = x + (GATE[0] - EVENT[0]) / 2 + aside
        box = Box(left, middle + 80.0 * row + 10 * (row > 0) - EVENT[1] / 2, *EVENT)
        node = Node(f"end_{number}_{count + 1}", "end", _short(text or end), lane, ix, box)
        plan.nodes[node.id] = node
    if note_of(process, ix):
        box = Box(task.box.x, top + TASK[1] + 20, TASK[0], _note_height(process, ix) - 30)
        said = "\n".join(_short(line) for line in note_of(process, ix))
        plan.nodes[f"note_{number}"] = Node(f"note_{number}", "note", said, lane, ix, box)


def _join(process: Process, plan: Plan) -> None:
    """Draw the arrows: forward in the gutters between columns, jumps and returns above the tasks."""
    nodes, used = plan.nodes, dict.fromkeys(range(len(plan.lanes)), 0)
    plan.flows.append(_straight("flow_start", nodes["start"], nodes["step_1"], ""))
    for ix, step in enumerate(process.steps):
        task, gate = nodes[f"step_{ix + 1}"], nodes.get(f"choice_{ix + 1}")
        source = gate or task
        if gate:
            plan.flows.append(_straight(f"flow_{ix + 1}", task, gate, ""))
        for there in following(process, ix):
            texts = [one.text for one in step.outputs if find_step(process, one.next_step or "") == there]
            name = _short("; ".join(texts), 100) if gate else ""
            points = _route(plan, source, nodes[f"step_{there + 1}"], used)
            plan.flows.append(
                Flow(f"flow_{ix + 1}_{there + 1}", source.id, f"step_{there + 1}", name, points)
            )
        ends = [node for node in nodes.values() if node.kind == "end" and node.step == ix]
        plan.flows += [_straight(f"flow_{node.id}", source, node, "") for node in ends]
        note = nodes.get(f"note_{ix + 1}")
        if note:
            x = task.box.middle[0]
            points = ((x, task.box.y + TASK[1]), (x, note.box.y))
            plan.notes.append(Flow(f"link_{ix + 1}", task.id, note.id, "", points))


def _straight(name: str, source: Node, target: Node, text: str) -> Flow:
    (x, y), (to_x, to_y) = source.box.middle, target.box.middle
    points: tuple[tuple[float, float], ...]
    if y == to_y:
        points = ((source.box.x + source.box.width, y), (target.box.x, to_y))
    else:  # an end below the choice
        points = (
            ((x, source.box.y + source.box.height), (to_x, target.box.y))
            if x == to_x
            else ((x, source.box.y + source.box.height), (x, to_y), (target.box.x, to_y))
        )
    return Flow(name, source.id, target.id, text, points)


def _route(plan: Plan, source: Node, target: Node, used: dict[int, int]) -> tuple[tuple[float, float], ...]:
    begin = (source.box.x + source.box.width, source.box.middle[1])
    end = (target.box.x, target.box.middle[1])
    if target.step == source.step + 1:
        if source.lane == target.lane:
            return begin, end
        bend = target.box.x - 20
        return begin, (bend, begin[1]), (bend, end[1]), end
    level = plan.lanes[source.lane][1].y + 64 + 9 * (used[source.lane] % 4)
    used[source.lane] += 1
    up = (source.box.middle[0], source.box.y)
    over = target.box.middle[0] + (12 if target.step < source.step else -12)
    enters_below = target.lane < source.lane
    into = (over, target.box.y + target.box.height * enters_below)
    return up, (up[0], level), (over, level), into
