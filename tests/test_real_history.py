"""Stage visits of public event logs, held against figures worked out elsewhere.

Skipped where the data sets are not beside the project.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml

from crmkit import Period, read_client
from crmkit.process.accounting import accounting
from crmkit.process.conformance import conformance
from crmkit.process.description import Process
from crmkit.process.steps import map_steps, stages_as_places
from crmkit.sources.load import load
from crmkit.visits import stage_visits, visit_days

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the data sets are not beside the project")

WAY = (
    "SUBMITTED", "PARTLYSUBMITTED", "PREACCEPTED", "ACCEPTED", "FINALIZED", "APPROVED", "REGISTERED",
    "ACTIVATED",
)  # fmt: skip


@pytest.fixture
def crm(tmp_path):
    def read(path: str, columns: dict[str, str], **settings):
        real = Path(os.path.relpath(REAL, tmp_path)).as_posix()
        files = [{"path": f"{real}/{path}", "table": "stage_changes", "columns": columns}]
        whole = {"format": 1, "name": "Real", "time_zone": "Europe/Amsterdam", "files": files} | settings
        (tmp_path / "client.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
        return load(read_client(tmp_path))

    return read


def reference(name: str) -> dict:
    return json.loads((REAL / name).read_text(encoding="utf-8"))


def test_loan_applications(crm):
    told = reference("evlog_bpic2012/reference_stage_history.json")
    stages = [{"name": f"A_{one}"} for one in WAY]
    stages += [{"name": f"A_{one}", "kind": "lost"} for one in ("DECLINED", "CANCELLED")]
    snapshot = crm(
        "evlog_bpic2012/stage_history_A.csv",
        {"deal_id": "deal_id", "stage": "to_stage", "entered_at": "changed_at", "user": "manager_id"},
        pipelines=[{"name": "A", "stages": stages}],
    )
    outcomes = accounting(snapshot, Period.parse("all", "UTC"), stages_as_places(snapshot)).set_index("stage")
    reached = told["funnel_reached"]
    assert outcomes["entries"][list(reached)].to_dict() == reached  # no application comes to a stage twice
    moves = told["transitions"]
    for name in ("PREACCEPTED", "ACCEPTED", "FINALIZED"):
        lost = sum(moves.get(f"A_{name} -> A_{end}", 0) for end in ("DECLINED", "CANCELLED"))
        standing = told["current_stage"][f"A_{name}"]
        row = outcomes.loc[f"A_{name}"]
        assert (row["lost"], row["still_there"]) == (lost, standing)
        assert row["advanced"] == reached[f"A_{name}"] - lost - standing
    visits = stage_visits(snapshot)
    hours = visit_days(snapshot, visits.rows) * 24
    names = visits.order.table["stage"].to_numpy()[visits.rows["stage"]]
    for name in ("A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_FINALIZED"):
        of_stage = hours[(names == name) & (visits.rows["next_stage"] >= 0)]
        known = told["dwell_hours_completed_only"][name]
        assert len(of_stage) == known["n"]
        assert np.mean(of_stage) == pytest.approx(known["mean"], abs=1e-6)
        assert np.median(of_stage) == pytest.approx(known["median"], abs=1e-6)


def test_building_permits(crm):
    told = reference("evlog_receipt/reference.json")
    columns = {
        "case:concept:name": "deal_id", "concept:name": "to_stage", "time:timestamp": "changed_at",
        "org:resource": "manager_id",
    }  # fmt: skip
    collapsed = stage_visits(crm("evlog_receipt/receipt.csv", columns))
    assert len(collapsed.self_loops) == told["self_loops"]
    assert len(collapsed.rows) == told["events"] - told["self_loops"]
    kept = stage_visits(crm("evlog_receipt/receipt.csv", columns, self_loops="keep"))
    assert (len(kept.rows), (kept.rows["next_stage"] >= 0).sum()) == (told["events"], told["dfg_total"])


def test_loan_applications_go_the_described_way(crm):
    told = reference("evlog_bpic2012/reference_stage_history.json")
    stages = [{"name": f"A_{one}"} for one in WAY]
    stages += [{"name": f"A_{one}", "kind": "lost"} for one in ("DECLINED", "CANCELLED")]
    snapshot = crm(
        "evlog_bpic2012/stage_history_A.csv",
        {"deal_id": "deal_id", "stage": "to_stage", "entered_at": "changed_at", "user": "manager_id"},
        pipelines=[{"name": "A", "stages": stages}],
    )
    steps = [{"name": one, "crm_stages": [f"A_{one}"]} for one in WAY[:5]]
    steps.append({"name": "Granted", "crm_stages": [f"A_{one}" for one in WAY[5:]]})
    del steps[2]  # nobody described PREACCEPTED: it is passed through unseen
    process = Process.model_validate({"name": "Loan", "steps": steps})
    found = conformance(snapshot, Period.parse("all", "UTC"), process, map_steps(snapshot, process))
    moves = told["transitions"]
    granted = sum(count for way, count in moves.items() if way.startswith("A_FINALIZED -> ")) - sum(
        moves[f"A_FINALIZED -> A_{end}"] for end in ("DECLINED", "CANCELLED")
    )
    reached = told["funnel_reached"]
    seen = reached["A_PARTLYSUBMITTED"] + reached["A_ACCEPTED"] + reached["A_FINALIZED"] + granted
    assert found.checked.set_index("kind").loc["skipped_step", "stays"] == seen == 25_461
    assert found.deviations.empty and len(found.deals) == 13_087
