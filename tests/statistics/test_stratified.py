"""Groups within cells of like cases: Mantel and Haenszel's difference, and cases that hang together."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.statistics.stratified import scored


def of(rows):
    """Return the score of ``(group, cell, value, cluster)`` rows; each row is a unit of its own."""
    group, cell, value, cluster = (np.array(column) for column in zip(*rows, strict=True))
    unit = np.arange(len(rows))
    return scored(value.astype(float), group, cell, cluster=cluster, unit=unit, groups=int(group.max()) + 1)


def test_the_difference_is_mantel_and_haenszel_s():
    # Cell 0: the first group 3 of 4, the second 2 of 4; cell 1: 1 of 2 and 1 of 6.
    # Weights 4·4÷8 = 2 and 2·6÷8 = 1.5; differences .25 and 1÷3: (.5 + .5) ÷ 3.5.
    counts = {(0, 0): (3, 4), (1, 0): (2, 4), (0, 1): (1, 2), (1, 1): (1, 6)}
    rows = [
        (group, cell, one < won) for (group, cell), (won, of_all) in counts.items() for one in range(of_all)
    ]
    score = of([(*row, number) for number, row in enumerate(rows)])
    assert score.ahead / score.weight == pytest.approx([1 / 3.5, -1 / 3.5])
    # Mantel and Haenszel's variance is 4·4·5·3 ÷ (64·7) + 2·6·2·6 ÷ (64·7) = 0.857; the sums of sixteen
    # clusters vary more: 16÷15 · (¼·(5·.375² + 3·.625²) + .75²·(.75² + .25²) + .25²·(.75² + 5·.25²)).
    by_cluster = 16 / 15 * (0.46875 + 0.3515625 + 0.0546875)
    assert score.spread[0] ** 2 == pytest.approx(by_cluster)
    assert score.n.tolist() == [6, 10] and score.clusters.tolist() == [6, 10]
    # The best case of the first group is its win in cell 1, where 2 of 8 are wins.
    assert score.largest[0] == pytest.approx(0.75)


def test_a_cell_of_one_group_says_nothing():
    score = of([(0, 0, 1, 0), (0, 0, 0, 1), (1, 1, 1, 2), (0, 1, 0, 3)])
    assert score.n.tolist() == [1, 1]
    assert score.ahead.tolist() == [-0.5, 0.5]


def test_cases_that_hang_together_make_the_spread_wider():
    # Twenty cases a group, half of them wins: each of its own client, or five clients of four like ends each.
    alone = [(group, 0, one % 2, group * 20 + one) for group in (0, 1) for one in range(20)]
    together = [(group, 0, one // 4 % 2, group * 5 + one // 4) for group in (0, 1) for one in range(20)]
    assert of(together).spread[0] > 1.5 * of(alone).spread[0]
