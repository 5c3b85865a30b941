"""Many rows at once: edited or imported in a mass, or closed when the month ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from crmkit.intake.problems import problem
from crmkit.schema import Snapshot

#: The moments that a person makes one by one; calls and letters may come from a machine.
MADE = (
    ("deals", "created_at"),
    ("deals", "closed_at"),
    ("deals", "updated_at"),
    ("stage_changes", "changed_at"),
    ("tasks", "created_at"),
    ("tasks", "completed_at"),
)
#: numpy's letter of a minute and of a day, and their microseconds.
GRAINS = (("m", 60_000_000), ("D", 86_400_000_000))
#: From so many days (minutes) on, what has no owner is compared with itself.
MANY_DAYS = 10
#: Closings in the last three days of months: so many at least, and so many times what the days make up.
LAST_DAYS, MIN_CLOSINGS, PEAK = 3, 30, 2.5


def mass_edits(crm: Snapshot) -> list[dict[str, object]]:
    """Return the columns in which one rep has far more rows in a minute or a day than is usual.

    Far more is: at least ``mass_rows``, and ``mass_times`` the median of the busy minutes (days) of all reps.
    A day that also holds such a minute is told once, by its day.
    """
    found = [one for place in MADE for one in _masses(crm, *place)]
    return [*found, *_month_ends(crm)]


def _masses(crm: Snapshot, table: str, name: str) -> Iterator[dict[str, object]]:
    frame = crm.tables[table]
    moments = frame[name]
    rows = np.flatnonzero(moments.notna().to_numpy())
    if len(rows) < crm.settings.limits.mass_rows:
        return
    local = moments.iloc[rows].dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    owner = frame["manager_id"].cat.codes.to_numpy()[rows].astype(np.int64) + 1
    owners = len(frame["manager_id"].cat.categories) + 1
    in_mass = np.zeros(len(rows), dtype=bool)
    largest: dict[int, tuple[int, str]] = {}
    for grain, length in GRAINS:
        if grain == "m" and f"{table}.{name}" in crm.whole_days:
            continue
        keys, inverse, counts = np.unique(
            local // length * owners + owner, return_inverse=True, return_counts=True
        )
        limits = crm.settings.limits
        nobodys = keys % owners == 0  # many on every day, where most deals have no owner
        usual = np.full(len(counts), np.median(counts))
        if nobodys.sum() >= MANY_DAYS:
            usual[nobodys] = np.median(counts[nobodys])
        least = np.maximum(limits.mass_rows, limits.mass_times * usual)
        for place in np.flatnonzero(counts >= least):
            code = int(keys[place] % owners)
            who = str(frame["manager_id"].cat.categories[code - 1]) if code else "—"
            when = np.datetime64(int(keys[place] // owners) * length, "us").astype(f"datetime64[{grain}]")
            day = int(keys[place] // owners) * length // GRAINS[1][1] * owners + code
            said = f"{str(when).replace('T', ' ')} {_name(crm, who)} ({counts[place]})"
            if counts[place] > largest.get(day, (0, ""))[0]:
                largest[day] = (int(counts[place]), said)
        in_mass |= (counts >= least)[inverse]
    if largest:
        samples = [said for _, said in sorted(largest.values(), key=lambda one: -one[0])]
        yield problem("mass_edit", table, name, count=int(in_mass.sum()), of=len(rows), samples=samples)


def _name(crm: Snapshot, manager: str) -> str:
    managers = crm.tables["managers"]
    known = managers["name"][managers["manager_id"].astype("str") == manager].dropna()
    return str(known.iloc[0]) if len(known) else manager


def _month_ends(crm: Snapshot) -> list[dict[str, object]]:
    """Return the share of deals closed in the last three days of months, where it is a peak."""
    closed = crm.deals["closed_at"].dropna()
    if len(closed) < MIN_CLOSINGS:
        return []
    late = (closed.dt.day > closed.dt.days_in_month - LAST_DAYS).to_numpy()
    days = pd.date_range(closed.min().tz_localize(None).normalize(), closed.max().tz_localize(None))
    expected = len(closed) * float((days.day > days.days_in_month - LAST_DAYS).mean())
    # four standard deviations of chance, besides: a handful of closings peaks by itself
    if late.sum() < PEAK * expected or late.sum() < expected + 4 * np.sqrt(expected):
        return []
    return [problem("month_end", "deals", "closed_at", count=int(late.sum()), of=len(closed))]
