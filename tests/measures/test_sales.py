"""Deals created, won and lost, money, win rates and refusals: a few rows, figures worked out by hand."""

from __future__ import annotations

import pytest

from crmkit import evaluate
from crmkit.errors import RequestError

# Won: 1 000.10 in January, 2 000.20 and one without an amount in February, one without a closing date.
# Lost: 600 and a duplicate (technical) of 50 in February. Open: one.
DEALS = [
    {"created_at": "2026-01-02 10:00", "closed_at": "2026-01-30 12:00", "status": "won", "amount": 1000.10},
    {"created_at": "2026-01-05 10:00", "closed_at": "2026-02-10 12:00", "status": "won", "amount": 2000.20},
    {"created_at": "2026-01-20 10:00", "closed_at": "2026-02-11 12:00", "status": "won", "amount": ""},
    {"created_at": "2026-02-01 10:00", "closed_at": "", "status": "won", "amount": 5},
    {"created_at": "2026-01-06 10:00", "closed_at": "2026-02-20 12:00", "status": "lost", "amount": 600,
     "lost_reason": "Price"},
    {"created_at": "2026-01-07 10:00", "closed_at": "2026-02-21 12:00", "status": "lost", "amount": 50,
     "lost_reason": "Duplicate"},
    {"created_at": "2026-02-25 10:00", "closed_at": "", "status": "open", "amount": 70},
    {"created_at": "", "closed_at": "2026-02-27 12:00", "status": "lost", "amount": "", "lost_reason": ""},
]  # fmt: skip


@pytest.fixture
def crm(snapshot):
    return snapshot(DEALS, technical_losses=["duplicate"])


@pytest.mark.parametrize(
    ("name", "value", "n", "left"),
    [
        ("new_deals", 2, 2, {"no_creation_date": 1}),
        ("won_deals", 2, 2, {"no_closing_date": 1}),
        ("lost_deals", 2, 2, {"technical_loss": 1}),
        ("refusals:count", 2, 2, {"technical_loss": 1}),
        ("refusals:value", 600, 1, {"technical_loss": 1, "no_amount": 1}),
        ("revenue", 2000.20, 1, {"no_closing_date": 1, "no_amount": 1}),
    ],
)
def test_counts_and_sums_of_february(crm, tell, name, value, n, left):
    row = tell(crm, name, "2026-02")
    assert (row["value"], row["numerator"], row["denominator"]) == (value, value, None)
    assert (row["n"], row["state"], row["missing"], row["left"]) == (n, "ok", "", left)


def test_kopecks_of_all_time_are_exact(crm, tell):
    assert tell(crm, "revenue")["value"] == 3000.30  # 1000.10 + 2000.20 is 3000.3000000000002 in floats


def test_average_check_is_told_in_two_ways(snapshot, tell):
    closed = {"created_at": "2026-01-02", "closed_at": "2026-02-10", "status": "won"}
    crm = snapshot([closed | {"amount": amount} for amount in (100, 200, 600, 5000)])
    mean, median = tell(crm, "average_check"), tell(crm, "average_check:median")
    assert (mean["value"], mean["numerator"], mean["denominator"], mean["n"]) == (1475, 5900, 4, 4)
    assert (median["value"], median["numerator"], median["n"]) == (400, None, 4)  # between 200 and 600
    assert median["low"] is None  # six are needed for an interval


def test_a_median_has_the_interval_of_its_order_statistics(snapshot, tell):
    closed = {"created_at": "2026-01-02", "closed_at": "2026-02-10", "status": "won"}
    crm = snapshot([closed | {"amount": 100 * number} for number in range(1, 11)])
    row = tell(crm, "average_check:median")
    assert (row["value"], row["low"], row["high"]) == (550, 200, 900)  # ranks 2 and 9 of ten (Conover)


def test_three_win_rates(crm, tell):
    count, value = tell(crm, "win_rate", "2026-02"), tell(crm, "win_rate:closed_value", "2026-02")
    # Closed in February: won 2, lost 2 and a duplicate. In money, with amounts: won 2000.20, lost 600.
    assert (count["value"], count["numerator"], count["denominator"], count["n"]) == (0.5, 2, 4, 4)
    assert count["left"] == {"no_closing_date": 1, "technical_loss": 1}
    assert (round(count["low"], 4), round(count["high"], 4)) == (0.15, 0.85)  # Wilson, 2 of 4
    assert (value["numerator"], value["denominator"], value["n"]) == (2000.20, 2600.20, 2)
    assert value["value"] == 2000.20 / 2600.20
    assert value["low"] is None
    assert value["left"] == {"no_closing_date": 1, "technical_loss": 1, "no_amount": 2}


def test_amounts_of_one_are_still_money_and_get_no_interval(snapshot, tell):
    closed = {"created_at": "2026-01-02", "closed_at": "2026-02-10", "amount": 1}
    crm = snapshot([closed | {"status": status} for status in ("won", "won", "lost")])
    row = tell(crm, "win_rate:closed_value")
    assert (row["numerator"], row["denominator"], row["low"]) == (2, 3, None)


def test_the_cohort_counts_only_deals_older_than_the_horizon(snapshot, tell):
    # as_of is the end of 31 March, the horizon 90 days: created on 31 December or earlier is old enough.
    deals = [
        {"created_at": "2025-12-01", "closed_at": "2026-02-28", "status": "won"},  # 89 days: in time
        {"created_at": "2025-12-01", "closed_at": "2026-03-01", "status": "won"},  # 90 days: still in time
        {"created_at": "2025-12-01", "closed_at": "2026-03-02", "status": "won"},  # 91 days: too late
        {"created_at": "2025-12-31", "closed_at": "2026-01-05", "status": "lost"},
        {"created_at": "2025-12-31", "closed_at": "", "status": "open"},
        {"created_at": "2026-01-01", "closed_at": "2026-01-02", "status": "won"},  # too young, though won
        {"created_at": "2025-12-05", "closed_at": "", "status": "won"},  # won, nobody knows when
    ]
    row = tell(snapshot(deals), "win_rate:cohort")
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 5, 0.4)
    assert row["left"] == {"younger_than_horizon": 1, "no_closing_date": 1}
    wide = tell(snapshot(deals, limits={"cohort_days": 91}), "win_rate:cohort")
    assert (wide["numerator"], wide["denominator"]) == (3, 3)  # those of 31 December are too young now
    assert wide["left"]["younger_than_horizon"] == 3


def test_a_horizon_is_counted_in_days_of_the_calendar(snapshot, tell):
    # In Berlin the night of 31 March 2024 lacks an hour: 90 days after midnight of 23 March it is midnight
    # of 21 June, and not one o'clock.
    deals = [
        {"created_at": "2024-03-23", "closed_at": "2024-06-21", "status": "won"},
        {"created_at": "2024-03-24", "closed_at": "2024-04-01", "status": "won"},
    ]
    crm = snapshot(deals, as_of="2024-06-21 00:00", time_zone="Europe/Berlin")
    for name in ("win_rate:cohort", "win_rate:matured"):
        row = tell(crm, name)
        assert (row["numerator"], row["denominator"]) == (1, 1)


def test_a_deal_of_unknown_outcome_is_in_no_rate(snapshot, tell):
    # A closed deal in a stage of which nobody said what it means.
    deals = [
        {"created_at": "2025-10-01", "closed_at": "2025-10-09", "stage": "Archive"},
        {"created_at": "2025-10-01", "closed_at": "2025-10-09", "status": "won"},
    ]
    crm = snapshot(deals)
    assert tell(crm, "won_deals")["value"] == 1
    assert tell(crm, "lost_deals")["value"] == 0
    assert tell(crm, "open_deals")["value"] == 0
    assert (tell(crm, "win_rate:cohort")["n"], tell(crm, "win_rate:cohort")["left"]) == (1, {"no_status": 1})


def test_refusals_by_reason_and_stage(crm, by):
    assert by(crm, "refusals", "lost_reason") == {"Price": 1, None: 1}
    assert by(crm, "refusals", "reason", "stage") == {("Price", "Lost"): 1, (None, "Lost"): 1}
    # The deal without a reason has no amount: its money is not known, which is not zero.
    assert by(crm, "refusals:value", "lost_reason") == {"Price": 600, None: None}
    assert by(crm, "refusals:value", "lost_reason", column="state") == {"Price": "ok", None: "not_in_export"}


def test_unknown_money_stays_unknown_beside_a_measure_that_has_the_group(crm):
    figures = evaluate(["refusals:count", "refusals:value"], crm, by=["lost_reason"])
    money = figures[figures["variant"] == "value"]
    assert len(figures) == 4  # each group once for each measure
    assert money["value"].isna().tolist() == [False, True]


def test_a_client_who_has_closed_nothing_has_won_nothing(snapshot, tell):
    crm = snapshot([{"created_at": "2026-01-02", "status": "open", "amount": 5}])
    won, rate = tell(crm, "won_deals"), tell(crm, "win_rate")
    assert (won["value"], won["n"], won["state"]) == (0, 0, "empty")
    assert (rate["value"], rate["denominator"], rate["state"]) == (None, 0, "empty")


def test_open_at_the_end_is_told_by_dates_of_earlier_periods_too(snapshot, tell, by):
    deals = [
        {"created_at": "2026-01-10", "status": "open", "manager_id": "Ann"},
        {"created_at": "2026-01-11", "closed_at": "2026-02-01 00:00", "status": "won", "manager_id": "Ann"},
        {"created_at": "2026-01-12", "closed_at": "2026-01-31 23:59", "status": "lost", "manager_id": "Bob"},
        {"created_at": "2026-02-01 00:00", "status": "open", "manager_id": "Bob"},  # after the end
        {"created_at": "2026-01-13", "closed_at": "", "status": "won", "manager_id": "Bob"},
        {"created_at": "", "status": "open", "manager_id": "Bob"},
    ]
    crm = snapshot(deals)
    row = tell(crm, "open_deals:at_end", "2026-01")
    assert (row["value"], row["n"], row["left"]) == (2, 2, {"no_creation_date": 1, "no_closing_date": 1})
    assert by(crm, "open_deals:at_end", "manager", period="2026-01")["Ann"] == 2
    assert tell(crm, "open_deals:at_end", "2026-02")["value"] == 2  # the won one is gone, February's is there
    # a period that goes on ends with the day described
    assert tell(snapshot(deals, as_of="2026-01-11"), "open_deals:at_end", "2026-01")["value"] == 2
    assert tell(crm, "open_deals:at_end", "2025-12")["missing"] == "before_first_record"
    with pytest.raises(RequestError, match="--each"):
        evaluate("open_deals:at_end", crm, by=["month"])
