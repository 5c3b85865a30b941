"""Checks of deals: reasons of losses, clients, expected closings, doubles (METHOD 5.1: 5, 9, 19, 23)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.audit.checks import Examined, Ints, check
from crmkit.audit.seeing import PARTED, moments
from crmkit.errors import MAX_SAMPLES, N_
from crmkit.facts import NEVER, BoolArray, is_status, is_technical, micros, midnights, within
from crmkit.fields import tells_reason
from crmkit.periods import Period
from crmkit.schema import Snapshot


@check(
    "H05", title="Losses without a reason", about="lost deals", severity="major",
    needs={"deals.status", "deals.lost_reason"},
    says=[N_("lost, and no reason is given"), N_("the reason given says nothing: {names}")],
)  # fmt: skip
def lost_without_reason(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Lost deals without a reason, or with one that says nothing, such as «other» or «-».

    Technical losses, such as doubles and tests, are left out. «empty_reasons» in client.yml names the words
    that say nothing.

    Evidence: the deal, what stands in the place of the reason, and when it was lost.
    Why: nobody can learn from a loss whose reason is unknown, so the same clients are lost again.
    Fix: call the client or ask the rep, and write down the true reason; let the CRM offer a short list
    without «other», and demand one of it.
    """
    lost = is_status(crm, "lost") & ~is_technical(crm)
    inside, unknown, lacking = _closed(crm, lost, period)
    reasons = crm.deals["lost_reason"]
    wrong = ~tells_reason(crm)
    names = np.append(reasons.cat.categories.to_numpy(object), "")[reasons.cat.codes]
    empty = reasons.notna().to_numpy().astype(np.int8)
    return [
        Examined(
            "deals", inside, wrong, crm.deals["closed_at"], empty, names, unknown=unknown, lacking=lacking
        )
    ]


@check(
    "H09", title="Deals without a client", about="deals", severity="major",
    needs={"deals.company_id", "deals.contact_id", "deals.status"},
    says=[N_("neither a company nor a contact person")],
)  # fmt: skip
def deals_without_client(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Deals with neither a company nor a contact person, open or closed.

    A private client, a contact person without a company, is a client.

    Evidence: the deal, and when it was created.
    Why: nobody can be called, and what was sold or lost is missing in the history of the client.
    Fix: find out whose deal it is and connect the card; let the CRM create deals only from a client's card.
    """
    names = ("company_id", "contact_id")
    alone = np.logical_and.reduce([crm.deals[name].isna().to_numpy() for name in names])
    everyone = np.ones(len(crm.deals), dtype=bool)
    inside, unknown, lacking = _closed(crm, ~is_status(crm, "open"), period)
    checked = everyone if period.is_all else inside | is_status(crm, "open")
    return [Examined("deals", checked, alone, crm.deals["created_at"], unknown=unknown, lacking=lacking)]


@check(
    "H19", title="Expected closing dates in the past", about="open deals with an expected closing date",
    severity="major", needs={"deals.status", "deals.expected_close_on"}, at_export=True,
    says=[N_("should have been closed on {since}; days since: {number}")],
)  # fmt: skip
def expected_in_the_past(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals whose expected closing date is over.

    Evidence: the deal, the day on which it should have been closed, and how many days ago that was.
    Why: the forecast rests on days that have passed, so nobody knows what money comes in this month.
    Fix: ask the client when the decision is made and put in that day, or close the deal with its reason.
    """
    expected = crm.deals["expected_close_on"]
    days = (pd.Timestamp(crm.today) - expected).dt.days.to_numpy(np.float64)
    checked = is_status(crm, "open") & expected.notna().to_numpy()
    return [Examined("deals", checked, days > 0, midnights(crm, expected), number=days)]


@check(
    "H23", title="Several open deals for the same sale",
    about="open deals of which the company and the product are known", severity="minor",
    needs={"deals.status", "deals.company_id", "deals.product"},
    says=[
        N_("open for the same company, product and pipeline too: {names}"),
        N_("open for the same company, product and pipeline too: {number} deals, among them {names}"),
    ],
)  # fmt: skip
def doubled_deals(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Several open deals with the same company, product and pipeline: each of them offends.

    Evidence: the deal, the numbers of the others, and when the second of them was created.
    Why: two reps call the same client, and the forecast counts one sale twice.
    Fix: keep one of the deals and close the others as doubles; if they are two sales, tell them apart by
    the product.
    """
    deals, is_open = crm.deals, is_status(crm, "open")
    company, product, pipeline = (
        deals[name].cat.codes.to_numpy().astype(np.int64) for name in ("company_id", "product", "pipeline")
    )
    known = is_open & (company >= 0)
    checked = known & (product >= 0)
    sizes = product.max(initial=0) + 1, pipeline.max(initial=0) + 2
    key = (company * sizes[0] + product) * sizes[1] + pipeline + 1
    rows = np.flatnonzero(checked)
    _, place, count = np.unique(key[rows], return_inverse=True, return_counts=True)
    several = count[place] > 1
    group = np.full(len(deals), -1)
    group[rows[several]] = np.unique(place[several], return_inverse=True)[1]
    names, number, since = _others(crm, group)
    many, unknown = (number > MAX_SAMPLES).astype(np.int8), {"no_product": known & ~checked}
    return [Examined("deals", checked, group >= 0, since, many, names, number, group=group, unknown=unknown)]


def _others(crm: Snapshot, group: Ints) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Return for each deal of a group others of it (five at most), how many, and since when it is not alone.

    It is not alone since its creation, the earliest of a group since that of the second.
    """
    size, created = len(group), micros(crm.deals["created_at"])
    rows = np.flatnonzero(group >= 0)
    rows = rows[np.lexsort((created[rows], group[rows]))]
    starts = np.flatnonzero(np.diff(group[rows], prepend=-1))
    count = np.diff(starts, append=len(rows))
    names, number, since = np.full(size, "", dtype=object), np.full(size, np.nan), created.copy()
    number[rows] = np.repeat(count - 1, count)
    first, second = rows[starts], rows[np.minimum(starts + 1, len(rows) - 1)] if len(rows) else rows
    since[first] = np.where(created[first] == NEVER, NEVER, created[second])
    ids = crm.deals["deal_id"].astype("str").array
    for start, some in zip(starts.tolist(), count.tolist(), strict=True):
        members = rows[start : start + some]
        few = sorted(members[: MAX_SAMPLES + 1].tolist())
        for row in members.tolist():
            names[row] = PARTED.join([ids[one] for one in few if one != row][:MAX_SAMPLES])
    return names, number, moments(crm, since)


def _closed(
    crm: Snapshot, chosen: BoolArray, period: Period
) -> tuple[BoolArray, dict[str, BoolArray], tuple[str, ...]]:
    """Return which of the chosen deals were closed in the period, which cannot be placed, what is lacking.

    Over all time every one counts, whether or not it has a closing date.
    """
    if period.is_all:
        return chosen, {}, ()
    closed = crm.deals["closed_at"]
    lacking = tuple(crm.lacks({"deals.closed_at"}))
    return chosen & within(closed, period), {"no_closing_date": chosen & closed.isna().to_numpy()}, lacking
