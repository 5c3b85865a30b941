"""Snapshots from rows written in a test: they go through files, settings and ``load`` like a client's own."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmkit import load, read_client
from crmkit.schema import Snapshot

Rows = Sequence[Mapping[str, Any]]

STAGES = [
    {"name": "New", "probability": 0.1},
    {"name": "Offer", "probability": 0.5},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
#: Tables that a test may write as files.
FILES = ("tasks", "activities", "stage_changes", "companies", "contacts", "payments", "costs")
STAGE_OF = {"open": "New", "won": "Won", "lost": "Lost"}


@pytest.fixture
def snapshot(tmp_path: Path) -> Callable[..., Snapshot]:
    """Return ``snapshot(deals=[…], tasks=[…], as_of=…, **settings)``.

    A deal without ``deal_id`` is numbered from 1; one without a stage stands in that of its ``status``. The
    keys are canonical columns, other keys are custom fields; moments are ISO text in the client's zone (UTC).
    """
    made = 0

    def make(deals: Rows = (), *, as_of: str = "2026-03-31", stages: Rows = STAGES, **rest: Any) -> Snapshot:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        folder.mkdir()
        rows = [{"deal_id": str(number)} | dict(deal) for number, deal in enumerate(deals, 1)]
        for row in rows:
            row.setdefault("stage", STAGE_OF.get(row.pop("status", "")))
        tables = {"deals": rows} | {name: rest.pop(name) for name in FILES if name in rest}
        files = []
        for table, content in tables.items():
            heading = dict.fromkeys(name for row in content for name in row)
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, list(heading))
                writer.writeheader()
                writer.writerows(content)
            key = {"tasks": "task_id", "activities": "activity_id"}.get(table)
            keyless = key is not None and key not in heading
            files.append({"path": f"{table}.csv", "table": table} | ({"key": "row"} if keyless else {}))
        settings = {"format": 1, "name": "Client", "crm": "plain", "as_of": as_of, "files": files}
        settings |= {"pipelines": [{"name": "Sales", "stages": list(stages)}]} | rest
        (folder / "client.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        return load(read_client(folder))

    return make
