"""Calls by hand: answered, missed, called back, and how long."""

from __future__ import annotations

import pytest

DEAL = {"created_at": "2026-01-02 10:00", "status": "open"}


def call(at: str, way: str = "out", **rest: object) -> dict[str, object]:
    return {"deal_id": "1", "kind": "call", "at": at, "direction": way, "manager_id": "Ann"} | rest


def test_calls_by_direction(snapshot, tell, by):
    crm = snapshot(
        [DEAL],
        activities=[
            call("2026-02-28 23:59"),
            call("2026-03-01 00:00", manager_id="Bob"),
            call("2026-03-02 10:00", deal_id="", manager_id=""),  # of no deal and no rep: a call all the same
            call("2026-03-02 11:00", "in"),
            call("2026-03-02 12:00", ""),
            call("2026-03-02 13:00", kind="email"),
        ],
    )
    row = tell(crm, "calls_out", "2026-03")
    assert (row["value"], row["n"], row["left"]) == (2, 2, {"no_direction": 1})
    assert by(crm, "calls_out", "manager", period="2026-03") == {None: 1, "Ann": None, "Bob": 1}
    assert tell(crm, "calls_in", "2026-03")["value"] == 1
    assert tell(crm, "calls_out", "2026-02")["value"] == 1


def test_what_is_not_recorded_is_not_zero(snapshot, tell):
    letters = [call("2026-01-10 10:00", kind="email")]
    crm = snapshot([DEAL], activities=[*letters, call("2026-03-10 10:00")])
    # Letters are recorded since January, calls since March: in February nobody knows of calls.
    february = tell(crm, "calls_out", "2026-02")
    assert (february["value"], february["missing"]) == (None, "before_first_record")
    assert tell(crm, "emails_out", "2026-02")["value"] == 0
    # Without any call, they are not in the export; without a direction, it is that column.
    assert tell(snapshot([DEAL], activities=letters), "calls_out")["missing"] == "activities.kind=call"
    assert (
        tell(snapshot([DEAL]), "calls_out")["missing"]
        == "activities.at, activities.direction, activities.kind=call"
    )
    some = [call("2026-03-10 10:00", ""), call("2026-02-10 10:00", "in")]
    row = tell(snapshot([DEAL], activities=some), "calls_out", "2026-03")
    assert (row["state"], row["missing"], row["left"]) == (
        "not_in_export", "activities.direction", {"no_direction": 1},
    )  # fmt: skip


def test_connected_is_answered_or_longer_than_15_seconds(snapshot, tell):
    activities = [
        call("2026-03-02 10:00", answered="yes", duration_s=3),
        call("2026-03-02 10:10", answered="no", duration_s=16),
        call("2026-03-02 10:20", answered="", duration_s=15),  # not longer
        call("2026-03-02 10:30", answered="no", duration_s=""),
        call("2026-03-02 10:40", answered="", duration_s=""),  # nothing known
        call("2026-03-02 10:50", "in", answered="yes", duration_s=60),
    ]
    crm = snapshot([DEAL], activities=activities)
    row = tell(crm, "calls_out_connected:share", "2026-03")
    assert (row["numerator"], row["denominator"], row["left"]) == (2, 4, {"no_answer_known": 1})
    assert tell(crm, "calls_out_connected:count", "2026-03")["value"] == 2
    longer = snapshot([DEAL], activities=activities, limits={"connected_call_s": 10})
    assert tell(longer, "calls_out_connected:share", "2026-03")["numerator"] == 3
    bare = [
        {name: value for name, value in row.items() if name not in ("answered", "duration_s")}
        for row in activities
    ]
    assert tell(snapshot([DEAL], activities=bare), "calls_out_connected")["missing"] == (
        "activities.answered|activities.duration_s"
    )


def test_missed_is_incoming_and_unanswered(snapshot, tell):
    activities = [
        call("2026-03-02 10:00", "in", answered="no", duration_s=30),  # it rang for half a minute
        call("2026-03-02 10:10", "in", answered="yes", duration_s=5),
        call("2026-03-02 10:20", "in", answered="", duration_s=0),
        call("2026-03-02 10:30", "in", answered="", duration_s=16),
        call("2026-03-02 10:40", "in", answered="", duration_s=""),
        call("2026-03-02 10:50", "out", answered="no", duration_s=0),
    ]
    crm = snapshot([DEAL], activities=activities)
    row = tell(crm, "calls_missed", "2026-03")
    assert (row["numerator"], row["denominator"], row["left"]) == (2, 4, {"no_answer_known": 1})
    assert tell(crm, "calls_missed:count", "2026-03")["value"] == 2


def missed(at: str, **rest: object) -> dict[str, object]:
    return call(at, "in", answered="no", **rest)


def test_a_missed_call_is_called_back_within_a_working_hour(snapshot, tell, by):
    # Working hours 9 to 18. Friday 6 March 2026, Monday 9 March (a holiday in Russia: 8 March is moved).
    activities = [
        missed("2026-03-05 10:00", contact_id="C1"),
        call("2026-03-05 11:00", contact_id="C1", answered="yes"),
        missed("2026-03-05 12:00", contact_id="C2"),
        call("2026-03-05 13:01", contact_id="C2", answered="yes"),
        # Friday 17:30, called back on Tuesday at 9:30: 30 + 30 minutes of work, Monday is a holiday.
        missed("2026-03-06 17:30", company_id="F"),
        call("2026-03-10 09:30", company_id="F", answered="yes"),
        # Another person was called.
        missed("2026-03-05 15:00", contact_id="C3"),
        call("2026-03-05 15:10", contact_id="C4", answered="yes"),
        # Neither contact nor company: the deal counts. It was called before, not after.
        call("2026-03-05 15:20", answered="yes", deal_id="1"),
        missed("2026-03-05 15:30", deal_id="1", manager_id="Bob"),
        missed("2026-03-05 16:00", deal_id=""),
        # As of 31 March 18:00 half an hour has passed: too young, although called back.
        missed("2026-03-31 17:30", contact_id="C5"),
        call("2026-03-31 17:40", contact_id="C5", answered="yes"),
    ]
    crm = snapshot([DEAL], activities=activities, country="RU", as_of="2026-03-31 18:00")
    row = tell(crm, "calls_in_missed", "2026-03")
    assert (row["numerator"], row["denominator"]) == (3, 5)  # C2, C3 and Bob's
    assert row["left"] == {"no_counterpart": 1, "too_young": 1}
    assert by(crm, "calls_in_missed:count", "manager", period="2026-03") == {"Ann": 2, "Bob": 1}
    # In a country without that holiday, Monday's nine hours have passed too.
    abroad = snapshot([DEAL], activities=activities, as_of="2026-03-31 18:00")
    assert tell(abroad, "calls_in_missed:count", "2026-03")["value"] == 4
    longer = snapshot([DEAL], activities=activities, country="RU", limits={"call_back_hours": 2})
    assert tell(longer, "calls_in_missed:count", "2026-03")["value"] == 2


def test_as_of_in_the_middle_knows_no_later_call(snapshot, tell):
    activities = [
        missed("2026-03-05 10:00", contact_id="C"),
        call("2026-03-05 10:50", contact_id="C", answered="yes"),
    ]
    before = snapshot([DEAL], activities=activities, as_of="2026-03-05 10:40")
    assert tell(before, "calls_in_missed")["left"] == {"too_young": 1}
    assert tell(before, "calls_in_missed")["n"] == 0
    assert tell(snapshot([DEAL], activities=activities), "calls_in_missed")["value"] == 0


def test_working_hours_when_the_clocks_change(snapshot, tell):
    # 29 March 2026, 2:00 in Berlin: an hour is skipped. Round the clock, on Saturday and Sunday too: from
    # 1:30 to 3:20 are 50 minutes.
    activities = [
        missed("2026-03-29 01:30", contact_id="C"),
        call("2026-03-29 03:20", contact_id="C", answered="yes"),
    ]
    settings = {
        "time_zone": "Europe/Berlin",
        "calendar": {"hours": "00:00-00:00", "days_on": ["2026-03-28", "2026-03-29"]},
    }
    assert tell(snapshot([DEAL], activities=activities, **settings), "calls_in_missed")["value"] == 0
    late = [activities[0], activities[1] | {"at": "2026-03-29 03:31"}]
    assert tell(snapshot([DEAL], activities=late, **settings), "calls_in_missed")["value"] == 1


def test_days_without_a_time_tell_nothing_of_hours(snapshot, tell):
    activities = [missed("2026-03-05", contact_id="C"), call("2026-03-06", contact_id="C", answered="yes")]
    crm = snapshot([DEAL], activities=activities)
    assert tell(crm, "calls_in_missed")["missing"] == "activities.at=time"
    assert tell(crm, "calls_missed")["value"] == 1


def test_talk_time_and_length(snapshot, tell):
    activities = [
        call("2026-03-02 10:00", answered="yes", duration_s=90),
        call("2026-03-02 10:10", "in", answered="", duration_s=30),
        call("2026-03-02 10:20", "", answered="yes", duration_s=300),  # whichever way
        call("2026-03-02 10:30", answered="no", duration_s=6),  # not talked on, but 6 seconds of a call
        call("2026-03-02 10:40", answered="no", duration_s=""),  # nobody answered: no time
        call("2026-03-02 10:50", answered="yes", duration_s=""),  # how long is not known
        call("2026-03-02 11:00", kind="meeting", duration_s=3600),
    ]
    crm = snapshot([DEAL], activities=activities)
    row = tell(crm, "talk_time", "2026-03")
    assert row["value"] == pytest.approx((90 + 30 + 300 + 6) / 60)
    assert (row["n"], row["left"]) == (5, {"no_duration": 1})
    mean, median = (tell(crm, f"call_length:{name}", "2026-03") for name in ("mean", "median"))
    assert mean["value"] == pytest.approx((90 + 30 + 300) / 60 / 3) and median["value"] == 1.5
    assert (mean["n"], mean["left"]) == (3, {"no_duration": 1})
    assert tell(crm, "talk_time", "2026-02")["missing"] == "before_first_record"
    assert (
        tell(snapshot([DEAL], activities=[call("2026-03-02 10:00")]), "talk_time")["missing"]
        == "activities.duration_s"
    )
