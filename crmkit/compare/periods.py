"""Two periods compared: the same figures per working day, like for like, and which changes are no noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.compare.artefacts import artefacts
from crmkit.compare.intervals import verdicts
from crmkit.compare.measure_change import MeasureChange, measure_change
from crmkit.compare.period_cases import seen_days
from crmkit.compare.recording import recording
from crmkit.errors import N_, RequestError
from crmkit.measures.catalog import find
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.many import false_discovery

MEASURES = (
    "new_deals", "won_deals", "lost_deals", "win_rate", "revenue", "average_check:mean",
    "average_check:median", "deal_cycle:won_median", "sales_actions_per_day", "calls_out", "meetings_held",
    "proposals_sent", "tasks_completed", "tasks_on_time", "first_response_time:share_in_norm",
    "lost_with_reason",
)  # fmt: skip
#: What is told of a change, and of each period.
OF_CHANGE = (
    "change", "change_low", "change_high", "relative", "adjusted", "adjusted_low", "adjusted_high", "gap",
    "gap_low", "gap_high", "chance",
)  # fmt: skip
OF_SIDES = (("before", "before_low", "before_high"), ("value", "low", "high"))
#: Warnings that leave a figure without a comparison, and those that leave a change without a verdict.
BLOCKING, HINDERING = ("first_records", "records_begin"), ("young_cases",)


@dataclass(frozen=True, eq=False)
class Periods:
    """Two periods, compared.

    Attributes
    ----------
    earlier, later: what was asked. working_days: of both, as far as they are seen.
    rows: one row a measure, in the order asked. ``name, unit`` (of the change), ``better``, ``is_daily``
        (told per working day); ``before, before_n`` and ``value, low, high, after_n`` (the later period; the
        limits of a share are Wilson's); ``change, change_low, change_high`` (later less earlier, 95 %),
        ``relative`` (as a part of the earlier figure); ``adjusted…``: the earlier figure and the change
        among like deals, which is the later figure had only they changed; ``like``: the slice in which they
        are alike; ``gap, gap_low, gap_high``: the change that is judged, its limits
        allowing for all comparisons; ``chance`` (its p-value), ``n`` (what the gates look at), ``weeks``,
        ``label, direction, reason``. A change that cannot be computed has no figures, and a period before
        the records none of its own.
    mix: the groups of the slice that moved the win rate most: ``group, before_n, n, before, value, rate,
        mix``; empty without one. rate, mix add up to the change of the win rate.
    like: that slice. warnings: see :func:`artefacts`. level: of ``gap_low`` and ``gap_high``.
    left_out: ``measure, variant, name, side, reason, n, counted``.
    """

    earlier: Period
    later: Period
    working_days: tuple[int, int]
    rows: pd.DataFrame
    mix: pd.DataFrame
    like: str
    warnings: pd.DataFrame
    left_out: pd.DataFrame
    level: float


def compared_periods(
    crm: Snapshot, earlier: Period, later: Period, measures: Sequence[str] = MEASURES
) -> Periods:
    """Compare two periods: what changed from the earlier to the later one, and what of it is no noise.

    Counts and sums are told per working day. Their limits come from the spread from week to week (likeness of
    neighbouring weeks included), those of the rest from weeks or clients, whichever spread more. The win rate
    is judged among deals of one source, segment or product, whichever explains most of its change. A change
    holds if it stands out among all figures (false discovery), in money also without the single biggest deal.
    It says nothing of why: the season, too, makes periods differ.

    Parameters
    ----------
    earlier, later: with borders; they must not overlap.
    measures: names; figures that tell of one day only, or have no interval of a change, cannot be compared.

    Raises
    ------
    RequestError: a period without borders, periods that overlap, or an unknown measure.

    Source: METHOD 6.3
    """
    _check(earlier, later)
    wanted = list(dict.fromkeys(find(name) for name in measures))
    spans = (seen_days(crm, earlier), seen_days(crm, later))
    told = [measure_change(crm, one, (earlier, later), spans) for one in wanted]
    left_out = pd.concat([one.left_out for one in told], ignore_index=True)
    found = artefacts(
        crm, earlier, later, names=[one.one.name for one in told if not one.missing], left_out=left_out
    )
    rows, level = _judged(crm, told, found, later)
    shown = next((one for one in told if one.like), None)
    working = [int(crm.settings.calendar.is_working(days).sum()) for days in spans]
    return Periods(
        earlier, later, (working[0], working[1]), rows,
        pd.DataFrame() if shown is None else shown.mix, "" if shown is None else shown.like,
        found, left_out, level,
    )  # fmt: skip


def _check(earlier: Period, later: Period) -> None:
    for period in (earlier, later):
        if period.start is None:
            what = N_("only periods with a beginning and an end can be compared")
            raise RequestError(period.name, what, remedy=N_("Name two periods, such as 2017-Q1 and 2017-Q2."))
    if earlier.days()[1] > later.days()[0]:
        raise RequestError(
            f"{earlier.name}, {later.name}",
            N_("the first period must end before the second one begins"),
            remedy=N_("Name two periods that do not overlap, the earlier one first."),
        )


def _judged(
    crm: Snapshot, told: Sequence[MeasureChange], found: pd.DataFrame, later: Period
) -> tuple[pd.DataFrame, float]:
    """Return the rows with their verdicts, and the level of the intervals that are judged."""
    limits = crm.settings.limits
    rows = pd.DataFrame([one.row for one in told])
    missing = np.array([one.missing or _barred(one, found, BLOCKING) for one in told], object)
    short = np.array([one.short for one in told], object)
    counted = (missing == "") & (short == "") & (rows["n"] >= limits.compared_cases).to_numpy()
    chances = [
        one.judged.chance() if one.judged and use else np.nan for one, use in zip(told, counted, strict=True)
    ]
    _, level = false_discovery(chances, limits.false_discovery)
    ends = np.array([one.judged.limits(level) if one.judged else (np.nan, np.nan) for one in told])
    clear = (ends[:, 0] > 0) | (ends[:, 1] < 0)
    against = [
        "one_deal" if use and _is_one_deal(one, level) else "" for one, use in zip(told, clear, strict=True)
    ]
    bent = [_bent(crm, one, found, later) if use else "" for one, use in zip(told, counted, strict=True)]
    labels = verdicts(
        rows["n"], ends[:, 0], ends[:, 1], limits=limits, missing=missing, bent=bent, against=against
    )
    short = np.where((short == "") & np.isnan(ends).any(axis=1), "no_limits", short)
    limitless = (labels["reason"] == "no_interval") & (missing == "")
    brief = (short != "") & (labels["label"].isin(["holds", "may_be_chance"]) | limitless).to_numpy()
    labels["label"] = np.where(brief, "too_little_data", labels["label"])
    labels["reason"] = np.where(brief, short, labels["reason"])
    labels["direction"] = np.where(labels["label"] == "holds", labels["direction"], "none")
    rows = rows.assign(gap_low=ends[:, 0], gap_high=ends[:, 1], chance=chances)
    rows.loc[(labels["label"] == "cannot_be_computed").to_numpy(), list(OF_CHANGE)] = np.nan
    for side, columns in enumerate(OF_SIDES):
        rows.loc[[_is_before_records(one, found, side) for one in told], list(columns)] = np.nan
    return pd.concat([rows, labels.astype("str")], axis=1), level


def _is_before_records(one: MeasureChange, found: pd.DataFrame, side: int) -> bool:
    """Tell whether nothing that a measure counts in a period can be in the export: then it is not zero."""
    whole = (found["code"] == "first_records") & (found["side"] == side) & (found["share"] == 0)
    return bool((whole & (found["measure"] == one.one.basis)).any())


def _barred(one: MeasureChange, found: pd.DataFrame, codes: Sequence[str]) -> str:
    """Return the warning that keeps a measure from being compared, if any."""
    about = found["measure"].isin([one.one.name, one.one.basis])
    hit = found.loc[about & found["code"].isin(codes), "code"]
    return str(hit.iloc[0]) if len(hit) else ""


def _is_one_deal(one: MeasureChange, level: float) -> bool:
    """Tell whether a change that is clear by its interval is not so without the biggest deal."""
    if one.robust is None:
        return False
    low, high = one.robust.limits(level)
    return not (low > 0 or high < 0)


def _bent(crm: Snapshot, one: MeasureChange, found: pd.DataFrame, later: Period) -> str:
    """Return why a figure may tell of how records were kept, or of cases too young, if so."""
    return recording(crm, one.one, *later.days()).reason or _barred(one, found, HINDERING)
