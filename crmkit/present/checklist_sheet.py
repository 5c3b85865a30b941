"""The checklist as a workbook shows it: what its columns are called, and one row a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.audit.answers import Answer, Answers
from crmkit.audit.checklist_sheet import ChecklistWords
from crmkit.errors import N_, Message
from crmkit.present.checklist_audit import questions_of, suggested
from crmkit.present.checklist_form import ASKED, CHOICES
from crmkit.present.checklist_words import figure_text, hint
from crmkit.present.study import Study
from crmkit.present.words import LANGUAGES, Words

HEADINGS: Mapping[str, Message] = {
    "id": N_("No."),
    "area": N_("Area"),
    "text": N_("Question"),
    "good": N_("What good looks like"),
    "where": N_("Where it is seen"),
    "whom": N_("Whom to ask"),
    "answer": N_("Answer"),
    "evidence": N_("What was seen"),
    "note": N_("Note"),
    "data": N_("What the data say"),
    "suggested": N_("The data suggest"),
    "previous": N_("The audit before"),
    "why": N_("Why it matters"),
    "key": N_("Key of the row"),
}


def all_checklist_words() -> list[ChecklistWords]:
    """Return what columns and answers are called in every language."""
    return [checklist_words(Words(language)) for language in LANGUAGES]


def checklist_words(words: Words) -> ChecklistWords:
    """Return what columns and answers are called in a language."""
    return ChecklistWords(
        {key: words.message(said) for key, said in HEADINGS.items()},
        {code: words.message(said) for code, said in CHOICES.items()},
    )


def rows(study: Study, now: Answers, before: Answers | None) -> list[dict[str, str]]:
    """Return what stands in the row of each question, by column, without its key."""
    asked = questions_of(study)
    titles = {one.id: study.say(one.title) for one in asked.areas}
    data: dict[str, Any] = suggested(study).set_index("question").to_dict("index")
    told = []
    for one in asked.questions:
        said = now.answers.get(one.id, Answer())
        told.append(
            {
                "id": one.id,
                "area": titles[one.area],
                **{key: study.say(getattr(one, key)) for key in ("text", "good", "where", "why")},
                "whom": study.words.message(ASKED[one.ask]),
                **_of_data(study, data.get(one.id)),
                "previous": "" if before is None else _earlier(study, before.answers.get(one.id)),
                "answer": study.words.message(CHOICES[said.answer]) if said.answer else "",
                "evidence": said.evidence,
                "note": said.note,
            }
        )
    return told


def _of_data(study: Study, row: Mapping[Any, Any] | None) -> dict[str, str]:
    """Return the figure and the answer it suggests, or why there is none."""
    if row is None:
        return {"data": "", "suggested": ""}
    answer = row["answer"] if isinstance(row["answer"], str) else ""
    return {
        "data": figure_text(study, row) if answer else hint(study, row),
        "suggested": study.words.message(CHOICES[answer]) if answer else "",
    }


def _earlier(study: Study, said: Answer | None) -> str:
    if said is None:
        return ""
    return "\n".join(part for part in (study.words.message(CHOICES[said.answer]), said.evidence) if part)
