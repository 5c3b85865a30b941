"""The page of reps like for like: the verdict before the figures, one box for what the export lacks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from crmkit import load, read_client
from crmkit.measures import ALL
from crmkit.present.funnel import _text_sides
from crmkit.present.managers import compared_reps, other_outcomes
from crmkit.present.options import how_to_ask, read_options
from crmkit.present.study import Study, open_study
from crmkit.present.texts import escape
from crmkit.present.tiles import Sentences
from crmkit.sources.load import load_report

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "vektor"


@pytest.fixture
def study(client):
    """Return ``study(won, language)``: of forty deals of each rep so many are won."""

    def make(won, language="en", source=lambda good: "site"):
        lines = ["deal_id,manager_id,stage,created_at,closed_at,source"]
        for rep, good in won.items():
            for number in range(40):
                stage = "Won" if number < good else "Lost"
                told = f"2026-01-05,2026-02-{number % 28 + 1:02},{source(number < good)}"
                lines.append(f"{rep}{number},{rep},{stage},{told}")
        told = read_client(client("\n".join(lines) + "\n"))
        return Study(told, load(told), load_report(told), ALL, language)

    return make


def test_the_verdict_stands_before_the_figures(study):
    said, _, table = compared_reps(study({"a": 38, "b": 16, "c": 16, "d": 16})).items
    keys = [column.key for column in table.columns]
    # One role: no column of roles. Like for like stands before what any CRM shows.
    assert keys == ["name", "told", "n", "like", "value", "places", "verdict"]
    assert said.paragraphs[1].startswith("a (n = 40, holds): better by ")
    assert table.rows[0][1] == "holds"


def test_where_a_field_is_filled_in_after_the_win_the_figures_are_called_approximate(study):
    won, approximate = (
        {"a": 20, "b": 16, "c": 16},
        "the figures like for like and their intervals are approximate",
    )
    assert approximate not in repr(compared_reps(study(won)))
    table = compared_reps(study(won, source=lambda good: "site" if good else "")).items[2]
    assert any("Not by «source»" in note for note in table.notes)
    assert any(approximate in note for note in table.notes)


def test_outcomes_that_the_export_lacks_stand_in_one_box(study):
    last = other_outcomes(study({"a": 18, "b": 16, "c": 16})).items[-1]
    # Neither amounts, tasks, actions nor a history of stages; won deals have their cycle.
    assert isinstance(last, Sentences) and last.tone == "warning"
    titles = [text.split(".")[0] for text in last.paragraphs]
    assert titles == [
        "Revenue per lead",
        "Tasks on time",
        "Sales actions per working day",
        "Stage conversion",
    ]


def test_several_outcomes_are_said_to_be_several_chances_of_chance(study, tmp_path):
    # Win rate apart, only the cycle is told here: of one outcome nothing needs to be said ...
    alone = "compared by itself"
    assert alone not in repr(other_outcomes(study({"a": 18, "b": 16})))
    # ... of the sample with all of them it is, once.
    whole = shutil.copytree(SAMPLE, tmp_path / "vektor", ignore=shutil.ignore_patterns(".crmkit"))
    several = repr(other_outcomes(open_study(whole, language="en")))
    assert several.startswith("Each outcome is") and several.count(alone) == 1


def test_names_in_the_picture_stand_towards_the_middle_and_apart():
    row = {"direction": "above"}
    known = [
        row | {"name": "a", "worth": 600, "adjusted": 0.97},
        row | {"name": "b", "worth": 614, "adjusted": 0.94},
        row | {"name": "c", "worth": 577, "adjusted": 0.56, "direction": "below"},
        row | {"name": "d", "worth": 100, "adjusted": 0.9},
    ]  # fmt: skip
    assert _text_sides(known) == ["top left", "middle left", "bottom left", "top right"]


def test_a_minus_is_not_torn_from_its_currency():
    assert escape("from −$2 to −5%") == "from −\u2060$2 to −5%"


def test_what_is_told_as_an_example_can_be_asked_for(tmp_path):
    example = {"effects": [{"date": "2026-03-01", "measure": "revenue"}]}
    text = str(how_to_ask(example).params["example"])
    assert json.loads(text) == example
    path = tmp_path / "options.json"
    path.write_text(text, encoding="utf-8")
    assert read_options(str(path)) == example


def test_beside_the_main_outcome_long_tables_are_folded(study):
    many = study({chr(97 + at): 16 for at in range(14)})
    assert compared_reps(many).items[-1].folded == ()
    # Fourteen reps of whom nobody differs: the first ten stand open.
    assert compared_reps(many, "cycle").items[-1].folded == (10, 11, 12, 13)
