"""The conclusion of the comparison in one paragraph: what is known, and what may not be concluded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crmkit.compare.outcomes import OUTCOMES
from crmkit.errors import N_
from crmkit.present import artefacts
from crmkit.present.claims import asked_claims, claim_rows
from crmkit.present.effect import asked_effects, effect_row
from crmkit.present.managers import MAIN, alone, managers_of, named, told_of, what_of
from crmkit.present.period_mix import names
from crmkit.present.periods import asked, found_periods, title
from crmkit.present.periods import what_of as what_of_figure
from crmkit.present.study import Study
from crmkit.present.tiles import Sentences
from crmkit.present.verdict_words import why

MOST = 5
NOT_CONCLUDED = N_(
    "What may not be concluded: why somebody is better or worse, for the figures do not tell causes; that the"
    " others are equal, or stand in the order of their figures; and nothing about anybody's pay from what may"
    " be chance."
)
NO_CAUSE = N_(
    "Nor does a change that holds, or a claim that the data support, say what made it: whatever else came at"
    " that time is in the figures too."
)


def conclusion(study: Study) -> Sentences:
    """Return one paragraph about reps, periods, changes and claims, with what may not be concluded."""
    said = [*_reps(study), *_periods(study), *_asked(study), study.words.message(NOT_CONCLUDED)]
    if asked_effects(study) or asked_claims(study):
        said.append(study.words.message(NO_CAUSE))
    return Sentences((" ".join(said),), "finding")


def _reps(study: Study) -> Iterable[str]:
    found = managers_of(study, MAIN)
    outcome = study.words.message(found.outcome.title)
    if found.missing:
        yield study.say("{outcome} by rep: {reason}", outcome=outcome, reason=why(study, found.missing))
        return
    rows, what = named(study, found), what_of(found.outcome)
    holds = rows[rows["label"] == "holds"].to_dict("records")
    if holds:
        yield study.say("With like deals, some reps differ in the win rate by more than chance.")
        for row in holds[:MOST]:
            yield told_of(study, str(row["name"]), row, what)
        if len(holds) > MOST:
            yield study.words.plural(
                "Beside these, {n} rep more.", "Beside these, {n} reps more.", len(holds) - MOST
            )
    counts = rows["label"].value_counts()
    chance, few = int(counts.get("may_be_chance", 0)), int(counts.get("too_little_data", 0))
    if chance and holds:
        yield study.words.plural(
            "Of {n} other rep the data cannot tell a difference.",
            "Of {n} other reps the data cannot tell a difference.", chance,
        )  # fmt: skip
    elif chance:
        yield study.words.plural(
            "Of {n} rep compared, the data cannot tell a difference in the win rate: with like deals, all"
            " may sell equally well.",
            "Of {n} reps compared, the data cannot tell a difference in the win rate: with like deals, all"
            " may sell equally well.", chance,
        )  # fmt: skip
    if few:
        yield study.words.plural(
            "{n} rep has too few closed deals to be compared.",
            "{n} reps have too few closed deals to be compared.", few,
        )  # fmt: skip
    yield from alone(study, rows)
    yield from _elsewhere(study)


def _elsewhere(study: Study) -> Iterable[str]:
    """Return by which other outcomes reps differ by more than chance, and how many of them."""
    told = []
    for name in OUTCOMES:
        found = managers_of(study, name)
        many = 0 if found.missing or name == MAIN else int((found.rows["label"] == "holds").sum())
        if many:
            outcome = study.words.message(found.outcome.title)
            told.append(
                study.words.plural("«{outcome}» ({n} rep)", "«{outcome}» ({n} reps)", many, outcome=outcome)
            )
    if told:
        yield study.say(
            "By other figures some reps differ by more than chance: {outcomes}.", outcomes=", ".join(told)
        )


def _periods(study: Study) -> Iterable[str]:
    pair = asked(study)
    if pair is None:
        return
    found = found_periods(study, *pair)
    earlier, later = names(study, found)
    rows = found.rows.to_dict("records")
    holds = [row for row in rows if row["label"] == "holds"]
    if any(row["label"] in ("holds", "may_be_chance") for row in rows):
        said = N_("{earlier} → {later}: no figure changed by more than chance.")
        if holds:
            said = N_("{earlier} → {later}: these figures changed by more than chance.")
        yield study.say(said.text, later=later, earlier=earlier)
    for row in holds[:MOST]:
        yield told_of(study, title(study, row), row, what_of_figure(row))
    if len(holds) > MOST:
        yield study.words.plural(
            "Beside these, {n} figure more.", "Beside these, {n} figures more.", len(holds) - MOST
        )
    warned = artefacts.warnings(study, found)
    if warned is not None:
        yield warned.paragraphs[0]


def _changes(study: Study) -> Iterator[tuple[str, str]]:
    """Yield each change that the options name, and what came of it; nothing where that cannot be told."""
    for found in asked_effects(study):
        rows, what = effect_row(found)
        told = {"measure": study.title(found.measure), "day": study.formats.day(found.date)}
        name = study.say("{measure}, since {day}", **told)
        is_told = found.label in ("holds", "may_be_chance")
        yield name, told_of(study, name, rows.iloc[0].to_dict(), what) if is_told else ""


def _claims(study: Study) -> Iterator[tuple[str, str]]:
    """Yield each claim that the options name, and its answer; nothing where the data cannot tell."""
    for row in claim_rows(study, asked_claims(study)).to_dict("records"):
        told = {name: row[name] for name in ("title", "said", "measured", "held", "answer")}
        text = N_("{title}, claimed {said}: {answer}; measured {measured} (n = {n}, {held}).")
        answer = study.say(text.text, **told, n=study.formats.count(row["n"]))
        yield (
            study.say("{title} (claimed {said})", title=row["title"], said=row["said"]),
            "" if row["claim"] == "cannot_tell" else answer,
        )


def _asked(study: Study) -> Iterator[str]:
    """Yield what is known of the changes and claims that the options name, and of which nothing is."""
    asked = [*_changes(study), *_claims(study)]
    yield from (told for _, told in asked if told)
    untold = [name for name, told in asked if not told]
    if untold:
        text = N_("Of these the data cannot tell; the reasons stand below: {names}.")
        yield study.say(text.text, names="; ".join(untold))
