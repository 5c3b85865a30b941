"""The sales-system checklist as data, and what a client may change of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmkit.audit.answers import audits, read_answers
from crmkit.audit.questions import ROLES, read_questions
from crmkit.errors import Refusals
from crmkit.present.words import Words

AREAS = [
    "leads", "crm", "conversion", "follow_up", "check", "clients", "process", "team", "motivation",
    "planning", "control", "training", "receivables", "handovers",
]  # fmt: skip
TEXTS = ("text", "why", "good", "action", "where")


def own(folder: Path, text: str) -> Path:
    (folder / "audit").mkdir()
    (folder / "audit" / "questions.yml").write_text(text, encoding="utf-8")
    return folder


def test_the_questions_cover_the_method():
    asked = read_questions()
    assert [area.id for area in asked.areas] == AREAS
    assert len(asked.questions) >= 60
    assert all(len(asked.of(area)) >= 3 for area in AREAS)
    assert len(asked.by_id) == len(asked.questions)
    assert not [one.id for one in asked.questions if one.id[0] in "HX"]
    order = [AREAS.index(one.area) for one in asked.questions]
    assert order == sorted(order)


def test_every_question_is_whole():
    for one in read_questions().questions:
        assert one.weight in (1, 2, 3)
        assert one.ask in ROLES
        assert all(getattr(one, name).strip() for name in TEXTS), one.id
        assert one.text.endswith("?"), one.id
        assert all(getattr(one, name).endswith(".") for name in TEXTS[1:]), one.id


def test_no_text_stands_twice():
    said = [getattr(one, name) for one in read_questions().questions for name in TEXTS[:4]]
    assert len(set(said)) == len(said)


def test_every_text_has_its_russian():
    asked = read_questions()
    words = Words("ru")
    said = [getattr(one, name) for one in asked.questions for name in TEXTS]
    said += [text for area in asked.areas for text in (area.title, area.short) if text != "CRM"]
    assert not [text for text in said if not re.search("[а-яё]", words.say(text))]


def test_twenty_questions_get_a_suggestion():
    rules = [one.suggest for one in read_questions().questions if one.suggest]
    assert len([rule for rule in rules if rule.yes]) >= 20
    # A rule with only «partly» could never tell «yes».
    assert not [rule for rule in rules if rule.partly and not rule.yes]


def test_a_client_adds_questions_and_leaves_some_out(tmp_path):
    own(
        tmp_path,
        "format: 1\n"
        "leave_out: [A03, P01, P02, P03, P04, P05, X07]\n"
        "questions:\n"
        "- {id: X01, area: leads, text: 'Do you visit the fair in May?', weight: 3}\n",
    )
    asked = read_questions(tmp_path)
    assert len(asked.questions) == len(read_questions().questions) - 6 + 1
    assert [one.id for one in asked.of("leads")] == ["A01", "A02", "A04", "A05", "X01"]
    assert "receivables" not in [area.id for area in asked.areas]
    assert (asked.by_id["X01"].weight, asked.by_id["X01"].ask) == (3, "head_of_sales")
    # Answers to what is left out may stay in the files.
    assert {"A03", "X07", "X01"} <= set(asked.known)
    assert "A03" not in asked.by_id


def test_without_a_file_the_questions_are_those_of_the_kit(tmp_path):
    assert read_questions(tmp_path) is read_questions()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("leave_out: [A99]\n", 2, "there is no such question"),
        ("leave_out: [all]\n", 2, "not written as it should be"),
        ("questions:\n- {id: A90, area: leads, text: x}\n", 3, "begin with X"),
        ("questions:\n- {id: X1, area: leads, text: x}\n", 3, "Write it so: X01"),
        ("questions:\n- {id: X01, area: lead, text: x}\n", 3, "Did you mean «leads»?"),
        ("questions:\n- {id: X01, area: leads}\n", 3, "this key is missing"),
        ("questions:\n- {id: X01, area: leads, text: x, weight: 4}\n", 3, "too large"),
        ("questions:\n- {id: X01, area: leads, text: x, wieght: 2}\n", 3, "Did you mean «weight»?"),
        (
            "questions:\n- {id: X01, area: leads, text: x}\n- {id: X01, area: crm, text: y}\n",
            4,
            "stands here twice",
        ),
        (
            "questions:\n- {id: X01, area: crm, text: x, suggest: {measure: win_rte}}\n",
            3,
            "Did you mean «win_rate»?",
        ),
        (
            "questions:\n- {id: X01, area: crm, text: x, suggest: {filled: deals.sorce}}\n",
            3,
            "Did you mean «source»?",
        ),
        (
            "questions:\n- {id: X01, area: crm, text: x, suggest: {measure: stage_conversion}}\n",
            3,
            "no single figure",
        ),
        ("questions:\n- {id: X01, area: crm, text: x, suggest: {check: H99}}\n", 3, "possible values"),
        ("questions:\n- {id: X01, area: crm, text: x, suggest: {yes: '>= 1'}}\n", 3, "exactly one of"),
        (
            "questions:\n- {id: X01, area: crm, text: x, suggest: {check: H01, yes: 90 %}}\n",
            3,
            'Write it so: ">= 0.9"',
        ),
        ("areas: []\n", 2, "there is no such key"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, text, line, said):
    own(tmp_path, f"format: 1\n{text}")
    with pytest.raises(Refusals) as refused:
        read_questions(tmp_path)
    assert f"questions.yml:{line}" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("page", ["checklist.md", "checklist.ru.md"])
def test_the_examples_of_the_docs_can_be_read(tmp_path, page):
    docs = Path(__file__).parents[2] / "docs" / page
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for name, text in blocks:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    asked = read_questions(tmp_path)
    assert asked.of("leads")[-1].suggest.filled == "deals.source"
    assert asked.left_out == {"A03", "P05"}
    answers = read_answers(tmp_path, *audits(tmp_path), asked)
    assert answers.said("A01") == "yes"
