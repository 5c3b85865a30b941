"""Intervals against published figures, exact binomial sums and simulated coverage."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from crmkit.statistics.intervals import (
    newcombe,
    quantile_ranks,
    ratio_limits,
    wilson,
)

# Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3 (Wilson, no continuity correction).
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]

# Ranks that limit a median at 95 %: the tables of exact intervals for the population median (n <= 20) and
# Gardner and Altman, Statistics with Confidence (n = 30, 50, 100).
MEDIAN_RANKS = {6: (1, 6), 7: (1, 7), 8: (1, 8), 9: (2, 8), 10: (2, 9), 11: (2, 10), 12: (3, 10), 13: (3, 11)}
MEDIAN_RANKS |= {
    15: (4, 12),
    17: (5, 13),
    18: (5, 14),
    20: (6, 15),
    30: (10, 21),
    50: (18, 33),
    100: (40, 61),
}


def test_wilson_equals_newcombes_table() -> None:
    won, of, low, high = np.array(NEWCOMBE).T
    got_low, got_high = wilson(won, of)
    np.testing.assert_allclose(got_low, low, atol=5e-5)
    np.testing.assert_allclose(got_high, high, atol=5e-5)


def test_wilson_by_hand_at_90_percent() -> None:
    # z = 1.644854, z² = 2.705543; 5 of 10: centre .5, half = z / (1 + z²/10) · sqrt(.025 + z²/400)
    #   = 1.644854 / 1.270554 · sqrt(.031764) = 1.294596 · .178224 = .230728
    low, high = wilson(5, 10, level=0.9)
    assert low == pytest.approx(0.269272, abs=1e-6)
    assert high == pytest.approx(0.730728, abs=1e-6)


def test_wilson_ends_are_exact_and_nothing_has_no_interval() -> None:
    low, high = wilson([0, 20, 0, np.nan], [20, 20, 0, np.nan])
    np.testing.assert_array_equal(low[[0, 2, 3]], [0, np.nan, np.nan])
    np.testing.assert_array_equal(high[[1, 2, 3]], [1, np.nan, np.nan])
    assert high[0] == pytest.approx(1 - low[1])


def test_wilson_solves_its_equation() -> None:
    # A limit p is where the score test turns: |share − p| = z · sqrt(p (1 − p) / n).
    of = np.arange(1, 60)
    won = of // 3
    for limit in wilson(won, of):
        score = (won / of - limit) ** 2 * of
        np.testing.assert_allclose(score, 1.959963984540054**2 * limit * (1 - limit), atol=1e-12)


@pytest.mark.parametrize(("won", "of", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 1.0), (1, 5, 0.0)])
def test_wilson_refuses_what_is_no_share(won: int, of: int, level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        wilson(won, of, level)


def test_median_ranks_equal_the_tables() -> None:
    assert {n: quantile_ranks(n) for n in MEDIAN_RANKS} == MEDIAN_RANKS
    assert [quantile_ranks(n) for n in range(6)] == [None] * 6


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.998])
def test_ranks_are_the_tightest_that_hold(quantile: float, level: float) -> None:
    for n in (5, 6, 35, 36, 37, 60, 151):
        chances = [comb(n, k) * quantile**k * (1 - quantile) ** (n - k) for k in range(n + 1)]
        tail = (1 - level) / 2
        lower = max(k for k in range(n + 1) if sum(chances[:k]) <= tail)
        upper = min(k for k in range(1, n + 2) if sum(chances[k:]) <= tail)
        expected = (lower, upper) if lower >= 1 and upper <= n else None
        assert quantile_ranks(n, quantile, level) == expected


def test_a_level_met_exactly_is_enough() -> None:
    # Five values: 1 − 2 · (1/2)^5 = .9375 is the coverage of least and greatest.
    assert quantile_ranks(5, 0.5, 0.9375) == (1, 5)
    assert quantile_ranks(5, 0.5, 0.9376) is None


def test_ranks_of_very_many_cases() -> None:
    # Normal approximation: 500 000 ± 1.96 · 500 = 499 020 … 500 980 (± 1 for the steps).
    ranks = quantile_ranks(1_000_000)
    assert ranks is not None
    assert ranks == pytest.approx((499_020, 500_981), abs=1)
    assert sum(ranks) == 1_000_001


def test_the_greatest_limits_a_p90() -> None:
    # p90 of 36: P(all below) = .9^36 = .0225 <= .025, so the greatest is the upper limit; .9^35 = .02503 is
    # too much.
    ranks = quantile_ranks(36, 0.9)
    assert ranks is not None
    assert ranks[1] == 36
    assert quantile_ranks(35, 0.9) is None


def test_the_interval_of_a_median_covers_what_it_promises() -> None:
    # Deal sizes: lognormal, sigma 1.5, median 1. 4 000 samples of 20; ranks 6 and 15 cover .9586 (exact sum).
    samples = np.sort(np.random.default_rng(3).lognormal(0, 1.5, size=(4000, 20)), axis=1)
    covered = ((samples[:, 5] <= 1) & (samples[:, 14] >= 1)).mean()
    assert covered == pytest.approx(0.9586, abs=0.01)
    assert quantile_ranks(20) == (6, 15)


# Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10 (Wilson, squared and added).
DIFFERENCES = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


def test_differences_of_shares_equal_newcombes_table() -> None:
    k, n, other, of, low, high = np.array(DIFFERENCES).T
    got_low, got_high = newcombe((k, n), (other, of))
    np.testing.assert_allclose(got_low, low, atol=5e-5)
    np.testing.assert_allclose(got_high, high, atol=5e-5)


def test_a_difference_to_nothing_has_no_interval() -> None:
    assert np.isnan(newcombe((5, 10), (0, 0))).all()


def test_a_ratio_has_the_limits_of_both_sides() -> None:
    # 10 (8–12) by 5 (4–6): below, 8·12 / (50 + √(50² − 8·12·6·4)) = 96/64; above, (50 + 14) / (4·6) = 64/24
    low, high = ratio_limits((10, 8, 12), (5, 4, 6))
    np.testing.assert_allclose([low, high], [1.5, 64 / 24])
    # nothing by something begins at 0; by what may be nothing, it has no end; by nothing, there is no ratio
    assert ratio_limits((0, 0, 0.1), (0.5, 0.4, 0.6))[0] == 0
    assert ratio_limits((0.5, 0.4, 0.6), (0.1, 0, 0.3))[1] == np.inf
    assert np.isnan(ratio_limits((0.5, 0.4, 0.6), (0, 0, 0.1))).all()
    # Of money that refunds make negative nothing is said; a limit below zero is none of a ratio.
    assert np.isnan(ratio_limits((-5, -8, -1), (5, 4, 6))).all()
    assert ratio_limits((5, -8, 30), (5, -3, 60)) == (0, np.inf)


@pytest.mark.parametrize(("one", "other", "n"), [(0.1, 0.2, 60), (0.25, 0.25, 30), (0.5, 0.3, 40)])
def test_a_ratio_of_shares_is_covered(one: float, other: float, n: int) -> None:
    draw = np.random.default_rng(1)
    first, second = (draw.binomial(n, share, 20_000) for share in (one, other))
    low, high = ratio_limits((first / n, *wilson(first, n)), (second / n, *wilson(second, n)))
    told = second > 0
    assert 0.94 < ((low <= one / other) & (one / other <= high))[told].mean() < 0.97
