"""The process as the data tells it: moves from stage to stage, where deals begin and end, what they reach.

Everything is told of a :class:`StageLog`: of CRM stages, or of the steps that it was relabelled to. The work
is done with NumPy on integer codes, in one pass each; stages are codes (rows of ``log.order.table``). Entries
at one moment follow the client's order of the stages, never the order of rows in a file; how many moves that
concerns is told as ``tied``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.calendars import WorkCalendar
from crmkit.facts import NEVER
from crmkit.periods import Period
from crmkit.process.paths import Variants, path_shares, variants
from crmkit.stagelog import Ints, Mask, StageLog

__all__ = [
    "Variants", "directly_follows", "durations", "ends", "entered_first", "narrowed", "path_shares",
    "reached", "starts", "tied_moments", "variants",
]  # fmt: skip

Floats = npt.NDArray[np.float64]

DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def directly_follows(log: StageLog, *, working: WorkCalendar | None = None) -> pd.DataFrame:
    """Return how often deals went from one stage directly to another, and how long that took.

    Parameters
    ----------
    working: count working days of this calendar instead of days.

    Returns
    -------
    One row per pair of stages, in the client's order: ``stage``, ``next_stage`` (codes), ``n`` (moves),
    ``timed`` (of which both moments are known), ``median_days``, ``mean_days`` (from entering the one to
    entering the other; NaN where none is timed), ``tied`` (moves of which both moments are the same: their
    direction is that of the client's order of the stages). ``n`` adds up to all moves.

    Source: METHOD 4.4
    """
    size = len(log.order.kinds)
    pairs = size * size
    whole = np.min_scalar_type(-2 * pairs - 1)
    edge = log.stage[:-1].astype(whole) * whole.type(size) + log.stage[1:]
    edge += (log.deal[1:] != log.deal[:-1]) * whole.type(pairs)  # no move: beyond all pairs
    spans = log.at[1:] - log.at[:-1]
    together = edge[spans == 0]
    untimed = np.zeros(pairs, dtype=np.int64)
    if (unknown := _unknown(log, working)) is not None:
        either = unknown[1:] | unknown[:-1]
        untimed = np.bincount(edge[either], minlength=pairs)[:pairs]
        edge[either] = pairs
    spans = _lasted(log, spans, working)
    if unknown is not None:
        spans[either] = 0
    timed, median, mean = _middles(edge, spans, pairs)
    n = timed + untimed
    found = np.flatnonzero(n)
    days = _day(working)
    stage, following, places = found // max(size, 1), found % max(size, 1), log.order.places
    by_place = np.lexsort((places[following], places[stage]))
    found = found[by_place]
    told = {"stage": stage[by_place], "next_stage": following[by_place], "n": n[found], "timed": timed[found]}
    tied = np.bincount(together, minlength=pairs + 1)[found]
    times = {"median_days": median[found] / days, "mean_days": mean[found] / days}
    return pd.DataFrame(told | times | {"tied": tied}, copy=False)


def tied_moments(log: StageLog) -> int:
    """Return at how many moments a deal entered two stages or more: their order tells which came first."""
    tied = (log.deal[1:] == log.deal[:-1]) & (log.at[1:] == log.at[:-1])
    return int(np.count_nonzero(tied[1:] & ~tied[:-1])) + int(tied[:1].sum())


def starts(log: StageLog) -> pd.DataFrame:
    """Return in which stage deals begin: ``stage``, ``n``, ``share`` of the deals, most frequent first."""
    return _counted(log, log.stage[log.firsts])


def ends(log: StageLog) -> pd.DataFrame:
    """Return in which stage deals were last: ``stage``, ``n``, ``share`` of the deals, most frequent first.

    For a deal that goes on it is where it stands.
    """
    return _counted(log, log.stage[log.lasts])


def reached(log: StageLog) -> pd.DataFrame:
    """Return how many deals ever entered each stage, and how soon.

    Returns
    -------
    In the client's order of the stages that were reached: ``stage``, ``deals``, ``again`` (deals that entered
    it more than once), ``timed`` (deals of which the first moment is known), ``median_days`` (from a deal's
    first entry anywhere to its first entry there; NaN where none is timed).
    """
    size = len(log.order.kinds)
    by_stage = np.argsort(log.stage, kind="stable")  # of each stage: deals in order, of each deal its entries
    deal, stage = log.deal[by_stage], log.stage[by_stage]
    fresh = np.ones(len(deal), dtype=bool)
    fresh[1:] = (deal[1:] != deal[:-1]) | (stage[1:] != stage[:-1])
    second = np.zeros(len(deal), dtype=bool)
    second[1:] = fresh[:-1] & ~fresh[1:]
    first = by_stage[fresh]
    begun = log.at[log.firsts][np.cumsum(log.firsts)[first] - 1]
    group = log.stage[first].astype(np.int32)
    n = np.bincount(group, minlength=size)
    group[begun == NEVER] = size
    spans = np.where(begun == NEVER, 0, _rounded(log, log.at[first] - begun))
    timed, median, _ = _middles(group, spans, size)
    found = _in_order(log, n)
    again = np.bincount(stage[second], minlength=size)
    told = {"stage": found, "deals": n[found], "again": again[found], "timed": timed[found]}
    return pd.DataFrame(told | {"median_days": median[found] / DAY})


def durations(log: StageLog) -> pd.DataFrame:
    """Return for each deal with a history ``deal_ix``, ``entries`` and ``days`` from the first to the last.

    ``days`` is 0 for a deal with one entry and NaN where its first moment is not known.
    """
    first, last = log.at[log.firsts], log.at[log.lasts]
    days = np.where(first == NEVER, np.nan, _rounded(log, last - first) / DAY)
    entries = np.diff(np.append(np.flatnonzero(log.firsts), len(log.deal)))
    return pd.DataFrame({"deal_ix": log.deal[log.firsts], "entries": entries, "days": days})


def entered_first(log: StageLog, period: Period) -> Mask:
    """Return for each deal of the Snapshot whether its first entry lies in a period."""
    chosen = np.zeros(len(log.without_history), dtype=bool)
    first = log.at[log.firsts]
    inside = np.ones(len(first), dtype=bool)
    if period.start is not None and period.end is not None:
        start, end = ((edge - _EPOCH) // timedelta(microseconds=1) for edge in (period.start, period.end))
        inside = (first >= start) & (first < end)
    chosen[log.deal[log.firsts][inside]] = True
    return chosen


def narrowed(log: StageLog, deals: Mask) -> StageLog:
    """Return the log of some deals only; the others do not count as deals without history either.

    Parameters
    ----------
    deals: for each deal of the Snapshot, whether it stays.
    """
    rows = np.flatnonzero(deals[log.deal])
    deal, at = log.deal[rows], log.at[rows]
    ties = int(np.count_nonzero((deal[1:] == deal[:-1]) & (at[1:] == at[:-1])))
    kept = log.self_loops[deals[log.self_loops["deal_ix"].to_numpy()]].reset_index(drop=True)
    return replace(
        log, deal=deal, at=at, stage=log.stage[rows], manager=log.manager[rows], self_loops=kept,
        without_history=log.without_history & deals, ties=ties,
    )  # fmt: skip


def _counted(log: StageLog, stage: Ints) -> pd.DataFrame:
    n = np.bincount(stage, minlength=len(log.order.kinds))
    found = _in_order(log, n)
    found = found[np.argsort(-n[found], kind="stable")]
    return pd.DataFrame({"stage": found, "n": n[found], "share": n[found] / max(int(n.sum()), 1)})


def _in_order(log: StageLog, n: Ints) -> Ints:
    """Return the stages that were counted, in the client's order."""
    by_place = np.argsort(log.order.places)
    return by_place[n[by_place] > 0]


def _unknown(log: StageLog, working: WorkCalendar | None) -> Mask | None:
    """Return of which rows the moment tells nothing, ``None`` if of none."""
    unknown = log.at == NEVER
    if working is not None:
        unknown |= ~working.covers(log.at)
    return unknown if unknown.any() else None


def _lasted(log: StageLog, spans: Ints, working: WorkCalendar | None) -> Ints:
    """Return the time of each move in microseconds, working time where a calendar is given."""
    return _rounded(log, spans) if working is None else np.diff(working.worked_until(log.at))


def _rounded(log: StageLog, spans: Ints) -> Ints:
    """Return times in whole days where moments have no time of day: the clocks may have changed between."""
    return (spans + DAY // 2) // DAY * DAY if log.whole_days else spans


def _day(working: WorkCalendar | None) -> float:
    return DAY if working is None else DAY / 24 * working.hours_per_day


def _middles(group: Ints, spans: Ints, size: int) -> tuple[Ints, Floats, Floats]:
    """Return how many times each group has, their median and their mean.

    One sort of group and time, packed into one integer where both fit. ``group`` is ``size`` or more for what
    does not count; the times of that may be negative. ``spans`` is written over: memory is dear here.
    """
    bits = int(spans.max(initial=0)).bit_length()
    marks = np.arange(size + 1)
    if bits + int(group.max(initial=size)).bit_length() < 64:
        packed = np.left_shift(group, np.int64(bits))
        packed |= spans
        packed.sort()
        edges = np.searchsorted(packed, marks << bits)  # what is negative stands before all groups
        ordered = np.bitwise_and(packed, (1 << bits) - 1, out=spans)
    else:
        order = np.lexsort((spans, group))
        edges = np.searchsorted(group[order], marks)
        ordered = spans[order]
    n = np.diff(edges)
    full, median, mean = np.flatnonzero(n), np.full(size, np.nan), np.full(size, np.nan)
    begin, count = edges[full], n[full]
    if len(full):
        median[full] = (ordered[begin + (count - 1) // 2] + ordered[begin + count // 2]) / 2
        mean[full] = np.add.reduceat(ordered[: edges[-1]], begin, dtype=np.float64) / count
    return n, median, mean
