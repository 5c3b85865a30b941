"""What a rep only inherited: by the history of stages, by the day of hiring; the unknown is the rep's own."""

from __future__ import annotations

import pytest

from crmkit.audit import examine, find_check
from crmkit.audit.inheritance import inherited


def of(crm):
    audit = examine(crm, checks=[find_check("H01")])
    return dict(zip(audit.violations["id"], inherited(audit).tolist(), strict=True))


def change(deal, day, rep, stage="Offer"):
    return {"deal_id": deal, "changed_at": f"2026-03-{day:02}", "to_stage": stage, "manager_id": rep}


@pytest.fixture
def handed(snapshot):
    """Return the audit of one deal of Ann's whose violation began on 10 March, with a history."""

    def made(*changes, owner="Ann", **more):
        deal = {"status": "open", "created_at": "2026-03-01", "manager_id": owner}
        act = {"deal_id": "1", "completed_at": "2026-03-10 00:00", "created_at": "2026-03-01"}
        return of(
            snapshot(deals=[deal], tasks=[act], **({"stage_changes": changes} if changes else {}), **more)
        )["1"]

    return made


def test_it_began_while_the_deal_was_anothers(handed):
    # Bob owned it at the start and still on 12 March; Ann from 15 March on.
    history = [change("1", 1, "Bob", "New"), change("1", 12, "Bob"), change("1", 15, "Ann", "New")]
    assert handed(*history) is True
    # no stage was entered since Ann has it: still Bob's on 12 March, after it began
    assert handed(*history[:2]) is True


def test_when_it_was_handed_over_is_not_known(handed):
    # Bob's on 1 March, Ann's on 15 March: on the 10th it may have been Ann's already.
    assert handed(change("1", 1, "Bob", "New"), change("1", 15, "Ann")) is False
    assert handed(change("1", 1, "Bob", "New")) is False


def test_it_began_while_the_deal_was_the_reps_own(handed):
    assert handed(change("1", 1, "Ann", "New"), change("1", 12, "Ann")) is False
    # lent to Bob later and taken back: on the 10th it was Ann's
    assert (
        handed(change("1", 1, "Ann", "New"), change("1", 12, "Bob"), change("1", 15, "Ann", "New")) is False
    )


def test_the_unknown_is_the_reps_own(handed):
    assert handed(change("1", 1, "", "New"), change("1", 12, "")) is False  # the history names no owners
    assert handed() is False  # there is no history


def test_it_began_before_the_rep_was_hired(handed):
    assert handed(managers=[{"name": "Ann", "hired_on": "2026-03-11"}]) is True
    assert handed(managers=[{"name": "Ann", "hired_on": "2026-03-10"}]) is False


def test_deals_do_not_mix(snapshot):
    deals = [
        {"status": "open", "created_at": "2026-03-01", "manager_id": rep} for rep in ("Ann", "Bob", "Cy")
    ]
    history = [change("1", 1, "Bob", "New"), change("1", 12, "Bob"), change("2", 1, "Bob", "New"),
               change("2", 12, "Bob"), change("3", 1, "Ann", "New"), change("3", 12, "Bob")]  # fmt: skip
    acts = [{"deal_id": one, "completed_at": "2026-03-10", "created_at": "2026-03-01"} for one in "123"]
    assert of(snapshot(deals=deals, stage_changes=history, tasks=acts)) == {"1": True, "2": False, "3": True}
