"""From when to when each table reaches, and the weeks in which nothing was recorded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from crmkit.edges import begins_without_closings
from crmkit.intake.problems import problem
from crmkit.schema import Snapshot

COLUMNS = ("table", "rows", "dated", "first", "last", "weeks", "silent", "gaps")
#: When a row came into being.
BIRTHS = {
    "deals": "created_at",
    "stage_changes": "changed_at",
    "tasks": "created_at",
    "activities": "at",
    "companies": "created_at",
    "contacts": "created_at",
}
#: A silence: whole weeks with so many working days in all, in a table with so many rows in a usual week.
MIN_WORKING_DAYS, MIN_USUAL = 8, 5
#: Days by which a table may begin later than the deals without a word.
LATE_DAYS = 60
_DAY = 86_400_000_000


def reach(crm: Snapshot) -> pd.DataFrame:
    """Return one row for each table with dates.

    Returns
    -------
    table, rows, dated (rows with the date of their making), first, last (moments), weeks (from first to
    last), silent (weeks of them in a silence), gaps (first and last day of each silence, at most five).
    """
    return pd.DataFrame(list(_rows(crm)), columns=list(COLUMNS))


def _rows(crm: Snapshot) -> Iterator[dict[str, object]]:
    for table, name in BIRTHS.items():
        frame = crm.tables[table]
        moments = frame[name].dropna()
        if moments.empty:
            continue
        weeks, spans = _silences(crm, moments)
        yield {
            "table": table, "rows": len(frame), "dated": len(moments), "first": moments.min(),
            "last": moments.max(), "weeks": weeks, "silent": sum(length for _, length in spans),
            "gaps": " · ".join(_span(first, length) for first, length in spans[:5]),
        }  # fmt: skip


def _silences(crm: Snapshot, moments: pd.Series) -> tuple[int, list[tuple[int, int]]]:
    """Return how many weeks the middle 98 % of the rows take; each silence by its first week and length."""
    days = moments.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64) // _DAY
    weeks = np.sort((days + 3) // 7)  # the 1st of January 1970 was a Thursday
    weeks = weeks[len(weeks) // 100 : len(weeks) - len(weeks) // 100]
    counts = np.bincount(weeks - weeks[0])
    if np.median(counts) < MIN_USUAL:
        return len(counts), []
    empty = np.concatenate([[0], counts == 0, [0]]).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(empty) == 1), np.flatnonzero(np.diff(empty) == -1)
    spans = [(int(weeks[0] + start), int(end - start)) for start, end in zip(starts, ends, strict=True)]
    return len(counts), [one for one in spans if _working_days(crm, *one) >= MIN_WORKING_DAYS]


def _monday(week: int) -> pd.Timestamp:
    return pd.Timestamp((week * 7 - 3) * 86_400, unit="s")


def _working_days(crm: Snapshot, week: int, length: int) -> int:
    return crm.settings.calendar.working_days(_monday(week).date(), _monday(week + length).date())


def _span(week: int, length: int) -> str:
    last = _monday(week + length) - pd.Timedelta(days=1)
    return f"{_monday(week).date().isoformat()}–{last.date().isoformat()}"


def truncations(crm: Snapshot, reached: pd.DataFrame) -> list[dict[str, object]]:
    """Return where the record is cut: no closings at first, tables that begin late, silent weeks."""
    found = []
    created = crm.deals["created_at"]
    cut = begins_without_closings(crm)
    if cut is not None:
        before, dated = int((created < cut[1]).sum()), int(created.notna().sum())
        days = [moment.date().isoformat() for moment in cut]
        found.append(
            problem("begins_without_closings", "deals", "closed_at", count=before, of=dated, samples=days)
        )
    first = created.min()
    for row in reached.to_dict("records"):
        table = row["table"]
        if row["silent"]:
            found.append(
                problem(
                    "silent_weeks", table, BIRTHS[table],
                    count=row["silent"], of=row["weeks"], samples=row["gaps"],
                )
            )  # fmt: skip
        is_event = table in ("stage_changes", "tasks", "activities")
        if is_event and not pd.isna(first) and row["first"] - first > pd.Timedelta(days=LATE_DAYS):
            before, dated = int((created < row["first"]).sum()), int(created.notna().sum())
            samples = [row["first"].date().isoformat()]
            found.append(problem("began_late", table, BIRTHS[table], count=before, of=dated, samples=samples))
    return found
