"""How many times as much one of two reps achieves as the other, within like deals of both (METHOD 6.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crmkit.facts import FloatArray

Codes = npt.NDArray[np.signedinteger]
_LEVEL = 0.95


@dataclass(frozen=True)
class Ratio:
    """One rep's figure by the other's, over the deals whose likes both had.

    Attributes
    ----------
    value, low, high: NaN where one of them has achieved nothing in these deals.
    first, second: the figure of each, had both had the same deals. n: the smaller number of like cases.
    counts, alike: all cases of each, and those with likes.
    """

    value: float
    low: float
    high: float
    first: float
    second: float
    n: int
    counts: tuple[int, int]
    alike: tuple[int, int]


def like_for_like(
    value: FloatArray, is_first: npt.NDArray[np.bool_], *, cell: Codes, cluster: Codes
) -> Ratio:
    """Return the ratio of two reps' means within cells of like cases (Mantel and Haenszel's weights).

    Parameters
    ----------
    value: of each case of the two, not negative: 1 or 0 of a share, an amount. is_first: whose it is.
    cell: the kind of deal; one in which only one of them had cases says nothing and is left out.
    cluster: the client: cases of one client are no independent cases.

    Notes
    -----
    A cell with a and b cases weighs ab / (a + b), so that sparse cells are taken too, and both sides are the
    figures of one and the same mix. What is judged is not each against the others (whose figure contains the
    other one, which would exaggerate the ratio), but the two directly. The interval is that of the logarithm:
    linearised, its variance summed by client, with Student's t for the smaller number of clients.

    Source: Greenland and Robins, Biometrics 41 (1985) 55–68; Liang and Zeger, Biometrika 73 (1986) 13–22
    """
    cells = int(cell.max(initial=-1)) + 1
    side = np.where(is_first, 0, 1)
    counts = np.bincount(side * cells + cell, minlength=2 * cells).reshape(2, cells)
    sums = np.bincount(side * cells + cell, weights=value, minlength=2 * cells).reshape(2, cells)
    both = counts.min(axis=0) > 0
    weights = np.where(both, counts[::-1] / np.maximum(counts.sum(axis=0), 1), 0)  # of each side's cases
    tops = (sums * weights).sum(axis=1)
    mass = (counts * weights).sum(axis=1)  # the same for both sides
    alike = (counts * both).sum(axis=1)
    means = [float(one) for one in np.where(mass > 0, tops / np.where(mass > 0, mass, 1), np.nan)]
    told = (int(alike.min()), _pair(counts.sum(axis=1)), _pair(alike))
    if not (tops > 0).all():
        return Ratio(np.nan, np.nan, np.nan, means[0], means[1], *told)
    ratio = tops[0] / tops[1]
    # What a case is expected to be if the ratio is the same in all cells.
    level = sums.sum(axis=0) / np.maximum(ratio * counts[0] + counts[1], 1e-300)
    expected = np.stack([ratio * level, level])
    pull = weights[side, cell] * (value - expected[side, cell]) / tops[side] * np.where(is_first, 1, -1)
    used = both[cell]
    half = _half(pull[used], side[used], cluster[used])
    limits = [float(ratio * np.exp(sign * half)) for sign in (-1, 1)]
    return Ratio(float(ratio), limits[0], limits[1], means[0], means[1], *told)


def _half(pull: FloatArray, side: npt.NDArray[np.int64], cluster: Codes) -> float:
    """Return half of the interval of a logarithm from the pull of each case on it."""
    from scipy.special import stdtrit

    found, place = np.unique(cluster, return_inverse=True)
    by_client = np.bincount(place, weights=pull)
    freedom = min(len(np.unique(place[side == one])) for one in (0, 1)) - 1
    if freedom < 1:
        return float("inf")
    variance = float((by_client**2).sum()) * len(found) / (len(found) - 1)
    return float(stdtrit(freedom, (1 + _LEVEL) / 2) * np.sqrt(variance))


def _pair(numbers: npt.NDArray[np.integer]) -> tuple[int, int]:
    return int(numbers[0]), int(numbers[1])
