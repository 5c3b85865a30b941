"""The deal's cycle, with and without the deals that are still open."""

from __future__ import annotations

import pytest


def test_naive_cycles_of_won_deals(snapshot, tell):
    deals = [
        {"created_at": "2026-01-01 12:00", "closed_at": "2026-01-03 18:00", "status": "won"},  # 2.25 days
        {"created_at": "2026-01-01 12:00", "closed_at": "2026-01-11 12:00", "status": "won"},  # 10 days
        {"created_at": "2026-01-01 12:00", "closed_at": "2026-02-10 12:00", "status": "won"},  # in February
        {"created_at": "2026-01-09 12:00", "closed_at": "2026-01-05 12:00", "status": "won"},  # backwards
        {"created_at": "", "closed_at": "2026-01-20 12:00", "status": "won"},
        {"created_at": "2026-01-01 12:00", "closed_at": "2026-01-02 12:00", "status": "lost"},
    ]
    crm = snapshot(deals)
    mean, median = tell(crm, "deal_cycle:won_mean", "2026-01"), tell(crm, "deal_cycle:won_median", "2026-01")
    assert (mean["value"], mean["numerator"], mean["denominator"], mean["n"]) == (6.125, 12.25, 2, 2)
    assert (median["value"], median["n"]) == (6.125, 2)
    assert mean["left"] == median["left"] == {"no_creation_date": 1, "closed_before_created": 1}


def test_calendar_days_are_compared_where_one_side_has_no_time(snapshot, tell):
    deals = [
        {"created_at": "2026-01-01 23:00", "closed_at": "2026-01-01", "status": "won"},  # the same day: 0
        {"created_at": "2026-01-01 01:00", "closed_at": "2026-01-04", "status": "won"},  # 3
    ]
    row = tell(snapshot(deals), "deal_cycle:won_mean")
    assert (row["value"], row["left"]) == (1.5, {})


def test_the_clock_change_does_not_bend_hours(snapshot, tell):
    # In Berlin the night of 29 March 2026 has 23 hours: 24 hours by the clock are 23 that passed.
    deals = [{"created_at": "2026-03-28 12:00", "closed_at": "2026-03-29 12:00", "status": "won"}]
    assert tell(snapshot(deals, time_zone="Europe/Berlin"), "deal_cycle:won_mean")["value"] == 23 / 24


def test_open_deals_hold_the_median_back(snapshot, tell):
    # By hand (Aalen–Johansen): 5 at risk; won at 10 → 1/5; lost at 20 → survival 3/5; won at 30 → +1/5 = 2/5;
    # of the two left one is open since 40 days, so 1/2 of what remains is won at 50: 2/5 + 2/5 = 4/5.
    # Half of 4/5 is reached at 30.
    deals = [
        {"created_at": "2026-01-01", "closed_at": "2026-01-11", "status": "won"},
        {"created_at": "2026-01-01", "closed_at": "2026-01-21", "status": "lost"},
        {"created_at": "2026-01-01", "closed_at": "2026-01-31", "status": "won"},
        {"created_at": "2026-02-19", "closed_at": "", "status": "open"},
        {"created_at": "2026-01-01", "closed_at": "2026-02-20", "status": "won"},
        {"created_at": "2026-01-01", "closed_at": "2026-02-20", "status": "lost", "lost_reason": "Test"},
    ]
    row = tell(snapshot(deals, technical_losses=["Test"]), "deal_cycle")
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (30, 3, 5, 5)
    assert (row["state"], row["missing"], row["left"]) == ("ok", "", {"technical_loss": 1})


@pytest.mark.parametrize(
    ("status", "closed", "why"), [("open", "", "still_open"), ("lost", "2026-01-09", "none_won")]
)
def test_a_median_that_cannot_be_told_says_why(snapshot, tell, status, closed, why):
    deals = [{"created_at": "2026-01-01", "closed_at": closed, "status": status}]
    if status == "open":
        deals.append({"created_at": "2026-01-01", "closed_at": "2026-01-02", "status": "won"})
    row = tell(snapshot(deals), "deal_cycle")
    assert (row["value"], row["state"], row["missing"]) == (None, "ok", why)


def test_the_share_that_may_be_open_is_the_clients_to_set(snapshot, tell):
    # One of two is still open at the longest age: told only by a client who allows half of the deals.
    deals = [
        {"created_at": "2026-01-01", "closed_at": "", "status": "open"},
        {"created_at": "2026-01-01", "closed_at": "2026-01-02", "status": "won"},
    ]
    assert tell(snapshot(deals, limits={"open_at_longest_share": 0.5}), "deal_cycle")["value"] == 1


def test_open_deals_that_are_older_than_half_of_the_wins(snapshot, tell):
    deals = [
        {"created_at": "2026-01-01", "closed_at": "2026-01-11", "status": "won"},  # 10 days
        {"created_at": "2026-01-01", "closed_at": "2026-01-31", "status": "won"},  # 30: the median is 20
        {"created_at": "2026-01-01", "closed_at": "2026-03-01", "status": "lost"},
        {"created_at": "2026-03-01", "status": "open"},  # 30 days old on 31 March
        {"created_at": "2026-03-11", "status": "open"},  # 20: no older than half
        {"created_at": "2026-03-30", "status": "open"},
        {"created_at": "", "status": "open"},
    ]
    row = tell(snapshot(deals), "deals_older_than_cycle")
    assert (row["numerator"], row["n"], row["left"]) == (1, 3, {"no_creation_date": 1})
    row = tell(snapshot(deals[2:]), "deals_older_than_cycle")  # nothing won: what is usual is not known
    assert (row["value"], row["n"], row["state"]) == (None, 0, "empty")
