"""Which CRM stages belong to which described step, and the order of both on one line (METHOD 4.2, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.process.description import CrmStage, Process
from crmkit.process.wording import fold
from crmkit.schema import Snapshot
from crmkit.stagelog import StageLog, relabelled, stage_log
from crmkit.stages import OPEN, Ints, StageOrder, order_of, stage_order
from crmkit.visits import Visits, stage_visits, visits_over


@dataclass(frozen=True, eq=False)
class StepMap:
    """How the CRM stages of a client fold into the places that are measured.

    Attributes
    ----------
    order: the places: the described steps in their order, open stages of no step where they stand in the CRM,
        won and lost stages. Without a description, the CRM stages themselves.
    codes: for each CRM stage (``stages.stage_order``) its place in ``order``.
    step_ix: for each place the position of its step in the description; −1 where there is none.
    norm_amount, norm_unit: for each place its norm, NaN and "" where none is known; the description's before
        that of ``client.yml`` (which is in days).
    unknown: stages that the description names and no file has. undescribed: open stages of no step (codes of
        CRM stages). doubled: stages that several steps claim; the first step has them.
    repaired: pairs of a stage as the description writes it and as the CRM does.
    """

    order: StageOrder
    codes: Ints
    step_ix: Ints
    norm_amount: npt.NDArray[np.float64]
    norm_unit: npt.NDArray[np.str_]
    unknown: tuple[CrmStage, ...] = ()
    undescribed: tuple[int, ...] = ()
    doubled: tuple[CrmStage, ...] = ()
    repaired: tuple[tuple[str, str], ...] = ()

    @property
    def is_described(self) -> bool:
        """Whether any place is a described step."""
        return bool((self.step_ix >= 0).any())

    def log(self, crm: Snapshot) -> StageLog:
        """Return the stage log in these places."""
        return (
            relabelled(crm, stage_log(crm), self.order, self.codes) if self.is_described else stage_log(crm)
        )

    def visits(self, crm: Snapshot) -> Visits:
        """Return the visits to these places."""
        return visits_over(crm, self.log(crm)) if self.is_described else stage_visits(crm)


def stages_as_places(crm: Snapshot) -> StepMap:
    """Return the CRM stages as they are."""
    order = stage_order(crm)
    size = len(order.kinds)
    days = order.table["norm_days"].to_numpy(dtype=np.float64)
    units = np.where(np.isnan(days), "", "days")
    return StepMap(order, np.arange(size), np.full(size, -1), days, units)


def map_steps(crm: Snapshot, process: Process) -> StepMap:
    """Return the places of a described process.

    A stage is found as it is written; else in small letters with one kind of «e» (told in ``repaired``), if
    only one stage fits. Where a step names no CRM stage, the ``process_step`` of ``client.yml`` counts. A
    description that fits no stage of the data gives the CRM stages themselves.
    """
    order = stage_order(crm)
    owner, found = _owners_of_stages(order, process)
    if (owner < 0).all():
        plain = stages_as_places(crm)
        return StepMap(
            plain.order, plain.codes, plain.step_ix, plain.norm_amount, plain.norm_unit, found.unknown,
            tuple(map(int, np.flatnonzero(order.kinds == OPEN))), found.doubled, found.repaired,
        )  # fmt: skip
    table, codes = _places(order, owner, process)
    places = order_of(table[["pipeline", "stage", "position", "kind", "norm_days", "process_step"]])
    step_ix = table["step_ix"].to_numpy(dtype=np.int64)
    amount, unit = _norms(table, process)
    undescribed = np.flatnonzero((order.kinds == OPEN) & (owner < 0))
    return StepMap(
        places,
        codes,
        step_ix,
        amount,
        unit,
        found.unknown,
        tuple(map(int, undescribed)),
        found.doubled,
        found.repaired,
    )


@dataclass
class _Found:
    unknown: tuple[CrmStage, ...] = ()
    doubled: tuple[CrmStage, ...] = ()
    repaired: tuple[tuple[str, str], ...] = ()


def _owners_of_stages(order: StageOrder, process: Process) -> tuple[Ints, _Found]:
    """Return for each CRM stage the position of its step, −1 for none, and what was met on the way."""
    owner, told = np.full(len(order.kinds), -1), _Found()
    for position, step in enumerate(process.steps):
        for wanted in step.crm_stages:
            codes = find_stages(order, wanted)
            if not len(codes):
                told.unknown += (wanted,)
            elif (owner[codes] >= 0).any() and (owner[codes] != position).any():
                told.doubled += (wanted,)
            written = order.table["stage"].iloc[codes].unique()
            told.repaired += tuple((wanted.stage, str(name)) for name in written if name != wanted.stage)
            owner[codes] = np.where(owner[codes] < 0, position, owner[codes])
    near = np.isin(order.pipelines, order.pipelines[owner >= 0]) | (owner < 0).all()
    silent = {fold(step.name): ix for ix, step in enumerate(process.steps) if not step.crm_stages}
    for code, name in enumerate(order.table["process_step"]):
        if owner[code] < 0 and near[code] and order.kinds[code] == OPEN and not pd.isna(name):
            owner[code] = silent.get(fold(str(name)), -1)
    return owner, told


def find_stages(order: StageOrder, wanted: CrmStage) -> Ints:
    """Return the codes of the CRM stages that a description means; none if it is unknown or not clear.

    A stage named without a pipeline is meant in every pipeline that has it.
    """
    names, pipelines = order.table["stage"].astype("str"), order.table["pipeline"]
    inside = np.ones(len(names), dtype=bool)
    if wanted.pipeline:
        inside = (pipelines == wanted.pipeline).to_numpy()
        if not inside.any():
            inside = np.array([not pd.isna(one) and fold(one) == fold(wanted.pipeline) for one in pipelines])
    exact = np.flatnonzero(inside & (names == wanted.stage).to_numpy())
    if len(exact):
        return exact
    near = np.flatnonzero(inside & np.array([fold(name) == fold(wanted.stage) for name in names], dtype=bool))
    return near if len(set(names.iloc[near])) == 1 else near[:0]


def _places(order: StageOrder, owner: Ints, process: Process) -> tuple[pd.DataFrame, Ints]:
    """Return the table of the places with ``step_ix``, and for each CRM stage its place."""
    used = np.unique(owner[owner >= 0])
    steps = pd.DataFrame({"step_ix": used, "position": used * 1000.0, "kind": "open"})
    steps["stage"] = _unlike([process.steps[ix].name for ix in used])
    described = np.unique(order.pipelines[owner >= 0])
    rows, codes = [steps.assign(pipeline="", norm_days=np.nan, code=-1)], np.full(len(owner), -1)
    codes[owner >= 0] = np.searchsorted(used, owner[owner >= 0])
    rest = np.flatnonzero(owner < 0)
    inside = np.isin(order.pipelines[rest], described) & (order.pipelines[rest] >= 0)
    table = order.table.iloc[rest].assign(step_ix=-1, code=rest)
    table["position"] = [
        _place_beside(order, owner, int(code)) if here else order.positions[code]
        for code, here in zip(rest, inside, strict=True)
    ]
    table["pipeline"] = table["pipeline"].mask(inside, "")
    doubled = table.duplicated(["pipeline", "stage"], keep=False) & inside
    of = order.table["pipeline"].iloc[rest].astype("str")
    table["stage"] = table["stage"].astype("str").where(~doubled, table["stage"].astype("str") + " · " + of)
    rows.append(table)
    codes[rest] = len(used) + np.arange(len(rest))
    whole = pd.concat(rows, ignore_index=True).astype({"stage": "str", "pipeline": "str", "kind": "str"})
    whole["process_step"] = whole["stage"].where(whole["step_ix"] >= 0)
    return whole, codes


def _place_beside(order: StageOrder, owner: Ints, code: int) -> float:
    """Return where a stage of no step stands: after the step of the stage before it in its pipeline."""
    if order.kinds[code] != OPEN:
        return float(10**9 + order.positions[code])
    same = (order.pipelines == order.pipelines[code]) & (owner >= 0)
    before = same & (order.positions < order.positions[code])
    step = owner[before].max() if before.any() else -1
    return float(step * 1000.0 + order.positions[code] + 1)


def _unlike(names: list[str]) -> list[str]:
    """Return names that differ: steps of one name are told apart by a number."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _norms(table: pd.DataFrame, process: Process) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    amount = table["norm_days"].to_numpy(dtype=np.float64).copy()
    unit = np.where(np.isnan(amount), "", "days").astype(object)
    for place, ix in enumerate(table["step_ix"]):
        norm = process.steps[ix].norm if ix >= 0 else None
        if norm is not None:
            amount[place], unit[place] = norm.amount, norm.unit
    return amount, unit.astype(str)
