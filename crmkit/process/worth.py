"""What other conversions would be worth: deals and money a month, in the data and in its resamples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crmkit.facts import BoolArray, FloatArray, IntArray, is_status, within
from crmkit.periods import Period
from crmkit.process.chain import chances_of, converted, fundamental, lone_gains, winning, with_conversions
from crmkit.process.moves import Moves
from crmkit.process.resampling import Resamples
from crmkit.schema import Snapshot
from crmkit.stagelog import first_of_run

DAYS_PER_MONTH = 365.25 / 12
_LARGEST = 4_000_000  # cells of an array of chances that is made at once


@dataclass(frozen=True, eq=False)
class Worth:
    """The chain and what goes through it: one row a resample (the first is the data), one column a place.

    Attributes
    ----------
    moves: what it is made of. cells: the kinds of moves that occur, as cells of a table of places × targets.
        counts: how many there were of each, one column a kind.
    entries: first entries of deals into each place. starts: those of them that were the deal's first of all.
    check, check_n: mean amount of the deals won in the period that have one and have been in the pipeline of
        the place, and how many these are. months: how many of the period are recorded.
    """

    moves: Moves
    cells: IntArray
    counts: FloatArray
    entries: FloatArray
    starts: FloatArray
    check: FloatArray
    check_n: FloatArray
    months: float

    def alone(self, conversions: FloatArray, *, only_up: bool = False, rows: int | None = None) -> FloatArray:
        """Return the rise of the chance of winning from each place if it alone had another conversion.

        Parameters
        ----------
        conversions: one row for all, or one a resample. only_up: what is as good already stays as it is.
            rows: only so many, the data first.

        Returns
        -------
        One row a resample; NaN where no conversion is given.
        """
        rises = []
        for chances, wanted in self._chances(conversions, rows):
            advanced, resolved = converted(chances, self.moves.ways)
            lifted = np.where(advanced < wanted * resolved, wanted, np.nan) if only_up else wanted
            changed = with_conversions(chances, self.moves.ways, lifted)
            rises.append(lone_gains(chances, fundamental(chances), changed))
        return np.where(np.isnan(conversions), np.nan, np.concatenate(rises))

    def together(self, conversions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the chance of winning from each place as it is, and with all other conversions at once."""
        both = []
        for chances, wanted in self._chances(conversions):
            changed = with_conversions(chances, self.moves.ways, wanted)
            both.append([winning(one, fundamental(one)) for one in (chances, changed)])
        before, after = zip(*both, strict=True)
        return np.concatenate(before), np.concatenate(after)

    def _chances(
        self, conversions: FloatArray, rows: int | None = None
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Give transition probabilities and the conversions wanted, some resamples at a time."""
        shape = self.moves.ways.shape
        played = self.counts[:rows]
        whole = np.broadcast_to(conversions, (len(played), shape[0]))
        step = max(1, _LARGEST // max(1, self.moves.ways.size))
        for start in range(0, len(played), step):
            counts = played[start : start + step]
            table = np.zeros((len(counts), self.moves.ways.size))
            table[:, self.cells] = counts
            yield chances_of(table.reshape(len(counts), *shape)), whole[start : start + step]


def worth_of(crm: Snapshot, period: Period, moves: Moves, drawn: Resamples) -> Worth:
    """Add up by client what goes through the chain, and what a won deal brings."""
    deal, size = moves.rows["deal_ix"].to_numpy(), len(moves.codes)
    ended = np.where(moves.target >= 0, moves.source * (size + 2) + moves.target, -1)
    cells, kind = np.unique(ended, return_inverse=True)
    kind = kind - int(len(cells) > 0 and cells[0] < 0)
    cells = cells[cells >= 0]
    first, start = _first_entries(moves)
    check, check_n = _checks(crm, period, moves, drawn)
    return Worth(
        moves, cells, drawn.sums(deal, kind, len(cells)),
        drawn.sums(deal, np.where(first, moves.source, -1), size),
        drawn.sums(deal, np.where(start, moves.source, -1), size),
        check, check_n, recorded_months(crm, period),
    )  # fmt: skip


def recorded_months(crm: Snapshot, period: Period) -> float:
    """Return how many months of a period lie between the first record of a stage and ``as_of``."""
    start, end = crm.began.get("stage_changes", crm.as_of), crm.as_of
    if period.start is not None and period.end is not None:
        start, end = max(start, period.start), min(end, period.end)
    return float(max((end - start).total_seconds(), 0.0)) / 86_400 / DAYS_PER_MONTH


def _first_entries(moves: Moves) -> tuple[BoolArray, BoolArray]:
    """Return which of the counted visits are the deal's first to their place, and its first to any."""
    rows = moves.visits.rows
    deal, stage = rows["deal_ix"].to_numpy(), rows["stage"].to_numpy(np.int16)
    order = np.argsort(stage, kind="stable")  # then still by deal and time
    fresh = first_of_run(deal[order]) | first_of_run(stage[order])
    first = np.zeros(len(rows), dtype=bool)
    first[order] = fresh
    chosen = moves.chosen
    return first[chosen], first_of_run(deal)[chosen]


def _checks(crm: Snapshot, period: Period, moves: Moves, drawn: Resamples) -> tuple[FloatArray, FloatArray]:
    """Return for each place the mean amount of the won deals of its pipeline, and how many they are."""
    order, rows = moves.visits.order, moves.visits.rows
    amount = np.asarray(crm.deals["amount"], dtype=np.float64)
    won = is_status(crm, "won") & within(crm.deals["closed_at"], period) & ~np.isnan(amount)
    deal = rows["deal_ix"].to_numpy(np.int64)
    mine = np.flatnonzero(won[deal] & moves.visits.is_open)
    pipelines, count = order.pipelines.astype(np.int64), len(order.sizes)
    pipelines = np.where(pipelines >= 0, pipelines, count - 1)  # the last is «none»
    pairs = np.unique(deal[mine] * count + pipelines[rows["stage"].to_numpy()[mine]])
    deals, pipeline = np.divmod(pairs, count)
    n = drawn.sums(deals, pipeline, count)
    total = drawn.sums(deals, pipeline, count, amount[deals])
    mean = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    here = pipelines[moves.codes]
    return mean[:, here], n[0, here]
