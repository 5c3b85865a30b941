"""Repeat sales and retention, by hand."""

from __future__ import annotations

import pytest


def won(day: str, company: str = "", **more: object) -> dict[str, object]:
    return {"created_at": "2025-01-01", "closed_at": day, "status": "won", "company_id": company} | more


def test_a_sale_is_repeated_when_the_client_had_bought_before(snapshot, tell):
    deals = [
        won("2026-01-10 10:00", "Alpha"),  # the first
        won("2026-02-10 10:00", "Alpha"),  # the second
        won("2026-02-10 10:00", "Beta"),  # two at one moment: neither was before
        won("2026-02-10 10:00", "Beta"),
        won("2026-02-11 10:00", "", contact_id="7"),
        won("2026-02-12 10:00", "", contact_id="7"),  # the contact stands in for the company
        won("2026-02-13 10:00"),  # nobody knows whose
        won("2026-02-14 10:00", "Gamma"),
        won("2026-01-05 10:00", "Gamma") | {"status": "lost"},  # lost before: did not buy
    ]
    row = tell(snapshot(deals), "repeat_sales", "2026-02")
    # of Alpha 1, Beta 0 of 2, contact 1 of 2, Gamma 0 of 1
    assert (row["numerator"], row["denominator"], row["n"]) == (2, 6, 6)
    assert row["left"] == {"no_client": 1}
    assert tell(snapshot(deals), "repeat_sales", "2026-03")["value"] is None


def test_the_crms_own_mark_wins_where_there_is_one(snapshot, tell):
    deals = [
        won("2026-01-10", "Alpha", is_repeat="yes"),  # bought before the export begins
        won("2026-02-10", "Alpha", is_repeat="no"),
        won("2026-02-11", "Alpha", is_repeat=""),  # not marked: had bought in January
        won("2026-02-12", "", is_repeat="yes"),
    ]
    row = tell(snapshot(deals), "repeat_sales")
    assert (row["numerator"], row["denominator"], row["left"]) == (3, 4, {})


def test_a_mark_alone_is_enough_and_without_both_nobody_knows(snapshot, tell):
    marked = [{"closed_at": "2026-01-10", "status": "won", "is_repeat": "yes"}]
    assert tell(snapshot(marked), "repeat_sales")["value"] == 1
    bare = tell(snapshot([{"closed_at": "2026-01-10", "status": "won"}]), "repeat_sales")
    assert (bare["state"], bare["value"]) == ("not_in_export", None)
    assert "deals.is_repeat" in bare["missing"]


CLIENTS = [
    won("2026-02-03", "Alpha", manager_id="Ann"),
    won("2026-02-20", "Alpha", manager_id="Bob"),  # the latest of February: Alpha is Bob's case
    won("2026-02-05", "Beta", manager_id="Ann"),
    won("2026-02-06", "Gamma", manager_id="Ann"),
    won("2026-02-07", "", manager_id="Ann"),  # no client
    won("2026-03-02", "Alpha", manager_id="Ann"),  # bought again
    won("2026-03-03", "Alpha", manager_id="Ann"),
    won("2026-03-04", "Beta") | {"status": "lost"},  # did not
    won("2026-03-05", "Delta", manager_id="Ann"),  # new: nobody's to keep
    won("2026-01-31", "Delta", manager_id="Ann"),
]


def test_retention_asks_of_the_buyers_of_the_month_before(snapshot, tell, by):
    crm = snapshot(CLIENTS)
    row = tell(crm, "client_retention", "2026-03")
    assert (row["numerator"], row["denominator"], row["n"], row["left"]) == (1, 3, 3, {"no_client": 1})
    assert by(crm, "client_retention", "manager", period="2026-03") == {"Ann": 0, "Bob": 1}
    # February after January: Delta alone had bought, and bought nothing
    assert tell(crm, "client_retention", "2026-02")["value"] == 0


def test_retention_needs_a_period_and_one_before_it(snapshot, tell):
    crm = snapshot(CLIENTS)
    whole = tell(crm, "client_retention")
    assert (whole["value"], whole["state"], whole["missing"]) == (None, "not_in_export", "needs_borders")
    first = tell(crm, "client_retention", "2025-01")  # nothing is known of December 2024
    assert (first["value"], first["missing"]) == (None, "before_first_record")


@pytest.mark.parametrize(("as_of", "kept"), [("2026-03-01", 0), ("2026-03-31", 1)])
def test_while_a_period_goes_on_clients_may_still_come(snapshot, tell, as_of, kept):
    assert tell(snapshot(CLIENTS, as_of=as_of), "client_retention", "2026-03")["numerator"] == kept


def test_of_days_the_same_number_before_is_asked(snapshot, tell):
    # 2–4 March after 27 February – 1 March, in which nobody bought
    assert tell(snapshot(CLIENTS), "client_retention", "2026-03-02..2026-03-05")["n"] == 0
    # 2–20 March after 11 February – 1 March: Alpha bought on 20 February
    row = tell(snapshot(CLIENTS), "client_retention", "2026-03-02..2026-03-21")
    assert (row["numerator"], row["denominator"]) == (1, 1)
