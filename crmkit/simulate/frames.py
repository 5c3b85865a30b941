"""The draft's columns into the canonical tables of METHOD 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from crmkit.schema import STATUSES, TABLES, typed_nulls
from crmkit.simulate.actions import KINDS, titles
from crmkit.simulate.cards import titles_of_deals
from crmkit.simulate.coding import Identifiers, coded, moments, names, rep_ids, said, stage_codes, texts
from crmkit.simulate.draft import Draft
from crmkit.simulate.reference import managers, plans, products, stages
from crmkit.simulate.scenario import read_data
from crmkit.simulate.world import NEVER, OPEN, WON, Array

LINK = "https://crm.example"
_Given = dict[str, Any]


def make_tables(draft: Draft, ids: Identifiers) -> dict[str, pd.DataFrame]:
    """Return the canonical tables by name, with all of their columns; what is not simulated is null."""
    makers: dict[str, Callable[[Draft, Identifiers], _Given]] = {
        "deals": _deals,
        "stage_changes": _stage_changes,
        "tasks": _tasks,
        "activities": _activities,
        "companies": _companies,
        "contacts": _contacts,
        "managers": managers,
        "stages": stages,
        "plans": plans,
        "products": products,
    }
    zone = draft.world.scenario.time_zone
    tables = {}
    for name, maker in makers.items():
        given = maker(draft, ids)
        size = len(next(iter(given.values())))
        columns = {one.name: given.get(one.name) for one in TABLES[name]}
        for one in TABLES[name]:
            if one.name not in given:
                columns[one.name] = typed_nulls(one.kind, size, zone)
        tables[name] = pd.DataFrame(columns, index=pd.RangeIndex(size))
    return tables


def _latest(draft: Draft) -> tuple[Array, Array, Array]:
    """Return per deal the latest action, the latest change of any kind, and when the next task is due."""
    size = len(draft.taken)
    lowest, highest = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    action, due = np.full(size, lowest), np.full(size, highest)
    tasks = draft.tasks
    for table, moment in ((tasks, "completed"), (draft.activities, "at")):
        rows = np.flatnonzero(table["keep"] & ~np.isnat(table[moment]))
        np.maximum.at(action, table["deal"][rows], table[moment][rows].astype(np.int64))
    still = np.flatnonzero(tasks["keep"] & np.isnat(tasks["completed"]))
    np.minimum.at(due, tasks["deal"][still], tasks["due"][still].astype(np.int64))
    moved = np.where(draft.open, draft.entered, draft.deals["closed"]).astype(np.int64)
    next_task = np.where(due == highest, NEVER, due.astype("M8[s]"))
    return action.astype("M8[s]"), np.maximum(action, moved).astype("M8[s]"), next_task


def _deals(draft: Draft, ids: Identifiers) -> _Given:
    deals, scenario = draft.deals, draft.world.scenario
    words = read_data("words.yml")[scenario.language]
    stages, codes = stage_codes(draft)
    here = codes[deals["pipeline"], deals["last"]]
    action, updated, next_task = _latest(draft)
    chance = draft.stages(lambda stage: stage.probability or 0.0)[deals["pipeline"], deals["last"]]
    return {
        "deal_id": ids.of_table["deals"],
        "title": texts(titles_of_deals(deals, draft.cards, names(scenario.products), words)),
        "pipeline": coded(deals["pipeline"], names(scenario.pipelines)),
        "stage": coded(np.where(draft.open, here, _closing_stage(draft)), stages),
        "status": pd.Categorical.from_codes(deals["status"], list(STATUSES)),
        "amount": deals["amount"],
        "manager_id": coded(deals["owner"], rep_ids(draft)),
        "company_id": coded(deals["company"], ids.of_table["companies"]),
        "contact_id": coded(deals["contact"], ids.of_table["contacts"]),
        "source": coded(deals["source"], names(scenario.sources)),
        "product": coded(deals["product"], names(scenario.products)),
        "segment": coded(deals["segment"], names(scenario.segments)),
        "created_at": moments(deals["created"], draft),
        "closed_at": moments(deals["closed"], draft),
        "expected_close_on": deals["expected"].astype("M8[us]"),
        "probability": np.where(draft.open, chance, deals["status"] == WON),
        "currency": coded(np.zeros(len(here), dtype=np.int8), [scenario.currency]),
        "lost_reason": coded(deals["reason"], names(scenario.loss_reasons)),
        "lost_at_stage": coded(np.where(draft.lost, here, -1), stages),
        "is_repeat": pd.array(deals["repeat"], dtype="boolean"),
        "url": texts([f"{LINK}/deals/{one}" for one in ids.of_table["deals"]]),
        "updated_at": moments(updated, draft),
        "stage_entered_at": moments(np.where(draft.open, draft.entered, deals["closed"]), draft),
        "last_activity_at": moments(action, draft),
        "next_task_at": moments(next_task, draft),
    }


def _closing_stage(draft: Draft) -> Array:
    """Return the code of the won or lost stage of each deal; that of the first stage for open ones."""
    codes = stage_codes(draft)[1]
    pipelines = draft.world.scenario.pipelines
    closing = np.array([[0, one.closing("won"), one.closing("lost")] for one in pipelines])
    pipeline = draft.deals["pipeline"]
    found: Array = codes[pipeline, closing[pipeline, draft.deals["status"]]]
    return found


def _stage_changes(draft: Draft, ids: Identifiers) -> _Given:
    deals, visits = draft.deals, draft.visits
    stages, codes = stage_codes(draft)
    parts = [{name: visits[name][visits["keep"]] for name in ("deal", "stage", "at")}, *draft.extra]
    deal, stage, at = (np.concatenate([part[name] for part in parts]) for name in ("deal", "stage", "at"))
    closed = np.flatnonzero(deals["status"] != OPEN)
    entered = np.concatenate([codes[deals["pipeline"][deal], stage], _closing_stage(draft)[closed]])
    deal, at = np.concatenate([deal, closed]), np.concatenate([at, deals["closed"][closed]])
    order = np.lexsort((at, deal))
    deal, at, entered = deal[order], at[order], entered[order]
    before = np.where(np.append(True, deal[1:] != deal[:-1]), -1, np.append(-1, entered[:-1]))
    rep = deals["rep"][deal]
    stays = deals["owner"][deal] == rep
    return {
        "deal_id": ids.of_table["deals"].take(deal),
        "changed_at": moments(at, draft),
        "from_stage": coded(before, stages),
        "to_stage": coded(entered, stages),
        "manager_id": coded(np.where(stays, rep, draft.world.owner(rep, at)), rep_ids(draft)),
    }


def _about(draft: Draft, ids: Identifiers, table: str) -> tuple[Array, _Given]:
    """Return the kept rows of tasks or activities, and the columns that both have."""
    columns = getattr(draft, table)
    rows = np.flatnonzero(columns["keep"])
    deal = columns["deal"][rows]
    words = read_data("words.yml")[draft.world.scenario.language]
    return rows, {
        "deal_id": ids.of_table["deals"].take(deal),
        "contact_id": coded(draft.deals["contact"][deal], ids.of_table["contacts"]),
        "company_id": coded(draft.deals["company"][deal], ids.of_table["companies"]),
        "manager_id": coded(columns["owner"][rows], rep_ids(draft)),
        "kind": coded(columns["kind"][rows], KINDS),
        "title": said(columns["title"][rows], [*titles(words), words["first_contact"], words["proposal"]]),
        "text": said(columns["text"][rows], words["texts"]),
    }


def _tasks(draft: Draft, ids: Identifiers) -> _Given:
    rows, given = _about(draft, ids, "tasks")
    tasks, words = draft.tasks, read_data("words.yml")[draft.world.scenario.language]
    return given | {
        "task_id": ids.of_table["tasks"].take(rows),
        "result": said(tasks["result"][rows], words["results"]),
        "created_at": moments(tasks["created"][rows], draft),
        "due_at": moments(tasks["due"][rows], draft),
        "completed_at": moments(tasks["completed"][rows], draft),
    }


def _activities(draft: Draft, ids: Identifiers) -> _Given:
    rows, given = _about(draft, ids, "activities")
    activities = draft.activities
    answered = activities["answered"][rows]
    return given | {
        "activity_id": ids.of_table["activities"].take(rows),
        "direction": coded(activities["out"][rows].astype(np.int8), ["in", "out"]),
        "at": moments(activities["at"][rows], draft),
        "duration_s": activities["duration"][rows],
        "answered": pd.arrays.BooleanArray(answered == 1, answered < 0),
    }


def _companies(draft: Draft, ids: Identifiers) -> _Given:
    cards, scenario = draft.cards, draft.world.scenario
    words = read_data("words.yml")[scenario.language]
    rows = np.flatnonzero(~cards["private"])
    numbers = ids.of_table["companies"].take(rows)
    return {
        "company_id": numbers,
        "name": texts(cards["name"][rows]),
        "segment": coded(cards["segment"][rows], names(scenario.segments)),
        "qualification": coded(cards["qualification"][rows], words["qualifications"]),
        "city": coded(cards["city"][rows], words["cities"]),
        "tax_id": texts(cards["tax"][rows]),
        "manager_id": coded(cards["owner"][rows], rep_ids(draft)),
        "created_at": moments(cards["created"][rows], draft),
        "url": texts([f"{LINK}/companies/{one}" for one in numbers]),
    }


def _contacts(draft: Draft, ids: Identifiers) -> _Given:
    cards = draft.cards
    words = read_data("words.yml")[draft.world.scenario.language]
    numbers = ids.of_table["contacts"]
    return {
        "contact_id": numbers,
        "company_id": coded(
            np.where(cards["private"], -1, np.arange(len(numbers))), ids.of_table["companies"]
        ),
        "name": texts(cards["person"]),
        "position": said(cards["position"], words["positions"]),
        "phone": texts(cards["phone"]),
        "email": texts(cards["email"]),
        "is_decision_maker": pd.array(cards["position"] == 0, dtype="boolean"),
        "created_at": moments(cards["created"], draft),
        "url": texts([f"{LINK}/contacts/{one}" for one in numbers]),
    }
