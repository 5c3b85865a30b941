"""What may be said of a difference, in plain words: labels, directions, reasons (METHOD 6).

Every page and command takes its verdicts from here. Comparing words («better») stand only where the verdict
holds; elsewhere the interval and the reason are told, and nobody is called anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from crmkit.errors import N_
from crmkit.present.differences import between_text, sentence, span_text
from crmkit.present.reasons import missing
from crmkit.present.study import Study

LABEL_WORDS = {
    "holds": N_("holds"),
    "may_be_chance": N_("may be chance"),
    "too_little_data": N_("too little data"),
    "cannot_be_computed": N_("cannot be computed"),
}
#: What a difference that holds is called, by what is compared and by what it is good for.
HOLDS = {
    ("sides", "better"): N_("Better by {span}."),
    ("sides", "worse"): N_("Worse by {span}."),
    ("sides", "above"): N_("Higher by {span}."),
    ("sides", "below"): N_("Lower by {span}."),
    ("change", "better"): N_("It became better by {span}."),
    ("change", "worse"): N_("It became worse by {span}."),
    ("change", "above"): N_("It grew by {span}."),
    ("change", "below"): N_("It fell by {span}."),
    ("part", "above"): N_("By itself it makes {span} more."),
    ("part", "below"): N_("By itself it makes {span} less."),
}
WITHIN_CHANCE = {
    "sides": N_("The data cannot tell them apart: the difference may be {interval}."),
    "change": N_("The data cannot tell a change: it may be {interval}."),
    "part": N_("The data cannot tell whether it makes more or less: its part may be {interval}."),
}
HINDERED = {
    "sides": N_("It may be chance, although the difference is {interval}."),
    "change": N_("It may be chance, although the change is {interval}."),
    "part": N_("It may be chance, although its part is {interval}."),
}
NOT_TOLD = N_("It cannot be computed.")
#: Too few of what is counted.
TOO_FEW = {
    "deals": N_("Too few deals to say: {n}; at least {compared_cases} are needed."),
    "leads": N_("Too few leads to say: {n}; at least {compared_cases} are needed."),
    "tasks": N_("Too few tasks to say: {n}; at least {compared_cases} are needed."),
    "days": N_("Too few days to say: {n}; at least {compared_cases} are needed."),
    "weeks": N_("Too few weeks to say: {n}; at least {compared_cases} are needed."),
    "visits": N_("Too few visits to the stage to say: {n}; at least {compared_cases} are needed."),
    "cases": N_("Too few cases to say: {n}; at least {compared_cases} are needed."),
}
#: Why a difference does not hold, or cannot be told; the places are thresholds of the settings.
REASONS = {
    "one_deal": N_("Without the single biggest deal the difference may be chance."),
    "approximate_interval": N_("The interval is approximate here: nobody is judged by it, whatever it says."),
    "no_like_deals": N_(
        "Nobody else had such deals (source, segment, product, amount): there is nobody to compare with."
    ),
    "other_deals": N_(
        "Too many deals of one are of kinds that the other hardly had: nobody can tell the reps from their"
        " deals."
    ),
    "left_open": N_(
        "Deals lie open here far longer than usual: if they count as lost, the difference does not hold."
    ),
    "set_aside": N_(
        "Deals do not count here (technical losses, closed without a date): if they count as they ended, the"
        " difference does not hold."
    ),
    "field_decides": N_(
        "All deals of one source, segment or product were won, or all were lost: perhaps it is filled in only"
        " then. Without this field the difference does not hold."
    ),
    "field_blank": N_(
        "In some deals source, segment, product or amount is blank. Filled in as in the rep's other deals"
        " that ended alike, the difference does not hold."
    ),
    "nobodys": N_(
        "Of some deals it is not known whose they were: if they were this rep's, the difference does not"
        " hold."
    ),
    "lost_are_pooled": N_(
        "One of them has much of what was lost and wins hardly anything: it seems to be where lost deals are"
        " put, so the figures of the others would tell only of what they won."
    ),
    "won_nothing_by_chance": N_(
        "One of the two won nothing, but had so few like deals, or clients, that chance alone may do that."
    ),
    "unlike_deals": N_(
        "With like deals the data cannot tell that one of the two wins more: it may be the deals they had."
    ),
    "began_or_ended": N_(
        "It makes a difference whether deals are set beside those that began at the same time or those that"
        " ended at the same time: deals handed over, or not yet closed, may be the cause."
    ),
    "few_alike": N_("Too few of them have their like at other reps; at least {compared_cases} are needed."),
    "few_others": N_("The others have too few such cases: at least {compared_cases} are needed."),
    "unknown_step": N_("No described step and no stage of the CRM is called so."),
    "no_colleagues": N_("Nobody else has this role: there is nobody to compare with."),
    "no_cases": N_("There is nothing to compare in this period."),
    "reps_known_after_the_outcome": N_(
        "Whose the cases are is written down almost only where they went well, or only where they went badly:"
        " the figures would tell who was written down."
    ),
    "new_hire": N_("Hired less than {new_hire_days} days ago: too early to compare."),
    "models_disagree": N_(
        "Two ways of comparing like with like do not agree, so the difference is not taken as proven."
    ),
    "few_weeks": N_(
        "Too few weeks: at least {weeks_before} before the change and {weeks_after} after it are needed."
    ),
    "season_not_separated": N_(
        "The season cannot be told from the effect: that needs at least {season_weeks} weeks before the"
        " change."
    ),
    "within_robust": N_("Told in another usual way (Newey and West), the weeks let it be chance."),
    "within_placebo": N_("Changes as large are found on days on which nothing was changed."),
    "recording_changed": N_(
        "Since then records are kept differently: the figure may have moved because more is written down."
    ),
    "mass_closing": N_(
        "Very many deals were closed at once around that time: the figure may tell of tidying up, not of"
        " sales."
    ),
    "first_records": N_("Of one of the periods only a part is in this export: see the warnings."),
    "records_begin": N_("What this figure counts is recorded only from within one of the periods on."),
    "young_cases": N_(
        "Many cases are too young to be counted; those that are counted ended sooner than the rest will."
    ),
    "short_periods": N_(
        "The periods are too short: a count or a sum needs at least {weeks_after} weeks in each, to tell how"
        " much it differs from week to week anyway."
    ),
    "very_short_periods": N_("The periods are too short: at least four weeks in each are needed."),
    "no_limits": N_("Weeks differ so much in this figure that nothing can be said of its change."),
    "one_moment": N_("This figure tells of one moment or of a whole period, and has no cases to compare."),
    "few_clients": N_("The cases belong to too few clients: chance cannot be told from the rest."),
    "few_work_weeks": N_(
        "The cases lie in fewer than {few_cases} weeks: chance cannot be told from the rest."
    ),
    "few_figures": N_("Fewer than {clients_compared} clients have this figure, so it is not told."),
    "different_roles": N_("They have different roles, and reps are compared with those of their own role."),
    "one_client": N_("All that one side won comes from a single client, which tells nothing of chance."),
    "nothing_won": N_("Nothing was won."),
    "nothing_priced": N_("One side won nothing that has an amount, so it has no average check."),
    "no_leads": N_("On one side no deal came to an end."),
    "stage_not_reached": N_("On one side no deal came to this stage."),
    "amounts_missing": N_("Too many won deals have no amount: what they brought is not known."),
    "no_history": N_("Of too many lost deals it is not known at which stage they were lost."),
    "no_interval": N_("This figure has no interval here, and nothing is judged without one."),
}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """What is compared.

    Attributes
    ----------
    unit: of the difference: one of ``measures.UNITS``, or ``relative``.
    better: ``higher``, ``lower``, or empty where neither is good.
    cases: what ``n`` counts, a key of ``TOO_FEW``.
    kind: two sides (reps, groups), a change of one of them (periods, before and after), or the part that
        something has in a difference.
    figure: the unit of the compared figures, where it is not that of the difference.
    """

    unit: str
    better: str = ""
    cases: str = "deals"
    kind: Literal["sides", "change", "part"] = "sides"
    figure: str = ""


def goodness(direction: str, better: str) -> str:
    """Return ``better``, ``worse``, or the direction itself where neither is good; empty without any.

    >>> goodness("above", "higher"), goodness("above", "lower"), goodness("below", ""), goodness("none", "")
    ('better', 'worse', 'below', '')
    """
    if direction == "none":
        return ""
    if not better:
        return direction
    return "better" if (direction == "above") == (better == "higher") else "worse"


def label_text(study: Study, label: str) -> str:
    """Return a label in a word or two: «holds»."""
    return study.words.message(LABEL_WORDS[label])


def verdict_text(study: Study, row: Mapping[str, Any], what: Compared) -> str:
    """Return what may be said of a compared row, in one or two sentences.

    Parameters
    ----------
    row: ``label``, ``direction``, ``reason``, ``gap``, ``gap_low``, ``gap_high``, ``n``.
    """
    label, formats = row["label"], study.formats
    if label == "holds":
        ends = (row["gap_low"], row["gap_high"])
        nearest, furthest = ends if row["direction"] == "above" else (-ends[1], -ends[0])
        said = HOLDS[what.kind, goodness(row["direction"], what.better)]
        return sentence(study.words, said.text, span=span_text(formats, nearest, furthest, what.unit))
    reason = reason_text(study, row, what)
    if label == "too_little_data":
        return reason
    if label == "cannot_be_computed":
        return " ".join([study.words.message(NOT_TOLD), reason])
    interval = between_text(formats, row["gap_low"], row["gap_high"], what.unit)
    if row["reason"] == "within_chance":
        return sentence(study.words, WITHIN_CHANCE[what.kind].text, interval=interval)
    return " ".join([sentence(study.words, HINDERED[what.kind].text, interval=interval), reason])


def reason_text(study: Study, row: Mapping[str, Any], what: Compared) -> str:
    """Return why a difference does not hold, in whole sentences; empty where it does.

    Of columns that are missing it is said what they are and how to export them.
    """
    told = []
    for code in filter(None, row["reason"].split(", ")):
        if code in ("few_cases", "some_cases"):
            limits = asdict(study.crm.settings.limits)
            told.append(study.say(TOO_FEW[what.cases].text, **limits, n=study.formats.count(row["n"])))
        elif code == "within_chance":
            interval = between_text(study.formats, row["gap_low"], row["gap_high"], what.unit)
            told.append(sentence(study.words, WITHIN_CHANCE[what.kind].text, interval=interval))
        else:
            told.append(why(study, code))
    return " ".join(dict.fromkeys(told))


def why(study: Study, codes: str) -> str:
    """Return the sentences for reasons that need no figures, or for columns that the export lacks."""
    told = []
    for code in filter(None, codes.split(", ")):
        if code in REASONS:
            told.append(study.say(REASONS[code].text, **asdict(study.crm.settings.limits)))
        else:
            told += [study.words.message(one) for one in missing(study.crm, code)]
    return " ".join(dict.fromkeys(told))
