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


def test_the_difference_is_fact_less_plan_where_there_is_a_plan(snapshot, tell, by):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350.10), plan("2026-03-01", 200, "Ann")])
    row = tell(crm, "plan_attainment:difference", "2026-03")
    # 175 − 350.10; Ann 100 − 200; the rest of the department 25 − 150.10; Bob has no plan of his own
    assert (row["value"], row["numerator"], row["n"], row["state"]) == (-175.10, None, 3, "ok")
    told = by(crm, "plan_attainment:difference", "manager", period="2026-03")
    assert told == {"Ann": -100, "Bob": None, None: -125.10}
    none = tell(crm, "plan_attainment:difference", "2026-02")  # no plan: not a difference of 300
    assert (none["value"], none["state"]) == (None, "empty")
    assert tell(snapshot(DEALS), "plan_attainment:difference")["missing"] == "plans.value"


def test_the_difference_by_month_takes_each_months_plan(snapshot, by):
    crm = snapshot(DEALS, plan=[plan("2026-02-01", 200), plan("2026-03-01", 100)])
    assert by(crm, "plan_attainment:difference", "month") == {"2026-02": 100, "2026-03": 75}


@pytest.mark.parametrize(
    ("as_of", "rate"),
    [
        ("2026-03-31", 0.5),  # the month is over: 175 of 350
        ("2026-03-20", 150 / 15 * 22 / 350),  # 15 of 22 working days gone, the 20th among them
        ("2026-03-22", 175 / 15 * 22 / 350),  # a weekend adds money and no working day
        ("2026-03-03 10:00", 100 / 2 * 22 / 350),  # the day described counts as gone, though it is morning
        ("2026-03-01", None),  # a Sunday: no working day is gone
    ],
)
def test_the_run_rate_goes_by_working_days(snapshot, tell, as_of, rate):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350)], as_of=as_of)
    value = tell(crm, "plan_attainment:run_rate", "2026-03")["value"]
    assert value == (pytest.approx(rate) if rate is not None else None)


def test_the_run_rate_follows_the_clients_calendar(snapshot, tell):
    # In Russia March 2026 has 21 working days (the 9th is off); until the 20th there are 14.
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350)], as_of="2026-03-20", country="RU")
    assert tell(crm, "plan_attainment:run_rate", "2026-03")["value"] == pytest.approx(150 / 14 * 21 / 350)


def test_the_run_rate_is_of_a_period_and_not_of_its_parts(snapshot):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350)])
    with pytest.raises(RequestError, match=r"run_rate --by week.*\n.*--each"):
        evaluate("plan_attainment:run_rate", crm, by=["week"])


def test_other_metrics_have_plans_of_their_own(snapshot, tell, by):
    deals = [deal | {"margin": 10} for deal in DEALS] + [
        {"created_at": "2026-03-05", "status": "open", "manager_id": "Bob"}
    ]
    plans = [plan("2026-03-01", 350)] + [
        plan("2026-03-01", value, who) | {"metric": metric}
        for metric, value, who in (("margin", 40, None), ("won_deals", 4, "Ann"), ("new_deals", 2, None))
    ]
    crm = snapshot(deals, plan=plans)
    margin, won, new = (tell(crm, f"plan_attainment:{one}") for one in ("margin", "won_deals", "new_deals"))
    assert (margin["numerator"], margin["denominator"], margin["left"]) == (30, 40, {"no_plan": 1})
    assert (won["numerator"], won["denominator"], won["left"]) == (1, 4, {"no_plan": 3})  # Ann's of March
    assert (new["numerator"], new["denominator"], new["left"]) == (1, 2, {"no_plan": 4})
    # A count is spread over the days as money is: 2 deals over 22 working days, 10 of them before the 14th
    assert tell(crm, "plan_attainment:new_deals", "2026-03-01..2026-03-14")["denominator"] == 0.91


def test_a_plan_of_nothing_cannot_be_attained(snapshot, tell):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 0)])
    row = tell(crm, "plan_attainment", "2026-03")
    assert (row["value"], row["numerator"], row["denominator"]) == (None, 175, 0)
    for variant in ("difference", "run_rate"):
        assert tell(crm, f"plan_attainment:{variant}", "2026-03")["value"] is None


def test_a_plan_of_another_metric_is_no_plan_of_this_one(snapshot, tell):
    crm = snapshot(DEALS, plan=[plan("2026-03-01", 350)])
    row = tell(crm, "plan_attainment:won_deals")
    assert (row["value"], row["state"], row["missing"]) == (None, "not_in_export", "plans.metric=won_deals")
    assert tell(snapshot(DEALS), "plan_attainment:new_deals")["missing"] == "plans.metric=new_deals"
