"""How many times as much one of two reps achieves as the other, within like deals of both (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.clients import worth
from crmkit.compare.expecting import Field
from crmkit.compare.intervals import LEVEL, Verdict, verdict
from crmkit.compare.mix import TIMES, cells_of, kinds_of
from crmkit.compare.rep_verdicts import Kind
from crmkit.facts import FloatArray
from crmkit.limits import Limits

Codes = npt.NDArray[np.signedinteger]
#: Bands of equal chance, as the other reps' deals tell it.
BANDS = 10
#: The others tell the chances only where they have enough cases of the kinds that most of the two reps' are.
SEEN = 0.5
#: Who hardly had the other's kind of deals cannot be compared.
ALIKE = 0.6


@dataclass(frozen=True)
class Ratio:
    """One rep's figure by the other's, over the deals whose likes both had.

    Attributes
    ----------
    value, low, high: NaN where one of them has achieved nothing in these deals.
    first, second: the figure of each, had both had the same deals. n: the smaller number of like cases.
    counts, alike: all cases of each, and those with likes.
    clients: how many equal clients the like cases of either are worth, the smaller number.
    nothing: where one of them has achieved nothing, the chance of that, were like cases equally good.
    """

    value: float
    low: float
    high: float
    first: float
    second: float
    n: int
    counts: tuple[int, int]
    alike: tuple[int, int]
    clients: float = 0.0
    nothing: float = np.nan


@dataclass(frozen=True)
class Pair:
    """Two reps: the ratio of their figures as they are, within like deals, and what may be said of it.

    ``credit``: ``owner_now`` where the export tells only the present owner of deals.
    """

    raw: Ratio
    like: Ratio
    verdict: Verdict
    credit: str = ""


#: As good as all of a rep's cases.
EQUAL = 1e-9
#: Where nothing can be told.
NOTHING = Ratio(np.nan, np.nan, np.nan, np.nan, np.nan, 0, (0, 0), (0, 0))


def judged_pair(
    cases: pd.DataFrame,
    attributes: Sequence[str],
    codes: tuple[int, int],
    *,
    limits: Limits,
    kind: Kind = "share",
) -> Pair:
    """Return what the first of two reps achieves by what the second does, within like cases, with a verdict.

    Like cases are those of one chance (ten bands), as the cases of all other reps of the role tell it by the
    attributes; where the others have too few of these kinds, those that agree in all attributes but the time.

    Parameters
    ----------
    cases, attributes, kind: as for :func:`crmkit.compare.colleagues.judged`: money never holds.
    codes: of the two in ``rep``.

    Source: METHOD 6.1; Hansen, Biometrika 95 (2008) 481–488 (bands of what others would have made of it)
    """
    rep = cases["rep"].to_numpy(np.int64)
    theirs = cases[np.isin(rep, codes)]
    is_first = theirs["rep"].to_numpy(np.int64) == codes[0]
    value, cluster = theirs["value"].to_numpy(np.float64), theirs["cluster"].to_numpy(np.int64)
    cell, unsure = _alike(cases, attributes, codes, limits=limits, is_share=kind == "share")
    raw = like_for_like(value, is_first, cell=np.zeros(len(value), np.int64), cluster=cluster)
    like = like_for_like(value, is_first, cell=cell, cluster=cluster, unsure=unsure)
    kept = np.arange(len(value)) != _biggest(value, is_first, above=like.value > 1)
    fewer = like_for_like(value[kept], is_first[kept], cell=cell[kept], cluster=cluster[kept], unsure=unsure)
    against = "one_deal" if fewer.low <= 1 <= fewer.high else ""
    if kind == "money":  # skewed: the interval covers less than it says (measured)
        against = "approximate_interval"
    shares = [part / whole for part, whole in zip(like.alike, like.counts, strict=True) if whole]
    if min(shares, default=1.0) < ALIKE:
        against = "other_deals"
    if "is_new" in theirs and theirs["is_new"].any():
        against = "new_hire"
    is_mixed = "role" in theirs and len(theirs["role"].unique()) > 1
    missing = "different_roles" if is_mixed else _unlike(raw, like, limits)
    n = raw.n if missing else like.n
    told = verdict(n, like.low - 1, like.high - 1, limits=limits, missing=missing, against=against)
    if told.label == "may_be_chance" and against in ("new_hire", "approximate_interval", "other_deals"):
        told = Verdict("may_be_chance", "none", against)  # neither is it sure that they are alike
    if told.label in ("holds", "may_be_chance") and like.clients < limits.few_cases:
        told = Verdict("too_little_data", "none", "few_clients")
    return Pair(raw, like, told)


def _alike(
    cases: pd.DataFrame, attributes: Sequence[str], codes: tuple[int, int], *, limits: Limits, is_share: bool
) -> tuple[Codes, float]:
    """Return the kind of each case of the two reps: bands of chance, else cells of equal attributes.

    Besides, how unsure the chances are: the variance of both mixes' expectations, of their logarithms.
    """
    theirs = np.isin(cases["rep"].to_numpy(np.int64), codes)
    roles = cases["role"].to_numpy() if "role" in cases else np.zeros(len(cases))
    peers = cases[np.isin(roles, roles[theirs])]
    everybody, rep = np.unique(peers["rep"].to_numpy(np.int64), return_inverse=True)
    told = {name: peers[name].to_numpy(np.int64) for name in attributes}
    told = {name: own for name, own in told.items() if own.min() < own.max()}
    kinds = list(told.values())
    others = ~np.isin(everybody, codes)
    if kinds and others.any():
        cell = cells_of(kinds, len(peers))
        first = np.argsort(np.argsort(others, kind="stable"))  # the two come first: only they are asked
        values, kind = peers["value"].to_numpy(np.float64), kinds_of(told, len(peers))
        field = Field(first[rep], cell, values, kinds, is_share, kind)
        expected = islice(field.expectations(np.sort(others), limits.cell_cases), len(codes))
        found = [each for place, each in expected if place < len(codes)]
        if len(found) == len(codes) == (~others).sum() and min(each.matched for each in found) >= SEEN:
            score = found[0].by_cell[cell[np.isin(peers["rep"].to_numpy(np.int64), codes)]]
            edges = np.unique(np.quantile(score, np.arange(1, BANDS) / BANDS))
            unsure = sum(each.error / each.mean**2 for each in found)
            return np.searchsorted(edges, score, side="left"), float(unsure)
    own = cases[theirs]
    kept = [own[name].to_numpy(np.int64) for name in attributes if name not in TIMES]
    return cells_of(kept, len(own)), 0.0


def _biggest(value: FloatArray, is_first: npt.NDArray[np.bool_], *, above: bool) -> int:
    """Return the position of the case that speaks most for the difference."""
    return int(np.where(is_first == above, value, -1.0).argmax()) if len(value) else -1


def _unlike(raw: Ratio, like: Ratio, limits: Limits) -> str:
    """Return why two reps cannot be compared although they have cases enough."""
    if raw.n < limits.compared_cases:
        return ""
    if not like.n:
        return "no_like_deals"
    return "nothing_won" if np.isnan(like.value) else ""


def like_for_like(
    value: FloatArray, is_first: npt.NDArray[np.bool_], *, cell: Codes, cluster: Codes, unsure: float = 0.0
) -> Ratio:
    """Return the ratio of two reps' means within cells of like cases (Mantel and Haenszel's weights).

    Parameters
    ----------
    value: of each case of the two, not negative: 1 or 0 of a share, an amount. is_first: whose it is.
    cell: the kind of deal; one in which only one of them had cases says nothing and is left out.
    cluster: the client: cases of one client are no independent cases.
    unsure: a variance of the ratio's logarithm that comes from how the cells were found.

    Notes
    -----
    A cell with a and b cases weighs ab / (a + b), so that sparse cells are taken too, and both sides are the
    figures of one and the same mix. What is judged is not each against the others (whose figure contains the
    other one, which would exaggerate the ratio), but the two directly. The interval is that of the logarithm:
    linearised, its variance summed by client, with Student's t for the smaller number of clients: of as many
    equal ones as they are worth. A client is set against the rep's other deals: in the figure that it is
    itself a large part of, it would hardly differ.

    Source: Greenland and Robins, Biometrics 41 (1985) 55–68; Liang and Zeger, Biometrika 73 (1986) 13–22;
    Mancl and DeRouen, Biometrics 57 (2001) 126–134 (large clients)
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
    each = [worth(cluster[side == one], weights[one, cell[side == one]]) for one in (0, 1)]
    clients = min(each)
    told = (int(alike.min()), _pair(counts.sum(axis=1)), _pair(alike), clients)
    if not (tops > 0).all():
        won = both[cell] & (value > 0)
        sizes = counts[:, cell[won]] * (np.array(each) / np.maximum(alike, 1))[:, None]
        chance = _nothing(sizes if tops[1] > 0 else sizes[::-1], cluster[won])
        return Ratio(np.nan, np.nan, np.nan, means[0], means[1], *told, chance)
    ratio = tops[0] / tops[1]
    # What a case is expected to be if the ratio is the same in all cells.
    level = sums.sum(axis=0) / np.maximum(ratio * counts[0] + counts[1], 1e-300)
    expected = np.stack([ratio * level, level])
    pull = weights[side, cell] * (value - expected[side, cell]) / tops[side] * np.where(is_first, 1, -1)
    whose = np.unique(2 * cluster + side, return_inverse=True)[1]
    part = (np.bincount(whose, weights=weights[side, cell])[whose] / mass[side]).clip(max=1 - EQUAL)
    half = _half(pull / (1 - part), cluster, clients - 1, unsure)
    limits = [float(ratio * np.exp(sign * half)) for sign in (-1, 1)]
    return Ratio(float(ratio), limits[0], limits[1], means[0], means[1], *told)


def _nothing(sizes: FloatArray, client: Codes) -> float:
    """Return the chance that all that was won fell to one of two, and nothing to the other.

    If like cases are equally good, who has a part of a cell has it of its successes: Fisher's test of each.
    A client counts once, be it as a case or as a success.

    Parameters
    ----------
    sizes: of the success's cell, whose has nothing and whose has it (rows), in clients. client: its own.
    """
    share = np.log(sizes[1] / sizes.sum(axis=0))
    return float(np.exp(share.mean() * worth(client))) if len(client) else 1.0


def _half(pull: FloatArray, cluster: Codes, freedom: float, unsure: float) -> float:
    """Return half of the interval of a logarithm from the pull of each case on it."""
    from scipy.special import stdtrit

    by_client = np.bincount(cluster, weights=pull)
    if freedom < 1:
        return float("inf")
    return float(stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt((by_client**2).sum() + unsure))


def _pair(numbers: npt.NDArray[np.integer]) -> tuple[int, int]:
    return int(numbers[0]), int(numbers[1])
