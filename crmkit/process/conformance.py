"""Whether deals go the way that is described, and every place where one does not (METHOD 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from crmkit.periods import Period
from crmkit.process.course import course_of
from crmkit.process.description import Process
from crmkit.process.rules import COLUMNS, Found, exits, moves, norms, roles
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import wilson

#: Kinds of deviations -> what was examined to find them.
KINDS: Mapping[str, str] = {
    "skipped_step": "moves",
    "step_back": "moves",
    "illegal_jump": "moves",
    "exit_condition_unmet": "exits",
    "over_norm": "norms",
    "wrong_role": "roles",
}
By = Literal["", "kind", "manager_id", "step_ix"]


@dataclass(frozen=True, eq=False)
class Conformance:
    """How deals keep to a description.

    Attributes
    ----------
    deviations: one row per deviation, sorted by deal, moment and kind: ``deal_ix``, ``deal_id``, ``kind``,
        ``step_ix``, ``place`` (the step it was found at), ``next_place`` (what was entered next; empty where
        nothing was), ``at``, ``manager_id`` (the owner on entering the step, else the present one), ``found``
        and ``expected`` (names in the words of the description and of the CRM; of ``over_norm`` a number and
        a unit), ``amount``, ``norm``, ``unit`` (of ``over_norm``), ``url`` of the card as the CRM gives it.
    checked: one row per kind: ``stays`` and ``deals`` that could be examined, ``deviations``, ``state``,
        ``missing`` (columns), ``lacking`` (fields and roles by their names), ``basis`` (``as_of_export``:
        judged by present values). States: ``ok``; ``approximate`` (the history is, see ``Snapshot.partial``);
        ``empty``; ``not_in_export``; ``not_described`` (the description asks for nothing of the kind).
    examined: ``deal_ix``, ``step_ix``, ``check``: one row per stay and what it was examined for.
    deals: positions of the deals that are looked at. left_out: how many are not, by reason. managers: the
        present owner of each deal of the Snapshot. process: the description.
    """

    process: Process
    deviations: pd.DataFrame
    checked: pd.DataFrame
    examined: pd.DataFrame
    deals: pd.Index
    left_out: Mapping[str, int]
    managers: pd.Series


def conformance(
    crm: Snapshot, period: Period, process: Process, places: StepMap,
    *, headings: Mapping[str, str] | None = None,
) -> Conformance:  # fmt: skip
    """Examine every deal that stood in a described step in the period.

    A move is told once: as a skip (mandatory steps not passed before lie between), as a step back, or as a
    jump that the description knows no way for. A deal that begins in a later step has skipped nothing; losing
    it and opening it anew are no moves. A stay that is still going on is judged by its length so far.

    Parameters
    ----------
    places: of ``map_steps(crm, process)``.
    headings: the headings of the client's files and the canonical columns that they feed: a required field
        may be called by its heading.

    Source: METHOD 4.5
    """
    course = course_of(crm, period, places)
    found = [
        moves(process, places, course.rows),
        exits(crm, process, course.rows, headings or {}),
        norms(crm, process, places, course.rows),
        roles(crm, process, course.rows),
    ]
    rows = pd.concat([one.deviations for one in found if len(one.deviations)] or [found[0].deviations])
    rows = _with_cards(crm, rows, places)
    examined = pd.concat(
        [course.rows.loc[one.examined, ["deal_ix", "step_ix"]].assign(check=one.check) for one in found],
        ignore_index=True,
    )
    return Conformance(
        process, rows, _checked(crm, found, rows, examined), examined,
        pd.Index(np.unique(course.rows["deal_ix"].to_numpy())), course.left_out, crm.deals["manager_id"],
    )  # fmt: skip


def deviations(crm: Snapshot, period: Period, process: Process, places: StepMap) -> pd.DataFrame:
    """Return every deviation; see :class:`Conformance`."""
    return conformance(crm, period, process, places).deviations


def conforming(found: Conformance, by: By = "") -> pd.DataFrame:
    """Return how many deals keep to the description.

    Parameters
    ----------
    by: nothing: deals without any deviation, of those examined for anything. ``manager_id``: the same by the
        deal's present owner. ``step_ix``: deals without a deviation at the step, of those examined at it.
        ``kind``: deals that do deviate so, of those examined for it.

    Returns
    -------
    ``by``, ``value``, ``numerator``, ``denominator``, ``n``, ``low``, ``high`` (Wilson, 95 %), ``state``
    (``empty`` without cases), sorted.
    """
    bad, seen = found.deviations, found.examined
    if by == "kind":
        counts = [
            (
                kind,
                _deals(bad[(bad["kind"] == kind).to_numpy()]),
                _deals(seen[(seen["check"] == check).to_numpy()]),
            )
            for kind, check in KINDS.items()
        ]
        return _shares(pd.DataFrame(counts, columns=["kind", "numerator", "n"]))
    pairs = seen[["deal_ix", "step_ix"]] if by == "step_ix" else seen[["deal_ix"]]
    pairs = pairs.drop_duplicates(ignore_index=True)
    names = list(pairs.columns)
    keys = pd.MultiIndex.from_frame(pairs) if len(names) > 1 else pd.Index(pairs["deal_ix"])
    wrong = pd.MultiIndex.from_frame(bad[names]) if len(names) > 1 else pd.Index(bad["deal_ix"])
    kept = ~keys.isin(wrong)
    if not by:
        return _shares(pd.DataFrame({"numerator": [int(kept.sum())], "n": [len(pairs)]}))
    if by == "manager_id":
        pairs = pairs.assign(manager_id=found.managers.iloc[pairs["deal_ix"]].array)
    grouped = pairs.assign(kept=kept).groupby(by, observed=True, dropna=False)["kept"]
    counted = grouped.agg(numerator="sum", n="size").reset_index()
    return _shares(counted.sort_values(by, ignore_index=True))


def _deals(rows: pd.DataFrame) -> int:
    return len(np.unique(rows["deal_ix"].to_numpy()))


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    of, k = counts["n"].to_numpy(np.float64), counts["numerator"].to_numpy(np.float64)
    low, high = wilson(k, of)
    value = np.divide(k, of, out=np.full(len(of), np.nan), where=of > 0)
    counts = counts.assign(value=value, denominator=counts["n"], low=low, high=high)
    counts["state"] = np.where(of > 0, "ok", "empty")
    names = ["value", "numerator", "denominator", "n", "low", "high", "state"]
    return counts[[name for name in counts.columns if name not in names] + names]


def _with_cards(crm: Snapshot, rows: pd.DataFrame, places: StepMap) -> pd.DataFrame:
    """Return the deviations sorted, with the number and the link of their deals."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    rows = rows.assign(_kind=rows["kind"].map(order))
    rows = rows.sort_values(["deal_ix", "at", "_kind", "step_ix"], kind="stable", ignore_index=True)
    names, ix = places.order.table["stage"].astype("str").to_numpy(object), rows["deal_ix"].to_numpy(np.int64)
    code_of = np.full(int(places.step_ix.max(initial=-1)) + 2, -1)
    code_of[places.step_ix] = np.arange(len(places.step_ix))
    rows = rows.assign(
        deal_id=crm.deals["deal_id"].array[ix],
        place=names[code_of[rows["step_ix"].to_numpy(np.int64)]] if len(rows) else "",
        next_place=np.append(names, "")[rows["next_place"].to_numpy(np.int64)],
        url=crm.deals["url"].array[ix],
    )
    return rows[[*COLUMNS]]


def _checked(crm: Snapshot, found: list[Found], rows: pd.DataFrame, examined: pd.DataFrame) -> pd.DataFrame:
    """Return for each kind what could be examined, and what is missing."""
    rough = "approximate" if crm.partial.get("stage_changes") else "ok"
    untold = "stage_changes.to_stage" not in crm.supplied
    by_check = {one.check: one for one in found}
    told = []
    for kind, check in KINDS.items():
        one, seen = by_check[check], examined[(examined["check"] == check).to_numpy()]
        state = one.state or (rough if len(seen) else "empty")
        missing = one.missing
        if untold and state != "not_described":
            state, missing = "not_in_export", "stage_changes.to_stage"
        count = int((rows["kind"] == kind).sum())
        told.append((kind, len(seen), _deals(seen), count, state, missing, one.lacking, one.basis))
    names = ["kind", "stays", "deals", "deviations", "state", "missing", "lacking", "basis"]
    return pd.DataFrame(told, columns=names)
