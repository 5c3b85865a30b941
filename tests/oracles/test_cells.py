"""What may be expected of like deals (``statistics.mixed``): a logistic regression beside others' figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from crmkit.compare.expecting import Field
from crmkit.statistics.mixed import Design, fit
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


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be drawn to its middle, so that it is a plain regression."""
    monkeypatch.setattr("crmkit.statistics.mixed.WIDE", 1e12)


@pytest.mark.usefixtures("undrawn")
def test_without_a_ridge_it_is_plain_logistic_regression() -> None:
    told = FIGURES["logistic"]
    x, ones = np.array(told["x"]), np.ones(len(told["y"]))
    for n, k, theirs in (
        (ones, told["y"], told["plain"]),
        (np.array(told["cases"], float), told["wins"], told["counted"]),
    ):
        ours = fit(Design(x), n, np.array(k, float), spread=0.0)
        np.testing.assert_allclose(ours.effects, theirs["coefficients"], rtol=0, atol=1e-8)
        # The covariance is that of the last step but one.
        np.testing.assert_allclose(ours.inverse, theirs["covariance"], rtol=0, atol=1e-6)


def test_with_its_ridge_it_is_scikit_learns() -> None:
    told = FIGURES["logistic"]
    design = Design(np.array(told["x"]))
    assert design.penalty[1:].tolist() == [0.25] * 3
    ours = fit(design, np.array(told["cases"]), np.array(told["wins"]), spread=0.0)
    np.testing.assert_allclose(ours.effects, told["ridge"]["0.25"], rtol=0, atol=1e-8)


def test_the_plain_reference_is_scikit_learns_too() -> None:
    told = FIGURES["logistic"]
    for ridge, theirs in told["ridge"].items():
        penalty = [0, *[float(ridge)] * 3]
        ours = regression(told["wins"], told["cases"], np.array(told["x"]), penalty)[0]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("spread", [0.05, 0.6])
def test_deviations_of_cells_are_columns_with_a_ridge_of_their_own(seed: int, spread: float) -> None:
    # What is drawn towards nothing by a spread is in the reference a column with a ridge of 1 / spread. Some
    # levels have no case, some were never won, some always.
    draw = np.random.default_rng(seed)
    sizes = draw.integers(2, 6, 2)
    codes = np.array([[a, b] for a in range(sizes[0]) for b in range(sizes[1])])
    levels = [(codes[:, [at]] == np.arange(sizes[at])).astype(float) for at in (0, 1)]
    design = Design(np.column_stack([np.ones(len(codes)), *levels]))
    of = draw.poisson(draw.choice([1, 4, 40]), len(codes)).astype(float)
    of[0] += 2
    odds = design.columns @ draw.normal(0, 2, design.columns.shape[1]) - 1
    won = draw.binomial(of.astype(int), 1 / (1 + np.exp(-odds))).astype(float)
    won[0] = 1  # neither none nor all of everything
    ours = fit(design, of, won, spread=spread)
    both = np.column_stack([design.columns, np.eye(len(codes))])
    ridge = [*design.penalty, *[1 / spread] * len(codes)]
    found, covariance = regression(won, of, both, ridge)
    means = 1 / (1 + np.exp(-(both @ found)))
    np.testing.assert_allclose(ours.means, means, rtol=0, atol=2e-5)
    asked = 1 + np.arange(len(codes)) % 3.0
    mean, variance = ours.expected(asked)
    assert mean == pytest.approx(means @ asked / asked.sum(), abs=1e-5)
    slope = (asked * means * (1 - means)) @ both / asked.sum()
    assert variance == pytest.approx(slope @ covariance @ slope, rel=2e-3)


def test_what_is_expected_of_a_rep_is_what_the_others_did(monkeypatch: pytest.MonkeyPatch) -> None:
    # A hardly drawn fit; statsmodels leaves a level of each attribute out, here all are in.
    monkeypatch.setattr("crmkit.statistics.mixed.WIDE", 1e6)
    told = FIGURES["without"]
    of, won, codes = (np.array(told[name]) for name in ("of", "won", "codes"))
    cells = [(rep, cell, 1.0) for rep in range(3) for cell in range(12) for _ in range(won[rep, cell])]
    cells += [
        (rep, cell, 0.0) for rep in range(3) for cell in range(12) for _ in range((of - won)[rep, cell])
    ]
    rep, cell, value = (np.array(one) for one in zip(*cells, strict=True))
    field = Field(rep, cell, value, [codes[cell, 0], codes[cell, 1]], is_share=True)
    for who, expected in field.expectations(np.ones(3, dtype=bool), 5):
        theirs = np.array(told["chances"][who]) @ of[who] / of[who].sum()
        assert expected.simple == pytest.approx(theirs, abs=1e-6)


def test_estimates_are_drawn_as_random_effects() -> None:
    told = FIGURES["effects"]
    values, variances = np.array(told["values"]), np.array(told["variances"])
    weight = told["spread"] / (told["spread"] + variances)
    expected = told["mean"] + weight * (values - told["mean"])
    np.testing.assert_allclose(drawn(values, variances), expected, rtol=0, atol=1e-8)
