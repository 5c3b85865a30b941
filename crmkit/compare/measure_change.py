"""One measure in two periods: its figures, the change between them, and what hinders a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from crmkit.compare.changes import Change, quantile_change, ratio_change, share_change, total_change
from crmkit.compare.period_cases import Days, cells, gathered, told_after, weeks_of
from crmkit.compare.series import TOTALS, unit_of
from crmkit.compare.spread import PeriodCases, grouped
from crmkit.limits import Limits
from crmkit.measures.catalog import STANDING, Measure
from crmkit.measures.evaluation import cases_of, evaluate_fully
from crmkit.measures.slices import lacking
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.decomposition import kitagawa

#: What like deals are alike in: the win rate is told among those of one source, segment or product.
LIKE = ("source", "segment", "product")
LIKE_FOR_LIKE = ("win_rate:closed_count",)
#: A share is not judged by less: the spread from week to week is not known then.
FEWEST_WEEKS = 4
#: The earlier and the later period.
Sides: TypeAlias = tuple[PeriodCases, PeriodCases]
NUMBERS = (
    "before", "before_low", "before_high", "value", "low", "high", "change", "change_low", "change_high",
    "relative", "adjusted", "adjusted_low", "adjusted_high", "gap", "gap_low", "gap_high", "chance",
)  # fmt: skip
#: Summaries that are quantiles, in tenths.
TENTHS = {"median": 5, "p90": 9}


@dataclass(frozen=True, eq=False)
class MeasureChange:
    """A measure on both sides, as far as it can be compared.

    Attributes
    ----------
    one: the measure. row: its figures. left_out: cases that are not counted, by side and reason.
    missing: why it cannot be compared. short: why the periods are too short for it.
    judged: the change, among like cases where such can be told. robust: without the single biggest deal, in
        money. like: the slice of like cases. mix: its groups.
    """

    one: Measure
    row: dict[str, Any]
    left_out: pd.DataFrame
    missing: str = ""
    short: str = ""
    judged: Change | None = None
    robust: Change | None = None
    like: str = ""
    mix: pd.DataFrame = field(default_factory=pd.DataFrame)


def measure_change(
    crm: Snapshot, one: Measure, periods: tuple[Period, Period], spans: tuple[Days, Days]
) -> MeasureChange:
    """Return a measure of two periods, with the change between them where it can be told.

    Parameters
    ----------
    periods, spans: the earlier and the later period, and the days of each that are seen.
    """
    rows, lefts = [], []
    for side, period in enumerate(periods):
        figures, left = evaluate_fully(one.name, crm, period)
        rows.append(figures.iloc[0])
        kept = left[["measure", "variant", "reason", "n"]]
        lefts.append(kept.assign(name=one.name, side=side, counted=int(rows[-1]["n"])))
    row = _row(one, rows)
    told = MeasureChange(one, row, pd.concat(lefts, ignore_index=True), missing=_missing(one, rows))
    if told.missing or min(len(days) for days in spans) == 0:
        return replace(told, missing=told.missing or "after_as_of")
    weeks = min(len(np.unique(weeks_of(days))) for days in spans)
    told = replace(told, short=_short(one, weeks, crm.settings.limits), row=row | {"weeks": weeks})
    cases = (cases_of(one.name, crm, periods[0]), cases_of(one.name, crm, periods[1]))
    sides = gathered(crm, cases, spans)
    if told.short == "short_periods" or not _comparable(one, sides):  # described, without an interval
        return replace(told, row=told.row | _described(one, sides))
    change = _change(one, sides, crm.settings.limits)
    told = replace(told, judged=change, robust=_robust(one, sides, change, crm.settings.limits))
    if one.name in LIKE_FOR_LIKE:
        told = _like_for_like(crm, told, sides, cases)
    return replace(told, row=told.row | _figures(told, change))


def _row(one: Measure, rows: list[pd.Series]) -> dict[str, Any]:
    daily = one.summary in TOTALS
    n = [int(row["n"]) for row in rows]
    row: dict[str, Any] = dict.fromkeys(NUMBERS, np.nan) | {
        "name": one.name, "unit": unit_of(one),
        "better": one.better, "is_daily": daily, "before_n": n[0], "after_n": n[1],
        "n": max(n) if daily else min(n), "weeks": 0, "like": "",
    }  # fmt: skip
    if not daily:
        figures = [float(told[name]) for told in rows for name in ("value", "low", "high")]
        row |= zip(("before", "before_low", "before_high", "value", "low", "high"), figures, strict=True)
    return row


def _missing(one: Measure, rows: list[pd.Series]) -> str:
    """Return why a measure cannot be compared: what the export lacks, or that it has no such interval."""
    if one.basis in STANDING or one.is_timeless:
        return "one_moment"
    lacks = [row["missing"] for row in rows if row["state"] == "not_in_export"]
    if lacks:
        return str(lacks[0])
    return "" if one.summary in (*TENTHS, *TOTALS, "mean", "ratio") else "no_interval"


def _short(one: Measure, weeks: int, limits: Limits) -> str:
    if one.summary in TOTALS:
        return "short_periods" if weeks < limits.weeks_after else ""
    return "very_short_periods" if weeks < FEWEST_WEEKS else ""


def _described(one: Measure, sides: Sides) -> dict[str, Any]:
    """Return what totals are per working day, where their change has no interval."""
    days = [side.days.sum() for side in sides]
    if one.summary not in TOTALS or min(days) == 0:
        return {}
    before, value = (float(side.value.sum() / many) for side, many in zip(sides, days, strict=True))
    told = {"before": before, "value": value, "change": value - before, "gap": value - before}
    return told | ({"relative": value / before - 1} if before > 0 else {})


def _comparable(one: Measure, sides: Sides) -> bool:
    if min(len(side.days) for side in sides) < 2:
        return False
    if one.summary in TOTALS:
        return any(len(side.value) for side in sides)
    return all(side.weight.sum() > 0 for side in sides)


def _change(one: Measure, sides: Sides, limits: Limits) -> Change:
    if one.summary in TOTALS:
        return total_change(*sides, counts=one.unit == "count")
    if one.summary in TENTHS:
        return quantile_change(*sides, tenths=TENTHS[one.summary])
    if one.summary == "ratio" and all(side.is_share for side in sides):
        return share_change(*sides, cell_cases=limits.cell_cases)[0]
    return ratio_change(*sides)


def _robust(one: Measure, sides: Sides, change: Change, limits: Limits) -> Change | None:
    """Return the change without the biggest deal of the side that is the higher one; only in money."""
    if one.unit != "money" or one.summary not in ("sum", "mean"):
        return None
    at = int(change.gap > 0)
    if len(sides[at].value) < 2:
        return None
    kept = sides[at].without(int(np.argmax(sides[at].value)))
    return _change(one, (sides[0], kept) if at else (kept, sides[1]), limits)


def _like_for_like(
    crm: Snapshot, told: MeasureChange, sides: Sides, rows: tuple[pd.DataFrame, pd.DataFrame]
) -> MeasureChange:
    """Judge a share among like deals: alike in the slice whose mix explains most of the change.

    A field that is filled in by how deals ended makes no deals alike.
    """
    best, least = 0.0, crm.settings.limits.cell_cases
    deals = np.concatenate([some["deal_ix"].to_numpy(np.int64) for some in rows])
    for slice_ in LIKE:
        if lacking(crm, slice_) or told_after(crm, deals, slice_):
            continue
        codes, names = cells(crm, rows, slice_)
        split = (replace(sides[0], group=codes[0]), replace(sides[1], group=codes[1]))
        change, mix = share_change(*split, cell_cases=least)
        if abs(mix) > best:
            best = abs(mix)
            groups = _groups(split, names, least)
            told = replace(told, judged=change, like=slice_, mix=groups, row=told.row | {"like": slice_})
    return told


def _groups(sides: Sides, names: list[str], least: int) -> pd.DataFrame:
    """Return the groups of like deals with what each adds to the change; ``is_rest`` are the small ones."""
    before, after = grouped(*sides, least)
    split = kitagawa((after.won, after.of), (before.won, before.of))
    labels = np.full(len(before.of), None, dtype=object)
    olds = np.concatenate([side.group for side in sides])
    for new, old in zip(
        *np.unique(np.concatenate([before.code, after.code]), return_index=True), strict=True
    ):
        labels[new] = names[olds[old]] if new and olds[old] < len(names) else None
    rows = pd.DataFrame(
        {
            "group": labels, "is_rest": np.arange(len(labels)) == 0,
            "before_n": before.of.astype(np.int64), "n": after.of.astype(np.int64),
            "before_part": before.of / before.of.sum(), "part": after.of / after.of.sum(),
            "before": before.rate, "value": after.rate, "rate": split.rate, "mix": split.mix,
        }
    )  # fmt: skip
    return rows[(rows["before_n"] + rows["n"]) > 0].sort_values(
        "n", ascending=False, kind="stable", ignore_index=True
    )


def _figures(told: MeasureChange, change: Change) -> dict[str, Any]:
    """Return the figures of a change."""
    low, high = change.limits()
    row = {"change": change.gap, "change_low": low, "change_high": high}
    row["relative"] = change.gap / change.before if change.before > 0 else np.nan
    if told.row["is_daily"]:
        row |= {"before": change.before, "value": change.after}
    judged = told.judged or change
    if told.like:
        ends = (judged.gap, *judged.limits())
        names = ("adjusted", "adjusted_low", "adjusted_high")
        row |= {
            name: float(np.clip(told.row["before"] + end, 0, 1))
            for name, end in zip(names, ends, strict=True)
        }
    return row | {"gap": judged.gap}
