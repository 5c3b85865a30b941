"""The outcomes: which cases count, what is good, what hangs together; rows in are rows kept or left out."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit import Period
from crmkit.compare.outcomes import OUTCOMES, find_outcome, hangs_together
from crmkit.compare.rep_cases import cases_of_reps
from crmkit.errors import RequestError
from crmkit.measures import ALL, evaluate
from crmkit.measures.catalog import UNITS

USUAL = {"created_at": "2026-01-10", "closed_at": "2026-02-10", "status": "won", "manager_id": "a"}


def cases(crm, name, period=ALL):
    return OUTCOMES[name].cases(crm, period)


def reasons(crm, name, period=ALL):
    found = cases(crm, name, period)["left_out"].astype("str")
    return found[found != ""].value_counts().to_dict()


def test_each_outcome_says_what_it_is():
    assert list(OUTCOMES) == [
        "win_rate", "revenue_per_lead", "cycle", "on_time", "actions_per_day", "stage_conversion"
    ]  # fmt: skip
    assert all(one.unit in UNITS and one.better in ("higher", "") for one in OUTCOMES.values())
    assert find_outcome("cycle") is OUTCOMES["cycle"]
    with pytest.raises(RequestError, match="win_rate"):
        find_outcome("winrate")


def test_win_rate_counts_what_was_won_or_lost(snapshot):
    deals = [
        USUAL, USUAL | {"status": "lost"}, USUAL | {"closed_at": ""}, USUAL | {"status": "open"},
        USUAL | {"closed_at": "2025-12-31", "created_at": "2025-12-01"},
    ]  # fmt: skip
    crm = snapshot(deals)
    found = cases(crm, "win_rate", Period.parse("2026", "UTC"))
    assert found.loc[found["left_out"] == "", "value"].tolist() == [1, 0]
    assert reasons(crm, "win_rate", Period.parse("2026", "UTC")) == {"no_closing_date": 1}


def test_revenue_of_a_lead_is_nothing_where_it_was_not_won_in_time(snapshot):
    # Horizon 90 days. Won after 31 days: 500. Won after 100: 0. Lost, or open and old: 0. Won, no amount: not
    # known. Created 30 days ago: too young.
    deals = [
        USUAL | {"created_at": "2025-11-01", "closed_at": "2025-12-02", "amount": 500},
        USUAL | {"created_at": "2025-11-01", "closed_at": "2026-02-09", "amount": 900},
        USUAL | {"created_at": "2025-11-01", "status": "lost", "amount": 900},
        USUAL | {"created_at": "2025-11-01", "status": "open", "closed_at": ""},
        USUAL | {"created_at": "2025-11-01", "closed_at": "2025-12-02"},
        USUAL | {"created_at": "2026-03-01", "closed_at": "2026-03-05", "amount": 100},
    ]
    crm = snapshot([one | {"deal_id": f"{at}"} for at, one in enumerate(deals)])
    found = cases(crm, "revenue_per_lead")
    assert found.loc[found["left_out"] == "", "value"].tolist() == [500, 0, 0, 0]
    assert reasons(crm, "revenue_per_lead") == {"no_amount": 1, "younger_than_horizon": 1}
    # Of two won in time, the amount of one is not known: revenue is not compared.
    assert cases_of_reps(crm, ALL, OUTCOMES["revenue_per_lead"]).missing == "amounts_missing"


def test_a_few_unknown_amounts_are_only_left_out(snapshot):
    old = USUAL | {"created_at": "2025-11-01", "closed_at": "2025-12-02"}
    crm = snapshot([old | {"amount": 100}] * 19 + [old])
    found = cases_of_reps(crm, ALL, OUTCOMES["revenue_per_lead"])
    assert found.missing == "" and found.left_out == {"no_amount": 1} and len(found.frame) == 19


def test_cycle_is_quick_or_slow_among_those_won(snapshot):
    # 10, 20, 30, 40 and 60 days: the middle one is 30. Without creation, or closed before it: left out, said.
    deals = [
        USUAL | {"created_at": f"2026-01-{11 + 30 - days:02}" if days <= 30 else
                 {40: "2026-01-01", 60: "2025-12-12"}[days]}
        for days in (10, 20, 30, 40, 60)
    ]  # fmt: skip
    deals += [USUAL | {"created_at": ""}, USUAL | {"created_at": "2026-03-01"}]
    deals += [USUAL | {"status": "lost"}, USUAL | {"closed_at": ""}]
    crm = snapshot([one | {"deal_id": f"{at}"} for at, one in enumerate(deals)])
    found = cases(crm, "cycle")
    assert found.loc[found["left_out"] == "", "value"].tolist() == [1, 1, 1, 0, 0]
    told = {"no_creation_date": 1, "closed_before_created": 1, "no_closing_date": 1}
    assert reasons(crm, "cycle") == told
    assert len(found) == 5 + 3  # rows in are rows kept and rows left out
    assert cases(snapshot([USUAL | {"status": "lost"}]), "cycle").empty


def test_actions_add_up_to_those_of_the_measure(snapshot):
    # Ann works from Monday the 5th to Friday the 16th: ten days. Two actions on Saturday count for Friday.
    # The only action of Bob is on a Sunday: he has no working day, so it belongs to none.
    at = ["2026-01-05", "2026-01-05", "2026-01-09", "2026-01-10", "2026-01-10", "2026-01-16"]
    acts = [{"manager_id": "ann", "at": f"{day} 12:00", "kind": "call"} for day in at]
    acts.append({"manager_id": "bob", "at": "2026-01-11 12:00", "kind": "call"})
    acts.append({"manager_id": "", "at": "2026-01-12 12:00", "kind": "call"})
    crm = snapshot([USUAL], activities=acts)
    found = cases(crm, "actions_per_day")
    ann = found[found["manager_id"] == "ann"]
    assert ann["value"].tolist() == [2, 0, 0, 0, 3, 0, 0, 0, 0, 1]
    # The measure says as much: 6 actions, ten days.
    told = evaluate("sales_actions_per_day", crm, by=["manager"]).set_index("manager").loc["ann"]
    assert (told["numerator"], told["n"]) == (6, 10) and ann["value"].sum() == 6
    assert (found["manager_id"] == "bob").sum() == 0


def test_work_hangs_together_by_weeks_and_deals_by_clients(snapshot):
    deals = [
        USUAL | {"company_id": "x"}, USUAL | {"company_id": "x"}, USUAL | {"contact_id": "p"}, USUAL, USUAL
    ]  # fmt: skip
    crm = snapshot([one | {"deal_id": f"{at}"} for at, one in enumerate(deals)])
    together = hangs_together(crm, OUTCOMES["win_rate"], cases(crm, "win_rate"))
    # Two deals of one company, one of a person; two of nobody, each by itself.
    assert together[0] == together[1] and len(set(together.tolist())) == 4
    tasks = [
        {"manager_id": "a", "due_at": day, "completed_at": day}
        for day in ("2026-01-04 10:00", "2026-01-05 10:00", "2026-01-11 10:00", "2026-01-12 10:00")
    ]
    crm = snapshot(deals, tasks=tasks)
    week = hangs_together(crm, OUTCOMES["on_time"], cases(crm, "on_time"))
    # Sunday the 4th, then Monday to Sunday, then Monday the 12th.
    assert np.diff(week).tolist() == [1, 0, 1]


def test_what_is_missing_is_named(snapshot):
    crm = snapshot([{"created_at": "2026-01-10", "status": "won"}])
    missing = {name: cases_of_reps(crm, ALL, one).missing for name, one in OUTCOMES.items()}
    assert "deals.closed_at" in missing["win_rate"] and "deals.manager_id" in missing["win_rate"]
    assert "deals.amount" in missing["revenue_per_lead"]
    assert "tasks.due_at" in missing["on_time"] and "stage_changes" in missing["stage_conversion"]
    assert all(missing.values())


def test_nothing_to_compare_is_said(snapshot):
    crm = snapshot([USUAL | {"status": "open", "closed_at": "", "expected_close_on": "2026-05-01"}, USUAL])
    early = Period.parse("2020", "UTC")
    assert cases_of_reps(crm, early, OUTCOMES["win_rate"]).missing == "no_cases"
    assert cases_of_reps(crm, early, OUTCOMES["cycle"]).missing == "no_cases"
