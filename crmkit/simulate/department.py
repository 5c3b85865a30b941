"""The simulated department: canonical tables, and the truth that measures and checks are held against."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import PCG64, Generator, SeedSequence

from crmkit.simulate import offences_cards, offences_deals, offences_history
from crmkit.simulate.actions import make_activities, make_tasks
from crmkit.simulate.cards import make_cards
from crmkit.simulate.clock import WorkClock
from crmkit.simulate.coding import Identifiers
from crmkit.simulate.draft import Draft
from crmkit.simulate.flow import run
from crmkit.simulate.frames import make_tables
from crmkit.simulate.scenario import Scenario
from crmkit.simulate.world import Columns, World

#: How each check's offences are planted, in the order of planting: those with few candidates come first.
PLANTS: Mapping[int, Callable[[Draft], None]] = {
    8: offences_history.over_the_norm,
    21: offences_deals.owned_by_one_who_left,
    13: offences_history.stale,
    1: offences_history.open_deal_without_task,
    23: offences_deals.several_open_deals,
    11: offences_history.overdue_task,
    12: offences_history.closed_without_next,
    18: offences_deals.amount_missing,
    19: offences_deals.expected_close_in_the_past,
    2: offences_deals.entry_condition_unmet,
    3: offences_deals.required_field_empty,
    17: offences_cards.late_proposal,
    14: offences_history.stage_skipped,
    15: offences_history.moved_back,
    16: offences_cards.slow_first_response,
    22: offences_history.lost_and_forgotten,
    5: offences_deals.lost_without_reason,
    20: offences_cards.duplicate_cards,
    6: offences_cards.company_card_incomplete,
    7: offences_cards.contact_card_incomplete,
    10: offences_cards.company_unqualified,
    9: offences_deals.without_client,
    4: offences_cards.action_without_words,
}

Book = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Truth:
    """What is so by construction.

    Attributes
    ----------
    reps: ``manager_id, name, skill, speed, discipline``; ``skill`` multiplies the odds of every stage.
    stages: ``pipeline, stage, conversion`` (at odds 1), ``expected`` (mean true chance of finished visits),
        ``finished, advanced`` (before skips and returns were planted), ``change`` (its odds multiplier).
    planted: check -> table -> identifiers of the offenders, complete.
    innocents: check -> why it is none -> table -> identifiers, a few of each kind.
    """

    reps: pd.DataFrame
    stages: pd.DataFrame
    planted: Mapping[int, Book]
    innocents: Mapping[int, Mapping[str, Book]]


@dataclass(frozen=True)
class Department:
    """A simulated department: the tables of METHOD 2 (without ``file`` and ``line``), and the truth."""

    scenario: Scenario
    deals: pd.DataFrame
    stage_changes: pd.DataFrame
    tasks: pd.DataFrame
    activities: pd.DataFrame
    companies: pd.DataFrame
    contacts: pd.DataFrame
    managers: pd.DataFrame
    stages: pd.DataFrame
    plans: pd.DataFrame
    products: pd.DataFrame
    truth: Truth


def simulate(scenario: Scenario) -> Department:
    """Simulate a department from ``start`` to ``as_of``.

    The same scenario gives the same tables on every machine: each part draws from a PCG64 stream of its own.
    A million deals take about a minute and some gigabytes.
    """
    world = World(scenario, WorkClock.of(scenario))
    flow, cards, tasks, activities, planting = (
        Generator(PCG64(seed)) for seed in SeedSequence(scenario.seed).spawn(5)
    )
    deals, visits = run(world, flow)
    stages = _stage_truth(world, deals, visits)
    card_columns = make_cards(world, deals, cards)
    deals["contact"] = deals["card"].copy()
    deals["company"] = np.where(card_columns["private"][deals["card"]], -1, deals["card"])
    task_columns = make_tasks(world, deals, visits, tasks)
    activity_columns = make_activities(world, deals, visits, task_columns, activities)
    draft = Draft(world, planting, deals, visits, card_columns, task_columns, activity_columns)
    for plant in PLANTS.values():
        plant(draft)
    ids = Identifiers.of(draft)
    tables = make_tables(draft, ids)
    reps = pd.DataFrame(
        [
            {key: getattr(rep, key) for key in ("name", "skill", "speed", "discipline")}
            for rep in scenario.reps
        ]
    )
    reps.insert(0, "manager_id", tables["managers"]["manager_id"].astype("str"))
    planted = {check: ids.book(book) for check, book in sorted(draft.guilty.items())}
    innocents = {
        check: {why: ids.book(book) for why, book in reasons.items()}
        for check, reasons in sorted(draft.innocent.items())
    }
    return Department(scenario=scenario, truth=Truth(reps, stages, planted, innocents), **tables)


def assumed(check: int) -> str:
    """Return the definition of a check that the planting assumes."""
    text = inspect.getdoc(PLANTS[check]) or ""
    return " ".join(text.split("\n\n")[0].split())


def _stage_truth(world: World, deals: Columns, visits: Columns) -> pd.DataFrame:
    rows = []
    change = world.scenario.change
    for place, pipeline in enumerate(world.scenario.pipelines):
        inside = (deals["pipeline"][visits["deal"]] == place) & visits["done"]
        for number, stage in enumerate(pipeline.open_stages):
            here = inside & (visits["stage"] == number)
            changed = change is not None and (change.pipeline, change.stage) == (pipeline.name, stage.name)
            rows.append(
                {
                    "pipeline": pipeline.name,
                    "stage": stage.name,
                    "conversion": stage.conversion,
                    "expected": float(visits["p"][here].mean()) if here.any() else float("nan"),
                    "finished": int(here.sum()),
                    "advanced": int(visits["moved"][here].sum()),
                    "change": change.odds if changed and change is not None else 1.0,
                }
            )
    return pd.DataFrame(rows)
