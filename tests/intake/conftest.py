"""Exports written in a test: they go through files, settings and ``load_whole`` like a client's own."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from crmkit import read_client
from crmkit.intake import Quality
from crmkit.present.quality import examined

Rows = Sequence[Mapping[str, Any]]
STAGES = [{"name": "New"}, {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"}]
KEYS = {"deals": "deal_id", "tasks": "task_id", "activities": "activity_id", "companies": "company_id"}


@pytest.fixture
def examine(tmp_path: Path) -> Callable[..., Quality]:
    """Return ``examine(deals=[…], tasks=[…], …, **settings)``: a deal without a number gets one from 1 on."""
    made = 0

    def make(deals: Rows, **rest: Any) -> Quality:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        folder.mkdir()
        rows = [{"deal_id": str(number)} | dict(deal) for number, deal in enumerate(deals, 1)]
        names = ("stage_changes", "tasks", "activities", "companies", "contacts", "products", "managers")
        tables = {"deals": rows} | {name: rest.pop(name) for name in names if name in rest}
        files = []
        for table, content in tables.items():
            heading = list(dict.fromkeys(name for row in content for name in row))
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, heading)
                writer.writeheader()
                writer.writerows(content)
            keyless = table in KEYS and KEYS[table] not in heading
            files.append({"path": f"{table}.csv", "table": table} | ({"key": "row"} if keyless else {}))
        settings = {"format": 1, "name": "Client", "crm": "plain", "files": files}
        settings |= {"pipelines": [{"name": "Sales", "stages": STAGES}]} | rest
        (folder / "client.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        return examined(read_client(folder))

    return make


def found(quality: Quality, code: str) -> list[tuple[Any, ...]]:
    """Return the weight, the place, the count and the samples of the problems of one code."""
    rows = quality.problems[quality.problems["code"] == code]
    return [
        (row["weight"], f"{row['table']}.{row['column']}", row["count"], row["of"], row["samples"])
        for row in rows.to_dict("records")
    ]


def daily(count: int, first: str = "2025-01-06", **more: Any) -> list[dict[str, Any]]:
    """Return deals won one a day at noon, created three weeks before they were closed."""
    days = pd.date_range(first, periods=count, freq="D")
    return [
        {
            "created_at": f"{day.date()} 12:00", "closed_at": f"{(day + pd.Timedelta(days=21)).date()} 12:00",
            "stage": "Won", "amount": "100", "manager_id": "Ann",
        } | more
        for day in days
    ]  # fmt: skip
