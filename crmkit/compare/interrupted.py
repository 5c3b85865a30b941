"""A weekly series with a change in it: the line with and without the change, and placebo dates (METHOD 6.4).

Weeks hang together, grow, and have their seasons; what is told of them as if they did not is mostly chance.
How often a change without effect is said to hold, and a true one is covered, stands in ``docs/compare.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from crmkit.compare.intervals import LEVEL, Direction, Label, verdict
from crmkit.facts import FloatArray
from crmkit.limits import Limits
from crmkit.statistics.regression import Fit, autoregressive, least_squares, usual_lags, whitened

#: The effect must exceed that of more than this share of the dates on which nothing was changed.
EXCEEDED = 0.95
#: Where the weeks are not dated: any Monday.
_MONDAY, _WEEK = np.datetime64("2001-01-01"), np.timedelta64(7, "D")
_CHANGE = 1  # the column of the change; the first is the intercept


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """What a change did to a weekly series.

    Attributes
    ----------
    value, low, high: the change of the level, in the unit of the series, with its 95 % interval.
    relative, relative_low, relative_high: the same as a part of what would have been without the change.
    robust_low, robust_high: the 95 % interval of the change by least squares with Newey and West's errors, as
        other tools tell it; too short where weeks hang together.
    base: what would have been on average in the weeks after: what was, less the change; NaN where only
        described.
    n_before, n_after: weeks with a figure.
    n: cases of the side that has fewer; NaN where they are not told.
    placebo_share: the share of the dates on which nothing was changed whose effect is smaller; NaN without
        any.
    is_season: whether a season was fitted. correlation: of the errors of neighbouring weeks.
    label, direction, reason: as in ``compare.intervals``; the direction is of the figure.
    series: one row a week: ``fitted`` and ``without``, the line and the line without the change; ``placebo``,
        the effect found where this week is taken for the first after a change, NaN for other weeks.
    """

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    relative: float = np.nan
    relative_low: float = np.nan
    relative_high: float = np.nan
    robust_low: float = np.nan
    robust_high: float = np.nan
    base: float = np.nan
    n_before: int = 0
    n_after: int = 0
    n: float = np.nan
    placebo_share: float = np.nan
    is_season: bool = False
    correlation: float = np.nan
    label: Label
    direction: Direction
    reason: str
    series: pd.DataFrame

    @property
    def placebo_dates(self) -> int:
        """How many dates there are on which nothing was changed."""
        return int(self.series["placebo"].notna().sum())


def judged_series(
    values: ArrayLike,
    change: int,
    *,
    limits: Limits,
    weights: ArrayLike | None = None,
    control: ArrayLike | None = None,
    weeks: ArrayLike | None = None,
    cases: ArrayLike | None = None,
    bent: str = "",
) -> Judged:
    """Judge a change in a weekly series.

    The line has a level, a trend and, from ``limits.season_weeks`` weeks before on, a level for each month of
    the year; the change raises the level. Errors hang together from week to week
    (:func:`crmkit.statistics.regression.autoregressive`); nothing holds that does not with Newey and West's
    errors, too. On placebo dates, of which ``weeks_before`` weeks lie before and ``weeks_after`` between them
    and the change, the same is asked of the weeks before alone.

    Parameters
    ----------
    values: one figure a week; NaN where there is none.
    change: the position of the first week after the change.
    weights: what each week's figure is worth: its working days, the denominator of its share.
    control: the same figure of a group that the change did not touch: what happened to it, in proportion, is
        taken off (difference in differences).
    weeks: the Monday of each week; left out: successive weeks.
    cases: how many cases each week has; left out: not judged by the number of cases.
    bent: why the figures may tell of something else; see ``compare.intervals.verdicts``.

    Source: METHOD 6.4; Bernal, Cummins and Gasparrini, Int. J. Epidemiology 46 (2017) 348–355
    """
    told = np.asarray(values, np.float64)
    worth = np.ones(len(told)) if weights is None else np.asarray(weights, np.float64)
    other = np.zeros(len(told)) if control is None else np.asarray(control, np.float64)
    mondays = _MONDAY + _WEEK * np.arange(len(told)) if weeks is None else np.asarray(weeks, "datetime64[D]")
    known = np.isfinite(told) & np.isfinite(other) & (worth > 0)
    place = np.flatnonzero(known)
    sides = place[place < change], place[place >= change]
    n = np.nan if cases is None else min(np.asarray(cases, np.float64)[side].sum() for side in sides)
    if min(map(len, sides)) < limits.described_weeks:
        return _described(told, worth, sides, n)
    shift = _proportion(told[sides[0]], other[sides[0]]) * other[place]
    before, is_season = len(sides[0]), len(sides[0]) >= limits.season_weeks
    series = _Series(told[place] - shift, shift, worth[place], mondays[place], before, is_season)
    fit, x = series.fit()
    effect, (dates, found) = _effect(fit, series), placebo_effects(series, fit.correlation, limits)
    share = float((np.abs(effect["value"]) > np.abs(found)).mean()) if len(found) else np.nan
    robust = _limits(least_squares(series.values, x, series.worth, lags=usual_lags(len(x))))[1:]
    is_robust = min(end * effect["value"] for end in robust) > 0
    hindered = _hindrance(series, share, limits, is_robust=is_robust)
    n_judged = np.inf if cases is None else n
    said = verdict(n_judged, effect["low"], effect["high"], limits=limits, bent=bent, against=hindered)
    lines = _nothing(len(told))
    lines.loc[place, "fitted"] = fitted = x @ fit.coefficients + shift
    lines.loc[place, "without"] = fitted - fit.coefficients[_CHANGE] * x[:, _CHANGE]
    lines.loc[place[dates], "placebo"] = found
    return Judged(
        **effect, robust_low=robust[0], robust_high=robust[1], n_before=before, n_after=len(sides[1]), n=n,
        placebo_share=share, is_season=is_season, correlation=fit.correlation, series=lines, **vars(said),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Series:
    """The weeks that have a figure; ``shift`` is what was taken off for the control group."""

    values: FloatArray
    shift: FloatArray
    worth: FloatArray
    weeks: NDArray[np.datetime64]
    change: int
    is_season: bool

    def columns(self, size: int) -> FloatArray:
        """Return level, trend and season of the first ``size`` weeks; without the change."""
        age = (self.weeks[:size] - self.weeks[0]).astype(np.float64) / 7
        return np.column_stack([np.ones(size), age / age[-1] - 0.5, *self._months(size)])

    def _months(self, size: int) -> list[FloatArray]:
        """Return one column a month of the year, that of each week's Thursday; the first is the level's."""
        if not self.is_season:
            return []
        month = (self.weeks[:size] + np.timedelta64(3, "D")).astype("datetime64[M]").astype(np.int64) % 12
        return [(month == one).astype(np.float64) for one in np.unique(month)[1:]]

    def fit(self) -> tuple[Fit, FloatArray]:
        """Fit the line with the change; return it and its columns."""
        size = len(self.values)
        after = (np.arange(size) >= self.change).astype(np.float64)
        x = np.insert(self.columns(size), _CHANGE, after, axis=1)
        return autoregressive(self.values, x, self.worth), x


def _effect(fit: Fit, series: _Series) -> dict[str, Any]:
    """Return the change of the level and its interval, and the same as parts of what would have been.

    What would have been is what was, less the change; so the limits of the part follow from those of the
    change, and both exclude zero together. The upper one is infinite where nothing might have been.
    """
    after = slice(series.change, None)
    seen = float(np.average((series.values + series.shift)[after], weights=series.worth[after]))
    value, low, high = limits = _limits(fit)
    told = {"value": value, "low": low, "high": high, "base": seen - value}
    if seen > 0 and seen > value:
        parts = (one / (seen - one) if seen > one else np.inf for one in limits)
        told |= zip(("relative", "relative_low", "relative_high"), parts, strict=True)
    return told


def _limits(fit: Fit) -> tuple[float, float, float]:
    """Return the change of the level with its interval."""
    from scipy.special import stdtrit

    value = float(fit.coefficients[_CHANGE])
    half = float(stdtrit(fit.freedom, (1 + LEVEL) / 2) * np.sqrt(fit.covariance[_CHANGE, _CHANGE]))
    return value, value - half, value + half


def placebo_effects(
    series: _Series, correlation: float, limits: Limits
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the placebo dates (positions) and the effect found on each, in the weeks before the change.

    The correlation of the errors is that of the whole series: it is no matter of the date.
    """
    size = series.change
    dates = np.arange(limits.weeks_before, size - limits.weeks_after + 1)
    if not len(dates):
        return dates, np.array([])
    steps = (np.arange(size)[:, None] >= dates).astype(np.float64)
    root = np.sqrt(series.worth[:size])[:, None]
    base, values = series.columns(size), series.values[:size, None]
    columns = whitened(root * np.column_stack([base, steps, values]), [correlation])[0]
    span = np.linalg.qr(columns[:, : base.shape[1]])[0]
    rest = columns[:, base.shape[1] :]
    rest = rest - span @ (span.T @ rest)
    steps, values = rest[:, :-1], rest[:, -1]
    return dates, (values @ steps) / (steps * steps).sum(axis=0)


def _hindrance(series: _Series, share: float, limits: Limits, *, is_robust: bool) -> str:
    """Return why a change does not hold although its interval excludes zero."""
    if series.change < limits.weeks_before or len(series.values) - series.change < limits.weeks_after:
        return "few_weeks"
    if not series.is_season:
        return "season_not_separated"
    if not share > EXCEEDED:
        return "within_placebo"
    return "" if is_robust else "within_robust"


def _proportion(values: FloatArray, control: FloatArray) -> float:
    """Return by what the control group is multiplied to have the level that the series had before."""
    mean = float(control.mean())
    return float(values.mean()) / mean if mean else 0.0


def _described(
    told: FloatArray, worth: FloatArray, sides: tuple[NDArray[np.int64], NDArray[np.int64]], n: float
) -> Judged:
    """Say what was before and after, and nothing else."""
    means = [float(np.average(told[side], weights=worth[side])) if len(side) else np.nan for side in sides]
    value = means[1] - means[0]
    relative = value / means[0] if means[0] > 0 else np.nan
    return Judged(
        value=value, relative=relative, n_before=len(sides[0]), n_after=len(sides[1]), n=n,
        label="too_little_data", direction="none", reason="few_weeks", series=_nothing(len(told)),
    )  # fmt: skip


def _nothing(weeks: int) -> pd.DataFrame:
    """Return the lines of so many weeks, of which nothing is told yet."""
    return pd.DataFrame(np.nan, index=range(weeks), columns=["fitted", "without", "placebo"])
