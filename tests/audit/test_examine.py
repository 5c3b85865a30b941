"""How checks become an audit: waivers of one table or of all, states, and what a period leaves alone."""

from __future__ import annotations

import pandas as pd

from crmkit.audit import examine, find_check
from crmkit.present.study import open_study

#: A deal and a task of the same number, both of somebody who has left.
MANAGERS = [
    {"name": "Ann", "left_on": "2026-03-01"},
    {"name": "Bob"},
]
DEALS = [{"deal_id": "7", "stage": "New", "manager_id": "Ann", "created_at": "2026-02-01"}]
TASKS = [
    {"task_id": "7", "deal_id": "7", "manager_id": "Ann", "created_at": "2026-02-01", "due_at": "2026-04-09",
     "completed_at": None},
    {"task_id": "8", "deal_id": "7", "manager_id": "Bob", "created_at": "2026-02-01", "due_at": "2026-02-09",
     "completed_at": "2026-02-08"},
]  # fmt: skip


def waived(crm, **more):
    row = {"check": "H21", "id": "7", "reason": "handed over in May", "until": pd.Timestamp("2026-06-30")}
    found = examine(crm, checks=[find_check("H21")], waivers=pd.DataFrame([row | more])).violations
    return dict(zip(found["table"], found["waived"], strict=True))


def test_a_waiver_without_a_table_is_for_every_row_of_that_number(snapshot):
    crm = snapshot(DEALS, tasks=TASKS, managers=MANAGERS)
    assert waived(crm) == {"deals": True, "tasks": True}


def test_a_waiver_of_one_table_leaves_a_like_number_of_another(snapshot):
    crm = snapshot(DEALS, tasks=TASKS, managers=MANAGERS)
    assert waived(crm, table="tasks") == {"deals": False, "tasks": True}


def test_a_waiver_that_ran_out_waives_nothing(snapshot):
    crm = snapshot(DEALS, tasks=TASKS, managers=MANAGERS)
    assert not any(waived(crm, until=pd.Timestamp("2026-03-30")).values())
    assert all(waived(crm, until=pd.Timestamp("2026-03-31")).values())  # its last day is that of as_of


def test_the_whole_audit_does_not_depend_on_the_period(tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "deals.csv").write_text(
        "deal_id,stage,manager_id,created_at,closed_at,lost_reason\n"
        "1,Lost,Ann,2026-01-02,2026-01-20,\n2,Lost,Ann,2026-01-02,2026-03-20,\n"
        "3,Lost,Ann,2026-01-02,2026-03-21,dear\n",
        encoding="utf-8",
    )
    (folder / "client.yml").write_text(
        "format: 1\nname: C\nas_of: 2026-03-31\nfiles: [{path: deals.csv, table: deals}]\n"
        "pipelines: [{name: S, stages: [{name: Won, kind: won}, {name: Lost, kind: lost}]}]\n",
        encoding="utf-8",
    )
    month, whole = open_study(folder, period="2026-03"), open_study(folder)
    lost, every = (one.audit.states.set_index("check").loc["H05"] for one in (month, whole))
    assert (lost["checked"], lost["wrong"]) == (2, 1)  # of two losses in March one has no reason
    assert (every["checked"], every["wrong"]) == (3, 2)
    pd.testing.assert_frame_equal(month.whole_audit.states, whole.audit.states)
    assert whole.whole_audit is whole.audit


def test_deals_of_no_known_status_are_unknown_to_every_check_that_asks_for_it(snapshot):
    # 1 stands in a stage that client.yml does not name, and has a closing date: won, lost or open.
    # 2 is open, 3 stands in no stage at all.
    deals = [
        {"stage": "Strange", "created_at": "2026-01-05", "closed_at": "2026-03-01", "lost_reason": "dear"},
        {"stage": "New", "created_at": "2026-01-05", "next_task_at": "2026-04-05"},
        {"stage": "", "created_at": ""},
    ]
    seen = examine(snapshot(deals), checks=[find_check("H01"), find_check("H05"), find_check("H11")])
    assert seen.states["checked"].tolist() == [1, 0, 1]
    told = seen.unknown[["check", "table", "reason", "n"]].to_numpy().tolist()
    assert told == [["H01", "deals", "no_status", 2], ["H05", "deals", "no_status", 2]]
