"""The process map: which ways are drawn, what is hidden and told, and that no label meets another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from crmkit.present.drawing import Diagram
from crmkit.present.formats import Formats
from crmkit.present.lettering import text_width
from crmkit.present.map_layout import Move
from crmkit.present.process_map import commonest, pipelines_by_moves, process_map
from crmkit.present.shapes import Box, Line, Text
from crmkit.stages import StageOrder, order_of

RU, EN = Formats("ru", "RUB"), Formats("en", "USD")
NAMES = ["Новая", "Встреча", "Договор", "Успех", "Отказ"]
KINDS = ["open", "open", "open", "won", "lost"]


def stages(names: Sequence[str] = NAMES, kinds: Sequence[str] = KINDS, pipeline: str = "A") -> pd.DataFrame:
    places = range(len(names))
    return pd.DataFrame({"pipeline": pipeline, "stage": names, "position": places, "kind": kinds})


def edges(*rows: tuple[int, int, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["stage", "next_stage", "n", "median_days"])
    return frame.assign(timed=frame["n"])


def texts(diagram: Diagram) -> list[str]:
    return [shape.text.replace("\u00a0", " ") for shape in diagram.shapes if isinstance(shape, Text)]


def dense(size: int = 10, count: int = 40, seed: int = 3) -> tuple[pd.DataFrame, StageOrder]:
    """Return a random graph of ``size`` open stages with long names, won and lost."""
    rng = np.random.default_rng(seed)
    names = [f"Согласование условий с лицом, принимающим решение, {n}" for n in range(size)]
    order = order_of(stages([*names, "Успех", "Отказ"], ["open"] * size + ["won", "lost"]))
    pairs = [(int(p) // (size + 2), int(p) % (size + 2)) for p in rng.permutation(size * (size + 2))]
    rows = [(a, b, int(rng.integers(1, 3000)), float(rng.gamma(2, 9))) for a, b in pairs if a != b]
    return edges(*rows[:count]), order


def test_every_way_is_drawn_with_its_count_and_time() -> None:
    moves = edges((0, 1, 100, 3.0), (0, 2, 20, 0.5), (1, 0, 12, 150.4), (1, 2, 60, 2.0), (2, 3, 40, np.nan),
                  (1, 4, 15, 8.0), (2, 2, 5, 1.0))  # fmt: skip
    diagram = process_map(moves, order_of(stages()), RU, starts=edges((0, 0, 90, 0)))
    said = texts(diagram)
    for label in (
        "100 · 3,0 дн.",
        "20 · 12,0 ч",
        "12 · 150 дн.",
        "60 · 2,0 дн.",
        "40",
        "15 · 8,0 дн.",
        "5 · 1,0 дн.",
    ):
        assert label in said
    assert [name for name in said if name in NAMES] == NAMES  # each once, in order
    assert "102 входа, начали здесь: 90" in said  # 90 + 12 that came back
    # 12 back and 5 from a stage to itself, of 252 moves
    assert diagram.title == "Как сделки идут по этапам: 6,7\u00a0% переходов — назад"
    assert said.count("×") == 2  # on the way to the lost stage, and on that stage
    assert len([s for s in diagram.shapes if isinstance(s, Line)]) == 7
    assert len(diagram.notes) == 1


def test_width_and_shade_follow_the_share() -> None:
    diagram = process_map(edges((0, 1, 100, 1.0), (1, 2, 50, 1.0), (2, 3, 1, 1.0)), order_of(stages()), EN)
    ways = sorted((line.width, line.role) for line in diagram.shapes if isinstance(line, Line))
    assert ways == [(pytest.approx(1.055), "move_0"), (3.75, "move_2"), (6.5, "move_3")]


def test_rare_ways_are_hidden_and_told() -> None:
    moves = [Move(0, 1, 90, 90, 1.0), Move(0, 2, 6, 6, 1.0), Move(1, 2, 3, 3, 1.0), Move(0, 3, 1, 1, 1.0)]
    # the commonest of all, and stage 1 keeps its commonest way out
    assert commonest(moves, 1) == [moves[0], moves[2]]
    assert commonest(moves, 2) == [moves[0], moves[1], moves[2]]
    assert commonest(moves, 4) == moves
    frame = edges(*((m.source, m.target, m.n, 1.0) for m in moves))
    diagram = process_map(frame, order_of(stages()), EN, most=1)
    assert diagram.notes[1] == "2 rare ways are hidden: 7.0% of the 100 moves. The table has them."
    assert diagram.table is not None
    assert [(row[0], row[2], row[5]) for row in diagram.table.rows] == [
        ("Новая", 90, "yes"), ("Новая", 6, "no"), ("Встреча", 3, "yes"), ("Новая", 1, "no"),
    ]  # fmt: skip


def test_one_pipeline_is_chosen_and_the_rest_told() -> None:
    order = order_of(pd.concat([stages(), stages(["X", "Y"], ["open", "open"], "B")], ignore_index=True))
    moves = edges((0, 1, 5, 1.0), (5, 6, 9, 1.0), (0, 5, 2, 1.0))
    assert pipelines_by_moves(moves, order) == [1, 0]
    diagram = process_map(moves, order, EN, pipeline=1)
    assert [text for text in texts(diagram) if text in ("X", "Y", *NAMES)] == ["X", "Y"]
    assert diagram.title == "B. How deals go from stage to stage: moves back 0\u00a0of\u00a09"
    assert diagram.notes[-1] == "7 moves within or to other pipelines are not on this map."


def test_without_moves_the_stages_stand_alone() -> None:
    diagram = process_map(edges(), order_of(stages()), EN)
    assert diagram.title == "No deal moved from one stage to another."
    assert texts(diagram)[::2] == NAMES[:3]


def boxes_of(diagram: Diagram) -> list[tuple[float, float, float, float]]:
    """Return the rectangles that labels and boxes of stages cover: left, top, right, bottom."""
    found = []
    for shape in diagram.shapes:
        if isinstance(shape, Box) and shape.width > 16 and shape.role != "paper":
            found.append((shape.x, shape.y, shape.x + shape.width, shape.y + shape.height))
        if isinstance(shape, Text) and " · " in shape.text.replace("\u00a0", " "):
            wide = text_width(shape.text, shape.size)
            found.append((shape.x, shape.y - 9, shape.x + wide, shape.y + 2))
    return found


@pytest.mark.parametrize(("size", "count", "seed"), [(10, 40, 3), (10, 90, 4), (25, 60, 5), (2, 3, 6)])
def test_no_label_or_box_meets_another(size: int, count: int, seed: int) -> None:
    frame, order = dense(size, count, seed)
    diagram = process_map(frame, order, RU, most=100)
    assert len([s for s in diagram.shapes if isinstance(s, Line)]) == len(frame)
    found = boxes_of(diagram)
    assert len(found) >= size + len(frame)
    for index, (a, b, c, d) in enumerate(found):
        assert a >= 0 and b >= 0 and c <= diagram.width and d <= diagram.height
        for e, f, g, h in found[index + 1 :]:
            assert c <= e or g <= a or d <= f or h <= b


def test_ways_on_tracks_do_not_run_over_one_another() -> None:
    frame, order = dense(10, 60, 9)
    diagram = process_map(frame, order, RU, most=100)
    uprights: dict[float, list[tuple[float, float]]] = {}
    for line in diagram.shapes:
        if isinstance(line, Line) and len(line.points) == 4:
            (x, a), (_, b) = line.points[1:3]
            uprights.setdefault(x, []).append((min(a, b), max(a, b)))
    assert uprights
    for spans in uprights.values():
        spans.sort()
        assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_it_is_the_same_every_time_and_comes_back_from_json() -> None:
    frame, order = dense()
    diagram = process_map(frame, order, RU)
    assert diagram.svg() == process_map(frame.copy(), order, RU).svg()
    assert Diagram.from_json(json.loads(json.dumps(diagram.to_json()))) == diagram
