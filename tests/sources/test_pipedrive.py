"""Pipedrive: the status beside the stage, won and lost times, the chance behind the weighted value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import recognise
from crmkit.sources.reading import read_raw

DEALS = "deals-pipedrive.csv"
HEAD = "crm: pipedrive\ntime_zone: UTC\ncurrency: EUR\nrates: {USD: 0.5}\nfiles:\n"


@pytest.fixture(scope="module")
def loaded(make: Callable[..., SimpleNamespace], fixtures: Path) -> SimpleNamespace:
    return make(HEAD + f"  - {{path: {DEALS}, table: deals}}\n", {DEALS: fixtures / DEALS})


def test_a_file_is_known_by_its_headings(fixtures: Path) -> None:
    assert recognise(read_raw(fixtures / DEALS).headings, SOURCES.values()) == [("pipedrive", "deals")]


def test_a_lost_deal_keeps_the_stage_where_it_died(loaded: SimpleNamespace) -> None:
    deals = loaded.deals
    assert deals["status"].tolist() == ["lost", "won", "open", "open"]
    assert deals["stage"].tolist() == ["Proposal", "Negotiation", "Proposal", "Negotiation"]
    assert deals["lost_at_stage"].astype("object").where(deals["lost_at_stage"].notna(), None).tolist() == [
        "Proposal",
        None,
        None,
        None,
    ]
    assert deals["closed_at"].iloc[:2].tolist() == [
        pd.Timestamp("2026-02-01 09:00", tz="UTC"),
        pd.Timestamp("2026-03-02 18:00", tz="UTC"),
    ]
    assert deals["closed_at"].iloc[2:].isna().all()


def test_the_weighted_value_tells_the_chance_that_the_deal_itself_does_not(loaded: SimpleNamespace) -> None:
    # 0 / 1000; 400 / 400; 200 / 800; the fourth has a chance of its own: 20 %
    assert loaded.deals["probability"].tolist() == [0, 1, 0.25, 0.2]


def test_currencies_dates_and_channel(loaded: SimpleNamespace) -> None:
    deals = loaded.deals
    assert deals["amount"].tolist() == [1000, 400, 400, 600]  # 800 USD at 0.5
    assert deals["expected_close_on"].iloc[2] == pd.Timestamp("2026-04-30")
    assert deals["next_task_at"].iloc[2] == pd.Timestamp("2026-04-02", tz="UTC")
    assert deals["source"].astype("object").where(deals["source"].notna(), None).tolist() == [
        "Web", "Fair", None, "Web",
    ]  # fmt: skip


def test_the_words_of_the_import_sample_are_known_too(make: Callable[..., SimpleNamespace]) -> None:
    text = (
        "Deal - Title,Deal - Value,Organization*,Deal - Stage (pipeline),Deal - Status,Deal - Creation date,"
        "Deal - Closed on\nKites,10,Delta,Proposal,Won,2026-01-05,2026-02-10\n"
    )
    loaded = make(HEAD + "  - {path: a.csv, table: deals, key: row}\n", {"a.csv": text})
    row = loaded.deals.iloc[0]
    assert (row["company_id"], row["stage"], row["status"]) == ("Delta", "Proposal", "won")
    assert row["closed_at"] == pd.Timestamp("2026-02-10", tz="UTC")


def test_activities_are_tasks_in_our_words(make: Callable[..., SimpleNamespace], fixtures: Path) -> None:
    text = (
        "Activity - ID,Activity - Subject,Activity - Type,Activity - Deal ID,"
        "Activity - Due date,Activity - Done,Activity - Marked as done time,"
        "Activity - Assigned to user\n"
        "5,Ring back,Call,1,2026-01-07,Done,2026-01-07 10:00:00,Ann Reed\n"
        "6,Lunch,Lunch,3,2026-04-02,To do,,Gus Hart\n"
    )
    files = {DEALS: fixtures / DEALS, "activities.csv": text}
    entries = f"  - {{path: {DEALS}, table: deals}}\n  - {{path: activities.csv, table: tasks}}\n"
    tasks = make(HEAD + entries, files).tasks
    assert tasks["kind"].tolist() == ["call", "meeting"]
    assert tasks["deal_ix"].tolist() == [0, 2]
    assert tasks["completed_at"].isna().tolist() == [False, True]
