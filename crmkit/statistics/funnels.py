"""Funnel plots: how far the shares of equal groups scatter, by how many cases they have."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]


def funnel_limits(share: float, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return between which shares a group of ``n`` cases lies by chance, if its true share is ``share``.

    Exact by the binomial distribution, between whole cases on a straight line.

    Parameters
    ----------
    share: of all, between 0 and 1, ends excluded. n: whole numbers of cases. level: 0.95 or 0.998.

    Returns
    -------
    Lower and upper limits, within 0 … 1.

    Source: Spiegelhalter, Statistics in Medicine 24 (2005) 1185–1202, appendix A.1.1
    """
    cases = np.asarray(n, np.float64)
    low, high = (_quantile(share, cases, tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    return np.clip(low / cases, 0, 1), np.clip(high / cases, 0, 1)


def _quantile(share: float, n: Floats, chance: float) -> Floats:
    """Return the quantile of a binomial number, between the whole numbers in proportion to their chances."""
    from scipy.special import bdtr, bdtrik

    whole = np.ceil(np.clip(bdtrik(chance, n, share), 0, n) - 1e-9)
    upto = bdtr(whole, n.astype(np.int64), share)
    before = np.where(whole > 0, bdtr(np.maximum(whole - 1, 0), n.astype(np.int64), share), 0.0)
    return np.asarray(whole - (upto - chance) / np.where(upto > before, upto - before, 1.0), np.float64)
