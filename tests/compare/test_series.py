"""Weekly figures: whole weeks, per working day, from the first record on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crmkit.compare.series import lacking, weekly
from crmkit.errors import RequestError
from crmkit.schema import Snapshot


@pytest.fixture
def crm(snapshot: Callable[..., Snapshot]) -> Snapshot:
    """Deals from Wednesday 4 February 2026 on; described on Tuesday 10 March."""
    closed = [  # day, status, amount, rep
        ("02-04", "won", 900, "Ann"),  # in the week of 2 February, which is recorded from its Wednesday on
        ("02-09", "won", 100, "Ann"), ("02-13", "won", 300, "Bob"), ("02-11", "lost", 50, "Ann"),
        ("02-25", "lost", 70, "Bob"),
        ("03-04", "won", 200, "Bob"), ("03-06", "won", 250, "Ann"),
        ("03-09", "won", 500, "Ann"),  # in the week that is not over
    ]  # fmt: skip
    deals = [
        {
            "created_at": "2026-02-04",
            "closed_at": f"2026-{day}",
            "status": status,
            "amount": amount,
            "manager_id": rep,
        }
        for day, status, amount, rep in closed
    ]
    days_off = ["2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20", "2026-02-23"]
    return snapshot(deals=deals, as_of="2026-03-10", calendar={"days_off": days_off})


def mondays(frame) -> list[str]:
    return frame["week"].dt.strftime("%m-%d").tolist()


def test_money_per_working_day(crm: Snapshot):
    told = weekly(crm, "revenue")
    # The week of 16 February has no working day, that of 23 February four.
    assert mondays(told) == ["02-09", "02-23", "03-02"]
    assert told["working_days"].tolist() == [5, 4, 5]
    assert told["value"].tolist() == [400 / 5, 0, 450 / 5]
    assert told["weight"].tolist() == [5, 4, 5]
    assert told["n"].tolist() == [2, 0, 2]
    assert told["numerator"].tolist() == [400, 0, 450]
    assert told["biggest"].fillna(value=-1).tolist() == [300, -1, 250]
    assert told["biggest_weight"].fillna(value=-1).tolist() == [0, -1, 0]


def test_shares_means_and_medians(crm: Snapshot):
    rate = weekly(crm, "win_rate")
    assert rate["value"].tolist() == pytest.approx([2 / 3, 0, 1])
    assert rate["weight"].tolist() == [3, 1, 2]
    check = weekly(crm, "average_check")
    assert check["value"].iloc[[0, 2]].tolist() == [200, 225]
    assert np.isnan(check["value"].iloc[1])
    assert check["biggest_weight"].iloc[0] == 1
    median = weekly(crm, "average_check:median")
    assert median["value"].iloc[[0, 2]].tolist() == [200, 225]
    assert median["weight"].tolist() == [2, 0, 2]
    assert median["numerator"].isna().all()


def test_a_group_and_all_others(crm: Snapshot):
    assert weekly(crm, "revenue", {"manager": "Ann"})["numerator"].tolist() == [100, 0, 250]
    assert weekly(crm, "revenue", {"manager": "Ann"}, outside=True)["numerator"].tolist() == [300, 0, 200]


def test_a_closed_deal_is_of_who_owned_it_then(snapshot: Callable[..., Snapshot]):
    # Ann won both and left: they are Bob's now. Who a deal was created for is not told by the history.
    deals = [
        {"deal_id": day, "created_at": "2026-02-02", "closed_at": f"2026-02-{day}", "status": "won",
         "amount": 10, "manager_id": "Bob"}
        for day in ("03", "10")
    ]  # fmt: skip
    changes = [
        {"deal_id": one["deal_id"], "changed_at": one["closed_at"], "from_stage": "New", "to_stage": "Won",
         "manager_id": "Ann"}
        for one in deals
    ]  # fmt: skip
    crm = snapshot(deals=deals, stage_changes=changes, as_of="2026-02-16")
    assert weekly(crm, "revenue", {"manager": "Ann"})["numerator"].tolist() == [
        10
    ]  # the record begins on a Tuesday
    assert weekly(crm, "new_deals", {"manager": "Bob"})["numerator"].tolist() == [2, 0]


def test_one_mistyped_date_does_not_begin_the_record(snapshot: Callable[..., Snapshot]):
    days = [f"2026-02-{day:02d}" for day in range(9, 28)] * 12
    deals = [{"created_at": day} for day in ["2009-01-01", *days]]
    assert mondays(weekly(snapshot(deals=deals, as_of="2026-03-10"), "new_deals")) == [
        "02-09",
        "02-16",
        "02-23",
        "03-02",
    ]


def test_what_the_export_lacks(snapshot: Callable[..., Snapshot]):
    crm = snapshot(deals=[{"created_at": "2026-02-02", "status": "won"}])
    assert lacking(crm, "revenue") == "deals.amount, deals.closed_at"
    assert weekly(crm, "revenue").empty


@pytest.mark.parametrize(
    ("name", "group", "what"),
    [
        ("luck", {}, "there is no such measure"),
        ("open_deals", {}, "the measure describes a moment or a whole period and cannot be told by time"),
        ("sales_velocity", {}, "the measure describes a moment or a whole period and cannot be told by time"),
        ("plan_attainment:difference", {}, "the measure cannot be told week by week"),
        ("stage_conversion", {}, "the measure is told by stage: name one"),
        ("revenue", {"mood": "good"}, "there is no such slice"),
        ("revenue", {"manager": "Eve"}, "there is no such group"),
        ("cost_per_lead", {"manager": "Ann"}, "the measure cannot be told by this slice"),
    ],
)
def test_what_is_refused(crm: Snapshot, name: str, group: dict[str, str], what: str):
    with pytest.raises(RequestError) as refusal:
        weekly(crm, name, group)
    assert str(refusal.value.what) == what
