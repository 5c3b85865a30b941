"""Snapshots from rows written in a test: they go through files, settings and ``load`` like a client's own."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from crmkit import load, read_client
from crmkit.process.description import NORM_UNITS, PROCESS_KINDS, RESULT_KINDS, VERSIONS, Process, Role
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


HOSTILE = [
    "=1+1", "'quoted", "''", '"x"', "[document]", "x [document]", "x [documnt]",
    "[данные] → [деньги]", "a → b", "a -> b => c", "\\", "a\\[b", "a\\", "\\→", "A › B", "A > B",
    "› A", "<r>x</r>", "_x0041_", "_x000D_", "_x005F_", "no", "~", "null", "1.10", "007", "true",
    "2026-01-01", "60 %", "- x", "# x", "a: b", "ёЁ", "x" * 300, "и\u0306", "👩\u200d🚀", "\ufeffx",
    "\u202ex", "e\x00\u0301", "+7 900", "@x", "12:30", "&amp;", "<b>", "Yes", "да",
]  # fmt: skip


@pytest.fixture(scope="session")
def processes() -> st.SearchStrategy[Process]:
    """Return a strategy of described processes whose texts are as bad as cells and files can be."""
    line = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
    named = line.map(lambda text: text if _seen(text) else f"{text}x")
    text = st.one_of(line, st.lists(line, max_size=3).map("\n".join))

    def part(required: Mapping[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(dict(required), optional=optional)

    lines = st.lists(named, max_size=3)
    norm = part({"amount": st.floats(0.01, 10_000)}, unit=st.sampled_from(NORM_UNITS))
    result = part({"text": named}, kind=st.sampled_from([*RESULT_KINDS, ""]), next_step=line)
    under = part({"name": named}, department=line, owner=line, norm=norm, kpi=line)
    kind = st.sampled_from(PROCESS_KINDS)
    step = part(
        {"name": named},
        stage=line, kind=kind, inputs=st.lists(result, max_size=2), outputs=st.lists(result, max_size=3),
        responsible=lines, task_setter=line, result_users=lines, goal=text, tasks=lines, actions=lines,
        key_success_factor=text, crm_entities=lines, required_fields=lines, automations=lines, kpi=text,
        target=text, norm=norm, cost_per_case=st.floats(0, 1e9), expected_conversion=st.floats(0.0001, 1),
        variables=lines, problems=lines, optional=st.booleans(), replaces=lines,
        crm_stages=st.lists(part({"stage": named}, pipeline=line), max_size=2),
        sub_processes=st.lists(under, max_size=2),
    )  # fmt: skip
    described = part(
        {"name": named},
        version=st.sampled_from(VERSIONS), dated=st.dates(), steps=st.lists(step, max_size=3),
        roles=st.lists(part({"name": named}, crm_role=line), max_size=2),
        stages=st.lists(part({"name": named}, owner=line, exit=text, kind=kind), max_size=2),
    )  # fmt: skip
    return described.map(Process.model_validate)


def _seen(text: str) -> bool:
    """Tell whether a text has anything that a cell shows."""
    return bool(Role.model_validate({"name": f"x{text}"}).name[1:].strip())
