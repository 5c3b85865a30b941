"""Where a record is cut or silent."""

from __future__ import annotations

import pandas as pd

from tests.intake.conftest import daily, found


def test_weeks_of_silence(examine):
    # 13 to 26 October 2025 are two whole weeks, Monday to Sunday: ten working days.
    deals = [one for one in daily(400) if not "2025-10-13" <= one["created_at"] < "2025-10-27"]
    quality = examine(deals)
    row = quality.reach.iloc[0]
    assert (row["table"], row["rows"], row["silent"], row["gaps"]) == (
        "deals", 386, 2, "2025-10-13–2025-10-26",
    )  # fmt: skip
    # The middle 98 % of 386 deals: without the first and the last three, 57 weeks, from 6 January 2025
    # to that of 2 February 2026.
    assert found(quality, "silent_weeks") == [
        ("distorts", "deals.created_at", 2, 57, "2025-10-13–2025-10-26")
    ]


def test_one_empty_week_and_holidays_are_no_silence(examine):
    one_week = [one for one in daily(400) if not "2025-10-13" <= one["created_at"] < "2025-10-20"]
    assert found(examine(one_week), "silent_weeks") == []
    # 29 December to 11 January: two weeks, of which the holidays leave fewer than eight working days.
    deals = [one for one in daily(500) if not "2025-12-29" <= one["created_at"] < "2026-01-12"]
    assert found(examine(deals, country="RU"), "silent_weeks") == []
    assert len(found(examine(deals), "silent_weeks")) == 1  # without a calendar they are working days


def test_a_thin_record_has_empty_weeks(examine):
    weekly = daily(60)
    for number, one in enumerate(weekly):  # one deal every three weeks
        day = pd.Timestamp("2023-01-02") + pd.Timedelta(weeks=3 * number)
        one |= {"created_at": str(day.date()), "closed_at": str((day + pd.Timedelta(days=9)).date())}
    assert found(examine(weekly), "silent_weeks") == []


def test_an_export_without_the_deals_closed_earlier(examine):
    deals = [one | {"created_at": "2024-10-01 12:00"} for one in daily(5)]
    # The cycle is 21 days, nothing is closed before 27 January 2025, and deals go back to October 2024. Of
    # the 305 deals the 5 old ones and those made from 6 to 27 January at noon (21) came before it.
    quality = examine([*deals, *daily(300)])
    assert found(quality, "begins_without_closings") == [
        ("distorts", "deals.closed_at", 26, 305, "2024-10-01 · 2025-01-27")
    ]


def test_one_mistyped_beginning_is_no_cut(examine):
    deals = [*daily(300), daily(1)[0] | {"created_at": "2003-01-01 12:00"}]
    assert found(examine(deals), "begins_without_closings") == []


def test_tasks_that_begin_late(examine):
    task = {"deal_id": "1", "created_at": "2025-06-02 10:00", "completed_at": ""}
    # 147 deals from 6 January to 1 June, and that of 2 June is created at noon, after the task.
    assert found(examine(daily(200), tasks=[task]), "began_late") == [
        ("cosmetic", "tasks.created_at", 147, 200, "2025-06-02")
    ]
    early = task | {"created_at": "2025-02-03 10:00"}
    assert found(examine(daily(200), tasks=[early]), "began_late") == []
