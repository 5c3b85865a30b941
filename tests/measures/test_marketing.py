"""Cost per lead and per won deal, return on marketing: by hand."""

from __future__ import annotations

import pytest

from crmkit import evaluate
from crmkit.errors import RequestError
from crmkit.measures.marketing import cost_by_day


def lead(day: str, source: str, **more: object) -> dict[str, object]:
    return {"created_at": day, "status": "open", "source": source} | more


def won(day: str, source: str, amount: object, margin: object = "") -> dict[str, object]:
    return lead("2026-01-02", source, closed_at=day, status="won", amount=amount, margin=margin)


def cost(start: str, source: str, amount: float, **more: object) -> dict[str, object]:
    return {"period_start": start, "source": source, "amount": amount} | more


DEALS = [
    lead("2026-02-03", "Web", utm_campaign="spring"),
    lead("2026-02-10", "Web", utm_campaign="autumn"),
    lead("2026-02-28 23:59", "Web"),
    lead("2026-02-05", "Fair"),
    lead("2026-02-05", "Friends"),  # nobody pays for them
    lead("2026-02-05", ""),
    won("2026-02-20", "Web", 1000, 400),
    won("2026-02-20", "Fair", 50, 20),
    won("2026-02-20", "Friends", 7000, 7000),
]
COSTS = [
    cost("2026-01-01", "Web", 100),
    cost("2026-02-01", "Web", 280, campaign="spring"),
    cost("2026-02-01", "Web", 20, campaign="autumn"),
    cost("2026-02-05", "Fair", 90),  # a day's figure: the source has another day than the first of a month
]


def test_costs_are_divided_by_the_leads_of_channels_with_costs(snapshot, tell, by):
    crm = snapshot(DEALS, costs=COSTS)
    row = tell(crm, "cost_per_lead", "2026-02")
    # (280 + 20 + 90) ÷ (3 + 1)
    assert (row["numerator"], row["denominator"], row["n"], row["value"]) == (390, 4, 4, 97.5)
    assert row["left"] == {"no_cost": 2}
    assert by(crm, "cost_per_lead", "source", period="2026-02") == {"Fair": 90, "Web": 100}
    assert by(crm, "cost_per_lead", "campaign", period="2026-02") == {"autumn": 20, "spring": 280, None: 45}


def test_of_a_month_a_week_takes_its_days(snapshot, tell):
    crm = snapshot(DEALS, costs=COSTS)
    # February has 28 days: 10 of 280 and 10/28 of 20 = 7.14 a week's seven days of 300
    row = tell(crm, "cost_per_lead", "2026-02-02..2026-02-09")
    assert (row["numerator"], row["denominator"]) == (75 + 90, 2)


def test_the_days_add_up_to_the_figure_to_the_kopeck(snapshot):
    crm = snapshot(DEALS, costs=[cost("2026-01-01", "Web", 100)])
    daily = cost_by_day(crm)
    assert (len(daily), daily["hundredths"].sum()) == (31, 10_000)
    assert set(daily["hundredths"]) == {322, 323}  # 10 000 ÷ 31 = 322.58


def test_how_long_a_figure_is_for_is_said_or_seen(snapshot):
    costs = [
        cost("2026-01-05", "Mondays", 7),
        cost("2026-01-12", "Mondays", 7),
        cost("2026-01-01", "Months", 7),
        cost("2026-01-05", "Days", 7),
        cost("2026-01-06", "Days", 7),
        cost("2026-01-01", "Said", 7, period="quarter"),
    ]
    crm = snapshot(DEALS, costs=costs)
    sources = crm.tables["costs"]["source"].astype("str").to_numpy()[cost_by_day(crm)["row"]]
    counted = {name: int((sources == name).sum()) for name in set(sources)}
    assert counted == {"Mondays": 14, "Months": 31, "Days": 2, "Said": 90}


def test_what_comes_after_as_of_is_not_spent_yet(snapshot, tell):
    crm = snapshot(DEALS, costs=COSTS, as_of="2026-02-14")
    # half of February's 300; the fair's 90; three leads: 3, 10 and 5 February
    row = tell(crm, "cost_per_lead", "2026-02")
    assert (row["numerator"], row["denominator"]) == (240, 3)


def test_a_won_deal_costs_what_was_spent_meanwhile(snapshot, tell, by):
    crm = snapshot(DEALS, costs=COSTS)
    row = tell(crm, "cost_per_won", "2026-02")
    # The fair's deal was won on a day without a figure of the fair: 390 ÷ 1
    assert (row["value"], row["n"], row["left"]) == (390, 1, {"no_cost": 2})
    assert by(crm, "cost_per_won", "source", period="2026-02") == {"Web": 300, "Fair": None}


def test_return_is_revenue_less_costs_by_costs(snapshot, tell, by):
    costs = [*COSTS[:3], cost("2026-02-01", "Fair", 100)]
    crm = snapshot(DEALS, costs=costs)
    row = tell(crm, "marketing_return", "2026-02")
    # Web (1 000 − 300) + fair (50 − 100), by 400
    assert (row["numerator"], row["denominator"], row["value"], row["n"]) == (650, 400, 1.625, 2)
    assert by(crm, "marketing_return", "source", period="2026-02") == {"Web": 700 / 300, "Fair": -0.5}
    margin = tell(crm, "marketing_return:margin", "2026-02")
    assert margin["value"] == (400 - 300 + 20 - 100) / 400


def test_spending_that_brought_nobody_has_no_cost_per_lead(snapshot, tell):
    row = tell(snapshot(DEALS, costs=[cost("2026-03-01", "Post", 31)]), "cost_per_lead", "2026-03")
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (None, 31, 0, 0)
    nothing = tell(snapshot(DEALS, costs=[cost("2026-02-01", "Web", 0)]), "marketing_return", "2026-02")
    assert nothing["value"] is None  # nothing spent: nothing to divide by


def test_without_costs_or_channels_nobody_knows(snapshot, tell):
    assert tell(snapshot(DEALS), "cost_per_lead")["missing"] == "costs.amount"
    bare = [{key: value for key, value in deal.items() if key != "source"} for deal in DEALS]
    assert tell(snapshot(bare, costs=COSTS), "cost_per_lead")["missing"] == "deals.source"


def test_costs_have_channels_and_no_reps(snapshot):
    with pytest.raises(RequestError, match="cost_per_lead --by manager"):
        evaluate("cost_per_lead", snapshot(DEALS, costs=COSTS), by=["manager"])


def test_days_are_the_clients(snapshot, tell):
    # In Havana 1 November 2026 begins twice; the day before ends once.
    deals = [lead("2026-10-31 23:59", "Web"), lead("2026-11-01 00:30", "Web"), lead("2026-11-30", "Web")]
    costs = [cost("2026-10-31", "Web", 5), cost("2026-11-01", "Web", 7)]
    crm = snapshot(deals, costs=costs, as_of="2026-11-30", time_zone="America/Havana")
    assert tell(crm, "cost_per_lead", "2026-10")["value"] == 5
    november = tell(crm, "cost_per_lead", "2026-11")
    assert (november["value"], november["left"]) == (7, {"no_cost": 1})
