"""The pages of the audit: how each check came out, the evidence in words, what could not be judged."""

from __future__ import annotations

import pandas as pd
import pytest

from crmkit.audit import hygiene_checks
from crmkit.errors import SettingsError
from crmkit.present import audit, audit_bonus, audit_sheet, evidence
from crmkit.present.audit_lacking import not_checked
from crmkit.present.audit_records import Told, idle
from crmkit.present.reasons import LEFT_OUT
from crmkit.present.several import beyond
from crmkit.present.study import open_study
from crmkit.present.words import Words

#: Open: 1 (no task), 2 (a task), 3 (no task, no amount). Task 20 is done, so deal 1 has none open.
DEALS = (
    "deal_id,title,stage,amount,manager_id,created_at,url\n"
    "1,=cmd|x,New,100,<b>Ann</b>,2026-03-02,javascript:alert(1)\n"
    "2,Two,New,50,Bob,2026-03-02,https://crm.example/2\n"
    "3,Three,New,,Bob,2026-03-20,https://crm.example/3\n"
    "4,Four,Won,70,Bob,2026-03-02,\n"
)
TASKS = (
    "task_id,deal_id,manager_id,created_at,due_at,completed_at\n"
    "20,1,<b>Ann</b>,2026-03-03 09:00,2026-03-04 10:00,2026-03-04 10:00\n"
    "21,2,Bob,2026-03-03 09:00,2026-04-04 10:00,\n"
)


def study_of(client, tables=("deals", "tasks"), waived: str = "", **more):
    folder = client(DEALS, files=[{"path": f"{name}.csv", "table": name} for name in tables])
    (folder / "tasks.csv").write_text(TASKS, encoding="utf-8")
    if waived:
        (folder / "exceptions.csv").write_text(f"check,id,reason,until\n{waived}\n", encoding="utf-8")
    return open_study(folder, **more)


def row_of(table, heading: str, value: str):
    place = [column.key for column in table.columns].index(heading)
    found = next(row for row in table.rows if row[place] == value)
    return dict(zip([column.key for column in table.columns], found, strict=True))


def test_each_check_tells_rows_violations_and_share(client):
    table = audit.checks(study_of(client))
    told = row_of(table, "name", "Open deals without a task")
    assert (told["part"], told["checked"], told["open"]) == ("Violations found", 3, 2)
    assert table.cases["share"][0].n == 3  # below ten cases: «2 of 3», no share
    assert "2 of 3" in repr(table).replace("\u00a0", " ")
    assert len(table.rows) == len(hygiene_checks())


def test_a_check_without_its_data_says_what_and_how(client):
    study = study_of(client, tables=("deals",))
    table = not_checked(study)
    (told,) = [row for row in table.rows if "list of tasks" in row[0]]  # said once, with all that needs it
    assert "Export" in told[1]
    assert {"Open deals without a task", "Overdue tasks"} <= set(told[2].split("\n"))
    assert row_of(audit.checks(study), "name", "Open deals without a task")["checked"] is None
    assert "neither for nor against" in table.notes[0]


def test_evidence_names_card_rep_link_and_what_exactly(client):
    study = study_of(client)
    table = evidence.evidence(study)
    rows = [row for row in table.rows if row[0] == "Open deals without a task"]
    keys = [column.key for column in table.columns]
    first, second = (dict(zip(keys, row, strict=True)) for row in rows[:2])
    # The deal that waits longest first: deal 1 since its task was done on the 4th, deal 3 since it was made.
    assert (first["id"], first["rep"], first["name"]) == ("1", "<b>Ann</b>", "=cmd|x")
    assert (
        first["what"].replace("\u202f", " ").replace("\u00a0", " ")
        == "no task is open; last action: 4 Mar 2026"
    )
    assert (second["id"], second["what"]) == ("3", "no task is open, and nothing has been done yet")
    page = table.fragment()
    assert "<b>Ann" not in page and "javascript:" not in page.replace("javascript:alert(1)</", "")
    assert 'href="https://crm.example/3"' in page


def test_a_waived_row_is_counted_and_shown_as_waived(client):
    study = study_of(client, waived="H01,1,waits for the tender,2026-04-30")
    told = row_of(audit.checks(study), "name", "Open deals without a task")
    assert (told["checked"], told["open"], told["waived"]) == (3, 1, 1)
    shown = row_of(
        evidence.evidence(study), "waiver", "waived until 30\u00a0Apr\u00a02026: waits for the tender"
    )
    assert (shown["part"], shown["id"]) == ("Open deals without a task", "1")


def test_money_counts_a_deal_once_and_names_those_without_an_amount(client):
    tiles = {one.name: one for one in audit.headline(study_of(client)).items}
    # Deals 1 (100) and 3 (no amount) offend, by however many checks.
    told = tiles["Money in open deals with violations"]
    assert told.lines == ("1 more open deal has no amount",) and "100" in told.value
    assert tiles["Deals with violations"].value in {"2", "3", "4"}


def test_the_span_tells_whether_a_period_was_asked_for(client):
    assert "whole export" in repr(audit.span(study_of(client)))
    assert "in the period" in repr(audit.span(study_of(client, period="2026-03")))


def test_every_reason_of_an_unknown_row_has_words(client):
    study = study_of(client)
    assert set(study.audit.unknown["reason"]) <= set(LEFT_OUT)


@pytest.mark.parametrize("page", [audit.checks, audit.cards, evidence.evidence])
def test_pages_speak_russian(client, page):
    shown = repr(page(study_of(client, language="ru")))
    assert Words("ru").say("Open deals without a task") in shown


def test_a_check_that_saw_only_a_part_says_what_it_did_without(client):
    study = study_of(client)
    (study.client.folder / "tasks.csv").write_text(
        "task_id,deal_id,manager_id,due_at\n21,2,Bob,2026-04-04 10:00\n", encoding="utf-8"
    )
    told = row_of(audit.checks(open_study(study.client.folder)), "name", "Open deals without a task")
    assert "Seen in part." in told["known"] and "tasks.completed_at" in told["known"]
    assert "known" in [column.key for column in audit.checks(open_study(study.client.folder)).columns]


def test_where_no_check_could_be_made_no_page_says_that_nothing_was_found(client):
    study = open_study(client("deal_id,title\n1,One\n2,Two\n"), language="en")
    assert not study.audit.made.any()
    for page in (audit.cards, evidence.evidence, audit_sheet.walk):
        assert "No check could be made" in repr(page(study)) and page(study).tone == "plain"
    assert repr(evidence.unjudged(study)) == ""
    assert [one.value for one in audit.headline(study).items] == ["0 of 23", "—"]


def test_where_nothing_offends_the_money_is_nothing_and_not_unknown(client):
    rules = {"skip": [f"H{one:02}" for one in range(2, 24)]}
    lines = "deal_id,title,stage,amount,created_at,next_task_at\n1,One,New,50,2026-03-02,2026-04-09\n"
    tiles = {one.name: one.value for one in audit.headline(open_study(client(lines, audit=rules))).items}
    assert tiles["Money in open deals with violations"] == "$0"


def test_a_bonus_is_nobodys_where_no_row_has_a_rep(client):
    lines = (
        "deal_id,title,stage,created_at,next_task_at\n1,A,New,2026-03-02,\n2,B,New,2026-03-02,2026-04-09\n"
    )
    assert "no bonus to reckon" in repr(audit_bonus.bonus_sheet(open_study(client(lines), language="en")))


def test_of_many_parts_fewer_rows_each_are_shown_and_always_one():
    parts = pd.Series([part for part in range(40) for _ in range(2)])
    assert beyond(parts) == [2 * part + 1 for part in range(40)]
    assert beyond(pd.Series(list("aaaab"))) == [3]  # three of a part at most


def test_a_damaged_audit_of_before_is_told_in_the_readers_language(client):
    study = study_of(client, language="ru")
    place = study.client.folder / "audit" / "history"
    place.mkdir(parents=True)
    (place / "2026-01-31.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        evidence.record(study)
    assert "файл повреждён" in str(error.value)


def test_an_exception_that_changes_nothing_is_told_where_it_was_made(client):
    study = study_of(client)
    told = pd.DataFrame({"check": ["H01"] * 2, "id": ["2", "4"], "reason": ["x"] * 2, "line": [3, None]})
    study.__dict__["waivers"] = told.assign(until=pd.Timestamp("2026-12-31"))
    said = list(idle(Told.of(study, study.audit, study.whole_audit, None)))
    assert said[0].startswith("exceptions.csv:3: H01 finds nothing wrong with 2")
    assert said[1].startswith("audit/decisions.csv: H01 finds nothing wrong with 4")
