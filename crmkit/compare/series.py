"""Weekly figures of a measure, per working day: whole weeks, none before the first record (METHOD 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.compare.people import credited
from crmkit.errors import N_, RequestError, did_you_mean
from crmkit.facts import BoolArray, FloatArray, IntArray, day_of
from crmkit.measures import slices
from crmkit.measures.cases import days_seen
from crmkit.measures.catalog import Measure, find
from crmkit.measures.evaluation import ALL, began, check_fit, why_not
from crmkit.measures.summaries import Sample, summarise
from crmkit.periods import floor
from crmkit.schema import Snapshot

#: Whose figures: slice -> the group, such as ``{"team": "North"}``; nothing for the whole department.
Group = Mapping[str, str]
COLUMNS = ("week", "working_days", "value", "weight", "n", "numerator", "biggest", "biggest_weight")
#: A record begins with the first two-hundredth of its cases.
HEAD = 200
#: Summaries that add up, and are told per working day.
TOTALS = ("count", "sum")
DAILY = {"count": "per_day", "money": "money_per_day"}


def weekly(crm: Snapshot, name: str, group: Group | None = None, *, outside: bool = False) -> pd.DataFrame:
    """Return the figures of a measure by week.

    Parameters
    ----------
    name: ``id`` or ``id:variant``.
    group: whose figures; a closed deal is of who owned it then, where the export tells that. outside: those
        of all others instead.

    Returns
    -------
    One row a week, from the first whole one that the export records to the last one that is over; without
    those that have no working day. ``week`` is its Monday. ``value``: counts and sums are per working day of
    the week; others as everywhere, null without cases. ``weight``: what the value is worth: working days;
    the denominator of a ratio or mean; the cases of a median. ``n``: the cases. ``numerator``: ``value`` ×
    ``weight``, null for medians. ``biggest`` and ``biggest_weight``: the case that adds most to the
    numerator, and what it adds to the weight; of money only, else null. Empty where the export cannot tell
    the measure (:func:`lacking`).

    Raises
    ------
    RequestError: an unknown measure, slice or group; a measure that cannot be told by week, or only by a
        slice that the group does not name.
    """
    one, group = find(name), group or {}
    _check(crm, one, group)
    if lacking(crm, name, group):
        return pd.DataFrame(columns=list(COLUMNS)).astype({"week": "datetime64[us]"})
    cases = _counted(crm, one)
    weeks = _weeks(crm, one, cases)
    mine = _of_group(crm, one, cases, group) != outside if group else np.ones(len(cases), dtype=bool)
    place = _places(cases, weeks)
    cases, place = cases[mine & (place >= 0)], place[mine & (place >= 0)]
    days = crm.settings.calendar.working_days_between(weeks, weeks + np.timedelta64(7, "D"))
    told = _summarised(one, cases, place, days)
    frame = pd.DataFrame({"week": weeks.astype("datetime64[us]"), "working_days": days} | told)
    return frame[days > 0].reset_index(drop=True)


def in_both(crm: Snapshot, name: str, group: Group, other: Group) -> int:
    """Return how many cases of a measure are in both of two groups."""
    one, cases = find(name), _counted(crm, find(name))
    return int((_of_group(crm, one, cases, group) & _of_group(crm, one, cases, other)).sum())


def unit_of(one: Measure) -> str:
    """Return the unit of the weekly figures of a measure: totals are per working day."""
    return DAILY.get(one.unit, one.unit) if one.summary in TOTALS else one.unit


def lacking(crm: Snapshot, name: str, group: Group | None = None) -> str:
    """Return why the export cannot tell a measure of a group: columns or codes; empty if it can."""
    return why_not(find(name), crm, ALL, list(group or {}))


def _check(crm: Snapshot, one: Measure, group: Group) -> None:
    """Refuse what has no weekly figures."""
    slices.check(crm, group, one.also_by)
    check_fit(one, crm, ["week", *group])
    if one.parts or one.is_bounded or one.summary == "distribution":
        what = N_("the measure cannot be told week by week")
        raise RequestError(one.name, what, remedy=N_("Take another measure, such as revenue or win_rate."))
    if one.within and one.within not in group:
        what = N_("the measure is told by {slice}: name one", slice=one.within)
        raise RequestError(one.name, what, remedy=N_("Name the group: {slice}=…", slice=one.within))


def _weeks(crm: Snapshot, one: Measure, cases: pd.DataFrame) -> pd.Series:
    """Return the Mondays of the whole weeks between the first record of the measure and ``as_of``.

    One mistyped date does not begin a record.
    """
    first, after = days_seen(crm, ALL).days()
    recorded, days = began(one, crm), day_of(cases["at"].dropna()).sort_values()
    known = [] if recorded is None else [recorded.tz_convert(crm.settings.zone).date()]
    first = max([first, *known, *(day.date() for day in days.iloc[len(days) // HEAD :].head(1))])
    monday = floor(first + timedelta(days=6), "week")
    return pd.Series(pd.date_range(monday, floor(after, "week"), freq="7D", inclusive="left", unit="us"))


def _places(cases: pd.DataFrame, weeks: pd.Series) -> IntArray:
    """Return the week of each case, −1 for none of them."""
    if weeks.empty:
        return np.full(len(cases), -1)
    days = (day_of(cases["at"]) - weeks.iloc[0]).dt.days.to_numpy(dtype=np.float64, na_value=-1)
    place = np.floor_divide(days, 7).astype(np.int64)
    return np.where((place >= 0) & (place < len(weeks)), place, -1)


def _counted(crm: Snapshot, one: Measure) -> pd.DataFrame:
    """Return the cases of a measure that count, of all times."""
    cases = one.cases(crm, ALL)
    return cases[(cases["left_out"] == "").to_numpy()]


def _of_group(crm: Snapshot, one: Measure, cases: pd.DataFrame, group: Group) -> BoolArray:
    """Return which cases are of a group."""
    owned = credited(crm, cases) if group and one.basis == "closed_in" else cases
    mine = np.ones(len(cases), dtype=bool)
    for name, value in group.items():
        codes, labels = slices.coded(crm, owned, name)
        if value not in labels:
            what = N_("there is no such group")
            raise RequestError(f"{name} {value}", what, remedy=did_you_mean(value, sorted(labels)))
        mine &= codes == labels.index(value)
    return mine


def _summarised(
    one: Measure, cases: pd.DataFrame, place: IntArray, days: FloatArray
) -> dict[str, FloatArray]:
    """Return the columns of :func:`weekly` that depend on the cases."""
    limit = one.unit == "money" or "weight" in cases
    sample = Sample(cases, place, len(days), is_money=limit)
    figures = summarise(one.summary, sample)
    nothing = np.full(len(days), np.nan)
    told = {"value": figures["value"], "weight": figures["n"], "n": figures["n"], "numerator": nothing}
    told |= {"biggest": nothing, "biggest_weight": nothing}
    if one.summary in TOTALS:
        worked = np.where(days > 0, days, np.nan)
        told |= {"value": figures["value"] / worked, "weight": days, "numerator": figures["value"]}
    elif one.summary in ("ratio", "mean"):
        told |= {"weight": figures["denominator"], "numerator": figures["numerator"]}
    if one.unit == "money" and one.summary in ("sum", "mean", "ratio") and len(cases):
        values = sample.column("value")
        order = np.lexsort((values, place))
        last = order[np.flatnonzero(np.diff(place[order], append=len(days)))]
        told["biggest"], told["biggest_weight"] = nothing.copy(), nothing.copy()
        told["biggest"][place[last]] = values[last]
        told["biggest_weight"][place[last]] = 0.0 if one.summary == "sum" else sample.column("weight")[last]
    return told
