"""Pages that are made from the catalogue are up to date, and the README's pictures and pages exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_definitions_are_those_of_the_catalogue() -> None:
    done = subprocess.run(
        [sys.executable, "tools/definitions.py", "check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_what_a_readme_points_to_is_there(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    assert len(links) >= 4
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_every_key_of_the_settings_is_documented() -> None:
    from crmkit.settings import Client, ExportFile

    page = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    keys = [*Client.model_fields, *ExportFile.model_fields]
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_every_threshold_is_documented_with_its_default_and_the_template_names_no_other() -> None:
    from crmkit.limits import Limits

    page = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    told = {name: float(value) for name, value in re.findall(r"`(\w+)` \(([\d.]+)", page)}
    limits = {name: float(value) for name, value in vars(Limits()).items()}
    assert limits.items() <= told.items()
    (line,) = re.findall(r"# limits: \{(.*?)\}", (ROOT / "templates" / "client.yml").read_text("utf-8"))
    shown = dict(pair.split(": ") for pair in line.split(", "))
    assert {name: float(value) for name, value in shown.items()}.items() <= limits.items()
