"""The sales-system checklist (notebook 05): answers, scores by area, growth points, what changed since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from crmkit.audit.answers import answers_file
from crmkit.errors import N_, Message
from crmkit.present.checklist_audit import answers_of, questions_of, records, result, suggested, to_fill_in
from crmkit.present.checklist_form import CHOICES, Form
from crmkit.present.checklist_words import basis, figure_text, hint
from crmkit.present.figures import Figure
from crmkit.present.radar import radar
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences, Tile, Tiles

#: How an area stands, where it has no score.
STATES: Mapping[str, Message] = {
    "few_answers": N_("too few answers for a score"),
    "unanswered": N_("not answered yet"),
    "not_applicable": N_("does not apply"),
}
NOTHING = N_("Nothing is answered yet, so there is no score. Fill in the form or the workbook first.")


def hints(study: Study) -> dict[str, str]:
    """Return for each question what the data tell of it, in a sentence."""
    rows = suggested(study).to_dict("records")
    return {str(row["question"]): text for row in rows if (text := hint(study, row))}


def form(study: Study, new: bool = False) -> Form:
    """Return the form of the present audit; ``new`` begins one on the day described.

    Every answer is saved at once. The figures of the data stand beside the questions; people answer.
    """
    now, before = to_fill_in(study, new)
    return Form(study, questions_of(study), now.day, hints(study), basis(study), before)


def headline(study: Study) -> Tiles:
    """Return the score of the whole system, and how many questions are answered."""
    grown, now, changes = result(study)
    total, formats = grown.total.iloc[0], study.formats
    share = None if pd.isna(total["score"]) else float(total["score"])
    lines = [study.say("of 100 points, over the areas answered")] if share is not None else []
    if changes is not None and pd.notna(changes.total.iloc[0]["then"]):
        then, both = changes.total.iloc[0]["then"], changes.total.iloc[0]["both"]
        lines.append(
            study.say(
                "the audit before: {score}, over the {n} questions answered both times",
                score=formats.number(100 * then, 0), n=formats.count(both),
            )
        )  # fmt: skip
    score = study.say("no score yet") if share is None else formats.number(100 * share, 0)
    state: Any = "ok" if share is not None else "empty"
    answered = study.say(
        "{n} of {all}", n=formats.count(total["answered"]), all=formats.count(total["asked"])
    )
    by = (study.say("answered by: {name}", name=now.answered_by),) if now.answered_by else ()
    tiles = [
        Tile(study.say("Sales system"), score, tuple(lines), "", state),
        Tile(study.say("Questions answered"), answered, by),
        Tile(study.say("Day of the audit"), formats.day(now.day)),
        Tile(study.say("Answers that the data contradict"), formats.count(len(grown.contradictions))),
    ]
    return Tiles(tuple(tiles), study.language)


def areas(study: Study) -> Table | Sentences:
    """Return the score of each area, with how many of its questions are answered."""
    grown, _, changes = result(study)
    if not grown.areas["answered"].sum():
        return Sentences.of(study.words, [NOTHING], "warning")
    titles = {one.id: study.say(one.title) for one in questions_of(study).areas}
    told = grown.areas.assign(
        name=grown.areas["area"].map(titles),
        points=100 * grown.areas["score"],
        state=["" if state == "ok" else study.words.message(STATES[state]) for state in grown.areas["state"]],
    )
    spec = [
        Column("name", study.say("Area")), Column("points", study.say("Score, of 100"), "number"),
        Column("answered", study.say("Answered"), "count"), Column("asked", study.say("Questions"), "count"),
        Column("state", study.say("What to know")),
    ]  # fmt: skip
    spec = [one for one in spec if one.key != "state" or told["state"].any()]
    notes = [
        study.say(
            "Yes counts in full, partly by half; questions weigh one to three. What does not apply counts"
            " nowhere, and an area with less than half of its weight answered has no score."
        )
    ]
    if changes is not None:
        both = changes.areas.set_index("area")["then"].reindex(told["area"])
        told = told.assign(then=100 * both.to_numpy())
        spec.insert(2, Column("then", study.say("The audit before"), "number"))
        notes.append(study.say("The audit before is told over the questions answered both times."))
    title = study.say("The sales system, area by area")
    return study.table(told, "checklist_areas", title, spec, notes, shown=60)


def wheel(study: Study) -> Figure | Sentences:
    """Return the scores by area as a radar chart, with the audit before where there is one."""
    grown, now, changes = result(study)
    table = areas(study)
    if isinstance(table, Sentences):
        return Sentences.of(study.words, [N_("The chart needs answers.")])
    asked = questions_of(study).areas
    lines = [(study.formats.day(now.day), _scores(grown.areas["score"]))]
    if changes is not None:
        _, before = answers_of(study)
        day = study.formats.day(before.day) if before else ""
        lines.insert(0, (day, _scores(changes.areas["then"])))
    scored = grown.areas.dropna(subset=["score"])
    titles = {one.id: study.say(one.short) for one in asked}
    weakest = scored.loc[scored["score"].idxmin()] if len(scored) else None
    title = (
        N_("No area has enough answers for a score")
        if weakest is None
        else N_(
            "The weakest area: {area}, {score} of 100",
            area=titles[weakest["area"]],
            score=study.formats.number(100 * weakest["score"], 0),
        )
    )
    plate = study.plate("checklist_radar", title, N_("Score"), N_("Area"))
    return radar(plate, [study.say(one.short) for one in asked], lines, table=table)


def _scores(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(one) else round(float(one), 4) for one in values]


def points(study: Study) -> Table | Sentences:
    """Return the ten growth points that weigh most, each with what to do."""
    grown, now, _ = result(study)
    if grown.points.empty:
        said = N_("No answer is «no» or «partly»: there is no growth point among the answers.")
        return Sentences.of(study.words, [said if now.answers else NOTHING])
    asked, rows = questions_of(study).by_id, []
    titles = {one.id: study.say(one.title) for one in questions_of(study).areas}
    for place, row in enumerate(grown.points.to_dict("records"), 1):
        one = asked[row["question"]]
        given = now.answers[one.id]
        rows.append(
            {
                "place": place,
                "text": f"{one.id}. {study.say(one.text)}",
                "area": titles[one.area],
                "answer": study.words.message(CHOICES[row["answer"]]),
                "seen": given.evidence,
                "data": figure_text(study, row),
                "action": study.say(one.action),
            }
        )
    spec = [
        Column("place", study.say("No."), "count"), Column("text", study.say("Question")),
        Column("area", study.say("Area")), Column("answer", study.say("Answer")),
        Column("seen", study.say("What was seen")), Column("data", study.say("What the data say")),
        Column("action", study.say("What to do")),
    ]  # fmt: skip
    kept = [one for one in spec if one.key not in ("seen", "data") or any(row[one.key] for row in rows)]
    title = study.say("The growth points that weigh most")
    notes = [study.say("Ordered by the weight of the question times what the answer leaves open.")]
    notes += [basis(study)] if any(row["data"] for row in rows) else []
    return study.table(pd.DataFrame(rows), "checklist_points", title, kept, notes)


def record(study: Study) -> Sentences:
    """Tell programs what the audit came to, and people where the answers are kept."""
    found = records(study)
    study.found["checklist"] = [found]
    place = (
        answers_file(study.client.folder, date.fromisoformat(found["day"]))
        .relative_to(study.client.folder)
        .as_posix()
    )
    return Sentences.of(
        study.words, [N_("The answers are kept in the client's folder: {place}.", place=place)]
    )
