"""Scores, growth points, contradictions and changes, worked out by hand for a small questionnaire."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from crmkit.audit.answers import Answer, Answers
from crmkit.audit.growth import compare_audits, grow
from crmkit.audit.questions import Area, Question, Questionnaire, read_questions
from crmkit.audit.suggestions import COLUMNS

AREAS = [("crm", "abcd"), ("leads", "ef"), ("team", "g"), ("process", "hi")]
WEIGHTS = {"a": 3, "b": 2, "c": 1, "d": 2, "e": 3, "f": 1, "g": 2, "h": 1, "i": 2}


def asked() -> Questionnaire:
    questions = [
        Question(id=f"X{ord(name) - 87}", area=area, text=f"{name}?", weight=WEIGHTS[name])
        for area, names in AREAS
        for name in names
    ]
    return Questionnaire(tuple(Area(id=area, title=area, short=area) for area, _ in AREAS), tuple(questions))


def said(**answers: str) -> Answers:
    rows = {f"X{ord(name) - 87}": Answer(answer=one) for name, one in answers.items()}
    return Answers(date(2026, 10, 31), "", rows)


def ids(names: str) -> list[str]:
    return [f"X{ord(name) - 87}" for name in names]


def suggested(**answers: str | None) -> pd.DataFrame:
    rows = [{"question": ids(name)[0], "answer": one, "n": 120.0} for name, one in answers.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"answer": "str"})


NOTHING = suggested()


def test_an_area_is_scored_by_weight():
    growth = grow(asked(), said(a="yes", b="partly", c="no", d="na", e="no", g="na"), NOTHING)
    rows = growth.areas.set_index("area")
    # crm: d is not applicable; (3 × 1 + 2 × ½ + 1 × 0) ÷ (3 + 2 + 1) = 4/6.
    assert rows.loc["crm", "score"] == pytest.approx(4 / 6)
    assert rows.loc["crm", ["answered", "asked", "weight_answered", "weight"]].tolist() == [3, 3, 6, 6]
    # leads: f is unanswered and in no denominator; 3 of the weight 4 are answered, so there is a score: 0.
    assert rows.loc["leads", ["score", "state", "answered", "asked"]].tolist() == [0.0, "ok", 1, 2]
    assert rows["state"].tolist() == ["ok", "ok", "not_applicable", "unanswered"]
    assert rows["score"].isna().tolist() == [False, False, True, True]
    # All: answered weight 6 + 3 = 9 of 6 + 4 + 0 + 3 = 13: at least half; score (4 + 0) ÷ 9.
    total = growth.total.iloc[0]
    assert total["score"] == pytest.approx(4 / 9)
    assert total[["answered", "asked", "weight_answered", "weight"]].tolist() == [4, 7, 9, 13]


def test_less_than_half_of_the_weight_gives_no_score():
    # crm: b and c weigh 3 of 8; with d they weigh 5 of 8. Half exactly is enough: leads without e is 1 of 4.
    rows = grow(asked(), said(b="yes", c="yes", f="yes"), NOTHING).areas.set_index("area")
    assert rows.loc["crm", "state"] == rows.loc["leads", "state"] == "few_answers"
    assert rows["score"].isna().all()
    rows = grow(asked(), said(b="yes", c="yes", d="na"), NOTHING).areas.set_index("area")
    # Without d the weight is 6, and 3 of 6 is half.
    assert rows.loc["crm", ["score", "state"]].tolist() == [1.0, "ok"]


def test_growth_points_are_ordered_by_weight_and_gap():
    growth = grow(asked(), said(a="partly", b="no", c="no", d="yes", e="partly", g="no", h="no"), NOTHING)
    points = growth.points
    # b and g lose 2; a and e 1.5; c and h 1. Ties by the order of the areas: crm, leads, team, process.
    assert points["question"].tolist() == ids("bgaech")
    assert points["loss"].tolist() == [2.0, 2.0, 1.5, 1.5, 1.0, 1.0]
    assert points["gap"].tolist() == [1.0, 1.0, 0.5, 0.5, 1.0, 1.0]
    assert points["answer"].tolist() == ["no", "no", "partly", "partly", "no", "no"]
    assert growth.unanswered == tuple(ids("fi"))


def test_at_most_ten_points_each_with_its_action():
    questions = read_questions()
    rows = {one.id: Answer(answer="no") for one in questions.questions}
    points = grow(questions, Answers(date(2026, 1, 1), "", rows), NOTHING).points
    heavy = [one.id for one in questions.questions if one.weight == 3]
    assert points["question"].tolist() == heavy[:10]
    assert all(questions.by_id[name].action for name in points["question"])


def test_points_carry_what_the_data_say():
    growth = grow(asked(), said(a="no", b="no"), suggested(a="partly"))
    rows = growth.points.set_index("question")
    assert rows.loc["X10", ["suggested", "n"]].tolist() == ["partly", 120.0]
    assert pd.isna(rows.loc["X11", "suggested"])


def test_contradictions_are_told_with_their_direction():
    answers = said(a="yes", b="yes", c="no", d="na", e="partly", f="yes", g="yes")
    data = suggested(a="partly", b="no", c="yes", d="no", e="partly", f=None, h="no")
    rows = grow(asked(), answers, data).contradictions
    # Two steps apart: b and c; one step: a; d says that there is nothing to ask. e agrees, f has no
    # suggestion, h is unanswered.
    assert rows["question"].tolist() == ids("bcad")
    assert rows["direction"].tolist() == ["better", "worse", "better", "na"]
    assert rows["suggested"].tolist() == ["no", "yes", "partly", "no"]
    assert rows["n"].tolist() == [120.0] * 4


def test_suggestions_change_no_score():
    answers = said(a="yes", b="no")
    bare, told = (grow(asked(), answers, data) for data in (NOTHING, suggested(a="no", b="yes", c="no")))
    pd.testing.assert_frame_equal(bare.areas, told.areas)
    assert bare.unanswered == told.unanswered
    assert bare.points["question"].tolist() == told.points["question"].tolist() == ids("b")


def test_nothing_answered_is_no_zero():
    growth = grow(asked(), said(), NOTHING)
    assert growth.areas["score"].isna().all()
    assert growth.total["score"].isna().all()
    assert growth.points.empty
    assert growth.contradictions.empty
    assert len(growth.unanswered) == 9


def test_audits_are_compared_over_what_was_answered_both_times():
    before = said(a="no", b="partly", c="yes", d="na", e="yes", g="yes")
    now = said(a="partly", b="partly", c="no", d="yes", f="no", g="yes")
    told = compare_audits(asked(), now, before)
    assert list(told.changes.itertuples(index=False, name=None)) == [
        ("X10", "crm", "no", "partly", "better"),
        ("X12", "crm", "yes", "no", "worse"),
        ("X13", "crm", "na", "yes", "other"),
        ("X14", "leads", "yes", "", "other"),
        ("X15", "leads", "", "no", "other"),
    ]
    rows = told.areas.set_index("area")
    # crm: a, b and c both times, weight 6 of 8; then (0 + 2 × ½ + 1) ÷ 6, now (3 × ½ + 2 × ½ + 0) ÷ 6.
    assert rows.loc["crm", ["then", "now"]].tolist() == pytest.approx([2 / 6, 2.5 / 6])
    assert rows.loc["crm", ["both", "asked"]].tolist() == [3, 4]
    # leads: no question was answered both times. team: the same.
    assert rows.loc["leads", ["then", "now"]].isna().all()
    assert rows.loc["team", ["then", "now", "both"]].tolist() == [1.0, 1.0, 1]
    # All: weight 6 + 2 = 8 of 8 + 4 + 2 + 3 = 17 is less than half.
    assert told.total[["then", "now"]].isna().all(axis=None)
    assert told.total[["both", "asked"]].iloc[0].tolist() == [4, 9]


def test_an_answer_yes_for_no_raises_the_score():
    names = "abcdefghi"
    base = dict.fromkeys(names, "no")
    last = 0.0
    for name in names:
        base[name] = "yes"
        score = grow(asked(), said(**base), NOTHING).total["score"].iloc[0]
        assert score > last
        last = score
    assert last == 1.0
