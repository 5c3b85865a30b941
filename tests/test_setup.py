"""What people install: the three lists of dependencies agree, and nothing private gets into git."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA_NAMES = {"tzdata": "python-tzdata"}
"""Packages that conda-forge calls otherwise (its own tzdata is the system's, not Python's)."""


def parts(requirement: str) -> tuple[str, str]:
    """Split ``name>=bound``."""
    found = re.fullmatch(r"([A-Za-z0-9-]+)([<>=~!,.0-9]*)", requirement)
    assert found, requirement
    return found[1], found[2]


def direct() -> dict[str, str]:
    return dict(parts(requirement) for requirement in PROJECT["project"]["dependencies"])


def test_conda_users_get_the_same_packages_and_bounds() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = environment["dependencies"]
    assert environment["channels"][0] == "conda-forge"
    assert listed[-2:] == ["pip", {"pip": ["-e ."]}]
    expected = {CONDA_NAMES.get(name, name): bound for name, bound in direct().items()}
    live = PROJECT["project"]["optional-dependencies"]["live"]
    expected |= dict(parts(requirement) for requirement in live)
    expected["python"] = PROJECT["project"]["requires-python"]
    assert dict(parts(item) for item in listed[:-2]) == expected


def test_every_direct_dependency_is_pinned_with_hashes() -> None:
    pinned = re.findall(r"^([a-z0-9-]+)==\S+ ;.*\\\n    --hash=sha256:[0-9a-f]{64}", LOCK, re.MULTILINE)
    wanted = set(direct()) | {parts(item)[0] for item in PROJECT["dependency-groups"]["dev"]}
    assert not wanted - set(pinned)
    assert "uv" in pinned  # run.py installs with it


def test_the_lock_names_no_place_of_download() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^(-i|--index|--extra|--find)", LOCK, re.MULTILINE)


@pytest.mark.skipif(not shutil.which("git") or not (ROOT / ".git").exists(), reason="needs git and a clone")
@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("deals.csv", True),
        ("clients/acme/client.yml", True),
        ("anywhere/acme/deals.xlsx", True),
        ("reports/index.html", True),
        ("reports/acme/report.html", True),
        ("reports-2/acme/run.json", True),
        ("notebooks-ru/01_data_intake.ipynb", True),
        ("data/sample/any/.crmkit/deals.parquet", True),
        ("anywhere/acme/api/leads/0001-00001.json", True),
        ("tests/sources/fixtures/amocrm/api/leads/0001-00001.json", False),
        (".venv/pyvenv.cfg", True),
        ("uv.lock", True),
        ("pylock.toml", True),
        ("data/sample/any/deals.csv", False),
        ("data/sample/any/deals.xlsx", False),
        ("tests/sources/fixtures/deals.xls", False),
        ("templates/client.yml", False),
        ("requirements.lock", False),
        ("notebooks/01_data_intake.ipynb", False),
    ],
)
def test_client_data_and_reports_stay_out_of_git(path: str, ignored: bool) -> None:
    command = ["git", "-C", str(ROOT), "check-ignore", "--quiet", "--no-index", path]
    assert subprocess.run(command, check=False).returncode == (0 if ignored else 1)


def test_run_says_what_it_can_do() -> None:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "-h"], capture_output=True, text=True, check=True
    )
    assert all(command in answer.stdout for command in ("demo", "test", "lab"))


def test_run_is_readable_by_pythons_that_are_too_old() -> None:
    """The refusal must be reached: before it stands nothing that Python 3.6 cannot read."""
    source = (ROOT / "run.py").read_text(encoding="utf-8")
    assert source.index("sys.version_info < (3, 11)") < source.index("import argparse")
    assert "from __future__" not in source and " match " not in source.split("def main")[0]
