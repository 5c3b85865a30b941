"""A described process as BPMN 2.0 with its diagram, for any standard modeller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmkit.documents.bpmn_plan import Box, Flow, Node, Plan, note_of, plan_of
from crmkit.errors import N_, Message, ReportError
from crmkit.present.texts import clean
from crmkit.present.words import Words
from crmkit.process.description import Process, Step

if TYPE_CHECKING:
    from lxml.etree import _Element

SPEC = "http://www.omg.org/spec/"
SPACES = {
    None: f"{SPEC}BPMN/20100524/MODEL", "bpmndi": f"{SPEC}BPMN/20100524/DI",
    "dc": f"{SPEC}DD/20100524/DC", "di": f"{SPEC}DD/20100524/DI",
}  # fmt: skip
TARGET = "urn:crmkit:process"
ELEMENTS = {"task": "userTask", "gate": "exclusiveGateway", "start": "startEvent", "end": "endEvent"}


def bpmn_xml(process: Process, words: Words) -> bytes:
    """Return a process as a BPMN 2.0 file: a lane for each role, a task for each step, choices, ends.

    Texts that the description does not have are said by ``words``. The same process gives the same bytes.

    Raises
    ------
    ReportError: the process has no steps.

    Source: OMG, Business Process Model and Notation 2.0.2 (formal/2013-12-09)
    """
    if not process.steps:
        remedy = N_("Describe at least one step.")
        raise ReportError(process.name, N_("a process without steps cannot be drawn"), remedy=remedy)
    from lxml import etree

    plan = plan_of(process, nobody=words.say("Not said who"), start=words.say("Start"), end=words.say("End"))
    root = etree.Element(_tag("definitions"), nsmap=SPACES)
    root.set("id", "definitions")
    root.set("targetNamespace", TARGET)
    root.set("exporter", "crmkit")
    group = _add(root, "collaboration", id="collaboration")
    _add(group, "participant", id="pool", name=clean(process.name), processRef="process")
    _write_process(_add(root, "process", id="process", isExecutable="false"), process, plan, words)
    diagram = _add(root, "bpmndi:BPMNDiagram", id="diagram")
    _draw(_add(diagram, "bpmndi:BPMNPlane", id="plane", bpmnElement="collaboration"), plan)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _tag(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{SPACES[prefix or None]}}}{local}"


def _add(parent: _Element, tag: str, text: str = "", /, **attributes: str) -> _Element:
    from lxml import etree

    element = etree.SubElement(parent, _tag(tag), **attributes)
    if text:
        element.text = clean(text)
    return element


def _write_process(element: _Element, process: Process, plan: Plan, words: Words) -> None:
    lanes = _add(element, "laneSet", id="lanes")
    flowing = [node for node in plan.nodes.values() if node.kind != "note"]
    for index, (name, _) in enumerate(plan.lanes):
        lane = _add(lanes, "lane", id=f"lane_{index + 1}", name=name)
        for node in flowing:
            if node.lane == index:
                _add(lane, "flowNodeRef", node.id)
    for node in flowing:
        part = _add(element, ELEMENTS[node.kind], id=node.id, **({"name": node.name} if node.name else {}))
        if node.kind == "task":
            _add(part, "documentation", _documentation(process.steps[node.step], words))
        for flow in plan.flows:
            if flow.target == node.id:
                _add(part, "incoming", flow.id)
        for flow in plan.flows:
            if flow.source == node.id:
                _add(part, "outgoing", flow.id)
    for flow in plan.flows:
        more = {"name": flow.name} if flow.name else {}
        _add(element, "sequenceFlow", id=flow.id, **more, sourceRef=flow.source, targetRef=flow.target)
    for node in plan.nodes.values():
        if node.kind == "note":
            note = _add(element, "textAnnotation", id=node.id)
            _add(note, "text", "\n".join(note_of(process, node.step)))
    for link in plan.notes:
        _add(element, "association", id=link.id, sourceRef=link.source, targetRef=link.target)


def _documentation(step: Step, words: Words) -> str:
    """Return what a modeller shows beside a task: what goes in and out, the norm, the rules."""
    parts: Iterable[tuple[Message, str]] = (
        (N_("Input"), "; ".join(one.text for one in step.inputs)),
        (N_("Output"), "; ".join(one.text for one in step.outputs)),
        (N_("Goal"), step.goal),
        (N_("Tasks"), "; ".join(step.tasks)),
        (N_("Key success factor"), step.key_success_factor),
        (N_("KPI"), ": ".join(part for part in (step.kpi, step.target) if part)),
        (N_("Required fields"), ", ".join(step.required_fields)),
    )
    return "\n".join(f"{words.message(name)}: {text}" for name, text in parts if text)


def _draw(plane: _Element, plan: Plan) -> None:
    height = sum(box.height for _, box in plan.lanes)
    _shape(plane, "pool", Box(0, plan.lanes[0][1].y, plan.width, height), isHorizontal="true")
    for index, (_, box) in enumerate(plan.lanes):
        _shape(plane, f"lane_{index + 1}", box, isHorizontal="true")
    for node in plan.nodes.values():
        shape = _shape(
            plane, node.id, node.box, **({"isMarkerVisible": "true"} if node.kind == "gate" else {})
        )
        if node.kind in ("start", "end"):
            _label(shape, _label_box(node))
    for flow in [*plan.flows, *plan.notes]:
        edge = _add(plane, "bpmndi:BPMNEdge", id=f"{flow.id}_di", bpmnElement=flow.id)
        for x, y in flow.points:
            _add(edge, "di:waypoint", **_numbers(x=x, y=y))
        if flow.name:
            _label(edge, _flow_label(flow))


def _shape(plane: _Element, name: str, box: Box, **more: str) -> _Element:
    shape = _add(plane, "bpmndi:BPMNShape", id=f"{name}_di", bpmnElement=name, **more)
    _add(shape, "dc:Bounds", **_numbers(**box._asdict()))
    return shape


def _label(parent: _Element, box: Box) -> None:
    _add(_add(parent, "bpmndi:BPMNLabel"), "dc:Bounds", **_numbers(**box._asdict()))


def _label_box(node: Node) -> Box:
    """Return where the name of an event stands: below a start, to the right of an end."""
    if node.kind == "start":
        return Box(node.box.x - 27, node.box.y + node.box.height + 6, 90, 54)
    return Box(node.box.x + node.box.width + 6, node.box.y - 8, 160, 54)


def _flow_label(flow: Flow) -> Box:
    """Return where the words of an arrow stand: over its first level stretch."""
    pairs = zip(flow.points, flow.points[1:], strict=False)
    (x, y), (to_x, _) = next(pair for pair in pairs if pair[0][1] == pair[1][1])
    height = 13 * (-(-len(flow.name) // 26))
    return Box((x if to_x > x else x - 196) + 8, y - 8 - height, 180, height)


def _numbers(**values: float) -> dict[str, Any]:
    return {name: f"{value:g}" for name, value in values.items()}
