"""The flow diagram: every step a box in its role's lane, every way on an arrow, a number or an end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmkit.present.drawing import WIDTH, Diagram
from crmkit.present.formats import Formats
from crmkit.present.lanes import flow_diagram, links_of
from crmkit.present.lettering import text_width
from crmkit.present.shapes import Box, Line, Text
from crmkit.process.description import Process

RU, EN = Formats("ru", "RUB"), Formats("en", "USD")
TEMPLATES = Path(__file__).parents[2] / "templates" / "process"

PROCESS = {
    "name": "Sale",
    "steps": [
        {"name": "Call", "responsible": ["Hunter"], "norm": "2 working_days", "outputs": ["Need written"]},
        {
            "name": "Offer", "responsible": ["Closer", "Head"], "optional": True,
            "outputs": [
                {"text": "Accepted", "next_step": "contract"}, {"text": "Not clear", "next_step": "Call"},
                "Refused",
            ],
        },
        {"name": "Contract", "sub_processes": [{"name": "Check", "department": "Legal", "norm": "1 days"}]},
    ],
}  # fmt: skip


def process(steps: Sequence[dict[str, Any]] = PROCESS["steps"], name: str = "Sale") -> Process:  # type: ignore[assignment]
    return Process.model_validate({"name": name, "steps": list(steps)})


def texts(diagram: Diagram) -> list[str]:
    return [shape.text for shape in diagram.shapes if isinstance(shape, Text)]


def roles(diagram: Diagram, kind: type = Box) -> list[str]:
    return [shape.role for shape in diagram.shapes if isinstance(shape, kind)]  # type: ignore[union-attr]


def test_what_follows_is_a_step_or_an_end() -> None:
    links = [(link.source, link.target, link.text, link.handed) for link in links_of(process())]
    assert links == [
        (0, 1, "", True), (1, 2, "Accepted", True), (1, 0, "Not clear", True), (1, -1, "Refused", False),
        (2, -1, "", False),
    ]  # fmt: skip


def test_of_the_ends_of_the_last_step_the_first_is_aimed_at_and_a_refusal_bears_a_cross() -> None:
    paid = {"name": "Payment", "outputs": ["Paid", "Refused", "Withdrawn"]}
    links = links_of(process([{"name": "Offer"}, paid]))
    assert [(link.text, link.last) for link in links] == [
        ("", False), ("Paid", True), ("Refused", False), ("Withdrawn", False),
    ]  # fmt: skip
    drawn = roles(flow_diagram(process([{"name": "Offer"}, paid]), EN))
    assert (drawn.count("end"), drawn.count("lost")) == (1, 2)


def test_each_step_stands_in_its_lane_with_its_norm_output_and_outcomes() -> None:
    diagram = flow_diagram(process(), EN)
    said = texts(diagram)
    for text in ("Hunter", "Closer", "role not said", "Call", "norm: 2 working days", "output: Need written",
                 "together with: Head", "may be skipped", "Accepted", "Not clear", "Refused",
                 "Legal: Check (1 calendar day)"):  # fmt: skip
        assert said.count(text) == 1, text
    assert (roles(diagram).count("lane"), roles(diagram).count("step"), roles(diagram).count("optional")) == (
        3,
        2,
        1,
    )
    assert (roles(diagram).count("outcome"), roles(diagram).count("outside")) == (3, 1)
    assert (roles(diagram).count("lost"), roles(diagram).count("end")) == (1, 1)
    ways = [shape.role for shape in diagram.shapes if isinstance(shape, Line) and shape.arrow]
    assert ways == ["handover", "handover", "handed_back"]
    assert diagram.title == "Sale: 3 steps, 2 roles, 3 hand-overs"


def test_a_step_in_another_band_is_named_by_its_number() -> None:
    steps = [{"name": f"S{n}", "responsible": ["A"]} for n in range(1, 6)]
    steps[4]["outputs"] = [{"text": "Again", "next_step": "S1"}, {"text": "Done"}]  # type: ignore[list-item]
    diagram = flow_diagram(process(steps), EN)
    said = texts(diagram)
    assert (said.count("→4"), said.count("→1"), said.count("← 3"), said.count("← 5")) == (1, 1, 1, 1)
    assert len(diagram.breaks) == 1 and len(diagram.pieces()) == 2
    # three steps in the first band; the way back leaves it as a number, so no dashed arrow is explained
    assert diagram.notes == ("An arrow with a number goes on at that step, in another band.",)
    assert [text for text in said if text.startswith("S")] == ["S1", "S2", "S3", "S4", "S5"]


def test_the_table_tells_the_same() -> None:
    table = flow_diagram(process(), EN).table
    assert table is not None
    assert table.rows[1:4] == (
        (2, "Offer", "Closer", "Accepted", "Contract", "role not said"),
        (2, "Offer", "Closer", "Not clear", "Call", "Hunter"),
        (2, "Offer", "Closer", "Refused", "the process ends", ""),
    )


def test_without_steps_it_says_so() -> None:
    assert texts(flow_diagram(process([]), RU)) == ["Рисовать нечего."]


def large() -> Process:
    """Return thirty steps of eight roles that lead ahead, back and across."""
    steps: list[dict[str, Any]] = []
    for n in range(30):
        ways = [
            {
                "text": "Дальше, документ подписан обеими сторонами",
                "next_step": f"Подготовка договора {n + 2}",
            }
        ]
        ways += [
            {"text": f"Исход {k}", "next_step": f"Подготовка договора {(n * 7 + k * 3) % 30 + 1}"}
            for k in range(n % 4)
        ]
        steps.append({"name": f"Подготовка договора {n + 1}", "stage": f"Стадия {n // 4}",
                      "responsible": [f"Роль {n * 5 % 8}"] if n % 9 else [], "outputs": ways})  # fmt: skip
    return process(steps)


@pytest.mark.parametrize("name", ["b2b.ru", "short.en", "large"])
def test_boxes_do_not_meet_and_texts_stay_inside(name: str) -> None:
    whole = (
        large()
        if name == "large"
        else Process.model_validate(yaml.safe_load((TEMPLATES / f"{name}.yml").read_text("utf-8")))
    )
    diagram = flow_diagram(whole, RU)
    boxes = [s for s in diagram.shapes if isinstance(s, Box) and s.role in ("step", "optional")]
    lanes = [s for s in diagram.shapes if isinstance(s, Box) and s.role == "lane"]
    assert len(boxes) == len(whole.steps)
    for index, one in enumerate(boxes):
        assert any(lane.y <= one.y and one.y + one.height <= lane.y + lane.height for lane in lanes)
        for other in boxes[index + 1 :]:
            assert (
                one.x + one.width + 14 <= other.x or other.x + other.width + 14 <= one.x
                or one.y + one.height < other.y or other.y + other.height < one.y
            )  # fmt: skip
    for shape in diagram.shapes:
        if isinstance(shape, Box):
            assert shape.x >= 0 and shape.x + shape.width <= WIDTH
        if isinstance(shape, Line):
            assert all(0 <= x <= WIDTH and 0 <= y <= diagram.height for x, y in shape.points)
        if isinstance(shape, Text) and shape.anchor == "start":
            assert shape.x + text_width(shape.text, shape.size, bold=shape.bold) <= WIDTH
            for box in boxes:
                if box.x <= shape.x < box.x + box.width and box.y < shape.y < box.y + box.height:
                    assert shape.x + text_width(shape.text, shape.size, bold=shape.bold) <= box.x + box.width


def test_arrows_pass_no_box() -> None:
    diagram = flow_diagram(large(), RU)
    boxes = [s for s in diagram.shapes if isinstance(s, Box) and s.role in ("step", "optional")]
    for line in diagram.shapes:
        if not (isinstance(line, Line) and line.arrow):
            continue
        for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
            for box in boxes:
                beside = max(x0, x1) <= box.x or min(x0, x1) >= box.x + box.width
                assert beside or max(y0, y1) <= box.y or min(y0, y1) >= box.y + box.height


def test_hostile_names_are_only_text() -> None:
    evil = "<script>alert(1)</script>"
    diagram = flow_diagram(process([{"name": evil, "responsible": [evil], "stage": evil}], evil), EN)
    assert "<script" not in diagram.svg() and "<script" not in diagram._repr_html_()


def test_it_is_the_same_every_time_and_comes_back_from_json() -> None:
    diagram = flow_diagram(large(), RU)
    assert diagram.svg() == flow_diagram(large(), RU).svg()
    assert Diagram.from_json(json.loads(json.dumps(diagram.to_json()))) == diagram
