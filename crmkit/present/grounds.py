"""What the pages about the process rest on: the places that are measured, and what is missing for more."""

from __future__ import annotations

from functools import lru_cache

from crmkit.errors import N_, Message
from crmkit.facts import is_technical
from crmkit.present import conformance as keeping
from crmkit.present.reasons import missing
from crmkit.present.study import Study
from crmkit.present.tiles import Sentences
from crmkit.process.conformance import Conformance
from crmkit.process.description import Process
from crmkit.process.flows import entered_first, narrowed
from crmkit.process.steps import StepMap, map_steps, stages_as_places
from crmkit.stagelog import StageLog

HISTORY = "stage_changes.to_stage"
BEGIN = N_(
    "The process is not described yet. «crmkit process new {client}» writes a workbook with the standard"
    " steps to start from; fill it in with those who sell, and run this notebook again."
)
NOT_DESCRIBED = N_("The process is not described yet.")
NO_HISTORY = N_("Without the history of stages only the description and today's stock can be shown:")


@lru_cache(maxsize=4)
def places_of(study: Study) -> StepMap:
    """Return what is measured: the steps of the process as it is, else the CRM stages; reckoned once."""
    process = study.processes.as_is
    return stages_as_places(study.crm) if process is None else map_steps(study.crm, process)


def log_of(study: Study, places: StepMap) -> StageLog:
    """Return the stage log of the deals that began in the period; technical losses are left out."""
    log = places.log(study.crm)
    return narrowed(log, entered_first(log, study.period) & ~is_technical(study.crm))


def no_description(study: Study, *, begin: bool = False) -> Sentences:
    """Return that there is no description; how to begin with one is told once on a page."""
    if not begin:
        return Sentences.of(study.words, [NOT_DESCRIBED])
    said = study.words.say(BEGIN.text, client=study.client.folder.name)
    return Sentences.of(study.words, [said], "warning")


def no_history(study: Study, what: Message, *, how: bool = False) -> Sentences | None:
    """Return what the measured side lacks where there is no history; how to get it is told once on a page."""
    if has_history(study):
        return None
    said = [what, *(missing(study.crm, HISTORY) if how else [])]
    return Sentences.of(study.words, said, "warning" if how else "plain")


def has_history(study: Study) -> bool:
    """Tell whether the export has a history of stages."""
    return not study.crm.lacks([HISTORY])


@lru_cache(maxsize=4)
def examined(study: Study, process: Process) -> Conformance:
    """Return how the deals keep to a description, reckoned once."""
    return keeping.examined(study, process)
