"""crmkit process lint: the findings for programs and for the eye."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.errors import RequestError

SAMPLES = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture
def northwind(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES / "northwind-supply", tmp_path / "northwind", ignore=_no_cache))


def _no_cache(folder: str, names: list[str]) -> list[str]:
    return [".crmkit"] if ".crmkit" in names else []


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["process", "lint", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_programs_get_records(northwind: Path) -> None:
    told = json.loads(run(northwind, "--format", "json"))
    assert told["rows"][0] | {"message": ""} == {
        "version": "as_is", "dated": "2026-10-21", "rule": "output_not_verifiable", "number": 3,
        "step": "Needs assessment", "field": "outputs",
        "detail": "The client is interested in our equipment", "other": "", "message": "",
    }  # fmt: skip
    assert [row["rule"] for row in told["rows"]] == [
        "output_not_verifiable", "no_kpi", "input_not_previous_output", "several_responsible", "no_norm",
        "sub_process_without_owner",
    ]  # fmt: skip
    assert all(row["message"] for row in told["rows"])
    assert told["repairs"] == []


def test_people_get_a_table_whatever_is_found(northwind: Path) -> None:
    assert "several_responsible" in run(northwind)
    assert run(northwind, "--version", "as_is") == run(northwind)
    # A finding about the whole process has no step: the pipeline of the existing clients.
    assert "pipeline_without_step" in run(SAMPLES / "vektor", "--version", "to_be")


def test_a_version_that_nobody_described_is_refused(northwind: Path) -> None:
    with pytest.raises(RequestError, match="there is no such description"):
        run(northwind, "--version", "to_be")
    shutil.rmtree(northwind / "process")
    with pytest.raises(RequestError, match="crmkit process new"):
        run(northwind)
