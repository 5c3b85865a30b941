"""Days from hiring to the first won deal and to the department's median: by hand."""

from __future__ import annotations


def won(day: str, who: str, amount: object = 100) -> dict[str, object]:
    return {
        "created_at": "2026-01-02",
        "closed_at": day,
        "status": "won",
        "amount": amount,
        "manager_id": who,
    }


def hired(who: str, day: str, **more: object) -> dict[str, object]:
    return {"name": who, "hired_on": day} | more


# The record begins on 2 January; the day described is 31 March.
DEALS = [
    won("2026-01-20", "Old"),
    won("2026-02-20", "Old"),
    won("2026-03-20", "Old"),
    won("2026-01-10", "Ann", 5),  # before she came: of another rep
    won("2026-01-25 23:00", "Ann", 30),  # 10 days
    won("2026-02-25", "Ann", 150),
    won("2026-02-02", "Bob", 10),  # 20 days
    won("2026-03-05", "Bob", 120),
    won("2026-02-10", "Nina"),  # nobody knows since when
]
TEAM = [
    hired("Ann", "2026-01-15"),
    hired("Bob", "2026-01-13"),
    hired("Cid", "2026-02-01"),  # nothing won
    hired("Dan", "2026-01-20", left_on="2026-01-30"),  # left after ten days
    hired("Old", "2020-01-01"),
    hired("Zoe", "2026-04-02"),  # has not come yet
]


def test_half_of_the_new_reps_win_within(snapshot, tell, by):
    crm = snapshot(DEALS, managers=TEAM)
    row = tell(crm, "days_to_first_won", "2026-Q1")
    # Kaplan–Meier of 10 (won), 10 (left), 20 (won), 58 (still waiting): after 10 three
    # quarters wait, after 20 three eighths: half within 20
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (20, 2, 4, 4)
    assert row["left"] == {"no_hiring_date": 1}
    told = by(crm, "days_to_first_won", "manager", period="2026-Q1")
    assert told == {"Ann": 10, "Bob": 20, "Cid": None, "Dan": None}


def test_who_was_hired_before_the_record_is_left_out(snapshot, tell):
    row = tell(snapshot(DEALS, managers=TEAM), "days_to_first_won", "2020-01-01..2026-04-01")
    assert row["left"] == {"no_hiring_date": 1, "hired_before_records": 1}
    assert row["n"] == 4


def test_reps_who_wait_have_no_median_yet(snapshot, tell):
    row = tell(snapshot(DEALS, managers=TEAM), "days_to_first_won", "2026-02")
    assert (row["value"], row["n"], row["state"], row["missing"]) == (None, 1, "ok", "not_ended")


def test_a_deal_won_after_as_of_is_not_won_yet(snapshot, by):
    crm = snapshot(DEALS, managers=TEAM, as_of="2026-01-31")
    assert by(crm, "days_to_first_won", "manager", period="2026-01") == {"Ann": 10, "Bob": None, "Dan": None}


def test_the_median_of_a_month_is_of_those_who_worked_all_of_it(snapshot, tell, by):
    crm = snapshot(DEALS, managers=TEAM)
    # January, whole: Old alone: tells nothing. February, whole: Old 100, Ann 150, Bob 10, Cid 0; Nina, whose
    # first deal was created on 2 January, 100: the median is 100; Ann has it: 45 days to 1 March. March: Old
    # 100, Ann 0, Bob 120, Cid 0, Nina 0: the median is 0; Bob has it: 78 days to 1 April. Cid sells nothing.
    told = by(crm, "days_to_median", "manager", period="2026-Q1")
    assert told == {"Ann": 45, "Bob": 78, "Cid": None, "Dan": None}
    # 10 (left), 45, 59 (Cid, until 1 April), 78: after 45 two thirds, then one is left at 78: 0
    row = tell(crm, "days_to_median", "2026-Q1")
    assert (row["value"], row["numerator"], row["n"]) == (78, 2, 4)


def test_a_month_that_is_not_over_tells_nothing(snapshot, by):
    crm = snapshot(DEALS, managers=TEAM, as_of="2026-03-30")
    assert by(crm, "days_to_median", "manager", period="2026-Q1")["Bob"] is None


def test_without_hiring_days_nobody_knows(snapshot, tell):
    for name in ("days_to_first_won", "days_to_median"):
        row = tell(snapshot(DEALS), name)
        assert (row["value"], row["state"], row["missing"]) == (None, "not_in_export", "managers.hired_on")


def test_nobody_hired_is_nobody_to_ask(snapshot, tell):
    crm = snapshot([won("2026-01-20", "Old")], managers=[hired("Old", "2020-01-01")])
    for name in ("days_to_first_won", "days_to_median"):
        row = tell(crm, name, "2026-03")
        assert (row["value"], row["n"], row["state"]) == (None, 0, "empty")
