"""Both notebooks run through papermill, in Russian and in English, and find what ``evaluate`` finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crmkit import Period, Snapshot, evaluate, load, read_client
from crmkit.compare.managers import managers
from crmkit.compare.outcomes import OUTCOMES
from crmkit.measures.records import records
from crmkit.present.reps import BY_REP

SAMPLES = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Snapshot, Path]]:
    """Return for each client its data and its report, made by one run."""
    place = tmp_path_factory.mktemp("run")
    for name in ("romashka", "northwind-supply"):
        shutil.copytree(SAMPLES / name, place / name, ignore=shutil.ignore_patterns(".crmkit"))
    line = [
        sys.executable,
        "-m",
        "crmkit",
        "run",
        "romashka",
        "northwind-supply",
        "--out",
        "out",
        "--jobs",
        "2",
    ]
    subprocess.run(line, cwd=place, check=True, capture_output=True, timeout=300)
    clients = {name: read_client(place / name) for name in ("romashka", "northwind-supply")}
    folders = {
        json.loads(path.read_text(encoding="utf-8"))["client"]: path.parent
        for path in (place / "out").glob("*/run.json")
    }
    return {name: (load(client), folders[client.name]) for name, client in clients.items()}


def findings(report: Path, notebook: str) -> dict[str, Any]:
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    return next(step["findings"] for step in run["notebooks"] if step["name"] == notebook)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "heading"), [("romashka", "Отчёт"), ("northwind-supply", "KPI report")])
def test_the_report_finds_what_evaluate_finds(batch, name, heading):
    crm, report = batch[name]
    found = findings(report, "06_kpi_report")
    period = Period.parse(found["period"]["name"], crm.settings.zone)
    assert found["as_of"] == crm.as_of.isoformat()
    assert findings(report, "01_data_intake")["rows"] == []
    for by in ([], ["manager"]):
        for row in records(evaluate(BY_REP, crm, period, by=by), by):
            assert row in found["rows"]
    for row in records(evaluate(["open_amount", "weighted_forecast"], crm), []):
        assert row in found["rows"]
    executed = json.loads(next(report.glob("**/06_kpi_report.ipynb")).read_text(encoding="utf-8"))
    assert heading in "".join(executed["cells"][0]["source"])
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", ())]
    assert len(outputs) >= 15
    assert {output["output_type"] for output in outputs} == {"execute_result", "display_data"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"), [("romashka", "заключать нельзя"), ("northwind-supply", "may not be")]
)
def test_the_comparison_finds_what_managers_finds(batch, name, said):
    crm, report = batch[name]
    found = findings(report, "07_effectiveness_comparison")
    period = Period.parse(found["period"]["name"], crm.settings.zone)
    assert [one["outcome"] for one in found["managers"]] == list(OUTCOMES)
    for one in found["managers"]:
        whole = managers(crm, period, one["outcome"])
        assert (one["missing"], one["left_out"]) == (whole.missing, dict(whole.left_out))
        kept = ["label", "direction", "reason"]
        told = {row["manager_id"]: (row["n"], *map(row["verdict"].get, kept)) for row in one["rows"]}
        rows = whole.rows[["manager_id", "n", *kept]]
        assert told == {row[0]: row[1:] for row in rows.itertuples(index=False, name=None)}
        assert all(row["verdict"]["text"] for row in one["rows"])
    executed = json.loads(
        next(report.glob("**/07_effectiveness_comparison.ipynb")).read_text(encoding="utf-8")
    )
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", ())]
    assert {output["output_type"] for output in outputs} == {"execute_result", "display_data"}
    assert said in "".join(outputs[0]["data"]["text/plain"])
