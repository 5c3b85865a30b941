"""What a filled checklist changes in the answers of its audit: all of it at once, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crmkit.audit.answers import Answer, Answers, audits, read_answers, save_answer
from crmkit.audit.checklist_sheet import BY, Filled, mark
from crmkit.audit.questions import Questionnaire
from crmkit.errors import N_, CrmkitError, Refusals, SourceError


@dataclass(frozen=True)
class Kept:
    """How many questions were answered anew, otherwise than before, taken back, or as they are known.

    ``answers`` are those of the audit now; ``None`` where nothing was written into the workbook.
    """

    added: int
    changed: int
    taken_back: int
    known: int
    answers: Answers | None


def keep(
    folder: Path, filled: Filled, questions: Questionnaire, *, replace: bool = False, earlier: bool = False
) -> Kept:
    """Put what was written into a workbook into the client's folder.

    Parameters
    ----------
    replace: of what was answered elsewhere since the workbook was made, let the workbook's answer hold.
    earlier: write into the workbook's audit although a later one has begun.

    Raises
    ------
    Refusals: what was answered elsewhere meanwhile and differs, each with its cell; SourceError: a later
    audit has begun. Nothing is written then.
    """
    day = filled.day
    if day is None:
        return Kept(0, 0, 0, 0, None)
    later = [one for one in audits(folder) if one > day]
    if later and not earlier:
        what = N_("this is the checklist of {day}, and a later audit has begun", day=day.isoformat())
        remedy = N_("Make a new workbook; with --earlier this one changes the audit of its own day.")
        raise SourceError(filled.file, what, later[-1:], remedy)
    now = read_answers(folder, day, questions)
    if not replace and (wrong := list(_answered_elsewhere(filled, now))):
        raise Refusals(wrong)
    told: dict[str, dict[str, str]] = {}
    for (question, column), one in filled.cells.items():
        told.setdefault(question, {})[column] = one.value
    by = told.pop(BY, {}).get(BY, now.answered_by)
    pairs = {name: _changed(now, name, cells) for name, cells in told.items()}
    new: dict[str, Mapping[str, str] | str] = {
        name: told[name] for name, (before, after) in pairs.items() if before != after
    }
    if by != now.answered_by:
        new[BY] = by
    if new:
        now = save_answer(folder, day, questions, **new)
    kinds = [_kind(*pair) for pair in pairs.values()]
    added, changed, taken_back, known = map(kinds.count, ("added", "changed", "taken_back", "known"))
    return Kept(added, changed, taken_back, known, now)


def _changed(now: Answers, question: str, cells: dict[str, str]) -> tuple[Answer, Answer]:
    before = now.answers.get(question, Answer())
    return before, Answer.model_validate(before.model_dump() | cells)


def _kind(before: Answer, after: Answer) -> str:
    if before == after:
        return "known"
    if before == Answer():
        return "added"
    return "taken_back" if before.answer and not after.answer else "changed"


def _stands(now: Answers, question: str, column: str) -> str:
    if question == BY:
        return now.answered_by
    return str(getattr(now.answers.get(question, Answer()), column))


def _answered_elsewhere(filled: Filled, now: Answers) -> Iterator[CrmkitError]:
    """Yield the cells whose question was answered otherwise since the workbook was made."""
    for (question, column), one in filled.cells.items():
        stands = _stands(now, question, column)
        if mark(stands) not in (one.was, mark(one.value)):
            said = [_shown(filled, column, text) for text in (stands, one.value)]
            what = N_("this was answered otherwise since the workbook was made")
            remedy = N_("Delete the row to keep what is there, or give --replace to let the workbook hold.")
            yield SourceError(one.where, what, said, remedy)


def _shown(filled: Filled, column: str, text: str) -> str:
    return filled.words.answers[text] if column == "answer" else text
