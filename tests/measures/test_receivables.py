"""Receivables overdue, by hand: the day described is 31 March 2026."""

from __future__ import annotations

import pytest

from crmkit import evaluate
from crmkit.errors import RequestError

DEALS = [
    {
        "deal_id": "1",
        "created_at": "2026-01-02",
        "closed_at": "2026-01-05",
        "status": "won",
        "manager_id": "Ann",
    },
    {"deal_id": "2", "created_at": "2026-01-02", "status": "open", "manager_id": "Bob"},
    {
        "deal_id": "3",
        "created_at": "2026-01-02",
        "closed_at": "2026-01-05",
        "status": "lost",
        "manager_id": "Ann",
    },
]


def due(deal: str, day: str, amount: object, paid_on: str = "", paid: object = "") -> dict[str, object]:
    return {"deal_id": deal, "due_on": day, "amount_due": amount, "paid_on": paid_on, "amount_paid": paid}


PAYMENTS = [
    due("1", "2026-03-30", 100.10),  # 1 day
    due("1", "2026-03-01", 200.20, "2026-03-10", 50.05),  # 30 days, 150.15 still owed
    due("1", "2026-02-28", 10),  # 31 days
    due("2", "2026-01-30", 20),  # 60 days
    due("2", "2026-01-29", 40),  # 61 days
    due("2", "2025-12-31", 80),  # 90 days
    due("2", "2025-12-30", 160),  # 91 days
    due("2", "2026-03-31", 999),  # due today: not late yet
    due("1", "2026-03-01", 999, "2026-03-02", 999),  # paid
    due("1", "2026-03-01", 999, "2026-03-02"),  # paid, the amount is not written
    due("1", "2026-03-01", 999, "", 1000),  # more than paid
    due("3", "2026-03-01", 999),  # the deal is lost: not owed
    due("9", "2026-03-01", 5),  # no such deal
    due("1", "2026-03-01", ""),  # how much is not known
    due("1", "", 7),  # when is not known
]


def test_what_is_owed_is_what_was_due_and_not_paid(snapshot, tell, by):
    crm = snapshot(DEALS, payments=PAYMENTS)
    row = tell(crm, "receivables_overdue")
    # 100.10 + 150.15 + 10 + 20 + 40 + 80 + 160
    assert (row["value"], row["n"]) == (560.25, 7)
    assert row["left"] == {"no_due_date": 1, "no_amount_due": 1, "no_deal": 1}
    assert by(crm, "receivables_overdue", "overdue") == {
        "1–30": 250.25, "31–60": 30, "61–90": 120, "90+": 160,
    } or by(crm, "receivables_overdue", "overdue") == {
        "1–30": 250.25, "31–60": 30, "61–90": 120, "90+": 160, None: None,
    }  # fmt: skip
    assert by(crm, "receivables_overdue", "manager")["Bob"] == 300


def test_what_was_paid_later_was_owed_then(snapshot, tell):
    # On 5 March: 200.20 wholly, 10, 20, 40, 80, 160; what was paid on 2 March was paid.
    crm = snapshot(DEALS, payments=PAYMENTS, as_of="2026-03-05")
    assert tell(crm, "receivables_overdue")["value"] == 510.20


def test_it_stands_on_one_day_only(snapshot, tell):
    crm = snapshot(DEALS, payments=PAYMENTS)
    assert tell(crm, "receivables_overdue", "2026-03")["value"] == 560.25
    assert tell(crm, "receivables_overdue", "2026-02")["missing"] == "known_at_as_of_only"
    with pytest.raises(RequestError, match="--by month"):
        evaluate("receivables_overdue", crm, by=["month"])


def test_days_overdue_are_a_slice_of_payments_alone(snapshot):
    crm = snapshot(DEALS, payments=PAYMENTS)
    with pytest.raises(RequestError, match="new_deals --by overdue"):
        evaluate(["receivables_overdue", "new_deals"], crm, by=["overdue"])
    with pytest.raises(RequestError, match="--by overdue: there is no such slice"):
        evaluate("new_deals", crm, by=["overdue"])


def test_without_payments_nobody_knows_and_with_all_paid_nothing_is_owed(snapshot, tell):
    row = tell(snapshot(DEALS), "receivables_overdue")
    assert (row["value"], row["missing"]) == (None, "payments.amount_due, payments.due_on")
    paid = tell(snapshot(DEALS, payments=[due("1", "2026-03-01", 5, "2026-03-02", 5)]), "receivables_overdue")
    assert (paid["value"], paid["n"], paid["state"]) == (0, 0, "empty")
