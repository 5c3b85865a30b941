"""The share won by age against hand-worked, published and naively computed figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from crmkit.statistics.survival import (
    LOST,
    OPEN,
    WON,
    Steps,
    medians_among_winners,
    steps_of,
)


def curve_of(durations: Sequence[float], events: Sequence[int]) -> Steps:
    return steps_of(np.zeros(np.size(durations), np.int64), durations, events)


def median_of(
    durations: Sequence[float], events: Sequence[int], max_open: float = 0.05
) -> tuple[float, float]:
    groups = np.zeros(np.size(durations), np.int64)
    medians, still_open = medians_among_winners(groups, durations, events, 1, max_open)
    return float(medians[0]), float(still_open[0])


def naive(durations: list[float], events: list[int]) -> dict[float, tuple[float, float, int]]:
    """The textbook, age by age: age -> (share won, share open, at risk)."""
    survival, won, curve = 1.0, 0.0, {}
    for age in sorted(set(durations)):
        at_risk = sum(duration >= age for duration in durations)
        here = [event for duration, event in zip(durations, events, strict=True) if duration == age]
        won += survival * here.count(WON) / at_risk
        survival *= 1 - (here.count(WON) + here.count(LOST)) / at_risk
        curve[age] = (won, survival, at_risk)
    return curve


def naive_median(durations: list[float], events: list[int], max_open: float = 0.05) -> tuple[float, float]:
    curve = naive(durations, events)
    if not curve:
        return np.nan, np.nan
    final, still_open, _ = curve[max(curve)]
    if still_open > max_open + 1e-9 or final == 0:
        return np.nan, still_open
    return min(age for age, (won, _, _) in curve.items() if won >= final / 2 - 1e-9), still_open


def test_worked_by_hand() -> None:
    # age 2: 5 at risk, won  -> CIF 1/5, S 4/5
    # age 3: 4 at risk, lost -> CIF 1/5, S 3/5
    # age 4: 3 at risk, open -> unchanged
    # age 5: 2 at risk, won  -> CIF 1/5 + 3/5 · 1/2 = 1/2, S 3/10
    # age 7: 1 at risk, lost -> CIF 1/2, S 0
    # The naive won-only median is 3.5; half of CIF(7) is 1/4, first reached at 5.
    durations, events = [5, 3, 7, 2, 4], [WON, LOST, LOST, WON, OPEN]
    curve = curve_of(durations, events)
    assert curve.times.tolist() == [2, 3, 4, 5, 7]
    assert curve.at_risk.tolist() == [5, 4, 3, 2, 1]
    np.testing.assert_allclose(curve.cif, [0.2, 0.2, 0.2, 0.5, 0.5])
    np.testing.assert_allclose(curve.survival, [0.8, 0.6, 0.6, 0.3, 0.0], atol=1e-15)
    assert median_of(durations, events) == (5.0, 0.0)


def test_ends_come_before_censorings_at_equal_ages() -> None:
    # age 1: 4 at risk (the open one among them), 1 won, 1 lost -> CIF 1/4, S 1/2
    # age 2: 1 at risk, won -> CIF 1/4 + 1/2 = 3/4, S 0
    curve = curve_of([1, 1, 1, 2], [OPEN, WON, LOST, WON])
    assert curve.at_risk.tolist() == [4, 1]
    np.testing.assert_allclose(curve.cif, [0.25, 0.75])
    np.testing.assert_allclose(curve.survival, [0.5, 0.0], atol=1e-15)


def test_published_table() -> None:
    # Satagopan et al., British Journal of Cancer 91 (2004) 1229–1235, table 2: the first nine of 305 women,
    # deaths of breast cancer at 10, 16, 23, 27 months, of other causes at 18, 26, censored at 7, 14, 24.
    # Percent, one decimal; the incidence is .3 at each of the four (the paper adds up the rounded ones: 1.2).
    durations = [7, 10, 14, 16, 18, 23, 24, 26, 27] + [28] * 296
    events = [OPEN, WON, OPEN, WON, LOST, WON, OPEN, LOST, WON] + [OPEN] * 296
    curve = curve_of(durations, events)
    at = [curve.times.tolist().index(month) for month in (10, 16, 18, 23, 26, 27)]
    assert curve.at_risk[at].tolist() == [304, 302, 301, 300, 298, 297]
    np.testing.assert_allclose(100 * curve.survival[at], [99.7, 99.3, 99.0, 98.7, 98.3, 98.0], atol=0.051)
    incidence = np.diff(100 * curve.cif[at], prepend=0)
    np.testing.assert_allclose(incidence, [0.3, 0.3, 0, 0.3, 0, 0.3], atol=0.051)
    assert curve.cif[-1] == pytest.approx(0.0132, abs=5e-5)


def test_equals_lifelines() -> None:
    # AalenJohansenFitter(event_of_interest=1) and KaplanMeierFitter of lifelines 0.30.3, on the same deals.
    durations = [3, 5, 6, 8, 9, 11, 12, 15, 16, 18, 20, 21, 25, 28, 30, 33]
    events = [1, 2, 1, 0, 2, 1, 1, 2, 0, 1, 2, 1, 0, 2, 1, 0]
    cif = [0.0625, 0.0625, 0.125, 0.125, 0.125, 0.192708, 0.260417, 0.260417, 0.260417, 0.337798, 0.337798]
    cif += [0.415179, 0.415179, 0.415179, 0.518353, 0.518353]
    survival = [0.9375, 0.875, 0.8125, 0.8125, 0.744792, 0.677083, 0.609375, 0.541667, 0.541667, 0.464286]
    survival += [0.386905, 0.309524, 0.309524, 0.206349, 0.103175, 0.103175]
    curve = curve_of(durations, events)
    np.testing.assert_allclose(curve.cif, cif, atol=5e-7)
    np.testing.assert_allclose(curve.survival, survival, atol=5e-7)
    # Half of .518353 is .259177, first reached at 12; but 10 % are open at the end: told only if allowed.
    value, still_open = median_of(durations, events)
    assert np.isnan(value)
    assert still_open == pytest.approx(0.103175, abs=5e-7)
    assert median_of(durations, events, max_open=0.11)[0] == 12


def test_without_open_deals_the_share_won_is_the_plain_share() -> None:
    random = np.random.default_rng(1)
    durations, events = random.integers(0, 90, 500), random.integers(WON, LOST + 1, 500)
    curve = curve_of(durations, events)
    plain = [((durations <= age) & (events == WON)).mean() for age in curve.times]
    np.testing.assert_allclose(curve.cif, plain, atol=1e-12)
    np.testing.assert_allclose(curve.survival, [(durations > age).mean() for age in curve.times], atol=1e-12)
    # With an odd number of winners the median is the winners' own.
    winners = np.sort(durations[events == WON])[: (events == WON).sum() // 2 * 2 - 1]
    value, still_open = median_of(winners, np.full(len(winners), WON))
    assert value == np.median(winners)
    assert still_open == 0


@pytest.mark.parametrize("winners", [10, 30, 98])
def test_half_is_reached_in_spite_of_rounding(winners: int) -> None:
    # An even number of winners at ages 1 … n: exactly half are won at n / 2, whatever n-ths add up to.
    assert median_of(range(1, winners + 1), [WON] * winners)[0] == winners / 2


def test_five_percent_open_is_still_allowed() -> None:
    # 19 winners at ages 1 … 19 and one open at 20: S = 1/20. Half of .95 is .475, reached with the tenth.
    # 18 winners and two open: S = 1/10, «not yet».
    assert median_of(range(1, 21), [WON] * 19 + [OPEN]) == pytest.approx((10, 0.05))
    value, still_open = median_of(range(1, 21), [WON] * 18 + [OPEN] * 2)
    assert np.isnan(value)
    assert still_open == pytest.approx(0.1)


def test_nothing_won_and_nothing_at_all() -> None:
    assert median_of([4, 9], [LOST, LOST]) == pytest.approx((np.nan, 0.0), nan_ok=True)
    assert median_of([4, 9], [OPEN, OPEN]) == pytest.approx((np.nan, 1.0), nan_ok=True)
    assert median_of([], []) == pytest.approx((np.nan, np.nan), nan_ok=True)
    assert len(curve_of([], []).times) == 0


@pytest.mark.parametrize("seed", range(20))
def test_groups_equal_the_naive_reference_one_by_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    count, size = int(random.integers(0, 120)), 6
    groups = random.integers(0, size - 1, count)  # the last group stays empty
    durations = random.integers(0, 15, count) / 2
    events = random.choice([OPEN, WON, LOST], count, p=[0.15, 0.45, 0.4])
    if seed % 3 == 0:  # let the longest deals be closed, so that medians are told
        events[durations >= 5] = LOST
    values, still_open = medians_among_winners(groups, durations, events, size)
    assert len(values) == len(still_open) == size
    for group in range(size):
        mine = groups == group
        expected = naive_median(durations[mine].tolist(), events[mine].tolist())
        assert (values[group], still_open[group]) == pytest.approx(expected, nan_ok=True)
        curve = curve_of(durations[mine], events[mine])
        reference = naive(durations[mine].tolist(), events[mine].tolist())
        assert curve.times.tolist() == list(reference)
        found = np.column_stack([curve.cif, curve.survival, curve.at_risk])
        np.testing.assert_allclose(found, list(reference.values()) or found, atol=1e-12)


def test_order_of_rows_is_irrelevant_and_inputs_stay() -> None:
    random = np.random.default_rng(5)
    durations, events = random.integers(0, 40, 200).astype(float), random.integers(0, 3, 200)
    kept = durations.copy(), events.copy()
    shuffled = random.permutation(200)
    one, other = (
        curve_of(durations, events),
        curve_of(durations[shuffled], events[shuffled]),
    )
    np.testing.assert_array_equal(one.cif, other.cif)
    np.testing.assert_array_equal((durations, events), kept)


def test_censoring_is_put_right_where_the_naive_median_is_not() -> None:
    # Half the deals will be won, after exponential ages of mean 60 days (median 60 ln 2 = 41.6); deals begin
    # at any time of the year before as_of, and are seen until then. The won-only median comes out short.
    random = np.random.default_rng(11)
    ages, fate = random.exponential(60, 40_000), random.choice([WON, LOST], 40_000)
    seen = random.uniform(0, 365, 40_000)
    durations, events = np.minimum(ages, seen), np.where(ages <= seen, fate, OPEN)
    value, _ = median_of(durations, events)
    assert value == pytest.approx(60 * np.log(2), abs=1.5)
    assert np.median(durations[events == WON]) < 37


@pytest.mark.parametrize(
    ("durations", "events", "said"),
    [
        ([1, -1], [1, 1], "negative"),
        ([1, np.nan], [1, 1], "given"),
        ([1, 2], [1, 3], "events"),
        ([1], [1, 2], "length"),
    ],
)
def test_impossible_input_is_refused(durations: list[float], events: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        curve_of(durations, events)


@pytest.mark.parametrize("code", [-1, 2])
def test_group_codes_outside_are_refused(code: int) -> None:
    with pytest.raises(ValueError, match="group codes"):
        medians_among_winners([0, code], [1, 2], [WON, WON], 2)
