"""Answers that are damaged, hostile or none: a refusal that says what and which, or a note, never a guess."""

from __future__ import annotations

import json

import pytest

from crmkit.errors import CrmkitError, Refusals, SourceError
from crmkit.sources.load import load, load_report
from crmkit.sources.saved import answer_files, parse
from tests.sources.conftest import rows

LEAD = {"id": 1, "name": "A", "pipeline_id": 1, "status_id": 142, "price": 5, "created_at": 1_767_252_600}


def page(*leads: object, kind: str = "leads") -> str:
    return json.dumps({"_page": 1, "_links": {}, "_embedded": {kind: list(leads)}})


@pytest.fixture
def refused(make):
    """Return what a folder of answers is refused with: place and sentence of each fault."""

    def told(files: dict, crm: str = "amocrm") -> list[tuple[str, str]]:
        with pytest.raises(CrmkitError) as caught:
            make(f"crm: {crm}\napi: api\n", files)
        errors = caught.value.errors if isinstance(caught.value, Refusals) else (caught.value,)
        assert all(isinstance(error, SourceError) and error.remedy for error in errors)
        return [(error.where, str(error.what)) for error in errors]

    return told


def test_every_damaged_answer_is_told(refused):
    whole = page(LEAD)
    files = {
        "api/1-cut.json": whole[:-20],
        "api/2-page.json": "<!DOCTYPE html><html><title>502 Bad Gateway</title></html>",
        "api/3-refused.json": '{"title":"Unauthorized","status":401,"detail":"No token"}',
        "api/4-deep.json": '{"_embedded":{"leads":' + "[" * 100_000 + "]" * 100_000 + "}}",
        "api/5-bytes.json": b'{"name":"\xcf\xf0\xe8\xe2\xe5\xf2"}',
        "api/6-nan.json": '{"_embedded":{"leads":[{"id":NaN}]}}',
        "api/7-digits.json": '{"_embedded":{"leads":[{"id":' + "9" * 10_000 + "}]}}",
        "api/8-whole.json": whole,
    }
    told = refused(files)
    assert [where for where, _ in told] == sorted(files)[:-1]
    said = [what for _, what in told]
    assert said[0].startswith("the answer cannot be read as JSON; it may be cut off: ")
    assert said[1:5] == [
        "this is a web page, not an answer of the CRM",
        "the CRM refused to answer",
        "the answer is nested too deeply",
        "the file is not UTF-8 text",
    ]
    assert all(what.startswith("the answer cannot be read as JSON") for what in said[5:])


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"},
        {"result": {"result": {"a": []}, "result_error": {"b": {"error": "ACCESS_DENIED"}}}},
    ],
)
def test_a_refusal_of_bitrix24(refused, answer):
    assert refused({"api/1.json": json.dumps(answer)}, "bitrix24") == [
        ("api/1.json", "the CRM refused to answer")
    ]


def test_folders_without_answers(refused, make):
    assert refused({"api/readme.txt": "x"}) == [("client.yml: api", "no answer of a CRM is in the folder")]
    assert refused({"other/1.json": page(LEAD)}) == [("client.yml: api", "there is no such folder")]
    # answers without any date: which moment the report describes is not known
    nothing = {"api/1.json": page(), "api/2.json": b""}
    assert refused(nothing)[0][1].startswith("no row carries a date")


def test_unknown_records_are_noted(make):
    files = {
        "api/1.json": page(LEAD),
        "api/2.json": page({"id": 7, "next_price": 5}, {"id": 8, "next_price": 6}, kind="customers"),
        "api/3.json": '{"something": "else"}',
        "api/4.json": "[1, null]",
        "api/5.json": "",
    }
    crm = make("crm: amocrm\napi: api\n", files)
    assert crm.notes["unknown_answer", ""] == (5, "api/2.json · api/3.json · api/4.json")
    assert len(crm.deals) == 1
    files = crm.report.files.set_index("path")
    assert files["rows_read"].tolist() == [1, 2, 1, 2, 0]
    assert files["rows_kept"].tolist() == [1, 0, 0, 0, 0]


def test_values_of_the_wrong_kind(make):
    """Nothing of this is refused: what a record does not say in its place, it does not say."""
    odd = [
        {**LEAD, "id": 2, "name": "\u0000B\ud800\u0301", "price": "1e3", "_embedded": None},
        {**LEAD, "id": 3, "name": ["x"], "_embedded": {"contacts": "none", "companies": [7]}},
        {**LEAD, "id": 4, "custom_fields_values": [None, {"field_name": "amount", "values": [{"value": 9}]}]},
        {**LEAD, "id": 5, "custom_fields_values": {"a": 1}, "created_at": 10**30},
        {**LEAD, "id": None},
        7,
    ]
    crm = make(
        "crm: amocrm\napi: api\n", {"api/1.json": page(LEAD, *odd), "api/2.json": '{"_embedded": null}'}
    )
    assert rows(crm.deals, "deal_id title amount created_at") == [
        ("1", "A", 5, "01-01 10:30"),
        ("2", "B\u0301", 1000, "01-01 10:30"),
        ("3", "x", 5, "01-01 10:30"),
        ("4", "A", 5, "01-01 10:30"),
        ("5", "A", 5, None),
    ]
    # a field of the client's own never takes the place of what the CRM itself says
    assert crm.deals["amount.2"].tolist()[3] == "9"
    assert sorted(crm.aside) == [(6, "no_id"), (7, "no_id")]
    assert crm.notes["unreadable", "created_at"][0] == 1


def test_a_change_in_any_answer_is_read_again(make):
    crm = make("crm: amocrm\napi: api\n", {"api/1.json": page(LEAD)})
    assert load(crm.client).deals["amount"].tolist() == [5]
    (crm.client.folder / "api" / "2.json").write_text(page({**LEAD, "price": 6, "updated_at": 2}), "utf-8")
    assert load(crm.client).deals["amount"].tolist() == [6]
    assert load_report(crm.client).set_aside["reason"].tolist() == ["same_id"]


def test_answers_beside_files(make):
    """Answers and a file of another system feed one client; a record of both stands once."""
    settings = (
        "crm: amocrm\napi: api\nfiles:\n  - path: calls.csv\n    table: activities\n"
        "    columns: {when: at, deal: deal_id, kind: kind}\n"
    )
    note = {"id": 9, "note_type": "call_out", "entity_id": 1, "created_at": 1_767_252_600, "params": {}}
    files = {
        "api/1.json": page(LEAD),
        "api/2.json": page(note, kind="notes"),
        "calls.csv": "when,deal,kind\n2026-01-02 10:00,1,call\n2026-01-03 10:00,,call\n",
    }
    crm = make(settings, files)
    assert rows(crm.activities, "deal_id at file line") == [
        (None, "01-03 10:00", "calls.csv", 3),
        ("1", "01-01 10:30", "api/2.json", 1),
        ("1", "01-02 10:00", "calls.csv", 2),
    ]


def test_files_come_in_order_of_their_path(tmp_path):
    for name in ("leads/0002-00001.json", "leads/0001-00002.json", "b.json", ".pull/state.json"):
        (tmp_path / "api" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "api" / name).write_text(" [ ] ", encoding="utf-8")
    found = answer_files(tmp_path, "api")
    assert [name for name, _ in found] == [
        "api/b.json",
        "api/leads/0001-00002.json",
        "api/leads/0002-00001.json",
    ]
    assert parse(*found[0]) == []
