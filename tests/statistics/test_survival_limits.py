"""Intervals of censored quantiles: by hand, and how often they hold the truth."""

from __future__ import annotations

import numpy as np

from crmkit.statistics.survival_limits import survival_intervals


def test_ten_durations_by_hand() -> None:
    # S falls by a tenth a day. Lower curve after day 1: sqrt(.1 / 9) / -ln .9 = 1.0005, and
    # .9 ** exp(1.96 · 1.0005) = .473: below a half already. Upper curve after day 7: sqrt(.7 / 3) / -ln .3
    # = .4012; .3 ** exp(-.7863) = .578; after day 8: sqrt(.8 / 2) / -ln .2 = .3930; .2 ** exp(-.7702) = .475.
    median, p90 = survival_intervals([0] * 10, range(1, 11), [1] * 10, 1)
    assert median.ravel().tolist() == [5.5, 1.0, 8.0]
    assert p90[0].item() == 9.5 and np.isnan(p90[2]).item()  # a tenth of ten cases has no upper limit


def test_all_at_once_is_as_sure_as_so_many_cases_make_it() -> None:
    # 40 of 40 end at 2: at most 1 - .025 ** (1 / 40) = .088 of all such last longer, less than a tenth; of
    # 20 at most .168, less than a half alone.
    told = survival_intervals(np.repeat([0, 1], [40, 20]), [2.0] * 60, [1] * 60, 2)
    assert told[0].tolist() == [[2.0, 2.0]] * 3
    assert told[1, 2, 0] == 2.0 and np.isnan(told[1, 2, 1])


def test_groups_do_not_touch_one_another_and_an_empty_one_has_nothing() -> None:
    codes = np.repeat([2, 0], 10)
    both = survival_intervals(codes, [*range(1, 11)] * 2, [1] * 20, 3)
    assert both[0, :, 0].tolist() == both[0, :, 2].tolist() == [5.5, 1.0, 8.0]
    assert np.isnan(both[:, :, 1]).all()
    assert np.isnan(survival_intervals([], [], [], 2)).all()


def test_most_intervals_hold_the_true_median() -> None:
    chance = np.random.default_rng(5)
    times, ends = chance.exponential(10, (800, 50)), chance.exponential(25, (800, 50))
    codes = np.repeat(np.arange(800), 50)
    ended = (times <= ends).ravel()
    _, low, high = survival_intervals(codes, np.minimum(times, ends).ravel(), ended, 800)[0]
    truth = 10 * np.log(2)
    held = (low <= truth) & ((truth <= high) | np.isnan(high))
    assert 0.93 <= held.mean() <= 0.98
