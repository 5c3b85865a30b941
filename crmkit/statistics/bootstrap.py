"""Bootstrap by cluster: whole clients are drawn, in blocks where there are many (METHOD 6)."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
#: More clusters than that are put into as many blocks, so that a resample of any data costs the same.
RESAMPLES, MOST_BLOCKS, SEED = 1000, 500, 6


def times_drawn(blocks: int, draw: np.random.Generator) -> Floats:
    """Return how often each block (column) is drawn in each of 1 000 resamples (row)."""
    return draw.multinomial(blocks, np.full(blocks, 1 / blocks), size=RESAMPLES).astype(np.float64)


def cluster_means(values: ArrayLike, cluster: ArrayLike) -> Floats:
    """Return the mean of cases in 1 000 resamples of their clusters, whose quantiles are its limits.

    All cases of a cluster (a client) stay together, for they are no independent cases. The seed is fixed.

    Parameters
    ----------
    values: one figure a case. cluster: a code of each, not negative.
    """
    places = np.unique(np.asarray(cluster), return_inverse=True)[1]
    blocks = min(int(places.max(initial=-1)) + 1, MOST_BLOCKS)
    counts = np.bincount(places % max(blocks, 1), minlength=blocks)
    sums = np.bincount(places % max(blocks, 1), np.asarray(values, np.float64), blocks)
    drawn = _drawn(blocks)
    return np.asarray((drawn @ sums) / (drawn @ counts), np.float64)


@lru_cache(maxsize=64)
def _drawn(blocks: int) -> Floats:
    return times_drawn(blocks, np.random.default_rng(SEED))
