"""What holds for every hygiene check, on a simulated department."""

from __future__ import annotations

import copy
import csv
import string
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
import yaml

from crmkit import load, read_client
from crmkit.audit import SEVERITIES, Audit, Check, examine, hygiene_checks
from crmkit.audit.checks import SUBJECTS
from crmkit.audit.score import scores
from crmkit.present.words import Words
from crmkit.schema import Snapshot, alternatives, column
from crmkit.simulate import read_scenario, simulate, write_tables

CHECKS = hygiene_checks()
FILLED = {"names", "number", "norm", "since"}
Rows = list[dict[str, str]]
#: Moments of the rows that happen in a table.
HAPPENS = {"deals": "created_at", "stage_changes": "changed_at", "tasks": "created_at", "activities": "at"}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of everything that was simulated, a file per canonical table."""
    scenario = read_scenario("vektor").model_copy(update={"per_month": 15.0, "seed": 4})
    folder = tmp_path_factory.mktemp("export")
    write_tables(simulate(scenario), folder)
    return folder


@pytest.fixture
def changed(export: Path, tmp_path: Path) -> Callable[..., Snapshot]:
    """Return ``changed(table=change, settings={…})``: the export, read after its rows have changed."""

    def make(settings: dict[str, Any] | None = None, **changes: Callable[[Rows], Rows]) -> Snapshot:
        told = yaml.safe_load((export / "client.yml").read_text(encoding="utf-8"))
        for one in told["files"]:
            with (export / one["path"]).open(encoding="utf-8", newline="") as stream:
                reader = csv.DictReader(stream)
                heading, rows = list(reader.fieldnames or []), list(reader)
            with (tmp_path / one["path"]).open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, heading)
                writer.writeheader()
                writer.writerows(changes.get(one["table"], list)(rows))
        text = yaml.safe_dump(told | (settings or {}), allow_unicode=True)
        (tmp_path / "client.yml").write_text(text, encoding="utf-8")
        return load(read_client(tmp_path))

    return make


@pytest.fixture(scope="module")
def crm(export: Path) -> Snapshot:
    return load(read_client(export))


@pytest.fixture(scope="module")
def whole(crm: Snapshot) -> Audit:
    return examine(crm)


def same(one: Audit, other: Audit) -> None:
    """Assert that two audits tell the same, whatever the lines of the files."""
    for name in ("states", "counts", "unknown"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_categorical=False)
    first, second = (audit.violations.drop(columns=["row", "deal_ix"]) for audit in (one, other))
    pd.testing.assert_frame_equal(first, second, check_categorical=False)
    pd.testing.assert_frame_equal(scores(one), scores(other))


def test_all_checks_are_declared_in_the_order_of_the_method() -> None:
    assert [one.id for one in CHECKS] == [f"H{number:02d}" for number in range(1, 24)]
    assert [one.number for one in CHECKS] == list(range(1, 24))


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.id)
def test_every_card_is_complete_in_both_languages(one: Check) -> None:
    russian = Words("ru")
    assert one.severity in SEVERITIES
    assert one.needs and one.says
    assert not one.title.endswith(".") and not one.about.endswith(".") and one.about[0].islower()
    assert "\n" not in one.definition
    for text in (one.definition, one.evidence, one.why, one.fix):
        assert text.endswith(".")
    for text in (one.title, one.about, one.definition, one.evidence, one.why, one.fix):
        assert text and russian.say(text) != text, text
    for sentence in one.says:
        assert {part[1] for part in string.Formatter().parse(sentence.text) if part[1]} <= FILLED
        assert russian.say(sentence.text, **dict.fromkeys(FILLED, "1")) != sentence.text


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.id)
def test_every_check_is_examined_and_fails_on_the_whole_export(one: Check, whole: Audit) -> None:
    row = whole.states.set_index("check").loc[one.id]
    assert (row["state"], row["reason"], row["missing"], row["lacking"]) == ("failed", "", "", "")
    assert 0 < row["wrong"] < row["checked"]
    mine = whole.violations[whole.violations["check"] == one.id]
    assert len(mine) == row["wrong"] and not mine.duplicated(["table", "id"]).any()
    assert mine["kind"].between(0, len(one.says) - 1).all()
    counts = whole.counts[whole.counts["check"] == one.id]
    assert (counts["checked"].sum(), counts["wrong"].sum()) == (row["checked"], row["wrong"])
    assert set(mine["table"]) <= set(SUBJECTS)
    for kind, rows in mine.groupby("kind"):  # a sentence is told whole
        names = {part[1] for part in string.Formatter().parse(one.says[int(str(kind))].text)}
        for name, missing in (("names", ""), ("number", None), ("norm", None), ("since", None)):
            if name in names:
                known = rows[name] != missing if missing == "" else rows[name].notna()
                assert known.all(), (kind, name)


def test_inputs_are_left_as_they_were(crm: Snapshot) -> None:
    before = copy.deepcopy(dict(crm.tables))
    examine(crm)
    for name, table in crm.tables.items():
        pd.testing.assert_frame_equal(table, before[name])


def test_the_order_of_rows_is_irrelevant(changed: Any, whole: Audit) -> None:
    def shuffled(rows: Rows) -> Rows:
        return Random(7).sample(rows, len(rows))

    names = (*SUBJECTS, "stage_changes", "managers", "products")
    same(examine(changed(**dict.fromkeys(names, shuffled))), whole)


def test_rows_that_come_twice_change_no_count(changed: Any, whole: Audit) -> None:
    def doubled(rows: Rows) -> Rows:
        return [*rows, *rows[::3]]

    same(examine(changed(**dict.fromkeys((*SUBJECTS, "stage_changes"), doubled))), whole)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kamchatka"])
def test_neither_the_machines_clock_nor_the_language_changes_a_count(
    changed: Any, whole: Audit, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        same(examine(changed({"language": "en"})), whole)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_comes_after_as_of_changes_nothing(changed: Any, whole: Audit) -> None:
    later = {"deals": "closed_at", "tasks": "completed_at"}

    def and_after(table: str) -> Callable[[Rows], Rows]:
        def added(rows: Rows) -> Rows:
            fresh = [dict(row) for row in rows[-30:]]
            for number, row in enumerate(fresh):
                own = next((name for name in ("activity_id", "task_id", "deal_id") if name in row), "")
                if table != "stage_changes":
                    row[own] = f"later-{number}"
                row[HAPPENS[table]] = "2026-11-02T09:00:00Z"
                if later.get(table):
                    row[later[table]] = "2026-11-03T09:00:00Z" if row[later[table]] else ""
            return [*rows, *fresh]

        return added

    same(examine(changed(**{table: and_after(table) for table in HAPPENS})), whole)


def test_empty_tables_are_never_passed(crm: Snapshot) -> None:
    empty = {name: table.iloc[:0] for name, table in crm.tables.items() if name != "stages"}
    bare = replace(crm, tables={**crm.tables, **empty})
    for supplied in (crm.supplied, frozenset[str]()):
        audit = examine(replace(bare, supplied=supplied))
        assert set(audit.states["state"]) <= {"not_applicable", "ask"}
        assert set(audit.states["reason"]) <= {"nothing_to_check", "not_in_export"}
        assert audit.states["checked"].sum() == len(audit.violations) == len(audit.counts) == 0
        assert not scores(audit, "all")["score"].notna().any()


def without(crm: Snapshot, need: str) -> Snapshot:
    """Return the data as from an export that lacks what a check needs, and all that stands in for it."""
    tables, supplied, whole_days = dict(crm.tables), set(crm.supplied), set(crm.whole_days)
    for name in alternatives(need):
        table, _, field = name.partition(".")
        if field.endswith("=time"):
            whole_days.add(name.removesuffix("=time"))
            continue
        supplied -= {name} if field else {one for one in supplied if one.split(".")[0] == table}
        known = column(table, field)
        if not field:
            tables[table] = tables[table].iloc[:0]
        elif known is not None and not known.required and name != "deals.status":
            rows = tables[table]
            blank = pd.Series(None, rows.index, dtype="object").astype(rows[field].dtype)
            tables[table] = rows.assign(**{field: blank})
    return replace(crm, tables=tables, supplied=frozenset(supplied), whole_days=frozenset(whole_days))


NEEDS = sorted({(one.id, need) for one in CHECKS for need in one.needs})


@pytest.mark.parametrize(("name", "need"), NEEDS)
def test_a_missing_column_is_named_and_no_fault_of_anybody(
    name: str, need: str, crm: Snapshot, whole: Audit
) -> None:
    audit = examine(without(crm, need))
    row = audit.states.set_index("check").loc[name]
    assert row["state"] in ("not_applicable", "ask")
    assert (row["reason"], row["checked"], row["wrong"]) == ("not_in_export", 0, 0)
    assert need in row["missing"].split(", ")
    assert (row["state"] == "ask") == all(
        one.split(".")[0] in ("stages", "managers") for part in row["missing"].split(", ")
        for one in alternatives(part)
    )  # fmt: skip
    assert not (audit.counts["check"] == name).any() and not (audit.violations["check"] == name).any()
    # the score is that of the checks that are left
    left = [one for one in CHECKS if one.id != name]
    parts = {part: getattr(audit, part) for part in ("states", "counts", "violations")}
    rest = replace(audit, **{part: rows[rows["check"] != name] for part, rows in parts.items()})
    pd.testing.assert_frame_equal(scores(audit), scores(rest))
    # the others find what they found, or say that they cannot; none passes for want of a column
    gone = set(alternatives(need))
    before, after = (one.states.set_index("check") for one in (whole, audit))
    told = ["state", "reason", "checked", "wrong"]
    for one in left:
        used = {part for each in one.needs for part in alternatives(each)}
        used |= set(after["lacking"][one.id].replace("|", ", ").split(", "))
        if not {part.split(".")[0] for part in gone} & {part.split(".")[0] for part in used}:
            assert after.loc[one.id, told].tolist() == before.loc[one.id, told].tolist(), one.id
        doubted = (audit.unknown["check"] == one.id).any()
        assert after["state"][one.id] != "passed" or gone & used or doubted, one.id
