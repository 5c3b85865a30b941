"""``crmkit process bottlenecks``: for programs and for the eye."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cli import app

VEKTOR = Path(__file__).parents[2] / "data" / "sample" / "vektor"


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["process", "bottlenecks", str(VEKTOR), *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_programs_get_everything_with_its_n():
    told = json.loads(run("--format", "json"))
    rows = told["rows"]
    assert told["unit"] == "money" and told["period"]["start"] == "2025-11-01"
    assert {"stage", "conversion", "conversion_n", "benchmark_source", "money_month_low"} <= set(rows[0])
    costs = [row["money_month"] for row in rows if row["state"] in ("", "may_be_chance")]
    assert costs == sorted(costs, reverse=True)
    assert rows[told["focus"]]["state"] == "" and told["focus"] not in told["next"]
    whole = {row["figure"]: row for row in told["expected"]["whole"]}
    assert whole["win_rate"]["change"] == pytest.approx(whole["win_rate"]["then"] - whole["win_rate"]["now"])
    by_stage = json.loads(run("--stages", "--period", "2026", "--format", "json"))
    assert {row["step_ix"] for row in by_stage["rows"]} == {-1}


def test_the_eye_gets_the_page():
    said = run("--period", "2026")
    assert "«" in said and len(said.splitlines()) > 30
