"""How a description fits the client's CRM: its stages, and the fields that it asks for (METHOD 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd

from crmkit.process.description import CrmStage, Process
from crmkit.process.filling import deals_filled
from crmkit.process.steps import StepMap, find_stages, map_steps
from crmkit.process.wording import fold
from crmkit.schema import Snapshot
from crmkit.stages import StageOrder, stage_order

#: A finding with the position of its step before it, -1 for none.
Placed = tuple[int, str, str, str, str]


def nearest(wanted: str, known: Iterable[str]) -> str:
    """Return the name of those known that a wrong one is probably meant to be, or nothing."""
    return next(iter(get_close_matches(wanted, list(known), n=1, cutoff=0.6)), "")


def fitting_findings(
    crm: Snapshot, process: Process, places: StepMap | None, headings: Mapping[str, str]
) -> list[Placed]:
    """Return what does not fit between a description and the client's data."""
    found: list[Placed] = []
    order = stage_order(crm)
    if len(order.kinds):
        found += _named_stages(order, process)
        found += _unnamed(order, process, places or map_steps(crm, process))
    if process.version == "to_be":
        found += _fields(crm, process, headings)
    return found


def _named_stages(order: StageOrder, process: Process) -> Iterator[Placed]:
    """Yield stages that no data has, that two steps claim, and that are written otherwise in the CRM."""
    names = {fold(name): name for name in order.table["stage"].astype("str")}
    owner = np.full(len(order.kinds), -1)
    for ix, step in enumerate(process.steps):
        for wanted in step.crm_stages:
            codes = find_stages(order, wanted)
            if not len(codes):
                near = nearest(fold(wanted.stage), names)
                yield ix, "crm_stage_unknown", "crm_stages", _said(wanted), names.get(near, "")
            earlier = [int(one) for one in np.unique(owner[codes]) if one not in (-1, ix)]
            if earlier:
                name = process.steps[earlier[0]].name
                yield ix, "crm_stage_claimed_twice", "crm_stages", _said(wanted), name
            for written in order.table["stage"].iloc[codes].unique():
                if written != wanted.stage:
                    yield ix, "spelling_repaired", "crm_stages", wanted.stage, str(written)
            owner[codes] = np.where(owner[codes] < 0, ix, owner[codes])


def _unnamed(order: StageOrder, process: Process, places: StepMap) -> Iterator[Placed]:
    """Yield steps without a CRM stage, open CRM stages of no step, and pipelines without any."""
    has = set(places.step_ix.tolist())
    for ix, step in enumerate(process.steps):
        if step.kind == "core" and not step.crm_stages and ix not in has:
            yield ix, "step_without_crm_stage", "crm_stages", "", ""
    table, undescribed = order.table, list(places.undescribed)
    listed = set(table["stage"][order.pipelines >= 0])
    codes = [
        one for one in undescribed if order.pipelines[one] >= 0 or table["stage"].iloc[one] not in listed
    ]
    free = order.is_kind("open")
    free[undescribed] = False
    described = set(order.pipelines[free].tolist())
    told = set[str]()
    for code in codes:
        pipeline, stage = table["pipeline"].iloc[code], str(table["stage"].iloc[code])
        if pd.isna(pipeline):
            yield -1, "crm_stage_without_step", "crm_stages", stage, ""
        elif order.pipelines[code] in described or not described - {-1}:
            yield -1, "crm_stage_without_step", "crm_stages", stage, str(pipeline)
        elif pipeline not in told:
            told.add(str(pipeline))
            yield -1, "pipeline_without_step", "crm_stages", str(pipeline), ""


def _fields(crm: Snapshot, process: Process, headings: Mapping[str, str]) -> Iterator[Placed]:
    """Yield the required fields that no file has; one that is there and always empty is there."""
    known = {fold(heading) for heading in headings} | {fold(name) for name in headings.values() if name}
    for ix, step in enumerate(process.steps):
        for name in step.required_fields:
            is_headed = any(fold(part) in known for part in name.split("|"))
            if not is_headed and deals_filled(crm, name, headings) is None:
                yield ix, "required_field_in_no_export", "required_fields", name, nearest(fold(name), known)


def _said(wanted: CrmStage) -> str:
    return f"{wanted.pipeline} \u00b7 {wanted.stage}" if wanted.pipeline else wanted.stage
