"""The answers of an audit in the client's folder: written one by one, read back, never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.audit.answers import (
    Answer,
    Answers,
    answers_file,
    audits,
    present_and_previous,
    read_answers,
    save_answer,
)
from crmkit.audit.questions import read_questions
from crmkit.errors import CrmkitError, Refusals, SettingsError

DAY = date(2026, 10, 31)
ASKED = read_questions()
HOSTILE = [
    "=1+1",
    "no",
    "~",
    "a: b # c",
    '"',
    "\\",
    "<b>",
    "a\r\nb",
    "e\x00\x85\u2028\ufeff",
    "ё",
    "- x",
    "\t",
]


def written(folder: Path, text: str, name: str = "2026-10-31.yml") -> Path:
    path = folder / "audit" / "answers" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_the_file_is_as_people_would_write_it(tmp_path):
    rows = {"B01": Answer(answer="no", note="see"), "A01": Answer(answer="yes")}
    told = save_answer(tmp_path, DAY, ASKED, **rows, answered_by="Anna, owner")
    assert told == Answers(DAY, "Anna, owner", rows)
    assert (tmp_path / "audit" / "answers" / "2026-10-31.yml").read_text(encoding="utf-8") == (
        "format: 1\n"
        'answered_by: "Anna, owner"\n'
        "answers:\n"
        '  A01:\n    answer: "yes"\n'
        '  B01:\n    answer: "no"\n    note: "see"\n'
    )
    assert read_answers(tmp_path, DAY, ASKED) == told


def test_the_same_answers_give_the_same_bytes_in_any_order(tmp_path):
    rows = {"A01": Answer(answer="yes"), "B01": Answer(answer="na"), "C02": Answer(evidence="seen")}
    turned = dict(reversed(rows.items()))
    for name, some in (("a", rows), ("b", turned)):
        save_answer(tmp_path / name, DAY, ASKED, **some)
    assert answers_file(tmp_path / "a", DAY).read_bytes() == answers_file(tmp_path / "b", DAY).read_bytes()


def test_an_answer_written_by_hand_needs_no_quotes(tmp_path):
    written(tmp_path, "format: 1\nanswers:\n  A01: {answer: no}\n  B01: {answer: yes, evidence: 12}\n")
    told = read_answers(tmp_path, DAY, ASKED)
    assert (told.said("A01"), told.said("B01"), told.said("A02")) == ("no", "yes", "")
    assert told.answers["B01"].evidence == "12"


def test_where_nothing_was_answered_there_are_no_answers(tmp_path):
    assert read_answers(tmp_path, DAY, ASKED) == Answers(DAY)
    assert audits(tmp_path) == []
    assert present_and_previous(tmp_path, DAY) == (None, None)


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        ("  A99: {answer: yes}\n", 3, "there is no such question"),
        ("  A01: {answer: maybe}\n", 3, "Possible: '', 'yes', 'partly', 'no', 'na'"),
        ("  A01: {anwser: yes}\n", 3, "there is no such key"),
        ("  A01: yes\n", 3, "keys with values should stand here"),
        ("  A01: {answer: yes}\n  A01: {answer: no}\n", 4, "stands twice"),
        (f"  A01: {{note: {'x' * 10_001}}}\n", 3, "longer than 10000 signs"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, rows, line, said):
    written(tmp_path, f"format: 1\nanswers:\n{rows}")
    with pytest.raises(CrmkitError) as refused:
        read_answers(tmp_path, DAY, ASKED)
    assert f"2026-10-31.yml:{line}" in str(refused.value)
    assert said in str(refused.value)


def test_a_file_that_is_no_answers_is_refused(tmp_path):
    written(tmp_path, "- A01\n")
    with pytest.raises(SettingsError, match="the file holds no answers"):
        read_answers(tmp_path, DAY, ASKED)


def test_audits_are_told_by_their_days(tmp_path):
    for name in ("2026-10-31.yml", "2026-04-30.yml", "2026-12-01.yml", ".2026-10-31.yml.lock", "a.xlsx"):
        written(tmp_path, "format: 1\n", name)
    april, october, december = date(2026, 4, 30), DAY, date(2026, 12, 1)
    assert audits(tmp_path) == [april, october, december]
    # The latest one not after the day described is the present one.
    assert present_and_previous(tmp_path, date(2026, 11, 30)) == (october, april)
    assert present_and_previous(tmp_path, october) == (october, april)
    assert present_and_previous(tmp_path, date(2026, 10, 30)) == (april, None)
    assert present_and_previous(tmp_path, date(2026, 4, 29)) == (None, None)


@pytest.mark.parametrize("name", ["october.yml", "2026-02-30.yml", "2026-10-31.yaml"])
def test_a_file_named_by_no_day_is_refused(tmp_path, name):
    written(tmp_path, "format: 1\n", name)
    with pytest.raises(Refusals, match="is not a day"):
        audits(tmp_path)


def test_one_answer_changes_and_all_others_stay(tmp_path):
    first = save_answer(tmp_path, DAY, ASKED, A01=Answer(answer="yes"), answered_by="Anna")
    assert first == Answers(DAY, "Anna", {"A01": Answer(answer="yes")})
    # Somebody else saves another question meanwhile; neither is lost; of one question the last word holds.
    save_answer(tmp_path, DAY, ASKED, B01=Answer(answer="no"))
    after = save_answer(tmp_path, DAY, ASKED, A01=Answer(answer="partly", evidence="half of it"))
    assert after == read_answers(tmp_path, DAY, ASKED)
    assert {name: one.answer for name, one in after.answers.items()} == {"A01": "partly", "B01": "no"}
    assert after.answered_by == "Anna"


def test_an_answer_taken_back_is_gone(tmp_path):
    save_answer(tmp_path, DAY, ASKED, A01=Answer(answer="yes"), B01=Answer(note="ask again"))
    after = save_answer(tmp_path, DAY, ASKED, A01=Answer())
    assert dict(after.answers) == {"B01": Answer(note="ask again")}
    assert after.said("B01") == ""


def test_many_at_once_lose_nothing(tmp_path):
    names = [one.id for one in ASKED.questions[:40]]

    def save(name: str) -> None:
        save_answer(tmp_path, DAY, ASKED, **{name: Answer(answer="yes")})

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(save, names))
    assert sorted(read_answers(tmp_path, DAY, ASKED).answers) == sorted(names)


def test_a_broken_file_is_not_written_over(tmp_path):
    written(tmp_path, "format: 1\nanswers:\n  A01: {answer: sometimes}\n")
    before = answers_file(tmp_path, DAY).read_bytes()
    with pytest.raises(Refusals):
        save_answer(tmp_path, DAY, ASKED, B01=Answer(answer="yes"))
    assert answers_file(tmp_path, DAY).read_bytes() == before


def test_an_unknown_question_is_a_mistake_of_the_program(tmp_path):
    with pytest.raises(ValueError, match="A99"):
        save_answer(tmp_path, DAY, ASKED, A99=Answer(answer="yes"))


def test_answers_to_questions_left_out_stay(tmp_path):
    save_answer(tmp_path, DAY, ASKED, A03=Answer(answer="yes"))
    (tmp_path / "audit" / "questions.yml").write_text("format: 1\nleave_out: [A03]\n", encoding="utf-8")
    after = save_answer(tmp_path, DAY, read_questions(tmp_path), A01=Answer(answer="no"))
    assert list(after.answers) == ["A01", "A03"]


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), st.sampled_from(["yes", "no", "na", ""]))
def test_any_text_comes_back(tmp_path_factory, text, answer):
    folder = tmp_path_factory.mktemp("a")
    said = Answer.model_validate({"answer": answer, "evidence": text, "note": text})
    save_answer(folder, DAY, ASKED, A01=said, answered_by=text)
    told = read_answers(folder, DAY, ASKED)
    assert (told.answered_by, told.said("A01")) == (text, answer)
    assert told.answers.get("A01", Answer()) == said


def test_half_a_sign_does_not_spoil_the_file(tmp_path):
    save_answer(tmp_path, DAY, ASKED, A01=Answer(answer="yes", note="a\ud83d"))
    assert read_answers(tmp_path, DAY, ASKED).answers["A01"].note == "a?"
