"""Bottlenecks: worked out by hand, and departments of a known truth."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from crmkit.periods import Period
from crmkit.process.bottlenecks import bottlenecks
from crmkit.process.description import Process
from crmkit.process.expected import expected_effect
from crmkit.process.steps import map_steps, stages_as_places

ALL = Period(None, None, "all")
YEAR = Period.parse("2025", "UTC")
STEPS = ("Lead", "Need", "Offer", "Contract")
STAGES = [
    *({"name": name} for name in STEPS),
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]


def department(
    conversions: np.ndarray, *, deals: int = 800, seed: int = 1, per_client: int = 1, check: float = 100
):
    """Return deals that reps lead through the steps; ``conversions`` has one row a rep, one column a step."""
    draw = np.random.default_rng(seed)
    cards, moves = [], []
    for number in range(deals):
        rep = int(draw.integers(len(conversions)))
        at = datetime(2025, 1, 1) + timedelta(hours=int(draw.integers(0, 330 * 24)))  # noqa: DTZ001
        card = {"deal_id": str(number), "created_at": str(at), "manager_id": f"rep {rep}"}
        card["company_id"] = f"client {number // per_client}"
        for step, name in enumerate(STEPS):
            moves.append({"deal_id": str(number), "changed_at": str(at), "to_stage": name})
            at += timedelta(hours=float(draw.exponential(48)))
            if draw.random() > conversions[rep, step]:
                end = "Lost"
                break
        else:
            end = "Won"
        moves.append({"deal_id": str(number), "changed_at": str(at), "to_stage": end})
        amount = round(float(draw.lognormal(np.log(check), 0.5)), 2)
        cards.append(card | {"stage": end, "closed_at": str(at), "amount": amount})
    return {"deals": cards, "stage_changes": moves, "stages": STAGES, "as_of": "2026-06-30"}


def alike(reps: int = 8) -> np.ndarray:
    return np.tile([0.75, 0.65, 0.6, 0.8], (reps, 1))


#: 40 deals: 20 are lost in Lead, 20 go on to Need, 15 of them are won; a day in each, 100 for each won.
FORTY = [["Lead", "Lost"]] * 20 + [["Lead", "Need", "Won"]] * 15 + [["Lead", "Need", "Lost"]] * 5


def along(paths, **more):
    cards, moves = [], []
    for number, path in enumerate(paths):
        at = datetime(2025, 1, 1, 10)  # noqa: DTZ001
        for stage in path:
            moves.append({"deal_id": str(number), "changed_at": str(at), "to_stage": stage})
            at += timedelta(days=1)
        card = {
            "deal_id": str(number),
            "created_at": "2025-01-01 10:00",
            "stage": path[-1],
            "amount": 100,
        } | more
        if path[-1] in ("Won", "Lost"):
            card["closed_at"] = str(at - timedelta(days=1))
        cards.append({name: value for name, value in card.items() if value is not None})
    return {"deals": cards, "stage_changes": moves, "stages": STAGES, "as_of": "2025-12-31"}


def process(**steps):
    rows = [{"name": name, "crm_stages": [name]} | more for name, more in steps.items()]
    return Process.model_validate({"name": "Sales", "version": "to_be", "steps": rows})


JANUARY = Period.parse("2025-01", "UTC")
MONTHS = (31 - 10 / 24) / (365.25 / 12)  # recorded since the first change, at 10 o'clock


def test_the_described_conversion_stands_in_for_reps(snapshot):
    crm = snapshot(**along(FORTY))
    described = process(Lead={"expected_conversion": 0.75, "norm": "2"}, Need={"expected_conversion": 0.7})
    found = bottlenecks(crm, JANUARY, map_steps(crm, described), process=described)
    first, second = (found.ranking.iloc[row] for row in (0, 1))
    # P(win | Lead) = 1/2 · 3/4 = 3/8; at a conversion of 3/4 it is 9/16: 3/16 of 40 deals at 100 each.
    assert first[["stage", "benchmark_source", "state"]].tolist() == ["Lead", "norm", ""]
    assert first[["p_win", "p_win_if"]].tolist() == pytest.approx([3 / 8, 9 / 16])
    assert first["flow_month"] == pytest.approx(40 / MONTHS)
    assert first["money_month"] == pytest.approx(40 / MONTHS * 100 * 3 / 16)
    assert 0 < first["money_month_low"] < first["money_month"] < first["money_month_high"]
    assert first[["conversion", "conversion_n", "check", "check_n"]].tolist() == [0.5, 40, 100, 15]
    # Need: 20 visits are too few to compare, whatever is described
    assert second[["stage", "state"]].tolist() == ["Need", "few_visits"]
    assert (found.focus, found.next, found.why_not, found.unit) == (0, (), (), "money")
    assert found.first_two_overlap is None and found.other_focus is None and found.clients == 40


def test_what_the_described_process_would_bring(snapshot):
    crm = snapshot(**along(FORTY))
    stated = {"Lead": {"expected_conversion": 0.75, "norm": "0.5 days"}, "Need": {}, "Else": {"norm": "1"}}
    found = expected_effect(crm, JANUARY, process(**stated))
    whole = found.whole.set_index("figure")
    # 3/8 of 40 deals are won now, 9/16 then. A day in each: 1 + 1/2 now, 1/2 + 3/4 then.
    assert whole.loc["win_rate", ["now", "then", "change"]].tolist() == pytest.approx([3 / 8, 9 / 16, 3 / 16])
    assert whole.loc["deals_month", ["now", "then"]].tolist() == pytest.approx([15 / MONTHS, 22.5 / MONTHS])
    assert whole.loc["money_month", "change"] == pytest.approx(750 / MONTHS)
    assert 0 < whole.loc["money_month", "change_low"] < 750 / MONTHS < whole.loc["money_month", "change_high"]
    assert whole.loc["days", ["now", "then"]].tolist() == pytest.approx([1.5, 1.25])
    steps = found.steps.set_index("stage")
    assert steps["basis"].tolist() == ["stated", "as_measured", "not_in_data"]
    assert steps.loc["Lead", "money_month"] == pytest.approx(750 / MONTHS)
    assert steps.loc["Lead", "saved_days"] == pytest.approx(0.25)
    assert np.isnan(steps.loc["Need", "money_month"]) and steps.loc["Need", "saved_days"] == 0
    assert found.state == ""
    assert expected_effect(crm, JANUARY, process(Lead={}, Need={})).state == "nothing_stated"


def test_a_planted_bottleneck_is_found(snapshot):
    # In Offer half of the reps convert 45 % and half 75 %; everywhere else all are alike.
    conversions = alike()
    conversions[:4, 2], conversions[4:, 2] = 0.45, 0.75
    for seed in range(2):
        crm = snapshot(**department(conversions, deals=1500, seed=seed))
        found = bottlenecks(crm, YEAR, stages_as_places(crm))
        first = found.ranking.iloc[found.focus]
        assert first[["stage", "benchmark_source", "reps", "best_reps"]].tolist() == [
            "Offer",
            "best_quartile",
            8,
            2,
        ]
        # The truth: 1500 deals in 12 months, 75 % · 65 % come to Offer, 15 points · 80 % more of them won.
        truth = 1500 / 12 * 0.75 * 0.65 * 0.15 * 0.8
        assert first["deals_month"] == pytest.approx(truth, rel=0.35)
        assert first["deals_month_low"] < truth < first["deals_month_high"]
        assert not found.first_two_overlap and found.ahead > 0.97


def test_where_reps_are_alike_no_step_is_recommended(snapshot):
    for seed in range(3):
        crm = snapshot(**department(alike(), deals=1000, seed=seed, per_client=3))
        found = bottlenecks(crm, YEAR, stages_as_places(crm))
        assert found.focus is None and set(found.why_not) <= {"may_be_chance", "at_benchmark"}
        costs = found.ranking["money_month_low"].dropna()
        assert (costs <= 0).all()


def test_reps_are_compared_within_their_role(snapshot):
    # Hunters convert leads at 60 %, closers at 90 %: compared within their roles, none of them is better.
    conversions = alike()
    conversions[:4, 0], conversions[4:, 0] = 0.6, 0.9
    given = department(conversions, deals=1200)
    roles = [
        {"name": f"rep {rep}", "id": f"rep {rep}", "role": "hunter" if rep < 4 else "closer"}
        for rep in range(8)
    ]
    apart, together = snapshot(**given, managers=roles), snapshot(**given)
    told = [bottlenecks(crm, YEAR, stages_as_places(crm)) for crm in (apart, together)]
    lead = [one.ranking.set_index("stage").loc["Lead"] for one in told]
    assert lead[1]["state"] == "" and lead[1]["benchmark"] > 0.85
    assert lead[0]["state"] != "" and lead[0]["benchmark"] == pytest.approx(lead[0]["conversion"], abs=0.03)


def test_the_other_benchmark_is_told(snapshot):
    conversions = alike()
    conversions[:4, 2], conversions[4:, 2] = 0.45, 0.75
    crm = snapshot(**department(conversions, deals=1500))
    described = process(Lead={"expected_conversion": 0.95}, Need={}, Offer={}, Contract={})
    found = bottlenecks(crm, YEAR, map_steps(crm, described), process=described)
    assert found.ranking["stage"].iloc[found.focus] == "Offer"
    assert found.ranking["stage"].iloc[found.other_focus] == "Lead"
    lead = found.ranking.set_index("stage").loc["Lead"]
    assert lead[["benchmark_source", "other_source", "other_benchmark"]].tolist() == [
        "best_quartile",
        "norm",
        0.95,
    ]
    # 20 points more of 1500 deals, of which 65 % · 60 % · 80 % are won, at a mean of 100 · e^(1/8)
    assert lead["other_month"] == pytest.approx(125 * 0.2 * 0.312 * 113.3, rel=0.2)


def test_without_amounts_deals_are_ranked(snapshot):
    given = along(FORTY, amount=None)
    described = process(Lead={"expected_conversion": 0.75}, Need={})
    crm = snapshot(**given)
    found = bottlenecks(crm, JANUARY, map_steps(crm, described), process=described)
    assert found.unit == "deals" and found.focus == 0
    assert found.ranking["deals_month"].iloc[0] == pytest.approx(7.5 / MONTHS)
    assert found.ranking["money_month"].isna().all()


def test_why_nothing_can_be_recommended(snapshot):
    crm = snapshot([{"created_at": "2025-01-01", "status": "won", "closed_at": "2025-01-09"}])
    found = bottlenecks(crm, ALL, stages_as_places(crm))
    assert found.ranking.empty and found.focus is None and found.why_not == ("no_history",)
    assert expected_effect(crm, ALL, process(Lead={})).state == "no_history"
    crm = snapshot(**along(FORTY))
    found = bottlenecks(crm, Period.parse("2024", "UTC"), stages_as_places(crm))
    assert found.ranking.empty and found.why_not == ("no_visits",)
    found = bottlenecks(crm, JANUARY, stages_as_places(crm))
    assert found.why_not == ("no_benchmark", "few_visits")
    # fewer than ten visits: only «k of n» is told
    few = process(Lead={"expected_conversion": 0.9}, Need={})
    crm = snapshot(**along(FORTY[16:24]))
    row = bottlenecks(crm, JANUARY, map_steps(crm, few), process=few).ranking.iloc[0]
    assert row[["conversion_numerator", "conversion_n", "state"]].tolist() == [4, 8, "few_visits"]
    assert np.isnan(row[["conversion_low", "money_month", "money_month_low"]].astype(float)).all()


def test_all_deals_of_one_client_are_one_case(snapshot):
    described = process(Lead={"expected_conversion": 0.75}, Need={})
    crm = snapshot(**along(FORTY, company_id="one"), companies=[{"company_id": "one"}])
    found = bottlenecks(crm, JANUARY, map_steps(crm, described), process=described)
    assert found.clients == 1 and found.why_not[0] == "few_clients"


def test_the_same_data_gives_the_same_figures(snapshot):
    given = department(alike(), deals=300)
    told = [
        bottlenecks(crm, YEAR, stages_as_places(crm)).ranking
        for crm in (snapshot(**given), snapshot(**given))
    ]
    assert told[0].equals(told[1])
