"""Chances by attributes: by hand, beside plain standardisation, and where the data cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.statistics.logistic import chances, chances_without, logistic


def test_two_groups_by_hand() -> None:
    # 5 of 20 and 15 of 25: log-odds ln(5/15) and ln(15/10); their variances 1/5 + 1/15 and 1/15 + 1/10.
    told = logistic([5 / 20, 15 / 25], [[1, 0], [0, 1]], [20, 25])
    np.testing.assert_allclose(told.coefficients, np.log([5 / 15, 15 / 10]), atol=1e-12)
    np.testing.assert_allclose(told.covariance, np.diag([1 / 5 + 1 / 15, 1 / 15 + 1 / 10]), atol=1e-10)
    np.testing.assert_allclose(chances([[1, 0], [0, 1]], told.coefficients), [0.25, 0.6], atol=1e-12)
    assert told.converged


def test_cases_one_by_one_and_counted_are_one_fit() -> None:
    x = np.array([[1, 0], [1, 1], [1, 2]])
    counted = logistic([0.25, 0.5, 0.75], x, [4, 2, 4])
    single = logistic([0, 0, 0, 1, 0, 1, 0, 1, 1, 1], np.repeat(x, [4, 2, 4], axis=0))
    np.testing.assert_allclose(counted.coefficients, single.coefficients, atol=1e-12)
    np.testing.assert_allclose(counted.covariance, single.covariance, atol=1e-12)


def test_a_row_without_cases_tells_nothing() -> None:
    whole = logistic([0.25, np.nan, 0.75], [[1, 0], [1, 9], [1, 1]], [4, 0, 4])
    np.testing.assert_allclose(whole.coefficients, np.log([1 / 3, 9]), atol=1e-12)


@pytest.mark.parametrize(
    ("y", "x"),
    [
        ([0, 0, 1, 1], [[1, 0], [1, 1], [1, 2], [1, 3]]),  # from 2 on all are won, below none
        ([0, 1, 1, 1], [[1, 0], [1, 0], [1, 1], [1, 1]]),  # all of a level are won
        ([0, 1, 0, 1], [[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1]]),  # two levels that add up to all
        ([0, 1, 1], [[1, 0], [1, 0], [1, 0]]),  # a level that nobody has
        ([1, 1, 1], [[1], [1], [1]]),  # nothing lost
        ([], np.zeros((0, 1))),
    ],
)
def test_what_the_data_do_not_determine_is_not_told(y: list[int], x: list[list[int]]) -> None:
    told = logistic(y, x)
    assert not told.converged
    assert np.isnan(told.coefficients).all() and np.isnan(told.covariance).all()


def test_a_ridge_settles_what_the_data_leave_open() -> None:
    # One case, won: the slope of the penalised likelihood is 1 − p − .1 b, so 1 / (1 + exp b) = .1 b.
    told = logistic([1], [[1]], ridge=0.1)
    b = float(told.coefficients[0])
    assert told.converged and 1 / (1 + np.exp(b)) == pytest.approx(0.1 * b, abs=1e-12)
    p = 1 / (1 + np.exp(-b))
    assert told.covariance[0, 0] == pytest.approx(1 / (p * (1 - p) + 0.1), abs=1e-9)


def test_wrong_values_are_refused() -> None:
    for y, weights in (([1.2], [1]), ([np.nan], [1]), ([1], [-1]), ([1, 0], [1])):
        with pytest.raises(ValueError):
            logistic(y, np.ones((len(y), 1)), weights)
    with pytest.raises(ValueError):
        chances_without([[2]], [[1]], [[0]])
    with pytest.raises(ValueError):
        chances_without([[1]], [[1]], [[0]], ridge=0)


def test_of_one_attribute_the_chance_is_the_rate_of_the_others() -> None:
    # Without the first group level 0 was won 60 of 300, level 1 90 of 150; hardly drawn with so many cases.
    won, of = [[9, 1], [20, 50], [40, 40]], [[10, 5], [100, 90], [200, 60]]
    told = chances_without(won, of, [[0], [1]])
    np.testing.assert_allclose(told[0], [0.2, 0.6], atol=1e-3)
    np.testing.assert_allclose(told[1], [49 / 210, 41 / 65], atol=2e-3)


def test_it_is_the_penalised_fit_of_the_others() -> None:
    draw = np.random.default_rng(1)
    codes = np.array([[a, b, a // 2] for a in range(4) for b in range(3)])  # the third hangs on the first
    of = draw.integers(0, 30, (5, 12)).astype(float)
    won = draw.binomial(of.astype(int), 0.3).astype(float)
    levels = [(codes[:, [i]] == np.arange(codes[:, i].max() + 1)).astype(float) for i in range(3)]
    x = np.column_stack([np.ones(12), *levels])
    told = chances_without(won, of, codes, ridge=0.3)
    for group in range(5):
        cases = of.sum(axis=0) - of[group]
        share = (won.sum(axis=0) - won[group]) / cases
        fit = logistic(share, x, cases, ridge=[0, *[0.3] * 9])
        np.testing.assert_allclose(told[group], chances(x, fit.coefficients), atol=1e-9)
        # The intercept is not drawn: what is expected of the others is what they won.
        assert told[group] @ cases == pytest.approx(share @ cases)


def test_a_level_without_wins_or_of_one_group_alone_keeps_a_finite_chance() -> None:
    # Level 1 was never won by the others (0 of 12), level 2 the others do not have.
    told = chances_without([[3, 1, 4], [30, 0, 0]], [[9, 3, 8], [90, 12, 0]], [[0], [1], [2]])[0]
    assert told[0] == pytest.approx(30 / 90, abs=0.005)
    assert 0 < told[1] < 0.05
    assert told[1] < told[2] < told[0]


def test_nobody_else_has_cases() -> None:
    told = chances_without([[1, 2], [0, 0]], [[4, 4], [0, 0]], [[0], [1]])
    assert np.isnan(told[0]).all() and np.isfinite(told[1]).all()


def test_equal_groups_with_opposite_mixes_expect_what_they_get() -> None:
    # Warm deals are won 50 %, cold ones 10 % by either; one has 80 % warm ones, the other 20 %.
    of = np.array([[800, 200], [200, 800]])
    told = chances_without(of * [0.5, 0.1], of, [[0], [1]])
    np.testing.assert_allclose((told * of).sum(axis=1), [420, 180], rtol=0.003)
