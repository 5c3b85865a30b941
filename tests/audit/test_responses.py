"""Late answers and late proposals; offenders beside those that only look like them."""

from __future__ import annotations

import pytest

from crmkit.measures.catalog import find
from crmkit.periods import Period

NOW = "2026-03-31 18:00"  # a Tuesday; the office is open from 9 to 18, Monday to Friday
LEAD = {"status": "open", "source": "Site", "manager_id": "Now"}
OUT = {"kind": "email", "direction": "out", "manager_id": "Ann"}
STEPS = [
    {"name": "New"},
    {"name": "Draft", "process_step": "Proposal preparation"},
    {"name": "Agree", "process_step": "proposal agreement"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]


def leads(*created, **more):
    return [LEAD | {"created_at": at} | more for at in created]


def test_late_answers(snapshot, found):
    deals = leads(
        "2026-03-02 10:00",  # 1: answered after 1 hour: in time
        "2026-03-02 10:00",  # 2: after 1 hour and a half
        "2026-03-06 17:30",  # 3: Friday evening, answered on Monday at 9:20: 50 working minutes
        "2026-03-03 02:00",  # 4: at night, answered at 9:30
        "2026-03-03 10:00",  # 5: never answered: 21 working days, less an hour, until now
        "2026-03-31 17:30",  # 6: the hour is not over
        "2026-03-03 10:00",  # 7: the client wrote again, nobody answered
        "2026-03-03 10:00",  # 8: only the robot answered
        "2026-03-03 10:00",  # 9: answered without naming the deal
        "",  # 10
    )
    deals += leads("2026-03-03 10:00", source="Fair")  # 11: no inbound lead
    deals += leads("2026-03-03 10:00", status="lost", lost_reason="Double")  # 12: nobody has to answer
    deals += leads("2026-03-03 10:00", "2026-03-04 10:00")  # 13, 14: answered after as_of; before it came
    deals[8] |= {"contact_id": "c9"}
    acts = [
        OUT | {"deal_id": "", "at": "2026-03-01 10:00", "contact_id": "c0"},  # communications are recorded
        OUT | {"deal_id": "1", "at": "2026-03-02 11:00"},
        OUT | {"deal_id": "2", "at": "2026-03-02 11:30"},
        OUT | {"deal_id": "3", "at": "2026-03-09 09:20"},
        OUT | {"deal_id": "4", "at": "2026-03-03 09:30"},
        OUT | {"deal_id": "7", "at": "2026-03-03 10:10", "direction": "in"},
        OUT | {"deal_id": "8", "at": "2026-03-03 10:00", "manager_id": ""},
        OUT | {"deal_id": "", "at": "2026-03-03 10:20", "contact_id": "c9"},
        OUT | {"deal_id": "13", "at": "2026-04-01 10:00"},
        OUT | {"deal_id": "14", "at": "2026-03-04 09:50"},
        OUT | {"deal_id": "", "at": "2026-03-03 10:00", "kind": "call", "contact_id": "c0"},
    ]
    crm = snapshot(deals, activities=acts, as_of=NOW, inbound_sources=["site"], technical_losses=["Double"])
    seen = found(crm, "H16")
    assert seen.kinds == {"2": 0, "5": 1, "7": 1, "8": 1, "13": 1, "14": 1}
    number = dict(zip(seen.rows["id"], seen.rows["number"], strict=True))
    # 3 March 10:00 to 31 March 18:00: 8 hours of that day and 20 whole days of 9
    assert (number["2"], number["5"]) == (2, 188)
    assert (seen.checked, seen.unknown) == (10, {"no_creation_date": 1, "too_young": 1})
    cases = find("first_response_time:share_in_norm").cases(crm, Period(None, None, "all"))
    counted = cases[cases["left_out"] == ""]
    assert (len(counted), (counted["value"] == 0).sum()) == (10, 6), "the figure counts the same leads"
    assert found(crm, "H16", Period.parse("2026-02", "UTC")).checked == 0


def test_who_had_to_answer_and_since_when_that_is_recorded(snapshot, found):
    deals = leads("2026-03-01 10:00", "2026-03-02 08:00", "2026-03-09 10:00")
    acts = [OUT | {"deal_id": "2", "at": "2026-03-02 15:00"}]  # the first one recorded
    changes = [
        {"deal_id": "3", "changed_at": at, "from_stage": "", "to_stage": stage, "manager_id": rep}
        for at, stage, rep in (("2026-03-09 10:00", "New", "Bob"), ("2026-03-20 10:00", "Offer", "Ann"))
    ]
    seen = found(snapshot(deals, activities=acts, stage_changes=changes, as_of=NOW), "H16")
    assert dict(zip(seen.rows["id"], seen.rows["manager_id"], strict=True)) == {"2": "Now", "3": "Bob"}
    assert seen.unknown == {"not_recorded": 1}


def test_where_only_calls_are_told_nobody_is_accused(snapshot, found):
    calls = [OUT | {"deal_id": "1", "at": "2026-03-02 15:00", "kind": "call"}]
    seen = found(snapshot(leads("2026-03-02 10:00", "2026-03-02 10:00"), activities=calls), "H16")
    assert (seen.state, seen.checked, seen.unknown) == ("not_applicable", 0, {"not_recorded": 2})
    days = [OUT | {"deal_id": "1", "at": "2026-03-02"}]
    seen = found(snapshot(leads("2026-03-02 10:00"), activities=days), "H16")
    assert (seen.state, seen.missing) == ("not_applicable", "activities.at=time")


def draft(deal, *, at="2026-03-05 12:00", left="", to="Agree", rep=""):
    """Return the moves of a deal into the proposal stage, on Thursday 5 March unless told, and out of it."""
    changes = [{"deal_id": deal, "changed_at": at, "from_stage": "New", "to_stage": "Draft"}]
    if left:
        changes += [{"deal_id": deal, "changed_at": left, "from_stage": "Draft", "to_stage": to}]
    return [one | {"manager_id": rep} for one in changes]


@pytest.fixture
def proposals(snapshot):
    """Return ``proposals(deals, changes, activities, tasks)``; the deal 99 begins the records."""

    def made(deals, changes, activities=(), **more):
        deals = [{"created_at": "2026-02-02 10:00", "manager_id": "Now"} | one for one in deals]
        first = {"deal_id": "99", "created_at": "2026-02-02 10:00", "stage": "New"}
        acts = [OUT | {"deal_id": "99", "at": "2026-02-02 10:00"}, *(OUT | one for one in activities)]
        told = {"stages": STEPS, "as_of": NOW, "technical_losses": ["Double"]} | more
        return snapshot([*deals, first], stage_changes=changes, activities=acts, **told)

    return made


def test_late_proposals(proposals, found):
    # entered on Thursday 5 March: Friday's end is the last moment
    deals = [{"stage": "Draft"}] * 8 + [{"stage": "Agree"}] * 2
    changes = [change for deal in range(1, 9) for change in draft(str(deal), rep="Ann")]
    changes += draft("9", left="2026-03-06 17:00") + draft("10", left="2026-03-16 10:00", rep="Bob")
    acts = [
        {"deal_id": "1", "at": "2026-03-06 23:50"},  # Friday late at night
        {"deal_id": "2", "at": "2026-03-07 09:00"},  # Saturday: too late
        {"deal_id": "3", "at": "2026-03-10 09:00", "kind": "messenger"},  # Tuesday, the third working day
        {"deal_id": "4", "at": "2026-03-05 12:00"},  # in the moment of entering: of the stage before
        {"deal_id": "5", "at": "2026-03-06 10:00", "direction": "in"},  # the client's letter
        {"deal_id": "6", "at": "2026-03-06 10:00", "kind": "call"},
        {"deal_id": "7", "at": "2026-03-06 10:00", "kind": "meeting", "direction": ""},
    ]
    tasks = [
        {"task_id": name, "deal_id": deal, "kind": kind, "created_at": "2026-03-05 12:00", "due_at": "",
         "completed_at": done}
        for name, deal, kind, done in (
            ("sent", "8", "task", "2026-03-06 10:00"), ("rang", "6", "call", "2026-03-06 11:00"),
        )
    ]  # fmt: skip
    seen = found(proposals(deals, changes, acts, tasks=tasks), "H17")
    # 5 and 6: from 6 March on 18 working days until the 31st; 10 went on after 7
    assert {one: (kind, number) for one, kind, number in zip(
        seen.rows["id"], seen.rows["kind"], seen.rows["number"], strict=True
    )} == {"2": (0, 2), "3": (0, 3), "4": (1, 18), "5": (1, 18), "6": (1, 18), "10": (0, 7)}  # fmt: skip
    assert (seen.checked, seen.unknown, seen.days["2"]) == (10, {}, "2026-03-05")
    whose = dict(zip(seen.rows["id"], seen.rows["manager_id"], strict=True))
    assert (whose["2"], whose["10"]) == ("Ann", "Bob")


def test_proposals_that_are_not_looked_at(proposals, found):
    lost = {"stage": "Lost", "closed_at": "2026-03-06 11:00"}
    deals = [
        {"stage": "Draft"},  # 1: entered yesterday: today is not over
        lost,  # 2: lost before the day was over
        lost | {"lost_reason": "Double"},  # 3: a technical loss, though late
        {"stage": "New"},  # 4: went back at once
        {"stage": "Agree"},  # 5: was never in the stage
        {"stage": "Draft"},  # 6: came before communications were recorded
        {"stage": "Won", "closed_at": ""},  # 7: won, nobody knows when
        {"stage": "Draft"},  # 8: late, alone
        {"stage": "Draft", "created_at": "2025-12-01 10:00"},  # 9: stands there, nobody knows since when
    ]
    changes = [
        *draft("1", at="2026-03-30 09:00"),
        *draft("2", left="2026-03-06 11:00", to="Lost"),
        *draft("3", left="2026-03-20 11:00", to="Lost"),
        *draft("4", left="2026-03-05 15:00", to="New"),
        {"deal_id": "5", "changed_at": "2026-03-05 12:00", "from_stage": "New", "to_stage": "Agree"},
        *draft("6", at="2026-02-01 12:00"),
        *draft("7"),
        *draft("8"),
    ]
    seen = found(proposals(deals, changes), "H17")
    assert (seen.kinds, seen.checked) == ({"8": 1}, 1)
    assert seen.unknown == {"not_recorded": 1, "no_closing_date": 1, "no_stage_entry": 1}


def test_the_days_of_entering_and_of_sending_are_enough(proposals, found):
    changes = draft("1", at="2026-03-05") + draft("2", at="2026-03-05") + draft("3", at="2026-03-05")
    acts = [
        {"deal_id": "1", "at": "2026-03-05"},  # on the same day: in time
        {"deal_id": "2", "at": "2026-03-06"},
        {"deal_id": "3", "at": "2026-03-09"},
    ]
    crm = proposals([{"stage": "Draft"}] * 3, changes, acts)
    assert found(crm, "H17").kinds == {"3": 0}


def test_what_has_to_be_known_of_proposals(snapshot, proposals, found):
    plain = [{"name": "New"}, {"name": "Draft"}, {"name": "Agree"}]
    seen = found(proposals([{"stage": "Draft"}], draft("1"), stages=plain), "H17")
    assert (seen.state, seen.missing) == ("ask", "stages.process_step")
    seen = found(snapshot([{"stage": "Draft"}], stages=STEPS), "H17")
    assert (
        seen.state == "not_applicable" and "activities.kind=email|activities.kind=messenger" in seen.missing
    )
