"""What the data says to claims, in plain words: answers, reasons, and what is to be learnt (METHOD 6.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crmkit.compare.answers import Answer
from crmkit.compare.claims import plain
from crmkit.compare.outcomes import OUTCOMES
from crmkit.errors import N_, Message
from crmkit.present.audit_lacking import how_to_get
from crmkit.present.differences import RELATIVE, between_text, difference_text
from crmkit.present.formats import Formats
from crmkit.present.managers_notes import CREDIT
from crmkit.present.study import Study
from crmkit.present.texts import MINUS, MISSING, is_missing
from crmkit.present.units import with_unit
from crmkit.present.verdict_words import NOT_TOLD, Compared, reason_text

ANSWERS = {
    "supported": N_("supported by the data"),
    "contradicted": N_("contradicted by the data"),
    "cannot_tell": N_("the data cannot tell"),
}
WHY = {
    "within": N_("It holds, and the claimed figure lies within the interval."),
    "beyond": N_("It holds, and all of the interval is more than what is claimed."),
    "short": N_("It holds, but all of the interval is less than what is claimed."),
    "other_way": N_("It is the other way round: the difference goes against what is claimed."),
    "unmoved": N_("So large a difference as is claimed is not seen, and it would have been."),
    "weaker": N_("All of the interval is less than what is claimed."),
    "not_reached": N_("The figure that is said to be reached is not reached."),
    "both": N_("There may be no difference, and there may be the claimed one: the interval holds both."),
    "first_records": N_(
        "In one of the spans only a part of the deals that belong to it is in this export: what was closed"
        " before its first records is missing."
    ),
    "few_weeks": N_(
        "{before} whole weeks before and {after} after it: with fewer than {needed} on a side a change is"
        " described, and nothing is concluded from it."
    ),
}
READING = N_(
    "Supported does not say that the change did it: whatever else came at that time is in the figures too."
    " Contradicted speaks of the data of this company alone: elsewhere the claim may have been true."
)
LESSONS = {
    "first_month": N_(
        "A first month is four weekly points. In any business four weeks can lie a quarter above the others"
        " although nothing was done: a holiday before, two large deals, the end of a quarter. Who reports it"
        " need not be wrong; nobody can know yet. Ask again when {weeks_after} weeks have passed."
    ),
    "money": N_(
        "Revenue and gross profit are two figures, and success stories sometimes name the one in the headline"
        " and the other in the text. Ask which was measured, and over which days."
    ),
    "lost_deals": N_(
        "Fewer lost deals can also come of fewer leads, or of losses that nobody writes down any more: look"
        " at new deals and the win rate beside them."
    ),
    "client_retention": N_(
        "Retention is told of those who bought in the span before: it needs spans as long as clients usually"
        " take to buy again, and a change of whom one sells to moves it as well."
    ),
    "from_to": N_(
        "Near nothing, a figure multiplies easily: one deal of a hundred and five of a hundred are five times"
        " as many. Look at both figures, and not only at how many times."
    ),
    "pair": N_(
        "Two reps are compared within deals of like chances by source, segment, product, amount and time."
        " What the CRM does not know of their deals may still differ."
    ),
    "owner_now": CREDIT,
}


def what_of(study: Study, row: Mapping[str, Any]) -> Compared:
    """Return what a row is about."""
    if row["kind"] == "pair":
        return Compared(RELATIVE, OUTCOMES[row["outcome"]].better, "cases", "sides", "ratio")
    return Compared(RELATIVE, study.measure(row["about"]).better, "cases", "change", "ratio")


def claimed_text(formats: Formats, text: str) -> str:
    """Return what is claimed as it is read.

    >>> formats = Formats("en", "USD")
    >>> claims = ("win_rate:2%->20%", "win_rate:2%→20%", "revenue:2x", "lost_deals:-30,5%")
    >>> [claimed_text(formats, one) for one in claims]
    ['2% → 20%', '2% → 20%', '×2', '−30.5%']
    """
    said = re.sub("-?>", " → ", plain(text.rpartition(":")[2]))
    for typed, read in (("x", "×"), ("*", "×"), ("/", "÷"), ("-", MINUS)):
        said = said.replace(typed, read)

    def figure(found: re.Match[str]) -> str:
        number = formats.number(Decimal(found[1].replace(",", ".")), len(found[2] or ""))
        return formats.per_cent(number) if found[3] else number

    return re.sub(r"(\d+(?:[.,](\d+))?)(%?)", figure, said)


def measured_text(study: Study, row: Mapping[str, Any], kind: str) -> str:
    """Return the measured figure in the way of the claim, with its interval: «+3.1% (from −5 to +11%)».

    Of too few cases there is nothing to be told, of too few weeks no interval.
    """
    formats, limits = study.formats, study.crm.settings.limits
    gap, low, high = row["gap"], row["gap_low"], row["gap_high"]
    few = is_missing(row["n"]) or row["n"] < limits.few_cases
    if is_missing(gap) or few or row["label"] == "cannot_be_computed":
        return MISSING
    bare = is_missing(low) or (row["reason"] == "few_weeks" and row["label"] == "too_little_data")
    if row["form"] == "percent":
        told = difference_text(formats, gap, RELATIVE)
        return told if bare else f"{told} ({between_text(formats, low, high, RELATIVE)})"
    ratio, ends, sign = 1 + gap, (1 + low, 1 + high), "×"
    if row["form"] == "divided":
        ratio, ends, sign = _inverse(ratio), (_inverse(ends[1]), _inverse(ends[0])), "÷"
    told = f"{sign}{_times(formats, ratio)}"
    if not bare:
        told += f" ({sign}{_times(formats, ends[0])}–{_times(formats, ends[1])})"
    if row["form"] != "from_to":
        return told
    before, after = (with_unit(formats, row[side], kind) for side in ("before", "after"))
    if row["kind"] != "effect":
        return f"{before} → {after}: {told}"
    text = N_("{before} → {after}; of what the weeks before let one expect: {times}")
    return study.say(text.text, before=before, after=after, times=told)


def _inverse(ratio: float) -> float:
    return 1 / ratio if ratio else float("inf")


def _times(formats: Formats, ratio: float) -> str:
    return "∞" if ratio == float("inf") else formats.number(ratio, 1 if ratio >= 2 else 2)


def why_text(study: Study, row: Mapping[str, Any]) -> str:
    """Return why a claim is answered as it is, in one or two sentences."""
    label, reason, claimed = row["label"], row["reason"], row["claimed"]
    near, far = 1 + row["gap_low"], 1 + row["gap_high"]
    if claimed < 1:  # told as a growth: of how many times less
        claimed, near, far = (_inverse(one) for one in (claimed, far, near))
    if row["claim"] == "supported":
        return study.words.message(WHY["beyond" if near > claimed else "within"])
    if row["claim"] == "contradicted":
        return study.words.message(WHY[_contradicted(label, far, claimed)])
    if label == "cannot_be_computed":
        how = how_to_get(study, {"missing": reason}) if "." in reason else []
        said = reason_text(study, row, what_of(study, row))
        if reason == "first_records":
            said = study.words.message(WHY[reason])
        return " ".join([study.words.message(NOT_TOLD), said, *how])
    if label == "too_little_data" and reason == "few_weeks":
        weeks = {side: study.formats.count(row[f"weeks_{side}"]) for side in ("before", "after")}
        needed = study.crm.settings.limits.described_weeks
        return study.say(WHY["few_weeks"].text, **weeks, needed=needed)
    if reason == "within_chance":
        if far >= claimed:
            return study.words.message(WHY["both"])
        row = {**row, "reason": "season_not_separated"}  # which may hide what is missing
    return reason_text(study, row, what_of(study, row))


def _contradicted(label: str, far: float, claimed: float) -> str:
    """Return why a claim is contradicted: ``far`` is the end of the interval that is nearest to the claim."""
    if far >= claimed:
        return "not_reached"
    if label != "holds":
        return "unmoved" if label == "may_be_chance" else "weaker"
    return "other_way" if far < 1 else "short"


def lessons(found: Sequence[Answer]) -> list[Message]:
    """Return what is to be learnt, each once."""
    keys = []
    for one in found:
        early = one.reason == "few_weeks" and one.label == "too_little_data"
        keys += ["first_month"] if early else []
        keys += ["money"] if one.about in ("revenue", "margin") else []
        keys += [key for key in (one.about, one.form, one.kind, one.credit) if key in LESSONS]
    return [LESSONS[key] for key in dict.fromkeys(keys)]
