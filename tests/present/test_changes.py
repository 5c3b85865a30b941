"""The changes between two versions as a reader sees them."""

from __future__ import annotations

import pytest

from crmkit.present.changes import changes_summary, changes_table
from crmkit.present.study import open_study
from crmkit.process.description import Process

BEFORE = Process.model_validate(
    {
        "name": "P",
        "steps": [
            {"name": "A", "tasks": ["call", "write"], "required_fields": ["amount"], "norm": "2"},
            {"name": "B"},
            {"name": "C"},
            {"name": "D", "kind": "supporting"},
        ],
    }
)
AFTER = Process.model_validate(
    {
        "name": "P",
        "version": "to_be",
        "dated": "2026-05-01",
        "stages": [{"name": "S"}],
        "steps": [
            {"name": "D"},
            {"name": "A", "tasks": ["write", "<b>meet</b>"], "required_fields": [], "norm": "1 days"},
            {"name": "BC", "replaces": ["B", "C"], "expected_conversion": 0.6},
        ],
    }
)


def test_each_difference_says_where_what_and_both_values(client):
    study = open_study(client("deal_id,stage\n1,New\n"))
    table = changes_table(study, BEFORE, AFTER)
    assert [column.heading for column in table.columns][2:] == ["As is", "To be, from 1\u00a0May\u00a02026"]
    assert list(table.rows) == [
        ("Stage «S»", "is new", "", ""),
        ("Step «D»", "changes its place", "place 4", "place 1"),
        ("Step «D»", "Kind of process", "supporting", "core"),
        ("Step «A»", "Tasks", "call", "<b>meet</b>"),
        ("Step «A»", "CRM: required fields", "Amount", ""),
        ("Step «A»", "Time norm", "2 working days", "1 calendar day"),
        ("Step «B»", "goes into «BC»", "", ""),
        ("Step «C»", "goes into «BC»", "", ""),
        ("Step «B»", "Expected conversion", "", "60.0%"),
    ]
    assert "<b>meet" not in table.fragment()
    assert changes_summary(study, BEFORE, AFTER).paragraphs == (
        "Steps: new 0, dropped 0, joined with others 2, renamed 0, moved 1; cells of steps that changed: 5.",
    )


@pytest.mark.parametrize("language", ["en", "ru"])
def test_versions_that_say_the_same_are_said_to(client, language):
    study = open_study(client("deal_id,stage\n1,New\n"), language=language)
    said = changes_table(study, BEFORE, BEFORE.in_version("to_be"))
    assert len(said.paragraphs) == 1
