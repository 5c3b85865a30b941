"""HubSpot: labels, status by flags, several values in a cell, history out of wide columns, calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import recognise
from crmkit.sources.reading import read_raw

DEALS, CALLS = "hubspot-crm-exports-all-deals-2026-03-31.csv", "hubspot-calls.csv"
SETTINGS = f"""crm: hubspot
time_zone: UTC
currency: USD
files:
  - {{path: {DEALS}, table: deals}}
  - {{path: {CALLS}, table: activities}}
"""


@pytest.fixture(scope="module")
def loaded(make: Callable[..., SimpleNamespace], fixtures: Path) -> SimpleNamespace:
    return make(SETTINGS, {name: fixtures / name for name in (DEALS, CALLS)})


@pytest.mark.parametrize(("name", "table"), [(DEALS, "deals"), (CALLS, "activities")])
def test_a_file_is_known_by_its_headings(fixtures: Path, name: str, table: str) -> None:
    headings = read_raw(fixtures / name).headings
    assert recognise(headings, SOURCES.values()) == [("hubspot", table)]


def test_flags_tell_the_status_even_of_stages_with_names_of_their_own(loaded: SimpleNamespace) -> None:
    deals = loaded.deals
    assert deals["deal_id"].tolist() == ["9001", "9002", "9003", "9004"]
    assert deals["status"].tolist() == ["won", "lost", "open", "won"]
    # the pipeline is taken out of «Closed Lost (Sales Pipeline)»
    assert deals["stage"].tolist() == ["Closed Won", "Closed Lost", "Appointment", "Signed"]
    assert deals["manager_id"].tolist() == ["Ann Reed", "Ann Reed", "Gus Hart", "Gus Hart"]
    assert deals["lost_reason"].isna().tolist() == [True, False, True, True]


def test_the_closing_date_of_an_open_deal_is_the_plan_and_no_contradiction(loaded: SimpleNamespace) -> None:
    deals = loaded.deals.set_index("deal_id")
    assert pd.isna(deals.loc["9003", "closed_at"])
    assert deals.loc["9003", "expected_close_on"] == pd.Timestamp("2026-04-30")
    assert deals.loc["9001", "closed_at"] == pd.Timestamp("2026-02-10 12:30", tz="UTC")
    assert ("open_with_closing_date", "closed_at") not in loaded.notes


def test_of_several_companies_the_primary_one_is_taken_and_of_contacts_the_first(
    loaded: SimpleNamespace,
) -> None:
    deals = loaded.deals.set_index("deal_id")
    # 9002 has no primary company: the first of «Associated Company» stands in
    assert deals["company_id"].tolist()[:3] == ["Delta Kites", "Foxtrot", "Golf Club"]
    assert deals.loc["9001", "contact_id"] == "Bo Lund"
    assert deals.loc["9001", "contact_id (all)"] == "Bo Lund;Cy Moss"
    assert deals["is_repeat"].tolist() == [False, True, False, pd.NA]


def test_wide_columns_become_the_history_with_the_last_entry_of_each_stage(loaded: SimpleNamespace) -> None:
    changes = loaded.stage_changes
    rows = changes[["deal_id", "from_stage", "to_stage"]].astype("object")
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["9001", None, "Appointment"],
        ["9001", "Appointment", "Proposal (sent)"],
        ["9001", "Proposal (sent)", "Closed Won"],
        ["9002", None, "Appointment"],
        ["9002", "Appointment", "Closed Lost"],
        ["9003", None, "Proposal (sent)"],  # the deal went back: its first stay in Appointment is lost
        ["9003", "Proposal (sent)", "Appointment"],
    ]
    assert changes["changed_at"].iloc[1] == pd.Timestamp("2026-01-20 10:15", tz="UTC")
    assert loaded.notes["last_entry_only", "changed_at"][0] == 7


def test_calls_are_actions_in_our_words(loaded: SimpleNamespace) -> None:
    calls = loaded.activities.set_index("activity_id")
    assert calls["kind"].unique().tolist() == ["call"]
    assert calls.loc[["71", "72", "73"], "direction"].tolist() == ["out", "out", "in"]
    assert calls.loc[["71", "72", "73"], "answered"].tolist() == [True, False, False]
    # 185000 ms, and a clock
    assert calls.loc["71", "duration_s"] == 185
    assert calls.loc["73", "duration_s"] == 42
    assert calls.loc["71", "deal_id"] == "9001"


def test_rows_in_are_rows_kept_and_set_aside(loaded: SimpleNamespace) -> None:
    files = loaded.report.files
    assert (files["rows_read"] == files["rows_kept"] + files["rows_set_aside"]).all()
    assert files["rows_kept"].tolist() == [4, 3]
