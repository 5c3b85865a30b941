"""``crmkit checklist``: made, filled in, read and shown; a mistake in the workbook keeps nothing."""

from __future__ import annotations

import json

import openpyxl
import pytest
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.errors import Refusals, RequestError, SourceError


def run(*words):
    done = CliRunner().invoke(app, ["checklist", *map(str, words)], env={"CRMKIT_LANGUAGE": "en"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def client(snapshot, tmp_path):
    snapshot([{"created_at": "2026-02-01", "source": "fair"} for _ in range(100)])
    return tmp_path / "1"


def fill(path, **answers):
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    for row in page.iter_rows(min_row=5):
        if row[0].value in answers:
            row[6].value = answers[row[0].value]
    book.save(path)


def test_a_checklist_is_made_filled_in_read_and_shown(client):
    path = client / "audit" / "checklist-2026-03-31.xlsx"
    assert str(path) in run("make", client, "--language", "en").replace("\n", "")
    fill(path, A01="yes", A02="perhaps")
    with pytest.raises(Refusals, match=r"Checklist G6: there is no such answer"):
        run("read", client, path)
    assert not (client / "audit" / "answers").exists()
    fill(path, A01="partly", A02="no")
    out = run("read", client, path)
    assert "2 new, 0 changed, 0 taken back, 0 known" in out and "78 questions are not answered yet" in out
    assert "0 new, 0 changed, 0 taken back, 2 known" in run("read", client, path)
    shown = run("show", client)
    assert "2 of 80" in shown and "There is no earlier audit of this client" in shown


def test_programs_are_told_codes_and_figures(client, tmp_path):
    path = tmp_path / "a.xlsx"
    run("make", client, "--to", path, "--language", "en")
    fill(path, A01="partly", A02="no", A03="yes")
    run("read", client, path)
    told = json.loads(run("show", client, "--format", "json"))
    # A01 to A05 weigh 3 2 2 2 2; answered are 3 + 2 + 2 of 11, at ½, 0 and 1: (1.5 + 0 + 2) ÷ 7 = ½
    area = told["areas"][0]
    assert (told["day"], told["before"], told["changes"], area["area"]) == ("2026-03-31", None, None, "leads")
    assert (area["score"], area["state"]) == (0.5, "ok")
    assert (area["answered"], area["asked"], told["total"]["answered"], told["total"]["score"]) == (
        3,
        5,
        3,
        None,
    )
    # A02 weighs 2 and is a no: 2 × 1; A01 weighs 3 and is half done: 3 × ½
    assert [(one["question"], one["loss"]) for one in told["points"]] == [("A02", 2.0), ("A01", 1.5)]
    # all 100 deals name a source: at least 96 % by Wilson's interval, so the data suggest «yes»
    (one,) = told["contradictions"]
    assert (one["question"], one["answer"], one["suggested"], one["direction"]) == (
        "A02",
        "no",
        "yes",
        "worse",
    )
    assert (one["k"], one["n"], one["value"]) == (100, 100, 1) and 0.96 < one["low"] < 1
    assert len(told["unanswered"]) == 77 and "A04" in told["unanswered"]


def test_a_new_audit_is_compared_and_an_old_workbook_is_refused(client, tmp_path):
    old, new = tmp_path / "old.xlsx", tmp_path / "new.xlsx"
    run("make", client, "--to", old, "--as-of", "2026-02-28", "--language", "en")
    fill(old, A01="no")
    run("read", client, old)
    assert "The audit of 2026-03-31" in run("make", client, "--to", new, "--new", "--language", "en")
    fill(new, A01="yes")
    run("read", client, new)
    told = json.loads(run("show", client, "--format", "json"))
    assert (told["day"], told["before"]) == ("2026-03-31", "2026-02-28")
    assert told["changes"]["answers"] == [
        {"question": "A01", "area": "leads", "before": "no", "now": "yes", "direction": "better"}
    ]
    with pytest.raises(SourceError, match="a later audit has begun"):
        run("read", client, old)
    assert "1 known" in run("read", client, old, "--earlier")


def test_a_workbook_that_may_be_filled_in_is_not_written_over(client, tmp_path):
    path = tmp_path / "mine.xlsx"
    run("make", client, "--to", path)
    with pytest.raises(RequestError, match="such a file already"):
        run("make", client, "--to", path)
    run("make", client, "--to", path, "--replace")


def test_a_file_that_is_not_there_and_one_without_answers(client, tmp_path):
    with pytest.raises(RequestError, match="no such file"):
        run("read", client, tmp_path / "x.xlsx")
    run("make", client, "--to", tmp_path / "a.xlsx")
    assert "holds no answer" in run("read", client, tmp_path / "a.xlsx")
