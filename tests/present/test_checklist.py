"""The pages of the sales-system checklist: scores, growth points, what the data say, what changed."""

from __future__ import annotations

from datetime import date

import pytest

from crmkit.audit.answers import Answer, answers_file, read_answers, save_answer
from crmkit.audit.questions import FACTS, read_questions
from crmkit.present import checklist, checklist_answers, checklist_words
from crmkit.present.study import open_study

DEALS = "deal_id,stage,amount,manager_id,created_at\n1,New,100,Ann,2026-03-02\n2,New,50,Bob,2026-03-02\n"
TODAY, BEFORE = date(2026, 3, 31), date(2026, 1, 31)


@pytest.fixture
def folder(client):
    return client(DEALS)


def say(folder, day, **answers):
    given = {name: Answer(answer=one, evidence=f"<i>{name}</i>") for name, one in answers.items()}
    save_answer(folder, day, read_questions(), **given, answered_by="Ann")


def cells(table, key):
    place = [column.key for column in table.columns].index(key)
    return [row[place] for row in table.rows]


def test_without_answers_pages_say_so_and_name_every_question(folder):
    study = open_study(folder)
    assert "no score yet" in repr(checklist.headline(study))
    assert "Nothing is answered yet" in repr(checklist.areas(study))
    left = checklist_answers.unanswered(study)
    assert len(left.rows) == len(read_questions().questions) >= 60
    assert str(len(left.rows)) in left.title


def test_an_area_is_scored_by_the_weights_of_what_is_answered(folder):
    # The area of leads whole: yes 1, partly ½, no 0, «does not apply» in neither sum.
    asked = read_questions().of("leads")
    said = dict(zip([one.id for one in asked], ["yes", "partly", "no", "na", "yes"], strict=True))
    say(folder, TODAY, **said)
    worth = {"yes": 1, "partly": 0.5, "no": 0}
    counted = [one for one in asked if said[one.id] != "na"]
    expected = sum(one.weight * worth[said[one.id]] for one in counted) / sum(one.weight for one in counted)
    table = checklist.areas(open_study(folder))
    assert cells(table, "points")[0] == pytest.approx(100 * expected)
    assert cells(table, "points")[1] is None and cells(table, "state")[1] == "not answered yet"


def test_growth_points_weigh_the_gap_and_tell_what_to_do(folder):
    asked = read_questions()
    heavy = next(one.id for one in asked.questions if one.weight == 3)
    light = next(one.id for one in asked.questions if one.weight == 1)
    say(folder, TODAY, **{light: "no", heavy: "no"})  # 3 × 1 before 1 × 1
    table = checklist.points(open_study(folder))
    assert [text.split(".")[0] for text in cells(table, "text")] == [heavy, light]
    assert all(cells(table, "action"))
    assert "<i>" not in table.fragment() and f"&lt;i&gt;{heavy}" in table.fragment()


def test_an_answer_that_the_data_contradict_is_told_with_its_figure(folder):
    # Both deals name no channel: 0 of 2 is too few for a suggestion, so nothing is contradicted by it.
    assert "No question is answered yet" in repr(checklist_answers.contradictions(open_study(folder)))
    say(folder, TODAY, A02="yes")
    assert "No answer is contradicted" in repr(checklist_answers.contradictions(open_study(folder)))
    lines = DEALS + "".join(f"{n},New,5,Ann,2026-03-02\n" for n in range(3, 43))
    (folder / "deals.csv").write_text(
        lines.replace("created_at", "created_at,source")
        .replace("\n", ",\n")
        .replace("source,\n", "source\n"),
        encoding="utf-8",
    )
    text = (
        (folder / "deals.csv")
        .read_text(encoding="utf-8")
        .replace("1,New,100,Ann,2026-03-02,", "1,New,100,Ann,2026-03-02,site")
    )
    (folder / "deals.csv").write_text(text, encoding="utf-8")
    table = checklist_answers.contradictions(open_study(folder))
    assert cells(table, "answer") == ["yes"] and cells(table, "suggested") == ["no"]
    assert "n = 42" in cells(table, "data")[0].replace("\u00a0", " ")


def test_the_audit_before_stands_beside_and_only_common_questions_are_compared(folder):
    ids = [one.id for one in read_questions().of("leads")]
    say(folder, BEFORE, **dict.fromkeys(ids, "no"))
    say(folder, TODAY, **dict.fromkeys(ids, "yes"))
    study = open_study(folder)
    assert cells(checklist.areas(study), "then")[0] == 0
    assert cells(checklist.areas(study), "points")[0] == 100
    assert set(cells(checklist_answers.changes(study), "what")) == {"better"}
    figure = checklist.wheel(study)
    assert [line["r"][0] for line in figure.spec["data"]] == [0, 1]


def test_the_form_keeps_each_answer_at_once_and_shows_it_again(folder):
    made = checklist.form(open_study(folder))
    buttons, seen = made.rows["A01"]
    buttons.value, seen.value = "partly", "page 3"
    kept = read_answers(folder, TODAY, read_questions()).answers["A01"]
    assert (kept.answer, kept.evidence) == ("partly", "page 3")
    again = checklist.form(open_study(folder)).rows["A01"]
    assert (again[0].value, again[1].value) == ("partly", "page 3")
    assert "1 of" in made.status.value


def test_two_forms_do_not_lose_each_others_answers(folder):
    one, other = (checklist.form(open_study(folder)) for _ in range(2))
    one.rows["A01"][0].value = "yes"
    other.rows["A02"][0].value = "no"
    other.rows["A01"][1].value = "seen by the other"  # which still shows no answer there
    kept = read_answers(folder, TODAY, read_questions())
    assert (kept.said("A01"), kept.said("A02")) == ("yes", "no")
    assert kept.answers["A01"].evidence == "seen by the other"


def test_a_new_audit_begins_empty_with_the_last_answer_beside(folder):
    say(folder, BEFORE, A01="no")
    study = open_study(folder)
    assert checklist.form(study).day == BEFORE
    fresh = checklist.form(study, new=True)
    assert fresh.day == TODAY and fresh.rows["A01"][0].value == ""
    assert "the answer was: no" in fresh.shown.children[0].children[0].value
    assert not answers_file(folder, TODAY).exists()


def test_what_cannot_be_saved_is_told_in_the_form(folder):
    made = checklist.form(open_study(folder))
    made.rows["A01"][1].value = "x" * 10_001
    assert "A01: " in made.status.value and not answers_file(folder, TODAY).exists()
    answers_file(folder, TODAY).parent.mkdir(parents=True, exist_ok=True)
    answers_file(folder, TODAY).write_text("format: 1\nanswers: {Z99: {answer: yes}}\n", encoding="utf-8")
    made.rows["A01"][0].value = "yes"
    assert "no such question" in made.status.value


def test_every_fact_of_a_question_has_words():
    assert set(checklist_words.FACTS) == set(FACTS)


def test_programs_get_score_points_and_what_is_left(folder):
    say(folder, TODAY, A01="no")
    study = open_study(folder)
    checklist.record(study)
    found = study.found["checklist"][0]
    assert (found["day"], found["total"]["answered"], found["points"][0]["question"]) == (
        "2026-03-31",
        1,
        "A01",
    )
    assert "A01" not in found["unanswered"] and "A02" in found["unanswered"]


def test_the_time_of_the_figures_stands_beside_them(folder):
    say(folder, TODAY, A01="no")
    whole, month = open_study(folder), open_study(folder, period="2026-03")
    said = [checklist_answers.unanswered(one).notes[-1].replace("\u00a0", " ") for one in (whole, month)]
    assert "what happened in the whole export" in said[0] and "31 Mar 2026" in said[0]
    assert "whole export" not in said[1] and month.period_text().replace("\u00a0", " ") in said[1]
    assert "whole export" in checklist.form(whole).status.value
