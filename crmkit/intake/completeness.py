"""How full columns are, by the month in which rows were made; and columns whose filling began or stopped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import BoolArray, is_status
from crmkit.intake.problems import problem
from crmkit.intake.reach import BIRTHS
from crmkit.schema import ADDED, STATUSES, Snapshot

IntArray = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).min

COLUMNS = ("table", "column", "month", "filled", "rows")
#: Columns that only these deals can have.
ONLY = {
    "closed_at": ("won", "lost"),
    "lost_reason": ("lost",),
    "lost_at_stage": ("lost",),
    "next_task_at": ("open",),
    "expected_close_on": ("open",),
    "probability": ("open",),
}
#: Fields that deals are cut by or counted with, and the deals that should have them.
WANTED = {
    "amount": ("won",),
    "lost_reason": ("lost",),
    "manager_id": STATUSES,
    "source": STATUSES,
    "product": ("won",),
    "company_id": STATUSES,
}
#: A turn in the filling: rows at least on either side, hardly ever filled, filled as a matter of course.
MIN_ROWS, HARDLY, MOSTLY = 30, 0.02, 0.3
_OWN_KEYS = {"deals": "deal_id", "tasks": "task_id", "activities": "activity_id"}


def filling(crm: Snapshot) -> pd.DataFrame:
    """Return how full each column is that holds anything, by the month in which its rows were made.

    Returns
    -------
    table, column, month («2026-03»; empty for all rows together, the undated ones too), filled, rows. Only
    rows that can have the column count: a reason for the loss is expected of lost deals alone.
    """
    parts = []
    for table, birth in BIRTHS.items():
        frame = crm.tables[table]
        born = _months(frame[birth])
        for name in _columns(table, frame):
            filled = frame[name].notna().to_numpy()
            if not filled.any():
                continue
            asked = _asked(crm, table, name)
            filled = filled & asked
            parts.append((table, name, "", int(filled.sum()), int(asked.sum())))
            months, rows, full = _by_month(born, asked, filled)
            parts += [(table, name, *one) for one in zip(months, full.tolist(), rows.tolist(), strict=True)]
    return pd.DataFrame(parts, columns=list(COLUMNS))


def _columns(table: str, frame: pd.DataFrame) -> list[str]:
    """Return the columns worth asking for: not the key, not what the kit added, not when a task was done."""
    left = {*ADDED, _OWN_KEYS.get(table), BIRTHS.get(table), "completed_at"}
    return [str(name) for name in frame.columns if name not in left]


def _asked(crm: Snapshot, table: str, name: str) -> BoolArray:
    frame = crm.tables[table]
    if table == "deals":
        return _of(crm, ONLY.get(name, ()))
    if table == "tasks" and name == "result":
        return np.asarray(frame["completed_at"].notna(), dtype=bool)
    return np.ones(len(frame), dtype=bool)


def _of(crm: Snapshot, statuses: tuple[str, ...]) -> BoolArray:
    if not statuses or statuses == STATUSES:
        return np.ones(len(crm.deals), dtype=bool)
    return np.asarray(np.logical_or.reduce([is_status(crm, one) for one in statuses]), dtype=bool)


def _months(moments: pd.Series) -> IntArray:
    """Return the month of each moment, counted from January 1970; a missing one is ``NEVER``."""
    days = moments.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(days), NEVER, days.astype("datetime64[M]").astype(np.int64))


def _by_month(months: IntArray, asked: BoolArray, filled: BoolArray) -> tuple[list[str], IntArray, IntArray]:
    """Return the months that have rows, and how many of each are asked and filled."""
    asked = asked & (months != NEVER)
    if not asked.any():
        return [], np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    first = int(months[asked].min())
    counts = np.bincount(months[asked] - first)
    full = np.bincount(months[asked & filled] - first, minlength=len(counts))
    there = np.flatnonzero(counts)  # a mistyped 1970 makes no empty months
    names = (there + first).astype("datetime64[M]").astype(str).tolist()
    return names, counts[there], full[there]


def poor_columns(crm: Snapshot) -> list[dict[str, object]]:
    """Return the fields of deals that are too empty, and the columns whose filling began late or stopped."""
    found = []
    for name, statuses in WANTED.items():
        given = crm.deals[name]
        if given.isna().all():
            continue
        asked, full = _of(crm, statuses), given.notna().to_numpy()
        if name == "amount":
            full = full & (given != 0).to_numpy()
        if name == "company_id":  # a private client is a contact without a company
            full = full | crm.deals["contact_id"].notna().to_numpy()
        empty = asked & ~full
        if asked.any() and empty.sum() > crm.settings.limits.empty_share * asked.sum():
            samples = crm.deals["deal_id"].iloc[np.flatnonzero(empty)[:5]]
            found.append(
                problem(
                    "seldom_filled", "deals", name,
                    count=int(empty.sum()), of=int(asked.sum()), samples=samples,
                )
            )  # fmt: skip
    return [*found, *_turns(crm)]


def _turns(crm: Snapshot) -> Iterator[dict[str, object]]:
    """Yield the columns filled only since a month, or only up to one.

    Deals are compared once they are closed, by the month of closing, tasks once they are done: cards that
    still grow would seem to be filled less and less.
    """
    for table in ("deals", "tasks", "activities", "stage_changes"):
        frame = crm.tables[table]
        end = {"deals": "closed_at", "tasks": "completed_at"}.get(table, BIRTHS[table])
        if frame[end].notna().sum() < 2 * MIN_ROWS:
            continue
        ended = _months(frame[end])
        for name in _columns(table, frame):
            filled = frame[name].notna().to_numpy()
            if not filled.any() or filled.all() or ONLY.get(name) == ("open",) or name == end:
                continue
            asked = _asked(crm, table, name)
            months, rows, full = _by_month(ended, asked, filled)
            yield from _turn((table, name), months, (rows, full))


def _turn(
    place: tuple[str, str], months: list[str], counts: tuple[np.ndarray, np.ndarray]
) -> Iterator[dict[str, object]]:
    rows, full = (np.cumsum(one) for one in counts)
    if not len(rows):
        return
    before, after = rows[:-1], rows[-1] - rows[:-1]
    enough = (before >= MIN_ROWS) & (after >= MIN_ROWS)
    share_before = full[:-1] / np.maximum(before, 1)
    share_after = (full[-1] - full[:-1]) / np.maximum(after, 1)
    began = enough & (share_before <= HARDLY) & (share_after >= MOSTLY)
    stopped = enough & (share_after <= HARDLY) & (share_before >= MOSTLY)
    for code, turns, gain in (
        ("began_filling", began, share_after - share_before),
        ("stopped_filling", stopped, share_before - share_after),
    ):
        if turns.any():
            at = int(np.argmax(np.where(turns, gain, -1.0)))
            lost = before[at] if code == "began_filling" else after[at]
            month = months[at + 1]
            yield problem(code, *place, count=int(lost), of=int(rows[-1]), samples=[month])
