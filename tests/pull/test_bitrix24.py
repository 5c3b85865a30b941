"""Bitrix24: pages by id, limits by code, and a webhook that nobody sees."""

from __future__ import annotations

import copy
import json

import pytest

from crmkit.errors import PullError
from crmkit.pull import pull
from tests.pull.conftest import BITRIX, CODE, CUT, Portal, bitrix_answer, dumped, make_client, saved

ENVIRON = {"CRMKIT_TOKEN": f"1/{CODE}"}


@pytest.fixture
def portal(serve):
    return serve(Portal(bitrix_answer(copy.deepcopy(BITRIX))))


@pytest.fixture
def run(portal, tmp_path, patience):
    def pulled(folder=tmp_path, **options):
        client = make_client(folder, "bitrix24", portal.address)
        return pull(client, clock=patience.clock, environ=ENVIRON, **options)

    return pulled


def test_pages_go_by_id(run, portal, tmp_path):
    came = run()
    assert {one.entity: (one.pages, one.records) for one in came} == {
        "deals": (3, 120), "stagehistory": (1, 1), "activities": (1, 1), "tasks": (1, 1),
        "companies": (1, 0), "contacts": (1, 1), "users": (1, 1), "categories": (1, 1), "statuses": (1, 2),
        "fields": (1, 2), "calls": (1, 1),
    }  # fmt: skip
    deals = portal.paths("/crm.deal.list")
    assert deals[0].path == f"/rest/1/{CODE}/crm.deal.list"
    assert [one.body for one in deals] == [
        {"order": {"ID": "ASC"}, "select": ["*", "UF_*"], "start": -1, "filter": {">ID": last}}
        for last in (0, 50, 100)
    ]
    files = saved(tmp_path)
    assert [files[f"deals/0001-0000{page}.json"] for page in (1, 2, 3)] == [
        portal.answer(one)[1] for one in deals
    ]
    assert json.loads(files["companies/0001-00001.json"])["result"] == []  # known to be none


def test_each_method_is_asked_in_its_own_way(run, portal):
    run()
    bodies = {one.path.rsplit("/", 1)[-1]: one.body for one in portal.asked}
    assert bodies["crm.stagehistory.list"]["entityTypeId"] == 2
    assert bodies["crm.category.list"] == {"entityTypeId": 2}
    assert bodies["crm.status.list"] == {"order": {"SORT": "ASC"}}
    assert bodies["user.get"] == {"SORT": "ID", "ORDER": "ASC", "start": -1, "FILTER": {">ID": 0}}
    assert bodies["voximplant.statistic.get"] == {"SORT": "ID", "ORDER": "ASC", "FILTER": {">ID": 0}}
    assert "UF_CRM_TASK" in bodies["tasks.task.list"]["select"]


def test_the_next_pull_asks_for_what_has_changed_since(run, portal):
    run()
    portal.asked.clear()
    run()
    filters = {
        one.path.rsplit("/", 1)[-1]: one.body.get("filter") or one.body.get("FILTER") for one in portal.asked
    }
    # NOW is 2026-09-21T14:13:20 UTC. The last deal was changed 880 s before, the task 700 s, the call began
    # 500 s before; of calls a day is asked again, for they are recorded after they end
    assert filters["crm.deal.list"] == {">ID": 0, ">=DATE_MODIFY": "2026-09-21T13:58:40+00:00"}
    assert filters["tasks.task.list"] == {">ID": 0, ">=CHANGED_DATE": "2026-09-21T14:01:40+00:00"}
    assert filters["voximplant.statistic.get"][">=CALL_START_DATE"] == "2026-09-20T14:05:00+00:00"
    assert filters["crm.company.list"] == {">ID": 0}  # none was seen
    assert filters["user.get"] == {">ID": 0} and filters["crm.status.list"] is None


@pytest.mark.parametrize(
    "answer",
    [
        (503, dumped({"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"})),
        (429, dumped({"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked"})),
        (200, dumped({"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"})),
    ],
)
def test_limits_are_waited_for(run, portal, patience, tmp_path, answer):
    portal.troubles = dict.fromkeys(range(2, 12), answer)
    run()
    assert patience.waited[:10] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert len(saved(tmp_path)) == 13


def test_two_a_second_in_the_long_run(run, portal, patience):
    contacts = [{"ID": str(i), "DATE_MODIFY": "2026-09-01T00:00:00+03:00"} for i in range(1, 4001)]
    portal.answer = bitrix_answer(BITRIX | {"crm.contact.list": contacts})
    run()
    # 81 pages of contacts and 12 other requests, of which 40 may go at once
    assert len(portal.asked) == 93
    assert patience.now == pytest.approx((93 - 40) / 2)


@pytest.mark.parametrize("broken", [1, 2, 3, 6])
def test_a_cut_pull_goes_on_and_loses_and_doubles_nothing(run, portal, tmp_path, broken):
    run(tmp_path / "whole")
    portal.asked.clear()
    portal.troubles = dict.fromkeys(range(broken, broken + 5), CUT)
    with pytest.raises(PullError, match="cannot be reached"):
        run(tmp_path / "cut")
    assert len(saved(tmp_path / "cut")) == broken - 1
    run(tmp_path / "cut")
    assert saved(tmp_path / "cut") == saved(tmp_path / "whole")


@pytest.mark.parametrize(
    "answer",
    [
        (403, dumped({"error": "insufficient_scope", "error_description": "Higher privileges"})),
        (404, dumped({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"})),
        (400, dumped({"error": "", "error_description": "Access denied."})),
    ],
)  # fmt: skip
def test_no_telephony_is_a_note(run, portal, answer):
    portal.troubles = {13: answer}
    came = run()
    assert [(one.entity, one.refusal is not None) for one in came[-2:]] == [
        ("fields", False),
        ("calls", True),
    ]


def test_a_server_that_repeats_a_page_does_not_go_on_for_ever(run, portal, tmp_path):
    portal.answer = lambda asked: (200, dumped({"result": BITRIX["crm.deal.list"][:50]}))
    with pytest.raises(PullError, match="no answer of this CRM"):
        run()
    assert list(saved(tmp_path)) == ["deals/0001-00001.json"]


def test_times_without_a_zone_are_not_believed(run, portal):
    portal.answer = bitrix_answer(
        BITRIX | {"crm.deal.list": [{"ID": "1", "DATE_MODIFY": "2026-09-01T10:00:00"}]}
    )
    run()
    portal.asked.clear()
    run()
    assert portal.asked[0].body["filter"] == {">ID": 0}


def test_an_account_that_moved_is_not_mixed_in(run, portal, tmp_path, patience):
    run()
    other = make_client(tmp_path, "bitrix24", portal.address.replace("127.0.0.1", "localhost"))
    with pytest.raises(Exception, match="another account"):
        pull(other, clock=patience.clock, environ=ENVIRON)
    (tmp_path / ".crmkit" / "pull.json").write_text('{"format": 1}')
    with pytest.raises(Exception, match="damaged"):
        run()
