"""Clean data stays calm; the whole examination is deterministic, and JSON as it stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from crmkit import read_client
from crmkit.present.quality import examined
from tests.intake.conftest import daily

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
CALM = {"blocks": 0, "distorts": 0, "cosmetic": 0}


@pytest.mark.parametrize("name", ["romashka", "vektor", "northwind-supply"])
def test_the_samples_have_no_problem_as_a_whole(name, tmp_path):
    place = tmp_path / name
    shutil.copytree(SAMPLES / name, place, ignore=shutil.ignore_patterns(".crmkit"))
    quality = examined(read_client(place))
    assert quality.verdict() == CALM
    assert set(quality.joins["unmatched"]) == {0} and set(quality.reach["silent"]) == {0}
    told = json.loads(json.dumps(quality.records(), allow_nan=False))
    assert list(told) == ["verdict", "problems", "joins", "filling", "reach", "unlocks"]
    assert told["verdict"]["measures_told"] <= told["verdict"]["measures"]
    assert len(told["filling"]) == len(quality.filling)


def test_a_steady_record_is_calm_whatever_the_order_of_its_rows(examine):
    rows = [{"deal_id": str(number)} | deal for number, deal in enumerate(daily(200), 1)]
    first, second = examine(rows), examine(rows[::-1])
    assert first.verdict() == CALM
    assert first.records() == second.records()


def test_an_empty_record_is_calm(examine):
    quality = examine([{"stage": "New", "created_at": "2026-01-05"}])
    assert quality.verdict() == CALM
    assert quality.filling[["column", "month", "filled", "rows"]].to_numpy().tolist() == [
        ["stage", "", 1, 1], ["stage", "2026-01", 1, 1], ["status", "", 1, 1], ["status", "2026-01", 1, 1],
    ]  # fmt: skip
