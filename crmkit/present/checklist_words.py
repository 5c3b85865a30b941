"""What the data tell of a question of the checklist: the figure, its n, the suggested answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.audit import find_check
from crmkit.errors import N_, Message
from crmkit.present.audit_lacking import REASONS
from crmkit.present.checklist_form import CHOICES
from crmkit.present.gates import Cases, gated
from crmkit.present.study import Study
from crmkit.present.texts import NBSP, is_missing
from crmkit.present.units import KIND_OF_UNIT
from crmkit.schema import column

#: Facts that settings and the described process tell.
FACTS: Mapping[str, Message] = {
    "hygiene_score": N_("the score of CRM keeping"),
    "stage_history": N_("deals with a history of stages"),
    "stage_norms": N_("stages with a time norm"),
    "rep_roles": N_("reps with a role"),
    "plan_by_month": N_("months with a plan"),
    "plan_by_rep": N_("reps with a plan of their own"),
    "steps_described": N_("described steps of the process"),
    "steps_with_responsible": N_("described steps with one responsible role"),
    "steps_with_output": N_("described steps with a result"),
    "steps_with_kpi": N_("described steps with a KPI"),
    "steps_with_norm": N_("described steps with a time norm"),
    "steps_with_key_factor": N_("described steps with a key success factor"),
    "steps_with_crm": N_("described steps with a requirement for the CRM"),
}
#: Why the data suggest no answer, where a figure is there all the same.
WHY_NOT: Mapping[str, Message] = {
    "few": N_("too few for an answer"),
    "undecided": N_("the interval leaves the answer open"),
    "approximate": N_("known only roughly"),
    "unjudged": N_("of most rows it cannot be told"),
    "no_interval": N_("without an interval no answer follows"),
}
#: Why there is no figure at all.
NO_FIGURE: Mapping[str, Message] = {
    "nothing": REASONS["nothing_to_check"],
    "not_told": N_("Not told in client.yml or in the description of the process."),
    "known_at_export_only": REASONS["known_at_export_only"],
    "switched_off": REASONS["switched_off"],
}


def basis(study: Study) -> str:
    """Return of which time the figures beside the questions are: those of the checks may be of another."""
    words = {"period": study.period_text(), "day": study.formats.day(study.crm.today)}
    if not study.asked.is_all:
        return study.say(
            "The figures of the data are of {period}, and of what stands open on {day}.", **words
        )
    return study.say(
        "The figures of the data are of {period}; those of the hygiene checks are of what stands open on"
        " {day}, and of what happened in the whole export.",
        **words,
    )


def figure_text(study: Study, row: Mapping[Any, Any]) -> str:
    """Return the figure behind a question with its n, or an empty text where there is none."""
    if is_missing(row.get("source")) or not row.get("n") or is_missing(row["value"]):
        return ""
    cases = Cases(
        *(None if is_missing(row[key]) else float(row[key]) for key in ("k", "n", "n", "low", "high"))
    )
    kind = KIND_OF_UNIT[row["unit"]]
    whole = row["low"] == row["high"]  # counted, no sample
    if kind == "share" and whole:
        told = study.formats.k_of_n(row["k"], row["n"])
    else:
        told = str(gated(study.formats, row["value"], cases, kind, study.crm.settings.limits, alone=True))
    n = study.formats.count(row["n"])
    name = _name(study, row)
    if whole or row["n"] < study.crm.settings.limits.few_cases:
        return study.say("{name}: {value}", name=name, value=told)
    return study.say("{name}: {value}, {n}", name=name, value=told, n=f"n = {n}".replace(" ", NBSP))


def _name(study: Study, row: Mapping[Any, Any]) -> str:
    source, figure = row["source"], str(row["figure"])
    if source == "measure":
        return study.title(figure)
    if source == "check":
        return study.say(find_check(figure).title)
    if source == "fact":
        return study.words.message(FACTS[figure])
    table, _, short = figure.partition(".")
    known = column(table, short)
    return study.say("filled: {what}", what=study.say(known.meaning) if known else short)


def hint(study: Study, row: Mapping[Any, Any]) -> str:
    """Return what the data tell of a question and suggest for it, or why they cannot."""
    figure, reason = figure_text(study, row), str(row["reason"])
    if not figure:
        if reason in NO_FIGURE:
            return study.say("The data: {what}", what=study.words.message(NO_FIGURE[reason]))
        if row["missing"]:
            return study.say("The data: {what}", what=" ".join(study.why(row["missing"])))
        return ""
    if not is_missing(row["answer"]) and row["answer"]:
        answer = study.words.message(CHOICES[row["answer"]])
        return study.say("The data suggest «{answer}»: {figure}", answer=answer, figure=figure)
    if reason in WHY_NOT:
        return study.say(
            "The data: {figure} ({why})", figure=figure, why=study.words.message(WHY_NOT[reason])
        )
    return study.say("The data: {what}", what=figure)
