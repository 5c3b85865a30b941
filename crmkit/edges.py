"""Where a record begins and ends: dates that were mistyped, and an export that is cut on the left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import cycle_days, is_status, once_per_snapshot
from crmkit.schema import EVENTS, Snapshot


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
