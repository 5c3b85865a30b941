"""How far chance moves the parts of a gap: from client to client and, of two times, from week to week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmkit.compare.contributions import Split
from crmkit.compare.gap_sides import Chain, Side
from crmkit.compare.measure_change import FEWEST_WEEKS
from crmkit.compare.period_cases import gathered, seen_days
from crmkit.facts import FloatArray
from crmkit.limits import Limits
from crmkit.process.resampling import Resamples
from crmkit.schema import Snapshot
from crmkit.statistics.many import false_discovery
from crmkit.statistics.weekly import weekly_spread


@dataclass(frozen=True, eq=False)
class Weeks:
    """The weeks of two periods.

    Attributes
    ----------
    drawn: the data, then the data without each week of the first side, and of the second.
    days: the working days of each week of either side.
    """

    drawn: Resamples
    days: tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Spread:
    """The standard error of each part and, last, of the total, with Student's degrees of freedom."""

    size: FloatArray
    freedom: FloatArray

    def half(self, level: float) -> FloatArray:
        """Return half of the intervals of a level; NaN where one client tells nothing of chance."""
        from scipy.special import stdtrit

        return np.asarray(stdtrit(self.freedom, 0.5 + level / 2) * self.size)

    def level(self, value: FloatArray, rate: float) -> float:
        """Return the level of the intervals of all parts together, the total aside."""
        from scipy.special import stdtr

        ratio = np.abs(value) / np.where(self.size > 0, self.size, np.nan)
        return false_discovery(2 * stdtr(self.freedom, -ratio)[:-1], rate)[1]


def weeks_of(crm: Snapshot, sides: tuple[Side, Side], chain: Chain) -> Weeks | None:
    """Return the weeks of both sides; nothing where they are of one time, whose weeks both had alike."""
    if sides[0].period == sides[1].period:
        return None
    deals = [np.flatnonzero(depth >= 0) for depth in chain.depths]
    closed = crm.deals["closed_at"].array
    rows = [pd.DataFrame({"deal_ix": own, "at": closed[own], "value": 1.0}) for own in deals]
    days = [seen_days(crm, side.period) for side in sides]
    first, second = gathered(crm, (rows[0], rows[1]), (days[0], days[1]))
    block = np.zeros(len(crm.deals), np.int64)
    block[deals[1]] = len(first.days) + second.week
    block[deals[0]] = first.week
    blocks = len(first.days) + len(second.days)
    weights = np.vstack([np.ones(blocks), 1 - np.eye(blocks)])
    return Weeks(Resamples(block, weights, blocks), (first.days, second.days))


def spread_of(split: Split, weeks: Weeks | None, without: tuple[int, int] = (-1, -1)) -> Spread:
    """Return the spread of the parts by client or, of two times, by week, whichever reaches further.

    The spread by client is that of a bootstrap. What a week adds to a part is what the part loses without
    it, less what its working days let one expect; weeks are as unlike, and neighbours as alike, as
    :func:`crmkit.statistics.weekly.weekly_spread` tells.
    """
    size = split.counted(without).worth[1:].std(axis=0)
    told = Spread(size, np.full(len(size), float(max(split.buyers() - 1, 0))))
    if weeks is None or min(map(len, weeks.days)) < FEWEST_WEEKS:
        return told
    worth = replace(split, drawn=weeks.drawn).counted(without).worth
    pulls = np.split((worth[0] - worth[1:]).T, [len(weeks.days[0])], axis=1)
    one, other, freedom = weekly_spread(
        *(
            pull - pull.sum(axis=1, keepdims=True) * days / days.sum()
            for pull, days in zip(pulls, weeks.days, strict=True)
        )
    )
    weekly = Spread((one + other) ** 0.5, freedom)
    further = weekly.half(0.95) > told.half(0.95)
    return Spread(np.where(further, weekly.size, size), np.where(further, freedom, told.freedom))


def too_few(split: Split, weeks: Weeks | None, sides: tuple[Side, Side], limits: Limits) -> Mapping[str, str]:
    """Return which parts so few clients or weeks tell too little of, and why; "" is all.

    Weeks as :func:`crmkit.compare.periods.compared_periods` has it. Of groups, such as reps, clients count
    for what they are worth; the clients of a whole department are those it has.
    """
    if any(side.by for side in sides) and split.clients() < limits.few_cases:
        return {"": "few_clients"}
    many = np.inf if weeks is None else min(map(len, weeks.days))
    if many < FEWEST_WEEKS:
        return {"": "very_short_periods"}
    return dict.fromkeys(("leads", "total"), "short_periods") if many < limits.weeks_after else {}


def unjudge(rows: pd.DataFrame, few: Mapping[str, str]) -> None:
    """Take verdicts back, in place, on what there is too little of: reasons by factor, under "" for all."""
    brief = rows["factor"].map(lambda name: few.get(name, few.get("", ""))).astype("str")
    chosen = (brief != "") & rows["label"].isin(["holds", "may_be_chance"])
    rows.loc[chosen, ["label", "direction"]] = ["too_little_data", "none"]
    rows["reason"] = rows["reason"].mask(chosen, brief)
