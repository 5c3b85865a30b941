"""Where a gap in revenue comes from: a chain of factors whose contributions add up to it (METHOD 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.compare.contributions import Split, days_apart, mix_groups
from crmkit.compare.gap_doubts import beginning, hindrances
from crmkit.compare.gap_sides import (
    STAGED,
    Chain,
    ChainName,
    Reasons,
    Side,
    resolved,
    sales_chain,
    stage_chain,
    untold,
)
from crmkit.compare.gap_spread import Spread, Weeks, spread_of, too_few, unjudge, weeks_of
from crmkit.compare.intervals import verdicts
from crmkit.errors import N_, RequestError
from crmkit.facts import BoolArray, FloatArray
from crmkit.limits import Limits
from crmkit.measures.evaluation import evaluate
from crmkit.measures.sales import CLOSED, amounts
from crmkit.measures.slices import check, lacking
from crmkit.process.resampling import resamples_of
from crmkit.schema import Snapshot
from crmkit.statistics.decomposition import whole_steps

UNITS = {"leads": "count", "working_days": "count", "average_check": "money"}
#: Why a factor is not known where a side has nothing to divide by.
UNKNOWN = {
    "stage_conversion": "stage_not_reached",
    "amount_known": "nothing_won",
    "average_check": "nothing_priced",
}
FIGURES = (
    "first", "second", "n_first", "n_second", "n", "shown", "value", "low", "high", "adjusted",
    "adjusted_low", "adjusted_high", "gap", "gap_low", "gap_high",
)  # fmt: skip
#: Amounts are skewed. Where one side has won so many times more deals than the other, that does not cancel
#: out: the limits of leads, of the average check and of the whole gap cover less than they say (measured).
UNEVEN = 2
NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Gap:
    """What makes the revenue of two sides differ.

    Attributes
    ----------
    first, second: the sides; all differences are the first less the second.
    chain: ``sales`` or ``stages``. unit: ``money``, or ``count`` where the export has no amounts: then won
        deals are split. pipeline: of the stages. mix: the slice that the win rate is split by.
    rows: one row a factor, in the chain's order, then ``total``: ``factor``, ``stage``, ``unit`` (of the
        factor), ``first``, ``second`` (the factor's values; NaN where not known), ``n_first``, ``n_second``
        (the cases behind them), then the shape of all comparisons: ``value, low, high, n, adjusted…, gap,
        gap_low, gap_high, label, direction, reason``, where ``value`` is the contribution in the gap's unit.
        The contributions add up to the total; so do, rounded, those that are ``shown``.
    left_out: ``side`` (0, 1), ``reason``, ``n``: deals that are in no figure, and won deals without amount.
    level: of the intervals ``gap_low``–``gap_high`` of the contributions.
    """

    first: Side
    second: Side
    chain: ChainName
    unit: str
    pipeline: str
    mix: str
    rows: pd.DataFrame
    left_out: pd.DataFrame
    level: float


def gap(
    crm: Snapshot,
    first: Side,
    second: Side,
    *,
    chain: ChainName = "sales",
    mix: str | None = "",
    pipeline: str = "",
) -> Gap:
    """Split the gap in revenue between two reps, periods or departments into what it comes from.

    The leads are the deals that came to an end, won or lost, in the side's period; the win rate is the share
    of them that was won, the average check what these won deals brought on average. So leads × win rate ×
    average check is the revenue of the period exactly; deals still open are in none of it. Where the periods
    differ in working days, these are a factor too, and leads are told per working day. Where some won deals
    have no amount, so is the share of them that has one.

    Parameters
    ----------
    chain: ``sales``; or ``stages``: the conversion of every stage of one pipeline in place of the win rate.
    mix: a slice, such as ``source``, by which the win rate's part is split into which deals the side had
        (``mix``) and how well like deals are won (``win_rate``); only in the chain ``sales``. ``None``: the
        first of source, segment, product that tells.
    pipeline: of the chain ``stages``; by default that of most deals.

    Notes
    -----
    A factor that one side does not have (the average check of who won nothing) is taken to be the other
    side's: it contributes nothing, what comes before it all, and the sum stays exact. Its row cannot be
    computed, and says so. Intervals: the spread of a bootstrap by client, with Student's quantile for the
    clients who bought; between two times that from week to week, where it reaches further. No part holds that
    does not without the biggest deal of either side, or not among all parts together.

    Raises
    ------
    RequestError: both sides are the same; there is no such slice, group or pipeline; the mix is filled in by
        how deals ended.

    Source: METHOD 6.2
    """
    if first == second:
        remedy = N_("Name two sides that differ.")
        raise RequestError(first.value or first.period.name, N_("this is compared with itself"), (), remedy)
    sides = (first, second)
    check(crm, filter(None, [first.by, second.by, mix]))
    if lacks := _lacks(crm, sides, chain, mix or ""):
        return _untold(sides, chain, mix or "", lacks)
    (one, left), (other, rest) = (resolved(crm, side) for side in sides)
    made, out = sales_chain(crm, (one, other)), (left, rest)
    if chain == "stages":
        made, more = stage_chain(crm, (one, other), pipeline)
        out = (left | more[0], rest | more[1])
    mix, groups = mix_groups(crm, mix, made)
    split = Split(made, amounts(crm), resamples_of(crm), days_apart(crm, sides), groups)
    against = _against(crm, sides, made, out)
    weeks = weeks_of(crm, sides, made)
    rows, level = _judged(split, weeks, crm.settings.limits, against, untold=beginning(crm, sides))
    unjudge(rows, too_few(split, weeks, sides, crm.settings.limits))
    unit = "money" if "average_check" in made.factors else "count"
    units = [*(UNITS.get(name, "share") for name in rows["factor"][:-1]), unit]
    if split.days:
        units[1] = "per_day"
    rows.insert(2, "unit", units)
    return Gap(first, second, chain, unit, made.pipeline, mix, rows, _left_out(made, out), level)


def _judged(
    split: Split, weeks: Weeks | None, limits: Limits, against: Mapping[str, str], *, untold: str
) -> tuple[pd.DataFrame, float]:
    """Return the rows with their intervals and verdicts, and the level over all contributions."""
    told, buyers = split.counted(), split.buyers()
    value, n, spread = told.worth[0], told.n.min(axis=0), spread_of(split, weeks)
    level = spread.level(value, limits.false_discovery) if buyers > 1 else 1 - limits.false_discovery
    names = [*split.names, ("total", "")]
    hindered = np.array([against.get(name, against.get("", "")) for name, _ in names], dtype=object)
    hindered[(hindered == "") & ~_without_biggest(split, weeks, value, level)] = "one_deal"
    lacks = np.array([UNKNOWN.get(name, "no_leads") for name, _ in names], dtype=object)
    known = ~np.isnan(told.values).any(axis=0)
    lacks[known] = untold or ("" if buyers > 1 else "one_client" if buyers else "nothing_won")
    half, wide = spread.half(0.95), _wide(spread, level)
    rows = pd.DataFrame(names, columns=["factor", "stage"]).astype("str")
    rows = rows.assign(
        first=told.values[0], second=told.values[1], n_first=told.n[0], n_second=told.n[1], n=n,
        shown=_shown(told.values[:, -1], value), value=value, low=value - half, high=value + half,
        adjusted=NAN, adjusted_low=NAN, adjusted_high=NAN,
        gap=value, gap_low=value - wide, gap_high=value + wide,
    )  # fmt: skip
    unknown = lacks != ""
    rows.loc[unknown, ["low", "high", "gap_low", "gap_high"]] = NAN
    said = verdicts(n, rows["gap_low"], rows["gap_high"], limits=limits, missing=lacks, against=hindered)
    return pd.concat([rows, said], axis=1), level


def _wide(spread: Spread, level: float) -> FloatArray:
    """Return half of the judged intervals: the parts allow for one another, the total stands alone."""
    return np.append(spread.half(level)[:-1], spread.half(0.95)[-1])


def _shown(ends: FloatArray, value: FloatArray) -> FloatArray:
    """Return the contributions and the total as they are printed: whole, or hundredths of small ones."""
    places = 0 if np.abs([*ends, *value]).max() >= 100 else 2
    parts = whole_steps(float(ends[1]), value[:-1], places)
    return np.append(parts, parts.sum())


def _without_biggest(split: Split, weeks: Weeks | None, value: FloatArray, level: float) -> BoolArray:
    """Tell which contributions stay on their side of zero without the biggest deal of either side."""
    stays = np.ones(len(value), dtype=bool)
    for without in split.without_biggest():
        worth = split.counted(without).worth[0]
        stays &= np.sign(value) * worth > _wide(spread_of(split, weeks, without), level)
    return stays


def _against(
    crm: Snapshot, sides: tuple[Side, Side], made: Chain, out: tuple[Reasons, Reasons]
) -> dict[str, str]:
    """Return why contributions do not hold, whatever their interval says, by factor; under "" all."""
    against: dict[str, str] = {}
    empty = crm.settings.limits.empty_share
    wins = [int((depth >= made.won).sum()) for depth in made.depths]
    if "average_check" in made.factors and max(wins) > UNEVEN * min(wins):
        against |= dict.fromkeys(("leads", "average_check", "total"), "approximate_interval")
    for at, won in enumerate(wins):
        depth = made.depths[at]
        untold = int(out[at].get("no_history", np.zeros(1)).sum())
        if untold and untold >= empty * (untold + int((depth >= 0).sum())):
            against |= {"stage_conversion": "no_history", "leads": "no_history"}
        if won and made.unpriced(at) >= empty * won:
            against |= {"average_check": "amounts_missing", "total": "amounts_missing"}
    more = hindrances(crm, sides)
    return more if "" in more else against | more


def _lacks(crm: Snapshot, sides: tuple[Side, Side], chain: ChainName, mix: str) -> str:
    """Return the columns that the export would need, or why a period tells nothing."""
    needs = crm.lacks([*CLOSED, *(STAGED if chain == "stages" else ())])
    needs += [lacking(crm, name) for name in (*(side.by for side in sides), mix) if name]
    if not any(needs):
        for side in sides:
            told = evaluate("win_rate", crm, side.period)
            needs += told["missing"][told["state"] == "not_in_export"].tolist() or untold(crm, side)
    return ", ".join(dict.fromkeys(filter(None, needs)))


def _untold(sides: tuple[Side, Side], chain: ChainName, mix: str, lacks: str) -> Gap:
    """Return a gap of which nothing can be computed."""
    names = ["leads", "stage_conversion" if chain == "stages" else "win_rate", "average_check", "total"]
    told = verdicts(np.zeros(len(names)), NAN, NAN, limits=Limits(), missing=lacks)
    units = [UNITS.get(name, "share") for name in names[:-1]]
    rows = pd.DataFrame({"factor": names, "stage": "", "unit": [*units, "money"]}).astype("str")
    rows = rows.assign(**dict.fromkeys(FIGURES, NAN)).assign(n=0)
    return Gap(*sides, chain, "money", "", mix, pd.concat([rows, told], axis=1), _counts([]), NAN)


def _left_out(made: Chain, out: tuple[Reasons, Reasons]) -> pd.DataFrame:
    """Count what is in no figure by side and reason, and the won deals without an amount."""
    rows = [(at, reason, int(mask.sum())) for at in range(2) for reason, mask in out[at].items()]
    rows += [(at, "no_amount", made.unpriced(at)) for at in range(2)]
    return _counts([row for row in rows if row[2]])


def _counts(rows: list[tuple[int, str, int]]) -> pd.DataFrame:
    told = pd.DataFrame(rows, columns=["side", "reason", "n"])
    return told.astype({"side": "int64", "reason": "str", "n": "int64"})
