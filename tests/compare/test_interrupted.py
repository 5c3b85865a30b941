"""A change in a weekly series: what is found of it, and what is not said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crmkit.compare import interrupted
from crmkit.compare.interrupted import judged_series
from crmkit.limits import Limits

LIMITS = Limits()


def noisy(seed: int, *, effect: float = 0.0, before: int = 104, after: int = 26, alike: float = 0.5):
    """Return weeks around 100 that hang together, with a season of a fifth and a level raised at the end."""
    rng = np.random.default_rng(seed)
    week = np.arange(before + after)
    errors = rng.normal(size=len(week))
    for one in week[1:]:
        errors[one] = alike * errors[one - 1] + np.sqrt(1 - alike**2) * errors[one]
    season = 0.2 * np.cos(2 * np.pi * (week - rng.uniform(0, 52)) / 52.18)
    return 100 * (1 + season + 0.1 * errors) * np.where(week >= before, 1 + effect, 1)


def test_a_step_on_a_line_is_found_exactly():
    week = np.arange(80)
    told = judged_series(10 + 0.1 * week + 3 * (week >= 60), 60, limits=LIMITS)
    # Without the change the weeks 60 … 79 would have had 10 + 6.95 on average.
    assert told.value == pytest.approx(3)
    assert (told.low, told.high) == pytest.approx((3, 3))
    assert told.base == pytest.approx(16.95)
    assert told.relative == pytest.approx(3 / 16.95)
    assert (told.n_before, told.n_after) == (60, 20)
    assert told.series["without"].to_numpy()[60:] == pytest.approx(10 + 0.1 * week[60:])
    assert told.series["fitted"].to_numpy()[60:] - told.series["without"].to_numpy()[60:] == pytest.approx(3)
    assert told.series["without"].to_numpy()[:60] == pytest.approx(told.series["fitted"].to_numpy()[:60])
    # Placebo dates 26 … 47 find nothing; yet 60 weeks do not tell the season.
    assert np.flatnonzero(~np.isnan(told.series["placebo"].to_numpy())).tolist() == list(range(26, 48))
    assert told.placebo_share == 1
    assert (told.label, told.reason) == ("may_be_chance", "season_not_separated")


def test_what_holds():
    told = judged_series(noisy(1, effect=0.5), 104, limits=LIMITS)
    assert (told.label, told.direction, told.reason) == ("holds", "above", "")
    assert told.is_season
    assert told.relative_low < 0.5 < told.relative_high
    assert told.value / told.base == pytest.approx(told.relative)
    down = judged_series(noisy(1, effect=-0.5), 104, limits=LIMITS)
    assert (down.label, down.direction) == ("holds", "below")
    for effect in (0.5, 0):  # neither a change nor none is sure where records bent the figures
        bent = judged_series(noisy(1, effect=effect), 104, limits=LIMITS, bent="mass_closing")
        assert (bent.label, bent.reason) == ("may_be_chance", "mass_closing")


def test_the_limits_of_other_tools():
    # Sixty weeks before: no season. Newey and West's errors by hand, in plain matrices.
    values, before, lags = noisy(3, effect=0.5, before=60), 60, 3  # 4 (86 / 100)^(2/9) = 3.87
    told = judged_series(values, before, limits=LIMITS)
    week = np.arange(86)
    x = np.column_stack([np.ones(86), week >= before, week / 85 - 0.5])
    inner = np.linalg.inv(x.T @ x)
    found = inner @ x.T @ values
    rest = values - x @ found
    near = np.clip(1 - np.abs(week[:, None] - week) / (lags + 1), 0, None)  # Bartlett's weights
    covariance = inner @ (x.T @ (near * np.outer(rest, rest)) @ x) @ inner * 86 / 83
    half = 1.98896 * covariance[1, 1] ** 0.5  # Student's t, 83 degrees of freedom
    assert (told.robust_low, told.robust_high) == pytest.approx((found[1] - half, found[1] + half), rel=1e-5)


def test_what_newey_and_west_do_not_tell_does_not_hold(monkeypatch):
    values = noisy(1, effect=0.5)
    assert judged_series(values, 104, limits=LIMITS).label == "holds"
    real = interrupted.least_squares

    def wide(*args, **named):
        fit = real(*args, **named)
        return replace(fit, covariance=fit.covariance * 1e4)

    monkeypatch.setattr("crmkit.compare.interrupted.least_squares", wide)
    told = judged_series(values, 104, limits=LIMITS)
    assert told.robust_low < 0 < told.low < told.high < told.robust_high
    assert (told.label, told.direction, told.reason) == ("may_be_chance", "none", "within_robust")


def test_four_weeks_after_are_only_described():
    values = [100.0] * 30 + [124.0] * 4
    told = judged_series(values, 30, limits=LIMITS)
    assert (told.label, told.reason) == ("too_little_data", "few_weeks")
    assert told.relative == pytest.approx(0.24)
    assert np.isnan([told.low, told.relative_low, told.robust_low, told.robust_high, told.base]).all()
    assert np.isnan(told.series["fitted"].to_numpy()).all()
    nothing = judged_series(values[:30], 30, limits=LIMITS)
    assert nothing.n_after == 0
    assert np.isnan(nothing.value)


def test_ten_weeks_after_do_not_hold():
    told = judged_series(noisy(2, effect=1.0, after=10), 104, limits=LIMITS)
    assert told.low > 0
    assert (told.label, told.reason) == ("may_be_chance", "few_weeks")


def test_a_jump_as_large_as_others_before_does_not_hold():
    # Levels of 13 weeks, 20 apart: changes without a cause are as large as the one that is asked about.
    levels = np.repeat([100, 120, 100, 100, 120, 120, 100, 120, 140, 140], 13)[:130]
    values = levels + np.random.default_rng(5).normal(size=130)
    told = judged_series(values, 104, limits=LIMITS)
    assert told.placebo_share < 0.95
    assert told.label == "may_be_chance"


def test_december_is_no_effect():
    weeks = np.datetime64("2023-12-04") + 7 * np.arange(104 + 13)  # the change: the 1st of December 2025
    december = weeks.astype("datetime64[M]").astype(int) % 12 == 11
    values = 100 + 50 * december + np.random.default_rng(3).normal(size=len(weeks))
    told = judged_series(values, 104, limits=LIMITS, weeks=weeks)
    assert told.low < 0 < told.high
    # Without a level for each month, the two Decembers after would be an effect.
    short = judged_series(values[52:], 52, limits=LIMITS, weeks=weeks[52:])
    assert not short.is_season
    assert abs(short.value) > 3 * abs(told.value)


def test_what_happened_to_the_control_group_is_taken_off():
    week = np.arange(130)
    shock = 1 + 0.3 * (week >= 104)
    both = noisy(6, alike=0.3) * shock
    rng = np.random.default_rng(7)
    told = judged_series(
        both * rng.normal(1, 0.02, 130), 104, control=both / 4 * rng.normal(1, 0.02, 130), limits=LIMITS
    )
    assert told.relative_low < 0 < told.relative_high
    assert told.relative_high - told.relative_low < 0.1
    assert told.base == pytest.approx(both[104:].mean(), rel=0.05)
    alone = judged_series(both, 104, limits=LIMITS)
    assert alone.relative_low > 0.1


def test_weeks_without_a_figure_are_left_out():
    values = noisy(8, effect=0.5)
    weights = np.ones(130)
    values[10], weights[20], weights[110] = np.nan, 0, 0
    told = judged_series(values, 104, weights=weights, limits=LIMITS)
    assert (told.n_before, told.n_after) == (102, 25)
    assert np.flatnonzero(np.isnan(told.series["fitted"].to_numpy())).tolist() == [10, 20, 110]
    assert not told.is_season


def test_a_week_of_many_cases_weighs_more():
    values = np.r_[np.tile([10.0, 20.0], 10), np.tile([10.0, 20.0], 10)]
    weights = np.r_[np.ones(20), np.tile([1.0, 3.0], 10)]
    told = judged_series(values, 20, weights=weights, limits=Limits(described_weeks=21))
    assert told.value == pytest.approx(17.5 - 15)


def test_few_cases_are_too_little_data():
    values = noisy(1, effect=0.5)
    for each, label in ((0.3, "few_cases"), (1.0, "some_cases"), (2.0, "")):
        told = judged_series(values, 104, cases=np.full(130, each), limits=LIMITS)
        assert told.reason == label
        assert told.n == pytest.approx(26 * each)


@pytest.mark.parametrize("values", [np.zeros(130), np.full(130, 7.0)])
def test_what_never_moves_has_no_effect(values):
    told = judged_series(values, 104, limits=LIMITS)
    assert told.value == pytest.approx(0, abs=1e-9)
    assert told.label == "may_be_chance"
    assert np.isnan(told.relative) == (values[0] == 0)


def test_without_an_effect_hardly_anything_holds_and_a_true_one_is_covered():
    # 2 000 runs a kind of series stand in docs/compare.md; of 200, 5 % + 2 Monte-Carlo errors are 16.
    nothing = [judged_series(noisy(seed), 104, limits=LIMITS) for seed in range(200)]
    assert sum(one.label == "holds" for one in nothing) <= 16
    some = [judged_series(noisy(seed, effect=0.15), 104, limits=LIMITS) for seed in range(200)]
    covered = sum(one.relative_low <= 0.15 <= one.relative_high for one in some)
    assert covered >= 200 * 0.95 - 2 * np.sqrt(200 * 0.95 * 0.05)
