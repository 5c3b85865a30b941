"""Lines through weeks that hang together; the figures of others stand in ``tests/oracles``."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.statistics.regression import autoregressive, least_squares, whitened

STEP = np.column_stack([np.ones(60), np.arange(60) >= 40])


def alike(correlation: float, seed: int, size: int = 60):
    shocks = np.random.default_rng(seed).normal(size=size)
    errors = shocks.copy()
    for one in range(1, size):
        errors[one] = correlation * errors[one - 1] + np.sqrt(1 - correlation**2) * shocks[one]
    return errors


@pytest.mark.parametrize("fit", [least_squares, autoregressive])
def test_an_exact_line_is_found(fit):
    told = fit(2 + 3 * STEP[:, 1], STEP)
    assert told.coefficients == pytest.approx([2, 3])
    assert told.covariance == pytest.approx(0, abs=1e-9)
    assert told.freedom == 58


@pytest.mark.parametrize("fit", [least_squares, autoregressive])
def test_the_unit_does_not_matter(fit):
    errors = alike(0.3, 1)
    one, thousand = fit(errors, STEP), fit(1000 * errors, STEP)
    assert thousand.coefficients == pytest.approx(1000 * one.coefficients)
    assert thousand.covariance == pytest.approx(1e6 * one.covariance)


@pytest.mark.parametrize("fit", [least_squares, autoregressive])
def test_weights_are_worth_relative_to_one_another(fit):
    errors, weights = alike(0.3, 1), np.tile([1.0, 2.0, 5.0], 20)
    one, other = fit(errors, STEP, weights), fit(errors, STEP, 7 * weights)
    assert other.coefficients == pytest.approx(one.coefficients)
    assert other.covariance == pytest.approx(one.covariance)
    assert one.coefficients != pytest.approx(fit(errors, STEP).coefficients)


def test_least_squares_by_hand():
    # Means 2 and 6, residuals −1, 1, −2, 2; HC0 of the first mean (1 + 1) / 4, times 4 / (4 − 2).
    told = least_squares([1, 3, 4, 8], [[1, 0], [1, 0], [0, 1], [0, 1]])
    assert told.coefficients.tolist() == [2, 6]
    assert told.covariance.tolist() == [[1, 0], [0, 4]]
    # With one lag, halved: −1 · 1 twice on the first, −2 · 2 twice on the second, 1 · −2 between them.
    lagged = least_squares([1, 3, 4, 8], [[1, 0], [1, 0], [0, 1], [0, 1]], lags=1)
    assert lagged.covariance.tolist() == [[0.5, -0.5], [-0.5, 2]]


def test_the_more_weeks_hang_together_the_less_is_known():
    found = [[autoregressive(alike(one, seed), STEP) for seed in range(40)] for one in (0.0, 0.5, 0.8)]
    correlations = [np.mean([fit.correlation for fit in fits]) for fits in found]
    assert correlations[0] < 0.25 < correlations[1] < 0.6 < correlations[2]
    # The variance of a difference of means grows by (1 + r) / (1 − r): three times at .5. That there is no
    # such dependence cannot be sure with 60 weeks.
    spread = [np.median([fit.covariance[1, 1] for fit in fits]) / (1 / 40 + 1 / 20) for fits in found]
    assert 1 < spread[0] < 2.5 and 2.5 < spread[1] < 4.5


def test_a_slow_drift_beneath_the_noise_of_each_week_is_no_change():
    # The noise hides the drift from an autoregression alone, whose limits then miss every fifth time.
    draw, x = np.random.default_rng(1), np.column_stack([np.ones(130), np.arange(130) >= 104])
    missed = 0
    for _ in range(100):
        fit = autoregressive(draw.normal(size=130) + draw.normal(0, 0.1, 130).cumsum(), x)
        missed += abs(fit.coefficients[1]) > 2 * fit.covariance[1, 1] ** 0.5
    assert missed <= 12


def test_whitened_errors_do_not_hang_together():
    errors = alike(0.7, 3, 5000)[:, None]
    left = whitened(errors, [0.7])[0, :, 0]
    assert np.corrcoef(left[1:], left[:-1])[0, 1] == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("y", "x", "weights"),
    [
        ([1, 2], [[1], [1], [1]], None),
        ([1, 2, 3], [1, 1, 1], None),
        ([1, 2], [[1, 0], [1, 1]], None),
        ([1, 2, 3], [[1], [1], [1]], [1, 1]),
        ([1, 2, 3], [[1], [1], [1]], [1, 0, 1]),
    ],
)
@pytest.mark.parametrize("fit", [least_squares, autoregressive])
def test_what_is_refused(fit, y, x, weights):
    with pytest.raises(ValueError, match=r"there must be|x must have"):
        fit(y, x, weights)
