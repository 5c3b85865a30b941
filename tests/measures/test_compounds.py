"""Compound measures: a formula over measures of the same period and group."""

from __future__ import annotations

import pytest

from crmkit import evaluate
from crmkit.measures import catalog, find
from crmkit.measures.catalog import compound
from crmkit.measures.evaluation import cases_of

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
