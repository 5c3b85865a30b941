"""Stub clients, notebooks and reports: a batch without the rest of the kit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

STUBS = """
from dataclasses import dataclass, field
from pathlib import Path
from crmkit.errors import N_, SettingsError, SourceError

@dataclass
class Client:
    name: str
    folder: Path
    language: str = "en"
    currency: str = "RUB"
    files: list = field(default_factory=list)
    plan: list = field(default_factory=list)
    api: str | None = None

def read(place):
    folder = Path(place)
    name = (folder / "client.yml").read_bytes().decode("utf-8", "surrogatepass")
    if name == "broken":
        raise SettingsError("client.yml", N_("this key is missing"))
    return Client(name, folder)

def check(client):
    if client.name == "unreadable":
        raise SourceError("deals.csv", N_("the file is empty"))

def compose(folder, notebooks, client, language):
    (folder / "report.html").write_bytes(f"<p>{language} {len(notebooks)}".encode())
    if (client.folder / "compose.py").exists():
        exec((client.folder / "compose.py").read_text(encoding="utf-8"))
    (folder / "report.xlsx").write_bytes(b"xlsx")
    return {"deals": {"read": 3, "kept": 2, "set_aside": 1}}
"""

PARAMETERS = 'client = ""\nas_of = ""\nlanguage = ""\nperiod = ""\noptions = ""\n'


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to put on the path, with ``crmkit_stubs.read`` and ``crmkit_stubs.compose``."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "crmkit_stubs.py").write_text(STUBS, encoding="utf-8")
    return folder


@pytest.fixture
def on_path(stubs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and its children import the stubs."""
    monkeypatch.syspath_prepend(str(stubs))
    monkeypatch.setenv("PYTHONPATH", str(stubs) + os.pathsep + os.environ.get("PYTHONPATH", ""))


@pytest.fixture
def new_client(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that lays a stub client: its name, its folder, the code of its cells."""

    def make(name: str, folder: str, **files: str) -> Path:
        place = tmp_path / "clients" / folder
        place.mkdir(parents=True)
        (place / "client.yml").write_bytes(name.encode("utf-8", "surrogatepass"))
        for file, text in files.items():
            (place / f"{file}.py").write_text(text, encoding="utf-8")
        return place

    return make


@pytest.fixture
def kit_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the kit's notebooks, replaced by an empty one."""
    folder = tmp_path / "kit"
    folder.mkdir()
    monkeypatch.setattr("crmkit.batch.notebooks.resource", lambda name: folder)
    return folder


@pytest.fixture
def write_notebook() -> Callable[..., None]:
    """Return a function that writes a notebook: a heading, the parameters cell, then the cells given."""

    def write(path: Path, *sources: str) -> None:
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        cells: list[dict[str, object]] = [
            {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Stub"}
        ]
        for number, source in enumerate([PARAMETERS, *sources]):
            metadata = {} if number else {"tags": ["parameters"]}
            cell = {"cell_type": "code", "id": f"c{number}", "metadata": metadata, "source": source}
            cells.append({**cell, "execution_count": None, "outputs": []})
        data = {
            "cells": cells,
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path.write_text(json.dumps(data), encoding="utf-8")

    return write
