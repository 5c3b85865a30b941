"""``crmkit process new`` and ``convert``: what they write, and that they never overwrite."""

from __future__ import annotations

import datetime as dt

import pytest
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.errors import RequestError
from crmkit.present.process_words import all_book_words, described
from crmkit.process.book import read_book
from crmkit.process.yamlform import read_description, write_yaml

CLIENT = """\
format: 1
name: Client
crm: plain
language: en
files: [{path: deals.csv, table: deals}]
pipelines: [{name: Cold, stages: [{name: Offer}, {name: Won, kind: won}]}]
"""


@pytest.fixture
def client(tmp_path):
    (tmp_path / "client.yml").write_text(CLIENT, encoding="utf-8")
    (tmp_path / "deals.csv").write_text("ID\n1\n", encoding="utf-8")
    return tmp_path


def run(*words):
    found = CliRunner().invoke(app, ["process", *map(str, words)])
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.output


def test_a_description_begins_with_a_template_as_a_workbook(client):
    said = "".join(run("new", client).split())  # what to do next is said
    assert f"crmkitprocesslint{client}" in said and f"crmkitrun{client}--notebooks02,03" in said
    process, repairs = read_book(client / "process" / "as-is.xlsx", all_book_words())
    assert process.version == "as_is" and len(process.steps) > 3 and repairs == ()
    with pytest.raises(RequestError, match="described already"):
        run("new", client, "--format", "yml")  # the same version in the other form


def test_a_to_be_version_begins_with_the_process_as_it_is(client):
    run("new", client, "--template", "short", "--format", "yml")
    run("new", client, "--version", "to_be", "--date", "2026-12-01")
    found = described(client)
    assert found.files["to_be", dt.date(2026, 12, 1)].name == "to-be-2026-12-01.xlsx"
    assert found.target == found.as_is.in_version("to_be", dt.date(2026, 12, 1))
    with pytest.raises(RequestError, match="--date"):
        run("new", client, "--version", "to_be", "--date", "soon")


def test_a_workbook_becomes_yaml_and_yaml_a_workbook_that_offers_the_clients_stages(client):
    openpyxl = pytest.importorskip("openpyxl")
    run("new", client)
    book, text = client / "process" / "as-is.xlsx", client / "process" / "as-is.yml"
    run("convert", book)
    process = read_description(text)
    changed = process.model_copy(update={"name": "Changed"})
    write_yaml(text, changed)
    with pytest.raises(RequestError, match="such a file already"):
        run("convert", text)
    run("convert", text, "--replace")
    assert read_book(book, all_book_words())[0] == changed
    page = openpyxl.load_workbook(book)["CRM stages"]
    assert [page.cell(row, 3).value for row in (4, 5)] == ["Cold › Offer", "Cold › Won"]
    with pytest.raises(RequestError, match="XLSX or YAML"):
        run("convert", book, "--to", client / "a.docx")


def test_documents_are_written_for_the_version_that_is_asked_for(client, tmp_path):
    (client / "deals.csv").write_text("deal_id,stage,created_at\n1,Offer,2026-03-01\n", encoding="utf-8")
    run("new", client, "--format", "yml")
    run("new", client, "--version", "to_be", "--date", "2026-12-01")
    run("documents", client, "--to", tmp_path / "out", "--version", "as_is")
    assert read_description(tmp_path / "out" / "process.yml").version == "as_is"
    (tmp_path / "out" / "regulation.docx").write_bytes(b"mine")
    with pytest.raises(RequestError, match="already"):
        run("documents", client, "--to", tmp_path / "out", "--language", "ru")
    assert (tmp_path / "out" / "regulation.docx").read_bytes() == b"mine"
    run("documents", client, "--to", tmp_path / "out", "--language", "ru", "--replace")
    assert read_description(tmp_path / "out" / "process.yml").version == "to_be"
    assert len(list((tmp_path / "out").iterdir())) == 10
    with pytest.raises(RequestError, match="no such description"):
        run("documents", client, "--to", tmp_path / "other", "--version", "2020-01-01")
