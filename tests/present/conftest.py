"""Clients from lines of CSV, as the pages see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

STAGES = [
    {"name": "New", "probability": 0.1},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., Path]:
    """Return ``client(lines, **settings)``: a folder with a deals file of these CSV lines."""

    def make(lines: str, **settings: Any) -> Path:
        folder = tmp_path / f"client{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "deals.csv").write_text(lines, encoding="utf-8")
        whole = {
            "format": 1, "name": "Client", "crm": "plain", "as_of": "2026-03-31", "currency": "USD",
            "files": [{"path": "deals.csv", "table": "deals"}],
            "pipelines": [{"name": "Sales", "stages": STAGES}],
        }  # fmt: skip
        (folder / "client.yml").write_text(
            yaml.safe_dump(whole | settings, allow_unicode=True), encoding="utf-8"
        )
        return folder

    return make
