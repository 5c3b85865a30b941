"""The wire: pace, waiting, broken answers, and that nobody else is ever spoken to."""

from __future__ import annotations

import copy

import pytest

from crmkit.errors import PullError
from crmkit.pull import pull
from crmkit.pull.wire import Bucket, Clock
from tests.pull.conftest import AMO, CUT, TOKEN, Portal, amo_answer, dumped, make_client, saved

ENVIRON = {"CRMKIT_TOKEN": TOKEN}
PAGE = dumped({"_page": 1, "_embedded": {"leads": AMO["leads"]}})


@pytest.fixture
def portal(serve):
    return serve(Portal(amo_answer(copy.deepcopy(AMO))))


@pytest.fixture
def run(portal, tmp_path, patience):
    def pulled():
        client = make_client(tmp_path, "amocrm", portal.address)
        return pull(client, clock=patience.clock, environ=ENVIRON)

    return pulled


def test_never_faster_than_a_bucket_lets_through():
    now, entered = [0.0], []
    bucket = Bucket(
        2.0, 3.0, Clock(tick=lambda: now[0], wait=lambda seconds: now.__setitem__(0, now[0] + seconds))
    )
    for _ in range(7):
        bucket.enter()
        entered.append(now[0])
    assert entered == [0, 0, 0, 0.5, 1.0, 1.5, 2.0]  # three at once, then two a second


def test_amocrm_is_asked_at_most_seven_times_a_second(run, portal, patience):
    run()
    assert len(portal.asked) == 13
    assert patience.now >= 12 / 7


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_crm_is_waited_for_as_long_as_it_asks(run, portal, patience, tmp_path, status):
    portal.troubles = {2: (status, b"", {"Retry-After": "17"}), 3: (status, b"<html>busy</html>")}
    run()
    assert 17.0 in patience.waited and 2.0 in patience.waited  # as told; then, untold, twice the first second
    assert len(saved(tmp_path)["leads/0001-00003.json"]) > 0


def test_waiting_ends(run, portal, patience):
    portal.troubles = {0: (429, b"")}
    with pytest.raises(PullError, match="busy"):
        run()
    assert len(portal.asked) == 20
    assert 600 < patience.now < 1200  # Bitrix24's counters need ten minutes
    portal.troubles = {0: (429, b"", {"Retry-After": "86400"})}
    portal.asked.clear()
    with pytest.raises(PullError, match="busy"):
        run()
    assert len(portal.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        CUT, (200, PAGE[:-30]), (200, b"<html>sign in</html>"), (200, b"[]"), (200, b"{}"), (502, b""),
        (200, PAGE.replace(b'"_page": 1', b'"_page": 7')), (200, b"\xff\xfe"),
    ],
)  # fmt: skip
def test_a_broken_answer_is_asked_for_again(run, portal, tmp_path, answer):
    portal.troubles = {2: answer, 3: answer}
    run()
    assert len(portal.asked) == 15
    assert [name for name in saved(tmp_path) if name.startswith("leads")] == [
        f"leads/0001-0000{page}.json" for page in (1, 2, 3)
    ]


def test_an_answer_that_stays_broken_ends_the_pull_and_is_not_saved(run, portal, tmp_path):
    portal.troubles = {0: (200, b"<html>sign in</html>")}
    with pytest.raises(PullError, match="cut off") as caught:
        run()
    assert len(portal.asked) == 5 and saved(tmp_path) == {}
    assert caught.value.where == portal.address.removeprefix("http://") + ": leads"


def test_nobody_else_is_spoken_to(run, portal, serve):
    other = serve(Portal(amo_answer(AMO)))
    place = other.address.replace("127.0.0.1", "localhost")
    portal.troubles = {1: (302, b"", {"Location": f"{place}/api/v4/leads?token={TOKEN}"})}
    with pytest.raises(PullError, match="sends us on to localhost") as caught:
        run()
    assert other.asked == [] and TOKEN not in str(caught.value)
    portal.troubles = {}
    run()  # its links to next pages name another host
    assert len(portal.paths("/api/v4/leads")) == 1 + 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, dumped({"title": "Unauthorized", "status": 401})), "does not accept the token"),
        ((402, b""), "not paid"),
        ((200, dumped({"error": "expired_token", "error_description": "x"})), "does not accept the token"),
        ((503, dumped({"error": "OVERLOAD_LIMIT"})), "has shut"),
    ],
)
def test_a_closed_account_is_told_at_once(run, portal, answer, said):
    portal.troubles = {0: answer}
    with pytest.raises(PullError, match=said):
        run()
    assert len(portal.asked) == 1
