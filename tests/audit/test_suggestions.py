"""Suggested answers: which figure they rest on, and when the data cannot carry one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit.audit.checks import find_check
from crmkit.audit.examine import examine
from crmkit.audit.questions import Area, Question, Questionnaire, Rule, read_questions
from crmkit.audit.suggestions import needed_measures, suggest
from crmkit.measures import ALL, evaluate
from crmkit.periods import Period

YEAR = Period.parse("2026", "UTC")
OPEN = {"status": "open", "created_at": "2026-01-10"}
STAGE = {"name": "New"}


def asked(**rule: str) -> Questionnaire:
    question = Question(id="X01", area="crm", text="Is it so?", suggest=Rule(**rule))
    return Questionnaire((Area(id="crm", title="CRM", short="CRM"),), (question,))


def figure(name: str, **row: object) -> pd.DataFrame:
    """Return a figure as ``evaluate`` does."""
    measure, _, variant = name.partition(":")
    base = {"measure": measure, "variant": variant, "unit": "share", "low": np.nan, "high": np.nan}
    return pd.DataFrame([base | {"state": "ok", "missing": ""} | row])


def told(snapshot, rule, figures=None, *, period=YEAR, facts=None, **data):
    """Return the one suggestion for a rule."""
    crm = snapshot(**({"deals": [OPEN]} | data))
    audit = examine(crm, checks=[find_check(rule.get("check", "H05"))])
    figures = pd.DataFrame(columns=["measure", "variant"]) if figures is None else figures
    return suggest(asked(**rule), audit, figures, period=period, told=facts).iloc[0]


DONE = {"deal_id": "1", "title": "y", "due_at": "2026-02-01", "completed_at": "2026-02-01"}
RULE = {"measure": "tasks_on_time", "yes": ">= 0.9", "partly": ">= 0.7"}


@pytest.mark.parametrize(
    ("low", "high", "answer", "reason"),
    [
        (0.91, 0.97, "yes", ""),
        (0.90, 0.97, "yes", ""),  # the bound belongs to «yes»
        (0.89, 0.95, None, "undecided"),  # yes or partly
        (0.72, 0.88, "partly", ""),
        (0.60, 0.80, None, "undecided"),  # partly or no
        (0.60, 0.95, None, "undecided"),
        (0.30, 0.69, "no", ""),
    ],
)
def test_the_whole_interval_decides(snapshot, low, high, answer, reason):
    row = figure("tasks_on_time", value=0.8, numerator=80.0, denominator=100.0, n=100, low=low, high=high)
    one = told(snapshot, RULE, row)
    assert (one["answer"] if answer else pd.isna(one["answer"])) == (answer or True)
    assert one["reason"] == reason
    assert one[["source", "figure", "k", "n"]].tolist() == ["measure", "tasks_on_time", 80.0, 100.0]


def test_bounds_from_above_are_read_the_other_way(snapshot):
    rule = {"measure": "deals_without_task", "yes": "<= 0.1", "partly": "<= 0.3"}
    answers = []
    for low, high in ((0.01, 0.10), (0.11, 0.30), (0.31, 0.5), (0.05, 0.2)):
        row = figure(
            "deals_without_task", value=0.1, numerator=5.0, denominator=50.0, n=50, low=low, high=high
        )
        answers.append(told(snapshot, rule, row)["answer"])
    assert answers[:3] == ["yes", "partly", "no"]
    assert pd.isna(answers[3])


def test_fewer_than_ten_cases_suggest_nothing(snapshot):
    row = figure("tasks_on_time", value=1.0, numerator=9.0, denominator=9.0, n=9, low=0.95, high=1.0)
    one = told(snapshot, RULE, row)
    assert pd.isna(one["answer"])
    assert one[["reason", "k", "n"]].tolist() == ["few", 9.0, 9.0]
    ten = row.assign(numerator=10.0, denominator=10.0, n=10)
    assert told(snapshot, RULE, ten)["answer"] == "yes"


def test_what_is_not_known_for_certain_suggests_nothing(snapshot):
    known = {"value": 0.95, "numerator": 95.0, "denominator": 100.0, "n": 100, "low": 0.91, "high": 0.98}
    for state, missing in (("approximate", "tasks.result"), ("not_in_export", "tasks.due_at")):
        one = told(snapshot, RULE, figure("tasks_on_time", **known | {"state": state, "missing": missing}))
        assert pd.isna(one["answer"])
        assert one[["reason", "missing"]].tolist() == [state, missing]
    empty = figure("tasks_on_time", value=np.nan, numerator=0.0, denominator=0.0, n=0, state="empty")
    assert told(snapshot, RULE, empty)["reason"] == "nothing"


def test_a_rule_without_bounds_only_shows_its_figure(snapshot):
    row = figure("average_check:mean", unit="money", value=100.0, numerator=1e4, denominator=100.0, n=100)
    one = told(snapshot, {"measure": "average_check"}, row)
    assert pd.isna(one["answer"])
    assert one[["reason", "value", "n"]].tolist() == ["shown", 100.0, 100.0]
    # Money has no interval here: a bound of the client's own suggests nothing either.
    assert told(snapshot, {"measure": "average_check", "yes": ">= 50"}, row)["reason"] == "no_interval"


def test_actions_per_day_get_limits_wider_than_they_need_be(snapshot):
    rule = {"measure": "sales_actions_per_day", "yes": ">= 30", "partly": ">= 20"}
    row = figure("sales_actions_per_day", unit="per_day", value=25.0, numerator=1e4, denominator=400.0, n=400)
    one = told(snapshot, rule, row)
    # 25 × (1 ∓ 1.96 ÷ √400) = 25 ∓ 2.45: wholly between 20 and 30.
    assert one[["low", "high"]].tolist() == pytest.approx([22.55, 27.45], abs=0.001)
    assert one["answer"] == "partly"
    few_days = row.assign(numerator=400.0, denominator=16.0, n=16)
    # 25 ∓ 12.25: anything may be.
    assert told(snapshot, rule, few_days)["reason"] == "undecided"


def test_a_share_of_fields_is_taken_as_one_case_a_deal(snapshot):
    rule = {"measure": "required_fields_filled:deals", "yes": ">= 0.9", "partly": ">= 0.7"}
    row = figure("required_fields_filled:deals", value=0.8, numerator=320.0, denominator=400.0, n=100)
    one = told(snapshot, rule, row)
    # Wilson for 80 of 100 deals: 0.711 to 0.867, although 400 fields were looked at.
    assert one[["low", "high"]].tolist() == pytest.approx([0.7112, 0.8666], abs=0.0001)
    assert one["answer"] == "partly"
    assert np.isnan(one["k"])


def test_a_measure_that_was_not_evaluated_is_a_mistake_of_the_program(snapshot):
    with pytest.raises(ValueError, match="tasks_on_time"):
        told(snapshot, RULE)


def test_a_check_tells_the_share_that_offends(snapshot):
    # 12 open deals, none with a task but one: 11 of 12 offend; Wilson 0.646 to 0.985.
    rule = {"check": "H01", "yes": "<= 0.1", "partly": "<= 0.3"}
    tasks = [{"deal_id": "1", "title": "x", "due_at": "2026-05-01", "completed_at": ""}, DONE]
    one = told(snapshot, rule, deals=[OPEN] * 12, tasks=tasks)
    assert one[["answer", "k", "n", "source"]].tolist() == ["no", 11.0, 12.0, "check"]
    assert one[["low", "high"]].tolist() == pytest.approx([0.6461, 0.9851], abs=0.0001)
    few = told(snapshot, rule, deals=[OPEN] * 9, tasks=tasks)
    assert few[["reason", "k", "n"]].tolist() == ["few", 8.0, 9.0]


def test_a_check_without_its_columns_says_which(snapshot):
    one = told(snapshot, {"check": "H01", "yes": "<= 0.1"})
    assert pd.isna(one["answer"])
    assert one["reason"] == "not_in_export"
    assert "tasks.deal_id" in one["missing"]


def test_waived_rows_do_not_count_against_anybody(snapshot):
    tasks = [{"deal_id": "1", "title": "x", "due_at": "2026-05-01", "completed_at": ""}, DONE]
    crm = snapshot(deals=[OPEN] * 12, tasks=tasks)
    rows = [
        {"check": "H01", "id": str(one), "reason": "stopped", "until": pd.Timestamp("2026-12-31")}
        for one in range(2, 13)
    ]
    audit = examine(crm, checks=[find_check("H01")], waivers=pd.DataFrame(rows))
    one = suggest(asked(check="H01", yes="<= 0.3"), audit, pd.DataFrame(), period=YEAR).iloc[0]
    # 0 of 12 offend: the interval ends at 0.243.
    assert one[["answer", "k", "n"]].tolist() == ["yes", 0.0, 12.0]


def test_a_check_that_was_not_examined_suggests_nothing(snapshot):
    audit = examine(snapshot(deals=[OPEN]), checks=[find_check("H05")])
    one = suggest(asked(check="H01", yes="<= 0.3"), audit, pd.DataFrame(), period=YEAR).iloc[0]
    assert one["reason"] == "switched_off"


def test_filled_columns_are_counted_in_the_period(snapshot):
    rule = {"filled": "deals.source", "yes": ">= 0.9", "partly": ">= 0.5"}
    this_year = [OPEN | {"source": "site"}] * 40
    last_year = [{"status": "open", "created_at": "2025-12-31", "source": ""}] * 40
    one = told(snapshot, rule, deals=this_year + last_year)
    # 40 of 40; the forty without a source are of the year before.
    assert one[["answer", "k", "n", "source"]].tolist() == ["yes", 40.0, 40.0, "filled"]
    whole = told(snapshot, rule, deals=this_year + last_year, period=ALL)
    assert whole[["k", "n", "reason"]].tolist() == [40.0, 80.0, "undecided"]
    none = told(snapshot, rule, deals=[OPEN] * 20)
    assert none[["reason", "missing"]].tolist() == ["not_in_export", "deals.source"]


def test_filled_columns_of_one_kind(snapshot):
    rule = {"filled": "activities.duration_s", "kind": "call", "yes": ">= 0.9", "partly": ">= 0.5"}
    call = {"deal_id": "1", "kind": "call", "at": "2026-02-01T10:00", "duration_s": "60"}
    letter = call | {"kind": "email", "duration_s": ""}
    one = told(snapshot, rule, activities=[call] * 40 + [letter] * 40)
    assert one[["answer", "k", "n"]].tolist() == ["yes", 40.0, 40.0]
    none = told(snapshot, rule, activities=[letter | {"duration_s": "1"}] * 20)
    assert none[["reason", "missing"]].tolist() == ["not_in_export", "activities.kind=call"]


def test_the_history_of_stages_is_there_or_not(snapshot):
    rule = {"fact": "stage_history", "yes": ">= 0.9", "partly": ">= 0.5"}
    deals = [OPEN] * 40
    moves = [{"deal_id": str(one), "changed_at": "2026-01-11", "to_stage": "Offer"} for one in range(1, 41)]
    one = told(snapshot, rule, deals=deals, stage_changes=moves)
    assert one[["answer", "k", "n", "source"]].tolist() == ["yes", 40.0, 40.0, "fact"]
    assert told(snapshot, rule, deals=deals)["reason"] == "not_in_export"
    # Moves of 4 deals of 40 may be an export of a part: it is no proof that the CRM keeps none.
    few = told(snapshot, rule, deals=deals, stage_changes=moves[:4])
    assert pd.isna(few["answer"])
    assert few[["reason", "k", "n"]].tolist() == ["not_told", 4.0, 40.0]


def test_norms_and_roles_are_counted_whole_however_few(snapshot):
    stages = [{"name": "New", "norm_days": 5}, {"name": "Offer"}, {"name": "Won", "kind": "won"}]
    rule = {"fact": "stage_norms", "yes": ">= 1", "partly": ">= 0.3"}
    one = told(snapshot, rule, stages=stages)
    # One of the two stages in which a deal is open.
    assert one[["answer", "k", "n", "low", "high"]].tolist() == ["partly", 1.0, 2.0, 0.5, 0.5]
    assert told(snapshot, rule)["reason"] == "not_told"
    people = [
        {"name": "Ann", "role": "closer"},
        {"name": "Bob", "role": "hunter"},
        {"name": "Cid", "left_on": "2026-01-31"},  # has left: nobody asks for his role
    ]
    rule = {"fact": "rep_roles", "yes": ">= 1", "partly": ">= 0.5"}
    assert told(snapshot, rule, managers=people)[["answer", "k", "n"]].tolist() == ["yes", 2.0, 2.0]
    without = [{"name": "Ann"}, {"name": "Bob"}, {"name": "Dan", "role": "hunter"}]
    one = told(snapshot, rule, managers=without)
    assert pd.isna(one["answer"])
    assert one[["reason", "k", "n"]].tolist() == ["not_told", 1.0, 3.0]


PLAN = {"metric": "revenue", "value": 1000}


def test_plans_by_month_and_by_rep(snapshot):
    quarter = Period.parse("2026-Q1", "UTC")
    rule = {"fact": "plan_by_month", "yes": ">= 1", "partly": ">= 0.5"}
    people = [{"name": "Ann", "role": "closer"}, {"name": "Bob"}, {"name": "Eve", "role": "head"}]
    january = PLAN | {"period_start": "2026-01-01", "manager": "Ann"}
    march = PLAN | {"period_start": "2026-03-01"}
    data = {"managers": people, "plan": [january, march]}
    one = told(snapshot, rule, period=quarter, **data)
    # January and March of three months.
    assert one[["answer", "k", "n"]].tolist() == ["partly", 2.0, 3.0]
    whole = told(
        snapshot, rule, period=quarter, plan=[PLAN | {"period_start": "2026-01-01", "period": "quarter"}]
    )
    assert whole[["answer", "k", "n"]].tolist() == ["yes", 3.0, 3.0]
    by_rep = told(
        snapshot, {"fact": "plan_by_rep", "yes": ">= 1", "partly": ">= 0.5"}, period=quarter, **data
    )
    # Ann has one, Bob has none; a head of sales needs none of her own.
    assert by_rep[["answer", "k", "n"]].tolist() == ["partly", 1.0, 2.0]
    assert told(snapshot, rule, period=quarter)["reason"] == "not_told"
    # A plan of numbers of deals is no plan in money.
    deals = told(snapshot, rule, period=quarter, plan=[january | {"metric": "won_deals"}])
    assert deals[["reason", "k", "n"]].tolist() == ["not_told", 0.0, 3.0]


def test_the_hygiene_score_is_a_figure_like_others(snapshot):
    # 40 open deals without a task, all that was examined: the score is 0.
    rule = {"fact": "hygiene_score", "yes": ">= 0.9", "partly": ">= 0.7"}
    tasks = [{"deal_id": "1", "title": "x", "due_at": "2026-05-01", "completed_at": "2026-03-01"}]
    crm = snapshot(deals=[OPEN] * 40, tasks=tasks)
    audit = examine(crm, checks=[find_check("H01")])
    one = suggest(asked(**rule), audit, pd.DataFrame(), period=YEAR).iloc[0]
    assert one[["answer", "value", "n", "low"]].tolist() == ["no", 0.0, 40.0, 0.0]
    assert np.isnan(one["k"])
    nothing = told(snapshot, rule)
    assert pd.isna(nothing["answer"])
    assert nothing["reason"] == "nothing"


def test_the_described_process_tells_its_steps(snapshot):
    rule = {"fact": "steps_with_responsible", "yes": ">= 1", "partly": ">= 0.5"}
    one = told(snapshot, rule, facts={"steps_with_responsible": (7, 8)})
    assert one[["answer", "k", "n"]].tolist() == ["partly", 7.0, 8.0]
    assert told(snapshot, rule)[["reason", "missing"]].tolist() == ["not_told", "process"]


def test_needed_measures_are_named_once():
    first = Question(id="X01", area="crm", text="x", suggest=Rule(measure="win_rate", yes=">= 0.3"))
    second = first.model_copy(update={"id": "X02"})
    assert needed_measures(Questionnaire((), (first, second))) == ["win_rate:closed_count"]


def test_all_rules_of_the_kit_can_be_held_against_data(snapshot):
    """Every rule finds its figure; an export of deals alone suggests hardly anything, and says why."""
    questions = read_questions()
    crm = snapshot(deals=[OPEN | {"source": "site", "product": ""}] * 40)
    figures = evaluate(needed_measures(questions), crm, YEAR)
    frame = suggest(questions, examine(crm), figures, period=YEAR)
    assert frame["question"].tolist() == [one.id for one in questions.questions if one.suggest]
    assert frame.loc[frame["answer"].notna(), "question"].tolist() == ["A02"]
    assert (frame.loc[frame["answer"].isna(), "reason"] != "").all()
