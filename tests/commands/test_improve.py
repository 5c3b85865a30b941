"""``crmkit process conform``, ``diff`` and ``card``: for programs and for the eye."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.errors import RequestError
from crmkit.process.cards import cards_file, read_cards

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "vektor"


@pytest.fixture
def vektor(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "vektor"))


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.stdout


def told(*words: object) -> dict:
    return json.loads(run(*words, "--format", "json"))


def test_conformance_is_told_with_every_deal_and_its_n(vektor):
    found = told("process", "conform", vektor, "--version", "as_is", "--period", "2026-Q3")
    assert (found["version"], found["period"]) == ("as_is", "2026-Q3")
    assert {row["kind"] for row in found["checked"]} == {row["kind"] for row in found["kinds"]}
    whole = found["conforming"]
    assert whole["numerator"] / whole["n"] == whole["value"] and whole["low"] < whole["value"] < whole["high"]
    deals = {row["deal_ix"] for row in found["deviations"]}
    assert whole["n"] - len(deals) == whole["numerator"]
    for kind in found["kinds"]:
        mine = {row["deal_ix"] for row in found["deviations"] if row["kind"] == kind["kind"]}
        assert kind["numerator"] == len(mine)
    by_rep = found["reps"]
    assert sum(row["n"] for row in by_rep) == whole["n"]
    assert sum(row["numerator"] for row in by_rep) == whole["numerator"]
    lines = run("process", "conform", vektor, "--version", "as_is", "--period", "2026-Q3", "--format", "csv")
    assert lines.count("\n") == len(found["deviations"]) + 1


def test_where_no_step_can_be_recommended_no_code_is_shown(tmp_path):
    deals_only = shutil.copytree(SAMPLE.parent / "romashka", tmp_path / "romashka")
    refused = CliRunner().invoke(app, ["process", "card", str(deals_only)]).exception
    assert isinstance(refused, RequestError) and "no_history" not in str(refused)
    assert "crmkit process bottlenecks" in str(refused.remedy)


def test_two_versions_are_set_side_by_side(vektor):
    found = told("process", "diff", vektor)
    assert (found["from"]["version"], found["to"]["dated"]) == ("as_is", "2026-12-01")
    assert found["differences"] and found["differences"][0].keys() >= {"kind", "field", "old", "new"}
    assert told("process", "diff", vektor, "--to", "as_is")["differences"] == []
    assert told("process", "diff", vektor, "--to", "2026-12-01") == found
    refused = CliRunner().invoke(app, ["process", "diff", str(vektor), "--to", "2027"]).exception
    assert isinstance(refused, RequestError) and "as_is, to_be, 2026-12-01" in str(refused)


def test_a_version_beside_itself_says_the_same(vektor):
    assert told("process", "diff", vektor, "--to", "as_is")["differences"] == []
    said = run("process", "diff", vektor, "--to", "as_is")
    assert said.strip() in ("The two versions say the same.", "В двух версиях написано одно и то же.")


def test_cards_are_numbered_kept_and_measured(vektor):
    first = told("process", "card", vektor, "--step", "Договор", "--problem", "Too slow")["card"]
    assert first == {"id": 1, "problem": "Too slow", "step": "Договор"}
    second = told("process", "card", vektor)["card"]  # the recommended focus
    assert second["id"] == 2 and second["step"] and second["expected"]["money_month"] > 0
    page = told("process", "bottlenecks", vektor)  # a card tells what the report tells: of the same months
    assert second["expected"]["money_month"] == round(page["rows"][page["focus"]]["money_month"])
    assert second["evidence"].startswith("Конверсия, 01.11.2025 – 31.10.2026: ")
    assert [card.id for card in read_cards(cards_file(vektor))] == [1, 2]
    path = cards_file(vektor)
    path.write_text(
        path.read_text("utf-8").replace("problem: Too slow", "problem: Too slow\n    started_on: 2026-06-01"),
        "utf-8",
    )
    effect = told("process", "card", vektor, "--check", 1)["effect"]
    assert effect["state"] == "ok" and effect["before"]["n"] > 0 and effect["low"] < effect["difference"]
    kept = read_cards(path)[0].measured
    assert kept.after_n == effect["after"]["n"] and kept.difference == pytest.approx(
        effect["difference"], abs=1e-6
    )
    run("process", "card", vektor, "--check", 9, code=1)
