"""Places instead of ranks: by hand, and how often they hold the true one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from crmkit.statistics.ranks import rank_limits, rank_tail


def places(value, half):
    value, half = np.asarray(value, float), np.asarray(half, float)
    return [one.tolist() for one in rank_limits(value, value - half, value + half)]


def test_by_hand():
    # 9 ± 1 is above 6 ± 1 by 3 ± √2, and both are above 1 ± 1: places 1, 2, 3.
    assert places([6, 9, 1], [1, 1, 1]) == [[2, 1, 3], [2, 1, 3]]
    # 6 ± 2 and 9 ± 2: the difference 3 ± 2.83 excludes zero, although the intervals touch.
    assert places([6, 9], [2.05, 2.05]) == [[2, 1], [2, 1]]
    # 3 ± 3.1 does not: both may be either.
    assert places([6, 9], [2.2, 2.2]) == [[1, 1], [2, 2]]


def test_nobody_surely_above_means_any_place():
    assert places([0.3, 0.2, 0.25], [0.5, 0.5, 0.5]) == [[1, 1, 1], [3, 3, 3]]
    assert places([4.0], [1.0]) == [[1], [1]]
    assert places([], []) == [[], []]
    # Who has no figure may have any place, and takes none away from the others.
    assert places([9, np.nan, 1], [1, np.nan, 1]) == [[1, 1, 2], [2, 3, 3]]


def test_the_tail_is_shared_by_the_differences_of_one():
    assert rank_tail(11) == pytest.approx(0.05 / 10)
    assert rank_tail(2) == rank_tail(1) == pytest.approx(0.05)


def test_places_hold_the_true_one():
    # Six reps, five steps of a standard error apart: each rep's places hold the true one in 95 % or more.
    draw, truth = np.random.default_rng(4), np.arange(6)[::-1] * 1.5
    half, held, told = -ndtri(rank_tail(6) / 2), np.zeros(6), 0
    for _ in range(1000):
        value = truth + draw.normal(size=6)
        best, worst = rank_limits(value, value - half, value + half)
        held += (best <= np.arange(1, 7)) & (np.arange(1, 7) <= worst)
        told += int((worst - best < 5).sum())
    assert (held >= 950).all()
    assert told > 3000  # and they do say something
