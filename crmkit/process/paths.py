"""Whole paths of deals: which there are, who took them, and who keeps to the order (METHOD 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.stagelog import Ints, Mask, StageLog, first_of_run
from crmkit.stages import OPEN
from crmkit.statistics.intervals import wilson
from crmkit.visits import furthest_ranks

_PIECE = 1 << 15


@dataclass(frozen=True, eq=False)
class Variants:
    """The paths of deals, each told once.

    Attributes
    ----------
    table: ``path`` (tuple of stage codes), ``n`` (deals), ``share`` (of all deals with a history); the most
        frequent first, of equally frequent ones the shorter first, then by the client's order of the stages.
    deal: positions of the deals with a history, in order. number: for each of them its row in ``table``.
    first: for each row of ``table``, the place of one of its deals in ``deal``.
    """

    table: pd.DataFrame
    deal: Ints
    number: Ints
    first: Ints


def variants(log: StageLog) -> pd.DataFrame:
    """Return the paths that deals took, as ``Variants.table`` tells them; :func:`variants_of` tells more."""
    return variants_of(log).table


def variants_of(log: StageLog) -> Variants:
    """Return the paths that deals took, and which deal took which.

    A path is the stages that a deal entered, one after the other. Two deals are of one variant if and only
    if their paths are equal: they are compared stage by stage, packed without loss, never by a hash alone.

    Source: METHOD 4.4
    """
    begin = np.flatnonzero(log.firsts)
    length = np.diff(np.append(begin, len(log.deal)))
    number, word = _numbered(log, begin, length)
    n = np.bincount(number)
    first = np.empty(len(n), dtype=np.int64)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1)
    order = np.lexsort((word[first], length[first], -n))
    place = np.empty(len(n), dtype=np.int64)
    place[order] = np.arange(len(n))
    first, n = first[order], n[order]
    rows, ends = _rows_of(begin[first], length[first])
    codes = log.stage[rows].tolist()
    path = np.empty(len(n), dtype=object)
    path[:] = [tuple(codes[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=False)]
    table = pd.DataFrame({"path": path, "n": n, "share": n / max(len(begin), 1)})
    return Variants(table, log.deal[begin], place[number], first)


def _numbered(log: StageLog, begin: Ints, length: Ints) -> tuple[Ints, Ints]:
    """Return for each deal the number of its path, from 0 by first deal, and the beginning of the path.

    As many stages as fit are packed into one integer as digits from 1, so that no two sequences give the same
    one; what is longer goes on with the number so far and the next integer.
    """
    base = max(len(log.order.kinds) + 1, 2)
    digits = int(63 // np.log2(base))
    digit = (log.order.places + 1).astype(np.int16)[log.stage]
    word = _packed(digit, begin, np.minimum(length, digits), base)
    number, known = pd.factorize(word)
    told, block, longer = len(known), digits, np.flatnonzero(length > digits)
    while len(longer):
        more = _packed(digit, begin[longer] + block, np.minimum(length[longer] - block, digits), base)
        both = pd.factorize(more)[0] + number[longer] * np.int64(len(longer))
        codes, known = pd.factorize(both)
        number[longer] = codes + told  # other numbers than those of the paths that are over
        told, block = told + len(known), block + digits
        longer = longer[length[longer] > block]
    return pd.factorize(number)[0], word


def _packed(digit: Ints, begin: Ints, length: Ints, base: int) -> Ints:
    """Return for each deal its next digits as one integer; some deals at a time, that stay in the cache."""
    words = np.zeros(len(begin), dtype=np.int64)
    for start in range(0, len(begin), _PIECE):
        some = slice(start, start + _PIECE)
        going = np.cumsum(np.bincount(length[some])[::-1])[::-1][1:]  # deals longer than 0, 1, 2 …
        longest = np.argsort(-length[some].astype(np.int16), kind="stable")
        at, packed = begin[some][longest], np.zeros(len(longest), dtype=np.int64)
        for step, count in enumerate(going.tolist()):
            packed[:count] *= base
            packed[:count] += digit[at[:count] + step]
        words[some][longest] = packed
    return words


def _rows_of(begin: Ints, length: Ints) -> tuple[Ints, list[int]]:
    """Return the rows of some deals, and where each one's end among them."""
    ends = np.cumsum(length)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(begin - (ends - length), length), ends.tolist()


def path_shares(log: StageLog, *, won: Mask | None = None, lost: Mask | None = None) -> pd.DataFrame:
    """Return how many deals keep to the order of the stages, and how many do not.

    The happy path of a pipeline is all of its open stages in the client's order, none left out and none
    entered again, then won. A deal is on it if its path is that one or a beginning of it: it is won at the
    end, or still on its way. What is lost has left it.

    Parameters
    ----------
    won, lost: for each deal of the Snapshot whether it is closed so, where stages alone do not tell: a deal
        may be closed without a change of stage.

    Returns
    -------
    One row per share: ``share``, ``k`` (deals of which it holds), ``n`` (deals of which it can be told),
    ``value`` (NaN for n = 0), ``low``, ``high`` (95 %, Wilson): ``most_frequent`` (took the path that most
    took), ``happy`` (on the happy path), ``happy_ended`` (of the deals won or lost: the whole happy path),
    ``in_order`` (every stage lies further than the one before; leaving out is allowed), ``rework`` (some
    stage was entered twice or more; self-loops count where the log keeps them), ``skipped`` (passed over an
    open stage on the way that is not optional; a late start is none). All but the first and ``rework``
    leave out deals that entered a stage without a place in the order.

    Source: METHOD 4.4
    """
    found = variants_of(log)
    facts = _facts(log, found)
    last = log.stage[log.lasts]
    kind = log.order.kinds[last].copy()
    for code, closed in ((1, won), (2, lost)):
        if closed is not None:
            kind[(kind == OPEN) & closed[found.deal]] = code
    of_deal = {name: fact[found.number] for name, fact in facts.items()}
    placed, ended = of_deal["placed"], kind != OPEN
    unmarked = (kind == 1) & (log.order.kinds[last] == OPEN)
    whole = of_deal["straight"] & (kind == 1) & ~of_deal["short"]
    rows = {
        "most_frequent": (found.number == 0, np.ones(len(kind), dtype=bool)),
        "happy": (whole | (of_deal["straight"] & ~ended), placed),
        "happy_ended": (whole, placed & ended),
        "in_order": (of_deal["forward"], placed),
        "rework": (of_deal["again"], np.ones(len(kind), dtype=bool)),
        "skipped": (of_deal["jumped"] | (unmarked & of_deal["jumped_out"]), placed),
    }
    k = np.array([np.count_nonzero(holds & among) for holds, among in rows.values()])
    n = np.array([np.count_nonzero(among) for _, among in rows.values()])
    low, high = wilson(k, n)
    value = np.divide(k, n, out=np.full(len(n), np.nan), where=n > 0)
    return pd.DataFrame({"share": list(rows), "k": k, "n": n, "value": value, "low": low, "high": high})


def _facts(log: StageLog, found: Variants) -> dict[str, Mask]:
    """Return of each variant what its path tells; it is read off the rows of one of its deals.

    ``placed``, ``forward``, ``straight`` (nothing left out, from the first stage), ``again``, ``jumped``, and
    ``short``: its last stage is open, and others of the pipeline lie beyond the furthest; ``jumped_out``:
    and one of those is not optional.
    """
    order, begin = log.order, np.flatnonzero(log.firsts)
    length = found.table["path"].map(len).to_numpy(np.int64)
    rows, ends = _rows_of(begin[found.first], length)
    stage, path = log.stage[rows], np.repeat(np.arange(len(length)), length)
    first, size = first_of_run(path), len(order.kinds)
    pipeline, rank, is_open = order.pipelines[stage], order.ranks[stage], (order.kinds == OPEN)[stage]
    is_won = order.is_kind("won")[stage]
    step = np.arange(len(stage)) - np.flatnonzero(first)[path]
    furthest = furthest_ranks(order, stage, first)
    target = np.where(is_open, rank, np.where(is_won, order.sizes[pipeline], -1))
    going, onward = np.zeros((2, len(stage)), dtype=bool)  # from an open stage on, in its pipeline
    going[1:] = is_open[:-1] & (pipeline[1:] == pipeline[:-1]) & ~first[1:]
    onward[1:] = going[1:] & (~is_open[1:] | (rank[1:] > rank[:-1]))
    reach = np.append(0, furthest[:-1])
    straight = (is_open & (rank == step)) | (is_won & (step == order.sizes[pipeline]))
    twice = np.sort(path * np.int64(size) + stage)
    again = np.zeros(len(length), dtype=bool)
    again[twice[1:][twice[1:] == twice[:-1]] // max(size, 1)] = True
    last = np.asarray(ends, dtype=np.int64) - 1

    def every(holds: Mask) -> Mask:
        return np.asarray(np.bincount(path[~holds], minlength=len(length)) == 0)

    def musts(reached: Ints) -> Ints:
        return np.asarray(order.musts[pipeline, reached])

    return {
        "placed": every(pipeline >= 0),
        "forward": every(first | onward),
        "straight": every(straight & (first | onward)),
        "again": again,
        "jumped": ~every(~(going & (musts(np.maximum(target, 0)) > musts(reach + 1)))),
        "short": is_open[last] & (order.sizes[pipeline[last]] - 1 > furthest[last]),
        "jumped_out": is_open[last] & (musts(order.sizes[pipeline]) > musts(furthest + 1))[last],
    }
