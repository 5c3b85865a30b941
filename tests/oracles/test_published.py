"""Worked examples that papers print, and definitions followed by brute force.

Newcombe's two tables stand in ``tests/statistics/test_intervals.py``; a table of a cancer registry (Aalen and
Johansen) in ``test_survival.py``.
"""

from __future__ import annotations

from math import exp, lgamma

import numpy as np
import pytest

from crmkit.statistics.intervals import beta_limits, newcombe
from crmkit.statistics.many import false_discovery
from crmkit.statistics.survival import steps_of, survival_quantiles

# Freireich et al., Blood 21 (1963): weeks of remission under 6-MP, the example of the method in
# Cox and Oakes and in Kleinbaum; 0 is censored.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
REMAINING = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}

# Benjamini and Hochberg (1995), section 4.1: 15 end points of a trial; four are rejected at
# .05, three by Bonferroni's rule.
TRIAL = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
TRIAL += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]


def test_weeks_of_remission() -> None:
    curve = steps_of([0] * 21, WEEKS, RELAPSED)
    at = [curve.times.tolist().index(week) for week in REMAINING]
    np.testing.assert_allclose(curve.survival[at], list(REMAINING.values()), atol=6e-4)
    assert curve.at_risk[at].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert survival_quantiles([0] * 21, WEEKS, RELAPSED, 1).tolist() == [23]


def test_end_points_of_a_trial() -> None:
    found, level = false_discovery(TRIAL)
    assert found.tolist() == [True] * 4 + [False] * 11
    assert level == pytest.approx(1 - 0.05 * 4 / 15)


@pytest.mark.parametrize(("won", "of"), [(1, 9), (7, 30), (29, 30), (2.5, 11.25), (60, 240)])
def test_jeffreys_limits_cut_off_the_tails_of_the_posterior(won: float, of: float) -> None:
    # Density p^(k − ½) (1 − p)^(n − k − ½) ÷ B(k + ½, n − k + ½), added up over small steps.
    a, b = won + 0.5, of - won + 0.5
    edges = np.linspace(0, 1, 400_001)
    middle = (edges[1:] + edges[:-1]) / 2
    density = exp(lgamma(a + b) - lgamma(a) - lgamma(b)) * middle ** (a - 1) * (1 - middle) ** (b - 1)
    for level in (0.95, 0.998):
        low, high = beta_limits(won, of, level)
        tail = (1 - level) / 2
        assert density[middle < low].sum() / 400_000 == pytest.approx(tail, abs=2e-5)
        assert density[middle > high].sum() / 400_000 == pytest.approx(tail, abs=2e-5)


@pytest.mark.parametrize("pair", [((56, 70), (48, 80)), ((3, 31), (900, 4000)), ((5, 56), (0, 29))])
def test_newcombe_squares_and_adds_the_score_limits(pair: tuple[tuple[int, int], tuple[int, int]]) -> None:
    def limit(won: int, of: int, end: float) -> float:
        """The share between the observed one and an end at which the score test turns, by halving."""
        inside, outside = won / of, end
        for _ in range(200):
            middle = (inside + outside) / 2
            score = abs(won / of - middle) / np.sqrt(middle * (1 - middle) / of) if 0 < middle < 1 else np.inf
            inside, outside = (middle, outside) if score <= 1.959963984540054 else (inside, middle)
        return inside

    (won, of), (other, less) = pair
    gap = won / of - other / less
    down = np.hypot(won / of - limit(won, of, 0), limit(other, less, 1) - other / less)
    up = np.hypot(limit(won, of, 1) - won / of, other / less - limit(other, less, 0))
    np.testing.assert_allclose(newcombe(*pair), (gap - down, gap + up), atol=1e-12)
