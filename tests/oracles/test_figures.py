"""Statistics beside lifelines, statsmodels, scikit-survival, scikit-learn, SciPy and R (README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crmkit.statistics.correlation import across
from crmkit.statistics.intervals import beta_limits, newcombe, quantile_ranks, wilson
from crmkit.statistics.many import false_discovery
from crmkit.statistics.regression import autoregressive, least_squares, whitened
from crmkit.statistics.survival import steps_of, survival_quantiles
from crmkit.statistics.survival_limits import survival_intervals
from crmkit.statistics.survival_means import restricted_means

FIGURES: dict[str, Any] = json.loads(Path(__file__).with_name("figures.json").read_text(encoding="utf-8"))
SHARES = FIGURES["shares"]
LEVELS = sorted(SHARES["levels"])


def close(ours: Any, theirs: Any, within: float = 1e-8) -> None:
    """Hold figures to an oracle's: null is NaN."""
    np.testing.assert_allclose(ours, np.array(theirs, dtype=float), rtol=0, atol=within)


@pytest.fixture(params=sorted(FIGURES["survival"]))
def durations(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(FIGURES["survival"][request.param])


def test_curves_of_survival_and_incidence(durations: dict[str, Any]) -> None:
    ours = steps_of([0] * len(durations["events"]), durations["durations"], durations["events"])
    close(ours.times, durations["R"]["times"])
    close(ours.at_risk, durations["R"]["at_risk"])
    for oracle in ("R", "sksurv", "lifelines"):
        told = durations[oracle]
        close(ours.survival, told["survival"])
        if "incidence" in told:
            close(ours.cif, told["incidence"])


def test_quantiles_of_survival(durations: dict[str, Any]) -> None:
    ages, told = durations["durations"], durations["R"]
    ended = (np.array(durations["events"]) > 0).astype(int)
    codes = np.zeros(len(ages), int)
    for share, value in zip((0.25, 0.5, 0.9), told["quantiles"], strict=True):
        close(survival_quantiles(codes, ages, ended, 1, share), [value])
    _, low, high = survival_intervals(codes, ages, ended, 1, shares=(0.25, 0.5, 0.9))[:, :, 0].T
    close(low, told["quantiles_low"])
    # Where R gives no upper limit ours has one only if all who were left ended at once.
    limits = np.array(told["quantiles_high"], dtype=float)
    close(high[~np.isnan(limits)], limits[~np.isnan(limits)])
    assert np.isnan(high[np.isnan(limits)]).all() or ended[np.argmax(ages)] == 1


def test_means_within_a_horizon(durations: dict[str, Any]) -> None:
    ages, ended = durations["durations"], (np.array(durations["events"]) > 0).astype(int)
    mean, horizon, _ = restricted_means(np.zeros(len(ages), int), ages, ended, 1, durations["horizon"])
    close(horizon, [durations["horizon"]])
    close(mean, durations["R"]["restricted_mean"])
    close(mean, durations["lifelines"]["restricted_mean"])


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_shares(level: str) -> None:
    told, (won, of) = SHARES["levels"][level], np.array(SHARES["shares"]).T
    close(wilson(won, of, float(level)), told["wilson"])
    close(np.transpose(wilson(won, of, float(level))), told["wilson_scipy"])
    close(beta_limits(won, of, float(level)), told["jeffreys"])
    close(beta_limits(won, of, float(level), exact=True), told["exact"])


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_none_and_of_all(level: str) -> None:
    told, (won, of) = SHARES["levels"][level], np.array(SHARES["ends"]).T
    close(wilson(won, of, float(level)), told["wilson_ends"])
    low, high = beta_limits(won, of, float(level))
    # Brown, Cai and DasGupta (2001, section 4.1.2) put 0 and 1 there; statsmodels keeps the beta's quantiles.
    close(high[won == 0], np.array(told["jeffreys_ends"][1])[won == 0])
    close(low[won == of], np.array(told["jeffreys_ends"][0])[won == of])
    close(beta_limits(won, of, float(level), exact=True), told["exact_ends"])
    assert (low[won == 0] == 0).all() and (high[won == of] == 1).all()


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_differences_of_shares(level: str) -> None:
    won, of, won_less, of_less = np.array(SHARES["pairs"]).T
    ours = newcombe((won, of), (won_less, of_less), float(level))
    close(np.transpose(ours), SHARES["levels"][level]["newcombe"])


@pytest.mark.parametrize("case", FIGURES["discoveries"])
def test_false_discovery(case: dict[str, Any]) -> None:
    found, level = false_discovery(case["chances"], case["rate"])
    assert found.tolist() == case["found"]
    # The adjusted p-value is the least rate at which a comparison stands out.
    if any(case["found"]):
        assert 1 - level == pytest.approx(case["rate"] * sum(case["found"]) / len(case["found"]))
    for chance, adjusted in zip(case["chances"], case["adjusted"], strict=True):
        at = case["chances"].index(chance)
        assert false_discovery(case["chances"], min(adjusted * (1 + 1e-9), 1))[0][at]
        assert adjusted == 0 or not false_discovery(case["chances"], adjusted * (1 - 1e-9))[0][at]


@pytest.mark.parametrize("case", FIGURES["quantiles"])
def test_intervals_of_quantiles(case: dict[str, Any]) -> None:
    ranks = quantile_ranks(len(case["values"]), case["quantile"], case["level"])
    assert (ranks is None) == (None in case["limits"])  # ours is told whole or not at all
    if ranks is not None:
        close([sorted(case["values"])[rank - 1] for rank in ranks], case["limits"])


@pytest.mark.parametrize("name", ["even", "weighted"])
def test_segmented_regression(name: str) -> None:
    told = FIGURES["regression"]
    weights = told["weights"] if name == "weighted" else None
    for case in told[name]["hac"]:
        ours = least_squares(told["y"], told["x"], weights, lags=case["lags"])
        close(ours.coefficients, told[name]["coefficients"])
        close(ours.covariance, case["covariance"])


@pytest.mark.parametrize("name", ["even", "weighted"])
def test_segmented_regression_with_autocorrelation(name: str) -> None:
    told = FIGURES["regression"]
    theirs = told[name]["autoregressive"]
    weights = np.array(told["weights"]) if name == "weighted" else np.ones(len(told["y"]))
    ours = autoregressive(told["y"], told["x"], weights)
    close(ours.coefficients, theirs["coefficients"])
    close(ours.covariance, theirs["covariance"])
    close(ours.correlation, theirs["correlation"])
    root = np.sqrt(weights)[:, None]
    both = whitened(np.column_stack([np.array(told["x"]), told["y"]]) * root, [0.6])[0]
    inner = np.linalg.inv(both[:, :-1].T @ both[:, :-1])
    found = inner @ both[:, :-1].T @ both[:, -1]
    close(found, theirs["at_6"]["coefficients"])
    left = both[:, -1] - both[:, :-1] @ found
    close(inner * (left @ left) / (len(left) - len(found)), theirs["at_6"]["covariance"])


@pytest.mark.parametrize("case", FIGURES["correlations"])
def test_rank_correlation(case: dict[str, Any]) -> None:
    close(across(case["x"], case["y"], [0] * len(case["x"])).value, case["spearman"])
