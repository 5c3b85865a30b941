"""Tasks by hand: done, overdue, and what was planned next."""

from __future__ import annotations

OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}


def task(made: str, due: str, done: str, **rest: object) -> dict[str, object]:
    return {
        "deal_id": "1",
        "created_at": made,
        "due_at": due,
        "completed_at": done,
        "manager_id": "Ann",
    } | rest


def test_tasks_completed(snapshot, tell, by):
    tasks = [
        task("2026-02-01 10:00", "2026-02-02 10:00", "2026-03-01 00:00"),
        task("2026-02-01 10:00", "", "2026-03-31 23:00", deal_id="", manager_id=""),
        task("2026-02-01 10:00", "2026-03-02 10:00", ""),
        task("2026-02-01 10:00", "2026-03-02 10:00", "2026-02-28 23:59"),
        task("2026-02-01 10:00", "2026-03-02 10:00", "2026-04-01 10:00"),  # after as_of
    ]
    crm = snapshot([OPEN], tasks=tasks)
    assert tell(crm, "tasks_completed", "2026-03")["value"] == 2
    assert by(crm, "tasks_completed", "manager", period="2026-03") == {None: 1, "Ann": 1}
    assert tell(crm, "tasks_completed", "2026-01")["missing"] == "before_first_record"
    assert tell(snapshot([OPEN]), "tasks_completed")["missing"] == "tasks.completed_at"


def test_overdue_tasks_and_their_age(snapshot, tell, by):
    tasks = [
        task("2026-02-01 10:00", "2026-03-30 18:00", ""),  # one day
        task("2026-02-01 10:00", "2026-03-28 18:00", "", manager_id="Bob", deal_id=""),  # three days
        task("2026-02-01 10:00", "2026-03-30 18:00", "2026-04-01 10:00"),  # done later: not yet at as_of
        task("2026-02-01 10:00", "2026-03-30 18:00", "2026-03-31 10:00"),  # done, late
        task("2026-02-01 10:00", "2026-04-02 10:00", ""),
        task("2026-02-01 10:00", "", ""),
    ]
    crm = snapshot([OPEN], tasks=tasks, as_of="2026-03-31 18:00")
    assert tell(crm, "tasks_overdue_open")["value"] == 3
    assert by(crm, "tasks_overdue_open", "manager") == {"Ann": 2, "Bob": 1}
    assert tell(crm, "tasks_overdue_open:mean_age")["value"] == (1 + 3 + 1) / 3
    assert tell(crm, "tasks_overdue_open", "2026-02")["missing"] == "known_at_as_of_only"
    days = [
        task("2026-02-01", "2026-03-31", ""),
        task("2026-02-01", "2026-03-29", ""),
        task("", "", "2026-03-01"),
    ]
    noon = snapshot([OPEN], tasks=days, as_of="2026-03-31 12:00")
    assert (
        tell(noon, "tasks_overdue_open")["value"],
        tell(noon, "tasks_overdue_open:mean_age")["value"],
    ) == (1, 2)
    assert tell(snapshot([OPEN], tasks=days), "tasks_overdue_open")["value"] == 2  # the 31st is over


def test_deals_with_overdue_tasks_only(snapshot, tell):
    tasks = [
        task("2026-02-01 10:00", "2026-03-30 18:00", ""), task("2026-02-01 10:00", "2026-03-29 18:00", ""),
        task("2026-02-01 10:00", "2026-03-30 18:00", "", deal_id="2"),
        task("2026-02-01 10:00", "2026-04-30 18:00", "", deal_id="2"),
        task("2026-02-01 10:00", "2026-03-30 18:00", "2026-03-30 17:00", deal_id="3"),
    ]  # fmt: skip
    row = tell(snapshot([OPEN, OPEN, OPEN], tasks=tasks), "deals_with_overdue_task_only")
    assert (row["numerator"], row["denominator"]) == (1, 3)
    own = [OPEN | {"next_task_at": day} for day in ("2026-03-30", "2026-04-01", "")]
    row = tell(snapshot(own), "deals_with_overdue_task_only")
    assert (row["numerator"], row["denominator"]) == (1, 3)


def test_the_next_task_is_set_by_the_end_of_the_next_working_day(snapshot, tell, by):
    def done(deal: int, at: str, **rest: object) -> dict[str, object]:
        return task("2026-03-01 10:00", "", at, deal_id=str(deal)) | rest

    def made(deal: int, at: str, ended: str = "") -> dict[str, object]:
        return task(at, "", ended, deal_id=str(deal))

    closed = {"created_at": "2026-01-02 10:00", "status": "won"}
    deals = [OPEN] * 6 + [
        closed | {"closed_at": "2026-03-09 10:00"},
        closed | {"closed_at": "2026-03-10 00:00"},
        OPEN,
    ]
    tasks = [
        # Friday 6 March: the next working day is Monday the 9th, and over at midnight.
        done(1, "2026-03-06 10:00"), made(1, "2026-03-09 23:59"),  # yes
        done(2, "2026-03-06 10:00"), made(2, "2026-03-10 00:00"),  # too late
        done(3, "2026-03-06 10:00"), made(3, "2026-03-01 10:00", "2026-03-06 11:00"),  # was open then: yes
        done(4, "2026-03-06 10:00"), made(4, "2026-03-01 10:00", "2026-03-06 10:00"),  # both at once: no
        done(5, "2026-03-06 10:00"), made(5, "2026-03-07 10:00", "2026-03-08 10:00"),  # set and done since
        done(6, "2026-03-31 10:00"),  # 1 April is not over
        done(7, "2026-03-06 10:00"),  # won by the end of the next working day: nothing is to follow
        done(8, "2026-03-06 10:00", manager_id="Bob"),  # was open until then: no
        done(99, "2026-03-06 10:00"),  # of no deal here
    ]  # fmt: skip
    crm = snapshot(deals, tasks=tasks)
    # Of deal 3 the second task, done at 11:00, has nothing after it; nor has that of deal 5, done on the 8th.
    row = tell(crm, "next_task_set", "2026-03")
    assert (row["numerator"], row["denominator"], row["left"]) == (3, 9, {"no_deal": 1, "too_young": 1})
    assert by(crm, "next_task_set", "manager", period="2026-03") == {"Ann": 3 / 8, "Bob": 0}
    # With Monday the 9th off (in Russia), Tuesday's task comes in time, and deal 8 was won too.
    russian = tell(snapshot(deals, tasks=tasks, country="RU"), "next_task_set", "2026-03")
    assert (russian["numerator"], russian["denominator"]) == (4, 8)
    undated = [{name: value for name, value in one.items() if name != "created_at"} for one in tasks]
    assert tell(snapshot(deals, tasks=undated), "next_task_set")["missing"] == "tasks.created_at"


def test_as_of_in_the_middle_knows_no_later_task(snapshot, tell):
    tasks = [
        task("2026-03-01 10:00", "", "2026-03-02 10:00"),
        task("2026-03-03 10:00", "", ""),
        task("2026-03-20 10:00", "", ""),
    ]
    early = snapshot([OPEN], tasks=tasks, as_of="2026-03-03 09:00")
    assert tell(early, "next_task_set")["left"] == {"too_young": 1}
    assert tell(snapshot([OPEN], tasks=tasks, as_of="2026-03-03"), "next_task_set")["value"] == 1
