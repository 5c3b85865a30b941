"""Changes by hand; and equal periods, in which hardly any report may find a change."""

import sys
from pathlib import Path

import numpy as np
import pytest

from crmkit.compare.changes import quantile_change, ratio_change, share_change, total_change
from crmkit.compare.spread import PeriodCases
from crmkit.statistics.intervals import newcombe


def cases(value, *, week, days=(5.0, 5.0), client=None, group=None):
    value = np.asarray(value, np.float64)
    client = np.arange(len(value)) if client is None else np.asarray(client)
    group = np.empty(0, np.int64) if group is None else np.asarray(group)
    return PeriodCases(value, np.ones(len(value)), np.asarray(week), client, np.asarray(days), group)


def alternating(n):
    """Weeks of cases in turn, so that no week stands out."""
    return np.arange(n) % 4


def shares(k, n, group=None):
    value = np.zeros(n)
    value[:k] = 1
    return cases(value, week=alternating(n), days=[5.0] * 4, group=group)


def test_a_share_of_independent_cases_has_newcombes_interval():
    change, mix = share_change(shares(20, 80), shares(40, 80))
    assert (change.before, change.after, mix) == (0.25, 0.5, 0.0)
    # Weeks and clients spread no more than chance does: every case is worth one.
    assert change.worth == pytest.approx((80, 80), rel=0.02)
    assert change.limits() == pytest.approx([float(x) for x in newcombe((40, 80), (20, 80))], abs=0.003)


def test_cases_of_one_client_are_worth_fewer():
    value = np.repeat([1.0, 0, 0, 1, 0], 20)
    tied = cases(value, week=np.arange(100) % 4, days=[5.0] * 4, client=np.repeat(np.arange(5), 20))
    other = cases(value, week=np.arange(100) % 4, days=[5.0] * 4, client=np.repeat(np.arange(5, 10), 20))
    change, _ = share_change(tied, other)
    # Each side: five clients all won or all lost. Ten moves of .2 × (.6 or .4): 2 × .048 × 10 ÷ 9.
    assert change.spread == pytest.approx(2 * 0.048 * 10 / 9)
    assert sum(change.worth) < 12


def test_like_deals_are_compared_and_the_mix_is_told_apart():
    # Warm leads 35 % → 25 %, won 50 → 53 %; cold 10 → 11 % (METHOD 6): both better, the whole worse.
    before = cases(
        np.r_[np.ones(700), np.zeros(700), np.ones(260), np.zeros(2340)],
        week=np.arange(4000) % 4, days=[5.0] * 4, group=np.repeat([0, 1], [1400, 2600]),
    )  # fmt: skip
    after = cases(
        np.r_[np.ones(530), np.zeros(470), np.ones(330), np.zeros(2670)],
        week=np.arange(4000) % 4, days=[5.0] * 4, group=np.repeat([0, 1], [1000, 3000]),
    )  # fmt: skip
    change, mix = share_change(before, after)
    assert change.gap == pytest.approx(0.30 * 0.03 + 0.70 * 0.01)
    assert mix == pytest.approx(-0.10 * (0.515 - 0.105))
    assert change.gap + mix == pytest.approx(0.215 - 0.24)


def test_small_groups_are_put_together():
    # Groups 1 and 2 have fewer than five cases before: both make one, in which 2 of 6 and 5 of 10 are won.
    before = cases([1, 0, 0, 1, 0, 0, *[1, 0] * 10], week=alternating(26), days=[5.0] * 4,
                   group=[1, 1, 1, 2, 2, 2, *[0] * 20])  # fmt: skip
    after = cases([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, *[1, 0] * 10], week=alternating(30), days=[5.0] * 4,
                  group=[1, 1, 1, 1, 1, 2, 2, 2, 2, 2, *[0] * 20])  # fmt: skip
    change, mix = share_change(before, after)
    assert change.gap == pytest.approx((6 / 26 + 10 / 30) / 2 * (5 / 10 - 2 / 6))
    assert change.gap + mix == pytest.approx(15 / 30 - 12 / 26)


def test_a_count_is_told_per_working_day_and_spreads_at_least_as_chance_does():
    # 20 in 10 days, 40 in 8; each week as many as its days say: only Poisson's spread is left.
    before = cases(np.ones(20), week=np.repeat([0, 1], 10))
    after = cases(np.ones(40), week=np.repeat([0, 1], 20), days=(4.0, 4.0))
    change = total_change(before, after, counts=True)
    assert (change.before, change.after) == (2.0, 5.0)
    assert change.spread == pytest.approx(20 / 10**2 + 40 / 8**2)


def test_weeks_that_differ_make_a_count_uncertain():
    calm = cases(np.ones(80), week=np.repeat([0, 1, 2, 3], 20), days=[5.0] * 4)
    wild = cases(np.ones(80), week=np.repeat([0, 1, 2, 3], [5, 35, 5, 35]), days=[5.0] * 4)
    # Residuals ±15 of 20 days: 4 × 15² × 4 ÷ 3 ÷ 20²
    change = total_change(calm, wild, counts=True)
    assert change.spread == pytest.approx(80 / 400 + 4 * 15**2 * 4 / 3 / 400)


def test_a_client_who_buys_in_both_periods_is_compared_with_himself():
    # Clients pay 1, 2, 3 in both periods: by client nothing changes, whatever the spread of the amounts.
    before = cases([1, 2, 3], week=[0, 1, 0], client=[0, 1, 2])
    after = cases([1, 2, 3], week=[0, 1, 0], client=[0, 1, 2])
    assert ratio_change(before, after).gap == 0
    by_week = [-1 / 3 + 1 / 3, 0.0]
    assert ratio_change(before, after).spread == pytest.approx(sum(by_week))


def test_a_median_has_limits_of_the_share_below_it():
    before = cases(np.arange(1.0, 101), week=alternating(100), days=[5.0] * 4)
    after = cases(np.arange(31.0, 131), week=alternating(100), days=[5.0] * 4)
    change = quantile_change(before, after)
    assert (change.before, change.after) == (50.5, 80.5)
    low, high = change.limits()
    # .5 ± 1.96 × .05 of a hundred cases: about ten ranks on each side, times the root of two.
    assert (low, high) == pytest.approx((30 - 10 * 2**0.5, 30 + 10 * 2**0.5), abs=2)
    assert quantile_change(before, before).chance() > 0.9


def test_the_chance_is_that_of_the_interval():
    change, _ = share_change(shares(20, 80), shares(40, 80))
    low, high = change.limits(1 - change.chance())
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-6)
    total = total_change(shares(0, 30), shares(0, 60), counts=True)
    assert total.chance() == 1.0 or total.gap == 0


def test_equal_periods_seldom_bring_a_report_with_a_change():
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    try:
        from periods import World, outcomes
    finally:
        sys.path.pop(0)
    rows = list(outcomes(World(weeks=13, deals=20, together=0.3), 200))
    false = [any(hits.values()) for hits, _, _ in rows]
    naive = [any(hits.values()) for _, hits, _ in rows]
    assert np.mean(false) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(naive) > 0.5
    shifted = [hits for hits, _, _ in outcomes(World(26, 60, 0.0, lift=0.5), 20)]
    assert np.mean([hits["win_rate"] for hits in shifted]) > 0.8
