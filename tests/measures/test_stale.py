"""Stale deals by hand."""

from __future__ import annotations

OPEN = {"created_at": "2026-01-02 10:00", "status": "open", "amount": 100}
STAGES = [
    {"name": "New", "norm_days": 5},
    {"name": "Offer"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]


def test_idle_and_idle_without_a_plan(snapshot, tell, by):
    deals = [
        OPEN,  # 1: last action on 17 March, nothing planned
        OPEN | {"amount": 200},  # 2: the same, with a task of tomorrow
        OPEN | {"amount": 400},  # 3: the same, with a task of yesterday
        OPEN,  # 4: acted on 18 March
        OPEN | {"amount": ""},  # 5: never acted
        OPEN | {"created_at": "2026-03-20 10:00"},  # 6: never acted, but young
        {"status": "open"},  # 7: nothing known
        {"created_at": "2026-01-02 10:00", "closed_at": "2026-03-30 10:00", "status": "won"},
    ]
    activities = [{"deal_id": str(deal), "at": "2026-03-17 23:59", "kind": "call"} for deal in (1, 2, 3)]
    activities += [{"deal_id": "", "at": "2026-03-30 10:00", "kind": "call"}]
    tasks = [
        {"deal_id": "4", "completed_at": "2026-03-18 00:00"},
        {"deal_id": "2", "due_at": "2026-04-01 10:00", "completed_at": ""},
        {"deal_id": "3", "due_at": "2026-03-30 10:00", "completed_at": ""},
    ]
    crm = snapshot(deals, activities=activities, tasks=tasks)
    row = tell(crm, "deals_stale:idle")
    assert (row["numerator"], row["denominator"], row["left"]) == (4, 6, {"no_creation_date": 1})
    row = tell(crm, "deals_stale")
    assert (row["numerator"], row["denominator"]) == (3, 6)
    money = tell(crm, "deals_stale_amount")
    assert (money["value"], money["n"], money["left"]) == (500, 2, {"no_amount": 1, "no_creation_date": 1})
    later = snapshot(deals, activities=activities, tasks=tasks, limits={"stale_days": 90})
    assert tell(later, "deals_stale:idle")["numerator"] == 0


def test_by_the_deals_own_dates(snapshot, tell):
    deals = [
        OPEN | {"last_activity_at": "2026-03-01", "next_task_at": "2026-04-01"},
        OPEN | {"last_activity_at": "2026-03-01", "next_task_at": "2026-03-31"},
        OPEN | {"last_activity_at": "2026-03-30", "next_task_at": ""},
    ]
    crm = snapshot(deals)
    assert (tell(crm, "deals_stale:idle")["numerator"], tell(crm, "deals_stale")["numerator"]) == (2, 1)
    bare = tell(snapshot([OPEN]), "deals_stale")["missing"].split(", ")
    acted = "activities.at|deals.last_activity_at+tasks.completed_at|deals.last_activity_at"
    assert bare == [acted, "tasks.deal_id|deals.next_task_at"]


def test_over_the_norm_of_the_stage(snapshot, tell):
    deals = [
        OPEN | {"stage_entered_at": "2026-03-26 12:00"},  # 5 days and 6 hours
        OPEN | {"stage_entered_at": "2026-03-26 19:00"},  # less than five
        OPEN | {"stage_entered_at": ""},
        OPEN | {"stage_entered_at": "2026-01-26 12:00", "stage": "Offer"},  # no norm
    ]
    crm = snapshot(deals, stages=STAGES, as_of="2026-03-31 18:00")
    row = tell(crm, "deals_stale:stage_overtime")
    assert (row["numerator"], row["denominator"], row["left"]) == (1, 2, {"no_norm": 1, "no_stage_entry": 1})
    days = [deal | {"stage_entered_at": str(deal["stage_entered_at"])[:10]} for deal in deals]
    whole = snapshot(days, stages=STAGES, as_of="2026-03-31 18:00")
    assert tell(whole, "deals_stale:stage_overtime")["numerator"] == 0  # five days of the calendar: not more
    bare = [{name: value for name, value in deal.items() if name != "stage_entered_at"} for deal in deals]
    changes = [
        {"deal_id": "1", "changed_at": "2026-03-20 12:00", "to_stage": "New"},
        {"deal_id": "2", "changed_at": "2026-03-20 12:00", "to_stage": "Offer"},
        {"deal_id": "2", "changed_at": "2026-03-30 12:00", "from_stage": "Offer", "to_stage": "New"},
    ]
    row = tell(snapshot(bare, stages=STAGES, stage_changes=changes), "deals_stale:stage_overtime")
    assert (row["numerator"], row["denominator"]) == (1, 2)
    missing = tell(snapshot([OPEN]), "deals_stale:stage_overtime")["missing"]
    assert missing == "deals.stage_entered_at|stage_changes.changed_at, stages.norm_days"


def test_old_deals(snapshot, tell):
    # 180 days before the end of 31 March 2026 is the end of 2 October 2025.
    deals = [
        OPEN | {"created_at": "2025-10-02 23:00"},
        OPEN | {"created_at": "2025-10-03 00:00"},
        {"status": "open"},
    ]
    row = tell(snapshot(deals), "deals_stale:age")
    assert (row["numerator"], row["denominator"], row["left"]) == (1, 2, {"no_creation_date": 1})
    assert tell(snapshot(deals, limits={"old_deal_days": 30}), "deals_stale:age")["numerator"] == 2
