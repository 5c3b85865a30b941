"""Moves between stages: a stage that may be left out is no skip, but counts as passed."""

from __future__ import annotations

import pytest

from crmkit import evaluate

STAGES = [
    {"name": "New"},
    {"name": "Survey", "optional": True},
    {"name": "Offer"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
DEALS = [{"created_at": "2026-02-01", "stage": "Offer"}, {"created_at": "2026-02-01", "stage": "Won"}]
MOVES = [
    {"deal_id": "1", "changed_at": "2026-02-01 10:00", "from_stage": "", "to_stage": "New"},
    {"deal_id": "1", "changed_at": "2026-02-02 10:00", "from_stage": "New", "to_stage": "Offer"},
    {"deal_id": "2", "changed_at": "2026-02-01 10:00", "from_stage": "", "to_stage": "New"},
    {"deal_id": "2", "changed_at": "2026-02-05 10:00", "from_stage": "New", "to_stage": "Won"},
]


@pytest.fixture
def crm(snapshot):
    def made(*, optional):
        stages = [{name: one[name] for name in one if name != "optional" or optional} for one in STAGES]
        return snapshot(DEALS, stage_changes=MOVES, stages=stages)

    return made


def test_leaving_out_an_optional_stage_is_no_skip(crm, tell):
    # deal 1 leaves out the survey, deal 2 the survey and the offer
    assert tell(crm(optional=False), "stage_skips")["numerator"] == 2
    row = tell(crm(optional=True), "stage_skips")
    assert (row["numerator"], row["denominator"]) == (1, 2)


def test_an_optional_stage_left_out_is_passed_and_never_dropped(crm):
    # New twice passed; the survey twice, the offer once left out; deal 1 still stands in the offer
    def told(name):
        figures = evaluate(f"stage_conversion:{name}", crm(optional=True))
        rows = zip(figures["stage"], figures["numerator"], figures["denominator"], strict=True)
        return {stage: (value, of) for stage, value, of in rows}

    assert told("passed") == {"New": (2, 2), "Survey": (2, 2), "Offer": (1, 1)}
    assert told("dropped") == {"New": (2, 2), "Offer": (0, 1)}
