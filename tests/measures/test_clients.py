"""Clients contacted, and open deals with recent contact, by hand."""

from __future__ import annotations

MARCH = "2026-03-01..2026-03-16"
OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}


def act(at: str, **rest: object) -> dict[str, object]:
    return {"kind": "call", "at": at} | rest


def test_clients_are_told_once_and_by_their_owner(snapshot, tell, by):
    ended = {"created_at": "2026-01-02 10:00", "status": "lost"}
    deals = [
        OPEN | {"company_id": "F", "contact_id": "C1", "manager_id": "Bob"},
        OPEN | {"company_id": "F", "created_at": "2026-02-01 10:00", "manager_id": "Cid"},
        OPEN | {"company_id": "", "contact_id": "C2", "manager_id": "Cid"},  # a person without a company
        OPEN | {"company_id": "G", "manager_id": "Bob"},
        ended | {"company_id": "H", "closed_at": "2026-02-10 10:00", "manager_id": "Bob"},  # in March no more
        ended | {"company_id": "I", "closed_at": "2026-03-10 10:00", "manager_id": "Cid"},
        OPEN | {"company_id": "J", "created_at": "2026-03-20 10:00"},  # not yet
        OPEN | {"company_id": "", "contact_id": ""},
    ]
    companies = [{"company_id": "F", "manager_id": "Ann"}, {"company_id": "G", "manager_id": ""}]
    activities = [
        act("2026-03-02 10:00", deal_id="2"), act("2026-03-03 10:00", company_id="F"),
        act("2026-03-02 10:00", contact_id="C2"), act("2026-02-27 10:00", deal_id="4"),
        act("2026-03-02 10:00", company_id="H"), act("2026-03-02 10:00", company_id="K"),
    ]  # fmt: skip
    tasks = [
        {"deal_id": "6", "kind": "meeting", "completed_at": "2026-03-02 10:00"},
        {"deal_id": "4", "kind": "task", "completed_at": "2026-03-02 10:00"},  # no contact with the client
    ]
    crm = snapshot(deals, companies=companies, activities=activities, tasks=tasks)
    row = tell(crm, "clients_touched", MARCH)
    # Active in the first half of March: F, C2, G, I; in contact: F, C2, I.
    assert (row["numerator"], row["denominator"], row["left"]) == (3, 4, {"no_client": 1})
    # F is Ann's by its card, G (a card without an owner) Bob's by its deal, C2 and I are Cid's.
    assert by(crm, "clients_touched", "manager", period=MARCH) == {
        "Ann": 1,
        "Bob": 0,
        "Cid": 1,
    }
    assert by(crm, "clients_touched:count", "manager", period=MARCH)["Cid"] == 2
    assert tell(crm, "clients_touched:count", "2026-02")["value"] == 1  # G alone; F, C2, H were active too
    assert tell(crm, "clients_touched:share", "2026-02")["denominator"] == 5
    assert tell(snapshot(deals), "clients_touched")["missing"] == "activities.at+tasks.kind"


def test_the_latest_deal_bears_the_slices_of_a_client(snapshot, by):
    deals = [
        OPEN | {"contact_id": "C", "source": "Web", "created_at": "2026-02-01 10:00"},
        OPEN | {"contact_id": "C", "source": "Fair"},
    ]
    crm = snapshot(deals, activities=[act("2026-03-02 10:00", deal_id="2")])
    assert by(crm, "clients_touched:count", "source", period="2026-03") == {"Web": 1}


def test_open_deals_with_recent_contact(snapshot, tell):
    deals = [OPEN, OPEN, OPEN, OPEN, OPEN | {"closed_at": "2026-03-30 10:00", "status": "won"}]
    activities = [
        act("2026-03-18 00:00", deal_id="1"),
        act("2026-03-17 23:59", deal_id="2"),
        act("2026-03-31 10:00"),
    ]
    tasks = [{"deal_id": "3", "completed_at": "2026-03-20 10:00"}, {"deal_id": "4", "completed_at": ""}]
    crm = snapshot(deals, activities=activities, tasks=tasks)
    # The last 14 days of 31 March begin with the 18th.
    row = tell(crm, "deals_contacted")
    assert (row["numerator"], row["denominator"]) == (2, 4)
    month = snapshot(deals, activities=activities, tasks=tasks, limits={"contact_days": 30})
    assert tell(month, "deals_contacted")["numerator"] == 3
    own = [deal | {"last_activity_at": "2026-03-20 10:00"} for deal in deals[:2]]
    assert tell(snapshot([*own, OPEN]), "deals_contacted")["numerator"] == 2
    missing = tell(snapshot(deals), "deals_contacted")["missing"]
    assert missing == "activities.at|deals.last_activity_at+tasks.completed_at|deals.last_activity_at"


def test_fourteen_days_are_days_of_the_calendar(snapshot, tell):
    # In Berlin the clocks go forward on 29 March: the 18th begins 14 days before the end of the 31st, though
    # these are 335 hours.
    activities = [act("2026-03-18 00:00", deal_id="1"), act("2026-03-17 23:59", deal_id="2")]
    crm = snapshot([OPEN, OPEN], activities=activities, time_zone="Europe/Berlin")
    assert tell(crm, "deals_contacted")["numerator"] == 1


def test_the_last_action_of_the_day_of_export_is_not_known_before(snapshot, tell):
    deals = [
        OPEN | {"last_activity_at": "2026-03-30 10:00"},
        OPEN | {"closed_at": "2026-03-30 10:00", "status": "won"},
    ]
    earlier = tell(snapshot(deals, as_of="2026-03-01"), "deals_contacted")
    assert (earlier["value"], earlier["missing"]) == (None, "known_at_export_only")
