"""The spread of weekly parts: by hand where weeks do not hang together, by simulation where they do."""

import numpy as np
import pytest

from crmkit.statistics.weekly import weekly_spread


def test_weeks_that_alternate_give_welchs_variance_and_freedom():
    # Sums of squares 4 × 1 = 4 and 4 × 4 = 16; × 4 ÷ 3; neighbours are unlike, so nothing is added.
    first, second = np.array([1.0, -1, 1, -1]), np.array([2.0, -2, 2, -2])
    one, other, freedom = weekly_spread(first, second)
    assert (float(one), float(other)) == pytest.approx((16 / 3, 64 / 3))
    # (16 + 64)² ÷ (16² ÷ 3 + 64² ÷ 3), the thirds shorten
    assert float(freedom) == pytest.approx(80**2 / (16**2 / 3 + 64**2 / 3))


def test_weeks_like_their_neighbours_spread_more_and_are_worth_fewer():
    block = np.array([1.0, 1, 1, -1, -1, -1])
    one, _, freedom = weekly_spread(block, block)
    assert one > 2 * 6 * 6 / 5
    assert freedom < 5


def test_nothing_moves_nothing():
    one, other, freedom = weekly_spread(np.zeros(5), np.zeros(6))
    assert (float(one), float(other), float(freedom)) == (0.0, 0.0, pytest.approx(9 * (1 - 0.8) / 1.8, rel=1))


def test_equal_quarters_seldom_differ():
    # 4 000 pairs of 13 weeks with an autocorrelation of .3: at most 6 % beyond Student's 5 %.
    from scipy.stats import t

    draw = np.random.default_rng(4)
    shocks = draw.standard_normal((4000, 26))
    weeks = shocks.copy()
    for at in range(1, 26):
        weeks[:, at] = 0.3 * weeks[:, at - 1] + np.sqrt(1 - 0.09) * shocks[:, at]
    halves = [half - half.mean(axis=1, keepdims=True) for half in (weeks[:, :13], weeks[:, 13:])]
    one, other, freedom = weekly_spread(halves[0] / 13, halves[1] / 13)
    gap = weeks[:, 13:].mean(axis=1) - weeks[:, :13].mean(axis=1)
    chance = 2 * t.sf(np.abs(gap) / np.sqrt(one + other), freedom)
    assert 0.01 < (chance < 0.05).mean() < 0.06
