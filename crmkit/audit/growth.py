"""What the answers of an audit come to: scores by area, growth points, what changed (METHOD 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.audit.answers import Answers
from crmkit.audit.questions import Question, Questionnaire

#: What an answer is worth; «not applicable» and no answer count nowhere.
WORTH: Mapping[str, float] = {"yes": 1.0, "partly": 0.5, "no": 0.0}
POINTS = 10
#: An area is scored when at least this share of the weight of its questions is answered.
ENOUGH = 0.5
ALL_AREAS = ""


@dataclass(frozen=True, eq=False)
class Growth:
    """What an audit came to.

    Attributes
    ----------
    areas: one row an area, in the order of the questions: ``area``; ``score`` 0 to 1, null without one;
        ``state``: ``ok``, ``few_answers`` (less than half of the weight is answered), ``unanswered``,
        ``not_applicable``; ``answered`` of ``asked`` questions, and their ``weight_answered`` of ``weight``:
        what is not applicable is in neither.
    total: one row of the same columns over all areas.
    points: what would bring most, the first ten: ``question``, ``area``, ``answer`` (partly or no),
        ``weight``, ``gap`` (½ or 1), ``loss`` (weight × gap); then, as in ``suggest``, what the data say,
        with ``suggested`` for its answer. What to do stands in the question, what was seen in the answer.
    contradictions: where the data say another thing than the answer: ``question``, ``area``, ``answer``,
        ``suggested``, ``direction``: the answer is ``better`` or ``worse`` than the data, or says ``na`` of
        what is there; then the figure. Those two steps apart come first.
    unanswered: ids of the questions without an answer, in their order.
    """

    areas: pd.DataFrame
    total: pd.DataFrame
    points: pd.DataFrame
    contradictions: pd.DataFrame
    unanswered: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Changes:
    """What changed since an earlier audit.

    Attributes
    ----------
    changes: answers that differ: ``question``, ``area``, ``before``, ``now``, ``direction``: ``better``,
        ``worse``, or ``other`` where one of the two is no answer or not applicable.
    areas: ``area``, ``then``, ``now``: scores over the questions answered both times only, with the weights
        of today; null where these are less than half of the area's weight; ``both`` of ``asked`` questions.
    total: one row of the same columns over all areas.
    """

    changes: pd.DataFrame
    areas: pd.DataFrame
    total: pd.DataFrame


def grow(questions: Questionnaire, answers: Answers, suggestions: pd.DataFrame) -> Growth:
    """Return scores, growth points, contradictions and what is unanswered.

    Parameters
    ----------
    suggestions: as :func:`crmkit.audit.suggestions.suggest` returns them; they change no score.

    Source: METHOD 5.4
    """
    areas = [_scored(area.id, questions.of(area.id), answers) for area in questions.areas]
    told = suggestions.rename(columns={"answer": "suggested"})
    return Growth(
        pd.DataFrame(areas),
        pd.DataFrame([_scored(ALL_AREAS, questions.questions, answers)]),
        _points(questions, answers, told),
        _contradictions(questions, answers, told),
        tuple(one.id for one in questions.questions if not answers.said(one.id)),
    )


def _scored(area: str, questions: Iterable[Question], answers: Answers) -> dict[str, object]:
    """Return the score of questions, or why there is none."""
    asked = [one for one in questions if answers.said(one.id) != "na"]
    said = [one for one in asked if answers.said(one.id)]
    weight, answered = sum(one.weight for one in asked), sum(one.weight for one in said)
    score = _worth(said, answers) if answered >= ENOUGH * weight else np.nan
    if not asked:
        state = "not_applicable"
    elif not said:
        state = "unanswered"
    else:
        state = "few_answers" if np.isnan(score) else "ok"
    counts = {"answered": len(said), "asked": len(asked), "weight_answered": answered, "weight": weight}
    return {"area": area, "score": score, "state": state} | counts


def _worth(said: Iterable[Question], answers: Answers) -> float:
    """Return the weighted mean of what answers are worth; null for none."""
    pairs = [(one.weight, WORTH[answers.said(one.id)]) for one in said]
    weight = sum(one for one, _ in pairs)
    return sum(one * worth for one, worth in pairs) / weight if weight else np.nan


def _points(questions: Questionnaire, answers: Answers, told: pd.DataFrame) -> pd.DataFrame:
    columns = ["question", "area", "answer", "weight", "gap", "loss"]
    rows = []
    for one in questions.questions:
        gap = 1 - WORTH.get(answers.said(one.id), 1.0)
        if gap:
            rows.append((one.id, one.area, answers.said(one.id), one.weight, gap, one.weight * gap))
    places = {area.id: place for place, area in enumerate(questions.areas)}
    rows.sort(key=lambda row: (-row[5], places[row[1]], row[0]))
    frame = pd.DataFrame(rows[:POINTS], columns=columns).astype(
        {"question": "str", "area": "str", "answer": "str", "gap": "float64", "loss": "float64"}
    )
    return frame.merge(told, on="question", how="left")


def _contradictions(questions: Questionnaire, answers: Answers, told: pd.DataFrame) -> pd.DataFrame:
    """Return where the data suggest another answer than people gave, the farthest apart first."""
    rows = []
    for question, suggested in zip(told["question"], told["suggested"], strict=True):
        said = answers.said(question)
        if not said or pd.isna(suggested) or said == suggested or question not in questions.by_id:
            continue
        apart = 0.0 if said == "na" else WORTH[said] - WORTH[suggested]
        direction = "na" if said == "na" else "better" if apart > 0 else "worse"
        rows.append((abs(apart), question, questions.by_id[question].area, said, direction))
    order = {one.id: place for place, one in enumerate(questions.questions)}
    rows.sort(key=lambda row: (-row[0], order[row[1]]))
    columns = ["question", "area", "answer", "direction"]
    frame = pd.DataFrame([row[1:] for row in rows], columns=columns, dtype="str")
    return frame.merge(told, on="question", how="left")


def compare_audits(questions: Questionnaire, now: Answers, before: Answers) -> Changes:
    """Return what changed between two audits of one client.

    Scores are compared over the questions that were answered both times only: new questions, and those that
    somebody has become or ceased to be able to answer, move nothing.

    Source: METHOD 5.4
    """
    rows = []
    for one in questions.questions:
        old, new = before.said(one.id), now.said(one.id)
        if old != new:
            both = old in WORTH and new in WORTH
            direction = "other" if not both else "better" if WORTH[new] > WORTH[old] else "worse"
            rows.append((one.id, one.area, old, new, direction))
    columns = ["question", "area", "before", "now", "direction"]
    areas = [_then_and_now(area.id, questions.of(area.id), now, before=before) for area in questions.areas]
    total = _then_and_now(ALL_AREAS, questions.questions, now, before=before)
    changes = pd.DataFrame(rows, columns=columns, dtype="str")
    return Changes(changes, pd.DataFrame(areas), pd.DataFrame([total]))


def _then_and_now(
    area: str, questions: Iterable[Question], now: Answers, *, before: Answers
) -> dict[str, object]:
    asked = [one for one in questions if now.said(one.id) != "na"]
    both = [one for one in asked if now.said(one.id) in WORTH and before.said(one.id) in WORTH]
    weight = sum(one.weight for one in asked)
    enough = bool(both) and sum(one.weight for one in both) >= ENOUGH * weight
    then, today = (_worth(both, one) if enough else np.nan for one in (before, now))
    return {"area": area, "then": then, "now": today, "both": len(both), "asked": len(asked)}
