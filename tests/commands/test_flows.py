"""``crmkit flows``: a history file alone is enough, a list of deals says what is missing."""

from __future__ import annotations

import json
import sys

import pytest

from crmkit.cli import main

HISTORY = (
    "deal,at,stage\n"
    "1,2026-01-01T10:00,New\n1,2026-01-01T10:00,Offer\n1,2026-01-05T10:00,Won\n"
    "2,2026-01-03T10:00,New\n2,2026-01-04T10:00,New\n2,2026-01-06T10:00,Offer\n"
    "3,2026-02-03T10:00,New\n"
)
COLUMNS = "{deal: deal_id, at: changed_at, stage: to_stage}"
DEALS = "{d: deal_id, s: stage, p: pipeline}"
STAGES = "pipelines: [{name: Sales, stages: [{name: New}, {name: Offer}, {name: Won, kind: won}]}]\n"


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Write a client, run the command, and return what it printed as JSON (or as text)."""
    monkeypatch.setenv("CRMKIT_LANGUAGE", "en")

    def run(*options: str, history=HISTORY, deals="", more=STAGES):
        files = ""
        for name, text, columns in (("stage_changes", history, COLUMNS), ("deals", deals, DEALS)):
            if text:
                (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
                files += f"  - {{path: {name}.csv, table: {name}, columns: {columns}}}\n"
        settings = f"format: 1\nname: Firm\nas_of: 2026-03-31\nfiles:\n{files}{more}"
        (tmp_path / "client.yml").write_text(settings, encoding="utf-8")
        arguments = list(options) if "--format" in options else [*options, "--format", "json"]
        monkeypatch.setattr(sys, "argv", ["crmkit", "flows", str(tmp_path), *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, _ = capsys.readouterr()
        assert ended.value.code in (0, None)
        return json.loads(out) if arguments[-1] == "json" else out

    return run


def test_a_history_alone(told):
    found = told()
    assert (found["client"], found["state"], found["deals"], found["events"]) == ("Firm", "ok", 3, 6)
    assert found["self_loops"] == {"treatment": "collapsed", "n": 1}
    assert found["ties"] == {"moments": 1, "moves": 1, "order": "stage_order"}
    assert told(more="")["ties"] == {"moments": 1, "moves": 1, "order": "stage_name"}
    assert "in the order of their names" in told("--format", "table", more="")
    times = {"median_days": 1.5, "mean_days": 1.5}  # 0 and 3 days
    assert found["edges"] == [
        {"from": "New", "to": "Offer", "n": 2, "timed": 2, "tied": 1} | times,
        {"from": "Offer", "to": "Won", "n": 1, "timed": 1, "tied": 0, "median_days": 4.0, "mean_days": 4.0},
    ]
    assert [one["path"] for one in found["variants"]] == [["New"], ["New", "Offer"], ["New", "Offer", "Won"]]
    assert [(one["stage"], one["n"]) for one in found["starts"]] == [("New", 3)]
    assert {one["stage"]: one["n"] for one in found["ends"]} == {"New": 1, "Offer": 1, "Won": 1}
    spread = found["durations"]
    assert (spread["n"], spread["median"], spread["p75"], spread["max"]) == (3, 3.0, 3.5, 4.0)
    assert found["events_per_deal"]["mean"] == 2.0
    stages = {one["stage"]: one for one in found["stages"]}
    assert [(one["reached"], one["days_to_median"]) for one in stages.values()] == [
        (3, 0.0), (2, 1.5), (1, 4.0),
    ]  # fmt: skip
    new = stages["New"]
    assert (new["entries"], new["advanced"], new["still_there"]) == (3, 2, 1)
    shares = {one["share"]: (one["k"], one["n"]) for one in found["shares"]}
    assert shares["happy"] == (3, 3) and shares["happy_ended"] == (1, 1)


def test_self_loops_kept(told):
    found = told("--keep-self-loops")
    assert found["self_loops"] == {"treatment": "kept", "n": 1} and found["events"] == 7
    assert {(one["from"], one["to"]): one["n"] for one in found["edges"]}["New", "New"] == 1


def test_a_period_takes_the_deals_that_began_in_it(told):
    found = told("--period", "2026-02")
    assert found["deals"] == 1 and found["edges"] == [] and found["durations"]["median"] == 0.0
    none = told("--period", "2025")
    assert none["deals"] == 0 and none["durations"]["median"] is None and none["shares"][0]["value"] is None


def test_as_of_hides_what_came_later(told):
    assert told("--as-of", "2026-01-04")["deals"] == 2


def test_working_days_stand_beside(told):
    move = told("--working", more=STAGES + "calendar: {hours: '09:00-18:00'}\n")["edges"][1]
    # Thursday 1 January 10:00 to Monday 5 January 10:00: two days of nine hours
    assert (move["median_days"], move["median_working_days"], move["timed_working"]) == (4.0, 2.0, 1)


def test_one_name_in_two_pipelines(told):
    more = "pipelines: [{name: A, stages: [{name: New}]}, {name: B, stages: [{name: New}, {name: Won}]}]\n"
    history = "deal,at,stage\n1,2026-01-01T10:00,New\n2,2026-01-01T10:00,New\n2,2026-01-02T10:00,Won\n"
    found = told(history=history, deals="d,s,p\n1,New,A\n2,Won,B\n", more=more)
    assert [(one["from"], one["from_pipeline"], one["to"]) for one in found["edges"]] == [("New", "B", "Won")]
    assert {(one["stage"], one["pipeline"]) for one in found["starts"]} == {("New", "A"), ("New", "B")}
    assert found["variants"][0] == {"path": ["New"], "pipelines": ["A"], "n": 1, "share": 0.5}


def test_a_list_of_deals_says_what_is_missing(told):
    found = told(history="", deals="d,s,p\n1,New,Sales\n2,Offer,Sales\n")
    assert found["state"] == "not_in_export" and found["missing"] == ["stage_changes.to_stage"]
    assert found["how"] and "history of stages" in found["how"][0]
    assert found["edges"] is None and found["deals"] is None and found["deals_without_history"] == 2
    assert [(one["stage"], one["entries"], one["open_now"]) for one in found["stages"]] == [
        ("New", None, 1), ("Offer", None, 1),
    ]  # fmt: skip


def test_stages_without_an_order(told):
    found = told(more="")
    assert {one["stage"]: one["reached"] for one in found["stages"]} == {"New": 3, "Offer": 2, "Won": 1}
    assert found["shares"][1] == {
        "share": "happy", "k": 0, "n": 0, "value": None, "low": None, "high": None,
    }  # fmt: skip


def test_steps_of_the_description(told, tmp_path):
    folder = tmp_path / "process"
    folder.mkdir()
    steps = "steps: [{stage: Sale, name: Both, crm_stages: [New, Offer]}]\n"
    text = f"format: 1\nname: P\nversion: as_is\nstages: [{{name: Sale}}]\n{steps}"
    (folder / "as-is.yml").write_text(text, encoding="utf-8")
    found = told("--steps")
    assert found["places"] == "steps"
    # New to Offer twice within the step, and New to New, which is no move among stages either: 7 rows in all
    assert (found["events"], found["self_loops"]["n"], found["rows"]["kept"]) == (4, 3, 7)
    assert [(one["from"], one["to"], one["n"], one["median_days"]) for one in found["edges"]] == [
        ("Both", "Won", 1, 4.0)
    ]
    assert [one["path"] for one in found["variants"]] == [["Both"], ["Both", "Won"]]
    assert {one["stage"]: one["pipeline"] for one in found["stages"]} == {"Both": None, "Won": None}


def test_a_table_for_the_eye(told):
    out = told("--format", "table")
    assert "New → Offer → Won" in out
    assert "Moves between two stages at one moment: 1." in out
    assert "left out: 1." in out


def test_every_row_of_the_history_is_accounted_for(told):
    """Seven rows and three more: one without a stage, one twice, one in another spelling."""
    found = told(history=HISTORY + "3,2026-02-04T10:00,\n3,2026-02-03T10:00,New\n3,2026-02-05T10:00,OFFER\n")
    rows = found["rows"]
    assert (rows["read"], rows["kept"], rows["set_aside"]) == (10, 8, {"no_stage": 1, "same_row": 1})
    assert found["events"] + found["self_loops"]["n"] == rows["kept"]
    assert {one["code"]: one["samples"] for one in rows["notes"]} == {"stage_spelling": "OFFER (1) → Offer"}
    text = told("--format", "table", history=HISTORY + "3,2026-02-05T10:00,OFFER\n")
    assert "Rows of the history: 8 read, 8 kept." in text
    assert "OFFER (1) → Offer" in text
