"""What the plan of introduction takes from the data and the client's folder: the focus, and the cards."""

from __future__ import annotations

from crmkit.documents.handed import Handed
from crmkit.documents.sections import Grid
from crmkit.documents.word import Cell
from crmkit.errors import N_
from crmkit.limits import Limits
from crmkit.periods import Period
from crmkit.process.bottlenecks import Bottlenecks, bottlenecks
from crmkit.process.cards import Card, Effect
from crmkit.process.steps import map_steps

STATES = {"plan": N_("Plan"), "do": N_("Do"), "check": N_("Check"), "act": N_("Act")}
SOURCES = {"best_quartile": N_("that of the best quarter of the reps"), "norm": N_("the described one")}
METRICS = {"conversion": N_("conversion of the step"), "working_days": N_("median working days in the step")}


def focus(handed: Handed, period: Period) -> tuple[str, ...]:
    """Return sentences on what to improve first, if the data can tell; see :func:`bottlenecks`."""
    if handed.crm is None or handed.crm.lacks(["stage_changes"]):
        return ()
    found = bottlenecks(handed.crm, period, map_steps(handed.crm, handed.process), process=handed.process)
    if found.focus is None:
        return ()
    say, names = handed.say, found.ranking["stage"].astype("str").tolist()
    said = [
        say(
            "The most pressing step is «{step}». {price}",
            step=names[found.focus],
            price=_price(handed, found),
        )
    ]
    after = ", ".join(f"«{names[row]}»" for row in found.next)
    if found.first_two_overlap and found.next:
        said.append(say("The data cannot tell for sure that it costs more than the next one."))
    if after:
        said.append(say("After it, one at a time: {steps}.", steps=after))
    return tuple(said)


def _price(handed: Handed, found: Bottlenecks) -> str:
    """Return what the conversion of the focus at its benchmark would bring a month, with its interval."""
    row, say, formats = found.ranking.loc[found.focus], handed.say, handed.formats
    if found.unit == "money":
        kind, low, high = "money", row["money_month_low"], row["money_month_high"]
        worth = formats.money(row["money_month"])
    else:
        kind, low, high = "number", row["deals_month_low"], row["deals_month_high"]
        worth = say("{n} won deals", n=formats.number(row["deals_month"]))
    source = SOURCES.get(row["benchmark_source"], N_("the benchmark"))
    return say(
        "If its conversion rose from {now} to {wanted} ({source}), it would bring {worth} a month more"
        " (95% interval: {interval}).",
        now=formats.share(row["conversion"]), wanted=formats.share(row["benchmark"]), worth=worth,
        source=source,
        interval=formats.interval(low, high, kind),
    )  # fmt: skip


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
