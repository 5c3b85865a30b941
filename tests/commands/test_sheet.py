"""``crmkit sheet``: the weekly sheet is made, filled in and read; a mistake in it decides nothing."""

from __future__ import annotations

import openpyxl
import pytest
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.errors import Refusals, RequestError

DEALS = [{"status": "open", "created_at": "2026-02-01", "next_task_at": ""} for _ in range(3)]
TASKS = [{"task_id": "t", "deal_id": "9", "created_at": "2026-02-01", "due_at": "2026-04-01"}]


def run(*words):
    done = CliRunner().invoke(app, ["sheet", *map(str, words)], env={"CRMKIT_LANGUAGE": "en"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def client(snapshot, tmp_path):
    snapshot(DEALS, tasks=TASKS)
    return tmp_path / "1"


def test_a_sheet_is_made_filled_in_and_read(client):
    path = client / "audit" / "audit-sheet-2026-03-31.xlsx"
    assert str(path) in run("make", client, "--language", "en").replace("\n", "")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["By rep", "By stage", "How to fill in"]
    book["By rep"]["J5"], book["By rep"]["K5"] = "waive until a day", "2026-04-30"
    book.save(path)
    with pytest.raises(Refusals, match=r"By rep L5: «waive until a day» needs something under «Note»"):
        run("read", client, path)
    assert not (client / "audit" / "decisions.csv").exists()
    book["By rep"]["L5"] = "tender"
    book.save(path)
    assert "1 new, 0 changed, 0 known" in run("read", client, path)
    assert "0 new, 0 changed, 1 known" in run("read", client, path)


def test_a_sheet_that_may_be_filled_in_is_not_written_over(client, tmp_path):
    path = tmp_path / "mine.xlsx"
    run("make", client, "--to", path, "--by", "stage", "--language", "en")
    assert openpyxl.load_workbook(path).sheetnames == ["By stage", "How to fill in"]
    with pytest.raises(RequestError, match="such a file already"):
        run("make", client, "--to", path)
    run("make", client, "--to", path, "--replace")


def test_a_file_that_is_not_there_is_told(client):
    with pytest.raises(RequestError, match="no such file"):
        run("read", client, client / "x.xlsx")
