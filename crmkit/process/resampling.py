"""Bootstrap by client for sums over rows: clients are put into blocks, and blocks are drawn (METHOD 6).

All deals of a client stay together, for they are no independent cases. A resample weighs the blocks' sums, so
that a million deals cost as much as a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crmkit.clients import clusters
from crmkit.facts import FloatArray, IntArray
from crmkit.schema import Snapshot
from crmkit.statistics.bootstrap import MOST_BLOCKS, RESAMPLES, times_drawn

SEED = 4


@dataclass(frozen=True, eq=False)
class Resamples:
    """The data as it is (row 0 of all results), then resamples of it.

    Attributes
    ----------
    block: of each deal. weights: how often each block (column) was drawn for each resample (row).
    clients: how many clients there are.
    """

    block: IntArray
    weights: FloatArray
    clients: int

    @property
    def noise(self) -> FloatArray:
        """How often chance has had its way in each row: once in the data, twice in what is drawn from it."""
        return np.where(np.arange(len(self.weights)) > 0, 2.0, 1.0)

    def sums(
        self, deal: IntArray, column: npt.NDArray[np.integer], size: int, values: FloatArray | None = None
    ) -> FloatArray:
        """Count rows by column, or add up their values: one row a resample, one column each of ``size``.

        Parameters
        ----------
        deal: position of each row's deal. column: 0 … size − 1; rows of −1 are left out.
        """
        known = column >= 0
        blocks, chosen = self.weights.shape[1], column[known].astype(np.int64)
        added = None if values is None else values[known]
        cells = self.block[deal[known]] * size + chosen
        counts = np.bincount(cells, weights=added, minlength=blocks * size).reshape(blocks, size)
        return np.asarray(self.weights @ counts)


def resamples_of(crm: Snapshot) -> Resamples:
    """Draw the clients of a Snapshot; a deal without one is a client of its own."""
    return resampled(clusters(crm, np.arange(len(crm.deals))))


def resampled(cluster: IntArray) -> Resamples:
    """Draw the clusters of deals, a code of each deal; the seed is fixed.

    More than 500 are put at random into 500 blocks of nearly one size.
    """
    draw = np.random.default_rng(SEED)
    found, client = np.unique(cluster, return_inverse=True)
    blocks = min(len(found), MOST_BLOCKS)
    block = draw.permutation(len(found))[client] % max(blocks, 1)
    weights = np.ones((RESAMPLES + 1, blocks))
    if blocks:
        weights[1:] = times_drawn(blocks, draw)
    return Resamples(block, weights, len(found))


def limits(drawn: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the percentile interval of each column over the resamples (all rows but the first).

    NaN where a resample has none in most of the draws.
    """
    tail = (1 - level) / 2
    known = ~np.isnan(drawn[1:])
    enough = known.mean(axis=0) > level if len(known) else np.zeros(drawn.shape[1], dtype=bool)
    told = np.full((2, drawn.shape[1]), np.nan)
    if enough.any():
        told[:, enough] = np.nanquantile(drawn[1:, enough], [tail, 1 - tail], axis=0)
    return told[0], told[1]
