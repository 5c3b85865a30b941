"""Limits of funnel plots by brute force, and those of a rep's own share beside Clopper and Pearson's."""

from __future__ import annotations

import json
from math import lgamma, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crmkit.compare.rep_gaps import Gaps
from crmkit.statistics.funnels import funnel_limits

FIGURES: dict[str, Any] = json.loads(Path(__file__).with_name("figures.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("share", [0.02, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_funnel_limits_follow_spiegelhalters_appendix(share: float, level: float) -> None:
    # r is the least number with F(r) ≥ p; the limit is (r − a) ÷ n, a = (F(r) − p) ÷ (F(r) − F(r − 1)).
    sizes = [1, 2, 5, 9, 10, 30, 31, 100, 250, 777, 3000]
    low, high = funnel_limits(share, sizes, level)
    for at, n in enumerate(sizes):
        k = np.arange(n + 1)
        ways = np.array([lgamma(n + 1) - lgamma(one + 1) - lgamma(n - one + 1) for one in range(n + 1)])
        upto = np.cumsum(np.exp(ways + k * log(share) + (n - k) * log(1 - share)))
        for found, chance in ((low[at], (1 - level) / 2), (high[at], (1 + level) / 2)):
            r = int(np.argmax(upto >= chance))
            before = upto[r - 1] if r else 0.0
            expected = (r - (upto[r] - chance) / (upto[r] - before)) / n
            assert found == pytest.approx(min(max(expected, 0.0), 1.0), abs=1e-8)


def test_outside_lie_at_most_so_many_below_and_up_to_a_whole_case_more_above() -> None:
    # Equal groups of 30 at 25 %: P(3 or fewer) = .0374, P(2 or fewer) = .0106; P(12 or more) = .0507. The
    # limits lie between 2 and 3 and between 11 and 12 cases.
    low, high = funnel_limits(0.25, [30])
    assert 2 < 30 * low[0] < 3
    assert 11 < 30 * high[0] < 12


def test_a_reps_own_share_has_exact_limits() -> None:
    # With nothing uncertain in what is expected, the limits of the gap are those of the share, less that.
    told = FIGURES["shares"]
    won, of = np.array(told["shares"] + told["ends"], dtype=float).T
    many = len(won)
    gaps = Gaps(
        won / of, np.full(many, 0.3), 0.21 / of, np.full(many, 1e-14), np.full(many, np.inf), is_share=True
    )
    for level in ("0.95", "0.998"):
        low, high = gaps.limits(1 - float(level))
        exact = np.concatenate([told["levels"][level][name] for name in ("exact", "exact_ends")], axis=1)
        np.testing.assert_allclose(low + 0.3, exact[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(high + 0.3, exact[1], rtol=0, atol=1e-6)
