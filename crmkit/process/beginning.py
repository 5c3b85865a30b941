"""A template fitted to a client: the CRM stages that bear the names of its steps are mapped already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crmkit.process.description import CrmStage, Process
from crmkit.process.wording import LONGEST_LINE, fold
from crmkit.settings import Pipeline


def with_crm_stages(process: Process, english: Process, pipelines: Sequence[Pipeline]) -> Process:
    """Return a template with the open stages of the pipeline that fits it best.

    A stage belongs to a step if its name, or the ``process_step`` that ``client.yml`` gives it, is that of
    the step in the template's language or in English.

    Parameters
    ----------
    english: the same template in English, step by step. pipelines: of ``client.yml``.
    """
    names: dict[str, int] = {}
    for one in (process, english):
        names = {fold(step.name): ix for ix, step in enumerate(one.steps)} | names
    found = [_stages_of(pipeline, names) for pipeline in pipelines]
    best = max(found, key=lambda stages: len(set(stages.values())), default={})
    mapped = [
        tuple(choices_of(place for place, at in best.items() if at == ix)) for ix in range(len(process.steps))
    ]
    steps = zip(process.steps, mapped, strict=True)
    fitted = tuple(step.model_copy(update={"crm_stages": stages}) for step, stages in steps)
    return process.model_copy(update={"steps": fitted})


def choices_of(stages: Iterable[tuple[str, str]]) -> list[CrmStage]:
    """Return CRM stages to choose from, by pipeline and name; those longer than a line are left out."""
    short = (pair for pair in stages if max(map(len, pair)) <= LONGEST_LINE)
    return [CrmStage(stage=stage, pipeline=pipeline) for pipeline, stage in short]


def _stages_of(pipeline: Pipeline, names: dict[str, int]) -> dict[tuple[str, str], int]:
    """Return the step of each open stage that bears the name of one."""
    told = {
        (pipeline.name, stage.name): names.get(
            fold(stage.process_step or ""), names.get(fold(stage.name), -1)
        )
        for stage in pipeline.stages
        if stage.kind == "open"
    }
    return {stage: ix for stage, ix in told.items() if ix >= 0}
