"""What was expected of a step beside what came: measured as a change in weeks, not as two heaps of visits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit.compare.to_be import to_be
from crmkit.process.cards import Card
from crmkit.process.description import Process

START = pd.Timestamp("2024-01-01")  # a Monday
CHANGE = 110  # weeks before the change


def process(weeks=CHANGE, stated=0.8):
    """Return a process that holds so many weeks after the first one, or from no day that is said."""
    dated = None if weeks is None else f"{START + pd.Timedelta(weeks=weeks):%Y-%m-%d}"
    steps = [
        {"name": "Lead", "crm_stages": ["New"], "expected_conversion": stated},
        {"name": "Price", "crm_stages": ["Offer"]},
    ]
    return Process.model_validate({"name": "P", "version": "to_be", "dated": dated, "steps": steps})


def client(snapshot, before, after, *, weeks=26, a_week=14):
    """Return a client: of ``a_week`` deals a Monday in New such a share goes on next day, the rest is lost.

    The share differs from week to week by the throw of a coin; the seed is fixed.
    """
    rng, deals, changes = np.random.default_rng(5), [], []
    for week in range(CHANGE + weeks):
        monday = START + pd.Timedelta(weeks=week)
        came, left = f"{monday:%Y-%m-%d} 10:00", f"{monday + pd.Timedelta(days=1):%Y-%m-%d} 10:00"
        for number, goes_on in enumerate(rng.random(a_week) < (before if week < CHANGE else after)):
            name, following = f"{week}-{number}", "Offer" if goes_on else "Lost"
            deals.append({"deal_id": name, "stage": following, "created_at": came})
            if not goes_on:
                deals[-1]["closed_at"] = left
            changes += [
                {"deal_id": name, "changed_at": came, "to_stage": "New"},
                {"deal_id": name, "changed_at": left, "to_stage": following},
            ]
    end = START + pd.Timedelta(weeks=CHANGE + weeks)
    return snapshot(deals, stage_changes=changes, as_of=f"{end:%Y-%m-%d}")


def test_a_change_as_expected_is_supported(snapshot):
    # From half to eight of ten, and eight of ten were stated.
    told = to_be(client(snapshot, 0.5, 0.8), process()).rows
    assert told[["step", "card", "metric"]].values.tolist() == [["Lead", 0, "conversion"]]
    row = told.iloc[0]
    assert row["before"] == pytest.approx(0.5, abs=0.05) and row["after"] == pytest.approx(0.8, abs=0.05)
    assert row["expected"] == pytest.approx(0.8 - row["before"])
    assert (row["label"], row["direction"], row["claim"]) == ("holds", "above", "supported")
    assert row["gap_low"] < 0.3 < row["gap_high"]


def test_a_change_far_below_the_expected_one_is_contradicted(snapshot):
    row = to_be(client(snapshot, 0.5, 0.5), process()).rows.iloc[0]
    assert (row["label"], row["claim"]) == ("may_be_chance", "contradicted")
    assert row["gap_low"] < 0 < row["gap_high"] < 0.3


def test_a_few_weeks_are_only_described(snapshot):
    row = to_be(client(snapshot, 0.5, 0.8, weeks=7), process()).rows.iloc[0]
    assert (row["label"], row["reason"], row["claim"]) == ("too_little_data", "few_weeks", "cannot_tell")
    assert row["gap"] == pytest.approx(row["after"] - row["before"])


def test_a_card_says_what_it_hoped_for_in_place_of_the_description(snapshot):
    day = START + pd.Timedelta(weeks=CHANGE)
    card = Card.model_validate(
        {"id": 7, "problem": "p", "step": "lead", "started_on": f"{day:%Y-%m-%d}",
         "expected": {"change": 0.1, "money_month": 500, "low": 100, "high": 900}}
    )  # fmt: skip
    told = to_be(client(snapshot, 0.5, 0.8), process(), [card]).rows
    assert told[["card", "expected", "money_month", "claim"]].values.tolist() == [[7, 0.1, 500, "supported"]]


def test_what_has_not_begun_is_only_named(snapshot):
    crm = client(snapshot, 0.5, 0.8, weeks=1)
    assert to_be(crm, process(None)).not_begun == ("Lead",)
    later = to_be(crm, process(200))
    assert later.not_begun == ("Lead",) and later.rows.empty
    assert to_be(crm, None).rows.empty


def test_without_a_history_of_stages_it_is_said_what_is_missing(snapshot):
    crm = snapshot([{"status": "open", "created_at": "2024-01-01"}], as_of="2026-07-01")
    row = to_be(crm, process()).rows.iloc[0]
    assert row["label"] == "cannot_be_computed" and "stage_changes.to_stage" in row["reason"]
