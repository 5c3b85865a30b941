"""Conformance: each kind of deviation once, what could be examined, and the shares with their n."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmkit.periods import Period
from crmkit.process.conformance import conformance, conforming, deviations
from crmkit.process.description import Process, following
from crmkit.process.steps import map_steps

ALL = Period(None, None, "all")
STAGES = [
    {"name": "Lead"},
    {"name": "Offer"},
    {"name": "Test"},
    {"name": "Bill"},
    {"name": "Pause"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
STEPS = [
    {"name": "Qualify", "crm_stages": ["Lead"]},
    {"name": "Propose", "crm_stages": ["Offer"]},
    {"name": "Try", "crm_stages": ["Test"], "optional": True},
    {"name": "Charge", "crm_stages": ["Bill"]},
]


def described(*more: dict, **rest) -> Process:
    """Return the four steps, each with what a test adds to it."""
    steps = [step | add for step, add in zip(STEPS, [*more, {}, {}, {}, {}], strict=False)]
    return Process.model_validate({"name": "Sales", "steps": steps} | rest)


def paths(*ways: str) -> tuple[list[dict], list[dict]]:
    """Return deals that went through stages by first letters (X: lost), one a day from 2 March 2026 on."""
    names = {stage["name"][0]: stage["name"] for stage in STAGES[:-1]} | {"X": "Lost"}
    deals, changes = [], []
    for number, way in enumerate(ways, 1):
        steps = [names[letter] for letter in way]
        deal = {"deal_id": str(number), "stage": steps[-1], "created_at": "2026-03-02 10:00"}
        if steps[-1] in ("Won", "Lost"):
            deal["closed_at"] = f"2026-03-{1 + len(steps):02d} 10:00"
        deals.append(deal)
        for day, stage in enumerate(steps, 2):
            changes.append(
                {"deal_id": str(number), "changed_at": f"2026-03-{day:02d} 10:00", "to_stage": stage}
            )
    return deals, changes


def examined(snapshot, process: Process, *ways: str, period: Period = ALL, **more):
    deals, changes = paths(*ways)
    for deal, extra in zip(deals, more.pop("fields", []), strict=False):
        deal |= extra
    crm = snapshot(deals, stages=STAGES, stage_changes=changes, as_of="2026-03-31", **more)
    return conformance(crm, period, process, map_steps(crm, process))


def told(found, *names: str) -> list[tuple]:
    return list(found.deviations[list(names)].itertuples(index=False, name=None))


def test_moves_are_told_once_as_a_skip_a_step_back_or_a_jump(snapshot):
    found = examined(
        snapshot,
        described(),
        "LOTBW",  # 1: as described
        "LOBW",  # 2: over the optional step: as described
        "LBW",  # 3: over Propose: a skip
        "LW",  # 4: won at once: two mandatory steps skipped, told as one move
        "LOLB",  # 5: back to Qualify; then on to Charge: Propose was passed before, so nothing is skipped
        "OX",  # 6: begins later and is lost: no deviation
        "LPO",  # 7: a stage of no step between is not seen
    )
    assert told(found, "deal_id", "kind", "place", "next_place", "found", "expected") == [
        ("3", "skipped_step", "Qualify", "Charge", "Charge", "Propose"),
        ("4", "skipped_step", "Qualify", "Won", "Won", "Propose · Charge"),
        ("5", "step_back", "Propose", "Qualify", "Qualify", "Try · Charge"),
    ]
    # moves: 4 + 3 + 2 + 1 + 3 + 0 + 1 = 14 of six deals; deal 6 made none and is examined for nothing
    checked = found.checked.set_index("kind")
    assert checked.loc["skipped_step", ["stays", "deals", "deviations", "state"]].tolist() == [14, 6, 2, "ok"]
    assert checked.loc["over_norm", "state"] == "not_described"
    whole = conforming(found).iloc[0]
    assert (whole["numerator"], whole["n"], whole["value"]) == (3, 6, 0.5)
    # Wilson by hand for 3 of 6: .5 ± 1.959964 / (1 + 3.841459 / 6) · sqrt(.25 / 6 + 3.841459 / 144) = .3122
    assert (whole["low"], whole["high"]) == pytest.approx((0.1876, 0.8124), abs=1e-4)
    by_kind = conforming(found, "kind").set_index("kind")
    assert by_kind.loc["step_back", ["numerator", "n"]].tolist() == [1, 6]
    by_step = conforming(found, "step_ix").set_index("step_ix")
    assert by_step.loc[0, ["numerator", "n"]].tolist() == [4, 6]  # Qualify: of deals 1-5 and 7 not 3 and 4
    assert by_step.loc[1, ["numerator", "n"]].tolist() == [2, 3]  # Propose left by deals 1, 2 and 5


def test_a_branch_that_the_description_does_not_know_is_a_jump(snapshot):
    outputs = [{"text": "cheap", "next_step": "Charge"}]
    found = examined(snapshot, described({"outputs": outputs}), "LOB", "LBO", "LB")
    assert told(found, "deal_id", "kind", "place", "expected") == [
        ("1", "illegal_jump", "Qualify", "Charge"),
        ("2", "step_back", "Charge", ""),
    ]


def test_opening_a_deal_anew_is_no_move(snapshot):
    assert not len(examined(snapshot, described(), "LOBWL").deviations)


def test_required_fields_are_judged_by_present_values_when_a_step_is_left_forwards(snapshot):
    process = described(
        {"required_fields": ["amount", "БЮДЖЕТ", "Nowhere"]}, {"required_fields": ["source|Budget"]}
    )
    fields = [
        {"amount": "10", "Бюджет": "big", "source": "web"},
        {"amount": "0"},  # nothing and zero are both empty
        {"amount": ""},  # lost at the first step: nothing was due
        {"amount": "7", "Бюджет": "x"},  # leaves Propose without a source
    ]
    found = examined(snapshot, process, "LO", "LO", "LX", "LOB", fields=fields)
    assert told(found, "deal_id", "kind", "place", "found", "expected") == [
        ("2", "exit_condition_unmet", "Qualify", "amount · БЮДЖЕТ", "amount · БЮДЖЕТ"),
        ("4", "exit_condition_unmet", "Propose", "source|Budget", "source|Budget"),
    ]
    row = found.checked.set_index("kind").loc["exit_condition_unmet"]
    assert (row["stays"], row["deals"], row["lacking"], row["basis"]) == (4, 3, "Nowhere", "as_of_export")


def test_a_field_is_found_by_its_heading_and_on_the_cards_of_the_deal(snapshot):
    process = described({"required_fields": ["БЮДЖЕТ сделки", "companies.city", "contacts.phone"]})
    deals, changes = paths("LO", "LO", "LO")
    for deal, amount, company in zip(deals, ("5", "", "7"), ("c1", "c1", "c2"), strict=True):
        deal |= {"amount": amount, "company_id": company}
    cards = [
        {"company_id": "c1", "name": "Firm", "city": "X"},
        {"company_id": "c2", "name": "Other", "city": ""},
    ]
    crm = snapshot(deals, stages=STAGES, stage_changes=changes, companies=cards)
    places = map_steps(crm, process)
    found = conformance(crm, ALL, process, places, headings={"Бюджет сделки": "amount", "Note": ""})
    assert told(found, "deal_id", "found") == [("2", "БЮДЖЕТ сделки"), ("3", "companies.city")]
    assert found.checked.set_index("kind").loc["exit_condition_unmet", "lacking"] == "contacts.phone"


def test_a_field_that_no_file_has_cannot_be_examined(snapshot):
    found = examined(snapshot, described({"required_fields": ["Nowhere"]}), "LO")
    row = found.checked.set_index("kind").loc["exit_condition_unmet"]
    assert (row["stays"], row["state"], row["lacking"]) == (0, "not_in_export", "Nowhere")


@pytest.mark.parametrize(
    ("norm", "amount", "late"),
    [("1 working_days", 1.0, False), ("8.5 working_hours", 9.0, True), ("0.5 days", 1.0, True)],
)
def test_norms_are_measured_in_their_unit(snapshot, norm, amount, late):
    # Lead from Monday 10:00 to Tuesday 10:00: 8 hours and 1 hour of work, one day
    found = examined(snapshot, described({"norm": norm}), "LO")
    row = found.checked.set_index("kind").loc["over_norm"]
    assert (row["stays"], row["deviations"]) == (1, int(late))
    if late:
        assert found.deviations["amount"].tolist() == [amount]
        assert found.deviations["expected"].tolist() == [norm]


def test_a_stay_that_goes_on_is_late_by_its_length_so_far(snapshot):
    found = examined(snapshot, described({"norm": "20 working_days"}, {"norm": "30 days"}), "L", "LO")
    # deal 1 since Monday 2 March 10:00 until the end of 31 March: 21 whole days and 8 hours = 21.89
    assert told(found, "deal_id", "found", "unit") == [("1", "21.89 working_days", "working_days")]
    assert found.checked.set_index("kind").loc["over_norm", "stays"] == 3


def test_a_period_sees_its_own_moves_and_the_stays_up_to_its_end(snapshot):
    process = described({"norm": "3 days"})
    # deal 1 skips on 3 March; deal 2 stands in Lead from 2 March on
    inside = examined(snapshot, process, "LB", "L", period=Period.parse("2026-03-02..2026-03-06", "UTC"))
    assert told(inside, "deal_id", "kind", "found") == [
        ("1", "skipped_step", "Charge"),
        ("2", "over_norm", "3.58 days"),
    ]
    later = examined(snapshot, process, "LB", "L", period=Period.parse("2026-03-10..2026-03-11", "UTC"))
    assert told(later, "deal_id", "kind") == [("2", "over_norm")]
    before = examined(snapshot, process, "LB", "L", period=Period.parse("2026-03-02..2026-03-04", "UTC"))
    assert told(before, "deal_id", "kind") == [("1", "skipped_step")]
    assert not len(examined(snapshot, process, "LB", period=Period.parse("2026-01", "UTC")).deals)


def test_roles_are_examined_only_where_both_sides_are_known(snapshot):
    process = described(
        {"responsible": ["Closing person"]}, {"responsible": ["Lawyer"]}, {}, {"responsible": ["Head"]},
        roles=[{"name": "Closing person", "crm_role": "closer"}],
    )  # fmt: skip
    managers = [{"name": "Ann", "role": "hunter"}, {"name": "Bob", "role": "Closer"}, {"name": "Cyd"}]
    fields = [{"manager_id": "Ann"}, {"manager_id": "Bob"}, {"manager_id": "Cyd"}, {"manager_id": ""}]
    found = examined(snapshot, process, "LO", "LO", "LO", "LO", fields=fields, managers=managers)
    assert told(found, "deal_id", "manager_id", "found", "expected") == [
        ("1", "Ann", "hunter", "Closing person")
    ]
    row = found.checked.set_index("kind").loc["wrong_role"]
    assert (row["stays"], row["lacking"], row["state"]) == (2, "Lawyer · Head", "ok")
    by_rep = conforming(found, "manager_id").set_index("manager_id")
    assert by_rep.loc["Ann", ["numerator", "n"]].tolist() == [0, 1]
    assert by_rep.loc["Bob", ["numerator", "n"]].tolist() == [1, 1]


def test_technical_losses_and_deals_without_history_are_left_out_and_counted(snapshot):
    deals, changes = paths("LBX", "LB")
    deals[0]["lost_reason"] = "Double"
    deals.append({"deal_id": "9", "stage": "Lead", "created_at": "2026-03-05"})
    crm = snapshot(deals, stages=STAGES, stage_changes=changes, technical_losses=["double"])
    found = conformance(crm, Period.parse("2026-03", "UTC"), described(), map_steps(crm, described()))
    assert found.deals.tolist() == [1] and found.left_out == {"technical_loss": 1, "no_history": 1}
    assert deviations(crm, ALL, described(), map_steps(crm, described()))["deal_id"].tolist() == ["2"]


def test_without_a_history_nothing_conforms(snapshot):
    crm = snapshot([{"stage": "Lead", "created_at": "2026-03-02"}], stages=STAGES)
    found = conformance(crm, ALL, described({"norm": "1"}), map_steps(crm, described()))
    assert not len(found.deviations) and set(found.checked["state"]) == {"not_in_export", "not_described"}
    whole = conforming(found).iloc[0]
    assert whole["n"] == 0 and whole["state"] == "empty" and whole["value"] != whole["value"]
    for by in ("kind", "manager_id", "step_ix"):
        assert conforming(found, by)["n"].sum() == 0


def test_a_closing_without_a_change_of_stage_is_a_win(snapshot):
    crm = snapshot(
        [{"deal_id": "1", "stage": "Lead", "created_at": "2026-03-02"}],
        stages=STAGES, stage_changes=[{"deal_id": "1", "changed_at": "2026-03-02 10:00", "to_stage": "Lead"}],
    )  # fmt: skip
    status = pd.Categorical(["won"], categories=["open", "won", "lost"])
    won = crm.deals.assign(status=status, closed_at=pd.to_datetime(["2026-03-09"], utc=True).as_unit("us"))
    crm = replace(crm, tables={**crm.tables, "deals": won})
    found = conformance(crm, ALL, described(), map_steps(crm, described()))
    assert told(found, "kind", "next_place", "expected") == [("skipped_step", "", "Propose · Charge")]
    assert found.deviations["at"].iloc[0] == pd.Timestamp("2026-03-09", tz="UTC")


def test_moves_agree_with_a_naive_reading_deal_by_deal(snapshot):
    """Random ways of 200 deals against three descriptions, read once more with loops and sets."""
    draw = np.random.default_rng(7)
    ways = ["".join(draw.choice(list("LOTBPWX"), size=draw.integers(1, 9))) for _ in range(200)]
    deals, changes = paths(*ways)
    crm = snapshot(deals, stages=STAGES, stage_changes=changes, as_of="2026-03-31")
    outputs = [{"text": "x", "next_step": "Charge"}, {"text": "y", "next_step": "Propose"}]
    for process in (
        described(),
        described({"outputs": outputs}),
        described({}, {"optional": True, "outputs": [{"text": "again", "next_step": "Qualify"}]}),
    ):
        found = conformance(crm, ALL, process, map_steps(crm, process))
        is_move = found.deviations["kind"].isin(["skipped_step", "step_back", "illegal_jump"])
        rows = found.deviations[is_move.to_numpy()].sort_values(["deal_ix", "at"], kind="stable")
        got = list(rows[["deal_id", "kind", "place", "expected"]].itertuples(index=False, name=None))
        assert sorted(got) == sorted(naive(process, ways))


def naive(process: Process, ways: list[str]) -> list[tuple[str, str, str, str]]:
    """Return the moves that a description does not allow: one deal, one move, one question at a time."""
    names = [step.name for step in process.steps]
    end, told = len(names), []
    edges = {}
    for ix in range(end):
        edges[ix] = set(following(process, ix))
        if not any(there > ix for there in edges[ix]):
            edges[ix].add(end)
    for number, way in enumerate(ways, 1):
        places = [letter for letter in way if letter != "P"]
        before: set[int] = set()
        for here, there in itertools.pairwise(places):
            if here in "WX":
                continue
            start = "LOTB".index(here)
            before.add(start)
            if there == "X" or here == there:
                continue
            target = end if there == "W" else "LOTB".index(there)
            reached = set(edges[start])
            while True:
                more = {n for one in reached - {end} if process.steps[one].optional for n in edges[one]}
                if more <= reached:
                    break
                reached |= more
            if target in reached:
                continue
            roads = [[start]]
            whole = []
            while roads:
                road = roads.pop()
                if road[-1] == target:
                    whole.append([one for one in road[1:-1] if not process.steps[one].optional])
                elif road[-1] != end:
                    roads += [[*road, one] for one in edges[road[-1]] if one > road[-1]]
            allowed = " · ".join(names[one] for one in sorted(reached - {end}))
            if target < start:
                told.append((str(number), "step_back", names[start], allowed))
            elif not whole:
                told.append((str(number), "illegal_jump", names[start], allowed))
            else:
                missed = [one for one in min(whole, key=len) if one not in before]
                if missed:
                    expected = " · ".join(names[one] for one in missed)
                    told.append((str(number), "skipped_step", names[start], expected))
    return told
