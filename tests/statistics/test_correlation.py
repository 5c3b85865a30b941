"""What goes together: correlations with a known answer, and intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from crmkit.statistics.correlation import across, within


def test_across_is_spearman_s_correlation_with_bonett_and_wright_s_interval():
    x, y = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [2, 1, 4, 3, 7, 5, 6, 9, 10, 8]
    found = across(x, y, [0] * 10)
    # 1 − 6 Σd² ÷ (n³ − n): differences 1, 1, 1, 1, 2, 1, 1, 1, 1, 2: Σd² = 16; 1 − 96 ÷ 990.
    assert found.value == pytest.approx(1 - 96 / 990) == pytest.approx(spearmanr(x, y).statistic)
    # Fisher's scale ± 1.959964 × √((1 + r² ÷ 2) ÷ 7).
    half = 1.959964 * np.sqrt((1 + found.value**2 / 2) / 7)
    middle = np.arctanh(1 - 1 / 10)  # 0.903 is nearer to 1 than 1 ÷ 10
    assert found.limits(0.95) == pytest.approx((np.tanh(middle - half), np.tanh(middle + half)), abs=1e-6)
    assert (found.groups, found.n) == (10, 10)


def test_across_compares_within_a_kind():
    # Within each kind the two go exactly opposite ways; between the kinds they go together.
    x, y = [1, 2, 3, 11, 12, 13], [3, 2, 1, 13, 12, 11]
    assert across(x, y, [0] * 6).value > 0
    assert across(x, y, [0, 0, 0, 1, 1, 1]).value == pytest.approx(-1)
    # Who is alone in a kind tells nothing.
    assert across([*x, 99], [*y, 99], [0, 0, 0, 1, 1, 1, 2]).n == 6


def test_within_takes_out_who_and_when():
    # y = −x within each group over time, but groups differ in level and all share a season.
    rng = np.random.default_rng(2)
    group, time = np.repeat(np.arange(6), 20), np.tile(np.arange(20), 6)
    own = rng.normal(size=120)
    x = own + 10 * group + 5 * np.sin(time)
    y = -own + 10 * group + 5 * np.sin(time)
    assert spearmanr(x, y).statistic > 0.5
    assert within(group, time, x, y).value < -0.9


def test_nothing_that_changes_is_no_correlation():
    assert np.isnan(across([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], [0] * 5).value)
    assert np.isnan(within([], [], [], []).value)
    one = within([0] * 9, range(9), range(9), range(9))
    assert np.isnan(one.value) and np.isnan(one.chance)


def test_within_errs_as_often_as_it_says():
    # Counts that follow a random walk of their own, a season that all share, no association: at most 5 % of
    # 95 % intervals should leave out zero. Eight groups, 52 weeks, 400 times: 5 % ± 2.2 points.
    rng = np.random.default_rng(3)
    group, time = np.repeat(np.arange(8), 52), np.tile(np.arange(52), 8)
    wrong = 0
    for _ in range(400):
        season, x, level = (_walks(rng, rows) for rows in (1, 8, 8))
        y = rng.poisson(1.5 * np.exp(0.3 * level + 0.3 * season))
        wrong += within(group, time, (x + season).ravel(), y.ravel()).chance < 0.05
    assert wrong / 400 <= 0.072


def _walks(rng, rows):
    """Return AR(1) series of 52 weeks with autocorrelation 0.5."""
    steps = rng.normal(size=(rows, 52))
    for week in range(1, 52):
        steps[:, week] = 0.5 * steps[:, week - 1] + np.sqrt(0.75) * steps[:, week]
    return steps
