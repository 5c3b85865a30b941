"""Reps of a whole export compared: whose deals, which roles, what is refused, what is left out and said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit import Period
from crmkit.compare.managers import COLUMNS, managers
from crmkit.compare.outcomes import OUTCOMES
from crmkit.errors import RequestError
from crmkit.measures import ALL, evaluate

AS_OF = "2026-03-31"


def closed(rep, won, n, **more):
    """Return n closed deals of a rep, of which some are won, created and closed over half a year."""
    rows = []
    for one in range(n):
        month, key = f"2025-{7 + one % 6:02}", f"{rep}{more.get('source', '')}{one:04}"
        rows.append(
            {"deal_id": key, "manager_id": rep, "created_at": f"{month}-01",
             "closed_at": f"{month}-{10 + one % 15}", "status": "won" if one < won else "lost"} | more
        )  # fmt: skip
    return rows


def department(*others, **more):
    """Three reps who win 30 of 120 each, and whoever else."""
    return [deal for rep in ("b", "c", "d") for deal in closed(rep, 30, 120)] + [
        deal for rows in others for deal in rows
    ]


def told(found):
    rows = found.rows.set_index("manager_id")
    return {rep: tuple(row) for rep, row in rows[["label", "direction", "reason"]].iterrows()}


def people(*roles, **hired):
    return [
        {"id": rep, "name": rep.upper(), "role": role} | ({"hired_on": hired[rep]} if rep in hired else {})
        for rep, role in roles
    ]


def test_rows_are_those_of_the_win_rate(snapshot):
    crm = snapshot(department(closed("a", 80, 120)))
    found = managers(crm)
    assert list(found.rows.columns) == list(COLUMNS) and found.missing == ""
    assert told(found)["a"] == ("holds", "above", "")
    assert {told(found)[rep][0] for rep in "bcd"} == {"may_be_chance"}
    # The raw figure is what the catalogue says.
    rate = evaluate("win_rate", crm, by=["manager"]).set_index("manager")
    rows = found.rows.set_index("manager_id")
    for name in ("value", "n", "low", "high", "numerator"):
        assert rows[name].tolist() == pytest.approx(rate.loc[rows.index, name].tolist())
    # Those who do not stand out win 90 of 360; with the same leads, like for like is as it is.
    assert rows["whole"].tolist() == pytest.approx([0.25] * 4)
    assert rows["adjusted"].tolist() == pytest.approx(rows["value"].tolist(), abs=2e-3)
    assert found.credit == "owner_now"


def test_a_period_is_half_open(snapshot):
    crm = snapshot(department())
    found = managers(crm, Period.parse("2025-07", "UTC"))
    # A sixth of the 120 deals of each were closed in July.
    assert found.rows["n"].tolist() == [20, 20, 20]
    assert set(found.rows["reason"]) == {"some_cases"}


def test_rows_in_are_rows_kept_and_rows_left_out(snapshot):
    extra = [
        {"deal_id": "x1", "manager_id": "b", "created_at": "2025-08-01", "status": "won"},
        {"deal_id": "x2", "manager_id": "", "created_at": "2025-08-01", "closed_at": "2025-08-09",
         "status": "lost"},
        {"deal_id": "x3", "manager_id": "b", "created_at": "2025-08-01", "closed_at": "2025-08-09",
         "status": "lost", "lost_reason": "Duplicate"},
    ]  # fmt: skip
    crm = snapshot(department(extra), technical_losses=["Duplicate"])
    found = managers(crm)
    assert found.left_out == {"no_closing_date": 1, "no_manager": 1, "technical_loss": 1}
    assert found.rows["n"].sum() + sum(found.left_out.values()) == 363


def test_like_for_like_in_a_whole_export(snapshot):
    # Warm leads are won in 60 of 100 cases and cold ones in 10, whoever has them; a has 100 warm and 20 cold,
    # b the reverse: raw 52 % and 18 %.
    deals = []
    for rep, warm, cold in (("a", 100, 20), ("b", 20, 100), ("c", 60, 60), ("d", 60, 60)):
        deals += closed(rep, warm * 6 // 10, warm, source="warm")
        deals += closed(rep, cold // 10, cold, source="cold")
    found = managers(snapshot(deals))
    rows = found.rows.set_index("manager_id")
    assert rows.loc["a", "value"] == pytest.approx(62 / 120)
    assert rows["gap"].tolist() == pytest.approx([0] * 4, abs=0.03)
    assert {one[0] for one in told(found).values()} == {"may_be_chance"}
    assert "source" in found.mix.codes


def test_roles_never_mix_and_names_need_no_deals(snapshot):
    deals = department(closed("h", 2, 120), closed("i", 3, 120))
    listed = people(("b", "closer"), ("c", "closer"), ("d", "closer"), ("h", "hunter"), ("i", "hunter"),
                    ("z", "hunter"))  # fmt: skip
    found = managers(snapshot(deals, managers=listed))
    rows = found.rows.set_index("manager_id")
    assert rows["role"].tolist() == ["closer"] * 3 + ["hunter"] * 2
    assert set(rows["label"]) == {"may_be_chance"}
    assert rows.loc["h", "whole"] == pytest.approx(5 / 240)
    # Without roles, hunters would be told off.
    assert told(managers(snapshot(deals)))["h"] == ("holds", "below", "")
    alone = people(("b", "closer"), ("c", "closer"), ("d", "closer"), ("h", "hunter"))
    assert told(managers(snapshot(department(closed("h", 2, 120)), managers=alone)))["h"] == (
        "cannot_be_computed", "none", "no_colleagues"
    )  # fmt: skip


def test_one_rep_alone_has_nobody_beside_it(snapshot):
    found = managers(snapshot(closed("a", 3, 100)))
    assert told(found) == {"a": ("cannot_be_computed", "none", "no_colleagues")}
    assert found.rows.loc[0, "value"] == pytest.approx(0.03)


def test_all_deals_of_one_client_say_nothing(snapshot):
    deals = department(closed("a", 110, 120))
    crm = snapshot([deal | {"company_id": "one"} for deal in deals])
    assert set(told(managers(crm)).values()) == {("too_little_data", "none", "few_clients")}


def test_reps_known_for_won_deals_only_are_not_compared(snapshot):
    # Hunters are written down where a deal is won: each of them would have won all.
    deals = [deal | ({} if deal["status"] == "won" else {"manager_id": ""}) for deal in department()]
    found = managers(snapshot(deals))
    assert found.missing == "reps_known_after_the_outcome" and found.rows.empty
    assert found.left_out == {"no_manager": 270}
    # By chance missing ones are only left out.
    deals = [deal | ({"manager_id": ""} if at % 10 == 0 else {}) for at, deal in enumerate(department())]
    found = managers(snapshot(deals))
    assert found.missing == "" and found.left_out == {"no_manager": 36}


def test_amounts_of_won_deals_only_do_not_explain_the_win(snapshot):
    deals = department(closed("a", 80, 120))
    deals = [deal | ({"amount": 100} if deal["status"] == "won" else {}) for deal in deals]
    found = managers(snapshot(deals))
    assert found.mix.left_out["amount_band"] == "known_after_the_outcome"
    assert told(found)["a"] == ("holds", "above", "")


def test_300_products_are_no_hindrance(snapshot):
    deals = department(closed("a", 80, 120))
    deals = [deal | {"product": f"p{(at * 7) % 300}"} for at, deal in enumerate(deals)]
    found = managers(snapshot(deals))
    assert found.rows["matched"].tolist() == pytest.approx([1] * 4, abs=0.1)
    assert found.rows.set_index("manager_id").loc["a", "gap"] > 0.3


@pytest.mark.parametrize(("hired", "new"), [("2026-01-15", True), ("2025-12-20", False), ("", False)])
def test_who_was_hired_within_90_days_is_not_judged(snapshot, hired, new):
    # The report's day is the 31st of March, 90 days before it begins the 1st of January.
    when = {"a": hired} if hired else {}
    listed = people(("a", "closer"), ("b", "closer"), ("c", "closer"), ("d", "closer"), **when)
    found = managers(snapshot(department(closed("a", 100, 120)), managers=listed))
    assert found.rows.set_index("manager_id")["is_new"].tolist() == [new, False, False, False]
    assert told(found)["a"][2] == ("new_hire" if new else "")


def test_without_a_hiring_day_the_first_deal_tells_who_is_new(snapshot):
    fresh = [
        deal | {"created_at": "2026-02-10", "closed_at": f"2026-03-{1 + at % 28:02}"}
        for at, deal in enumerate(closed("a", 60, 60))
    ]
    found = managers(snapshot(department(fresh)))
    assert found.rows.set_index("manager_id").loc["a", "is_new"]
    assert told(found)["a"][0] != "holds"
    # An export of the last weeks only: nobody is new by that.
    found = managers(snapshot([deal for rep in "ab" for deal in [one | {
        "manager_id": rep, "deal_id": rep + one["deal_id"]} for one in fresh]]))  # fmt: skip
    assert not found.rows["is_new"].any()


def test_deals_are_credited_to_whose_they_were(snapshot):
    # All deals of c were handed over to a afterwards; the history says that they were won and lost with c.
    deals = [deal | {"manager_id": "a"} for deal in closed("c", 60, 80)] + closed("b", 20, 80)
    changes = [
        {"deal_id": deal["deal_id"], "changed_at": deal["closed_at"], "from_stage": "New",
         "to_stage": "Won" if deal["status"] == "won" else "Lost", "manager_id": deal["deal_id"][0]}
        for deal in [*closed("c", 60, 80), *closed("b", 20, 80)]
    ]  # fmt: skip
    now, then = managers(snapshot(deals)), managers(snapshot(deals, stage_changes=changes))
    assert (now.credit, then.credit) == ("owner_now", "owner_then")
    assert now.rows["manager_id"].tolist() == ["a", "b"] and then.rows["manager_id"].tolist() == ["b", "c"]


def test_who_leaves_lost_deals_open_does_not_stand_above(snapshot):
    # All win 30 of 120. One closes only 50 of the deals: 30 won, 20 lost, and 70 lie open since: 60 %.
    deals = closed("a", 30, 120)
    lying = [
        {key: value for key, value in deal.items() if key != "closed_at"} | {"status": "open"}
        for deal in deals[50:]
    ]
    found = managers(snapshot(department(deals[:50], lying)))
    rows = found.rows.set_index("manager_id")
    assert rows.loc["a", "value"] == pytest.approx(0.6) and rows.loc["a", "gap_low"] > 0
    assert told(found)["a"] == ("may_be_chance", "none", "left_open")
    # Without the deals left lying, or with young ones in their place, it holds.
    assert told(managers(snapshot(department(deals[:50]))))["a"] == ("holds", "above", "")
    young = [deal | {"created_at": "2026-03-28"} for deal in lying]
    assert told(managers(snapshot(department(deals[:50], young))))["a"] == ("holds", "above", "")


def test_tasks_of_few_weeks_say_little(snapshot):
    # 60 tasks each, but all in three weeks.
    tasks = [
        {"manager_id": rep, "due_at": f"2026-01-{5 + one % 19:02} 12:00",
         "completed_at": f"2026-01-{5 + one % 19:02} {10 if one < good else 14}:00"}
        for rep, good in (("a", 60), ("b", 20), ("c", 20)) for one in range(60)
    ]  # fmt: skip
    found = managers(snapshot(closed("a", 1, 2), tasks=tasks), outcome="on_time")
    assert found.rows["value"].tolist() == pytest.approx([1, 1 / 3, 1 / 3])
    assert set(found.rows["reason"]) == {"few_work_weeks"}


def test_teams_can_be_compared_too(snapshot):
    listed = [{"id": rep, "name": rep, "team": team} for rep, team in zip("abcd", "NNSS", strict=True)]
    found = managers(snapshot(department(closed("a", 80, 120)), managers=listed), by="team")
    assert found.rows["manager_id"].tolist() == ["N", "S"]
    assert found.rows["numerator"].tolist() == [110, 60] and found.rows["n"].tolist() == [240, 240]


def test_what_is_not_there_is_refused_or_named(snapshot):
    crm = snapshot(department())
    with pytest.raises(RequestError):
        managers(crm, outcome="charm")
    with pytest.raises(RequestError):
        managers(crm, by="shoe_size")
    assert managers(crm, Period.parse("2020", "UTC")).missing == "no_cases"
    for name in ("revenue_per_lead", "on_time", "actions_per_day", "stage_conversion"):
        found = managers(crm, outcome=name)
        assert found.missing and found.rows.empty and list(found.rows.columns) == list(COLUMNS)


def test_nothing_after_the_report_s_day_is_seen(snapshot):
    deals = department(closed("a", 80, 120))
    late = [
        {"deal_id": f"z{one}", "manager_id": "b", "created_at": "2026-04-02", "closed_at": "2026-04-09",
         "status": "won"} for one in range(200)
    ]  # fmt: skip
    one, other = managers(snapshot(deals)), managers(snapshot([*deals, *late]))
    pd.testing.assert_frame_equal(one.rows, other.rows)


def test_the_order_of_rows_in_the_file_changes_nothing(snapshot):
    deals = department(closed("a", 60, 120))
    deals = [deal | {"source": "xyz"[at % 3], "amount": 10 + at % 50} for at, deal in enumerate(deals)]
    order = np.random.default_rng(3).permutation(len(deals))
    for name in ("win_rate", "revenue_per_lead", "cycle"):
        one = managers(snapshot(deals), outcome=name)
        other = managers(snapshot([deals[at] for at in order]), outcome=name)
        pd.testing.assert_frame_equal(one.rows, other.rows)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_judged_without_a_warning_and_adds_up(snapshot, outcome):
    deals, changes, tasks = department(closed("a", 60, 120), closed("e", 1, 2)), [], []
    for deal in deals:
        end = {"won": "Won", "lost": "Lost"}[deal["status"]]
        days = [deal["created_at"], deal["created_at"][:8] + "05", deal["closed_at"]]
        steps = ["New", "Offer", end] if int(deal["deal_id"][-2:]) % 3 else ["New", end, end]
        for day, stage in zip(days, steps, strict=True):
            changes.append({"deal_id": deal["deal_id"], "changed_at": day, "to_stage": stage})
        done = deal["closed_at"] if deal["status"] == "won" else ""
        task = {name: deal[name] for name in ("deal_id", "manager_id")}
        tasks.append(task | {"due_at": deal["closed_at"], "completed_at": done})
        deal["amount"] = 100
    crm = snapshot(deals, stage_changes=changes, tasks=tasks)
    found = managers(crm, ALL, outcome)
    assert found.missing == "" and set(found.rows["manager_id"]) <= set("abcde")
    every = OUTCOMES[outcome].cases(crm, ALL)
    assert found.rows["n"].sum() + sum(found.left_out.values()) == len(every)
    assert found.rows["numerator"].sum() == pytest.approx(every["value"][every["left_out"] == ""].sum())
    holds = found.rows[found.rows["label"] == "holds"]
    assert ((holds["gap_low"] > 0) | (holds["gap_high"] < 0)).all() and (holds["n"] >= 30).all()
