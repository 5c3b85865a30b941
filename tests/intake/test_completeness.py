"""How full columns are; those whose filling began or stopped, and cards that are only young."""

from __future__ import annotations

import pandas as pd

from tests.intake.conftest import daily, found


def test_shares_by_month_of_those_that_can_have_the_field(examine):
    deals = [
        {"stage": "Lost", "created_at": "2026-01-10", "closed_at": "2026-02-01", "lost_reason": "Price"},
        {"stage": "Lost", "created_at": "2026-02-10", "closed_at": "2026-02-20", "lost_reason": ""},
        {"stage": "Won", "created_at": "2026-02-10", "closed_at": "2026-02-20", "Tag": "x"},
        {"stage": "Lost", "created_at": "", "closed_at": "2026-02-20", "lost_reason": "Time"},
    ]
    told = examine(deals).filling.set_index(["column", "month"])
    # The reason is expected of the three lost deals: two of them have no, or no known, month of their own.
    assert told.loc["lost_reason"][["filled", "rows"]].to_dict("index") == {
        "": {"filled": 2, "rows": 3},
        "2026-01": {"filled": 1, "rows": 1},
        "2026-02": {"filled": 0, "rows": 1},
    }  # fmt: skip
    assert told.loc["Tag"][["filled", "rows"]].to_numpy().tolist() == [[1, 4], [0, 1], [1, 2]]


def test_a_field_kept_since_a_month(examine):
    deals = daily(200)  # closed from 27 January to 14 August 2025
    for one in deals:
        one["source"] = "web" if one["closed_at"] >= "2025-05-01" else ""
    # 94 deals were closed before May: 5 in January, 28, 31 and 30.
    quality = examine(deals)
    assert found(quality, "began_filling") == [("distorts", "deals.source", 94, 200, "2025-05")]
    assert found(quality, "stopped_filling") == []
    for one in deals:
        one["source"] = "" if one["source"] else "web"
    assert found(examine(deals), "stopped_filling") == [("distorts", "deals.source", 106, 200, "2025-05")]


def test_young_deals_are_only_young(examine):
    # The amount comes late: open deals of the last two months have none, and nothing stopped.
    young = [
        {"stage": "New", "created_at": f"{day.date()} 10:00", "amount": "", "manager_id": "Ann"}
        for day in pd.date_range("2025-07-01", periods=60, freq="D")
    ]
    quality = examine([*daily(200), *young])
    assert quality.of_group("filling").empty


def test_won_deals_without_money(examine):
    deals = daily(40)
    for one in deals[:5]:
        one["amount"] = "0"
    # 5 of 40 is more than a tenth; 4 are not.
    assert found(examine(deals), "seldom_filled")[0][:4] == ("distorts", "deals.amount", 5, 40)
    deals[0]["amount"] = "100"
    assert found(examine(deals), "seldom_filled") == []


def test_a_private_client_is_a_client(examine):
    deals = [one | {"company_id": "Firm", "contact_id": ""} for one in daily(20)]
    for one in deals[:9]:
        one |= {"company_id": "", "contact_id": "Ann Lee"}
    assert found(examine(deals), "seldom_filled") == []
    for one in deals[:9]:
        one["contact_id"] = ""
    assert found(examine(deals), "seldom_filled")[0][:4] == ("distorts", "deals.company_id", 9, 20)
