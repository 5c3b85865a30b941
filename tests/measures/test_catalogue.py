"""What holds for every measure of the catalogue, on clients made by chance."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest

from crmkit import Period, catalogue, evaluate
from crmkit.measures import ALL, catalog
from crmkit.measures.evaluation import NOT_YET, evaluate_fully
from crmkit.periods import GRAINS
from crmkit.schema import Snapshot

NAMES = [one.name for one in catalogue()]
SUMS = ["numerator", "denominator", "n"]


def fitting(slicing: str) -> list[str]:
    """Return the measures that can be told by a slice."""
    return [
        one.name
        for one in catalogue()
        if (not one.only_by or slicing in one.only_by) and not (slicing in GRAINS and one.is_timeless)
    ]


def by_group(crm: Snapshot, names: list[str] = NAMES) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all figures by rep, or by channel where a measure is not told by rep, and what is left out."""
    by_rep = [name for name in names if name in fitting("manager")]
    pairs = [evaluate_fully(by_rep, crm, by=["manager"])]
    pairs.append(evaluate_fully([name for name in names if name not in by_rep], crm, by=["source"]))
    figures, left = (pd.concat(parts, ignore_index=True) for parts in zip(*pairs, strict=True))
    return figures, left


def sums(figures: pd.DataFrame) -> pd.DataFrame:
    """Return numerators, denominators and cases of whole measures, in hundredths: exact in any parts."""
    hundredths = (figures[SUMS].astype("float64") * 100).round(4)
    kept = figures["measure"] != "marketing_return"  # where a part's deals have no amount, so has its return
    return hundredths[kept].groupby([figures["measure"], figures["variant"]]).sum()


@pytest.mark.parametrize("one", catalogue(), ids=lambda one: one.name)
def test_every_card_is_complete(one):
    assert one.definition.endswith(".") and "\n" not in one.definition
    assert one.card.splitlines()[0] == one.definition, "the definition is one line, the catalogues' key"
    assert "Cases:" in one.card and "Source: METHOD" in one.card
    assert one.title and one.unit in catalog.UNITS and one.group in catalog.GROUPS
    assert one.basis in catalog.BASES and one.summary in catalog.SUMMARIES
    assert one.better in ("higher", "lower", "") and one.needs
    assert "Leaves out" in one.card or one.basis == "open_at" or "Cases: as for" in one.card


def test_each_family_has_one_default_and_ids_of_the_issue():
    families: dict[str, list[bool]] = {}
    for one in catalogue():
        families.setdefault(one.id, []).append(one.is_default)
    assert {name: sum(defaults) for name, defaults in families.items()} == dict.fromkeys(families, 1)
    wanted = {
        "new_deals": [""], "won_deals": [""], "lost_deals": [""], "revenue": [""],
        "average_check": ["mean", "median"],
        "win_rate": ["closed_count", "closed_value", "cohort"], "stage_distribution": [""],
        "deal_cycle": ["won_mean", "won_median", "censored_median"], "sales_actions_per_day": [""],
        "tasks_on_time": [""], "deals_without_task": [""], "plan_attainment": [""], "weighted_forecast": [""],
        "refusals": ["count", "value"], "open_deals": [""], "open_amount": [""],
    }  # fmt: skip
    assert {(one.id, one.variant) for one in catalogue()} >= {
        (name, variant) for name, variants in wanted.items() for variant in variants
    }


def test_inputs_are_left_as_they_were(snapshot, client):
    crm = snapshot(**client)
    before = copy.deepcopy(dict(crm.tables))
    by_group(crm)
    evaluate(fitting("stage"), crm, by=["stage"])
    for name, table in crm.tables.items():
        pd.testing.assert_frame_equal(table, before[name])


def test_the_order_of_rows_is_irrelevant(snapshot, client):
    shuffled = copy.deepcopy(client)
    for rows in ("deals", "tasks", "activities", "plan", "payments", "costs", "stage_changes"):
        Random(7).shuffle(shuffled[rows])
    whole = by_group(snapshot(**client))
    for one, other in zip(whole, by_group(snapshot(**shuffled)), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_positions_and_index_are_irrelevant(snapshot, client):
    crm = snapshot(**client)
    order = np.random.default_rng(7).permutation(len(crm.deals))
    place = np.argsort(order)
    tables = {"deals": crm.deals.iloc[order].set_axis(order * 3 + 5)}
    for name in ("tasks", "activities", "plans", "payments", "costs", "stage_changes"):
        rows = np.random.default_rng(8).permutation(len(crm.tables[name]))
        tables[name] = crm.tables[name].iloc[rows].set_axis(rows - 100)
        if "deal_ix" in tables[name]:
            ix = tables[name]["deal_ix"].to_numpy()
            tables[name] = tables[name].assign(deal_ix=np.where(ix >= 0, place[ix], -1))
    other = replace(crm, tables={**crm.tables, **tables})
    figures, moved = (by_group(one)[0] for one in (crm, other))
    pd.testing.assert_frame_equal(figures, moved, check_exact=True)


def test_groups_add_up_to_the_whole(snapshot, client):
    crm = snapshot(**client)
    whole = sums(_without_wholes(evaluate(NAMES, crm)))
    for by in (
        ["manager", "month"],
        ["team"],
        ["source", "Region"],
        ["lost_reason"],
        ["stage", "manager"],
        ["week"],
    ):
        names = [name for name in NAMES if all(name in fitting(slicing) for slicing in by)]
        parts = sums(_without_wholes(evaluate(names, crm, by=by)))
        pd.testing.assert_frame_equal(parts, whole.loc[parts.index])
        assert len(parts) == len([name for name in names if not name.startswith("marketing_return")])


def _without_wholes(figures: pd.DataFrame) -> pd.DataFrame:
    """Return figures without the wholes of a distribution, which stand at each of its parts."""
    return figures.assign(
        denominator=figures["denominator"].where(figures["measure"] != "stage_distribution"),
        n=figures["n"].where(figures["measure"] != "stage_distribution", 0),
    )


def test_steps_of_time_add_up_to_the_whole(snapshot, client):
    crm = snapshot(**client)
    names = [one.name for one in catalogue() if one.basis not in catalog.STANDING and not one.is_timeless]
    span = Period.parse("2025-11-10..2026-03-20", crm.settings.zone)
    whole = sums(evaluate(names, crm, span))
    for grain in ("week", "month"):
        pd.testing.assert_frame_equal(sums(evaluate(names, crm, span, each=grain)), whole)


def test_what_comes_after_as_of_is_not_seen(snapshot, client):
    before = by_group(snapshot(**client))
    later = copy.deepcopy(client)
    new = {
        "deal_id": "900",
        "created_at": "2026-04-01 00:00",
        "closed_at": "2026-04-02 10:00",
        "stage": "Won",
        "amount": 1,
    }
    later["deals"] += [new, new | {"deal_id": "901", "closed_at": "", "stage": "New", "manager_id": "Zoe"}]
    later["tasks"] += [
        {
            "task_id": "900",
            "deal_id": "100",
            "created_at": "2026-04-01 10:00",
            "due_at": "2026-03-01 10:00",
            "manager_id": "Ann",
        }
    ]
    for task in later["tasks"]:
        task["completed_at"] = task.get("completed_at") or "2026-04-03 10:00"
    later["activities"] += [
        {
            "activity_id": "900",
            "deal_id": "100",
            "at": "2026-04-01 00:00",
            "manager_id": "Ann",
            "kind": "call",
        }
    ]
    for one, other in zip(before, by_group(snapshot(**later)), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_deal_closed_after_as_of_is_open(snapshot, client):
    names = [
        one.name
        for one in catalogue()
        if "deals.stage" not in one.needs  # which is of the day of export, as are amounts and expected days
        and "expected_in" not in {catalog.find(name).basis for name in one.parts or [one.name]}
    ]
    before = by_group(snapshot(**client), names)[0]
    later = copy.deepcopy(client)
    for deal in later["deals"]:
        if deal["stage"] in ("New", "Offer"):
            deal |= {"stage": "Lost", "closed_at": "2026-04-01 00:00", "lost_reason": "Price"}
    pd.testing.assert_frame_equal(before, by_group(snapshot(**later), names)[0], check_exact=True)


def test_an_empty_client_has_no_cases_and_no_false_zeros(snapshot, client):
    dated = [deal for deal in client["deals"] if deal["created_at"]]
    empty = snapshot(**client | {"deals": dated, "as_of": "2025-09-30"})
    figures, left = by_group(empty)
    assert set(figures["measure"]) == {one.id for one in catalogue()}
    assert (figures["n"] == 0).all() and left.empty
    told = figures[figures["state"] == "empty"]
    additive = {one.name for one in catalogue() if one.summary in ("count", "sum")}
    is_additive = (told["measure"] + ":" + told["variant"]).str.removesuffix(":").isin(additive)
    assert (told["value"][is_additive] == 0).all() and told["value"][~is_additive].isna().all()
    assert figures["value"][figures["state"] == "not_in_export"].isna().all()


def test_the_shape_is_the_same_for_all(snapshot, client):
    figures = evaluate(NAMES, snapshot(**client), each="quarter")
    assert set(figures["state"]) <= {"ok", "empty", "approximate", "not_in_export"}
    unsure = figures["state"].isin(["approximate", "not_in_export"])
    of_time = [one.id for one in catalogue() if one.summary in NOT_YET or one.parts]
    odd = (figures["missing"] != "") != unsure
    assert figures["measure"][odd].isin(of_time).all(), "only these may have no value yet, and say why"
    of_plan = figures["measure"].isin(["plan_attainment", "forecast_to_plan"])
    shares = figures[(figures["unit"] == "share") & ~of_plan]
    assert shares["value"].dropna().between(0, 1).all()
    assert (figures["low"].dropna() <= figures["value"][figures["low"].notna()]).all()
    assert (figures["high"].dropna() >= figures["value"][figures["high"].notna()]).all()


def test_the_rooms_are_all_in_the_catalogue():
    sources = {
        source.stem: source.read_text("utf-8") for source in Path(catalog.__file__).parent.glob("*.py")
    }
    rooms = {f"crmkit.measures.{name}" for name, text in sources.items() if "\n@measure(" in text}
    assert {(one.formula or one.cases).__module__ for one in catalogue()} == rooms
    assert ALL.is_all


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana"])
def test_the_clocks_of_a_zone_move_no_case_to_another_month(snapshot, client, zone):
    figures = []
    for one in ("UTC", zone):  # the same wall clocks, with and without a change of the clocks
        crm = snapshot(**client | {"time_zone": one})
        figures.append(evaluate(NAMES, crm, Period.parse("2025-11-01..2026-04-01", one), each="month"))
    plain, moved = (told[["value", "n", "state"]] for told in figures)
    elapsed = (figures[0]["unit"] == "days") | (figures[0]["measure"] == "sales_velocity")
    pd.testing.assert_frame_equal(plain[~elapsed], moved[~elapsed])
    assert plain[["n", "state"]].equals(moved[["n", "state"]])
    days = figures[0]["unit"] == "days"  # elapsed days differ by the hour that the clocks were moved
    assert ((plain["value"] - moved["value"])[days].abs().fillna(value=0) <= 1 / 24 + 1e-9).all()
