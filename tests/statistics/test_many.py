"""Many comparisons at once: by the definition, and what the control promises."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from crmkit.statistics.many import false_discovery


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_step_up_rule_one_by_one(seed: int) -> None:
    draw = np.random.default_rng(seed)
    chances = draw.uniform(0, draw.choice([1, 0.1]), int(draw.integers(1, 30))).round(
        2
    )  # with ties and zeros
    chances[draw.random(len(chances)) < 0.2] = np.nan
    rate = float(draw.choice([0.05, 0.2]))
    made = [chance for chance in chances if chance == chance]
    # The largest k of which k comparisons have p at most rate · k / m; those k stand out.
    most = max((k for k in range(1, len(made) + 1) if sorted(made)[k - 1] <= rate * k / len(made)), default=0)
    border = sorted(made)[most - 1] if most else -1.0
    found, level = false_discovery(chances, rate)
    assert found.tolist() == [bool(chance <= border) for chance in chances]
    if made:
        assert level == pytest.approx(1 - rate * max(most, 1) / len(made))


@pytest.mark.parametrize("seed", range(20))
def test_intervals_of_that_level_say_the_same(seed: int) -> None:
    # Of z with a standard error of 1 the interval excludes 0 where |z| exceeds the quantile of the level.
    draw = np.random.default_rng(seed)
    z = draw.normal(0, 1, 12) + np.where(np.arange(12) < seed % 6, 3.2, 0)
    normal = NormalDist()
    found, level = false_discovery([2 * normal.cdf(-abs(one)) for one in z])
    assert found.tolist() == (np.abs(z) > normal.inv_cdf(0.5 + level / 2)).tolist()


def test_nothing_to_compare() -> None:
    found, level = false_discovery([])
    assert found.tolist() == [] and level == 0.95
    found, level = false_discovery([np.nan, np.nan], 0.1)
    assert found.tolist() == [False, False] and level == 0.9


def test_among_equals_anybody_stands_out_as_seldom_as_promised() -> None:
    # Independent p-values of nobody who differs: the chance of any is the rate itself, whatever their number.
    chances = np.random.default_rng(7).random((4000, 8))
    any_out = np.mean([false_discovery(row, 0.05)[0].any() for row in chances])
    assert any_out == pytest.approx(0.05, abs=0.0105)  # three standard errors


def test_among_some_who_differ_few_are_false() -> None:
    # 3 of 10 truly differ by 3.5 standard errors: on average at most 7/10 of the rate of those out are false.
    draw = np.random.default_rng(8)
    z = draw.normal(0, 1, (3000, 10)) + np.where(np.arange(10) < 3, 3.5, 0)
    table = np.array([[2 * NormalDist().cdf(-abs(one)) for one in row] for row in z])
    out = np.array([false_discovery(row, 0.1)[0] for row in table])
    false_share = out[:, 3:].sum(axis=1) / np.maximum(out.sum(axis=1), 1)
    assert false_share.mean() == pytest.approx(0.07, abs=0.01)
