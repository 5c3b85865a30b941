"""Where a record begins and ends: mistyped dates, an export cut on the left, one without the deals lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import BoolArray, cycle_days, is_status, is_technical, once_per_snapshot
from crmkit.limits import Limits
from crmkit.schema import EVENTS, Snapshot

#: Lost deals are missing where their share is at most this part of what it is later on,
HARDLY = 0.1
#: and where so few of so many would come by chance less often than this.
CHANCE = 0.001
#: Of those that are missing at first, one in so many may have been written down early.
EARLY = 20


@once_per_snapshot
def lonely_end(crm: Snapshot) -> tuple[pd.Timestamp, int, int] | None:
    """Return where a record nearly ends, how many dates are later, and of how many; ``None`` if it does not.

    It does when the latest dates, at most one in a hundred, follow a silence of more than 60 days: mistyped
    dates, from which the moment described would be taken.
    """
    _, tail, count = _edges(crm)
    gaps = np.flatnonzero((tail.diff() > pd.Timedelta(days=60)).to_numpy())
    if not len(gaps):
        return None
    return tail.iloc[gaps[0] - 1], len(tail) - int(gaps[0]), count


@once_per_snapshot
def lonely_start(crm: Snapshot) -> tuple[pd.Timestamp, int, int] | None:
    """Return where a record really begins, how many dates are earlier, and of how many; ``None`` if none are.

    They are when the earliest dates, at most one in a hundred, lie more than a year before all others: a date
    of birth, the 1st of January 1970, or one old deal that was carried over.
    """
    head, _, count = _edges(crm)
    gaps = np.flatnonzero((head.diff() > pd.Timedelta(days=365)).to_numpy())
    return None if not len(gaps) else (head.iloc[gaps[-1]], int(gaps[-1]), count)


@once_per_snapshot
def _edges(crm: Snapshot) -> tuple[pd.Series, pd.Series, int]:
    """Return the first and the last hundredth of the moments at which something happened, one more, and n."""
    names = [(table, name) for table, some in EVENTS.items() for name in some]
    moments = pd.concat([crm.tables[table][name].dropna() for table, name in names], ignore_index=True)
    moments = moments[moments <= crm.as_of]
    count, few = len(moments), len(moments) // 100 + 1
    utc = pd.Series(np.sort(moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()))
    both = utc.iloc[np.r_[: min(few, count), max(count - few, 0) : count]].dt.tz_localize("UTC")
    local = both.dt.tz_convert(moments.dt.tz).reset_index(drop=True)
    return local.iloc[:few], local.iloc[-few:], count


@once_per_snapshot
def begins_without_closings(crm: Snapshot) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first creation and the first closing where the export seems cut on the left, else ``None``.

    It does when nothing closes for more than twice the median cycle of won deals (and more than 30 days)
    after the first creation: deals closed before were not exported, and the first figures of winning are not
    to be believed.
    """
    created, closed = crm.deals["created_at"], crm.deals["closed_at"]
    lonely = lonely_start(crm)
    if lonely is not None:  # mistyped, most likely: the record does not begin there
        created, closed = created[created >= lonely[0]], closed[closed >= lonely[0]]
    first, ended = created.min(), closed.min()
    won = cycle_days(crm)[is_status(crm, "won")]
    won = won[won >= 0]
    if pd.isna(first) or pd.isna(ended) or not len(won):
        return None
    quiet = (ended - first).total_seconds() / 86_400
    return (first, ended) if quiet > max(30.0, 2.0 * float(np.median(won))) else None


@once_per_snapshot
def losses_since(crm: Snapshot) -> pd.Timestamp | None:
    """Return from when on deals lost are in the export as closed; ``NaT``: never.

    ``None`` where they are from the first closing on, or where too few are closed to tell. A CRM may keep no
    losses at first, or its lost deals are archived: a win rate of that time would tell of the records. That
    nothing was won at first is no such sign: wins take time.
    """
    closed, won = crm.deals["closed_at"], is_status(crm, "won")
    counts = (won | is_status(crm, "lost")) & ~is_technical(crm) & closed.notna().to_numpy()
    return _not_won_from(crm, "closed_at", counts)


@once_per_snapshot
def not_won_since(crm: Snapshot) -> pd.Timestamp | None:
    """Return from when on deals created are in the export if they were not won, too; as losses_since."""
    known = crm.deals["created_at"].notna() & crm.deals["status"].notna()
    return _not_won_from(crm, "created_at", known.to_numpy() & ~is_technical(crm))


def _not_won_from(crm: Snapshot, moment: str, counts: BoolArray) -> pd.Timestamp | None:
    rows = np.flatnonzero(counts)
    moments = crm.deals[moment].iloc[rows]
    order = np.argsort(moments.to_numpy(), kind="stable")
    before = _missing(~is_status(crm, "won")[rows][order], crm.settings.limits)
    if not before:
        return None
    return pd.NaT if before == len(rows) else moments.iloc[order[before]]


def _missing(lost: BoolArray, limits: Limits) -> int:
    """Return before how many of the first cases those that are lost are missing; a few may be there.

    The likeliest place for their share to change, if it changes from hardly any.
    """
    from scipy.special import bdtr, xlogy

    places, n = np.flatnonzero(lost), len(lost)
    if not len(places):
        return n if n >= limits.compared_cases else 0
    some = np.arange(len(places) // EARLY + 1)
    before, rest = places[some], len(places) - some
    after = n - before
    likely = sum(
        xlogy(k, k / np.maximum(of, 1)) + xlogy(of - k, 1 - k / np.maximum(of, 1))
        for k, of in ((some, before), (rest, after))
    )
    at = int(np.argmax(likely))
    k, of, later = int(some[at]), int(before[at]), float(rest[at] / after[at])
    is_enough = of >= limits.compared_cases and rest[at] >= limits.few_cases
    return of if is_enough and k <= HARDLY * later * of and bdtr(k, of, later) < CHANCE else 0
