"""Intervals of shares hold the truth as often as they promise: added up exactly, without chance."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray

from crmkit.statistics.intervals import beta_limits, newcombe, wilson

SHARES = np.linspace(0.1, 0.5, 41)


def chances(n: int, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance of 0 … n successes, one row a share."""
    ways = np.array([comb(n, k) for k in range(n + 1)], dtype=float)
    k, p = np.arange(n + 1), shares[:, None]
    return np.asarray(ways * p**k * (1 - p) ** (n - k))


@pytest.mark.parametrize("n", [30, 47, 100, 300])
def test_a_share(n: int) -> None:
    for interval in (wilson, beta_limits):
        low, high = interval(np.arange(n + 1), n)
        inside = (low <= SHARES[:, None]) & (SHARES[:, None] <= high)
        held = (chances(n, SHARES) * inside).sum(axis=1)
        assert 0.935 <= held.mean() <= 0.97
        assert held.min() >= 0.9


@pytest.mark.parametrize(("n", "m"), [(30, 30), (30, 200), (75, 75)])
def test_a_difference_of_shares(n: int, m: int) -> None:
    shares = SHARES[::4]
    low, high = newcombe((np.arange(n + 1)[:, None], n), (np.arange(m + 1)[None, :], m))
    gaps = (shares[:, None] - shares[None, :])[:, :, None, None]
    held = np.einsum("ik,jl,ijkl->ij", chances(n, shares), chances(m, shares), (low <= gaps) & (gaps <= high))
    assert 0.935 <= held.mean() <= 0.97
    assert held.min() >= 0.92
