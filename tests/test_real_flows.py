"""Moves and paths of public event logs, held against figures worked out elsewhere.

Skipped where the data sets are not beside the project. No client here has a list of deals; but for the loans,
none has a list of stages either.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
import yaml

from crmkit import Period, read_client
from crmkit.commands.flow_records import flows_of
from crmkit.process.steps import stages_as_places
from crmkit.sources.load import load, load_report

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the data sets are not beside the project")

ALL = Period.parse("all", "UTC")
DAY = 86_400
WAY = (
    "SUBMITTED", "PARTLYSUBMITTED", "PREACCEPTED", "ACCEPTED", "FINALIZED", "APPROVED", "REGISTERED",
    "ACTIVATED",
)  # fmt: skip
RECEIPT = {
    "case:concept:name": "deal_id", "concept:name": "to_stage", "time:timestamp": "changed_at",
    "org:resource": "manager_id",
}  # fmt: skip
LOANS = {"deal_id": "deal_id", "stage": "to_stage", "entered_at": "changed_at", "user": "manager_id"}


@pytest.fixture
def told(tmp_path):
    """Load a history and tell its flows; ``told.report`` is the load report."""

    def read(path: str, columns: dict[str, str], **settings):
        real = Path(os.path.relpath(REAL, tmp_path)).as_posix()
        files = [{"path": f"{real}/{path}", "table": "stage_changes", "columns": columns}]
        whole = {"format": 1, "name": "Real", "time_zone": "Europe/Amsterdam", "files": files} | settings
        (tmp_path / "client.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
        client = read_client(tmp_path)
        crm = load(client)
        read.report = load_report(client)
        return flows_of(crm, ALL, stages_as_places(crm))

    return read


def reference(name: str) -> dict:
    return json.loads((REAL / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("listed", [True, False])
def test_loan_applications(told, listed):
    known = reference("evlog_bpic2012/reference_stage_history.json")
    stages = [{"name": f"A_{one}"} for one in WAY]
    stages += [{"name": f"A_{one}", "kind": "lost"} for one in ("DECLINED", "CANCELLED")]
    more = {"pipelines": [{"name": "A", "stages": stages}]} if listed else {}
    found = told("evlog_bpic2012/stage_history_A.csv", LOANS, **more)
    assert (found["deals"], found["events"]) == (known["deals"], known["rows"])
    by_stage = {one["stage"]: one for one in found["stages"]}
    reached = known["funnel_reached"]
    assert {name: by_stage[name]["reached"] for name in reached} == reached
    for name in ("approved", "declined", "cancelled"):
        one, of = by_stage[f"A_{name.upper()}"], known[f"days_to_{name}"]
        assert (one["reached"], one["reached_again"]) == (of["n"], 0)
        assert one["days_to_median"] == pytest.approx(of["median"], abs=1e-6)
    assert by_stage["A_APPROVED"]["days_to_median"] == pytest.approx(14.436643, abs=1e-6)
    assert {one["stage"]: one["n"] for one in found["starts"]} == {"A_SUBMITTED": known["deals"]}
    moves = {f"{one['from']} -> {one['to']}": one for one in found["edges"]}
    assert sum(one["n"] for one in moves.values()) == known["rows"] - known["deals"]
    tied = {"A_APPROVED", "A_REGISTERED", "A_ACTIVATED"}
    for pair, n in known["transitions"].items():
        if not tied & set(pair.split(" -> ")):  # elsewhere no two moments are the same
            assert moves[pair]["n"] == n and moves[pair]["tied"] == 0
    # 2 246 loans were approved, registered and activated, two or all three of it at one moment
    order = "stage_order" if listed else "stage_name"
    assert found["ties"] == {"moments": 2_246, "moves": 3_712, "order": order}
    assert sum(one["tied"] for one in moves.values()) == 3_712
    if listed:  # in the client's order, whatever the file says
        assert moves["A_FINALIZED -> A_APPROVED"]["n"] == known["days_to_approved"]["n"]
        assert "A_REGISTERED -> A_APPROVED" not in moves and "A_ACTIVATED -> A_REGISTERED" not in moves


@pytest.mark.parametrize("loops", ["keep", "collapse"])
def test_building_permits(told, loops):
    known = reference("evlog_receipt/reference.json")
    found = told("evlog_receipt/receipt.csv", RECEIPT, self_loops=loops)
    kept = loops == "keep"
    assert found["deals"] == known["cases"] == 1_434
    assert found["events"] == known["events"] - (0 if kept else known["self_loops"])
    assert (len(found["edges"]), len(found["variants"])) == ((99, 116) if kept else (98, 115))
    assert found["self_loops"] == {"treatment": "kept" if kept else "collapsed", "n": known["self_loops"]}
    assert found["ties"]["moves"] == 0
    for name, key in (("starts", "start_activities"), ("ends", "end_activities")):
        assert {one["stage"]: one["n"] for one in found[name]} == known[key]
    length = known["case_duration_s"]
    assert found["durations"]["n"] == known["cases"]
    if not kept:
        return
    for name in ("mean", "median", "p25", "p75", "p90", "min", "max"):
        assert found["durations"][name] * DAY == pytest.approx(length[name], abs=1e-3)
        assert found["events_per_deal"][name] == pytest.approx(known["events_per_case"][name], abs=1e-6)
    moves = {(one["from"], one["to"]): one for one in found["edges"]}
    with (REAL / "evlog_receipt/reference_dfg.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(moves) == 99
    for row in rows:
        move = moves[row["a"], row["b"]]
        assert move["n"] == move["timed"] == int(row["n"])
        assert move["mean_days"] * DAY == pytest.approx(float(row["mean_s"]), abs=1e-3)
        assert move["median_days"] * DAY == pytest.approx(float(row["median_s"]), abs=1e-3)
    for mine, theirs in zip(found["variants"], known["variants_top10"], strict=False):
        assert (mine["path"], mine["n"]) == (theirs["variant"], theirs["n"])
        assert mine["share"] == pytest.approx(theirs["share"], abs=1e-6)
    assert sum(one["n"] == 1 for one in found["variants"]) == known["variants_seen_once"]
    shares = {one["share"]: (one["k"], one["n"]) for one in found["shares"]}
    assert shares["rework"] == (known["cases_with_repeated_activity"], known["cases"])
    assert shares["most_frequent"][0] == known["variants_top10"][0]["n"]
    again = {one["stage"]: one["reached_again"] for one in found["stages"]}
    assert {name: again[name] for name in known["rework_by_activity_cases"]} == (
        known["rework_by_activity_cases"]
    )


def test_replies_of_a_crm_about_one_stage(told):
    known = reference("bitrix_api/reference.json")["stagehistory"]
    columns = {"OWNER_ID": "deal_id", "CREATED_TIME": "changed_at", "STAGE_ID": "to_stage"}
    found = told("bitrix_api/stagehistory.csv", columns, self_loops="keep")
    assert (found["deals"], found["events"]) == (known["owners"], known["rows"])
    assert [(one["from"], one["to"], one["n"]) for one in found["edges"]] == [
        ("UC_KW9988", "UC_KW9988", known["rows"] - known["owners"])
    ]
    lengths = {len(one["path"]): one["n"] for one in found["variants"]}
    assert lengths == {int(entries): n for entries, n in known["entries_distribution"].items()}
    shares = {one["share"]: (one["k"], one["n"]) for one in found["shares"]}
    assert shares["rework"] == (known["owners_entering_stage_more_than_once"], known["owners"])
    collapsed = told("bitrix_api/stagehistory.csv", columns)
    assert collapsed["edges"] == [] and len(collapsed["variants"]) == 1
    assert collapsed["events"] + collapsed["self_loops"]["n"] == known["rows"]


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (
            "dbt_hubspot/deal_stage_data.csv",
            {"deal_id": "deal_id", "date_entered": "changed_at", "value": "to_stage"},
        ),
        (
            "dbt_salesforce/sf_opportunity_history_data.csv",
            {"id": "deal_id", "created_date": "changed_at", "stage_name": "to_stage"},
        ),
    ],
)
def test_every_row_of_a_hashed_history_is_accounted_for(told, path, columns):
    found = told(path, columns)
    with (REAL / path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    files = told.report.files
    assert files["rows_read"].sum() == len(rows)
    assert files["rows_kept"].sum() + files["rows_set_aside"].sum() == len(rows)
    assert found["events"] + found["self_loops"]["n"] == files["rows_kept"].sum()
    assert sum(one["n"] for one in found["edges"]) == found["events"] - found["deals"]
    assert sum(one["n"] for one in found["variants"]) == found["deals"]
