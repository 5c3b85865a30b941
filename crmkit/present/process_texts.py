"""Parts of a described process in words: norms, results, CRM stages."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.errors import Message
from crmkit.present.formats import Formats
from crmkit.present.process_words import VALUES
from crmkit.process.description import CrmStage, Norm, Process, Result


def norm_text(norm: Norm | None, formats: Formats) -> str:
    """Return a time norm: «2 working days»; nothing where there is none."""
    if norm is None:
        return ""
    words, count = formats.words, int(norm.amount)
    amount = formats.number(norm.amount, 1 if round(norm.amount, 1) == norm.amount else 2)
    if norm.unit == "working_days":
        whole = words.plural("{n} working day", "{n} working days", count)
        part = words.say("{amount} of a working day", amount=amount)
    elif norm.unit == "working_hours":
        whole = words.plural("{n} working hour", "{n} working hours", count)
        part = words.say("{amount} of a working hour", amount=amount)
    else:
        whole = words.plural("{n} calendar day", "{n} calendar days", count)
        part = words.say("{amount} of a calendar day", amount=amount)
    return whole if norm.amount == count else part


def result_text(result: Result, formats: Formats) -> str:
    """Return what goes in or comes out, with its kind and the step that follows it."""
    kind = f" ({said(formats, 'results', result.kind)})" if result.kind else ""
    return result.text + kind + (f" → {result.next_step}" if result.next_step else "")


def results_text(results: Sequence[Result], formats: Formats) -> str:
    """Return inputs or outputs on one line."""
    return "; ".join(result_text(one, formats) for one in results)


def crm_stage_text(stage: CrmStage) -> str:
    """Return a CRM stage with its pipeline, where one is said."""
    return stage.stage + (f" ({stage.pipeline})" if stage.pipeline else "")


def version_text(process: Process, formats: Formats) -> str:
    """Return what a version of a process is called: «to be, from 1 December 2026»."""
    version = said(formats, "versions", process.version)
    if process.dated is None:
        return version
    return formats.words.say("{version}, from {day}", version=version, day=formats.day(process.dated))


def said(formats: Formats, group: str, code: str) -> str:
    """Return a word for a code of the description; see :data:`crmkit.present.process_words.VALUES`."""
    message: Message = VALUES[group][code]
    return formats.words.message(message)
