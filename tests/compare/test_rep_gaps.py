"""Gaps, their limits and chances: by hand, and limits that touch zero exactly where the chance says so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, norm, t

from crmkit.compare.rep_gaps import Gaps

NAN = float("nan")


def gaps(value, expected, noise, error, free=np.inf, *, is_share=True, draws=()):
    parts = [np.atleast_1d(np.asarray(one, np.float64)) for one in (value, expected, noise, error)]
    return Gaps(*parts, np.broadcast_to(np.float64(free), parts[0].shape), is_share, draws)


def test_means_have_students_limits():
    # 12 less 10, variances 0.6 and 0.4, nine degrees of freedom: 2 ± 2.262.
    one = gaps(12, 10, 0.6, 0.4, 9, is_share=False)
    assert np.ravel(one.limits(0.05)) == pytest.approx([2 - t.ppf(0.975, 9), 2 + t.ppf(0.975, 9)])
    assert one.chances(np.array([True])) == pytest.approx(2 * t.sf(2, 9))


def test_shares_have_the_limits_of_both_sides():
    # 40 of 100 own; .25 expected, as sure as a share of 400 cases. By hand: exact limits of 40 of 100,
    # Jeffreys' of 100 of 400; the gap's lie as far as the root of the added squares.
    noise, error = 0.25 * 0.75 / 100, 0.25 * 0.75 / 400
    low, high = beta.ppf(0.025, 40, 61), beta.ppf(0.975, 41, 60)
    below, above = beta.ppf([0.025, 0.975], 100.5, 300.5)
    told = [0.15 - np.hypot(0.4 - low, above - 0.25), 0.15 + np.hypot(high - 0.4, 0.25 - below)]
    assert np.ravel(gaps(0.4, 0.25, noise, error).limits(0.05)) == pytest.approx(told, abs=1e-9)
    # A variance twice as large (clients' deals hang together) is that of half as many cases.
    low, high = beta.ppf(0.025, 20, 31), beta.ppf(0.975, 21, 30)
    below, above = beta.ppf([0.025, 0.975], 50.5, 150.5)
    told = [0.15 - np.hypot(0.4 - low, above - 0.25), 0.15 + np.hypot(high - 0.4, 0.25 - below)]
    assert np.ravel(gaps(0.4, 0.25, 2 * noise, 2 * error).limits(0.05)) == pytest.approx(told, abs=1e-9)


def test_few_clients_make_students_reach_wider():
    # t of 11 degrees at 95 % is 2.201: limits are those of the level that the normal has there, .9723.
    one, wide = (gaps(0.4, 0.25, 0.004, 0.0002, free) for free in (np.inf, 11))
    tail = 2 * norm.sf(t.ppf(0.975, 11))
    assert np.ravel(wide.limits(0.05)) == pytest.approx(np.ravel(one.limits(tail)), abs=1e-9)


@pytest.mark.parametrize("is_share", [True, False])
def test_limits_touch_zero_exactly_where_the_chance_says_so(is_share):
    value = np.array([0.4, 0.1, 0.36, 0.0, 1.0, 0.25])
    many = np.array([100, 60, 40, 90, 35, 50])
    one = gaps(value, np.full(6, 0.25), 0.1875 / many, np.full(6, 0.0005), 40, is_share=is_share)
    chance = one.chances(np.ones(6, dtype=bool))
    for slightly, excludes in ((1.001, True), (0.999, False)):
        low, high = one.limits(np.minimum(chance * slightly, 1))
        assert (((low > 0) | (high < 0)) == excludes)[:4].all()
    assert chance[5] == pytest.approx(1, abs=1e-6)  # no gap at all
    assert chance[4] < 1e-4 and 0.05 < chance[2] < 0.5


def test_none_and_all_are_no_certainty():
    # None of 50 where .1 is expected: exactly .9 to the power of 50 = .00515 on one side.
    one = gaps(0.0, 0.1, 0.1 * 0.9 / 50, 1e-9)
    assert one.chances(np.array([True])) == pytest.approx(2 * 0.9**50, rel=1e-3)
    low, high = one.limits(0.05)
    assert high < 0 and low == pytest.approx(-0.1, abs=1e-4)
    # And all of 50 where .9 is: the same from the other end.
    other = gaps(1.0, 0.9, 0.1 * 0.9 / 50, 1e-9)
    assert other.chances(np.array([True])) == pytest.approx(one.chances(np.array([True])))
    assert np.ravel(other.limits(0.05)) == pytest.approx([-high[0], -low[0]])


def test_what_is_not_compared_has_no_chance():
    one = gaps([0.4, 0.4, NAN], [0.2, NAN, 0.2], [0.002, NAN, NAN], [0.001, NAN, 0.001])
    assert np.isnan(one.chances(np.array([False, False, False]))).all()
    assert np.isnan(one.chances(np.array([True, False, False]))).tolist() == [False, True, True]
    low, high = one.limits(0.05)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True]


def test_money_has_the_limits_of_its_resamples():
    # Nothing uncertain in what is expected: quantiles of the resamples, less that.
    draws = [np.linspace(0, 100, 1001), np.linspace(50, 60, 1001)]
    one = gaps([50, 55], [40, 55], [1, 1], [0, 0], is_share=False, draws=draws)
    low, high = one.limits(0.05)
    assert low == pytest.approx([2.5 - 40, 50.25 - 55]) and high == pytest.approx([97.5 - 40, 59.75 - 55])
    # What is expected is uncertain too: wider. Where nothing is expected: no limits.
    wide = gaps([50, 55], [40, NAN], [1, 1], [900, NAN], is_share=False, draws=draws)
    assert wide.limits(0.05)[0][0] < low[0] and wide.limits(0.05)[1][0] > high[0]
    assert np.isnan(wide.limits(0.05)[0][1])
