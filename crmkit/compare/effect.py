"""Before and after a change: what it did to a measure, week by week (METHOD 6.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.compare.artefacts import seen_shares
from crmkit.compare.interrupted import Judged, judged_series
from crmkit.compare.recording import COUNTED, MASS_COLUMNS, OF_WON, Recording, mass_closings, recording
from crmkit.compare.series import TOTALS, Group, in_both, lacking, unit_of, weekly
from crmkit.errors import N_, RequestError
from crmkit.measures.catalog import Measure, find
from crmkit.measures.evaluation import ALL
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: Of a year of 365.25 days.
MONTHS_A_DAY = 12 / 365.25
#: Between what the figures of a unit lie, and so what is told of the line; sums of money may be below zero.
BOUNDS = {"share": (0.0, 1.0), "per_day": (0.0, np.inf)}
#: What is told of each week besides the lines.
COLUMNS = ["week", "is_after", "value", "weight", "n", "control"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Effect(Judged):
    """What a change did to a measure, on average over the weeks after it, beside what :class:`Judged` tells.

    Attributes
    ----------
    measure: its full name. date: of the change; the week in which it lies counts on neither side.
    value, low, high, base …: in the unit of the weekly figures: counts and sums are per working day. The base
        and the lines lie where figures of the unit can lie.
    money_month, money_low, money_high: of sums of money, the change a month of usual working days.
    control, treated: whose figures, as they were asked for.
    series: besides the lines ``week`` (Monday), ``is_after`` (null in the week of the change), ``value``,
        ``weight``, ``n``, ``control`` (its figure).
    recording: who closed deals in a mass around the day, and what is recorded more, or less, since then.
    weeks_left_out: weeks at the beginning of the records, in which only quick deals can have been closed.
    """

    measure: str
    date: date
    money_month: float = np.nan
    money_low: float = np.nan
    money_high: float = np.nan
    control: Group
    treated: Group
    recording: Recording
    weeks_left_out: int = 0

    def mean(self, *, is_after: bool) -> float:
        """Return the mean of the weeks of a side, each by what it is worth; NaN without any."""
        values, worth = (self.series[name].to_numpy(np.float64) for name in ("value", "weight"))
        side = (self.series["is_after"] == is_after).fillna(value=False).to_numpy(bool)
        side = side & np.isfinite(values) & (worth > 0)
        return float(np.average(values[side], weights=worth[side])) if side.any() else np.nan


def effect(
    crm: Snapshot, day: date, measure: str, *, control: Group | None = None, treated: Group | None = None
) -> Effect:
    """Return what changed in a measure since a day, beyond trend, season and chance.

    Parameters
    ----------
    day: the first day on which the change is in force.
    measure: ``id`` or ``id:variant``; one that can be told week by week.
    control: a group that the change did not touch, such as ``{"team": "South"}``: what happened to its
        figures at the same time, in proportion, is taken off.
    treated: whose figures; left out: everybody's, or with a control group all others'.

    Notes
    -----
    It does not hold where deals were closed in a mass around the day, or where records are kept otherwise
    since then (``compare.recording``); with too few weeks; where the history is too short to tell the season
    from the effect; where as much is found on dates without a change; without the single biggest deal.
    What else was changed at that time, no figure tells apart.

    Raises
    ------
    RequestError: an unknown measure, slice or group, a measure that has no weekly figures, or a control group
        that has cases in common with the changed one: what they share would take the effect off itself.

    Source: METHOD 6.4
    """
    one, mine, theirs = find(measure), dict(treated or {}), dict(control or {})
    outside = bool(theirs) and not mine
    figures = weekly(crm, measure, theirs if outside else mine, outside=outside)
    others = weekly(crm, measure, theirs) if theirs else None
    if lacks := lacking(crm, measure, mine | theirs):
        return _refused(day, one, (theirs, mine), lacks)
    if mine and theirs:
        _check_apart(crm, one, mine, theirs)
    whole = _recorded_whole(crm, one, figures)
    frame = _sides(whole, others, day)
    kept = recording(crm, one, day, _until(frame, day))
    told = _judged(crm, frame, bool(theirs), kept.reason)
    if told.label == "holds":
        told = _without_biggest(crm, frame, bool(theirs), told)
    a_month = _days_a_month(frame) if one.unit == "money" and one.summary in TOTALS else np.nan
    lines, least, most = told.series, *BOUNDS.get(unit_of(one), (-np.inf, np.inf))
    lines = lines.assign(**{name: lines[name].clip(least, most) for name in ("fitted", "without")})
    base = float(np.clip(told.base, least, most))
    series = frame[COLUMNS].join(lines.set_axis(frame.index[frame["is_after"].notna()]))
    return Effect(
        **vars(told) | {"series": series, "base": base}, measure=one.name, date=day, control=theirs,
        treated=mine,
        money_month=told.value * a_month, money_low=told.low * a_month, money_high=told.high * a_month,
        recording=kept, weeks_left_out=len(figures) - len(whole),
    )  # fmt: skip


def _check_apart(crm: Snapshot, one: Measure, treated: Group, control: Group) -> None:
    """Refuse a control group that the change touched."""
    if shared := in_both(crm, one.name, treated, control):
        told = [", ".join(f"{name}={value}" for name, value in group.items()) for group in (treated, control)]
        raise RequestError(
            " / ".join(told),
            N_("cases that are in the changed group and in the control group too: {n}", n=shared),
            remedy=N_("Name a control group that has nothing in common with the changed one."),
        )


def _recorded_whole(crm: Snapshot, one: Measure, figures: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks from the first one on of whose deals the export can hold nearly all.

    Where deals were closed in a mass, how long losing takes tells of tidying up: winning alone is looked at.
    """
    limits, zone = crm.settings.limits, crm.settings.zone
    of_won = one.id in OF_WON or len(mass_closings(crm, ALL)) > 0
    for place, week in enumerate(figures["week"].dt.date):
        period = Period.between(week, week + timedelta(days=7), zone)
        if seen_shares(crm, period, of_won=of_won).of(one.basis) >= limits.closings_seen:
            return figures.iloc[place:].reset_index(drop=True)
    return figures[:0]


def _sides(figures: pd.DataFrame, others: pd.DataFrame | None, day: date) -> pd.DataFrame:
    """Return the weeks with their side: before, after, or null for the week in which the change lies."""
    start = pd.Timestamp(day)
    weeks = figures["week"]
    after = pd.array(weeks >= start, dtype="boolean")
    after[((weeks < start) & (weeks + pd.Timedelta(days=7) > start)).to_numpy()] = pd.NA
    frame = figures.assign(is_after=after)
    if others is None:
        return frame.assign(control=np.nan, control_weight=np.nan)
    beside = others.rename(columns={"value": "control", "weight": "control_weight"})
    return frame.merge(beside[["week", "control", "control_weight"]], how="left", on="week", validate="1:1")


def _judged(crm: Snapshot, frame: pd.DataFrame, is_compared: bool, bent: str = "") -> Judged:
    """Judge the weeks before and after; without the one in which the change lies."""
    weeks = frame[frame["is_after"].notna().to_numpy()]
    weights = weeks["weight"].to_numpy(np.float64)
    if is_compared:  # the errors of both groups add up
        other = weeks["control_weight"].to_numpy(np.float64)
        weights = np.divide(weights * other, weights + other, out=np.zeros(len(weeks)), where=other > 0)
    return judged_series(
        weeks["value"], int((~weeks["is_after"].astype("bool")).sum()), limits=crm.settings.limits,
        weights=weights, control=weeks["control"] if is_compared else None, weeks=weeks["week"],
        cases=weeks["n"], bent=bent,
    )  # fmt: skip


def _until(frame: pd.DataFrame, day: date) -> date:
    """Return the day after the last week that is told."""
    last: date = max(frame["week"].max().date(), day) if len(frame) else day
    return last + timedelta(days=7)


def _without_biggest(crm: Snapshot, frame: pd.DataFrame, is_compared: bool, told: Judged) -> Judged:
    """Return what is told, unless it no longer holds without the deal that adds most to it."""
    biggest = frame["biggest"].where(frame["is_after"] == (told.direction == "above"))
    if biggest.isna().all():
        return told
    place = int(biggest.to_numpy(np.float64, na_value=-np.inf).argmax())
    rest = frame["numerator"].iloc[place] - biggest.iloc[place]
    weight = frame["weight"].iloc[place] - frame["biggest_weight"].iloc[place]
    fewer = frame.copy()
    fewer.loc[fewer.index[place], ["value", "weight"]] = [rest / weight if weight > 0 else np.nan, weight]
    again = _judged(crm, fewer, is_compared)
    if (again.label, again.direction) == (told.label, told.direction):
        return told
    return replace(told, label="may_be_chance", direction="none", reason="one_deal")


def _days_a_month(frame: pd.DataFrame) -> float:
    """Return the working days of a usual month, by those of the weeks told."""
    return float(frame["working_days"].mean()) / 7 / MONTHS_A_DAY if len(frame) else np.nan


def _refused(day: date, one: Measure, groups: tuple[Group, Group], lacks: str) -> Effect:
    """Return an effect that cannot be computed."""
    names = [*COLUMNS, "fitted", "without", "placebo"]
    kept = Recording(*(pd.DataFrame(columns=list(columns)) for columns in (MASS_COLUMNS, COUNTED)))
    return Effect(
        measure=one.name, date=day, control=groups[0], treated=groups[1], label="cannot_be_computed",
        direction="none", reason=lacks, series=pd.DataFrame(columns=names), recording=kept,
    )  # fmt: skip
