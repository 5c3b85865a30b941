"""Money of new deals, margin and discount: a few rows, figures worked out by hand."""

from __future__ import annotations

import pytest

WON = {"created_at": "2026-01-10 10:00", "closed_at": "2026-02-10 10:00", "status": "won"}
DEALS = [
    WON | {"amount": 900, "margin": 300.10, "discount": 100},
    WON | {"amount": 500, "margin": 200.20, "discount": 0},
    WON | {"amount": 700, "margin": "", "discount": ""},  # neither margin nor discount is known
    WON | {"amount": "", "margin": 50, "discount": 20},  # a discount from what nobody knows
    WON | {"closed_at": "2026-03-01 00:00", "amount": 1, "margin": 1, "discount": 1},  # March
    WON | {"status": "lost", "amount": 5000, "margin": 5000, "discount": 5000},
    {"created_at": "", "status": "open", "amount": 5, "margin": "", "discount": ""},
]


def test_margin_is_that_of_the_deals_won_in_the_period(snapshot, tell):
    row = tell(snapshot(DEALS), "margin", "2026-02")
    assert (row["value"], row["n"], row["left"]) == (550.30, 3, {"no_margin": 1})  # 300.10 + 200.20 + 50


def test_discount_is_a_share_of_the_price_before_it(snapshot, tell):
    # (100 + 0) ÷ (900 + 100 + 500 + 0) = 100 ÷ 1 500: not the mean of 10 % and 0 %
    row = tell(snapshot(DEALS), "average_discount", "2026-02")
    assert (row["numerator"], row["denominator"], row["n"]) == (100, 1500, 2)
    assert row["value"] == 100 / 1500
    assert row["left"] == {"no_discount": 2}


def test_money_of_new_deals_is_placed_by_creation(snapshot, tell):
    # 900 + 500 + 700 + 1 + 5 000, whatever became of them; one has no amount, one no creation date
    row = tell(snapshot(DEALS), "new_deals_amount", "2026-01")
    assert (row["value"], row["n"], row["left"]) == (7101, 5, {"no_amount": 1, "no_creation_date": 1})
    assert tell(snapshot(DEALS), "new_deals_amount", "2026-03")["value"] == 0


@pytest.mark.parametrize(
    ("name", "column"),
    [("margin", "margin"), ("average_discount", "discount"), ("new_deals_amount", "amount")],
)
def test_what_the_export_lacks_is_not_zero(snapshot, tell, name, column):
    deals = [{key: value for key, value in deal.items() if key != column} for deal in DEALS]
    row = tell(snapshot(deals), name)
    assert (row["value"], row["n"], row["state"]) == (None, 0, "not_in_export")
    assert row["missing"] == f"deals.{column}"


def test_unknown_margin_of_a_group_is_not_zero(snapshot, by):
    crm = snapshot([WON | {"margin": 5, "manager_id": "Ann"}, WON | {"margin": "", "manager_id": "Bob"}])
    assert by(crm, "margin", "manager") == {"Ann": 5, "Bob": None}


def test_nothing_won_has_no_discount_and_a_margin_of_nothing(snapshot, tell):
    crm = snapshot(DEALS)
    margin, discount = tell(crm, "margin", "2026-01"), tell(crm, "average_discount", "2026-01")
    assert (margin["value"], margin["n"], margin["state"]) == (0, 0, "empty")
    assert (discount["value"], discount["n"], discount["state"]) == (None, 0, "empty")


def test_a_month_ends_where_the_clients_day_does(snapshot, tell):
    # In Berlin the clocks go forward on 29 March 2026: the last moment of March is 22:59:59 in UTC.
    deals = [
        WON | {"closed_at": "2026-03-31 23:59", "margin": 1},
        WON | {"closed_at": "2026-04-01", "margin": 2},
    ]
    crm = snapshot(deals, as_of="2026-04-30", time_zone="Europe/Berlin")
    assert (tell(crm, "margin", "2026-03")["value"], tell(crm, "margin", "2026-04")["value"]) == (1, 2)


def test_a_deal_won_after_as_of_brings_nothing_yet(snapshot, tell):
    assert tell(snapshot(DEALS, as_of="2026-02-09"), "margin", "2026-02")["value"] == 0
