"""What may be expected of like deals (``statistics.mixed``): a logistic regression beside others' figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from crmkit.statistics.designs import Design
from crmkit.statistics.mixed import Spread, fit
from crmkit.statistics.shrinkage import drawn

FIGURES: dict[str, Any] = json.loads(Path(__file__).with_name("figures.json").read_text(encoding="utf-8"))
Floats: TypeAlias = NDArray[np.float64]


def regression(won: ArrayLike, of: ArrayLike, x: Floats, ridge: ArrayLike) -> tuple[Floats, Floats]:
    """Return coefficients and covariance of a penalised logistic regression, by Newton's plain steps."""
    k, n, penalty = (np.asarray(one, dtype=float) for one in (won, of, ridge))
    at = np.zeros(x.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-(x @ at)))
        curvature = (x.T * (n * chance * (1 - chance))) @ x + np.diag(penalty)
        step = np.linalg.solve(curvature, x.T @ (k - n * chance) - penalty * at)
        at = at + step * min(1, 2 / np.abs(step).max())
        if np.abs(step).max() < 1e-12:
            break
    return at, np.linalg.inv(curvature)


@pytest.fixture(autouse=True)
def to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the model take its steps to the last digit."""
    monkeypatch.setattr("crmkit.statistics.mixed._STILL", 1e-11)


def test_hardly_drawn_it_is_plain_logistic_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmkit.statistics.designs.WIDE", 1e9)
    told = FIGURES["cells"]
    codes, of, won = (np.array(told[name]) for name in ("codes", "of", "won"))
    ours = fit(Design(list(codes.T), 12), of.sum(axis=0), won.sum(axis=0), spread=Spread(cells=0.0))
    np.testing.assert_allclose(ours.means, told["chances"], rtol=0, atol=1e-8)
    # The variance of what is expected of a cell: that of its odds, turned into a chance.
    for cell in range(12):
        mean, variance = ours.expected(np.array([cell]), np.ones(1))
        odds = np.sqrt(variance) / (mean * (1 - mean))
        assert odds**2 == pytest.approx(told["odds_covariance"][cell][cell], rel=1e-5)


@pytest.mark.parametrize("wide", ["1.0", "4.0"])
def test_its_ridge_is_scikit_learns(wide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmkit.statistics.designs.WIDE", float(wide))
    told = FIGURES["cells"]
    codes, of, won = (np.array(told[name]) for name in ("codes", "of", "won"))
    ours = fit(Design(list(codes.T), 12), of.sum(axis=0), won.sum(axis=0), spread=Spread(cells=0.0))
    np.testing.assert_allclose(ours.effects, told["ridge"][wide], rtol=0, atol=1e-8)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("spread", [0.05, 0.6])
def test_deviations_of_cells_are_columns_with_a_ridge_of_their_own(seed: int, spread: float) -> None:
    # What is drawn towards nothing by a spread is in the reference a column with a ridge of 1 / spread. Some
    # levels have no case, some were never won, some always.
    draw = np.random.default_rng(seed)
    sizes = draw.integers(2, 6, 2)
    codes = np.array([[a, b] for a in range(sizes[0]) for b in range(sizes[1])])
    design = Design(list(codes.T), len(codes))
    levels = [(codes[:, [at]] == np.arange(sizes[at])).astype(float) for at in (0, 1)]
    both = np.column_stack([np.ones(len(codes)), *levels, np.eye(len(codes))])
    of = draw.poisson(draw.choice([1, 4, 40]), len(codes)).astype(float)
    of[0] += 2
    odds = both[:, : design.width] @ draw.normal(0, 2, design.width) - 1
    won = draw.binomial(of.astype(int), 1 / (1 + np.exp(-odds))).astype(float)
    won[0] = 1  # neither none nor all of everything
    ours = fit(design, of, won, spread=Spread(cells=spread))
    found, covariance = regression(won, of, both, [*design.penalty, *[1 / spread] * len(codes)])
    means = 1 / (1 + np.exp(-(both @ found)))
    np.testing.assert_allclose(ours.means, means, rtol=0, atol=1e-8)
    asked = 1 + np.arange(len(codes)) % 3.0
    mean, variance = ours.expected(np.arange(len(codes)), asked)
    assert mean == pytest.approx(means @ asked / asked.sum(), abs=1e-8)
    slope = (asked * means * (1 - means)) @ both / asked.sum()
    assert variance == pytest.approx(slope @ covariance @ slope, rel=1e-6)


def test_what_is_expected_of_a_rep_is_what_the_others_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmkit.statistics.designs.WIDE", 1e9)
    told = FIGURES["cells"]
    codes, of, won = (np.array(told[name]) for name in ("codes", "of", "won"))
    for rep in range(3):
        others = np.arange(3) != rep
        ours = fit(
            Design(list(codes.T), 12),
            of[others].sum(axis=0),
            won[others].sum(axis=0),
            spread=Spread(cells=0.0),
        )
        np.testing.assert_allclose(ours.means, told["without"][rep], rtol=0, atol=1e-8)


def test_estimates_are_drawn_as_random_effects() -> None:
    told = FIGURES["effects"]
    values, variances = np.array(told["values"]), np.array(told["variances"])
    weight = told["spread"] / (told["spread"] + variances)
    expected = told["mean"] + weight * (values - told["mean"])
    np.testing.assert_allclose(drawn(values, variances), expected, rtol=0, atol=1e-8)
