"""Offences on cards of clients and in what is written about actions: blanks, duplicates, late answers.

The first paragraph of each docstring is the definition that is assumed; ``planted.yml`` prints it.
"""

from __future__ import annotations

import numpy as np

from crmkit.simulate.actions import FIRST_RESPONSE, PROPOSAL
from crmkit.simulate.cards import phones
from crmkit.simulate.clock import DAY
from crmkit.simulate.draft import Draft
from crmkit.simulate.scenario import read_data
from crmkit.simulate.world import OPEN, Array

_HOUR = 3600


def action_without_words(draft: Draft) -> None:
    """A done task or a communication without a title or without a description."""
    tasks, activities = draft.tasks, draft.activities
    for name, table, field, done in (
        ("tasks", tasks, "text", ~np.isnat(tasks["completed"])),
        ("activities", activities, "title", activities["role"] == 0),
    ):
        pool = np.flatnonzero(table["keep"] & done)
        chosen = draft.draw(4, pool, table["owner"][pool])
        table[field][chosen] = -1
        if name == "tasks":
            tasks["result"][chosen] = -1  # what came of a task describes it too
        draft.offend(4, name, chosen)
    still = np.flatnonzero(tasks["keep"] & np.isnat(tasks["completed"]))[:2]
    tasks["text"][still] = -1
    draft.spare(4, "the task is not done yet", "tasks", still)


def _cards(draft: Draft, check: int, pool: Array, times: int = 1) -> Array:
    """Draw cards whose one deal plays no part yet, and take card and deals."""
    deals = draft.deals
    busy = np.zeros(len(draft.taken_cards), dtype=bool)
    busy[deals["card"][draft.taken | (deals["contact"] < 0)]] = True
    rows = np.flatnonzero(pool & ~busy & ~draft.taken_cards)
    chosen = draft.draw(check, rows, draft.cards["owner"][rows], times)
    draft.taken_cards[chosen] = True
    draft.taken |= np.isin(deals["card"], chosen)
    return chosen


def company_card_incomplete(draft: Draft) -> None:
    """A company without one of: name, segment, city, tax number."""
    chosen = _cards(draft, 6, ~draft.cards["private"])
    half = len(chosen) // 2
    draft.cards["city"][chosen[:half]] = -1
    draft.cards["tax"][chosen[half:]] = None
    draft.offend(6, "companies", chosen)


def contact_card_incomplete(draft: Draft) -> None:
    """A contact without a name, without a position, or with neither telephone nor e-mail."""
    chosen = _cards(draft, 7, draft.cards["rep"] >= 0)
    draft.cards["phone"][chosen] = None
    draft.cards["email"][chosen] = None
    draft.offend(7, "contacts", chosen)
    only_phone = _cards(draft, 7, draft.cards["rep"] >= 0)[:2]
    draft.cards["email"][only_phone] = None
    draft.spare(7, "a telephone but no e-mail", "contacts", only_phone)


def company_unqualified(draft: Draft) -> None:
    """A company without a qualification."""
    chosen = _cards(draft, 10, ~draft.cards["private"])
    draft.cards["qualification"][chosen] = -1
    draft.offend(10, "companies", chosen)


def slow_first_response(draft: Draft) -> None:
    """A lead from an inbound source whose first outgoing action came over one working hour later."""
    deals, activities, clock = draft.deals, draft.activities, draft.world.clock
    inbound = np.array([source.inbound for source in draft.world.scenario.sources])[deals["source"]]
    next_action = np.full(len(draft.taken), np.iinfo(np.int64).max)
    for table, moment in ((draft.tasks, "completed"), (activities, "at")):
        rows = np.flatnonzero(table["keep"] & ~np.isnat(table[moment]))
        if moment == "at":
            rows = rows[activities["role"][rows] != FIRST_RESPONSE]
        np.minimum.at(next_action, table["deal"][rows], clock.work(table[moment][rows]))
    quiet = (next_action > deals["work"] + DAY) & (clock.end > deals["work"] + 2 * DAY)
    chosen = draft.pick(16, inbound & quiet)
    late = deals["work"][chosen] + draft.rng.integers(2 * _HOUR, 8 * _HOUR, len(chosen))
    activities["at"][chosen] = clock.moment(
        late
    )  # the first rows of activities are the first answers, by deal
    draft.offend(16, "deals", chosen)
    night = np.flatnonzero(inbound & ~draft.taken & (deals["created"] < clock.moment(deals["work"])))
    draft.spare(16, "came at night and was answered soon after opening", "deals", night)


def late_proposal(draft: Draft) -> None:
    """A deal whose proposal was not sent by the end of the working day after entering that stage."""
    visits, activities, clock = draft.visits, draft.activities, draft.world.clock
    rows = np.flatnonzero(activities["keep"] & (activities["role"] == PROPOSAL))
    visit = activities["visit"][rows]
    slow = (visits["exit"][visit] - visits["enter"][visit] > 3.5 * DAY) & (
        visits["enter"][visit] + 3.5 * DAY < clock.end
    )
    chosen = draft.pick(17, np.isin(np.arange(len(draft.taken)), visits["deal"][visit[slow]]))
    late = rows[slow & np.isin(visits["deal"][visit], chosen)]
    activities["at"][late] = clock.moment(visits["enter"][activities["visit"][late]] + 3 * DAY)
    draft.offend(17, "deals", chosen)
    due = clock.work(np.array([draft.as_of]))[0] - DAY
    waiting = np.setdiff1d(
        np.flatnonzero(_in_proposal(draft) & (visits["enter"][draft.current] > due)), visits["deal"][visit]
    )
    draft.spare(17, "entered the stage less than a working day ago", "deals", waiting)


def _in_proposal(draft: Draft) -> Array:
    table = draft.stages(lambda stage: stage.process_step == "proposal preparation")
    found: Array = (draft.deals["status"] == OPEN) & (table[draft.deals["pipeline"], draft.deals["last"]] > 0)
    return found


def duplicate_cards(draft: Draft) -> None:
    """Two cards of one client: contacts with the same telephone, companies with the same tax number or, in
    one city, the same name but for the legal form and no two tax numbers. Both cards offend."""
    words, cards = read_data("words.yml")[draft.world.scenario.language], draft.cards
    pairs = _pairs(_cards(draft, 20, draft.cards["rep"] >= 0, times=2))
    cards["phone"][pairs[1]] = phones(pairs[0], words, 1)
    draft.offend(20, "contacts", pairs.ravel())
    pairs = _pairs(_cards(draft, 20, ~cards["private"], times=2))
    cards["tax"][pairs[1]] = cards["tax"][pairs[0]]
    draft.offend(20, "companies", pairs.ravel())
    pairs = _pairs(_cards(draft, 20, ~cards["private"], times=2))
    cards["city"][pairs[1]] = cards["city"][pairs[0]]
    cards["name"][pairs[1]] = [
        words["firm_variant"].format(name=_bare(name, words)) for name in cards["name"][pairs[0]]
    ]
    cards["tax"][pairs[1]] = None
    draft.offend(20, "companies", pairs.ravel())
    draft.offend(6, "companies", pairs[1])
    pairs = _pairs(_cards(draft, 20, ~cards["private"], times=2))
    cards["city"][pairs[1]] = (cards["city"][pairs[0]] + 1) % len(words["cities"])
    cards["name"][pairs[1]] = [
        words["firm_branch"].format(name=_bare(name, words)) for name in cards["name"][pairs[0]]
    ]
    draft.spare(20, "like names in different cities", "companies", pairs.T.ravel())


def _pairs(rows: Array) -> Array:
    """Return rows as two lines of equal length: the first cards and their twins."""
    half = len(rows) // 2
    return np.stack([rows[:half], rows[half : 2 * half]])


def _bare(name: str, words: dict[str, str]) -> str:
    before, after = words["firm_name"].split("{name}")
    return name.removeprefix(before).removesuffix(after)
