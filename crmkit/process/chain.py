"""The funnel as an absorbing Markov chain: the chance of winning and the days left, by place (METHOD 4.6).

Source: Kemeny and Snell, Finite Markov Chains, 3.2–3.4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import FloatArray, IntArray
from crmkit.periods import Period
from crmkit.process.moves import Moves, moves_of
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.stages import ADVANCED, LOST, MOVED_BACK, OTHER_PIPELINE
from crmkit.statistics.intervals import wilson
from crmkit.statistics.survival_means import restricted_means
from crmkit.visits import visit_days

#: The horizons of mean times: a year, and the working days of one.
HORIZON_DAYS, HORIZON_WORKING_DAYS = 365.0, 250.0
#: Where more than this share of the deals ends nobody knows where, a chance is not told.
UNTOLD_SHARE = 0.05

_LEAK = 1e-12  # share of every move that leaves the chain, so that a closed circle still has a solution
_NOTHING = 1e-7  # a share below is rounding
_DIGITS = 10  # of a chance: beyond them stands what the leak and the arithmetic change


@dataclass(frozen=True, eq=False)
class Chain:
    """The chain as it was estimated.

    Attributes
    ----------
    codes: the places, rows of ``places.order.table``. ways, counts: one row a place, one column a target, won
        and lost last; see :class:`Moves`. ``counts`` holds the moves.
    table: one row a place: ``pipeline``, ``stage``, ``visits``, ``resolved`` (visits that ended in a way that
        conversion counts), ``advanced``, ``conversion``, ``conversion_low``, ``conversion_high`` (Wilson),
        ``p_win``, ``p_unknown`` (share of the paths that end where the data does not tell the outcome),
        ``mean_days``, ``horizon_days``, ``open_at_horizon``, ``mean_working_days``, ``remaining_days``,
        ``remaining_working_days``, ``is_at_least`` (some visits on the way outlast their horizon), ``state``:
        empty, ``no_resolved_visits``, ``no_way_out`` (no path leads to won or lost), ``leads_to_unknown``
        (more than 5 % end in such places), ``no_times``.
    """

    codes: IntArray
    ways: npt.NDArray[np.int8]
    counts: IntArray
    table: pd.DataFrame

    @property
    def chances(self) -> FloatArray:
        """The transition probabilities, won and lost last; a row of zeros where no visit has ended."""
        return chances_of(self.counts)

    def p_win(self, conversions: npt.ArrayLike = np.nan) -> FloatArray:
        """Return the chance of winning from each place if places had other conversions (NaN: as they are)."""
        chances = with_conversions(self.chances, self.ways, np.asarray(conversions, np.float64))
        return winning(chances, fundamental(chances))


def chain_of(crm: Snapshot, period: Period, places: StepMap) -> Chain:
    """Estimate the chain from the visits to open places that were entered in a period.

    Open places are passed through, won and lost absorb; returns and moves to other pipelines are moves like
    others. A visit still going on is no move, and counts for the times as not ended. A deal closed without a
    change of stage moves to won or lost. Left out: technical losses, visits that began on an unknown day.

    Mean times are restricted to a year (365 days, 250 working days), or to the longest visit to a place if
    that is shorter: ``horizon_days``; the share still there at it is ``open_at_horizon``.

    Source: METHOD 4.6
    """
    return chain_from(crm, moves_of(crm, period, places))


def chain_from(crm: Snapshot, moves: Moves) -> Chain:
    """Return the chain of these moves; see :func:`chain_of`."""
    size = len(moves.codes)
    ended = moves.target >= 0
    pairs = moves.source[ended] * (size + 2) + moves.target[ended]
    counts = np.bincount(pairs, minlength=size * (size + 2)).reshape(size, size + 2).astype(np.int64)
    table = moves.visits.order.table[["pipeline", "stage"]].iloc[moves.codes].reset_index(drop=True)
    advanced, resolved = (one.astype(np.int64) for one in converted(counts, moves.ways))
    low, high = wilson(advanced, resolved)
    table = table.assign(
        visits=np.bincount(moves.source, minlength=size), resolved=resolved, advanced=advanced,
        conversion=_share(advanced, resolved), conversion_low=low, conversion_high=high,
    )  # fmt: skip
    table = pd.concat([table, mean_times(crm, moves)], axis=1)
    return Chain(moves.codes, moves.ways, counts, _with_ends(table, counts))


def chances_of(counts: npt.ArrayLike) -> FloatArray:
    """Return each row of counts as shares of its sum; the last two axes are places and targets."""
    moves = np.asarray(counts, np.float64)
    return _share(moves, moves.sum(axis=-1, keepdims=True), otherwise=0.0)


def converted(counts: npt.NDArray[np.generic], ways: npt.NDArray[np.int8]) -> tuple[FloatArray, FloatArray]:
    """Return how many moves of each place advanced, and how many there were that conversion counts."""
    known = np.isin(ways, (ADVANCED, LOST, MOVED_BACK, OTHER_PIPELINE))
    return (counts * (ways == ADVANCED)).sum(axis=-1), (counts * known).sum(axis=-1)


def fundamental(chances: FloatArray) -> FloatArray:
    """Return the fundamental matrix: how often each place (column) is still visited from each (row)."""
    size = chances.shape[-2]
    return np.asarray(np.linalg.inv(np.eye(size) - (1 - _LEAK) * chances[..., :size]))


def winning(chances: FloatArray, visited: FloatArray) -> FloatArray:
    """Return the chance of winning from each place; ``visited`` is the fundamental matrix."""
    return np.asarray(np.round((visited @ chances[..., -2][..., None])[..., 0], _DIGITS))


def with_conversions(chances: FloatArray, ways: npt.NDArray[np.int8], conversions: FloatArray) -> FloatArray:
    """Return transition probabilities with other conversions; NaN leaves a place as it is.

    The chances of being lost and of moving back shrink (or grow) in proportion; those of other pipelines stay
    as they are, so that a conversion rises at most to what they leave. A place from which no deal has gone
    on stays as it is: it is not known where its deals would go.
    """
    advanced, resolved = (one[..., None] for one in converted(chances, ways))
    falls = np.isin(ways, (LOST, MOVED_BACK))
    fallen, goes_on = (chances * falls).sum(axis=-1, keepdims=True), ways == ADVANCED
    both = advanced + fallen
    wanted = np.clip(np.asarray(conversions)[..., None] * resolved, 0, both)
    wanted = np.where(np.isnan(wanted) | (advanced <= 0), advanced, wanted)
    lost = np.zeros_like(chances)
    lost[..., -1] = 1.0  # where nothing has been lost yet, what no longer goes on is
    losses = np.where(fallen > 0, _share(chances * falls, fallen, otherwise=0.0), lost)
    gains = _share(chances * goes_on, advanced, otherwise=0.0)
    return np.where(falls | goes_on, gains * wanted + losses * (both - wanted), chances)


def lone_gains(chances: FloatArray, visited: FloatArray, changed: FloatArray) -> FloatArray:
    """Return by how much the chance of winning from each place rises if that place alone were changed.

    Parameters
    ----------
    chances, visited: the chain as it is and its fundamental matrix. changed: the chances with all changes.

    Only one row differs at a time, so the inverse is updated instead of made anew (Sherman and Morrison).
    """
    size = chances.shape[-2]
    step = changed - chances
    more = (step[..., :size] * winning(chances, visited)[..., None, :]).sum(axis=-1) + step[..., -2]
    turns = (step[..., :size] * np.swapaxes(visited, -1, -2)).sum(axis=-1)
    stays = np.diagonal(visited, axis1=-2, axis2=-1)
    return np.asarray(np.round(stays * more / (1 - turns), _DIGITS))


def _with_ends(table: pd.DataFrame, counts: IntArray) -> pd.DataFrame:
    """Add the chance of winning and the days left to the places whose outcome the data tells."""
    chances = chances_of(counts)
    visited = fundamental(chances)
    p_win = winning(chances, visited)
    unknown = 1 - p_win - (visited @ chances[:, -1])
    unknown = np.where(unknown < _NOTHING, 0.0, unknown)
    empty, stuck = counts.sum(axis=1) == 0, _without_end(chances)
    state = np.select(
        [empty, stuck, unknown > UNTOLD_SHARE],
        ["no_resolved_visits", "no_way_out", "leads_to_unknown"], "",
    )  # fmt: skip
    told, lasting = state == "", (table["open_at_horizon"] > UNTOLD_SHARE).to_numpy()
    left = {
        f"remaining_{name}": np.where(told, days_left(chances, table[f"mean_{name}"].to_numpy()), np.nan)
        for name in ("days", "working_days")
    }
    state = np.where(told & np.isnan(left["remaining_days"]), "no_times", state)
    return table.assign(
        p_win=np.where(told, p_win, np.nan), p_unknown=np.where(stuck, 1.0, unknown), **left,
        is_at_least=_passed(chances)[:, lasting].any(axis=1), state=state,
    )  # fmt: skip


def days_left(chances: FloatArray, means: FloatArray) -> FloatArray:
    """Return the expected days from entering each place to the end, from the mean days in each place.

    NaN where a place on the way has no mean; what is spent where no path leads out is not counted.
    """
    untimed, passed = np.isnan(means), _passed(chances)
    days = np.where(passed, fundamental(chances), 0.0) @ np.where(untimed, 0.0, means)
    return np.where(passed[:, untimed].any(axis=1), np.nan, days)


def _passed(chances: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which places (columns) are passed through from which (rows), those without an end left out."""
    return np.asarray((fundamental(chances) > _NOTHING) & ~_without_end(chances)[None, :])


def _without_end(chances: FloatArray) -> npt.NDArray[np.bool_]:
    """Return the places from which no path leads to won or lost."""
    size = len(chances)
    ends = chances[:, size:].sum(axis=1) > 0
    for _ in range(size):
        ends |= (chances[:, :size][:, ends] > 0).any(axis=1)
    return np.asarray(~ends, dtype=bool)


def mean_times(
    crm: Snapshot,
    moves: Moves,
    *,
    days: float | FloatArray = HORIZON_DAYS,
    working_days: float | FloatArray = HORIZON_WORKING_DAYS,
) -> pd.DataFrame:
    """Return the restricted mean times of each place; the horizons are one for all, or one a place."""
    size, ended = len(moves.codes), moves.rows["left_at"].notna().to_numpy()
    told = {}
    for name, horizon in (("days", days), ("working_days", working_days)):
        lasted = visit_days(crm, moves.rows, working=name == "working_days")
        known = lasted >= 0
        means = restricted_means(moves.source[known], lasted[known], ended[known], size, horizon)
        told[f"mean_{name}"] = means[0]
        if name == "days":
            told |= {"horizon_days": means[1], "open_at_horizon": means[2]}
    return pd.DataFrame(told)


def _share(part: npt.NDArray[Any], whole: npt.NDArray[Any], otherwise: float = np.nan) -> FloatArray:
    empty = np.full(np.broadcast(part, whole).shape, otherwise)
    return np.asarray(np.divide(part, whole, out=empty, where=whole > 0))
