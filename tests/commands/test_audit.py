"""crmkit audit: for programs, for the eye, kept from one day to the next; and crmkit list checks."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.audit import hygiene_checks
from crmkit.cli import app
from crmkit.errors import Refusals, RequestError
from crmkit.present.study import open_study

SETTINGS = """format: 1
name: Client
crm: amocrm
account: https://firm.amocrm.ru
time_zone: Europe/Moscow
as_of: {day}
files:
- path: deals.csv
  table: deals
  columns: {{N: deal_id, T: title, S: stage, M: manager_id, C: created_at, R: lost_reason}}
- {{path: tasks.csv, table: tasks, columns: {{N: task_id, D: deal_id, C: created_at, U: due_at, T: title}}}}
pipelines:
- {{name: Sales, stages: [{{name: New}}, {{name: Won, kind: won}}, {{name: Lost, kind: lost}}]}}
managers:
- {{name: Ann, team: East}}
- {{name: Bob, team: East}}
"""
DEALS = (
    "N,T,S,M,C,R\n1,<b>One</b>,New,Ann,2026-10-01,\n2,=2+2,New,Bob,2026-10-02,\n"
    "3,Three,Lost,Ann,2026-10-03,\n4,Four,Lost,Ann,2026-10-03,price\n"
)
TASKS = "N,D,C,U,T\n7,4,2026-10-03,2026-10-04,Call\n"


def write(folder: Path, day: str = "2026-10-31", deals: str = DEALS) -> Path:
    (folder / "client.yml").write_text(SETTINGS.format(day=day), encoding="utf-8")
    (folder / "deals.csv").write_text(deals, encoding="utf-8")
    (folder / "tasks.csv").write_text(TASKS, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    monkeypatch.setenv("CRMKIT_LANGUAGE", "en")


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def told(*arguments: object) -> dict:
    found = json.loads(run(*arguments, "--format", "json"))
    return found | {"checks": {one["id"]: one for one in found["checks"]}}


def test_programs_get_every_check_with_its_rows(tmp_path):
    (tmp_path / "exceptions.csv").write_text(
        "check;id;reason;until\nH01;2;=cmd|x <i>;2026-12-31\nH05;99;gone;2026-12-31\n", encoding="utf-8"
    )
    found = told(write(tmp_path))
    assert (found["as_of"], found["period"], found["previous"]) == (
        "2026-10-31T23:59:59.999999+03:00", "all", None,
    )  # fmt: skip
    assert len(found["checks"]) == 23
    # H01: of the two open deals both have no task; one is waived.
    one = found["checks"]["H01"]
    assert (one["state"], one["checked"], one["violations"], one["waived"], one["rate"]) == (
        "failed", 2, 2, 1, 0.5,
    )  # fmt: skip
    assert one["low"] < 0.5 < one["high"] and one["remedies"] == one["missing"] == []
    first, second = one["offenders"]
    assert first == {
        "table": "deals", "id": "1", "name": "<b>One</b>", "deal_id": "1", "manager_id": "Ann",
        "manager": "Ann", "since": "2026-10-01T00:00:00+03:00",
        "what": "no task is open, and nothing has been done yet",
        "url": "https://firm.amocrm.ru/leads/detail/1", "waived": False, "waiver": None, "until": None,
        "inherited": False,
    }  # fmt: skip
    assert (second["waived"], second["waiver"], second["until"]) == (True, "=cmd|x <i>", "2026-12-31")
    # H14 cannot be examined without a history: it says what is missing and how to get it.
    bare = found["checks"]["H14"]
    assert (bare["state"], bare["reason"], bare["rate"]) == ("not_applicable", "not_in_export", None)
    assert bare["missing"] and bare["remedies"] and bare["changes"] is None and not bare["offenders"]
    assert found["remarks"] == [
        "exceptions.csv:3: H05 finds nothing wrong with 99: the exception is not needed."
    ]


def test_reps_and_teams_are_told_apart(tmp_path):
    found = told(write(tmp_path), "--check", "5", "--check", "h01")
    assert list(found["checks"]) == ["H05", "H01"]
    # H05: of two lost deals of Ann's one has no reason. H01: one open deal each, both without a task.
    reps = {one["manager"]: one for one in found["reps"]}
    counts = {
        rep: {part["check"]: (part["checked"], part["violations"]) for part in one["by_check"]}
        for rep, one in reps.items()
    }
    assert counts == {"Ann": {"H05": (2, 1), "H01": (1, 1)}, "Bob": {"H01": (1, 1)}}
    assert reps["Ann"]["score"] is None and reps["Ann"]["n"] == 3  # too few for a score
    (team,) = found["teams"]
    assert (team["team"], team["n"], team["violations"]) == ("East", 4, 3)
    assert not (tmp_path / "audit").exists()  # a part of the checklist is not kept


def test_the_next_audit_tells_what_changed(tmp_path):
    told(write(tmp_path, "2026-10-24"))
    deals = DEALS.replace("2,=2+2,New,Bob", "2,=2+2,Won,Bob").replace("1,<b>One</b>,New,Ann", "1,One,New,Bob")
    found = told(write(tmp_path, "2026-10-31", deals + "5,Five,New,Ann,2026-10-30,\n"))
    assert found["previous"] == "2026-10-24T23:59:59.999999+03:00"
    change = found["checks"]["H01"]["changes"]
    # 1 is Bob's now, 2 was won, 5 is new.
    assert change == {
        "state": "compared", "open": 2, "new": 1, "still": 0, "moved_in": 1, "fixed": 1, "gone": 0,
        "excused": 0, "moved_out": 1,
    }  # fmt: skip
    (ann,) = [one for one in found["reps"] if one["manager"] == "Ann"]
    (mine,) = [part for part in ann["by_check"] if part["check"] == "H01"]
    assert (mine["changes"]["new"], mine["changes"]["moved_out"]) == (1, 1)
    assert found["remarks"] == []
    # for a period the dynamics are still those of the whole time
    part = told(tmp_path, "--period", "2026-09")
    assert part["period"] == "2026-09" and part["checks"]["H01"]["changes"] == change
    with (tmp_path / "client.yml").open("a", encoding="utf-8") as settings:
        settings.write("limits: {stale_days: 30}\n")
    (remark,) = told(tmp_path)["remarks"]
    assert "settings have changed" in remark


def test_nothing_is_kept_where_it_is_not_wanted_or_not_possible(tmp_path):
    run(write(tmp_path), "--no-record")
    assert not (tmp_path / "audit").exists()
    (tmp_path / "audit").write_bytes(b"")
    (remark,) = told(tmp_path)["remarks"]
    assert remark.startswith("audit/history/2026-10-31.json: what the audit found cannot be kept here")


def test_people_get_a_row_a_check_and_spreadsheets_a_row_an_offender(tmp_path):
    printed = run(write(tmp_path))
    assert all(one.id in printed for one in hygiene_checks())
    rows = list(csv.DictReader(io.StringIO(run(tmp_path, "--format", "csv", "--check", "H01"))))
    assert [(row["check"], row["id"], row["name"]) for row in rows] == [
        ("H01", "1", "<b>One</b>"), ("H01", "2", "'=2+2"),
    ]  # fmt: skip


def test_an_unknown_check_is_refused(tmp_path):
    with pytest.raises(RequestError):
        run(write(tmp_path), "--check", "H99")


def test_the_checks_are_listed_with_their_cards():
    done = CliRunner().invoke(app, ["list", "checks", "--format", "json", "--language", "en"])
    rows = json.loads(done.stdout)
    assert [row["id"] for row in rows] == [one.id for one in hygiene_checks()] and len(rows) == 23
    first = rows[0]
    assert first["severity"] == "critical" and first["needs"] and all(
        first[name] for name in ("title", "definition", "evidence", "why", "fix")
    )  # fmt: skip
    russian = CliRunner().invoke(app, ["list", "checks", "--format", "json", "--language", "ru"])
    assert json.loads(russian.stdout)[0]["title"] == "Открытые сделки без задачи"


def test_the_sample_is_audited_as_it_was_planted(tmp_path):
    folder = shutil.copytree(
        Path(__file__).parents[2] / "data" / "sample" / "vektor", tmp_path / "v",
        ignore=shutil.ignore_patterns(".crmkit", "audit"),
    )  # fmt: skip
    found = told(folder, "--check", "H01", "--no-record")
    planted = ["1814", "1984", "2010", "2026", "2032", "2034", "2044"]
    assert sorted(one["id"] for one in found["checks"]["H01"]["offenders"]) == planted


def test_a_remark_moves_no_terminal(tmp_path):
    (write(tmp_path) / "exceptions.csv").write_text(
        "check;id;reason;until\nH05;9\x1b[2J\u202e9;agreed;2026-12-31\n", encoding="utf-8"
    )
    assert "H05 finds nothing wrong with 9[2J9" in run(tmp_path)


def test_a_mistake_in_the_exceptions_is_told_in_the_readers_language(tmp_path):
    (write(tmp_path) / "exceptions.csv").write_text(
        "check;id;reason;until\nH01;2;;2026-12-31\n", encoding="utf-8"
    )
    study = open_study(tmp_path, language="ru")
    with pytest.raises(Refusals) as refused:
        _ = study.audit
    assert "у исключения должна быть причина" in str(refused.value)


def test_a_person_reads_under_the_table_why_checks_could_not_be_made_and_what_helps(tmp_path):
    shown = run(write(tmp_path), "--no-record")
    assert "stage_changes." not in shown and "missing" not in shown
    (line,) = [one for one in shown.splitlines() if one.startswith("H14")]
    assert "H15" in line and "history of stages is not in this export" in line  # one reason, said once


def test_a_day_that_a_mistyped_date_has_made_is_doubted(tmp_path):
    others = "".join(f"{number},More,New,Ann,2026-10-04,\n" for number in range(6, 106))
    folder = write(tmp_path, deals=f"{DEALS}{others}5,Five,New,Ann,2027-10-04,\n")
    assert json.loads(run(folder, "--format", "json", "--no-record"))["remarks"] == []
    settings = (folder / "client.yml").read_text(encoding="utf-8")
    (folder / "client.yml").write_text(settings.replace("as_of: 2026-10-31\n", ""), encoding="utf-8")
    (doubt,) = json.loads(run(folder, "--format", "json", "--no-record"))["remarks"]
    assert "ends on" in doubt and "only 1 of 106 dates are later" in doubt
    assert "only 1 of 106" in run(folder, "--no-record")
