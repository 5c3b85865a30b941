"""What is missing, in the order of its value, and how each CRM gives it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from crmkit.intake.unlocks import computable, how_to_export, unlocks
from crmkit.measures import catalogue
from crmkit.schema import TABLES, Snapshot, alternatives
from crmkit.settings import CRMS

HAVE = frozenset({"deals.deal_id", "deals.stage", "tasks.due_at"})
HERE = Snapshot(None, None, {}, None, HAVE, frozenset({"tasks.due_at"}))  # type: ignore[arg-type]


def measure(name: str, *needs: str) -> SimpleNamespace:
    return SimpleNamespace(id=name.split(":")[0], needs=frozenset(needs))


def test_what_one_more_thing_brings_comes_first():
    measures = [
        measure("here", "deals", "tasks"),
        measure("calls", "activities.kind", "deals"),
        measure("talk:mean", "activities.duration_s", "activities.kind"),
        measure("talk:median", "activities.duration_s"),
        measure("idle", "deals.updated_at|activities"),
        measure("paid", "payments", "deals.margin"),
        measure("on_day", "tasks.due_at=time", "tasks.kind=call+activities.kind=call"),
    ]
    told = unlocks(HERE, measures)
    rows = told.set_index("need")
    # A table that is missing wholly is asked for wholly; either of two alternatives unlocks.
    assert told["need"].tolist()[:2] == ["activities", "deals.updated_at"]
    assert rows.loc["activities"].tolist() == [3, 1, "calls, idle, talk", "on_day"]
    assert rows.loc["tasks.due_at=time"].tolist() == [0, 1, "", "on_day"]  # the column is here, by the day
    assert rows.loc["tasks.kind"].tolist() == [0, 1, "", "on_day"]
    assert rows.loc["deals.updated_at"].tolist() == [1, 0, "idle", ""]
    assert rows.loc["deals.margin"].tolist() == rows.loc["payments"].tolist() == [0, 1, "", "paid"]
    assert rows.loc["companies"].tolist() == [0, 0, "", ""]
    assert "tasks" not in rows.index
    assert computable(HERE, measures) == (1, 6)


@pytest.mark.parametrize("crm", CRMS)
def test_every_crm_says_how_each_table_and_column_is_exported(crm):
    for table in TABLES:
        assert all(how_to_export(crm, table)), table
    for one in catalogue():
        for name in (name for need in one.needs for name in alternatives(need)):
            way, how = how_to_export(crm, name)
            assert way in ("file", "api", "settings") and how.endswith("."), name


def test_what_a_crm_cannot_export_is_said():
    assert [how_to_export(name, "stage_changes")[0] for name in ("amocrm", "bitrix24", "hubspot")] == [
        "api", "api", "file",
    ]  # fmt: skip
    assert how_to_export("amocrm", "stage_changes")[1] != how_to_export("plain", "stage_changes")[1]
