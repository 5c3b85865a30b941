"""Dates that cannot be, each with an innocent beside it."""

from __future__ import annotations

from tests.intake.conftest import daily, found

OPEN = {"stage": "New", "created_at": "2026-01-10 10:00"}


def test_dates_after_the_day_of_export(examine):
    deals = [OPEN, OPEN | {"created_at": "2026-01-31 23:59"}, OPEN | {"created_at": "2027-05-01 10:00"}]
    quality = examine(deals, exported_on="2026-01-31")
    # The last minute of the day of export is not after it.
    assert found(quality, "after_export") == [("distorts", "deals.created_at", 1, 3, "3")]
    assert found(examine(deals), "after_export") == []  # the day is not known


def test_an_end_before_the_beginning(examine):
    won = {"stage": "Won", "created_at": "2026-01-10 10:00"}
    deals = [
        won | {"closed_at": "2026-01-10 09:59"}, won | {"closed_at": "2026-01-10 10:00"}, OPEN,
        won | {"closed_at": ""},
    ]  # fmt: skip
    tasks = [
        {"task_id": "a", "created_at": "2026-01-10 10:00", "due_at": "2026-01-09 10:00", "completed_at": ""},
        {"task_id": "b", "created_at": "2026-01-10 10:00", "due_at": "2026-01-11 10:00",
         "completed_at": "2026-01-10 09:00"},
    ]  # fmt: skip
    quality = examine(deals, tasks=tasks)
    # 1 of the 2 deals with both moments: half of them say nothing.
    assert found(quality, "closed_before_created") == [("blocks", "deals.closed_at", 1, 2, "1")]
    assert found(quality, "closed_without_date") == [("distorts", "deals.closed_at", 1, 3, "4")]
    assert found(quality, "due_before_created") == [("cosmetic", "tasks.due_at", 1, 2, "a")]
    assert found(quality, "completed_before_created") == [("cosmetic", "tasks.completed_at", 1, 1, "b")]


def test_closed_on_the_day_of_creation_where_one_has_no_time(examine):
    deals = [{"stage": "Won", "created_at": "2026-01-10 10:00", "closed_at": "2026-01-10"}] * 2
    assert found(examine(deals), "closed_before_created") == []


def test_a_move_before_the_deal_began(examine):
    changes = [
        {"deal_id": "1", "changed_at": "2026-01-10 09:59:30", "to_stage": "New"},  # in the same minute
        {"deal_id": "2", "changed_at": "2026-01-09 12:00:00", "to_stage": "New"},
        {"deal_id": "9", "changed_at": "2020-01-09 12:00:00", "to_stage": "New"},  # of no deal here
    ]
    quality = examine([OPEN, OPEN], stage_changes=changes)
    assert found(quality, "changed_before_created") == [("blocks", "stage_changes.changed_at", 1, 2, "2")]


def test_one_date_of_2005_lies_before_the_record(examine):
    deals = [*daily(300), OPEN | {"created_at": "2005-01-10 10:00"}]
    # 300 deals with two dates each, and one more: 601 dates.
    assert found(examine(deals), "lonely_start") == [("cosmetic", ".", 1, 601, "2025-01-06")]


def test_old_deals_that_are_still_open_are_innocent(examine):
    # Ten of 610 dates lie within the year before: the export has long-lived deals.
    old = [OPEN | {"created_at": f"2024-{month:02d}-05 10:00"} for month in range(2, 12)]
    assert found(examine([*daily(300), *old]), "lonely_start") == []


def test_a_date_long_after_all_others(examine):
    deals = [*daily(300), OPEN | {"created_at": "2031-01-01 00:00"}]
    # The last deal was closed 299 + 21 days after 6 January 2025.
    assert found(examine(deals), "lonely_end") == [("distorts", ".", 1, 601, "2025-11-22")]
    assert found(examine(deals, as_of="2025-12-31"), "lonely_end") == []  # said in the settings


def test_deals_without_a_creation_date(examine):
    assert found(examine([OPEN, OPEN | {"created_at": ""}]), "no_creation_date") == [
        ("blocks", "deals.created_at", 1, 2, "2")
    ]
