"""What is to be known of a comparison of reps: what is alike, what is not counted, who gets the credit."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.compare.managers import Managers
from crmkit.compare.mix import AMOUNT
from crmkit.errors import N_
from crmkit.present.reasons import LEFT_OUT
from crmkit.present.slicing import within
from crmkit.present.study import Study

READING = (
    N_(
        "«Like for like» is what the rep's figure would be with the deals that all have: it is set against"
        " what colleagues of the same role make of such deals. Chance makes equal reps differ, so nobody is"
        " called better or worse unless the difference is more than chance, with all comparisons counted."
    ),
    N_("In the order of names, not of figures: most places in a ranking are chance."),
    N_(
        "In the picture a rep stands at as many deals as the like-for-like figure is as certain as: further"
        " to the left than by the number of deals where colleagues had few such deals to compare with."
    ),
    N_(
        "The lines of the picture: of reps who are all equal and have so many cases, 95% lie between the"
        " dashed ones, 99.8% between the solid ones. With few cases the lines go in steps, and one"
        " side may take in a little more than the other."
    ),
)
CREDIT = N_(
    "The export tells only who owns a deal now: deals that were handed over count for the present owner."
)
WHY_LEFT_OUT = {
    "not_in_export": N_("not in the export"),
    "one_value": N_("the same in all of them"),
    "known_after_the_outcome": N_(
        "filled in mostly when the outcome is known already, so it is no fair ground to compare on"
    ),
}
APPROXIMATE = N_(
    "As such a field says nothing of deals that are alike, the figures like for like and their intervals are"
    " approximate. A verdict holds only if it also does with the field filled in as in like deals."
)


def notes(study: Study, found: Managers) -> list[str]:
    """Return how the table is read: what is alike, what is not counted, who gets the credit."""
    said = []
    names = [attribute(study, name) for name in found.mix.codes]
    if names:
        said.append(study.say("Compared with like cases: alike in {names}.", names=", ".join(names)))
    for name, reason in found.mix.left_out.items():
        if reason != "one_value" and found.outcome.has_mix:
            why_not = study.words.message(WHY_LEFT_OUT[reason])
            said.append(
                study.say("Not by «{name}»: {why_not}.", name=attribute(study, name), why_not=why_not)
            )
    if "known_after_the_outcome" in found.mix.left_out.values() and found.outcome.id == "win_rate":
        said.append(study.words.message(APPROXIMATE))
    said += [study.words.message(one) for one in READING if found.outcome.id == "win_rate"]
    if found.credit == "owner_now" and found.outcome.id == "win_rate":
        said.append(study.words.message(CREDIT))
    return [*said, *not_counted(study, found.left_out)]


def not_counted(study: Study, left_out: Mapping[str, int]) -> list[str]:
    """Return how many cases do not count, by reason, if there are any."""
    counts = "; ".join(
        study.say("{n} – {reason}", reason=study.words.message(LEFT_OUT[reason]), n=study.formats.count(n))
        for reason, n in sorted(left_out.items())
    )
    return [study.say("Not counted: {counts}.", counts=counts)] if counts else []


def attribute(study: Study, name: str) -> str:
    """Return what an attribute of deals is called inside a sentence."""
    return study.say("amount") if name == AMOUNT else within(study, name)
