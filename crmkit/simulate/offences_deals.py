"""Offences that stand on the deal itself: fields, dates, reasons, owners, several deals of one client.

The first paragraph of each docstring is the definition that is assumed; ``planted.yml`` prints it.
"""

from __future__ import annotations

import numpy as np

from crmkit.simulate.draft import Draft
from crmkit.simulate.world import WON

_BLANKED = ("product", "segment")


def owned_by_one_who_left(draft: Draft) -> None:
    """An open deal, an open task or a company whose owner's last day is over at as_of."""
    deals, world = draft.deals, draft.world
    gone = world.left <= draft.as_of
    chosen = draft.pick(21, draft.open & gone[deals["rep"]])
    deals["owner"][chosen] = deals["rep"][chosen]
    tasks = draft.open_task[chosen]
    draft.tasks["owner"][tasks] = deals["rep"][chosen]
    draft.offend(21, "deals", chosen)
    draft.offend(21, "tasks", tasks)
    cards = draft.cards
    pool = np.flatnonzero(gone[cards["rep"]] & ~cards["private"])
    kept = draft.draw(21, pool, cards["rep"][pool])
    cards["owner"][kept] = cards["rep"][kept]
    draft.offend(21, "companies", kept)
    closed = ~draft.open & gone[deals["owner"]]
    draft.spare(21, "closed while its owner was still there", "deals", np.flatnonzero(closed))


def entry_condition_unmet(draft: Draft) -> None:
    """An open deal that lacks a field required by an earlier stage of its pipeline."""
    _blank_field(draft, 2, earlier=True)


def required_field_empty(draft: Draft) -> None:
    """An open deal that lacks a field required by the stage it stands in."""
    _blank_field(draft, 3, earlier=False)
    early = draft.open & np.isnan(draft.deals["amount"])
    draft.spare(3, "no stage so far requires the amount", "deals", np.flatnonzero(early & ~draft.taken))


def _blank_field(draft: Draft, check: int, *, earlier: bool) -> None:
    deals = draft.deals
    for name in _BLANKED:
        needs = draft.requiring(name)
        table = np.cumsum(needs, axis=1) - needs if earlier else needs
        pool = draft.open & (table[deals["pipeline"], deals["last"]] > 0)
        chosen = draft.pick(check, pool)
        deals[name][chosen] = -1
        draft.offend(check, "deals", chosen)


def lost_without_reason(draft: Draft) -> None:
    """A lost deal without a reason for the loss."""
    chosen = draft.pick(5, draft.lost & ~draft.technical)
    draft.deals["reason"][chosen] = -1
    draft.offend(5, "deals", chosen)
    draft.spare(
        5, "won, so there is no reason to give", "deals", np.flatnonzero(draft.deals["status"] == WON)
    )


def without_client(draft: Draft) -> None:
    """A deal, open or closed, with neither a company nor a contact."""
    chosen = draft.pick(9, ~draft.deals["repeat"])
    draft.deals["company"][chosen] = -1
    draft.deals["contact"][chosen] = -1
    draft.offend(9, "deals", chosen)
    private = (draft.deals["company"] < 0) & (draft.deals["contact"] >= 0)
    draft.spare(9, "a private client: a contact without a company", "deals", np.flatnonzero(private))


def amount_missing(draft: Draft) -> None:
    """An open deal without an amount, or with zero, in a stage that requires it or behind one that does.

    It implies check 3 in the stage that requires the amount, check 2 behind it.
    """
    deals = draft.deals
    needs = draft.requiring("amount")
    chosen = draft.pick(18, draft.open & (np.cumsum(needs, axis=1) > 0)[deals["pipeline"], deals["last"]])
    deals["amount"][chosen] = np.nan
    draft.offend(18, "deals", chosen)
    here = needs[deals["pipeline"][chosen], deals["last"][chosen]] > 0
    draft.offend(3, "deals", chosen[here])
    draft.offend(2, "deals", chosen[~here])
    early = draft.open & np.isnan(deals["amount"]) & ~draft.taken
    draft.spare(18, "no stage so far requires the amount", "deals", np.flatnonzero(early))


def expected_close_in_the_past(draft: Draft) -> None:
    """An open deal whose expected closing date is earlier than the day of as_of."""
    expected = draft.deals["expected"]
    chosen = draft.pick(19, draft.open & ~np.isnat(expected))
    expected[chosen] = draft.as_of.astype("M8[D]") - draft.rng.integers(2, 30, len(chosen)).astype("m8[D]")
    draft.offend(19, "deals", chosen)
    today = draft.clean(draft.open & ~np.isnat(expected))
    expected[today] = draft.as_of.astype("M8[D]")
    draft.spare(19, "expected on the very day of as_of", "deals", today)


def several_open_deals(draft: Draft) -> None:
    """More than one open deal with the same company, product and pipeline; each of such a group offends."""
    deals = draft.deals
    for wanted, same_product in ((True, True), (False, False)):
        pool = draft.open & (deals["company"] >= 0) & (deals["product"] >= 0)
        biggest = (
            int(np.bincount(deals["pipeline"][pool & ~draft.taken]).argmax())
            if (pool & ~draft.taken).any()
            else 0
        )
        pool &= deals["pipeline"] == biggest
        chosen = draft.pick(23, pool, times=2) if wanted else draft.clean(pool, 2)
        chosen = chosen[: len(chosen) // 2 * 2]
        first, second = chosen[::2], chosen[1::2]
        for name in ("company", "contact", "segment", "card"):
            deals[name][second] = deals[name][first]
        shift = 0 if same_product else 1
        deals["product"][second] = (deals["product"][first] + shift) % len(draft.world.scenario.products)
        if wanted:
            draft.offend(23, "deals", chosen)
        else:
            draft.spare(23, "one company, different products", "deals", chosen)
