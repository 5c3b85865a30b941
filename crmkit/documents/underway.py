"""What the plan of introduction takes from the data and the client's folder: the focus, and the cards."""

from __future__ import annotations

from crmkit.documents.grids import Grid
from crmkit.documents.handed import Handed
from crmkit.documents.word import Cell
from crmkit.errors import N_
from crmkit.limits import Limits
from crmkit.present.bottlenecks import bottlenecks_of
from crmkit.present.cards import STATES
from crmkit.present.focus import focus as recommended
from crmkit.present.study import Study
from crmkit.process.cards import Card, Effect

METRICS = {"conversion": N_("conversion of the step"), "working_days": N_("median working days in the step")}


def focus(study: Study) -> tuple[str, ...]:
    """Return sentences on what to improve first, the same as the notebook's; none where it cannot tell."""
    if study.crm.lacks(["stage_changes.to_stage"]):
        return ()
    found = bottlenecks_of(study)
    return () if found.focus is None else recommended(study, found).paragraphs


def card_grid(handed: Handed, card: Card) -> Grid:
    """Return a card of improvement as a table of labels and values."""
    say, day = handed.say, handed.formats.day
    metric = handed.words.message(METRICS[card.metric]) if card.metric in METRICS else card.metric
    rows: list[list[Cell]] = [
        [say("State"), handed.words.message(STATES[card.state])],
        [say("Step"), card.step],
        [say("Evidence"), handed.told(card.evidence)],
        [say("Measured by"), metric],
        [say("What is to be done"), handed.listed(card.plan)],
        [say("Owner"), handed.told(card.owner)],
        [say("Begins"), day(card.started_on) if card.started_on else handed.open],
        [say("To be done by"), day(card.due_on) if card.due_on else handed.open],
        [say("Checked on"), day(card.check_on) if card.check_on else handed.open],
        [say("Measured effect"), _effect(handed, card.measured, card.metric == "conversion")],
        [say("Decision"), card.decision or "—"],
    ]
    title = say("Card {number}: {problem}", number=card.id, problem=card.problem)
    return Grid(title, [say("Field"), say("Content")], rows, (3, 10))


def _effect(handed: Handed, effect: Effect | None, is_share: bool) -> str:
    """Return what came of an improvement; of too few cases only how many there were."""
    if effect is None or effect.difference is None:
        return "—"
    say, formats = handed.say, handed.formats
    cases = {"before": formats.count(effect.before_n), "after": formats.count(effect.after_n)}
    if min(effect.before_n, effect.after_n) < Limits().few_cases:
        return say("too few cases to tell: before {before}, after {after}", **cases)
    write = formats.points if is_share else formats.number
    limits = " … ".join(write(end) for end in (effect.low, effect.high))
    return say(
        "{difference} (95% interval: {limits}); cases before: {before}, after: {after}",
        difference=write(effect.difference), limits=limits, **cases,
    )  # fmt: skip
