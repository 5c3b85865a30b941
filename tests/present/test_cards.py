"""The page of the cards: what is due by the day described, what was hoped for, what came."""

from __future__ import annotations

from datetime import date

import pytest

from crmkit.limits import Limits
from crmkit.periods import Period
from crmkit.present.cards import cards_table, effect_text
from crmkit.present.formats import Formats
from crmkit.present.study import open_study
from crmkit.process.cards import Card, cards_file, write_cards
from crmkit.process.effect import Measured, Side

LINES = "deal_id,stage,created_at\n1,New,2026-01-05\n"
MARCH = Period.between(date(2026, 3, 1), date(2026, 4, 1), "UTC")


def card(**more) -> Card:
    return Card.model_validate({"id": 1, "problem": "<i>late</i>", "step": "New"} | more)


def told(table, number: int) -> dict[str, str]:
    """Return what a card's rows say."""
    rows = [row for row in table.rows if row[0].startswith(f"{number}. ")]
    return {field: content.replace("\u00a0", " ") for _, field, content in rows}


def test_without_cards_it_is_said_how_to_make_one(client):
    study = open_study(client(LINES))
    assert "crmkit process card CLIENT" in cards_table(study, None).paragraphs[0]


def test_due_cards_are_marked_by_the_day_described(client):
    folder = client(LINES)  # as of 31 March 2026
    hoped = {"change": 0.05, "money_month": 1000, "low": 200, "high": 2000}
    write_cards(
        cards_file(folder),
        (
            card(state="do", due_on="2026-03-31", expected=hoped),
            card(id=2, state="check", check_on="2026-04-01", started_on="2026-02-01"),
        ),
    )  # fmt: skip
    study = open_study(folder)
    table = cards_table(study, None)
    assert table.notes[0] == "1 of them is due on 31\u00a0Mar\u00a02026."
    assert told(table, 1) == {
        "State": "Do: due",
        "Step": "New",
        "To be done by": "31 Mar 2026",
        "Expected": "+5.0 points; $1,000 a month (200–2,000)",
        "Measured effect": "not begun yet",
    }
    assert (told(table, 2)["State"], told(table, 2)["Measured effect"]) == ("Check", "not in this export")
    assert "<i>late" not in table.fragment()


@pytest.mark.parametrize(
    ("k", "n", "said"),
    [
        (3, 9, "before: 3 of 9; since: 3 of 9"),
        (10, 20, "before: 50.0% (30–70%), n = 20; since: 50.0% (30–70%), n = 20"),
    ],
)
def test_few_cases_are_told_apart_and_not_compared(k, n, said):
    low, high = 0.299, 0.701
    side = Side(MARCH, k / n, n, low, high, k)
    found = Measured("ok", before=side, after=side, difference=0.0, low=-0.3, high=0.3)
    assert effect_text(Formats("en", "USD"), found, True, Limits()).replace("\u00a0", " ") == said


def test_many_cases_are_compared_with_an_interval():
    before, after = Side(MARCH, 0.5, 40, 0.35, 0.65, 20), Side(MARCH, 0.75, 40, 0.6, 0.86, 30)
    found = Measured("ok", before=before, after=after, difference=0.25, low=0.04, high=0.43)
    said = effect_text(Formats("en", "USD"), found, True, Limits()).replace("\u00a0", " ")
    assert said.endswith("; difference: +25.0 points (+4.0 points … +43.0 points)")
    slow = Side(MARCH, 2.5, 40, 2.0, 3.0, float("nan"))
    found = Measured("ok", before=slow, after=slow, difference=0.0, low=-0.7, high=0.7)
    said = effect_text(Formats("en", "USD"), found, False, Limits()).replace("\u00a0", " ")
    assert said.startswith("before: 2.5 (2.0–3.0) working days, n = 40;")
