"""The sums behind the measures, by hand in NumPy: what ``evaluate`` is held against for time and truth.

No reasons, no states, no labels, no exact kopecks, no intervals of shares: only the numbers, by group codes,
as one would write them once for one question. The columns are prepared once and used by all measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.schema import Snapshot
from crmkit.statistics.survival import medians_among_winners

Array = npt.NDArray[Any]
DAY = 86_400e6


class Figures(NamedTuple):
    """Value and number of cases of each group; group = rep × months + month, the rep missing being the
    last."""

    value: Array
    n: Array
    first_month: int
    months: int
    reps: list[str]


class Hand:
    """The columns of a Snapshot as plain arrays, and groups of them."""

    def __init__(self, crm: Snapshot, by: Sequence[str]) -> None:
        self.crm, self.by_rep, self.by_month = crm, "manager" in by, "month" in by
        self.deals = crm.deals
        self.status = {name: self._is("status", name) for name in ("open", "won", "lost")}
        self.technical = self.status["lost"] & np.isin(
            self.deals["lost_reason"].cat.codes,
            [
                code
                for code, name in enumerate(self.deals["lost_reason"].cat.categories)
                if name.casefold() in crm.settings.technical_losses
            ],
        )
        names = crm.tables["managers"].set_index(crm.tables["managers"]["manager_id"].astype("str"))["name"]
        self.reps = [names[one] for one in self.deals["manager_id"].cat.categories] if self.by_rep else [""]
        self.amount = self.deals["amount"].to_numpy()
        moments = pd.concat([self.deals[["created_at"]].min(), crm.tasks[["created_at", "due_at"]].min()])
        self.first = (
            int(moments.min().tz_localize(None).to_datetime64().astype("M8[M]").astype(np.int64)) - 24
        )
        self.months = 60 if self.by_month else 1

    def _is(self, column: str, name: str) -> Array:
        values = self.deals[column].cat
        return np.asarray(values.codes == values.categories.get_loc(name))

    def month(self, moments: pd.Series) -> Array:
        """Return the month of each moment from the first one; 0 where months are not asked for or not
        known."""
        if not self.by_month:
            return np.zeros(len(moments), dtype=np.int64)
        local = moments.dt.tz_localize(None).to_numpy().astype("M8[D]").astype("M8[M]").astype(np.int64)
        return np.where(moments.isna(), 0, local - self.first)

    def groups(self, owner: pd.Series, month: Array | int = 0) -> Array:
        """Return the group of each row."""
        codes = owner.cat.codes.to_numpy() if self.by_rep else np.zeros(len(owner), dtype=np.int8)
        known = np.where(codes < 0, len(self.reps), codes).astype(np.int64)
        return np.asarray(known * self.months + month)

    @cached_property
    def created(self) -> Array:
        """Groups of the deals by the month of creation."""
        return self.groups(self.deals["manager_id"], self.month(self.deals["created_at"]))

    @cached_property
    def closed(self) -> Array:
        """Groups of the deals by the month of closing."""
        return self.groups(self.deals["manager_id"], self.month(self.deals["closed_at"]))

    @cached_property
    def standing(self) -> Array:
        """Groups of the deals, whatever the month."""
        return self.groups(self.deals["manager_id"])

    @cached_property
    def days(self) -> Array:
        """Days from creation to closing, or to ``as_of``."""
        ends = self.deals["closed_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        ends = np.where(
            self.status["open"], np.datetime64(self.crm.as_of.tz_convert("UTC").tz_localize(None), "us"), ends
        )
        starts = self.deals["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return np.asarray((ends - starts).astype(np.float64) / DAY)

    def told(self, value: Array, n: Array) -> Figures:
        """Return the figures with what is needed to read them."""
        return Figures(value, n, self.first, self.months, self.reps)

    def count(self, groups: Array, rows: Array) -> Figures:
        """Count rows by group."""
        n = np.bincount(groups[rows], minlength=self.size)
        return self.told(n, n)

    def total(self, groups: Array, rows: Array, values: Array) -> Figures:
        """Add values up by group."""
        chosen = groups[rows]
        sums = np.bincount(chosen, weights=values[rows], minlength=self.size)
        return self.told(sums, np.bincount(chosen, minlength=self.size))

    def mean(self, groups: Array, rows: Array, values: Array, weights: Array | None = None) -> Figures:
        """Divide sums of values by sums of weights, or by counts."""
        chosen = groups[rows]
        n = np.bincount(chosen, minlength=self.size)
        of = n if weights is None else np.bincount(chosen, weights=weights[rows], minlength=self.size)
        sums = np.bincount(chosen, weights=values[rows], minlength=self.size)
        return self.told(np.divide(sums, of, out=np.full(self.size, np.nan), where=of > 0), n)

    def median(self, groups: Array, rows: Array, values: Array) -> Figures:
        """Return the median of values by group."""
        chosen, inside = groups[rows], values[rows]
        ordered = inside[np.lexsort((inside, chosen))]
        n = np.bincount(chosen, minlength=self.size)
        ends = np.cumsum(n)
        full = np.flatnonzero(n)
        low, high = (ends - n + (n - 1) // 2)[full], (ends - n + n // 2)[full]
        value = np.full(self.size, np.nan)
        value[full] = (ordered[low] + ordered[high]) / 2
        return self.told(value, n)

    @property
    def size(self) -> int:
        """The number of groups."""
        return (len(self.reps) + 1) * self.months


def _closed(hand: Hand, *statuses: str) -> Array:
    chosen = np.logical_or.reduce([hand.status[one] for one in statuses])
    return np.asarray(chosen & ~hand.technical & hand.deals["closed_at"].notna().to_numpy())


def _priced(hand: Hand, *statuses: str) -> Array:
    return np.asarray(_closed(hand, *statuses) & ~np.isnan(hand.amount))


def _cohort(hand: Hand) -> Figures:
    days = hand.crm.settings.limits.cohort_days
    old = (hand.deals["created_at"] + pd.Timedelta(days=days) <= hand.crm.as_of).to_numpy()
    in_time = hand.status["won"] & (hand.days <= days)
    return hand.mean(hand.created, old & ~hand.technical, in_time.astype(np.float64))


def _cycle(hand: Hand) -> Figures:
    rows = np.flatnonzero(~hand.technical & (hand.days >= 0))
    events = np.where(hand.status["won"], 1, np.where(hand.status["lost"], 2, 0))[rows]
    groups = hand.created[rows]
    value = medians_among_winners(groups, hand.days[rows], events, hand.size)[0]
    return hand.told(value, np.bincount(groups, minlength=hand.size))


def _without_task(hand: Hand) -> Figures:
    tasks = hand.crm.tasks
    of = tasks["deal_ix"].to_numpy()[tasks["completed_at"].isna().to_numpy()]
    waiting = np.bincount(of[of >= 0], minlength=len(hand.deals)) == 0
    return hand.mean(hand.standing, hand.status["open"], waiting.astype(np.float64))


def _on_time(hand: Hand) -> Figures:
    tasks = hand.crm.tasks
    due = tasks["due_at"]
    rows = (due <= hand.crm.as_of).to_numpy()
    in_time = (tasks["completed_at"] <= due).to_numpy().astype(np.float64)
    return hand.mean(hand.groups(tasks["manager_id"], hand.month(due)), rows, in_time)


def _actions(hand: Hand) -> Figures:
    """Actions by group, divided by the working days of each rep from his first to his last action, or as
    hired."""
    parts = [(hand.crm.tasks, "completed_at"), (hand.crm.activities, "at")]
    sums, days, reps = np.zeros(hand.size), np.zeros(hand.size), len(hand.deals["manager_id"].cat.categories)
    first, last = np.full(reps, 2**62), np.full(reps, -(2**62))
    for frame, moment in parts:
        rows = frame[moment].notna().to_numpy()
        owner, at = frame["manager_id"].cat.codes.to_numpy(), frame[moment]
        stamps = at.dt.tz_localize(None).to_numpy().view(np.int64)
        np.minimum.at(first, owner[rows], stamps[rows])
        np.maximum.at(last, owner[rows], stamps[rows])
        sums += np.bincount(hand.groups(frame["manager_id"], hand.month(at))[rows], minlength=hand.size)
    managers = hand.crm.tables["managers"]
    opening, closing = int(first.min() // DAY), _day(hand.crm.as_of.tz_localize(None)) + 1
    for rep, (hired, left) in enumerate(zip(managers["hired_on"], managers["left_on"], strict=True)):
        start = max(int(first[rep] // DAY) if pd.isna(hired) else _day(hired), opening)
        end = int(last[rep] // DAY) + 1 if pd.isna(hired) else closing
        end = end if pd.isna(left) else min(_day(left), closing)
        every = np.arange(start, end).astype("M8[D]")
        every = every[hand.crm.settings.calendar.is_working(every)]
        month = (
            every.astype("M8[M]").astype(np.int64) - hand.first
            if hand.by_month
            else np.zeros(len(every), np.int64)
        )
        days += np.bincount((rep if hand.by_rep else 0) * hand.months + month, minlength=hand.size)
    return hand.told(np.divide(sums, days, out=np.full(hand.size, np.nan), where=days > 0), days)


def _day(moment: pd.Timestamp) -> int:
    return int(moment.to_datetime64().astype("M8[D]").astype(np.int64))


def _forecast(hand: Hand) -> Figures:
    rows = hand.status["open"] & ~np.isnan(hand.amount)
    return hand.total(hand.standing, rows, hand.amount * hand.deals["probability"].to_numpy())


MEASURES: dict[str, Callable[[Hand], Figures]] = {
    "new_deals": lambda hand: hand.count(hand.created, hand.deals["created_at"].notna().to_numpy()),
    "won_deals": lambda hand: hand.count(hand.closed, _closed(hand, "won")),
    "lost_deals": lambda hand: hand.count(hand.closed, _closed(hand, "lost")),
    "refusals:count": lambda hand: hand.count(hand.closed, _closed(hand, "lost")),
    "refusals:value": lambda hand: hand.total(hand.closed, _priced(hand, "lost"), hand.amount),
    "revenue": lambda hand: hand.total(hand.closed, _priced(hand, "won"), hand.amount),
    "average_check:mean": lambda hand: hand.mean(hand.closed, _priced(hand, "won"), hand.amount),
    "average_check:median": lambda hand: hand.median(hand.closed, _priced(hand, "won"), hand.amount),
    "win_rate:closed_count": lambda hand: hand.mean(
        hand.closed, _closed(hand, "won", "lost"), hand.status["won"].astype(np.float64)
    ),
    "win_rate:closed_value": lambda hand: hand.mean(
        hand.closed, _priced(hand, "won", "lost"), np.where(hand.status["won"], hand.amount, 0.0), hand.amount
    ),
    "win_rate:cohort": _cohort,
    "deal_cycle:censored_median": _cycle,
    "deal_cycle:won_mean": lambda hand: hand.mean(hand.closed, _closed(hand, "won") & (hand.days >= 0),
    hand.days),
    "deal_cycle:won_median": lambda hand: hand.median(hand.closed, _closed(hand, "won") & (hand.days >= 0),
    hand.days),
    "open_deals": lambda hand: hand.count(hand.standing, hand.status["open"]),
    "open_amount": lambda hand: hand.total(hand.standing, hand.status["open"] & ~np.isnan(hand.amount),
    hand.amount),
    "deals_without_task": _without_task,
    "tasks_on_time": _on_time,
    "sales_actions_per_day": _actions,
    "weighted_forecast": _forecast,
}  # fmt: skip


def figures(crm: Snapshot, names: Sequence[str], by: Sequence[str]) -> dict[str, Figures]:
    """Return the figures of measures by group."""
    hand = Hand(crm, by)
    return {name: MEASURES[name](hand) for name in names}


def agrees(found: Figures, told: pd.DataFrame, by: Sequence[str]) -> bool:
    """Tell whether ``evaluate`` gives the same numbers, to the ninth digit."""
    months = [str(np.datetime64(found.first_month + place, "M")) for place in range(found.months)]
    keys = pd.MultiIndex.from_product([[*found.reps, None], months])
    mine = pd.DataFrame({"value": found.value, "n": found.n}, index=keys)
    mine = mine[mine["n"] > 0]
    reps = (
        told["manager"].astype("object").where(told["manager"].notna(), None)
        if "manager" in by
        else [""] * len(told)
    )
    theirs = told.set_index(
        pd.MultiIndex.from_arrays([reps, told["month"] if "month" in by else [months[0]] * len(told)])
    )
    theirs = theirs.loc[theirs["n"] > 0, ["value", "n"]]
    same = sorted(map(str, mine.index)) == sorted(map(str, theirs.index))
    if not same:
        return False
    order = [
        sorted(range(len(frame)), key=lambda row, frame=frame: str(frame.index[row]))
        for frame in (mine, theirs)
    ]
    left, right = (
        frame.iloc[rows].to_numpy(dtype=np.float64) for frame, rows in zip((mine, theirs), order, strict=True)
    )
    return bool(np.allclose(left, right, rtol=1e-9, atol=0, equal_nan=True))
