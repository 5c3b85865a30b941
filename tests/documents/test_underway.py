"""What the plan of introduction takes from the cards and the data."""

from __future__ import annotations

from pathlib import Path

from crmkit import open_study
from crmkit.documents.handed import Handed
from crmkit.documents.underway import card_grid, focus
from crmkit.present import to_be
from crmkit.process.cards import Card
from crmkit.process.description import Process

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
PROCESS = Process.model_validate({"name": "Sale", "steps": [{"name": "Offer", "crm_stages": ["Offer"]}]})
EFFECT = {"before": 0.4, "before_n": 200, "after": 0.5, "after_n": 100, "difference": 0.1, "low": -0.02}
HANDED = Handed(PROCESS, "Firm", "en")


def card(**changes: object) -> dict[str, object]:
    effect = EFFECT | {"high": 0.22, "as_of": "2026-10-01"} | changes
    made = Card.model_validate({"id": 3, "problem": "Slow", "step": "Offer", "measured": effect})
    grid = card_grid(HANDED, made)
    assert grid.title == "Card 3: Slow"
    return {str(row[0]): row[1] for row in grid.rows}


def test_a_card_tells_its_effect_with_interval_and_cases() -> None:
    told = card()
    said = str(told["Measured effect"]).replace("\u00a0", " ")
    assert (
        said == "+10.0 points (95% interval: \u22122.0 points … +22.0 points); cases before: 200, after: 100"
    )
    assert told["Owner"] == "to be agreed" and told["Decision"] == "—"


def test_of_few_cases_only_their_number_is_told() -> None:
    assert card(after_n=9)["Measured effect"] == "too few cases to tell: before 200, after 9"


def test_the_plan_and_the_notebook_recommend_the_same() -> None:
    study = open_study(SAMPLES / "vektor", language="en")
    assert focus(study) == to_be.focus(study).paragraphs != ()


def test_without_a_history_there_is_no_focus() -> None:
    assert focus(open_study(SAMPLES / "northwind-supply")) == ()
