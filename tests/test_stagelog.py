"""The order of the stage log: by deal and time, whatever the order of rows."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.stagelog import sorted_rows


@pytest.mark.parametrize("reach", [3, 1_000_000, 2**50, 2**57])
@pytest.mark.parametrize("deals", [1, 7, 2**20])
def test_rows_are_sorted_by_deal_and_time_and_equal_ones_stay(reach, deals):
    rng = np.random.default_rng(deals)
    deal = rng.integers(0, deals, 3_000).astype(np.int32)
    at = rng.integers(-reach, reach, 3_000)
    at[:500] = at[500:1000] + rng.integers(-2, 3, 500)  # some microseconds apart, or none
    deal[:500] = deal[500:1000]
    assert (sorted_rows(deal, at) == np.lexsort((at, deal))).all()


def test_no_rows():
    assert len(sorted_rows(np.zeros(0, np.int32), np.zeros(0, np.int64))) == 0
