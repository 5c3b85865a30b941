"""Salesforce: reports with footers, Data Loader files, histories, identifiers of 15 and 18 signs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.errors import SourceError
from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import recognise
from crmkit.sources.reading import read_raw
from crmkit.sources.salesforce import long_id

REPORT, LOADER = "salesforce-report.csv", "salesforce-Opportunity.csv"
HISTORY, FIELDS = "salesforce-OpportunityHistory.csv", "salesforce-field-history.csv"
HEAD = "crm: salesforce\ncurrency: USD\nfiles:\n"


def _client(
    make: Callable[..., SimpleNamespace], fixtures: Path, deals: str, history: str
) -> SimpleNamespace:
    entries = f"  - {{path: {deals}, table: deals}}\n  - {{path: {history}, table: stage_changes}}\n"
    return make(HEAD + entries, {name: fixtures / name for name in (deals, history)})


@pytest.fixture(scope="module")
def report(make: Callable[..., SimpleNamespace], fixtures: Path) -> SimpleNamespace:
    return _client(make, fixtures, REPORT, FIELDS)


@pytest.fixture(scope="module")
def loader(make: Callable[..., SimpleNamespace], fixtures: Path) -> SimpleNamespace:
    return _client(make, fixtures, LOADER, HISTORY)


@pytest.mark.parametrize(
    ("name", "table"),
    [(REPORT, "deals"), (LOADER, "deals"), (HISTORY, "stage_changes"), (FIELDS, "stage_changes")],
)
def test_a_file_is_known_by_its_headings(fixtures: Path, name: str, table: str) -> None:
    headings = read_raw(fixtures / name).headings
    assert recognise(headings, SOURCES.values()) == [("salesforce", table)]


def test_the_three_last_signs_tell_the_capitals() -> None:
    # 006A0 00000 0BcDe: A is the 4th of the first five (2³ = 8 → I), B and D the 2nd and 4th (2 + 8 = 10 → K)
    assert long_id("006A0000000BcDe") == "006A0000000BcDeIAK"
    assert long_id("006A0000000BcDeIAK") == "006A0000000BcDeIAK"
    assert long_id("Johnsonandjohns") == "Johnsonandjohns"


def test_a_report_in_american_dates_with_its_footer(report: SimpleNamespace) -> None:
    deals = report.deals
    assert deals["deal_id"].tolist() == ["006A0000000BcDeIAK", "006A0000000BcDfIAK", "006A0000000BcDgIAK"]
    assert deals["created_at"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-05", "2026-01-25", "2026-03-10"]
    assert deals["status"].tolist() == ["won", "lost", "open"]
    assert deals["amount"].tolist() == [1200.5, 800, 500]
    assert deals["probability"].tolist() == [1, 0, 0.4]
    assert deals["expected_close_on"].iloc[2] == pd.Timestamp("2026-04-30")
    assert [reason for _, reason in report.aside if reason == "total"] == ["total"] * 3
    assert ("open_with_closing_date", "closed_at") not in report.notes


def test_a_report_whose_dates_may_be_read_in_two_ways_is_refused(
    make: Callable[..., SimpleNamespace],
) -> None:
    text = (
        "Opportunity Name,Stage,Close Date,Opportunity Owner,Opportunity ID\n"
        "Kites,Closed Won,2/10/2026,Ann Reed,006A0000000BcDe\n"
    )
    with pytest.raises(SourceError, match="the day and the month can be told apart in no row"):
        make(HEAD + "  - {path: a.csv, table: deals}\n", {"a.csv": text})
    made = make(HEAD + '  - {path: a.csv, table: deals, dates: "%m/%d/%Y"}\n', {"a.csv": text})
    assert made.deals["closed_at"].dt.strftime("%m-%d").tolist() == ["02-10"]


def test_flags_tell_the_status_and_deleted_deals_are_set_aside(loader: SimpleNamespace) -> None:
    deals = loader.deals
    # «Signed» and «Dead» are no stages by default
    assert deals["status"].tolist() == ["won", "lost", "open"]
    assert (5, "deleted") in loader.aside
    # 22:30 UTC on the 25th is 01:30 in Moscow on the 26th
    assert deals["created_at"].iloc[1] == pd.Timestamp("2026-01-26 01:30", tz="Europe/Moscow")


def test_rows_of_the_history_in_which_the_stage_stayed_are_set_aside(loader: SimpleNamespace) -> None:
    changes = loader.stage_changes
    rows = changes[["deal_ix", "from_stage", "to_stage"]].astype("object")
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        [0, None, "Qualification"],
        [0, "Qualification", "Proposal"],
        [0, "Proposal", "Signed"],
        [1, None, "Qualification"],
        [1, "Qualification", "Dead"],
    ]
    assert [one for one in loader.aside if one[1] == "no_stage_change"] == [(4, "no_stage_change")]


def test_of_the_field_history_only_stages_are_taken(report: SimpleNamespace) -> None:
    changes = report.stage_changes
    assert changes["deal_ix"].tolist() == [0, 0]
    assert changes["from_stage"].tolist() == ["Qualification", "Proposal"]
    assert changes["to_stage"].tolist() == ["Proposal", "Closed Won"]
    assert changes["changed_at"].iloc[1] == pd.Timestamp("2026-02-10 15:30", tz="Europe/Moscow")
    assert [one for one in report.aside if one[1] == "other_field"] == [
        (3, "other_field"),
        (5, "other_field"),
    ]


def test_tasks_accounts_and_users_of_the_data_loader(
    make: Callable[..., SimpleNamespace], fixtures: Path
) -> None:
    files: dict[str, str | Path] = {
        LOADER: fixtures / LOADER,
        "Task.csv": (
            "Id,WhoId,WhatId,Subject,ActivityDate,Status,OwnerId,TaskSubtype,CreatedDate,CompletedDateTime,IsDeleted\n"
            "00T1,,006A0000000BcDeIAK,Ring,2026-01-07,Completed,005A0000000ReedIAK,Call,"
            "2026-01-06T09:00:00.000Z,2026-01-07T09:00:00.000Z,false\n"
            "00T2,,001A0000000CcCcIAK,Visit,2026-04-07,Open,005A0000000HartIAK,Task,2026-03-20T09:00:00.000Z,,false\n"
            "00T3,,,Gone,2026-04-07,Open,005A0000000HartIAK,Task,2026-03-20T09:00:00.000Z,,true\n"
        ),
        "Account.csv": "Id,Name,Industry,BillingCity,OwnerId\n001A0000000AaAaIAK,Delta,Toys,Riga,\n",
        "User.csv": "Id,Username,Name\n005A0000000ReedIAK,ann,Ann Reed\n005A0000000HartIAK,gus,Gus Hart\n",
    }
    tables = dict(zip(files, ("deals", "tasks", "companies", "managers"), strict=True))
    entries = "".join(f"  - {{path: {name}, table: {table}}}\n" for name, table in tables.items())
    made = make(HEAD + entries, files)
    assert made.tasks.set_index("task_id")["deal_ix"].to_dict() == {"00T1": 0, "00T2": -1}
    assert made.tasks.set_index("task_id").loc["00T2", "company_id"] == "001A0000000CcCcIAK"
    assert made.tasks["kind"].astype("str").sort_values().tolist() == ["call", "task"]
    assert made.managers["name"].tolist() == ["Gus Hart", "Ann Reed"]
    assert made.deals["segment"].iloc[0] == "Toys"


def test_a_formatted_report_has_titles_above_its_headings(
    make: Callable[..., SimpleNamespace], tmp_path: Path
) -> None:
    from openpyxl import Workbook

    book = Workbook()
    rows = [
        ["Open opportunities"],
        ["As of 2026-03-31 10:00"],
        [],
        [None, "Opportunity Name ↑", "Stage", "Amount", "Close Date", "Opportunity Owner", "Opportunity ID"],
        [None, "Bells", "Proposal", 500, "4/30/2026", "Gus Hart", "006A0000000BcDg"],
        [None, "Kites", "Closed Won", 1200.5, "2/10/2026", "Ann Reed", "006A0000000BcDe"],
        ["Total", None, None, 1700.5],
        ["Confidential Information - Do Not Distribute"],
    ]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "report.xlsx")
    made = make(
        "crm: salesforce\nas_of: 2026-03-31\nfiles:\n  - {path: report.xlsx, table: deals}\n",
        {"report.xlsx": tmp_path / "report.xlsx"},
    )
    assert made.deals["title"].tolist() == ["Kites", "Bells"]
    assert made.aside == [(1, "title"), (2, "title"), (7, "total"), (8, "total")]
