"""Figures as programs read them: the records, and the command that prints them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from crmkit import Period, evaluate, load, read_client
from crmkit.measures import evaluate_fully, find
from crmkit.measures.records import left_out_records, records, with_parts

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "northwind-supply"
KEYS = [
    "measure", "variant", "unit", "period_start", "period_end", "by", "value", "numerator", "denominator",
    "n", "low", "high", "state", "missing",
]  # fmt: skip


def test_a_record_is_plain_json(snapshot):
    deals = [
        {"created_at": "2026-01-10", "closed_at": "2026-01-20", "status": "won", "manager_id": "Ann"},
        {"created_at": "2026-01-10", "closed_at": "2026-01-21", "status": "lost", "manager_id": ""},
    ]
    crm = snapshot(deals, time_zone="Europe/Moscow")
    figures, left = evaluate_fully("win_rate", crm, Period.parse("2026-01", "Europe/Moscow"), ["manager"])
    ann, nobody = json.loads(json.dumps(records(figures, ["manager"]), allow_nan=False))
    assert list(ann) == KEYS
    assert ann | {"low": None, "high": None} == {
        "measure": "win_rate", "variant": "closed_count", "unit": "share", "by": {"manager": "Ann"},
        "period_start": "2026-01-01T00:00:00+03:00", "period_end": "2026-02-01T00:00:00+03:00",
        "value": 1.0, "numerator": 1.0, "denominator": 1.0, "n": 1, "low": None, "high": None,
        "state": "ok", "missing": None,
    }  # fmt: skip
    assert round(ann["low"], 6) == 0.206549  # Wilson, 1 of 1: 1 / (1 + z²)
    assert nobody["by"] == {"manager": None}
    assert left_out_records(left) == []


def test_a_slice_belongs_only_to_the_measure_that_brings_it(snapshot):
    crm = snapshot([{"created_at": "2026-01-10", "status": "open"}])
    rows = records(evaluate(["new_deals", "stage_distribution"], crm), [])
    assert [(row["measure"], row["variant"], row["by"]) for row in rows] == [
        ("new_deals", None, {}), ("stage_distribution", None, {"stage": "New"}),
    ]  # fmt: skip


def test_what_is_left_out_says_of_which_period(snapshot):
    deals = [
        {
            "created_at": "2026-01-10",
            "closed_at": f"2026-0{month}-02",
            "status": "lost",
            "lost_reason": "Test",
        }
        for month in (1, 2, 2)
    ]
    crm = snapshot(deals, technical_losses=["Test"])
    _, left = evaluate_fully("lost_deals", crm, each="month")
    assert [(row["period_start"][:10], row["period_end"][:10], row["reason"], row["n"]) for row in
    left_out_records(left)] == [
        ("2026-01-02", "2026-02-01", "technical_loss", 1), ("2026-02-01", "2026-03-01", "technical_loss", 2),
    ]  # fmt: skip


def test_the_command_prints_what_evaluate_returns(tmp_path):
    sample = shutil.copytree(SAMPLE, tmp_path / "sample", ignore=shutil.ignore_patterns(".crmkit"))

    line = [
        sys.executable, "-m", "crmkit", "evaluate", str(sample), "--measure", "revenue", "--measure",
        "win_rate", "--by", "manager", "--period", "2026-Q2", "--format", "json",
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", check=True)
    told = json.loads(done.stdout)
    crm = load(read_client(sample))
    figures = evaluate(["revenue", "win_rate"], crm, Period.parse("2026-Q2", crm.settings.zone), ["manager"])
    assert told["as_of"] == "2026-10-31T18:00:00-05:00"
    assert told["rows"] == records(figures)
    assert [list(row) for row in told["rows"]] == [KEYS] * len(figures)
    order = [(row["measure"], row["by"]["manager"]) for row in told["rows"]]
    assert order == sorted(order) and len(order) == 12


def test_a_formula_tells_its_parts(snapshot):
    deals = [
        {
            "created_at": "2026-03-02",
            "closed_at": "2026-03-03",
            "status": "won",
            "amount": 100,
            "manager_id": "Ann",
        },
        {"created_at": "2026-03-02", "status": "open", "amount": 300, "expected_close_on": "2026-03-30"},
    ]
    crm = snapshot(deals, as_of="2026-03-10", plan=[{"period_start": "2026-03-01", "value": 250}])
    march, names = Period.parse("2026-03", "UTC"), ["pipeline_coverage", "won_deals"]
    rows = records(evaluate(names, crm, march), [])
    told = records(evaluate(find("pipeline_coverage").parts, crm, march), [])
    first, second = with_parts(rows, told)
    assert first["value"] == 2  # 300 by 250 − 100
    assert first["parts"] == {"pipeline_due": 300, "plan_attainment": 0.4}
    assert "parts" not in second and second["value"] == 1
