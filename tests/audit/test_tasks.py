"""Tasks: overdue, not renewed, silence, lost clients; offenders beside those that only look like them."""

from __future__ import annotations

import pytest

from crmkit.audit import examine, find_check
from crmkit.measures.catalog import find
from crmkit.periods import Period

OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}
LOST = OPEN | {"status": "lost"}
WON = OPEN | {"status": "won", "closed_at": "2026-03-02 10:00"}
TASK = {"deal_id": "1", "created_at": "2026-03-01 10:00", "completed_at": ""}
NOW = "2026-03-31 18:00"


def test_overdue_tasks_by_the_minute(snapshot, found):
    tasks = [
        TASK | {"task_id": "minute", "due_at": "2026-03-31 17:59"},
        TASK | {"task_id": "week", "due_at": "2026-03-24 12:00"},  # 7 days and 6 hours: day 8
        TASK | {"task_id": "closed", "deal_id": "2", "due_at": "2026-03-30 18:00"},  # exactly one day
        TASK | {"task_id": "loose", "deal_id": "", "due_at": "2026-03-01 10:00"},
        TASK | {"task_id": "tonight", "due_at": "2026-03-31 20:00"},
        TASK
        | {"task_id": "late, but done", "due_at": "2026-03-10 10:00", "completed_at": "2026-03-20 10:00"},
        TASK | {"task_id": "endless", "due_at": ""},
        TASK | {"task_id": "set later", "created_at": "2026-04-01 10:00", "due_at": "2026-03-01 10:00"},
        TASK | {"task_id": "done later", "due_at": "2026-03-31 12:00", "completed_at": "2026-04-01 10:00"},
    ]
    crm = snapshot([OPEN, WON], tasks=tasks, as_of=NOW)
    seen = found(crm, "H11")
    assert dict(zip(seen.rows["id"], seen.rows["number"], strict=True)) == {
        "minute": 1, "week": 8, "closed": 1, "loose": 31, "done later": 1,
    }  # fmt: skip
    assert (seen.checked, seen.unknown) == (6, {"no_due_date": 1})
    assert seen.days["week"] == "2026-03-24" and set(seen.rows["table"]) == {"tasks"}
    cases = find("tasks_overdue_open:count").cases(crm, Period(None, None, "all"))
    assert len(cases) == len(seen.rows), "the figure counts the same tasks"


def test_among_tasks_with_a_time_one_at_midnight_is_for_the_day(snapshot, found):
    tasks = [
        TASK | {"task_id": "today", "due_at": "2026-03-31"},
        TASK | {"task_id": "yesterday", "due_at": "2026-03-30 00:00:00"},  # 1 day and 18 hours, but day 1
        TASK | {"task_id": "minute", "due_at": "2026-03-31 17:59"},
        TASK | {"task_id": "a", "due_at": "2026-03-20 00:00", "completed_at": "2026-03-20 15:00"},
        TASK | {"task_id": "b", "due_at": "2026-03-20 00:00", "completed_at": "2026-03-21 09:00"},
    ]
    crm = snapshot([OPEN, WON], tasks=tasks, as_of=NOW)
    seen = found(crm, "H11")
    assert dict(zip(seen.rows["id"], seen.rows["number"], strict=True)) == {"minute": 1, "yesterday": 1}
    on_time = find("tasks_on_time").cases(crm, Period(None, None, "all"))["value"]
    assert sorted(on_time) == [0, 0, 0, 1], "of those whose time is over only «a» was done by then"


def test_a_task_for_a_day_is_overdue_when_the_day_is_over(snapshot, found):
    tasks = [
        TASK | {"task_id": "today", "due_at": "2026-03-31"},
        TASK | {"task_id": "yesterday", "due_at": "2026-03-30"},
    ]
    seen = found(snapshot([OPEN], tasks=[*tasks, DONE], as_of=NOW), "H11")
    assert dict(zip(seen.rows["id"], seen.rows["number"], strict=True)) == {"yesterday": 1}
    # at the end of the day it is overdue, for the first day
    seen = found(snapshot([OPEN], tasks=[*tasks, DONE], as_of="2026-03-31"), "H11")
    assert dict(zip(seen.rows["id"], seen.rows["number"], strict=True)) == {"today": 1, "yesterday": 1}


DONE = TASK | {"task_id": "done", "due_at": "2026-03-02", "completed_at": "2026-03-02 10:00"}


def test_by_the_deals_own_date_of_the_next_task(snapshot, found):
    deals = [
        OPEN | {"next_task_at": "2026-03-30 12:00"},
        OPEN | {"next_task_at": "2026-04-30 12:00"},
        OPEN | {"next_task_at": ""},
        WON | {"next_task_at": "2026-03-01 12:00"},
    ]
    seen = found(snapshot(deals, as_of=NOW), "H11")
    assert (seen.kinds, seen.checked) == ({"1": 1}, 2)
    assert seen.rows["table"].tolist() == ["deals"] and seen.rows["number"].tolist() == [2.0]
    bare = found(snapshot([OPEN]), "H11")
    missing = "tasks.completed_at|deals.next_task_at, tasks.due_at|deals.next_task_at"
    assert (bare.state, bare.missing) == ("not_applicable", missing)


def test_done_and_no_next_task(snapshot, found):
    tasks = [
        DONE,  # deal 1: done, and nothing
        DONE | {"task_id": "2", "completed_at": "2026-03-20 10:00"},  # its latest
        DONE | {"task_id": "3", "deal_id": "2"},
        TASK | {"task_id": "4", "deal_id": "2", "due_at": "2026-03-03"},  # overdue, but open
        TASK | {"task_id": "5", "deal_id": "3", "due_at": "2026-03-03"},  # nothing done yet
        DONE | {"task_id": "6", "deal_id": "5"},  # won
        DONE | {"task_id": "7", "deal_id": ""},  # of no deal
        DONE | {"task_id": "8", "deal_id": "6", "completed_at": "2026-04-01 10:00"},  # still open at as_of
    ]
    crm = snapshot([OPEN, OPEN, OPEN, OPEN, WON, OPEN], tasks=tasks)
    seen = found(crm, "H12")
    assert (seen.days, seen.checked) == ({"1": "2026-03-20"}, 2)
    assert set(found(crm, "H01").kinds) == {"1", "4"}, "nothing ever planned is no task done"


def test_silence(snapshot, found):
    # 14 days before the end of 31 March is the end of 17 March
    deals = [OPEN] * 7 + [WON, OPEN | {"created_at": "2026-03-20 10:00"}, OPEN | {"created_at": ""}]
    acts = [
        {"deal_id": one, "at": at, "kind": "call"}
        for one, at in (
            ("1", "2026-03-17 10:00"), ("2", "2026-03-18 00:00"), ("3", "2026-03-01 10:00"),
            ("4", "2026-03-01 10:00"), ("5", "2026-03-01 10:00"), ("8", "2026-03-01 10:00"),
        )
    ]  # fmt: skip
    tasks = [
        TASK | {"task_id": "1", "deal_id": "3", "due_at": "2026-04-05 10:00"},  # planned
        TASK | {"task_id": "2", "deal_id": "4", "due_at": "2026-03-25 10:00"},  # planned, and forgotten
        DONE | {"task_id": "3", "deal_id": "5", "completed_at": "2026-03-30 10:00"},  # done lately
        TASK | {"task_id": "4", "deal_id": "6", "due_at": "2026-04-05 10:00"},
    ]
    crm = snapshot(deals, activities=acts, tasks=tasks)
    seen = found(crm, "H13")
    assert seen.days == {"1": "2026-03-17", "4": "2026-03-01", "7": "2026-01-02"}
    # from 17 March 10:00 to the end of the 31st: 14.6 days; from 1 March 30.6, from 2 January 88.6
    assert seen.rows["number"].tolist() == [14.0, 30.0, 88.0]
    assert seen.kinds == {"1": 0, "4": 0, "7": 1}
    assert (seen.checked, seen.unknown) == (8, {"no_creation_date": 1})
    cases = find("deals_stale:idle_without_plan").cases(crm, Period(None, None, "all"))
    assert cases["value"][cases["left_out"] == ""].sum() == 3


def test_where_no_tasks_are_told_silence_alone_counts(snapshot, found):
    deals = [
        {"status": "open", "created_at": "2026-01-02 10:00", "last_activity_at": "2026-03-17 10:00"},
        {"status": "open", "created_at": "2026-01-02 10:00", "last_activity_at": "2026-03-18 10:00"},
    ]
    seen = found(snapshot(deals), "H13")  # from the 17th to the end of the 31st: 14.6 days
    assert seen.days == {"1": "2026-03-17"} and seen.kinds == {"1": 2}
    assert seen.checked == 2


def follow(deal, due, **more):
    return {"task_id": f"{deal} {due}", "deal_id": deal, "created_at": "2025-01-10 10:00"} | {
        "due_at": due, "completed_at": "", **more,
    }  # fmt: skip


OLD = LOST | {"created_at": "2024-12-01 10:00", "closed_at": "2025-06-15 12:00"}


def test_lost_clients_nobody_returns_to(snapshot, found):
    # closed on 15 June: a task is due from 15 September to 15 December, both days included
    deals = [OLD | {"contact_id": f"c{place}", "lost_reason": "Price"} for place in range(1, 11)]
    deals += [
        OLD | {"closed_at": "2026-03-24 23:59"},  # 11: seven days ago, and a bit
        OLD | {"closed_at": "2026-03-25 00:01"},  # 12: not seven days yet, by the clock
        OLD | {"closed_at": ""},  # 13
        OLD | {"lost_reason": "Double"},  # 14: a technical loss
        WON | {"created_at": "2024-12-01 10:00", "closed_at": "2025-06-15 12:00"},
        OPEN | {"created_at": "2024-12-01 10:00"},
    ]
    tasks = [
        follow("1", "2025-09-14 23:59"),  # a minute too early
        follow("2", "2025-09-15 00:00"),
        follow("3", "2025-12-15 23:59"),
        follow("4", "2025-12-16 00:00"),  # too late
        follow("5", "2025-10-15 10:00", completed_at="2025-11-15 10:00"),  # done counts too
        follow("", "2025-10-15 10:00", task_id="loose", contact_id="c6"),
        follow("", "2025-10-15 10:00", task_id="stranger", contact_id="c99"),
        follow("8", "", completed_at="2025-10-15 10:00"),  # without a due time, done in those months
        follow("9", ""),  # without a due time, open: nobody knows for when
        follow("11", "2026-07-01 10:00"),
        follow("16", "2025-10-01 10:00"),
    ]
    crm = snapshot(deals, tasks=tasks, technical_losses=["Double"], as_of="2026-03-31 23:59:59")
    seen = found(crm, "H22")
    assert set(seen.kinds) == {"1", "4", "7", "9", "10"}
    assert (seen.checked, seen.unknown) == (11, {"no_closing_date": 1})
    assert set(seen.rows["number"]) == {3.0} and set(seen.rows["norm"]) == {6.0}
    assert seen.days["1"] == "2025-06-15"
    # only what was lost in the period, whatever came later
    assert found(crm, "H22", Period.parse("2026-03", "UTC")).checked == 1


def test_what_was_lost_before_tasks_were_recorded_is_not_judged(snapshot, found):
    deals = [OLD, OLD | {"closed_at": "2025-07-15 12:00"}, OPEN]
    late = {"task_id": "1", "deal_id": "3", "created_at": "2026-01-10 10:00", "due_at": "2026-01-11 10:00"}
    seen = found(snapshot(deals, tasks=[late | {"completed_at": "2026-01-11 10:00"}]), "H22")
    # the months of the first were over on 15 December, those of the second on 15 January
    assert (set(seen.kinds), seen.unknown) == ({"2"}, {"not_recorded": 1})


@pytest.mark.parametrize("name", ["H12", "H22"])
def test_without_tasks_it_is_told_what_is_missing(snapshot, found, name):
    seen = found(snapshot([OPEN, LOST | {"closed_at": "2026-01-05"}]), name)
    assert seen.state == "not_applicable" and "tasks.deal_id" in seen.missing


def test_a_list_of_tasks_that_tells_no_completion_is_seen_in_part(snapshot, found):
    task = {"task_id": "1", "deal_id": "1", "created_at": "2026-03-01 10:00", "due_at": "2026-04-01 10:00"}
    crm = snapshot([OPEN, OPEN], tasks=[task], as_of=NOW)
    seen = found(crm, "H01")
    assert (seen.checked, list(seen.rows["id"])) == (2, ["2"])  # deal 1 has a task that counts as open
    state = examine(crm, checks=[find_check("H01")]).states.iloc[0]
    assert state["lacking"] == "tasks.completed_at"
