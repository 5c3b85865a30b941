"""The samples carry planted violations of every check; the audit finds exactly those (``planted.yml``)."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmkit import load, read_client
from crmkit.audit import Audit, examine
from crmkit.simulate import read_scenario, simulate, write_tables

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
CLIENTS = ("romashka", "vektor", "northwind-supply")


def book(name: str) -> dict[str, Any]:
    return yaml.safe_load((SAMPLES / name / "planted.yml").read_text(encoding="utf-8"))


PLANTED = {name: book(name) for name in CLIENTS}
CARRIED = [(name, check) for name in CLIENTS for check in PLANTED[name]["carried"]]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return ``audit(name)``: what the checklist finds in a sample."""

    @lru_cache
    def examined(name: str) -> Audit:
        folder = tmp_path_factory.mktemp("planted") / name
        shutil.copytree(SAMPLES / name, folder, ignore=shutil.ignore_patterns(".crmkit", "audit"))
        return examine(load(read_client(folder)))

    return examined


def found(audit: Audit, check: int) -> dict[str, set[str]]:
    rows = audit.violations[audit.violations["check"] == f"H{check:02d}"]
    return {str(table): set(part["id"]) for table, part in rows.groupby("table", observed=True)}


def test_every_check_is_carried_by_a_sample() -> None:
    assert {check for _, check in CARRIED} == set(range(1, 24))


@pytest.mark.parametrize(("name", "check"), CARRIED)
def test_exactly_the_planted_violations_are_found(audit: Any, name: str, check: int) -> None:
    told = PLANTED[name]["checks"][check]
    offenders = {table: set(rows) for table, rows in told["offenders"].items()}
    assert offenders and all(offenders.values())
    assert found(audit(name), check) == offenders
    for why, spared in told["innocents"].items():
        for table, rows in spared.items():
            assert not set(rows) & offenders.get(table, set()), why
    states = audit(name).states.set_index("check")
    assert states["state"][f"H{check:02d}"] == "failed"
    assert states["wrong"][f"H{check:02d}"] == sum(map(len, offenders.values()))


@pytest.mark.parametrize(("name", "seed"), [("romashka", 11), ("vektor", 12), ("northwind-supply", 13)])
def test_other_departments_hold_exactly_what_was_planted(name: str, seed: int, tmp_path: Path) -> None:
    """Everything that was simulated, by another seed: all 23 checks against the simulation's own book."""
    department = simulate(read_scenario(name).model_copy(update={"seed": seed, "per_month": 40.0}))
    write_tables(department, tmp_path)
    audit = examine(load(read_client(tmp_path)))
    for check in range(1, 24):
        told = {table: set(rows) for table, rows in department.truth.planted[check].items() if rows}
        if check == 11:
            told = {"tasks": told["tasks"]}  # deals stand for them only where there are no tasks
        assert found(audit, check) == told, check


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_sample_does_not_carry_is_never_failed(audit: Any, name: str) -> None:
    """An export that lacks the columns of a check neither passes nor fails it."""
    states = audit(name).states.set_index("check")["state"]
    absent = {check: states[f"H{check:02d}"] for check in PLANTED[name]["not_carried"]}
    assert set(absent.values()) <= {"not_applicable", "ask"}, absent


@pytest.mark.parametrize("name", CLIENTS)
def test_optional_stages_are_those_that_the_settings_name(name: str) -> None:
    settings = yaml.safe_load((SAMPLES / name / "client.yml").read_text(encoding="utf-8"))
    stages = [stage for pipeline in settings["pipelines"] for stage in pipeline["stages"]]
    assert [one["name"] for one in stages if one.get("optional")] == PLANTED[name]["optional_stages"]
