"""The page of what goes together: how reps work and what comes of it; association, never cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.compare.association import FEWEST_REPS, Association, association
from crmkit.errors import N_, Message
from crmkit.measures.records import plain_rows
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import MISSING, is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.verdict_words import label_text, why

FIGURES: Mapping[str, Message] = {
    "tasks_on_time": N_("tasks on time"),
    "actions_per_day": N_("actions a day"),
    "win_rate": N_("win rate"),
    "won_per_day": N_("won deals a working day"),
}
LEVELS: Mapping[str, Message] = {
    "reps": N_("reps beside one another"),
    "weeks": N_("weeks of one and the same rep"),
}
TOGETHER: Mapping[tuple[str, str], Message] = {
    ("reps", "above"): N_("Reps who have more of the one mostly have more of the other too: {pair}."),
    ("reps", "below"): N_("Reps who have more of the one mostly have less of the other: {pair}."),
    ("weeks", "above"): N_("In weeks with more of the one reps mostly have more of the other too: {pair}."),
    ("weeks", "below"): N_("In weeks with more of the one reps mostly have less of the other: {pair}."),
}
LEFT_OUT: Mapping[str, Message] = {
    "new_hire": N_("hired too recently"),
    "few_cases": N_("too few cases"),
    "no_figure": N_("without a figure"),
    "few_weeks": N_("too few weeks"),
}
NOT_CAUSE = N_(
    "Going together is no cause. Who was given better leads has more to do and wins more; a deal that is"
    " about to be won makes calls and tasks by itself. Whether more tasks on time bring more deals, only a"
    " trial can tell: change it for some, and compare before and after."
)
READING: tuple[Message, ...] = (
    N_(
        "The correlation of ranks: +1 – who is higher in the one is always higher in the other; 0 – the two"
        " tell nothing of each other; −1 – always the other way round."
    ),
    N_(
        "Reps are compared with their role's usual figures, weeks with the rep's own usual week; what all"
        " reps have in common in a week, such as the season, is taken out."
    ),
    N_("Won deals and win rates count for the present owner of a deal."),
)


def association_of(study: Study) -> Several | Sentences:
    """Return what of the reps' work goes together with their results, and what may not be concluded."""
    found = association(study.crm, study.period)
    study.found["association"] = plain_rows(found.rows)
    if (found.rows["label"] == "cannot_be_computed").all():
        codes = ", ".join(found.rows["reason"])
        return Sentences.of(study.words, [why(study, codes)], "warning")
    told = [_together(study, row) for row in found.rows.to_dict("records") if row["label"] == "holds"] or [
        study.say("Of nothing in the reps' work can it be said that it goes together with results.")
    ]
    said = Sentences((*told, study.words.message(NOT_CAUSE)), "finding")
    return Several((said, _table(study, found)))


def _pair(study: Study, row: Mapping[Any, Any]) -> str:
    names = {name: study.words.message(FIGURES[row[name]]) for name in ("activity", "result")}
    return study.say("{activity} and {result}", **names)


def _together(study: Study, row: Mapping[Any, Any]) -> str:
    return study.say(TOGETHER[row["level"], row["direction"]].text, pair=_pair(study, row))


def _verdict(study: Study, row: Mapping[Any, Any]) -> str:
    if row["label"] == "holds":
        return _together(study, row)
    if row["label"] == "cannot_be_computed":
        return why(study, row["reason"])
    if row["label"] == "may_be_chance":
        return study.say("The data cannot tell whether they go together.")
    if row["level"] == "reps" or 0 < row["reps"] < FEWEST_REPS:
        needed = max(FEWEST_REPS, study.crm.settings.limits.compared_cases if row["level"] == "reps" else 0)
        return study.say(
            "Too few reps to say: {n}; at least {needed} are needed.", n=row["reps"], needed=needed
        )
    return study.say(
        "Too few weeks to say: {n}; at least {needed} are needed.",
        n=row["n"],
        needed=study.crm.settings.limits.compared_cases,
    )


def _table(study: Study, found: Association) -> Table:
    rows = found.rows.to_dict("records")
    least = study.crm.settings.limits.few_cases
    frame = pd.DataFrame(
        {
            "pair": [_pair(study, row) for row in rows],
            "level": [study.words.message(LEVELS[row["level"]]) for row in rows],
            "reps": [row["reps"] for row in rows],
            "points": [row["n"] for row in rows],
            "value": [_correlation(study, row) if row["n"] >= least else MISSING for row in rows],
            "label": [label_text(study, row["label"]) for row in rows],
            "verdict": [_verdict(study, row) for row in rows],
        }
    )
    columns = [
        Column("pair", study.say("What is set beside what")),
        Column("level", study.say("Compared")),
        Column("reps", study.say("Reps"), "count"),
        Column("points", study.say("Points"), "count"),
        Column("value", study.say("Correlation")),
        Column("label", study.say("Verdict")),
        Column("verdict", study.say("What can be said")),
    ]
    title = study.say("How the reps work and what comes of it, {period}", period=study.period_text())
    told = found.rows["label"].isin(["holds", "may_be_chance"]).to_numpy()
    few = dict.fromkeys(frame["verdict"][~told] if told.any() else ())
    frame = pd.concat([frame[told], frame[~told]])
    notes = [*few, *_left_out(study, found), *map(study.words.message, READING)]
    shown = int(told.sum()) or len(frame)
    return study.table(frame, "association", title, columns, notes, shown=shown)


def _correlation(study: Study, row: Mapping[Any, Any]) -> str:
    if is_missing(row["value"]):
        return MISSING
    value, low, high = (study.formats.number(row[name], 2) for name in ("value", "low", "high"))
    return study.say("{value} ({low} … {high})", value=value, low=low, high=high)


def _left_out(study: Study, found: Association) -> list[str]:
    """Return how many points of each kind are in no pair: the most of any pair."""
    said = []
    for level, title in (
        ("reps", N_("Reps left out: {counts}.")),
        ("weeks", N_("Weeks left out: {counts}.")),
    ):
        mine = found.left_out[found.left_out["level"] == level]
        most = mine.groupby("reason")["n"].max()
        counts = "; ".join(
            study.say(
                "{reason}: {n}", reason=study.words.message(LEFT_OUT[str(reason)]), n=study.formats.count(n)
            )
            for reason, n in most.items()
        )
        if counts:
            said.append(study.say(title.text, counts=counts))
    return said
