"""The answers of the checklist one by one: all of them, those the data contradict, those not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.checklist_audit import answers_of, questions_of, result, suggested
from crmkit.present.checklist_form import ASKED, CHOICES
from crmkit.present.checklist_words import basis, figure_text, hint
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences

#: So many rows of a long table are shown at first.
SHOWN = 12
DIRECTIONS: Mapping[str, Message] = {
    "better": N_("the answer is better than the data"),
    "worse": N_("the answer is worse than the data"),
    "na": N_("the answer says that it does not apply, and the data have it"),
}
MOVED: Mapping[str, Message] = {
    "better": N_("better"),
    "worse": N_("worse"),
    "other": N_("cannot be compared"),
}

NO_ANSWER = N_("No question is answered yet.")
NONE_CONTRADICTED = N_("No answer is contradicted by the data.")


def contradictions(study: Study) -> Table | Sentences:
    """Return the answers that the data contradict, each with the figure."""
    grown = result(study)[0]
    rows = grown.contradictions
    if rows.empty:
        said = NONE_CONTRADICTED if (grown.areas["answered"] > 0).any() else NO_ANSWER
        return Sentences.of(study.words, [said])
    told = [
        {
            "text": _question(study, row["question"]),
            "answer": study.words.message(CHOICES[row["answer"]]),
            "suggested": study.words.message(CHOICES[row["suggested"]]),
            "data": figure_text(study, row),
            "what": study.words.message(DIRECTIONS[row["direction"]]),
        }
        for row in rows.to_dict("records")
    ]
    spec = [
        Column("text", study.say("Question")), Column("answer", study.say("Answer")),
        Column("suggested", study.say("Suggested")), Column("data", study.say("What the data say")),
        Column("what", study.say("What to know")),
    ]  # fmt: skip
    note = study.say("Ask again before you believe either: the CRM may be kept badly, or the answer hopeful.")
    title = study.say("Answers that the data contradict")
    return study.table(
        pd.DataFrame(told), "checklist_contradictions", title, spec, [note, basis(study)], shown=60
    )


def unanswered(study: Study) -> Table | Sentences:
    """Return the questions that are not answered, with whom to ask and what the data tell already."""
    left = result(study)[0].unanswered
    if not left:
        return Sentences.of(study.words, [N_("Every question is answered.")], "finding")
    asked, data = questions_of(study), suggested(study).set_index("question").to_dict("index")
    titles = {one.id: study.say(one.title) for one in asked.areas}
    told = [
        {
            "area": titles[asked.by_id[name].area],
            "text": _question(study, name),
            "whom": study.words.message(ASKED[asked.by_id[name].ask]),
            "data": hint(study, data[name]) if name in data else "",
        }
        for name in left
    ]
    spec = [
        Column("area", study.say("Area")), Column("text", study.say("Question")),
        Column("whom", study.say("Whom to ask")), Column("data", study.say("What the data say")),
    ]  # fmt: skip
    title = study.words.plural(
        "{n} question is not answered yet", "{n} questions are not answered yet", len(left)
    )
    return study.table(
        pd.DataFrame(told), "checklist_unanswered", title, spec, [basis(study)], shown=len(told),
        parted="area", folded=range(SHOWN, len(told)),
    )  # fmt: skip


def changes(study: Study) -> Table | Sentences:
    """Return the answers that changed since the audit before."""
    _, now, found = result(study)
    before = answers_of(study)[1]
    if found is None or before is None:
        return Sentences.of(study.words, [N_("There is no earlier audit of this client to compare with.")])
    days = [study.formats.day(one.day) for one in (before, now)]
    if found.changes.empty:
        return Sentences.of(study.words, [N_("No answer changed since {day}.", day=days[0])])
    apart = found.changes["direction"] == "other"
    rows = pd.concat([found.changes[~apart], found.changes[apart]], ignore_index=True)
    told = [
        {
            "text": _question(study, row["question"]),
            "before": study.words.message(CHOICES[row["before"]]),
            "now": study.words.message(CHOICES[row["now"]]),
            "what": study.words.message(MOVED[row["direction"]]),
        }
        for row in rows.to_dict("records")
    ]
    spec = [
        Column("text", study.say("Question")), Column("before", days[0]), Column("now", days[1]),
        Column("what", study.say("What it means")),
    ]  # fmt: skip
    title = study.words.plural("{n} answer changed", "{n} answers changed", len(told))
    folded = range(int((~apart).sum()), len(told))
    return study.table(pd.DataFrame(told), "checklist_changes", title, spec, shown=len(told), folded=folded)


def answers(study: Study) -> Table | Sentences:
    """Return all answers given, with what was seen."""
    now, asked = answers_of(study)[0], questions_of(study)
    titles = {one.id: study.say(one.title) for one in asked.areas}
    told: list[dict[str, Any]] = [
        {
            "area": titles[one.area],
            "text": _question(study, one.id),
            "answer": study.words.message(CHOICES[now.said(one.id)]),
            "seen": now.answers[one.id].evidence,
            "note": now.answers[one.id].note,
        }
        for one in asked.questions
        if one.id in now.answers
    ]
    if not told:
        return Sentences.of(study.words, [NO_ANSWER])
    spec = [
        Column("area", study.say("Area")), Column("text", study.say("Question")),
        Column("answer", study.say("Answer")), Column("seen", study.say("What was seen")),
        Column("note", study.say("Note")),
    ]  # fmt: skip
    kept = [one for one in spec if one.key not in ("seen", "note") or any(row[one.key] for row in told)]
    title = study.say("The answers")
    return study.table(
        pd.DataFrame(told), "checklist_answers", title, kept, shown=len(told), parted="area",
        folded=range(SHOWN, len(told)),
    )  # fmt: skip


def _question(study: Study, name: str) -> str:
    return f"{name}. {study.say(questions_of(study).by_id[name].text)}"
