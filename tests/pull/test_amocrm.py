"""amoCRM: what is asked, what is saved, and how the next pull goes on."""

from __future__ import annotations

import copy
import json

import pytest

from crmkit.errors import PullError
from crmkit.pull import pull
from tests.pull.conftest import AMO, CUT, NOW, TOKEN, Portal, amo_answer, dumped, make_client, saved

ENVIRON = {"CRMKIT_TOKEN": TOKEN}


@pytest.fixture
def portal(serve):
    return serve(Portal(amo_answer(copy.deepcopy(AMO))))


def test_every_answer_is_saved_as_it_came(portal, tmp_path, patience):
    came = pull(make_client(tmp_path, "amocrm", portal.address), clock=patience.clock, environ=ENVIRON)
    # 5 leads, 3 tasks and 3 events are cut into pages of two; there are no notes (204)
    assert {one.entity: (one.pages, one.records) for one in came} == {
        "leads": (3, 5), "contacts": (1, 1), "companies": (1, 1), "tasks": (2, 3), "events": (2, 3),
        "notes": (0, 0), "users": (1, 1), "pipelines": (1, 1), "loss_reasons": (1, 1),
    }  # fmt: skip
    files = saved(tmp_path)
    assert list(files)[:4] == [
        "companies/0001-00001.json", "contacts/0001-00001.json", "events/0001-00001.json",
        "events/0001-00002.json",
    ]  # fmt: skip
    asked = portal.paths("/api/v4/leads")
    assert [files[f"leads/0001-0000{page}.json"] for page in (1, 2, 3)] == [
        portal.answer(one)[1] for one in asked
    ]
    assert (tmp_path / "api" / ".gitignore").read_text() == "*\n"


def test_what_is_asked(portal, tmp_path, patience):
    pull(make_client(tmp_path, "amocrm", portal.address), clock=patience.clock, environ=ENVIRON)
    first = portal.asked[0]
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.query == {
        "limit": "250", "order[id]": "asc", "page": "1",
        "with": "contacts,loss_reason,source_id,is_price_modified_by_robot",
    }  # fmt: skip
    assert [one.query["page"] for one in portal.paths("/api/v4/leads")] == ["1", "2", "3"]
    events = portal.paths("/events")[0].query
    assert events["limit"] == "100" and events["filter[type][3]"] == "lead_status_changed"
    assert portal.paths("/leads/notes")[0].query["filter[note_type][1]"] == "call_in"


def test_the_next_pull_asks_for_what_has_changed_since(serve, tmp_path, patience):
    lists = copy.deepcopy(AMO)
    portal = serve(Portal(amo_answer(lists)))
    client = make_client(tmp_path, "amocrm", portal.address)
    pull(client, clock=patience.clock, environ=ENVIRON)
    first = saved(tmp_path)
    portal.asked.clear()
    lists["leads"][0]["updated_at"] = NOW + 40
    came = pull(client, clock=patience.clock, environ=ENVIRON)
    # the latest changes seen: the lead of NOW - 90, the task of NOW - 595, the event of NOW - 50
    assert portal.paths("/api/v4/leads")[0].query["filter[updated_at][from]"] == str(NOW - 90)
    assert portal.paths("/tasks")[0].query["filter[updated_at][from]"] == str(NOW - 595)
    assert portal.paths("/events")[0].query["filter[created_at][from]"] == str(NOW - 50)
    assert "filter[updated_at][from]" not in portal.paths("/leads/notes")[0].query  # none was seen
    assert not any("filter" in key for one in portal.paths("/users") for key in one.query)
    assert (
        next(one for one in came if one.entity == "leads").records == 2
    )  # the changed and the same second's
    now = saved(tmp_path)
    assert {name: now[name] for name in first} == first
    assert json.loads(now["leads/0002-00001.json"])["_embedded"]["leads"][0]["updated_at"] == NOW + 40


def test_what_changes_during_a_pull_is_asked_for_again(serve, tmp_path, patience):
    # the server says it is NOW, and while pages are read a lead is changed at NOW + 5: another one, on a page
    # that was read already, may have changed at NOW + 3, so the next pull asks from NOW on
    lists = copy.deepcopy(AMO)
    lists["leads"][4]["updated_at"] = NOW + 5
    portal = serve(Portal(amo_answer(lists)))
    client = make_client(tmp_path, "amocrm", portal.address)
    pull(client, clock=patience.clock, environ=ENVIRON)
    portal.asked.clear()
    pull(client, clock=patience.clock, environ=ENVIRON)
    assert portal.asked[0].query["filter[updated_at][from]"] == str(NOW)


@pytest.mark.parametrize("broken", [2, 3, 5, 9, 12])
def test_a_cut_pull_goes_on_and_loses_and_doubles_nothing(portal, tmp_path, patience, broken):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    pull(make_client(whole, "amocrm", portal.address), clock=patience.clock, environ=ENVIRON)
    portal.asked.clear()
    portal.troubles = dict.fromkeys(range(broken, broken + 5), CUT)
    client = make_client(cut, "amocrm", portal.address)
    with pytest.raises(PullError, match="cannot be reached") as caught:
        pull(client, clock=patience.clock, environ=ENVIRON)
    assert "goes on" in str(caught.value.remedy)
    before = len(portal.asked)
    came = pull(client, clock=patience.clock, environ=ENVIRON)
    assert saved(cut) == saved(whole)
    assert sum(one.records for one in came) == sum(map(len, AMO.values()))
    assert len(portal.asked) - before == 13 - (broken - 1)  # of 13 requests only those that are left


@pytest.mark.parametrize("moment", [1, 2, 4, 7])
def test_a_cut_between_a_page_and_its_place_doubles_nothing(portal, tmp_path, patience, monkeypatch, moment):
    from crmkit.pull.state import State

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    pull(make_client(whole, "amocrm", portal.address), clock=patience.clock, environ=ENVIRON)
    save, calls = State.save, []

    def dies(self, path):
        calls.append(path)
        if len(calls) == moment:
            raise KeyboardInterrupt
        save(self, path)

    client = make_client(cut, "amocrm", portal.address)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(State, "save", dies)
        pull(client, clock=patience.clock, environ=ENVIRON)
    if moment == 1:  # nothing is known of the pull that was cut, so this is another one
        (cut / "api" / "leads" / "0001-00001.json").unlink()
    pull(client, clock=patience.clock, environ=ENVIRON)
    assert saved(cut) == saved(whole)


def test_everything_again(portal, tmp_path, patience):
    client = make_client(tmp_path, "amocrm", portal.address)
    pull(client, clock=patience.clock, environ=ENVIRON)
    portal.asked.clear()
    pull(client, full=True, clock=patience.clock, environ=ENVIRON)
    assert not any(key.endswith("[from]") for one in portal.asked for key in one.query)
    files = saved(tmp_path)
    assert files["leads/0002-00003.json"] == files["leads/0001-00003.json"]


def test_what_was_thrown_away_is_fetched_anew(portal, tmp_path, patience):
    client = make_client(tmp_path, "amocrm", portal.address)
    pull(client, clock=patience.clock, environ=ENVIRON)
    for path in (tmp_path / "api" / "tasks").iterdir():
        path.unlink()
    (tmp_path / ".crmkit" / "pull.json").unlink()
    portal.asked.clear()
    pull(client, clock=patience.clock, environ=ENVIRON)
    # nothing is known any more: everything is asked for, in files of their own
    assert "tasks/0002-00002.json" in saved(tmp_path) and "leads/0001-00001.json" in saved(tmp_path)
    for path in (tmp_path / "api" / "tasks").iterdir():
        path.unlink()
    portal.asked.clear()
    pull(client, clock=patience.clock, environ=ENVIRON)
    assert "filter[updated_at][from]" not in portal.paths("/tasks")[0].query
    assert "filter[updated_at][from]" in portal.paths("/api/v4/leads")[0].query


def test_a_right_that_lacks_is_a_note(portal, tmp_path, patience):
    refusal = (
        403,
        dumped({"title": "Forbidden", "status": 403, "detail": "Access denied for a@firm.example"}),
    )
    portal.troubles = {
        11: refusal
    }  # 3 leads, 1 contacts, 1 companies, 2 tasks, 2 events, 1 notes, then users
    came = pull(make_client(tmp_path, "amocrm", portal.address), clock=patience.clock, environ=ENVIRON)
    (refused,) = [one for one in came if one.refusal is not None]
    assert refused.entity == "users"
    assert refused.refusal.samples == ("HTTP 403  Access denied for a…@…",)
    assert came[-1].entity == "loss_reasons" and came[-1].records == 1


def test_without_leads_there_is_nothing(portal, tmp_path, patience):
    portal.troubles = {1: (403, b"<html>")}
    with pytest.raises(PullError, match="no right"):
        pull(make_client(tmp_path, "amocrm", portal.address), clock=patience.clock, environ=ENVIRON)
    assert saved(tmp_path) == {}
