"""Where deals stand, tasks in time, deals without a task, sales actions a day."""

from __future__ import annotations

OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}


def test_open_deals_their_money_and_their_stages(snapshot, tell, by):
    deals = [
        OPEN | {"amount": 100.10, "manager_id": "Ann"},
        OPEN | {"amount": 200.20, "manager_id": "Ann", "stage": "Offer"},
        OPEN | {"amount": "", "manager_id": "Bob", "stage": "Offer"},
        OPEN | {"closed_at": "2026-01-09 10:00", "status": "won", "amount": 5},
    ]
    crm = snapshot(deals)
    assert (tell(crm, "open_deals")["value"], tell(crm, "open_deals")["n"]) == (3, 3)
    row = tell(crm, "open_amount")
    assert (row["value"], row["n"], row["left"]) == (300.30, 2, {"no_amount": 1})
    assert by(crm, "stage_distribution", "stage") == {"New": 1 / 3, "Offer": 2 / 3}
    assert by(crm, "stage_distribution", "stage", column="n") == {"New": 3, "Offer": 3}
    # Told by rep as well, each rep's stages are one.
    assert by(crm, "stage_distribution", "manager", "stage") == {
        ("Ann", "New"): 0.5, ("Ann", "Offer"): 0.5, ("Bob", "Offer"): 1,
    }  # fmt: skip


def test_a_deal_without_a_waiting_task(snapshot, tell):
    deals = [OPEN, OPEN, OPEN, OPEN | {"closed_at": "2026-01-09 10:00", "status": "lost"}]
    tasks = [
        {"deal_id": 1, "due_at": "2026-02-01 10:00", "completed_at": ""},  # overdue, but a task
        {"deal_id": 2, "due_at": "2026-02-01 10:00", "completed_at": "2026-02-01 09:00"},
        {"deal_id": 99, "due_at": "2026-02-01 10:00", "completed_at": ""},  # of a deal not in the export
    ]
    row = tell(snapshot(deals, tasks=tasks), "deals_without_task")
    assert (row["numerator"], row["denominator"], row["n"]) == (2, 3, 3)


def test_without_tasks_the_deals_own_next_task_tells(snapshot, tell):
    deals = [OPEN | {"next_task_at": "2026-05-01 10:00"}, OPEN | {"next_task_at": ""}, OPEN]
    crm = snapshot(deals)
    assert (tell(crm, "deals_without_task")["numerator"], tell(crm, "deals_without_task")["n"]) == (2, 3)
    # The next task is that of the day of export: for an earlier day nobody knows, and 3 of 3 would be wrong.
    deals.append({"created_at": "2026-01-02 10:00", "closed_at": "2026-03-09 10:00", "status": "won"})
    earlier = tell(snapshot(deals, as_of="2026-02-01"), "deals_without_task")
    assert (earlier["value"], earlier["state"], earlier["missing"]) == (
        None, "not_in_export", "known_at_export_only",
    )  # fmt: skip


def test_tasks_in_time(snapshot, tell, by):
    def task(due: str, done: str, who: str = "Ann") -> dict[str, str]:
        return {"deal_id": "1", "due_at": due, "completed_at": done, "manager_id": who}

    tasks = [
        task("2026-02-02 10:00", "2026-02-02 10:00"),  # on the minute
        task("2026-02-02 10:00", "2026-02-02 10:01"),  # late
        task("2026-02-28 23:59", "", "Bob"),  # open and past: late
        task("2026-03-01 00:00", "2026-02-01 10:00"),  # due in March
        task("", "2026-02-01 10:00"),  # never due
        task("2026-04-01 10:00", ""),  # not due yet on 31 March
    ]
    crm = snapshot([OPEN], tasks=tasks)
    row = tell(crm, "tasks_on_time", "2026-02")
    assert (row["numerator"], row["denominator"], row["n"], row["left"]) == (1, 3, 3, {"no_due_date": 1})
    assert by(crm, "tasks_on_time", "manager", period="2026-02") == {"Ann": 0.5, "Bob": 0}
    assert tell(crm, "tasks_on_time")["n"] == 4


def test_a_task_for_a_day_is_late_when_the_day_is_over(snapshot, tell):
    tasks = [
        {"deal_id": 1, "due_at": "2026-03-30", "completed_at": "2026-03-30"},
        {"deal_id": 1, "due_at": "2026-03-31", "completed_at": ""},
    ]
    over = tell(snapshot([OPEN], tasks=tasks), "tasks_on_time")  # as_of is the end of 31 March
    assert (over["numerator"], over["denominator"]) == (1, 2)
    before = tell(snapshot([OPEN], tasks=tasks, as_of="2026-03-31 18:00"), "tasks_on_time")
    assert (before["numerator"], before["denominator"]) == (1, 1)


def test_sales_actions_by_rep_and_working_day(snapshot, tell, by):
    def act(at: str, who: str) -> dict[str, str]:
        return {"deal_id": "1", "at": at, "manager_id": who, "kind": "call"}

    # Ann: first action Thursday 5 February, last Monday 9: three working days, 3 calls and a task done.
    # Bob was hired on Monday 2 February: 20 working days of February, 2 calls, one of them on a Saturday.
    # Cid is in the list but never acted and has no date: not counted. Dan left on the 6th: 2 to 5 February.
    activities = [
        act("2026-02-05 10:00", "Ann"), act("2026-02-06 10:00", "Ann"), act("2026-02-09 10:00", "Ann"),
        act("2026-02-07 12:00", "Bob"), act("2026-02-10 10:00", "Bob"), act("2026-02-03 10:00", ""),
    ]  # fmt: skip
    tasks = [
        {"deal_id": "1", "completed_at": "2026-02-09 15:00", "manager_id": "Ann"},
        {"deal_id": "1", "completed_at": "", "manager_id": "Ann"},
        {"deal_id": "1", "completed_at": "2026-03-02 15:00", "manager_id": "Bob"},
        {"deal_id": "1", "completed_at": "2026-02-02 09:00", "manager_id": "Dan"},
    ]
    managers = [
        {"name": "Bob", "hired_on": "2026-02-02"}, {"name": "Cid"},
        {"name": "Dan", "hired_on": "2025-01-01", "left_on": "2026-02-06"},
    ]  # fmt: skip
    crm = snapshot([OPEN], tasks=tasks, activities=activities, managers=managers)
    assert by(crm, "sales_actions_per_day", "manager", period="2026-02") == {
        "Ann": 4 / 3, "Bob": 2 / 20, "Dan": 1 / 4,
    }  # fmt: skip
    row = tell(crm, "sales_actions_per_day", "2026-02")
    assert (row["numerator"], row["denominator"], row["n"]) == (7, 27, 27)
    assert row["left"] == {"no_manager": 1}
    march = by(crm, "sales_actions_per_day", "manager", period="2026-03")
    assert march == {"Bob": 1 / 22}  # Ann was last seen in February, Dan left; March has 22 working days


def test_a_rep_who_did_nothing_counts_with_all_his_days(snapshot, tell):
    activities = [{"deal_id": "1", "at": "2026-03-30 10:00", "manager_id": "Ann", "kind": "call"}]
    managers = [{"name": "Ann", "hired_on": "2026-03-30"}, {"name": "Bob", "hired_on": "2026-03-30"}]
    row = tell(snapshot([OPEN], activities=activities, managers=managers), "sales_actions_per_day", "2026-03")
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 4, 0.25)  # 30 and 31 March, two reps


def test_only_what_is_recorded_decides_since_when_it_is(snapshot, tell):
    # No tasks at all, calls since February: January is not known, and not zero.
    activities = [{"deal_id": "1", "at": "2026-02-05 10:00", "manager_id": "Ann", "kind": "call"}]
    crm = snapshot([OPEN], activities=activities)
    january = tell(crm, "sales_actions_per_day", "2026-01")
    assert (january["value"], january["state"], january["missing"]) == (
        None, "not_in_export", "before_first_record",
    )  # fmt: skip
    assert tell(crm, "new_deals", "2026-01")["value"] == 1
