"""One scenario in the formats of all CRMs, read back: the same figures, or a state that says why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmkit
from crmkit.errors import RequestError
from crmkit.simulate import (
    WRITERS,
    Department,
    read_scenario,
    scaled,
    simulate,
    write_amocrm_api,
    write_bitrix24_api,
    write_tables,
)

FORMATS: dict[str, Callable[[Department, Path], Path]] = {
    **{name: write for name, write in WRITERS.items() if name != "plain"},
    "amocrm-api": write_amocrm_api,
    "bitrix24-api": write_bitrix24_api,
}
SLICINGS = ((), ("manager",), ("source",), ("stage",), ("month",))
PERIOD = crmkit.Period.between(date(2026, 1, 1), date(2026, 11, 1), "America/Chicago")
FIGURES = ["value", "numerator", "denominator", "n"]
UNSURE = {"approximate", "not_in_export"}

#: What every format tells exactly, whatever else it lacks: deals by their own columns.
DEALS = {
    "new_deals", "new_deals_amount", "won_deals", "lost_deals", "revenue", "average_check:mean",
    "average_check:median", "win_rate:closed_count", "win_rate:closed_value", "plan_attainment",
    "plan_attainment:difference", "stage_distribution", "open_deals", "open_amount", "refusals:count",
    "refusals:value", "lost_with_reason", "weighted_forecast",
}  # fmt: skip
TIMES = {"deal_cycle:censored_median", "deal_cycle:won_mean", "deal_cycle:won_median", "win_rate:cohort"}
TASKS = {"deals_without_task", "tasks_completed", "next_task_set"}
DUE = {"tasks_on_time", "tasks_overdue_open:count", "tasks_overdue_open:mean_age"}
STAGES = {"stage_conversion:passed", "time_in_stage:median", "stage_skips", "stage_returns", "stage_on_time"}
CALLS = {"calls_out", "calls_in", "talk_time", "call_length:mean"}
ANSWERED = {"calls_out_connected:share", "calls_missed:share"}
LETTERS = {"emails_out", "emails_unanswered:count", "messages_out", "messenger_messages"}
#: What each format must carry at the least, and what it cannot carry, wholly or exactly.
CARRIED = {
    "amocrm": (DEALS - {"weighted_forecast"} | TIMES, TASKS | DUE | STAGES | CALLS | LETTERS),
    "bitrix24": (DEALS | TASKS | DUE | STAGES | CALLS | LETTERS | {"sales_actions_per_day"}, TIMES),
    "hubspot": (DEALS | TIMES | TASKS | DUE | CALLS | ANSWERED, STAGES | LETTERS | {"sales_actions_per_day"}),
    "pipedrive": (DEALS | TIMES | TASKS | DUE, STAGES | CALLS | LETTERS | {"sales_actions_per_day"}),
    "salesforce": (DEALS | TASKS | STAGES, TIMES | DUE | CALLS | LETTERS | {"sales_actions_per_day"}),
    "1c": (DEALS | TIMES | TASKS | DUE | CALLS | LETTERS | {"sales_actions_per_day"}, STAGES),
    "amocrm-api": (
        DEALS - {"weighted_forecast"} | TIMES | TASKS | DUE | STAGES | CALLS | ANSWERED | LETTERS,
        {"sales_actions_per_day", "meetings_held"},
    ),
    "bitrix24-api": (
        DEALS | TASKS | DUE | STAGES | CALLS | ANSWERED | LETTERS | {"sales_actions_per_day"}, TIMES,
    ),
}  # fmt: skip


def department() -> Department:
    """Return some 300 deals with returns, skips and losses without a reason, on whole minutes.

    HubSpot's exports know no seconds. No stage requires the day on which a deal is expected to close: not
    every CRM exports it, and then it cannot be required in ``client.yml``.
    """
    scenario = scaled(read_scenario("northwind-supply"), 300)
    stages = tuple(
        stage.model_copy(update={"required": tuple(set(stage.required) - {"expected_close_on"})})
        for stage in scenario.pipelines[0].stages
    )
    pipeline = scenario.pipelines[0].model_copy(update={"stages": stages})
    hygiene = {**scenario.hygiene, 5: 0.1, 14: 0.15, 15: 0.2}
    whole = simulate(scenario.model_copy(update={"pipelines": (pipeline,), "hygiene": hygiene, "seed": 5}))
    tables = {}
    for name in ("deals", "stage_changes", "tasks", "activities", "companies", "contacts"):
        frame = getattr(whole, name)
        moments = frame.select_dtypes("datetimetz").columns
        tables[name] = frame.assign(**{column: frame[column].dt.floor("min") for column in moments})
    return dataclasses.replace(whole, **tables)


def fitting(crm: crmkit.Snapshot, by: tuple[str, ...]) -> list[str]:
    """Return the measures that can be told by these slices."""
    names = []
    for one in crmkit.catalogue():
        try:
            crmkit.evaluate(one.name, crm, PERIOD, by)
        except RequestError:
            continue
        names.append(one.name)
    return names


def told(crm: crmkit.Snapshot, names: list[str], by: tuple[str, ...]) -> pd.DataFrame:
    figures = crmkit.evaluate(names, crm, PERIOD, by)
    name = (figures["measure"] + ":" + figures["variant"]).str.removesuffix(":")
    return figures.assign(measure=name)


@pytest.fixture(scope="module")
def whole() -> Department:
    made = department()
    changes, deals = made.stage_changes, made.deals
    assert len(deals) > 250 and (made.truth.planted[14]["deals"] and made.truth.planted[15]["deals"])
    assert deals["lost_reason"].notna().any()
    assert set(made.activities["kind"]) >= {"call", "email", "messenger", "meeting"}
    assert len(changes) > 3 * len(deals) and len(made.tasks) > 1000 and len(made.plans) > 0
    return made


@pytest.fixture(scope="module")
def truth(whole: Department, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Return the figures of everything that was simulated, by slicing."""
    folder = tmp_path_factory.mktemp("plain")
    write_tables(whole, folder)
    crm = crmkit.load(crmkit.read_client(folder))
    return {by: told(crm, fitting(crm, by), by) for by in SLICINGS}


def counted(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that hold anything: other measures may bring stages in which nothing stands."""
    nothing = figures["measure"].str.startswith("stage_distribution") & (figures["numerator"] == 0)
    return figures[(figures["n"] > 0) & ~nothing]


def differing(true: pd.DataFrame, mine: pd.DataFrame) -> list[str]:
    """Return the measures that this format tells with certainty, and otherwise than they are."""
    groups = [name for name in true.columns if name not in (*FIGURES, "low", "high", "state", "missing")]
    keys = [name for name in groups if name not in ("period_start", "period_end", "unit", "variant")]
    sure = [name for name, rows in mine.groupby("measure")["state"] if not UNSURE.intersection(rows)]
    both = counted(true).merge(counted(mine), "outer", on=keys, suffixes=("", "_here"))
    wrong = pd.Series(False, both.index)
    for name in FIGURES:
        here, there = both[name].astype(float), both[f"{name}_here"].astype(float)
        wrong |= ~np.isclose(here, there, rtol=1e-9, atol=0, equal_nan=True)
    return sorted(set(both["measure"][wrong]) & set(sure))


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_tells_is_true_and_what_it_cannot_tell_is_said(
    name: str, whole: Department, truth: dict, tmp_path: Path
) -> None:
    FORMATS[name](whole, tmp_path)
    crm = crmkit.load(crmkit.read_client(tmp_path))
    assert set(CARRIED) == set(FORMATS)
    known = {by: set(true["measure"][true["state"] != "not_in_export"]) for by, true in truth.items()}
    for by, true in truth.items():
        names = list(dict.fromkeys(true["measure"]))
        mine = told(crm, names, by)
        assert differing(true, mine) == [], by
        # what is not told says why, and what is told needs nothing that is not there
        assert ((mine["missing"] != "") | ~mine["state"].isin(UNSURE)).all()
        for one, rows in mine.groupby("measure"):
            if (rows["state"] == "not_in_export").all() and one in known[by]:
                needs = {need for missing in rows["missing"] for need in missing.split(", ")}
                assert crm.lacks(needs), (one, needs)
        if not by:
            carried, uncarried = CARRIED[name]
            states = mine.groupby("measure")["state"].agg(set)
            exact = {one for one, found in states.items() if not UNSURE & found}
            assert (carried - exact, uncarried & exact) == (set(), set())


def test_the_scenario_itself_tells_nearly_every_measure(truth: dict) -> None:
    figures = truth[()]
    assert not set(figures["state"]) - {"ok", "empty", "not_in_export"}
    untold = figures[figures["state"] == "not_in_export"]
    # nobody simulates margins, discounts, payments, costs, and plans of anything but revenue
    tables = ("deals.margin", "deals.discount", "payments", "costs", "plans.metric")
    assert not [one for one in untold["missing"] if not one.startswith(tables)]
