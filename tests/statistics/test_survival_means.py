"""Mean durations within a horizon, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.statistics.survival_means import restricted_means


def test_by_hand():
    # Ends at 1, 3, 4 of four cases, one lost from sight at 2: the curve stands at 1 until 1, at 3/4 until 3
    # (2 at risk there), at 3/8 until 4. Area to 4: 1 + 2·3/4 + 3/8 = 2.875;
    # to 2: 1 + 3/4 = 1.75; to 1/2: 1/2.
    case = [0] * 4, [1, 2, 3, 4], [1, 0, 1, 1], 1
    for horizon, mean, still in ((10, 2.875, 0.0), (2, 1.75, 0.75), (0.5, 0.5, 1.0), (4, 2.875, 0.0)):
        found = restricted_means(*case, horizon)
        assert [float(one[0]) for one in found] == pytest.approx([mean, min(horizon, 4), still])


def test_without_censoring_it_is_the_mean_and_groups_stand_apart():
    days = np.array([3.0, 1.0, 8.0, 5.0, 0.0])
    means, horizons, still = restricted_means([2, 0, 2, 2, 0], days, np.ones(5), 4, 100)
    assert means[[0, 2]].tolist() == pytest.approx([0.5, 16 / 3]) and np.isnan(means[[1, 3]]).all()
    assert horizons[[0, 2]].tolist() == [1, 8] and still[[0, 2]].tolist() == [0, 0]
    # a horizon of its own for each group: 2 for the third, where 3, 8, 5 become 2, 2, 2
    assert restricted_means([2, 0, 2, 2, 0], days, np.ones(5), 4, [1, 1, 2, 1])[0][2] == pytest.approx(2)


def test_without_cases_nothing_is_told():
    assert all(np.isnan(one).all() for one in restricted_means([], [], [], 2, 10))
