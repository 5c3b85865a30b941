"""Shares drawn towards the whole: by hand, against published data, a brute-force posterior, known truths."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.statistics.shrinkage import drawn, shrink

#: Gelman and others, Bayesian Data Analysis, table 5.1: rats with tumours in 71 groups, of so many.
TUMOURS = (
    [0] * 14 + [1] * 8 + [2] * 9 + [1, 5, 2, 5, 3, 2, 7, 7, 3, 3, 2, 9, 10] + [4] * 7 + [10, 4, 4, 4, 5]
    + [11, 12, 5, 5, 6, 5, 6, 6, 6, 6, 16, 15, 15, 9, 4]
)  # fmt: skip
RATS = (
    [20] * 7 + [19] * 4 + [18, 18, 17] + [20] * 4 + [19, 19, 18, 18] + [25, 24, 23] + [20] * 6
    + [10, 49, 19, 46, 27, 17, 49, 47, 20, 20, 13, 48, 50] + [20] * 7 + [48, 19, 19, 19, 22]
    + [46, 49, 20, 20, 23, 19, 22, 20, 20, 20, 52, 46, 47, 24, 14]
)  # fmt: skip


def test_by_hand():
    # Shares .1 .5 .9, mean .5: 20·(.16 + 0 + .16) / .25 = 25.6; less 2 of chance 23.6; of 60 − 20 − 2 = 38:
    # likeness .621, strength 1/.621 − 1 = 36/59; weight of a group's own share 20/(20 + 36/59) = 295/304.
    found = shrink([2, 10, 18], [20, 20, 20])
    assert found.strength == pytest.approx(36 / 59)
    assert found.shares == pytest.approx([0.5 - 0.4 * 295 / 304, 0.5, 0.5 + 0.4 * 295 / 304])


def test_published_data():
    # The book's posterior has its mode at a strength of 16.4 (alpha 2.4, beta 14.0); the last group's share,
    # 4 of 14 = .286, becomes (2.4 + 4)/(16.4 + 14) = .21. Moments, which
    # weigh groups by their size, come within half as much again.
    found = shrink(TUMOURS, RATS)
    assert len(TUMOURS) == len(RATS) == 71
    assert found.mean == pytest.approx(267 / 1739, abs=1e-12)
    assert 16.4 / 1.5 < found.strength < 16.4 * 1.5
    assert found.shares[-1] == pytest.approx(0.21, abs=0.015)


def test_shares_are_the_means_of_the_posterior():
    # By brute force: prior times likelihood on a fine grid of shares, its mean.
    won, of = np.array([3, 9, 14, 0]), np.array([12, 15, 40, 5])
    found = shrink(won, of)
    share = (np.arange(200_000) + 0.5) / 200_000
    a, b = found.mean * found.strength, (1 - found.mean) * found.strength
    for k, n, told in zip(won, of, found.shares, strict=True):
        logs = (a + k - 1) * np.log(share) + (b + n - k - 1) * np.log1p(-share)
        weight = np.exp(logs - logs.max())
        assert told == pytest.approx((weight * share).sum() / weight.sum(), abs=1e-4)


def test_a_known_truth_is_found_again():
    # 400 groups whose shares follow a beta(6, 14): mean .3, strength 20. The shrunken shares miss the truth
    # by less than the raw ones and than the mean does.
    draw = np.random.default_rng(5)
    truth, of = draw.beta(6, 14, 400), draw.integers(20, 120, 400)
    won = draw.binomial(of, truth)
    found = shrink(won, of)
    assert found.mean == pytest.approx(0.3, abs=0.02) and found.strength == pytest.approx(20, rel=0.2)
    miss = ((found.shares - truth) ** 2).mean()
    assert miss < ((won / of - truth) ** 2).mean() * 0.8 and miss < ((found.mean - truth) ** 2).mean() * 0.5
    # What a resample of the counts adds by chance is taken off by noise=2.
    again = shrink(draw.binomial(of, won / of), of, noise=2.0)
    assert again.strength == pytest.approx(20, rel=0.3)


def test_equal_reps_are_told_apart_by_next_to_nothing():
    # METHOD 6: 8 equal reps at 25 % with 30 deals each; the best looks like 36.5 % on average. Shrunken, the
    # best is on average within four points of the truth, and in most draws all are the same.
    draw = np.random.default_rng(1)
    won = draw.binomial(30, 0.25, (2000, 8))
    found = shrink(won, np.full(8, 30))
    assert (won / 30).max(axis=-1).mean() == pytest.approx(0.365, abs=0.003)
    assert found.shares.max(axis=-1).mean() < 0.29
    assert np.isinf(found.strength).mean() > 0.5


def test_edges():
    one = shrink([3], [10])  # nothing to be drawn to
    assert one.shares.tolist() == [0.3] and np.isnan(one.strength)
    one = shrink([3, 0], [10, 0])  # nor is a group without cases; it has the mean
    assert one.shares.tolist() == [0.3, 0.3] and np.isnan(one.strength)
    assert np.isinf(shrink([5, 5], [10, 10]).strength)  # no variance
    assert shrink([10, 10], [10, 10]).shares.tolist() == [1, 1]
    assert shrink([0, 0], [10, 10]).shares.tolist() == [0, 0]
    assert shrink([0, 10, 0], [10, 10, 0]).shares.tolist() == [0, 1, 0.5]  # as far apart as can be
    assert shrink([0, 1], [1, 1]).shares.tolist() == [0.5, 0.5]  # one case each tells nothing
    none = shrink([0, 0], [0, 0])
    assert np.isnan(none.mean) and np.isnan(none.shares).all()
    assert shrink([], []).shares.shape == (0,)
    with pytest.raises(ValueError, match="successes"):
        shrink([3], [2])


def test_sets_of_groups_are_treated_apart():
    won, of = np.array([[2, 10, 18], [5, 5, 5]]), np.array([[20, 20, 20], [10, 10, 10]])
    both = shrink(won, of)
    for row in range(2):
        assert both.shares[row].tolist() == shrink(won[row], of[row]).shares.tolist()


def test_estimates_drawn_by_hand():
    # 1, 2, 6 with variances of 1: mean 3, squares 4 + 1 + 9 = 14, of which chance makes 2; (14 − 2) ÷ (3 − 1)
    # = 6 is the spread of the truth; 6 ÷ (6 + 1) of each distance to the mean remains.
    assert drawn([1.0, 2.0, 6.0], [1.0, 1.0, 1.0]) == pytest.approx([3 - 12 / 7, 3 - 6 / 7, 3 + 18 / 7])
    # 0 with variance 1, 10 with variance 4: weights 1 and ¼, mean 2, squares 4 + 16 = 20, less 1;
    # 19 ÷ (1.25 − 1.0625 ÷ 1.25) = 47.5.
    # New weights 1/48.5 and 1/51.5: mean 4.85; 47.5 ÷ 48.5 and 47.5 ÷ 51.5 of the distances remain.
    mean = (10 / 51.5) / (1 / 48.5 + 1 / 51.5)
    told = [mean - mean * 47.5 / 48.5, mean + (10 - mean) * 47.5 / 51.5]
    assert drawn([0.0, 10.0], [1.0, 4.0]) == pytest.approx(told)


def test_estimates_that_chance_explains_are_one():
    # Squares .02 are less than the 2 that chance makes: all have the mean, weighed by how certain each is.
    assert drawn([0.9, 1.0, 1.1], [1.0, 1.0, 1.0]) == pytest.approx([1, 1, 1])


def test_who_has_no_estimate_is_left_alone():
    nan = float("nan")
    assert drawn([1.0, nan, 2.0, 6.0], [1.0, 1.0, 1.0, 1.0])[[0, 2, 3]] == pytest.approx(
        drawn([1.0, 2.0, 6.0], [1.0, 1.0, 1.0])
    )
    assert np.isnan(drawn([1.0, nan, 2.0], [1.0, 1.0, 1.0])[1])
    assert drawn([3.0], [1.0]).tolist() == [3.0] and drawn([3.0, 5.0], [1.0, nan]).tolist() == [3.0, 5.0]
    assert drawn([], []).shape == (0,)
