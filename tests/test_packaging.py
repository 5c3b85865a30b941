"""The wheel, installed elsewhere, is the whole kit: notebooks, templates and catalogues travel inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git would hold, without the network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("crmkit", "notebooks", "templates"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the unpacked wheel and nothing else; it is put first on the path."""
    target = tmp_path_factory.mktemp("installed")
    command = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    return target


def crmkit(installed: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a folder far from the checkout."""
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONUTF8": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "crmkit", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=installed.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_wheel_holds_what_is_not_code(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("notebooks", "templates"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and ".ipynb_checkpoints" not in path.parts:
                assert f"crmkit/{path.relative_to(ROOT).as_posix()}" in names
    beside_code = [
        path for path in (ROOT / "crmkit").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert {path.relative_to(ROOT).as_posix() for path in beside_code} <= names
    assert "crmkit/locale/ru/LC_MESSAGES/crmkit.po" in names
    assert not [name for name in names if name.startswith(("tests/", "data/", ".venv/"))]


def test_the_installed_code_is_the_wheels(installed: Path) -> None:
    where = "import crmkit, crmkit.places; print(crmkit.__file__); print(crmkit.places.resource('notebooks'))"
    command = [sys.executable, "-c", where]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    answer = subprocess.run(
        command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=True
    )
    assert all(Path(line).is_relative_to(installed) for line in answer.stdout.split("\n") if line)
    help_page = crmkit(installed, "--help")
    assert help_page.returncode == 0 and "run" in help_page.stdout


def test_a_client_is_made_and_reported_far_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    sample = sorted((ROOT / "data" / "sample").glob("*/client.yml"))[0].parent
    exports = [path for path in sorted(sample.iterdir()) if path.suffix.lower() in (".csv", ".xlsx", ".xls")]
    export = tmp_path / "export"
    export.mkdir()
    copies = [shutil.copy(path, export) for path in exports]

    client = tmp_path / "client"
    made = crmkit(installed, "new", client, *copies)
    assert made.returncode == 0, made.stdout + made.stderr
    assert (client / "client.yml").exists()

    out = tmp_path / "reports"
    run = crmkit(installed, "run", client, "--out", out)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (out / "index.html").exists()
    folder = next(path for path in out.iterdir() if path.is_dir())
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "report.xlsx", "run.json"} <= names
    assert {path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")} <= names
