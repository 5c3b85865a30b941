"""The rules of conformance, each over the stays in described steps: what deviates, what was examined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import BoolArray, FloatArray, IntArray, elapsed_days
from crmkit.process.course import WON
from crmkit.process.description import Process, Step, fold
from crmkit.process.filling import deals_filled
from crmkit.process.steps import StepMap
from crmkit.process.ways import Ways, ways_of
from crmkit.schema import Snapshot

COLUMNS = (
    "deal_ix", "deal_id", "kind", "step_ix", "place", "next_place", "at", "manager_id", "found", "expected",
    "amount", "norm", "unit", "url",
)  # fmt: skip
BETWEEN = " · "
_TOLERANCE = 1e-9  # of hours, which are microseconds divided


@dataclass(frozen=True, eq=False)
class Found:
    """What a rule found: deviations, which stays it could examine, and why it could not examine others."""

    check: str
    deviations: pd.DataFrame
    examined: BoolArray
    state: str = ""
    missing: str = ""
    lacking: str = ""
    basis: str = ""


def moves(process: Process, places: StepMap, rows: pd.DataFrame) -> Found:
    """Find moves over mandatory steps, back, and to where no described way leads."""
    ways, size = ways_of(process), len(process.steps)
    here, target = rows["step_ix"].to_numpy(np.int64), rows["target"].to_numpy(np.int64)
    moved = rows["moved"].to_numpy() & ((target >= 0) | (target == WON)) & (target != here)
    there = np.where(target == WON, size, target)
    wrong = np.flatnonzero(moved)
    wrong = wrong[~ways.allowed[here[wrong], there[wrong]]]
    names = [step.name for step in process.steps]
    kinds, expected = _named_moves(rows, ways, names, (wrong, here, there))
    chosen = wrong[kinds != ""]
    found = np.append(places.order.table["stage"].astype("str").to_numpy(object), "")
    more = {
        "kind": kinds[kinds != ""],
        "expected": expected[kinds != ""],
        "at": rows["moved_at"].array[chosen],
    }
    more["found"] = found[rows["next_place"].to_numpy()[chosen]]
    return Found("moves", _deviations(rows, chosen, more), moved)


def _named_moves(
    rows: pd.DataFrame, ways: Ways, names: Sequence[str], moved: tuple[IntArray, IntArray, IntArray]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return for each move that is not allowed its kind and the steps expected; "" where nothing is wrong."""
    wrong, here, there = moved
    kinds, expected = np.full((2, len(wrong)), "", dtype=object)
    for pair in sorted({*zip(here[wrong].tolist(), there[wrong].tolist(), strict=True)}):
        same = np.flatnonzero((here[wrong] == pair[0]) & (there[wrong] == pair[1]))
        if pair[1] > pair[0] and pair in ways.between:
            steps = ways.between[pair]
            told = _listed([names[ix] for ix in steps], _not_passed(rows, wrong[same], steps))
            kinds[same], expected[same] = np.where(told == "", "", "skipped_step"), told
        else:
            kinds[same] = "step_back" if pair[1] < pair[0] else "illegal_jump"
            expected[same] = BETWEEN.join(names[ix] for ix in ways.next_steps(pair[0]))
    return kinds, expected


def _not_passed(rows: pd.DataFrame, places: IntArray, steps: tuple[int, ...]) -> list[npt.NDArray[np.bool_]]:
    """Return for each step in which of the moves the deal had not been there before."""
    deal, step = rows["deal_ix"].to_numpy(np.int64), rows["step_ix"].to_numpy(np.int64)
    missed = []
    for one in steps:
        at = np.flatnonzero(step == one)
        earlier = np.searchsorted(at, places) - 1  # the last stay in the step above each move's row
        known = earlier >= 0
        away = np.ones(len(places), dtype=bool)
        away[known] = deal[at[earlier[known]]] != deal[places[known]]
        missed.append(away)
    return missed


def _listed(names: Sequence[str], masks: Sequence[npt.NDArray[np.bool_]]) -> npt.NDArray[Any]:
    """Return for each row the names whose mask holds, as one text: each combination is written once."""
    table = np.stack(masks, axis=1)
    kinds, inverse = np.unique(table, axis=0, return_inverse=True)
    texts = [BETWEEN.join(name for name, holds in zip(names, kind, strict=True) if holds) for kind in kinds]
    return np.array(texts, dtype=object)[inverse.ravel()]


def exits(crm: Snapshot, process: Process, rows: pd.DataFrame, headings: Mapping[str, str]) -> Found:
    """Find steps left forwards by deals of which required fields are empty now, once a deal and step."""
    here, target = rows["step_ix"].to_numpy(np.int64), rows["target"].to_numpy(np.int64)
    onward = rows["moved"].to_numpy() & ((target > here) | (target == WON))
    onward &= ~rows[["deal_ix", "step_ix"]].assign(onward=onward).duplicated().to_numpy()
    examined, lacking = np.zeros(len(rows), dtype=bool), dict[str, None]()
    told: list[pd.DataFrame] = []
    for ix, step in enumerate(process.steps):
        stays = np.flatnonzero(onward & (here == ix))
        deals, empty = rows["deal_ix"].to_numpy()[stays], list[tuple[str, BoolArray]]()
        for name in step.required_fields:
            filled = deals_filled(crm, name, headings)
            if filled is None:
                lacking[name] = None
            else:
                examined[stays] = True
                empty.append((name, ~filled[deals]))
        if not empty or not len(stays):
            continue
        names = [name for name, _ in empty]
        said = _listed(names, [mask for _, mask in empty])
        bad = np.flatnonzero(said != "")
        more = {"found": said[bad], "at": rows["moved_at"].array[stays[bad]]}
        more["expected"] = BETWEEN.join(names)
        told.append(_deviations(rows, stays[bad], more | {"kind": "exit_condition_unmet"}))
    asked = any(step.required_fields for step in process.steps)
    state = "" if examined.any() or not lacking else "not_in_export"
    return Found(
        "exits", _joined(told, rows), examined, state if asked else "not_described",
        lacking=BETWEEN.join(lacking), basis="as_of_export",
    )  # fmt: skip


def norms(crm: Snapshot, process: Process, places: StepMap, rows: pd.DataFrame) -> Found:
    """Find stays longer than the norm of their step, those still going on by their length so far."""
    norm, unit = np.full(len(process.steps), np.nan), np.full(len(process.steps), "", dtype=object)
    described = places.step_ix >= 0
    norm[places.step_ix[described]] = places.norm_amount[described]
    unit[places.step_ix[described]] = places.norm_unit[described]
    here, inside = rows["step_ix"].to_numpy(np.int64), rows["inside"].to_numpy()
    taken = _lengths(crm, rows, unit[here])
    examined = inside & ~np.isnan(taken) & ~np.isnan(norm[here])
    late = np.flatnonzero(examined & (taken > norm[here] + _TOLERANCE))
    more: dict[str, Any] = {"kind": "over_norm", "at": rows["ends_at"].array[late], "amount": taken[late]}
    more |= {"norm": norm[here[late]], "unit": unit[here[late]]}
    more["found"] = [f"{value:g} {of}" for value, of in zip(taken[late].round(2), more["unit"], strict=True)]
    more["expected"] = [f"{value:g} {of}" for value, of in zip(more["norm"], more["unit"], strict=True)]
    asked, by_day = not np.isnan(norm).all(), "stage_changes.changed_at" in crm.whole_days
    hours = by_day and bool((unit == "working_hours").any())
    state = "" if examined.any() or not hours else "not_in_export"
    missing = "stage_changes.changed_at=time" if hours else ""
    return Found(
        "norms", _deviations(rows, late, more), examined, state if asked else "not_described", missing
    )


def _lengths(crm: Snapshot, rows: pd.DataFrame, unit: npt.NDArray[Any]) -> FloatArray:
    """Return how long stays lasted in the unit of each; NaN without one, or where it cannot be told."""
    calendar, by_day = crm.settings.calendar, "stage_changes.changed_at" in crm.whole_days
    taken = np.full(len(rows), np.nan)
    for one in ("working_days", "working_hours", "days"):
        chosen = np.flatnonzero(unit == one)
        if not len(chosen) or (by_day and one == "working_hours"):
            continue
        starts, ends = rows["entered_at"].iloc[chosen], rows["ends_at"].iloc[chosen]
        if one == "days":
            taken[chosen] = elapsed_days(starts, ends, by_day=by_day)
        else:
            per = calendar.hours_per_day if one == "working_days" else 1.0
            taken[chosen] = calendar.working_time(starts, ends) / per
    return taken


def roles(crm: Snapshot, process: Process, rows: pd.DataFrame) -> Found:
    """Find stays whose owner is known to have another role than the step's responsible one.

    A role that no rep of the list has cannot be examined.
    """
    table = crm.tables["managers"].dropna(subset=["role"])
    told = dict(zip(table["manager_id"].astype("str"), table["role"].astype("str"), strict=True))
    ids = rows["manager_id"].cat.categories.astype("str")
    names = [told.get(one, "") for one in ids] + [""]
    codes, known = rows["manager_id"].cat.codes.to_numpy(), {fold(one) for one in told.values()}
    here, inside = rows["step_ix"].to_numpy(np.int64), rows["inside"].to_numpy()
    examined, wrong = np.zeros((2, len(rows)), dtype=bool)
    lacking = dict[str, None]()
    for ix, step in enumerate(process.steps):
        wanted = crm_roles(process, step)
        lacking |= dict.fromkeys(name for name, role in wanted.items() if role not in known)
        if not wanted or not known.issuperset(wanted.values()):
            continue
        fits = np.array([fold(name) in wanted.values() for name in names])
        seen = inside & (here == ix) & np.array([bool(name) for name in names])[codes]
        examined |= seen
        wrong |= seen & ~fits[codes]
    bad = np.flatnonzero(wrong)
    expected = [BETWEEN.join(process.steps[ix].responsible) for ix in here[bad]]
    more = {"kind": "wrong_role", "at": rows["entered_at"].array[bad], "expected": expected}
    more["found"] = [names[code] for code in codes[bad]]
    asked = any(step.responsible for step in process.steps)
    state = "" if examined.any() or not lacking else "not_in_export"
    return Found(
        "roles", _deviations(rows, bad, more), examined, state if asked else "not_described",
        "" if told else "managers.role", BETWEEN.join(lacking) if told else "",
    )  # fmt: skip


def crm_roles(process: Process, step: Step) -> dict[str, str]:
    """Return for each role responsible for a step what the reps' list calls it, folded."""
    called = {fold(role.name): role.crm_role for role in process.roles}
    return {name: fold(called.get(fold(name)) or name) for name in step.responsible}


def _deviations(rows: pd.DataFrame, chosen: Any, more: dict[str, Any]) -> pd.DataFrame:
    """Return the stays at these positions as deviations; what a rule does not tell is missing."""
    names = ["deal_ix", "step_ix", "next_place", "manager_id"]
    kept = rows[names].iloc[np.asarray(chosen, dtype=np.int64)].reset_index(drop=True)
    plain = {"kind": "", "found": "", "expected": "", "amount": np.nan, "norm": np.nan, "unit": ""}
    return kept.assign(**(plain | more)).astype({"amount": "float64", "norm": "float64"})


def _joined(parts: list[pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    empty = {"at": rows["moved_at"].array[:0]}
    return pd.concat(filled, ignore_index=True) if filled else _deviations(rows, [], empty)
