"""The page of a change: what it says, its charts, what it refuses to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crmkit import open_study
from crmkit.errors import RequestError
from crmkit.present.effect import effect_of, effects
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tiles import Sentences

FIRST = date(2023, 1, 2)  # a Monday
BEFORE, AFTER = 106, 26
CHANGE = FIRST + timedelta(weeks=BEFORE)


def lines(after: float, team: str = "North", seed: int = 1) -> list[str]:
    """Return three won deals a week, of about 1 000 each; from the change on so many times as much."""
    rng, rows = np.random.default_rng(seed), []
    for week in range(BEFORE + AFTER):
        for day in (0, 2, 4):
            on = FIRST + timedelta(weeks=week, days=day)
            amount = 1000 * (after if week >= BEFORE else 1) * rng.uniform(0.9, 1.1)
            rows.append(f"Won,{on},{on},{amount:.0f},Ann,{team}")
    return rows


@pytest.fixture
def study_of(client: Callable[..., Path]) -> Callable[..., Study]:
    def make(rows: list[str], language: str = "en") -> Study:
        head = "deal_id,stage,created_at,closed_at,amount,manager_id,team\n"
        text = head + "\n".join(f"{number},{row}" for number, row in enumerate(rows, 1))
        as_of = (CHANGE + timedelta(weeks=AFTER, days=-1)).isoformat()
        return open_study(client(text, as_of=as_of), language=language, period="all")

    return make


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def said(told: Several | Sentences) -> str:
    first = told.items[0] if isinstance(told, Several) else told
    return plain("\n".join(first.paragraphs))


def test_an_effect_that_holds(study_of: Callable[..., Study]):
    study = study_of(lines(1.5))
    told = effect_of(study, CHANGE)
    text = said(told)
    assert told.items[0].tone == "finding"
    assert text.startswith("Revenue: before and after 13 Jan 2025\nIt became better by 4")
    assert "Verdict: holds. Cases on the side that has fewer: 78." in text
    assert "105 weeks before that day and 26 from then on" in text
    # Three deals of 1 000 in five days are 600 a working day.
    assert re.search(
        r"it is \$[89]\d\d a day on average; without the change it would have been \$(59|60)\d a day.",
        text,
    )
    assert "In money that is +$6," in text
    assert "On 67 of 67 dates on which nothing was changed" in text
    assert "The season is taken off" in text
    assert "There is no group beside it" in text
    weeks, placebo = told.items[1:]
    assert plain(weeks.title).startswith("Revenue since 13 Jan 2025: +")
    assert placebo.title == "On 67 of 67 dates without a change, less is found"
    # 131 whole weeks (the record begins within the first); the line is broken at the change.
    observed, fitted, without = weeks.spec["data"]
    assert len(observed["y"]) == 131
    assert fitted["y"][105] is None
    assert fitted["x"][104:108] == [104, 104.5, 105, 106]
    assert without["y"][:106] == [None] * 106
    assert fitted["y"][106] - without["y"][106] == pytest.approx(300, rel=0.05)
    assert len(weeks.table.rows) == 131
    assert len(placebo.table.rows) == 67
    found = study.found["effects"][0]
    assert found["verdict"]["label"] == "holds"
    assert found["date"] == "2025-01-13"
    assert found["n"] == 78
    assert found["money_month"] == pytest.approx(6500, rel=0.1)


def test_beside_another_team(study_of: Callable[..., Study]):
    study = study_of([*lines(1.5), *lines(1.5, "South", 2)])
    text = said(effect_of(study, CHANGE, control={"team": "South"}))
    assert "The data cannot tell a change" in text
    assert "In money the change a month may be from" in text
    assert "What happened at the same time to others (Team: South), in proportion, is taken off." in text
    assert "Deals count for their present owner" in text


def test_a_first_month_is_a_description(study_of: Callable[..., Study]):
    told = effect_of(study_of(lines(1.24)), CHANGE + timedelta(weeks=AFTER - 4))
    text = said(told)
    assert "Verdict: too little data." in text
    assert "That is only a description" in text
    assert len(told.items) == 2
    assert plain(told.items[1].title) == "Revenue since 16 Jun 2025: too little data"


def test_who_closed_deals_in_a_mass_is_said(study_of: Callable[..., Study]):
    tidied = [f"Lost,{FIRST},{CHANGE + timedelta(days=2)},1000,Bob,North"] * 40
    usual = [f"Lost,{FIRST},{FIRST + timedelta(weeks=week)},1000,Bob,North" for week in range(BEFORE)]
    text = said(effect_of(study_of([*lines(1), *usual, *tidied]), CHANGE, "win_rate"))
    assert "the figure may tell of tidying up, not of sales" in text
    assert "15 Jan 2025: 40 deals were closed at once (Bob); usual are 1 a day." in text


def test_that_losses_are_written_down_since_then_is_said(study_of: Callable[..., Study]):
    losses = [
        f"Lost,{FIRST},{FIRST + timedelta(weeks=week, days=day)},,Ann,North"
        for week in range(BEFORE + AFTER)
        for day in range(5 if week >= BEFORE else 1)
    ]
    text = said(effect_of(study_of([*lines(1), *losses]), CHANGE, "win_rate"))
    assert "Since then 1.0 deals a working day are closed as lost, 0.2 before" in text


def test_what_the_export_lacks_is_named(study_of: Callable[..., Study]):
    told = effect_of(study_of(lines(1)), CHANGE, "tasks_on_time")
    assert isinstance(told, Sentences)
    assert told.tone == "warning"
    assert "It cannot be computed." in said(told)


def test_both_languages(study_of: Callable[..., Study]):
    text = said(effect_of(study_of(lines(1.5), "ru"), CHANGE))
    assert "держится" in text
    assert not any(word in text for word in (" the ", " weeks", " month"))


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ([{"measure": "revenue"}], "an effect is asked for by its date"),
        ([{"date": "2025-01-13", "until": "2026"}], "an effect is asked for by its date"),
        (["2025-01-13"], "an effect is asked for by its date"),
        ([{"date": "January"}], "this is not a date"),
        ([{"date": 2025}], "«date» cannot be read"),
        ([{"date": "9999-12-31"}], "this is not a date"),
        ([{"date": "2025-01-13", "control": {"manager": 1}}], "«control» cannot be read"),
        ([{"date": "2025-01-13", "measure": "luck"}], "there is no such measure"),
    ],
)
def test_options_that_cannot_be_used(study_of: Callable[..., Study], asked: list[Any], what: str):
    study = replace(study_of(lines(1)[:30]), options={"effects": asked})
    with pytest.raises(RequestError) as refusal:
        effects(study)
    assert str(refusal.value.what) == what


def test_effects_by_options(study_of: Callable[..., Study]):
    study = study_of(lines(1.5))
    assert "No change was named." in said(effects(study))
    asked = {"date": "2025-01-13", "measure": "won_deals", "treated": {"team": "North"}}
    told = effects(replace(study, options={"effects": [asked]}))
    assert "and not why" in said(told)
    assert [type(one).__name__ for one in told.items] == ["Sentences", "Sentences", "Figure", "Figure"]
