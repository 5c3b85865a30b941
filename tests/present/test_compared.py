"""Compared rows for programs and for a terminal: nothing unknown is a number, few cases are told as such."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.present.compared import FIGURES, for_the_eye, records
from crmkit.present.formats import Formats
from crmkit.present.verdict_words import Compared

NAN = float("nan")
SHARE = Compared("share", "higher")


@pytest.fixture
def study(snapshot):
    formats = Formats("en", "USD")
    return SimpleNamespace(
        words=formats.words,
        formats=formats,
        crm=snapshot([{"created_at": "2026-01-01", "status": "open"}]),
        say=formats.words.say,
    )


@pytest.fixture
def rows():
    """Ann is better, Bob has too few deals, and of Cid nothing is known."""
    figures = pd.DataFrame(
        [
            ["Ann", 0.4, 300, 0.35, 0.46, 0.38, 0.33, 0.44, 0.08, 0.03, 0.13, "holds", "above", "", 1.0],
            ["Bob", 3 / 7, 7, 0.1, 0.7, 0.4, 0.1, 0.7, 0.1, NAN, float("inf"),
             "too_little_data", "none", "few_cases", NAN],
            ["Cid", NAN, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
             "cannot_be_computed", "none", "deals.closed_at", NAN],
        ],
        columns=["rep", *FIGURES, "label", "direction", "reason", "rank_low"],
    )  # fmt: skip
    return figures.astype({"rep": "str"})


def test_what_is_not_known_is_null(study, rows):
    ann, bob, cid = records(study, rows, lambda _: SHARE)
    assert list(ann) == ["rep", *FIGURES, "verdict", "rank_low"]
    assert (ann["n"], bob["gap_low"], bob["gap_high"], cid["value"], cid["rank_low"]) == (300, *[None] * 4)
    verdict = ann["verdict"]
    assert [verdict[name] for name in ("label", "direction", "reason")] == ["holds", "above", ""]
    assert verdict["text"].replace("\xa0", " ") == "Better by 3–13 points."
    assert cid["verdict"]["text"].startswith("It cannot be computed. Deals have no closing date")
    json.dumps([ann, bob, cid], allow_nan=False)


def test_a_terminal_shows_few_cases_as_such(study, rows):
    shown = for_the_eye(study, rows, lambda _: SHARE, {"rep": "rep"})
    ann, bob, cid = ([str(one).replace("\xa0", " ") for one in row] for row in shown.to_numpy())
    assert ann[:6] == ["Ann", "40.0% (35–46%)", "38.0% (33–44%)", "300", "from +3 to +13 points", "holds"]
    assert bob[:6] == ["Bob", "3 of 7", "None", "7", "None", "too little data"]
    assert bob[6] == "Too few deals to say: 7; at least 30 are needed."
    assert cid[:6] == ["Cid", "—", "None", "0", "None", "cannot be computed"]
