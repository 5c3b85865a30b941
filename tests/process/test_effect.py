"""The effect of a card: before its start and after it, each with n, and the difference with its interval."""

from __future__ import annotations

from datetime import date

import pytest

from crmkit.process.cards import Card
from crmkit.process.description import Process
from crmkit.process.effect import measured
from crmkit.statistics.intervals import difference_limits, newcombe

PROCESS = Process.model_validate(
    {
        "name": "P",
        "steps": [{"name": "Lead", "crm_stages": ["New"]}, {"name": "Price", "crm_stages": ["Offer"]}],
    }
)


def client(snapshot, before: tuple[int, int], after: tuple[int, int], days: tuple[int, int] = (1, 1)):
    """Return a client: of n deals of Monday 5 January and of Monday 2 March k go on from New, the others not.

    They leave it after one day, or after one to so many days in turn.
    """
    deals, changes = [], []
    for first, (k, n), most in (("2026-01-05", before, days[0]), ("2026-03-02", after, days[1])):
        for number in range(n):
            name, following = f"{first}-{number}", "Offer" if number < k else "Lost"
            left = f"{first[:-2]}{int(first[-2:]) + 1 + number % most:02d} 10:00"
            deals.append({"deal_id": name, "stage": following, "created_at": first})
            if following == "Lost":
                deals[-1]["closed_at"] = left
            changes.append({"deal_id": name, "changed_at": f"{first} 10:00", "to_stage": "New"})
            changes.append({"deal_id": name, "changed_at": left, "to_stage": following})
    return snapshot(deals, stage_changes=changes, as_of="2026-03-31")


def card(**more) -> Card:
    return Card.model_validate({"id": 1, "problem": "p", "step": "lead", "started_on": "2026-02-01"} | more)


def test_shares_are_compared_by_newcombe(snapshot):
    crm = client(snapshot, (4, 12), (9, 12))
    found = measured(card(), crm, PROCESS)
    assert found.state == "ok"
    assert (found.before.k, found.before.n, found.after.k, found.after.n) == (4, 12, 9, 12)
    assert found.difference == pytest.approx(9 / 12 - 4 / 12)
    low, high = newcombe((9, 12), (4, 12))
    assert (found.low, found.high) == (pytest.approx(float(low)), pytest.approx(float(high)))
    kept = found.effect(date(2026, 3, 31))
    assert (kept.before_n, kept.after_n, kept.difference) == (12, 12, 0.416667)
    # the step may be called as the CRM stage is, and no description is needed
    assert measured(card(step="new"), crm, PROCESS).difference == found.difference
    assert measured(card(step="new"), crm).difference == found.difference


def test_the_check_ends_what_counts_as_after(snapshot):
    found = measured(card(check_on="2026-03-01"), client(snapshot, (4, 12), (9, 12)), PROCESS)
    assert found.state == "empty" and found.after.n == 0 and found.difference != found.difference
    assert found.after.period.days() == (date(2026, 2, 1), date(2026, 3, 2))
    inside = measured(card(check_on="2026-03-02"), client(snapshot, (4, 12), (9, 12)), PROCESS)
    assert inside.after.n == 12


def test_working_days_are_compared_as_medians(snapshot):
    # before: 1, 2, 3, 4 working days, three each: median 2.5; after: 1 and 2, six each: 1.5
    crm = client(snapshot, (12, 12), (12, 12), (4, 2))
    found = measured(card(metric="working_days"), crm, PROCESS)
    assert (found.before.value, found.after.value, found.difference) == (2.5, 1.5, -1)
    assert (found.before.n, found.after.n) == (12, 12)
    sides = [(side.value, side.low, side.high) for side in (found.after, found.before)]
    low, high = difference_limits(*sides)
    assert (found.low, found.high) == pytest.approx((float(low), float(high)), nan_ok=True)


def test_what_cannot_be_measured_says_why(snapshot):
    crm = client(snapshot, (4, 12), (9, 12))
    assert measured(card(started_on=None), crm, PROCESS).state == "not_started"
    assert measured(card(started_on="2026-04-01"), crm, PROCESS).state == "not_started"
    assert measured(card(step="Nowhere"), crm, PROCESS).state == "unknown_step"
    bare = snapshot([{"stage": "New", "created_at": "2026-01-05"}])
    found = measured(card(), bare, PROCESS)
    assert (found.state, "stage_changes.to_stage" in found.missing) == ("not_in_export", True)
    assert found.effect(date(2026, 3, 31)) is None
