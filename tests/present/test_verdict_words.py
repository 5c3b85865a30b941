"""Verdicts in plain words: comparing words where a verdict holds, elsewhere reasons and missing columns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import get_args

import pytest

from crmkit.compare.intervals import Label
from crmkit.present.differences import between_text, difference_text, span_text
from crmkit.present.formats import Formats
from crmkit.present.verdict_words import (
    LABEL_WORDS,
    REASONS,
    TOO_FEW,
    Compared,
    goodness,
    label_text,
    reason_text,
    verdict_text,
)

SHARE = Compared("share", "higher")


def row(label="holds", direction="none", reason="", low=-0.03, high=0.08, n=300):
    return {
        "label": label, "direction": direction, "reason": reason, "gap": (low + high) / 2, "gap_low": low,
        "gap_high": high, "n": n,
    }  # fmt: skip


@pytest.fixture
def study(snapshot):
    """Return ``study(language)``: deals without amounts and closing dates."""
    crm = snapshot(deals=[{"created_at": "2026-01-01", "status": "open"}])

    def make(language="en"):
        formats = Formats(language, "USD")
        say = lambda text, /, **params: plain(formats.words.say(text, **params))  # noqa: E731
        return SimpleNamespace(words=formats.words, formats=formats, crm=crm, say=say)

    return make


def plain(text):
    return text.replace("\xa0", " ")


def said(study, one, what=SHARE):
    return plain(verdict_text(study, one, what))


def test_what_holds_is_said_by_what_is_good(study):
    en = study()
    above, below = row(direction="above", low=0.031, high=0.108), row(direction="below", low=-9.0, high=-2.0)
    assert said(en, above) == "Better by 3–11 points."
    assert said(en, above, Compared("share", "lower")) == "Worse by 3–11 points."
    assert said(en, above, Compared("share")) == "Higher by 3–11 points."
    assert said(en, below, Compared("days", "lower")) == "Better by 2.0–9.0 days."
    change = Compared("relative", "higher", kind="change")
    assert said(en, row(direction="below", low=-0.24, high=-0.05), change) == "It became worse by 5–24%."


def test_russian_says_the_same(study):
    ru = study("ru")
    assert said(ru, row(direction="above", low=0.031, high=0.108)) == "Лучше на 3–11 п. п."
    assert said(ru, row("may_be_chance", reason="within_chance")) == (
        "Разницы по данным не видно: она может быть от −3 до +8 п. п."
    )
    assert said(ru, row("too_little_data", reason="few_cases", n=7)) == (
        "Сделок слишком мало, чтобы судить: 7, а нужно не меньше 30."
    )


def test_without_a_verdict_nobody_is_called_better(study):
    en = study()
    assert said(en, row("may_be_chance", reason="within_chance")) == (
        "The data cannot tell them apart: the difference may be from −3 to +8 points."
    )
    hindered = said(en, row("may_be_chance", reason="one_deal", low=0.031, high=0.108))
    assert hindered == (
        "It may be chance, although the difference is from +3 to +11 points. "
        "Without the single biggest deal the difference may be chance."
    )
    for reason in REASONS:
        text = said(en, row("may_be_chance", reason=reason, low=0.03, high=0.1))
        assert "etter" not in text and "orse" not in text


def test_too_little_data_tells_how_much_there_is(study):
    en = study()
    few = row("too_little_data", reason="few_cases", n=7)
    assert said(en, few) == "Too few deals to say: 7; at least 30 are needed."
    tasks = Compared("share", "higher", "tasks")
    assert said(en, few | {"n": 1200}, tasks) == "Too few tasks to say: 1,200; at least 30 are needed."
    weeks = row("too_little_data", reason="few_weeks", n=4)
    assert said(en, weeks).startswith("Too few weeks: at least 26 before the change and 13 after")


def test_a_missing_column_comes_with_how_to_export_it(study):
    en = study()
    lacking = row("cannot_be_computed", reason="deals.closed_at", low=float("nan"), high=float("nan"))
    assert said(en, lacking) == (
        "It cannot be computed. Deals have no closing date in this export. "
        "Add the column with the closing date."
    )
    both = reason_text(en, lacking | {"reason": "deals.closed_at, no_like_deals"}, SHARE)
    assert both.startswith("Deals have no closing date") and "nobody to compare with" in both


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_label_and_reason_has_its_words(study, language):
    told = study(language)
    assert set(LABEL_WORDS) == set(get_args(Label))
    words = [label_text(told, label) for label in get_args(Label)]
    words += [reason_text(told, row(reason=reason), SHARE) for reason in REASONS]
    words += [reason_text(told, row(reason="few_cases"), Compared("share", cases=one)) for one in TOO_FEW]
    assert len(set(words)) == len(words) and all(words) and not any("{" in one for one in words)


def test_goodness():
    assert goodness("above", "higher") == goodness("below", "lower") == "better"
    assert goodness("above", "lower") == goodness("below", "higher") == "worse"
    assert goodness("above", "") == "above" and goodness("none", "higher") == ""


def test_digits_never_hide_a_difference():
    en, ru = Formats("en", "USD"), Formats("ru", "RUB")
    assert plain(span_text(en, 0.002, 0.108, "share")) == "0.2–10.8 points"  # 0–11 would include none
    assert plain(span_text(en, 0.031, 0.0312, "share")) == "3.10–3.12 points"
    assert plain(span_text(en, 0.03, 0.03, "share")) == "3 points"
    assert plain(span_text(en, 1200.4, 3400, "money")) == "$1,200–3,400"
    assert plain(span_text(ru, 1200.4, 3400, "money_per_day")) == "1 200–3 400 ₽ в день"
    assert plain(between_text(en, -992_818, 1_072_114, "money")) == "from −$993K to +$1.1M"
    assert plain(between_text(en, -146_794, -4771, "money")) == "from −$147K to −$4.8K"
    assert plain(span_text(ru, 12_000, 34_000.0, "money")) == "12 тыс.–34 тыс. ₽"
    assert plain(span_text(en, 12_110, 12_130, "money")) == "$12,110–12,130"  # short, they would be one
    assert plain(span_text(en, 0.12, float("inf"), "relative")) == "12–∞%"
    assert plain(between_text(en, -1200, 340.0, "money")) == "from −$1,200 to +$340"
    assert plain(between_text(ru, -1200, 340.0, "money")) == "от −1 200 ₽ до +340 ₽"
    assert plain(between_text(ru, 0.0, 0.24, "relative")) == "от 0 % до +24 %"
    assert between_text(en, None, 1.0, "days") == span_text(en, float("nan"), 1, "days") == "—"
    assert plain(difference_text(en, -0.0312, "share")) == "−3.1 points"
    assert plain(difference_text(en, 1200, "money")) == "+$1,200"
    assert difference_text(en, None, "share") == "—"
    assert difference_text(en, 0.0, "count") == "0"


def test_what_adding_up_leaves_of_zero_is_zero():
    told = between_text(Formats("en", "USD"), -1e-17, 1e-17, "share")
    assert told == between_text(Formats("en", "USD"), 0.0, 0.0, "share")
