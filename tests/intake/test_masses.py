"""Mass edits against busy days; closings at the end of months against closings spread evenly."""

from __future__ import annotations

import pandas as pd

from tests.intake.conftest import daily, found


def closed(days: list[str], rep: str = "Ann") -> list[dict[str, str]]:
    return [
        {"created_at": "2025-01-01 10:00", "closed_at": day, "stage": "Won", "manager_id": rep}
        for day in days
    ]


def test_many_closed_within_a_minute(examine):
    steady = daily(200)
    mass = [one | {"closed_at": "2025-06-30 18:05"} for one in daily(25)]
    # One a day is usual: 10 times that is 10, and no fewer than 20 are a mass. 25 in the minute; on the day
    # of 30 June one more is closed, at noon: 26 in that day. Of 225 closings: 11.6 %.
    quality = examine([*steady, *mass])
    assert found(quality, "mass_edit") == [("distorts", "deals.closed_at", 26, 225, "2025-06-30 Ann (26)")]


def test_few_in_a_minute_are_no_mass(examine):
    mass = [one | {"closed_at": "2025-06-30 18:05"} for one in daily(18)]  # 19 on that day
    assert found(examine([*daily(200), *mass]), "mass_edit") == []


def test_a_busy_department_has_busy_days(examine):
    # 25 a day and rep is usual: 30 on one of the days are nothing.
    days = [str(day.date()) for day in pd.date_range("2025-02-03", periods=20, freq="B") for _ in range(25)]
    assert found(examine(closed([*days, *["2025-02-05"] * 5])), "mass_edit") == []


def test_a_small_mass_hardly_matters(examine):
    mass = [one | {"closed_at": "2025-06-30 18:05"} for one in daily(25)]
    reps = [deal for rep in ("Bob", "Cid", "Dan") for deal in daily(180, manager_id=rep)]
    # 26 of 765 closings: 3.4 %.
    assert found(examine([*daily(200), *mass, *reps]), "mass_edit")[0][:4] == (
        "cosmetic", "deals.closed_at", 26, 765,
    )  # fmt: skip


def test_an_import_is_seen_in_the_dates_of_creation(examine):
    deals = [{"stage": "New", "created_at": "2025-01-10 09:00", "manager_id": ""}] * 30
    quality = examine([*deals, *daily(100)])
    # 30 without an owner on one day, 1 of Ann's at noon is another rep's.
    assert found(quality, "mass_edit") == [
        ("distorts", "deals.created_at", 30, 130, "2025-01-10 09:00 — (30)")
    ]


def test_leads_that_nobody_has_taken_are_no_mass(examine):
    # 25 leads a day without an owner, and one a day of Ann's: each day is like any other.
    days = [str(day.date()) for day in pd.date_range("2025-02-03", periods=20, freq="B") for _ in range(25)]
    leads = [
        {"stage": "New", "created_at": f"{day} {9 + n % 8:02d}:{n % 60:02d}", "manager_id": ""}
        for n, day in enumerate(days)
    ]
    assert found(examine([*leads, *daily(100)]), "mass_edit") == []


def test_closings_crowded_at_the_end_of_months(examine):
    months = [f"2025-{month:02d}" for month in range(1, 7)]
    crowded = [f"{month}-{day}" for month in months for day in ("10", "20", "26", "28")]
    ends = [
        "2025-01-30",
        "2025-01-31",
        "2025-02-27",
        "2025-03-31",
        "2025-04-29",
        "2025-05-30",
        "2025-06-30",
    ] * 4
    quality = examine(closed([*crowded, *ends]))
    # 28 ends, 26 and 28 February, 28 April and 28 June: 32 of 52. From 10 January to 30 June there are 172
    # days, 18 of them last ones: 5.4 closings by chance.
    assert found(quality, "month_end") == [("cosmetic", "deals.closed_at", 32, 52, "")]
    assert found(examine(daily(200)), "month_end") == []
