"""Where the visits entered in a period led: what the chain of the funnel is made of (METHOD 4.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import BoolArray, IntArray, is_technical, within
from crmkit.periods import Period
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.stages import ADVANCED, LOST, OPEN, outcomes
from crmkit.visits import Visits


@dataclass(frozen=True, eq=False)
class Moves:
    """The visits entered in a period, and where each led.

    Attributes
    ----------
    visits: all visits. chosen: which of them are counted. rows: these, as ``Visits.rows``.
    codes: the open places that they stand in or lead to, in the client's order (rows of ``order.table``).
    source: of each row the position of its place in ``codes``. target: that of the next one; their number if
        won, one more if lost; −1 while the visit goes on.
    ways: for each place (row) and target (column, won and lost last) the code of such a move (``OUTCOMES``).
    """

    visits: Visits
    chosen: BoolArray
    rows: pd.DataFrame
    codes: IntArray
    source: IntArray
    target: IntArray
    ways: npt.NDArray[np.int8]


def moves_of(crm: Snapshot, period: Period, places: StepMap) -> Moves:
    """Return the visits to open places entered in the period, and where they led."""
    visits, order = places.visits(crm), places.order
    chosen = within(visits.rows["entered_at"], period) & visits.is_open
    chosen &= ~is_technical(crm)[visits.rows["deal_ix"].to_numpy()]
    rows = visits.rows[chosen]
    stage, following = rows["stage"].to_numpy(np.int64), rows["next_stage"].to_numpy(np.int64)
    used = np.zeros(len(order.kinds) + 1, dtype=bool)
    used[stage], used[following] = True, True
    line = np.argsort(order.places)
    codes = line[used[line] & (order.kinds == OPEN)[line]]
    size = len(codes)
    position = np.full(len(order.kinds) + 1, -1)
    position[:-1][order.is_kind("won")], position[:-1][order.is_kind("lost")] = size, size + 1
    position[codes] = np.arange(size)
    closings = np.array([-1, size, size + 1])  # of visits that no other follows
    outcome = rows["outcome"].to_numpy()
    last = closings[np.select([outcome == ADVANCED, outcome == LOST], [1, 2], 0)]
    target = np.where(following >= 0, position[following], last)
    ways = np.full((size, size + 2), LOST, dtype=np.int8)
    ways[:, :size] = outcomes(order, codes[:, None], codes[None, :])
    ways[:, size] = ADVANCED
    return Moves(visits, chosen, rows, codes, position[stage], target, ways)
