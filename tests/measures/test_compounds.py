"""Compound measures: a formula over measures of the same period and group."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit import evaluate
from crmkit.errors import RequestError
from crmkit.measures import catalog, find
from crmkit.measures.catalog import compound
from crmkit.measures.evaluation import cases_of, evaluate_fully

DEALS = [
    {
        "created_at": "2026-01-05",
        "closed_at": "2026-01-20",
        "status": "won",
        "amount": 300,
        "manager_id": "Ann",
    },
    {
        "created_at": "2026-01-05",
        "closed_at": "2026-02-10",
        "status": "won",
        "amount": 500,
        "manager_id": "Ann",
    },
    {
        "created_at": "2026-01-07",
        "closed_at": "2026-02-11",
        "status": "lost",
        "amount": 90,
        "manager_id": "Bob",
    },
]


@pytest.fixture
def per_new_deal():
    """Declare revenue by new deal for one test."""

    @compound(
        "per_new_deal",
        title="Revenue by new deal",
        unit="money",
        group="sales",
        parts=("new_deals", "revenue"),
    )
    def per_new_deal(parts, crm, period):
        """Revenue divided by the deals created."""
        return parts["revenue"], parts["new_deals"]

    yield find("per_new_deal")
    del catalog._MEASURES["per_new_deal", ""]


def test_the_formula_is_told_by_group_and_step(snapshot, by, tell, per_new_deal):
    crm = snapshot(DEALS)
    # all: 800 / 3; Ann: 800 / 2, Bob: 0 / 1
    assert tell(crm, "per_new_deal")["value"] == pytest.approx(800 / 3)
    assert by(crm, "per_new_deal", "manager") == {"Ann": 400.0, "Bob": 0.0}
    assert by(crm, "per_new_deal", "manager", column="n") == {"Ann": 2, "Bob": 1}
    # January: 300 / 3; in February nothing was created: it cannot be divided, and is not zero
    figures = evaluate("per_new_deal", crm, each="month")
    assert figures["value"].fillna(-1).tolist() == [100.0, -1, -1]
    assert figures["state"].tolist() == ["ok", "empty", "empty"]
    assert figures["numerator"].tolist() == [300, 500, 0]


def test_only_what_was_asked_for_is_told(snapshot, per_new_deal):
    crm = snapshot(DEALS)
    assert evaluate("per_new_deal", crm)["measure"].tolist() == ["per_new_deal"]
    both = evaluate(["per_new_deal", "revenue"], crm, by=["manager"])
    assert both["measure"].tolist() == ["per_new_deal"] * 2 + ["revenue"] * 2


def test_what_a_part_cannot_tell_the_whole_cannot(snapshot, tell, per_new_deal):
    crm = snapshot([{key: value for key, value in deal.items() if key != "amount"} for deal in DEALS])
    row = tell(crm, "per_new_deal")
    assert (row["state"], row["missing"], row["value"], row["n"]) == (
        "not_in_export",
        "deals.amount",
        None,
        0,
    )
    figures = evaluate("per_new_deal", crm, by=["manager"], each="month")
    assert len(figures) == 3 and (figures["state"] == "not_in_export").all()


def test_the_cases_are_those_of_the_parts(snapshot, per_new_deal):
    cases = cases_of("per_new_deal", snapshot(DEALS))
    assert cases["part"].tolist() == ["new_deals"] * 3 + ["revenue"] * 2


def test_groups_that_one_part_alone_has_are_told_by_the_others_as_nothing(snapshot, by, per_new_deal):
    # Cid has created and won nothing in January, Dan has won what was created before: 70 ÷ 0.
    deals = [*DEALS, DEALS[0] | {"created_at": "2025-12-30", "amount": 70, "manager_id": "Dan"}]
    told = by(snapshot(deals), "per_new_deal", "manager", period="2026-01")
    assert told == {"Ann": 150.0, "Bob": 0.0, "Dan": None}


def test_groups_without_a_name_and_two_slices_at_once_find_one_another(snapshot, by, per_new_deal):
    deals = [*DEALS, DEALS[0] | {"manager_id": "", "source": "Web"}]
    told = by(snapshot(deals), "per_new_deal", "manager", "source")
    assert told == {("Ann", None): 400.0, ("Bob", None): 0.0, (None, "Web"): 300.0}


def test_what_is_left_out_is_told_once_by_reason(snapshot, tell, per_new_deal):
    deals = [
        *DEALS,
        DEALS[0] | {"created_at": "", "amount": ""},  # not placed by creation; won without an amount
        DEALS[0] | {"created_at": ""},
    ]
    crm = snapshot(deals)
    # new deals leave out two; revenue one
    assert tell(crm, "per_new_deal")["left"] == {"no_creation_date": 2, "no_amount": 1}
    _, left = evaluate_fully(["per_new_deal", "revenue", "new_deals"], crm)
    assert sorted(zip(left["measure"], left["reason"], left["n"], strict=True)) == [
        ("new_deals", "no_creation_date", 2),
        ("per_new_deal", "no_amount", 1),
        ("per_new_deal", "no_creation_date", 2),
        ("revenue", "no_amount", 1),
    ]


def test_a_slice_that_a_part_does_not_bear_is_refused(snapshot):
    crm = snapshot(DEALS, plan=[{"period_start": "2026-01-01", "value": 5}])
    with pytest.raises(RequestError, match=r"pipeline_coverage --by stage(.|\n)*manager, month"):
        evaluate("pipeline_coverage", crm, by=["stage"])


def test_parts_that_no_formula_can_hold_are_mistakes_in_code():
    def nothing(parts, crm, period):
        """Return nothing."""

    for parts in (
        ("sales_velocity", "revenue"),
        ("stage_distribution",),
        ("cost_per_lead", "plan_attainment:x"),
    ):
        with pytest.raises((ValueError, RequestError)):
            compound("odd", title="Odd", unit="money", group="sales", parts=parts)(nothing)
    assert "odd" not in {one.id for one in catalog.catalogue()}


def test_a_formula_says_why_there_is_no_value(snapshot, tell, by):
    @compound("odd", title="Odd", unit="money", group="sales", parts=("new_deals", "revenue"))
    def odd(parts, crm, period):
        """Return revenue above 400."""
        low = parts["revenue"] < 400
        return np.where(low, np.nan, parts["revenue"]), None, np.where(low, "too_low", "").astype(object)

    try:
        crm = snapshot(DEALS)
        assert by(crm, "odd", "manager") == {"Ann": 800, "Bob": None}
        assert by(crm, "odd", "manager", column="state") == {"Ann": "ok", "Bob": "ok"}
        assert by(crm, "odd", "manager", column="missing") == {"Ann": "", "Bob": "too_low"}
    finally:
        del catalog._MEASURES["odd", ""]


def test_both_sides_of_a_ratio_are_at_hand(snapshot, tell):
    @compound("odd", title="Odd", unit="count", group="sales", parts=("win_rate",))
    def odd(parts, crm, period):
        """Return the deals lost."""
        return parts["win_rate:closed_count.denominator"] - parts["win_rate:closed_count.numerator"], None

    try:
        assert tell(snapshot(DEALS), "odd")["value"] == 1
    finally:
        del catalog._MEASURES["odd", ""]
