"""Plan attainment and the weighted forecast."""

from __future__ import annotations

import pytest

from crmkit import evaluate
from crmkit.errors import RequestError
from crmkit.measures.plan import plan_by_day


def won(day: str, amount: float, who: str = "Ann") -> dict[str, object]:
    return {
        "created_at": "2026-01-02",
        "closed_at": day,
        "status": "won",
        "amount": amount,
        "manager_id": who,
    }


def plan(start: str, value: float, who: str | None = None, period: str = "month") -> dict[str, object]:
    return {"period_start": start, "period": period, "value": value} | ({"manager": who} if who else {})


DEALS = [
    won("2026-02-03", 300),
    won("2026-03-03", 100),
    won("2026-03-20", 50, "Bob"),
    won("2026-03-21", 25, ""),
]


def test_the_departments_plan(snapshot, tell):
    row = tell(snapshot(DEALS, plan=[plan("2026-03-01", 350)]), "plan_attainment")
    # The deal of February is won on a day without a plan.
    assert (row["numerator"], row["denominator"], row["value"], row["n"]) == (175, 350, 0.5, 3)
    assert row["left"] == {"no_plan": 1}


def test_reps_plans_cover_only_their_own_deals(snapshot, tell, by):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 200, "Ann"), plan("2026-03-01", 100, "Bob")])
    row = tell(crm, "plan_attainment")
    assert (row["numerator"], row["denominator"], row["left"]) == (150, 300, {"no_plan": 2})
    assert by(crm, "plan_attainment", "manager") == {"Ann": 0.5, "Bob": 0.5}


def test_what_the_departments_plan_holds_beyond_the_reps_has_no_rep(snapshot, by, tell):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350), plan("2026-03-01", 200, "Ann")])
    assert tell(crm, "plan_attainment")["denominator"] == 350
    assert by(crm, "plan_attainment", "manager", column="denominator") == {"Ann": 200, "Bob": 0, None: 150}
    assert by(crm, "plan_attainment", "manager", column="numerator") == {"Ann": 100, "Bob": 50, None: 25}
    # Bob has no plan of his own: there is nothing to divide by.
    assert by(crm, "plan_attainment", "manager") == {"Ann": 0.5, "Bob": None, None: 25 / 150}


def test_a_reps_plan_counts_where_the_department_has_none(snapshot, tell):
    # February: Ann's plan only. March: the department's, of which Ann's is a part.
    plans = [plan("2026-02-01", 600, "Ann"), plan("2026-03-01", 200, "Ann"), plan("2026-03-01", 350)]
    row = tell(snapshot(DEALS, plan=plans), "plan_attainment")
    assert (row["numerator"], row["denominator"], row["left"]) == (475, 950, {})


def test_reps_quarters_are_not_added_to_the_departments_months(snapshot, tell):
    plans = [plan(f"2026-0{month}-01", 100) for month in (1, 2, 3)]
    plans += [plan("2026-01-01", 150, who, "quarter") for who in ("Ann", "Bob")]
    crm = snapshot(DEALS, plan=plans)
    assert tell(crm, "plan_attainment", "2026-Q1")["denominator"] == 300
    assert tell(crm, "plan_attainment", "2026-02")["denominator"] == 100


def test_of_two_plans_for_one_day_the_finer_counts(snapshot, tell):
    plans = [plan("2026-01-01", 9000, period="quarter"), plan("2026-03-01", 350)]
    crm = snapshot(DEALS, plan=plans)
    assert tell(crm, "plan_attainment", "2026-03")["denominator"] == 350
    # January and February keep their parts of the quarter: 42 of its 64 working days.
    assert tell(crm, "plan_attainment", "2026-Q1")["denominator"] == round(9000 * 42 / 64, 2) + 350


def test_a_period_that_cuts_a_plan_takes_its_share_of_working_days(snapshot, tell):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 1_000_000)])
    # March 2026 has 22 working days, 10 of them before the 14th. METHOD 7.1: 1 000 000 over 22 days.
    half = tell(crm, "plan_attainment", "2026-03-01..2026-03-14")
    assert half["denominator"] == 454_545.45
    first, second = (tell(crm, "plan_attainment", f"2026-03-0{day}")["denominator"] for day in (2, 3))
    assert (first, second) == (45_454.55, 45_454.54)
    weekend = tell(crm, "plan_attainment", "2026-03-07")
    assert (weekend["denominator"], weekend["value"], weekend["state"]) == (0, None, "empty")


def test_the_days_add_up_to_the_plan_and_follow_the_clients_calendar(snapshot):
    crm = snapshot(
        DEALS, plan=[plan("2026-01-01", 1_000_000.01)], country="RU", calendar={"days_on": ["2026-01-10"]}
    )
    amounts = plan_by_day(crm).amounts
    assert amounts.sum() == 100_000_001
    assert (
        amounts[-1] > 0
    ).sum() == 16  # January 2026 has 15 working days in Russia, and one of the client's own


def test_attainment_by_month_of_a_quarters_plan(snapshot, by):
    crm = snapshot(DEALS, plan=[plan("2026-01-01", 6400, period="quarter")])
    # 64 working days, 100 a day: 22 in January (the first one before the first record), then 20 and 22.
    assert by(crm, "plan_attainment", "month", column="denominator") == {
        "2026-01": 2100, "2026-02": 2000, "2026-03": 2200,
    }  # fmt: skip


def test_all_time_ends_at_as_of_in_the_plan_too(snapshot, tell):
    plans = [plan("2026-03-01", 350), plan("2026-04-01", 10_000)]
    assert tell(snapshot(DEALS, plan=plans), "plan_attainment")["denominator"] == 350
    # A month that is not over is asked for by its name: then its whole plan stands against the fact so far.
    assert (
        tell(snapshot(DEALS, plan=plans, as_of="2026-03-04"), "plan_attainment", "2026-03")["denominator"]
        == 350
    )


def test_a_plan_without_any_sale_is_attained_by_nothing(snapshot, tell):
    row = tell(snapshot(DEALS, plan=[plan("2026-01-01", 100)]), "plan_attainment", "2026-01")
    assert (row["value"], row["denominator"], row["n"], row["state"]) == (0, 100, 0, "ok")


def test_plans_of_other_things_are_no_plan_of_revenue(snapshot, tell):
    plans = [plan("2026-03-01", 350), plan("2026-03-01", 7) | {"metric": "won_deals"}]
    assert tell(snapshot(DEALS, plan=plans), "plan_attainment")["denominator"] == 350


def test_a_plan_cannot_be_told_by_stage(snapshot):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350)])
    with pytest.raises(RequestError, match=r"plan_attainment --by stage"):
        evaluate("plan_attainment", crm, by=["stage"])


OPEN = {"created_at": "2026-01-02", "status": "open"}
TALK = [
    {"name": "New", "probability": 0.1},
    {"name": "Talk"},
    {"name": "Offer", "probability": 0.5},
    {"name": "Won", "kind": "won"},
]


def test_the_forecast_weighs_amounts_with_the_deals_chance_else_the_stages(snapshot, tell, by):
    deals = [
        OPEN | {"amount": 1000, "probability": 0.8, "expected_close_on": "2026-04-30"},  # 800
        OPEN | {"amount": 1000, "stage": "Offer", "expected_close_on": "2026-04-01"},  # 500
        OPEN | {"amount": 1000, "expected_close_on": "2026-05-01"},  # 100, in May
        OPEN | {"amount": 1000, "expected_close_on": ""},  # 100, nobody knows when
        OPEN | {"amount": "", "expected_close_on": "2026-04-02"},
        OPEN | {"amount": 1000, "stage": "Talk", "expected_close_on": "2026-04-03"},
    ]
    crm = snapshot(deals, stages=TALK)
    april = tell(crm, "weighted_forecast", "2026-04")
    assert (april["value"], april["n"], april["state"]) == (1300, 2, "ok")
    assert april["left"] == {"no_expected_date": 1, "no_amount": 1, "no_probability": 1}
    whole = tell(crm, "weighted_forecast")
    assert (whole["value"], whole["n"], whole["left"]) == (1500, 4, {"no_amount": 1, "no_probability": 1})
    assert by(crm, "weighted_forecast", "month") == {"2026-04": 1300, "2026-05": 100, None: 100}


@pytest.mark.parametrize(
    ("deal", "missing"),
    [
        ({"amount": "", "expected_close_on": "2026-04-01"}, "deals.amount"),
        ({"amount": 9, "expected_close_on": ""}, "deals.expected_close_on"),
        ({"amount": 9, "stage": "Talk", "expected_close_on": "2026-04-01"}, "stages.default_probability"),
    ],
)
def test_what_cannot_be_weighed_is_unknown_and_not_zero(snapshot, tell, deal, missing):
    closed = {"created_at": "2026-01-02", "closed_at": "2026-02-02", "status": "won", "amount": 1}
    row = tell(snapshot([OPEN | deal, closed], stages=TALK), "weighted_forecast", "2026-04")
    assert (row["value"], row["n"], row["state"], row["missing"]) == (None, 0, "not_in_export", missing)


def test_a_stage_of_two_pipelines_has_a_chance_only_where_it_is_known_which(snapshot, by):
    both = [
        {
            "name": "Cold",
            "stages": [{"name": "Offer", "probability": 0.2}, {"name": "Talk", "probability": 0.1}],
        },
        {
            "name": "Hot",
            "stages": [{"name": "Offer", "probability": 0.6}, {"name": "Talk", "probability": 0.1}],
        },
    ]
    deals = [
        OPEN | {"amount": 100, "pipeline": "Hot", "stage": "Offer"},  # 60
        OPEN | {"amount": 100, "pipeline": "", "stage": "Offer"},  # 20 or 60: not known
        OPEN | {"amount": 100, "pipeline": "", "stage": "Talk"},  # 10 in either
    ]
    crm = snapshot(deals, pipelines=both)
    assert by(crm, "weighted_forecast", "stage", "pipeline") == {
        ("Offer", "Hot"): 60, ("Offer", None): None, ("Talk", None): 10,
    }  # fmt: skip


def test_before_the_export_nobody_knows_what_open_deals_were_worth(snapshot, tell):
    deals = [
        OPEN | {"amount": 9},
        {"created_at": "2026-01-02", "closed_at": "2026-03-02", "status": "won", "amount": 1},
    ]
    crm = snapshot(deals, as_of="2026-02-01")
    for name in ("weighted_forecast", "open_amount"):
        assert tell(crm, name)["missing"] == "known_at_export_only"
    assert tell(crm, "open_deals")["value"] == 2  # the one won later was open then


def test_a_day_that_has_two_midnights_begins_with_the_first(snapshot, tell):
    # In Havana the first of November 2026 begins twice: at 01:00 the clocks go back to 00:00.
    crm = snapshot([OPEN | {"amount": 10, "expected_close_on": "2026-11-01"}], time_zone="America/Havana")
    assert tell(crm, "weighted_forecast", "2026-11")["value"] == 1
    assert tell(crm, "weighted_forecast", "2026-11-01")["value"] == 1
