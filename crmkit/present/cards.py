"""The cards of improvement: what is under way, what waits for its check, what came of it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.limits import Limits
from crmkit.present.conformance import TIMES
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, gated, standing
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.process.bottlenecks import Bottlenecks
from crmkit.process.cards import Card, Expected, cards_file, is_due, read_cards
from crmkit.process.description import Process
from crmkit.process.effect import Measured, Side, measured

STATES: Mapping[str, Message] = {
    "plan": N_("Plan"), "do": N_("Do"), "check": N_("Check"), "act": N_("Act"),
}  # fmt: skip
#: Why nothing is measured.
UNMEASURED: Mapping[str, Message] = {
    "not_started": N_("not begun yet"),
    "unknown_step": N_("no step and no CRM stage is called so"),
    "not_in_export": N_("not in this export"),
}


def cards_table(study: Study, process: Process | None) -> Table | Sentences:
    """Return the client's cards; those that wait for something are marked by the day described.

    Parameters
    ----------
    process: the description whose steps the cards name; without it, CRM stages.
    """
    cards = read_cards(cards_file(study.client.folder))
    if not cards:
        none = N_("There are no cards of improvement yet. «crmkit process card CLIENT» makes the first one.")
        return Sentences.of(study.words, [none])
    today = study.crm.today
    rows = [
        (f"{card.id}. {card.problem}", study.words.message(HEADINGS[key]), text)
        for card in cards
        for key, text in _told(study, card, is_due(card, today), process).items()
        if text
    ]
    columns = [
        Column("card", study.say("Card")), Column("field", study.say("Field")),
        Column("content", study.say("Content")),
    ]  # fmt: skip
    waiting = sum(is_due(card, today) for card in cards)
    title = study.words.plural("{n} card of improvement", "{n} cards of improvement", len(cards))
    notes = [
        study.words.plural(
            "{n} of them is due on {day}.", "{n} of them are due on {day}.", waiting,
            day=study.formats.day(today),
        ),
        study.say(
            "Measured: the step before the start (at most a year) and since, up to the day of the check; in"
            " brackets the 95 % interval. Whatever else changed meanwhile is in it too."
        ),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["card", "field", "content"], dtype="str")
    return study.table(frame, "cards", title, columns, notes, parted="card", shown=len(rows))


HEADINGS: Mapping[str, Message] = {
    "state": N_("State"),
    "step": N_("Step"),
    "evidence": N_("Evidence"),
    "plan": N_("What is to be done"),
    "owner": N_("Owner"),
    "started_on": N_("Begins"),
    "due_on": N_("To be done by"),
    "check_on": N_("Checked on"),
    "expected": N_("Expected"),
    "measured": N_("Measured effect"),
    "decision": N_("Decision"),
}


def effect_text(formats: Formats, found: Measured, is_share: bool, limits: Limits) -> str:
    """Return what came of a card as the number of cases allows it to be told.

    The difference is told only where both sides have enough cases; a median of so few that it has no
    interval is told with its n.
    """
    words = formats.words
    if found.before is None or found.after is None:
        return words.message(UNMEASURED[found.state])
    before, after = (_side(formats, side, is_share, limits) for side in (found.before, found.after))
    said = words.say("before: {before}; since: {after}", before=before, after=after)
    enough = all(standing(side.n, limits) == "enough" for side in (found.before, found.after))
    if not enough or is_missing(found.difference) or is_missing(found.low):
        return said
    write = formats.points if is_share else formats.number
    ends = [write(end) for end in (found.low, found.high)]
    gap = words.say(
        "difference: {gap} ({low} … {high})", gap=write(found.difference), low=ends[0], high=ends[1]
    )
    return f"{said}; {gap}"


def evidence(formats: Formats, found: Bottlenecks, period: str) -> str:
    """Return what speaks for the recommended focus: its conversion in a period, with n; what is possible."""
    if found.focus is None:
        return ""
    row = found.ranking.loc[found.focus].to_dict()
    now, n = (
        gated(formats, row["conversion"], Cases.of(row, "conversion")),
        formats.count(row["conversion_n"]),
    )
    said = [
        formats.words.say("Conversion, {period}: {now} of {n}.", period=period, now=str(now), n=n),
        formats.words.say("Possible: {wanted}.", wanted=formats.share(row["benchmark"])),
    ]
    return "\n".join(said)


def _told(study: Study, card: Card, due: bool, process: Process | None) -> dict[str, str]:
    """Return what a card says, by heading; nothing where it is silent."""
    state = study.words.message(STATES[card.state])
    found = measured(card, study.crm, process)
    is_share = card.metric == "conversion"
    days = {name: getattr(card, name) for name in ("started_on", "due_on", "check_on")}
    told = {
        "state": study.say("{state}: due", state=state) if due else state,
        "step": card.step,
        "evidence": card.evidence.replace("\n", " "),
        "plan": "; ".join(card.plan),
        "owner": card.owner,
    }
    told |= {name: study.formats.day(day) if day else "" for name, day in days.items()}
    return told | {
        "expected": _expected(study.formats, card.expected, is_share),
        "measured": effect_text(study.formats, found, is_share, study.crm.settings.limits),
        "decision": card.decision.replace("\n", " "),
    }


def _side(formats: Formats, side: Side, is_share: bool, limits: Limits) -> str:
    cases = Cases(side.k, float(side.n), float(side.n), side.low, side.high)
    told = gated(formats, side.value, cases, "share" if is_share else "number", limits)
    if told.standing == "few" or not side.n:
        return str(told)
    text = str(told) if is_share else formats.words.say(TIMES["working_days"].text, number=str(told))
    return f"{text}, n = {formats.count(side.n)}"


def _expected(formats: Formats, hoped: Expected | None, is_share: bool) -> str:
    if hoped is None:
        return ""
    said: list[str] = []
    if hoped.change is not None:
        said.append(formats.points(hoped.change) if is_share else formats.number(hoped.change))
    if hoped.money_month is not None:
        money = formats.words.say("{money} a month", money=formats.money(hoped.money_month))
        if hoped.low is not None and hoped.high is not None:
            money += f" ({formats.interval(hoped.low, hoped.high, 'money')})"
        said.append(money)
    return "; ".join(said)
