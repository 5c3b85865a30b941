"""Groups beside one another within cells of like cases: how far each is ahead, cases hanging together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.signedinteger]


@dataclass(frozen=True, eq=False)
class Score:
    """How far each group is ahead of the others, within cells of like cases.

    Attributes
    ----------
    ahead: successes above what the cells' rates let expect. spread: its standard error. weight: what divides
        both into a difference of shares, group less others. largest: what the single unit that
        speaks most for it adds to it. n: cases that have likes among the others. clusters: of those cases.
    """

    ahead: Floats
    spread: Floats
    weight: Floats
    largest: Floats
    n: Floats
    clusters: Floats


def scored(
    value: NDArray[np.floating], group: Codes, cell: Codes, *, cluster: Codes, unit: Codes, groups: int
) -> Score:
    """Return how far each group is ahead of all others of the same cells.

    Parameters
    ----------
    value: 1 or 0 a case. group, cell, cluster, unit: codes of each case; those of one unit (all visits of a
        deal) lie in one cluster (a client), whose cases hang together.

    Notes
    -----
    Mantel and Haenszel's difference: cells in which one group alone has cases say nothing, sparse ones are
    taken too. The variance is that of equal groups: by the cells' own rates, or by the sums of clusters if
    these vary more. So an unlucky few cannot make a narrow interval.

    Source: Mantel and Haenszel, JNCI 22 (1959) 719–748; Liang and Zeger, Biometrika 73 (1986) 13–22
    """
    cells = int(cell.max(initial=-1)) + 1
    counts = np.bincount(cell * groups + group, np.ones(len(cell)), cells * groups).reshape(cells, groups)
    size = counts.sum(axis=1)
    rate = np.bincount(cell, value, minlength=cells) / np.maximum(size, 1)
    share = counts / np.maximum(size, 1)[:, None]
    free = counts * (1 - share)
    shared = (free > 0)[cell, group]
    rest = np.where(shared, value - rate[cell], 0.0)
    chance = (free * (rate * (1 - rate) * size / np.maximum(size - 1, 1))[:, None]).sum(axis=0)
    ahead: Floats = np.bincount(group, rest, minlength=groups).astype(np.float64)
    largest = np.zeros(groups)
    pairs, place = np.unique(unit * groups + group, return_inverse=True)
    np.maximum.at(largest, pairs % groups, np.bincount(place, rest) * np.sign(ahead)[pairs % groups])
    known = np.unique(cluster[shared] * groups + group[shared])
    return Score(
        ahead,
        np.sqrt(np.maximum(chance, _by_cluster(rest, group, cell, share, cluster))),
        free.sum(axis=0),
        largest,
        np.bincount(group[shared], minlength=groups).astype(np.float64),
        np.bincount(known % groups, minlength=groups).astype(np.float64),
    )


def _by_cluster(rest: Floats, group: Codes, cell: Codes, share: Floats, cluster: Codes) -> Floats:
    """Return the variance of each group's score from the sums of the clusters.

    A cluster pulls by its own cases of the group, less the group's share of what is in each cell: the squares
    are added up by their three parts, which are sparse.
    """
    from scipy.sparse import coo_matrix

    places = np.unique(cluster, return_inverse=True)[1]
    clusters = int(places.max(initial=-1)) + 1
    if clusters < 2:
        return np.zeros(share.shape[1])
    own = coo_matrix((rest, (places, group)), (clusters, share.shape[1])).tocsr()
    inside = coo_matrix((rest, (places, cell)), (clusters, share.shape[0])).tocsr()
    squares = np.asarray(own.multiply(own).sum(axis=0)).ravel()
    crossed = np.asarray((own.T @ inside).multiply(share.T).sum(axis=1)).ravel()
    common = (share * ((inside.T @ inside) @ share)).sum(axis=0)
    return np.asarray(np.maximum(squares - 2 * crossed + common, 0) * clusters / (clusters - 1))
