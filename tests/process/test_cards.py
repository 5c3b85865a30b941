"""Cards of improvement: kept whole, refused with all mistakes, due by the day described."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.errors import Refusals
from crmkit.process.cards import Card, Cards, cards_file, is_due, next_id, read_cards, write_cards


def test_without_a_file_there_are_no_cards_and_the_first_number_is_one(tmp_path):
    assert read_cards(cards_file(tmp_path)) == () and next_id(()) == 1
    empty = tmp_path / "cards.yml"
    empty.write_text("# nothing yet\n")
    assert read_cards(empty) == ()


def test_what_a_person_wrote_is_read_and_written_whole(tmp_path):
    path = cards_file(tmp_path)
    path.parent.mkdir()
    path.write_text(
        "cards:\n"
        "  - id: 7\n"
        "    problem: Предложения уходят на третий день\n"
        "    step: Подготовка КП\n"
        "    evidence: |\n"
        "      Half wait for a price\n"
        "      no: 12 of 30\n"
        "    plan: [price list, 'no']\n"
        "    started_on: 2026-02-01\n"
        "    expected: {change: 0.05, money_month: 120000}\n"
        "    decision: yes\n",
        encoding="utf-8",
    )
    (card,) = read_cards(path)
    assert card.plan == ("price list", "no") and card.decision == "yes" and card.state == "plan"
    assert card.evidence == "Half wait for a price\nno: 12 of 30"
    assert card.started_on == date(2026, 2, 1) and card.expected.change == 0.05
    write_cards(path, (card, Card(id=next_id((card,)), problem="p", step="s")))
    assert read_cards(path) == (card, Card(id=8, problem="p", step="s"))
    assert "Предложения" in path.read_text(encoding="utf-8")


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path):
    path = tmp_path / "cards.yml"
    path.write_text(
        "cards:\n"
        "  - id: 1\n"
        "    problem: a\n"
        "    step: b\n"
        "    sate: do\n"
        "  - id: zero\n"
        "    step: b\n"
        "    due_on: 1.2.2026\n"
    )
    with pytest.raises(Refusals) as caught:
        read_cards(path)
    assert sorted(error.where for error in caught.value.errors) == [
        "cards.yml:5: cards[1].sate",
        "cards.yml:6: cards[2].id",
        "cards.yml:6: cards[2].problem",
        "cards.yml:8: cards[2].due_on",
    ]
    assert any("state" in str(error.remedy) for error in caught.value.errors)


def test_numbers_used_twice_and_days_before_the_start_are_told(tmp_path):
    path = tmp_path / "cards.yml"
    one = "  - {id: 1, problem: a, step: b, started_on: 2026-02-01, check_on: 2026-01-01}\n"
    path.write_text("cards:\n" + one + "  - {id: 1, problem: a, step: b}\n")
    with pytest.raises(Refusals) as caught:
        read_cards(path)
    assert [error.where for error in caught.value.errors] == [
        "cards.yml:2: cards[1].check_on",
        "cards.yml:3: cards[2].id",
    ]


@pytest.mark.parametrize(
    ("state", "due_on", "check_on", "due"),
    [
        ("plan", "2026-03-31", None, True),
        ("do", "2026-04-01", "2026-05-01", False),
        ("check", "2026-03-01", "2026-05-01", False),  # carried out; its check lies ahead
        ("check", "2026-03-01", "2026-03-31", True),
        ("act", "2026-03-01", "2026-03-02", False),
        ("do", None, None, False),
    ],
)
def test_a_card_is_due_by_the_day_described(state, due_on, check_on, due):
    card = Card(id=1, problem="p", step="s", state=state, due_on=due_on, check_on=check_on)
    assert is_due(card, date(2026, 3, 31)) is due


@pytest.mark.parametrize("page", ["process.md", "process.ru.md"])
def test_the_example_of_the_docs_is_read(tmp_path, page):
    docs = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```yaml\n(.*?)```", docs, re.S) if "cards:" in block]
    path = tmp_path / "cards.yml"
    path.write_text(example, encoding="utf-8")
    (card,) = read_cards(path)
    assert card.state == "do" and len(card.plan) == 2 and card.expected.change == -3


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
CARDS = st.fixed_dictionaries(
    {"id": st.integers(1, 10**6), "problem": st.just("p"), "step": st.just("s")},
    optional={
        "evidence": TEXTS,
        "decision": TEXTS,
        "owner": TEXTS,
        "plan": st.lists(TEXTS, max_size=3),
        "state": st.sampled_from(["plan", "do", "check", "act"]),
        "metric": st.sampled_from(["conversion", "working_days"]),
        "due_on": st.dates(),
        "expected": st.fixed_dictionaries(
            {}, optional={"change": st.floats(-1, 1), "low": st.floats(0, 1e9)}
        ),
        "measured": st.fixed_dictionaries({"as_of": st.dates(), "before_n": st.integers(0, 99)}),
    },
)


@given(st.lists(CARDS, max_size=3, unique_by=lambda card: card["id"]))
@settings(max_examples=60, deadline=None)
def test_writing_and_reading_loses_nothing(tmp_path_factory, cards):
    path = tmp_path_factory.mktemp("cards") / "cards.yml"
    told = Cards.model_validate({"cards": cards}).cards
    write_cards(path, told)
    assert read_cards(path) == told
