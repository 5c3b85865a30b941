"""Funnel and time in stage: bars as long as their figures, texts as the number of cases allows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmkit.present.drawing import Diagram
from crmkit.present.formats import Formats
from crmkit.present.lettering import text_width
from crmkit.present.shapes import Box, Line, Text
from crmkit.present.stage_pictures import funnel, time_in_stage
from crmkit.present.stage_rows import BARS, LEFT

RU, EN = Formats("ru", "RUB"), Formats("en", "USD")


def account(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return rows as ``accounting`` has them."""
    blank = {"pipeline": "Sales", "stage": "New", "deals": 100, "norm_amount": np.nan, "norm_unit": ""}
    blank |= {f"conversion_{part}": np.nan for part in ("numerator", "denominator", "n", "low", "high")}
    for unit in ("days", "working_days"):
        for name in ("median", "p90"):
            blank |= {f"{unit}_{name}": np.nan, f"{unit}_{name}_n": 40}
    return pd.DataFrame(
        [{**blank, "conversion": np.nan, **row} for row in rows], columns=[*blank, "conversion"]
    )


def share(k: int, n: int, low: float, high: float) -> dict[str, float]:
    cases = {"numerator": k, "denominator": n, "n": n, "low": low, "high": high}
    return {"conversion": k / n, **{f"conversion_{key}": value for key, value in cases.items()}}


def texts(diagram: Diagram) -> list[str]:
    return [shape.text.replace("\u00a0", " ") for shape in diagram.shapes if isinstance(shape, Text)]


def bars(diagram: Diagram) -> list[tuple[str, float]]:
    return [(shape.role, shape.width / BARS) for shape in diagram.shapes if isinstance(shape, Box)]


def test_the_funnel_shows_counts_and_gated_shares() -> None:
    frame = account(
        {"deals": 200, **share(60, 100, 0.5, 0.69)},
        {"stage": "Offer", "deals": 50, **share(3, 7, 0.1, 0.8)},
        {"stage": "Invoice", "deals": 0, **share(5, 20, 0.1, 0.5)},
        {"stage": "Money", "deals": 0},
    )
    diagram = funnel(frame, EN)
    nothing = ("bar", pytest.approx(1 / BARS))
    assert bars(diagram) == [("bar", 1), ("bar", 0.25), nothing, nothing]
    assert [shape.text for shape in diagram.shapes if isinstance(shape, Text) and shape.italic] == ["25.0%"]
    said = texts(diagram)
    for text in ("60.0%", "50–69%, of 100", "3 of 7", "—", "200", "50"):
        assert text in said
    assert diagram.table is not None and diagram.table.rows[1][:2] == ("Offer", 50)


def test_times_stand_beside_their_norm() -> None:
    frame = account(
        {"days_median": 5.0, "days_p90": 20.0, "norm_amount": 3, "norm_unit": "days"},
        {"stage": "Offer", "days_median": 2.0, "norm_amount": 10, "norm_unit": "days", "days_median_n": 9},
        {"stage": "Invoice", "norm_amount": 4, "norm_unit": "working_days"},
    )
    diagram = time_in_stage(frame, EN)
    assert bars(diagram) == [("bar", 0.25), ("bar_few", 0.1)]
    said = texts(diagram)
    for text in (
        "5.0 d; 90%: 20.0 d",
        "over the norm of 3, n = 40",
        "2.0 d",
        "norm 10, n = 9",
        "—",
        "n = 40",
    ):
        assert text in said
    norms = [line.points[0][0] for line in diagram.shapes if isinstance(line, Line) and line.role == "norm"]
    assert norms == [LEFT + BARS * 3 / 20, LEFT + BARS * 10 / 20]  # the one in working days is not drawn
    assert diagram.title == "How long deals stand in each stage, calendar days"


def test_working_norms_make_working_time() -> None:
    row = {"days_median": 9.0, "working_days_median": 2.0, "norm_amount": 12, "norm_unit": "working_hours"}
    diagram = time_in_stage(account(row), EN, hours_per_day=6)
    assert "norm 2, n = 40" in texts(diagram)  # 12 hours of 6 a day; 2 days are not over 2
    assert bars(diagram) == [("bar", 1)]


def test_pipelines_stand_apart_and_nothing_is_said_to_be_nothing() -> None:
    frame = account({"pipeline": "A"}, {"pipeline": "A", "stage": "Two"}, {"pipeline": "B"})
    said = texts(funnel(frame, EN))
    assert [text for text in said if text in ("A", "B", "New", "Two")] == ["A", "New", "Two", "B", "New"]
    for picture in (funnel(frame[:0], RU), time_in_stage(frame[:0], RU)):
        assert texts(picture) == ["Рисовать нечего."]


def test_nothing_leaves_the_picture_and_json_brings_it_back() -> None:
    name = "Согласование коммерческого предложения с лицом, принимающим решение о закупке и бюджете"
    times = {"days_median": 1234.5, "days_p90": 9999.9, "norm_amount": 1, "norm_unit": "days"}
    row = {"pipeline": name, **share(600, 1000, 0.5, 0.7), **times}
    frame = account(*({**row, "stage": f"{name} {n}"} for n in range(9)))
    for diagram in (funnel(frame, RU), time_in_stage(frame, RU)):
        assert Diagram.from_json(json.loads(json.dumps(diagram.to_json()))) == diagram
        for shape in diagram.shapes:
            if isinstance(shape, Text):
                wide = text_width(shape.text, shape.size, bold=shape.bold)
                left = shape.x - (wide / 2 if shape.anchor == "middle" else 0)
                assert left >= 0 and left + wide <= diagram.width, shape.text
