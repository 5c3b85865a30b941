"""First response by hand: working hours from the creation of a lead to the first human outgoing action."""

from __future__ import annotations

import pytest


def lead(at: str, **rest: object) -> dict[str, object]:
    return {"created_at": at, "status": "open", "manager_id": "Ann"} | rest


def act(deal: object, at: str, way: str = "out", **rest: object) -> dict[str, object]:
    return {"deal_id": deal, "kind": "call", "at": at, "direction": way, "manager_id": "Ann"} | rest


LEADS = [
    lead("2026-03-02 10:00"),  # answered after 30 minutes
    lead("2026-03-06 17:30"),  # Friday; on Monday at 9:30: one working hour
    lead("2026-03-07 12:00", manager_id="Bob"),  # Saturday; on Monday at 12:00: three hours
    lead("2026-03-31 09:00"),  # not answered by 18:00 of the last day: nine hours, and not in the norm
    lead("2026-03-31 17:30"),  # half an hour old, not answered: nobody knows yet
]
ACTS = [
    act(1, "2026-03-02 09:00"),  # before the card was made
    act(1, "2026-03-02 10:10", "in"),
    act(1, "2026-03-02 10:20", kind="email", manager_id=""),  # a robot's
    act(1, "2026-03-02 10:30"),
    act(2, "2026-03-09 09:30", kind="messenger"),
    act(3, "2026-03-09 12:00"),
    act(3, "2026-03-09 16:00"),
]
NOW = {"as_of": "2026-03-31 18:00"}


def test_the_median_remembers_those_who_still_wait(snapshot, tell, by):
    crm = snapshot(LEADS, activities=ACTS, **NOW)
    # Hours 0.5+ (waiting), 0.5, 1, 3, 9+ (waiting). Kaplan and Meier: of 5, 4/5 wait longer than 0.5 h;
    # then one of three ends at 1 h: 8/15; one of two at 3 h: 4/15. Half have been answered after 3 hours.
    row = tell(crm, "first_response_time", "2026-03")
    assert (row["value"], row["numerator"], row["n"], row["unit"]) == (3, 3, 5, "hours")
    ninth = tell(crm, "first_response_time:p90", "2026-03")
    assert (ninth["value"], ninth["missing"]) == (None, "not_ended")
    share = tell(crm, "first_response_time:share_in_norm", "2026-03")
    assert (share["numerator"], share["denominator"], share["left"]) == (2, 4, {"too_young": 1})
    assert by(crm, "first_response_time:share_in_norm", "manager", period="2026-03") == {
        "Ann": pytest.approx(2 / 3),
        "Bob": 0,
    }
    wider = snapshot(LEADS, activities=ACTS, limits={"first_response_hours": 3}, **NOW)
    assert tell(wider, "first_response_time:share_in_norm", "2026-03")["numerator"] == 3


def test_a_holiday_is_no_working_time(snapshot, tell):
    # In Russia Monday 9 March 2026 is a day off: the leads of Friday and Saturday have waited half an hour
    # and not at all when they are answered on Monday.
    crm = snapshot(LEADS, activities=ACTS, country="RU", **NOW)
    assert tell(crm, "first_response_time:share_in_norm", "2026-03")["numerator"] == 3


def test_an_answer_to_the_person_counts_where_no_deal_is_named(snapshot, tell):
    leads = [
        lead("2026-03-02 10:00", contact_id="C"),
        lead("2026-03-02 10:00", company_id="F"),
        lead("2026-03-02 10:00"),
    ]
    acts = [
        act("", "2026-03-02 09:59", contact_id="C"), act("", "2026-03-02 10:15", contact_id="C"),
        act("", "2026-03-02 10:30", company_id="F"), act("", "2026-03-02 10:31"),
    ]  # fmt: skip
    row = tell(snapshot(leads, activities=acts), "first_response_time:share_in_norm", "2026-03")
    assert (row["numerator"], row["denominator"]) == (2, 3)


def test_which_leads_are_inbound(snapshot, tell):
    leads = [
        lead("2026-03-02 10:00", source="Website"), lead("2026-03-02 10:00", source="Cold list"),
        lead("2026-03-02 10:00", source="Cold list"), lead("2026-03-02 10:00", source=""),
        lead("", source="Website"),
    ]  # fmt: skip
    acts = [
        act(1, "2026-03-02 10:30"),
        act(2, "2026-03-02 10:30"),
        act(3, "2026-03-02 09:00", "in"),
        act(3, "2026-03-02 14:00"),
    ]
    crm = snapshot(leads, activities=acts)
    assert tell(crm, "first_response_time", "2026-03")["n"] == 4  # no list: all of them
    chosen = snapshot(leads, activities=acts, inbound_sources=[" website"])
    row = tell(chosen, "first_response_time:share_in_norm", "2026-03")
    assert (row["numerator"], row["denominator"]) == (1, 2)  # the third came by its own call
    assert row["left"] == {"no_creation_date": 1}


def test_without_a_time_of_day_it_cannot_be_told(snapshot, tell):
    days = [lead(str(one["created_at"])[:10]) for one in LEADS]
    row = tell(snapshot(days, activities=ACTS), "first_response_time")
    assert (row["state"], row["missing"]) == ("not_in_export", "deals.created_at=time")
    row = tell(snapshot(LEADS), "first_response_time")
    assert row["missing"] == "activities.at, activities.at=time, activities.direction"


def test_an_earlier_as_of_knows_no_later_answer(snapshot, tell):
    crm = snapshot(LEADS, activities=ACTS, as_of="2026-03-09 10:00")
    row = tell(crm, "first_response_time:share_in_norm", "2026-03")
    # The third lead has waited for one hour on Monday, and its answer at 12:00 is not known yet.
    assert (row["numerator"], row["denominator"], row["left"]) == (2, 3, {})


def test_the_clocks_change_at_night(snapshot, tell):
    # In Berlin the clocks go forward on Sunday: from Friday 17:30 to Monday 9:15 are 45 working minutes.
    crm = snapshot(
        [lead("2026-03-27 17:30")], activities=[act(1, "2026-03-30 09:15")], time_zone="Europe/Berlin"
    )
    assert tell(crm, "first_response_time")["value"] == 0.75
