"""The weighted forecast, the pipeline, and both against the plan: by hand."""

from __future__ import annotations

import pytest

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


def test_the_rest_of_a_period_leaves_out_days_that_have_passed(snapshot, tell):
    deals = [
        OPEN | {"amount": 1000, "probability": 0.5, "expected_close_on": "2026-03-19"},  # passed
        OPEN | {"amount": 1000, "probability": 0.5, "expected_close_on": "2026-03-20"},  # the day described
        OPEN | {"amount": 1000, "probability": 0.2, "expected_close_on": "2026-03-31"},
        OPEN | {"amount": 1000, "probability": 0.5, "expected_close_on": "2026-04-01"},
    ]
    crm = snapshot(deals, as_of="2026-03-20")
    assert tell(crm, "weighted_forecast", "2026-03")["value"] == 1200
    assert tell(crm, "weighted_forecast:rest", "2026-03")["value"] == 700


PLANNED = [
    {
        "created_at": "2026-01-02",
        "closed_at": "2026-03-03",
        "status": "won",
        "amount": 100,
        "manager_id": "Ann",
    },
    OPEN | {"amount": 600, "probability": 0.5, "expected_close_on": "2026-03-25", "manager_id": "Ann"},
    OPEN | {"amount": 200, "probability": 0.1, "expected_close_on": "2026-03-10", "manager_id": "Bob"},
    OPEN | {"amount": 900, "probability": 0.1, "expected_close_on": "2026-04-10", "manager_id": "Bob"},
    OPEN | {"amount": "", "expected_close_on": "2026-03-26", "manager_id": "Bob"},
    OPEN | {"amount": 50, "expected_close_on": "", "manager_id": "Bob"},
]
PLAN = [
    {"period_start": "2026-03-01", "value": 500},
    {"period_start": "2026-03-01", "value": 300, "manager": "Ann"},
]


def test_coverage_is_pipeline_by_what_is_still_to_be_reached(snapshot, tell, by):
    crm = snapshot(PLANNED, plan=PLAN, as_of="2026-03-20", exported_on="2026-03-20")
    row = tell(crm, "pipeline_coverage", "2026-03")
    # 600 + 200 are due in March; of 500 there are 100: 400 to go
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (2, 800, 400, 2)
    assert row["left"] == {"no_amount": 1, "no_expected_date": 1}
    told = by(crm, "pipeline_coverage", "manager", period="2026-03")
    assert told == {"Ann": 3, "Bob": None, None: 0}  # Bob has no plan; the rest of it has no pipeline


def test_when_the_plan_is_reached_there_is_nothing_to_cover(snapshot, tell):
    for value in (100, 99.99):
        crm = snapshot(PLANNED, plan=[{"period_start": "2026-03-01", "value": value}], as_of="2026-03-20")
        row = tell(crm, "pipeline_coverage", "2026-03")
        assert (row["value"], row["state"], row["missing"]) == (None, "ok", "plan_reached")
    february = tell(crm, "pipeline_coverage", "2026-02")
    assert (february["value"], february["missing"]) == (None, "")  # no plan at all: another thing


def test_the_forecast_of_attainment_adds_what_is_won_to_what_is_expected(snapshot, tell):
    crm = snapshot(PLANNED, plan=PLAN, as_of="2026-03-20")
    row = tell(crm, "forecast_to_plan", "2026-03")
    # 100 won + 600 · 0.5 expected from the 20th on, of 500
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (0.8, 400, 500, 1)


def test_of_a_month_that_is_over_the_forecast_is_what_was_attained(snapshot, tell):
    crm = snapshot(PLANNED, plan=PLAN, as_of="2026-04-05")
    assert (
        tell(crm, "forecast_to_plan", "2026-03")["value"] == tell(crm, "plan_attainment", "2026-03")["value"]
    )


@pytest.mark.parametrize("name", ["pipeline_coverage", "forecast_to_plan"])
def test_all_time_has_no_plan_still_to_reach(snapshot, tell, name):
    row = tell(snapshot(PLANNED, plan=PLAN, as_of="2026-03-20"), name)
    assert (row["value"], row["state"], row["missing"], row["left"]) == (
        None,
        "not_in_export",
        "needs_borders",
        {},
    )


def test_only_qualified_deals_are_pipeline(snapshot, tell):
    pipelines = [{"name": "Sales", "qualified_at": "Offer", "stages": TALK}]
    deals = [
        OPEN | {"amount": 10, "stage": "New", "expected_close_on": "2026-03-25"},
        OPEN | {"amount": 20, "stage": "Offer", "expected_close_on": "2026-03-25"},
    ]
    crm = snapshot(deals, pipelines=pipelines, as_of="2026-03-20")
    assert tell(crm, "pipeline_due", "2026-03")["value"] == 20
    assert tell(crm, "pipeline_due")["value"] == 20


def test_before_the_export_the_pipeline_is_not_known(snapshot, tell):
    deals = [*PLANNED, PLANNED[0] | {"closed_at": "2026-04-20"}]
    row = tell(snapshot(deals, plan=PLAN, as_of="2026-03-20"), "pipeline_coverage", "2026-03")
    assert (row["state"], row["missing"]) == ("not_in_export", "known_at_export_only")
