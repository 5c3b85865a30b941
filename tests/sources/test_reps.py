"""Reps and plans: by number or name, from the settings, a file or only the data; rows and files of plans."""

from __future__ import annotations

from datetime import date

import openpyxl
import pandas as pd
import pytest

from crmkit import evaluate
from crmkit.errors import SourceError

DEALS = (
    "files:\n"
    "  - path: deals.csv\n    table: deals\n    columns: {id: deal_id, stage: stage, who: manager_id,"
    " made: created_at, closed: closed_at, amount: amount}\n"
    "pipelines: [{name: Sales, stages: [{name: Won, kind: won}]}]\n"
)
ROWS = (
    "id,stage,who,made,closed,amount\n"
    "1,Won,17,2026-01-10,2026-01-20,100\n"
    "2,Won,Ann,2026-01-11,2026-01-21,200\n"
    "3,Won,Zoe,2026-01-12,2026-01-22,400\n"
    "4,Won,,2026-01-13,2026-01-23,800\n"
)


def managers(loaded, *columns):
    frame = loaded.managers.set_index("manager_id")[list(columns)].astype("object")
    return dict(zip(frame.index, frame.where(frame.notna(), None).to_numpy().tolist(), strict=True))


def test_reps_by_number_and_name(make):
    settings = DEALS + (
        "managers:\n"
        "  - {name: Ann, id: 17, team: North, role: closer, hired_on: 2025-03-01}\n"
        "  - {name: Bob, team: South, left_on: 2026-01-15}\n"
        "plan:\n"
        "  - {period_start: 2026-01-01, manager: Ann, value: 500}\n"
        "  - {period_start: 2026-01-01, value: 900}\n"
    )
    loaded = make(settings, {"deals.csv": ROWS})
    # the number in one deal and the name in another (and in the plan) are one rep
    assert loaded.deals["manager_id"].astype("object").fillna("").tolist() == ["17", "17", "Zoe", ""]
    assert managers(loaded, "name", "team", "role", "hired_on", "left_on") == {
        "17": ["Ann", "North", "closer", pd.Timestamp("2025-03-01"), None],
        "Bob": ["Bob", "South", None, None, pd.Timestamp("2026-01-15")],
        "Zoe": ["Zoe", None, None, None, None],
    }
    assert loaded.plans["manager_id"].astype("object").fillna("").tolist() == ["17", ""]
    assert loaded.notes["unknown_manager", "manager_id"] == (1, "Zoe (1)")
    assert loaded.notes["manager_without_deals", "manager_id"] == (1, "Bob")
    figures = evaluate("won_deals", loaded.crm, by=["manager"])
    assert figures["value"].tolist() == [2, 1, 1]
    assert figures["manager"].astype("object").where(figures["manager"].notna(), None).tolist() == [
        "Ann",
        "Zoe",
        None,
    ]


def test_reps_in_a_file_with_the_settings_words_on_top(make):
    settings = (
        DEALS.replace(
            "pipelines",
            "  - path: people.csv\n    table: managers\n"
            "    columns: {N: manager_id, Who: name, Group: team, From: hired_on}\npipelines",
        )
        + "managers: [{name: Ann, team: Key accounts}]\n"
    )  # fmt: skip
    loaded = make(settings, {
        "deals.csv": ROWS,
        "people.csv": "N,Who,Group,From,Desk\n17,Ann,North,2025-03-01,5\n18,Zoe,South,2025-04-01,6\n"
        "19,Twin,A,,\n20,Twin,B,,\n",
    })  # fmt: skip
    assert loaded.deals["manager_id"].astype("object").fillna("").tolist() == ["17", "17", "18", ""]
    assert managers(loaded, "name", "team", "Desk")["17"] == ["Ann", "Key accounts", "5"]
    assert loaded.managers["hired_on"].iloc[0] == pd.Timestamp("2025-03-01")
    assert ("unknown_manager", "manager_id") not in loaded.notes
    assert loaded.notes["manager_without_deals", "manager_id"] == (2, "Twin · Twin")


def test_a_name_that_two_reps_have_is_nobodys(make):
    settings = DEALS + "managers: [{name: Ann, id: 17}, {name: Ann, id: 18}]\n"
    loaded = make(settings, {"deals.csv": ROWS})
    assert loaded.deals["manager_id"].astype("object").fillna("").tolist() == ["17", "Ann", "Zoe", ""]
    assert loaded.notes["unknown_manager", "manager_id"] == (2, "Ann (1) ≈ Ann · Zoe (1)")


def test_without_any_list_nobody_is_unknown(make):
    loaded = make(DEALS, {"deals.csv": ROWS})
    assert loaded.managers["name"].tolist() == ["17", "Ann", "Zoe"]
    assert "unknown_manager" not in {code for code, _ in loaded.notes}


PLAN = [["period_start", "manager", "metric", "value"],
        ["2026-01-01", "Ann", "revenue", "500"],
        ["2026-01-01", None, "revenue", "1 900,50"],
        ["2026-02-01", None, "won_deals", "7"]]  # fmt: skip


def plan_csv() -> str:
    return "\n".join(";".join(cell or "" for cell in row) for row in PLAN) + "\n"


def plan_xlsx(path) -> bytes:
    book = openpyxl.Workbook()
    for row in PLAN:
        cells = [date.fromisoformat(cell) if str(cell).startswith("2026") else cell for cell in row]
        book.active.append([1900.5 if cell == "1 900,50" else cell for cell in cells])
    book.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_a_plan_from_a_file(make, tmp_path, name):
    content = plan_csv() if name == "plan.csv" else plan_xlsx(tmp_path / name)
    loaded = make(
        DEALS + f"plan: {name}\nmanagers: [{{name: Ann, id: 17}}]\n", {"deals.csv": ROWS, name: content}
    )
    plans = loaded.plans
    assert plans["period_start"].tolist() == [pd.Timestamp("2026-01-01")] * 2 + [pd.Timestamp("2026-02-01")]
    assert plans["period"].tolist() == ["month"] * 3
    assert plans["metric"].tolist() == ["revenue", "revenue", "won_deals"]
    assert plans[["value", "line"]].to_numpy().tolist() == [[500, 2], [1900.5, 3], [7, 4]]
    assert plans["manager_id"].astype("object").fillna("").tolist() == ["17", "", ""]
    assert plans["file"].unique().tolist() == [name]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("value\n1\n", "plan.csv", "column «period_start» is missing"),
        (
            "period_start,value,period\n2026-01-01,1,fortnight\n",
            "plan.csv:2: period",
            "not one of the possible",
        ),
        (
            "period_start,value,metric\n2026-01-01,1,revenue\n2026-01-01,1,revenu\n",
            "plan.csv:3: metric",
            "possible",
        ),
        ("period_start,value\n2026-01-01,1\nsoon,1\n", "plan.csv:3", "no date or no number"),
        ("period_start,value\n2026-01-01,\n", "plan.csv:2", "no date or no number"),
        ("period_start,value\n2026-01-01,1\n2026-01-01,2\n", "plan.csv:3", "stands here twice"),
        ("period_start,value\n01/02/2026,1\n", "plan.csv", "read in two ways"),
    ],
)
def test_plans_that_cannot_be_read(make, text, where, said):
    with pytest.raises(SourceError) as caught:
        make(DEALS + "plan: plan.csv\n", {"deals.csv": ROWS, "plan.csv": text})
    assert caught.value.where == where
    assert said in str(caught.value.what)


def test_technical_losses_are_no_losses(make):
    settings = DEALS.replace("amount: amount}", "amount: amount, why: lost_reason}").replace(
        "{name: Won, kind: won}", "{name: Won, kind: won}, {name: Lost, kind: lost}, {name: Junk, kind: lost}"
    )
    rows = (
        "id,stage,who,made,closed,amount,why\n"
        "1,Won,Ann,2026-01-10,2026-01-20,1,\n"
        "2,Lost,Ann,2026-01-10,2026-01-20,1,Price\n"
        "3,Lost,Ann,2026-01-10,2026-01-20,1, ДУБЛЬ \n"
        "4,Junk,Ann,2026-01-10,2026-01-20,1,\n"
    )
    loaded = make(settings + "technical_losses: [Дубль, junk]\n", {"deals.csv": rows})
    figures = evaluate(["lost_deals", "win_rate:closed_count"], loaded.crm).set_index("measure")["value"]
    assert figures.to_dict() == {"lost_deals": 1, "win_rate": 0.5}
