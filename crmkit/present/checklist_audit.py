"""What an audit of the sales system stands on: its questions, answers and data, and what they come to."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

from crmkit.audit.answers import Answers, present_and_previous, read_answers
from crmkit.audit.growth import Changes, Growth, compare_audits, grow
from crmkit.audit.questions import Questionnaire, read_questions
from crmkit.audit.suggestions import needed_measures, suggest
from crmkit.measures.records import plain_rows
from crmkit.present.study import Study
from crmkit.present.words import refusing_in
from crmkit.process.description import Process


@lru_cache(maxsize=4)
def questions_of(study: Study) -> Questionnaire:
    """Return the questions that are asked of the client.

    Raises
    ------
    CrmkitError: the client's own questions cannot be used; it speaks the language of the study.
    """
    with refusing_in(study.words):
        return read_questions(study.client.folder)


def answers_of(study: Study) -> tuple[Answers, Answers | None]:
    """Return the audit that is filled in at the day described, and the one before it.

    Raises
    ------
    CrmkitError: files of answers that cannot be used; it speaks the language of the study.
    """
    folder, asked, today = study.client.folder, questions_of(study), study.crm.today
    with refusing_in(study.words):
        present, previous = present_and_previous(folder, today)
        now = read_answers(folder, present or today, asked)
        return now, None if previous is None else read_answers(folder, previous, asked)


@lru_cache(maxsize=4)
def suggested(study: Study) -> pd.DataFrame:
    """Return what the data tell of each question, reckoned once."""
    asked = questions_of(study)
    figures = study.evaluate(needed_measures(asked))
    told = _described(study.processes.target)
    return suggest(asked, study.audit, figures, period=study.period, told=told)


def _described(process: Process | None) -> dict[str, tuple[int, int]]:
    """Return how many steps of the described process say what a good one says, of how many."""
    steps = process.steps if process else ()
    n = len(steps)
    said = {
        "steps_described": n,
        "steps_with_responsible": sum(len(one.responsible) == 1 for one in steps),
        "steps_with_output": sum(bool(one.outputs) for one in steps),
        "steps_with_kpi": sum(bool(one.kpi) for one in steps),
        "steps_with_norm": sum(one.norm is not None for one in steps),
        "steps_with_key_factor": sum(bool(one.key_success_factor) for one in steps),
        "steps_with_crm": sum(bool(one.crm_stages or one.required_fields) for one in steps),
    }
    return {name: (k, n) for name, k in said.items()} if n else {}


def to_fill_in(study: Study, new: bool = False) -> tuple[Answers, Answers | None]:
    """Return the audit that answers are added to, and the one before it.

    ``new``: one begun on the day described, where the present one is of an earlier day.
    """
    now, before = answers_of(study)
    today = study.crm.today
    return (Answers(today), now) if new and now.day != today else (now, before)


def result(study: Study) -> tuple[Growth, Answers, Changes | None]:
    """Return what the present audit came to, its answers, and what changed since the one before."""
    now, before = answers_of(study)
    asked = questions_of(study)
    changes = None if before is None else compare_audits(asked, now, before)
    return grow(asked, now, suggested(study)), now, changes


def records(study: Study) -> dict[str, Any]:
    """Return what the present audit came to as programs read it: codes and figures."""
    grown, now, changes = result(study)
    before = answers_of(study)[1]
    return {
        "day": now.day.isoformat(),
        "before": None if before is None else before.day.isoformat(),
        "answered_by": now.answered_by,
        "total": plain_rows(grown.total.drop(columns="area"))[0],
        "areas": plain_rows(grown.areas),
        "points": plain_rows(grown.points),
        "contradictions": plain_rows(grown.contradictions),
        "unanswered": list(grown.unanswered),
        "changes": None if changes is None else {
            "answers": plain_rows(changes.changes), "areas": plain_rows(changes.areas),
            "total": plain_rows(changes.total.drop(columns="area"))[0],
        },
    }  # fmt: skip
