"""Compared rows for programs and for a terminal: nothing unknown is a number, few cases are told as such."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.present.compared import FIGURES, adjusted_text, figure_text, records
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


def test_few_cases_are_told_as_such(study, rows):
    ann, bob, cid = rows.to_dict("records")
    said = [figure_text(study, row, SHARE).replace("\xa0", " ") for row in (ann, bob, cid)]
    assert said == ["40.0% (35–46%)", "3 of 7", "—"]
    assert adjusted_text(study, ann, SHARE).replace("\xa0", " ") == "38.0% (33–44%)"
    assert adjusted_text(study, bob, SHARE) is adjusted_text(study, cid, SHARE) is None
