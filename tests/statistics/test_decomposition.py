"""Contributions add up exactly, and are what the textbooks' averages over all orders are."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from crmkit.statistics.decomposition import kitagawa, shapley


def by_all_orders(first: list[float], second: list[float]) -> np.ndarray:
    """Change the factors one after the other, in every order: the definition."""
    told, orders = np.zeros(len(first)), list(permutations(range(len(first))))
    for order in orders:
        now = list(second)
        for factor in order:
            before = np.prod(now)
            now[factor] = first[factor]
            told[factor] += np.prod(now) - before
    return told / len(orders)


@pytest.mark.parametrize("factors", [1, 2, 3, 4, 6, 7])
def test_contributions_are_the_mean_over_all_orders(factors: int) -> None:
    draw = np.random.default_rng(factors)
    first, second = draw.uniform(0, 9, factors), draw.uniform(0, 9, factors)
    told = shapley(first, second)[0]
    np.testing.assert_allclose(told, by_all_orders(list(first), list(second)), rtol=1e-11)
    assert told.sum() == pytest.approx(first.prod() - second.prod(), rel=1e-12)


def test_a_gap_of_two_reps_worked_out_by_hand() -> None:
    # 100 leads × .30 × 50 = 1500 against 80 × .25 × 60 = 1200. Of the gap of 300
    # leads: 20 × (.30·50 + .25·60 + ½·(.30·60 + .25·50)) / 3 = 20 × (15 + 15 + 15.25) / 3 = 301.67
    # win rate: .05 × (100·50 + 80·60 + ½·(100·60 + 80·50)) / 3 = .05 × 14800 / 3 = 246.67
    # check: −10 × (100·.30 + 80·.25 + ½·(100·.25 + 80·.30)) / 3 = −10 × 74.5 / 3 = −248.33
    told = shapley([100, 0.30, 50], [80, 0.25, 60])[0]
    np.testing.assert_allclose(told, [905 / 3, 740 / 3, -745 / 3], rtol=1e-12)
    assert told.sum() == pytest.approx(300, abs=1e-9)


def test_many_gaps_are_split_at_once_and_equal_factors_give_nothing() -> None:
    told = shapley([[3, 5, 2], [4, 5, 2]], [[3, 5, 1], [4, 5, 2]])[0]
    assert told.tolist() == [[0, 0, 15], [0, 0, 0]]


def test_the_methods_example_of_rate_and_mix() -> None:
    # METHOD 6: warm leads 35 % → 25 % of all, won 50 % → 53 %; cold 65 % → 75 %, won 10 % → 11 %:
    # 24.0 % → 21.5 %: rate .30·3 + .70·1 = +1.6 points, mix (−.10)·(51.5 − 10.5) = −4.1.
    later, earlier = ([13.25, 8.25], [25, 75]), ([17.5, 6.5], [35, 65])
    told = kitagawa(later, earlier)
    np.testing.assert_allclose(told.rate, [0.009, 0.007], atol=1e-15)
    assert told.rate.sum() == pytest.approx(0.016)
    assert told.mix.sum() == pytest.approx(-0.041)
    assert told.rate.sum() + told.mix.sum() == pytest.approx(0.215 - 0.240)
    # Both at 30 % warm: .30·53 + .70·11 = 23.6 % against .30·50 + .70·10 = 22.0 %. At the mean of the rates,
    # 51.5 and 10.5: .25·51.5 + .75·10.5 = 20.75 % against .35·51.5 + .65·10.5 = 24.85 %.
    np.testing.assert_allclose(told.like_for_like, (0.236, 0.220), atol=1e-15)
    np.testing.assert_allclose(told.expected, (0.2075, 0.2485), atol=1e-15)
    # By group: warm −.10 × (51.5 − 22.75) points, cold +.10 × (10.5 − 22.75): both count against.
    np.testing.assert_allclose(told.mix, [-0.02875, -0.01225], atol=1e-15)


def test_a_group_that_one_side_has_not_is_mix_alone() -> None:
    # 5 of 10 against 5 of 10 and none of 10 cold ones: .5 against .25, all of it mix.
    told = kitagawa(([5, 0], [10, 0]), ([5, 0], [10, 10]))
    assert told.rate.tolist() == [0, 0]
    assert told.mix.sum() == pytest.approx(0.25)


def test_groups_of_nobody_change_nothing_and_a_side_without_deals_is_unknown() -> None:
    told = kitagawa(([5, 0], [10, 0]), ([2, 0], [10, 0]))
    np.testing.assert_allclose(told.rate, [0.3, 0], atol=1e-15)
    assert told.mix.tolist() == [0, 0]
    assert np.isnan(kitagawa(([0], [0]), ([2], [10])).rate).all()


def test_rate_and_mix_of_many_resamples_at_once() -> None:
    draw = np.random.default_rng(1)
    of, other_of = draw.integers(1, 50, (4, 3)), draw.integers(1, 50, (4, 3))
    won, other_won = draw.binomial(of, 0.3), draw.binomial(other_of, 0.4)
    told = kitagawa((won, of), (other_won, other_of))
    whole = won.sum(axis=1) / of.sum(axis=1) - other_won.sum(axis=1) / other_of.sum(axis=1)
    np.testing.assert_allclose((told.rate + told.mix).sum(axis=1), whole, atol=1e-15)
