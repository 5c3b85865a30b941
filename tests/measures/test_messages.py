"""E-mails, messages and meetings by hand."""

from __future__ import annotations

DEAL = {"created_at": "2026-01-02 10:00", "status": "open"}


def letter(at: str, way: str = "out", **rest: object) -> dict[str, object]:
    return {"deal_id": "1", "kind": "email", "at": at, "direction": way, "manager_id": "Ann"} | rest


def test_what_is_sent(snapshot, tell, by):
    activities = [
        letter("2026-03-02 10:00"), letter("2026-03-02 11:00", "in"), letter("2026-03-02 12:00", ""),
        letter("2026-03-03 10:00", kind="messenger", manager_id="Bob"),
        letter("2026-03-03 11:00", "in", kind="messenger"), letter("2026-03-03 11:00", "", kind="linkedin"),
        letter("2026-03-03 12:00", kind="call"),
    ]  # fmt: skip
    crm = snapshot([DEAL], activities=activities)
    assert (tell(crm, "emails_out", "2026-03")["value"], tell(crm, "emails_out")["left"]) == (
        1,
        {"no_direction": 1},
    )
    assert by(crm, "messages_out", "manager", period="2026-03") == {"Ann": 1, "Bob": 1}
    assert tell(crm, "messages_out")["left"] == {"no_direction": 2}
    assert tell(crm, "messenger_messages", "2026-03")["value"] == 3
    only = snapshot([DEAL], activities=[letter("2026-03-02 10:00")])
    assert tell(only, "messages_out")["value"] == 1
    assert tell(only, "messenger_messages")["missing"] == "activities.kind=messenger|activities.kind=linkedin"


def test_letters_unanswered_for_a_working_day(snapshot, tell, by):
    # Nine working hours: Thursday 5 March 2026 15:00 to Friday 15:00; Friday 17:00 to Monday 17:00.
    activities = [
        letter("2026-03-05 15:00", "in", contact_id="C1"),
        letter("2026-03-06 15:00", contact_id="C1"),
        letter("2026-03-05 15:00", "in", contact_id="C2"),
        letter("2026-03-06 15:01", contact_id="C2"),
        letter("2026-03-06 17:00", "in", contact_id="C3"),
        letter("2026-03-09 12:00", kind="call", contact_id="C3"),
        letter("2026-03-07 12:00", "in", contact_id="C4", manager_id="Bob"),  # on Saturday, never answered
        letter("2026-03-31 15:00", "in", contact_id="C5"),  # a working day is not over yet
        letter("2026-03-05 15:00", "in", deal_id=""),  # nobody knows from whom
        letter("2026-03-05 16:00", "in", contact_id="C6"),
        letter("2026-03-05 16:10", kind="messenger", contact_id="C6"),
    ]
    crm = snapshot([DEAL], activities=activities)
    row = tell(crm, "emails_unanswered", "2026-03")
    assert (row["value"], row["n"], row["left"]) == (
        3,
        5,
        {"no_counterpart": 1, "too_young": 1},
    )  # C2, C4, C6
    assert by(crm, "emails_unanswered:share", "manager", period="2026-03") == {"Ann": 0.5, "Bob": 1}
    days = [row | {"at": str(row["at"])[:10]} for row in activities]
    assert tell(snapshot([DEAL], activities=days), "emails_unanswered")["missing"] == "activities.at=time"


def test_a_meeting_is_counted_once(snapshot, tell, by):
    def task(done: str, **rest: str) -> dict[str, str]:
        return {"deal_id": "1", "kind": "meeting", "completed_at": done, "manager_id": "Ann"} | rest

    deals = [DEAL, DEAL]
    activities = [
        letter("2026-03-02 10:00", kind="meeting"),
        letter("2026-03-05 10:00", kind="meeting", deal_id="", contact_id="C"),
    ]
    tasks = [
        task("2026-03-02 18:00"),  # the one that is logged
        task("2026-03-02 19:00", manager_id="Bob"),  # a second one that day, logged once only
        task("2026-03-02 18:00", deal_id="2"), task("2026-03-03 18:00"),  # another deal, another day
        task("2026-03-05 12:00", deal_id="", contact_id="C"),  # logged with the person
        task("2026-03-05 12:00", deal_id="", contact_id=""),  # nobody knows with whom
        task("2026-03-04 12:00", kind="call"), task("", kind="meeting"),
    ]  # fmt: skip
    crm = snapshot(deals, activities=activities, tasks=tasks)
    assert tell(crm, "meetings_held", "2026-03")["value"] == 6
    assert by(crm, "meetings_held", "manager", period="2026-03") == {"Ann": 5, "Bob": 1}
    assert tell(snapshot(deals, tasks=tasks), "meetings_held", "2026-03")["value"] == 6
    none = snapshot(deals, tasks=[task("2026-03-04 12:00", kind="call")])
    assert tell(none, "meetings_held")["missing"] == "activities.kind=meeting+tasks.kind=meeting"
