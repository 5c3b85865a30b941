"""The stage log: every change of stage as integer codes, in one order, once per Snapshot (METHOD 3.3).

All work is on integer codes and runs of equal codes in a log sorted by deal and time: no group-bys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import NEVER, micros, once_per_snapshot
from crmkit.schema import Snapshot
from crmkit.stages import OPEN, StageOrder, coded_stages, stage_order

Ints = npt.NDArray[np.signedinteger]
Mask = npt.NDArray[np.bool_]
Log = dict[str, npt.NDArray[np.signedinteger]]


@dataclass(frozen=True, eq=False)
class StageLog:
    """The entries into stages, sorted by deal and time; at one moment, by the client's order of the stages.

    Attributes
    ----------
    deal: position of the deal. at: the moment in microseconds, ``NEVER`` if not known. stage: code, a row of
        ``order.table``. manager: code of the owner then (``owners(crm)``), else the present one; −1 for none.
        All four have one entry per row.
    order: the stages and their places.
    self_loops: ``deal_ix``, ``stage``, ``at`` of the changes from a stage to itself that were collapsed.
    without_history: for each deal of the Snapshot, whether the history does not tell where it stood.
    ties: how many rows share deal and moment with the row before: there the order is the stages', not time's.
    whole_days: whether the moments have no time of day.
    """

    deal: Ints
    at: Ints
    stage: Ints
    manager: Ints
    order: StageOrder
    self_loops: pd.DataFrame
    without_history: Mask
    ties: int
    whole_days: bool = False

    @property
    def firsts(self) -> Mask:
        """Whether each row is the first of its deal."""
        return first_of_run(self.deal)

    @property
    def lasts(self) -> Mask:
        """Whether each row is the last of its deal."""
        return np.append(self.deal[1:] != self.deal[:-1], np.ones(min(1, len(self.deal)), dtype=bool))


@once_per_snapshot
def stage_log(crm: Snapshot) -> StageLog:
    """Return the stage log.

    Ties in time are ordered by the client's order of the stages, never by the order of rows in a file. A
    first change that names the stage it left begins with an entry into that stage at the deal's creation. A
    deal without any row has an entry into its present stage at its creation if the history records moves only
    and had begun by then; otherwise it is without history. A stage changed to itself is collapsed, unless
    the settings keep it (``self_loops: keep``).

    Source: METHOD 3.3
    """
    order = stage_order(crm)
    log, without = _with_beginnings(crm, order, _sorted_log(crm, order))
    return _collapsed(crm, order, log, without)


def relabelled(crm: Snapshot, log: StageLog, order: StageOrder, codes: Ints) -> StageLog:
    """Return the log with other places instead of its stages, such as the steps that they belong to.

    Parameters
    ----------
    order: the new places. codes: for each stage of the log its place in ``order``.
    """
    stage = np.asarray(codes[log.stage], dtype=np.int16)
    rows = {"deal": log.deal, "at": log.at, "stage": stage, "manager": log.manager}
    return _collapsed(crm, order, rows, log.without_history, always=True)


def _collapsed(
    crm: Snapshot, order: StageOrder, log: Log, without: Mask, *, always: bool = False
) -> StageLog:
    deal, at = log["deal"], log["at"]
    same = deal[1:] == deal[:-1]
    ties = int(np.count_nonzero(same & (at[1:] == at[:-1]) & (at[1:] != NEVER)))
    loops = same & (log["stage"][1:] == log["stage"][:-1])
    loops &= always or crm.settings.self_loops == "collapse"
    collapsed = rows_at(log, np.flatnonzero(loops) + 1)
    if len(collapsed["deal"]):
        log = rows_at(log, np.flatnonzero(~np.append(False, loops)))
    told = {"deal_ix": collapsed["deal"], "stage": collapsed["stage"]}
    told["at"] = as_moments(collapsed["at"], crm.settings.zone)
    frame = pd.DataFrame(told, copy=False)
    rows = (log["deal"], log["at"], log["stage"], log["manager"])
    by_day = "stage_changes.changed_at" in crm.whole_days
    return StageLog(*rows, order, frame, without, ties, by_day)


def _sorted_log(crm: Snapshot, order: StageOrder) -> Log:
    """Return the stage changes of known deals as codes, in order; ``before`` is the stage left."""
    changes = crm.tables["stage_changes"]
    deal, at = changes["deal_ix"].to_numpy(), micros(changes["changed_at"])
    stage = coded_stages(crm, order, changes["to_stage"], deal)
    before = coded_stages(crm, order, changes["from_stage"], deal)
    log: Log = {"deal": deal.astype(np.int32), "at": at, "stage": stage, "before": before}
    log["manager"] = owners(crm)[0]
    known = (deal >= 0) & (at != NEVER) & (stage >= 0)
    if not known.all():
        log = rows_at(log, np.flatnonzero(known))
    deal, at = log["deal"], log["at"]
    onward = (deal[1:] > deal[:-1]) | ((deal[1:] == deal[:-1]) & (at[1:] >= at[:-1]))
    if not onward.all():
        log = rows_at(log, sorted_rows(log["deal"], at))
        deal, at = log["deal"], log["at"]
    stage = log["stage"]
    same = (log["manager"], log["before"])  # of rows alike in all else none comes first by itself
    moved = ties_settled(deal, at, lambda tied: (*(one[tied] for one in same), order.places[stage[tied]]))
    return log if moved is None else rows_at(log, moved)


def ties_settled(deal: Ints, at: Ints, keys: Callable[[Ints], tuple[Ints, ...]]) -> Ints | None:
    """Return rows sorted by deal and time in an order that their keys decide at one moment; None: no ties.

    Parameters
    ----------
    keys: gives the keys of some rows, the most important one last.
    """
    tied = (deal[1:] == deal[:-1]) & (at[1:] == at[:-1])
    if not tied.any():
        return None
    group = np.cumsum(~np.append(False, tied))
    places = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
    moved = np.arange(len(deal))
    moved[places] = places[np.lexsort((*keys(places), group[places]))]
    return moved


def sorted_rows(deal: Ints, at: Ints) -> Ints:
    """Return the rows in the order of deal and time, equal ones as they come.

    Deal and time go into one integer, which is several times quicker to sort than two columns; where not all
    of the time fits, rows that are equal so far are sorted by the rest of it.
    """
    if not len(deal):
        return np.zeros(0, dtype=np.int64)
    since = at - at.min()
    room = 63 - int(deal.max()).bit_length()
    key = (deal.astype(np.int64) << room) | (since >> max(int(since.max()).bit_length() - room, 0))
    order = np.argsort(key)
    key = key[order]
    same = key[1:] == key[:-1]
    if same.any():
        group = np.cumsum(~np.append(False, same))
        places = np.flatnonzero(np.append(same, False) | np.append(False, same))
        rows = order[places]
        order[places] = rows[np.lexsort((rows, at[rows], group[places]))]
    return order


def _with_beginnings(crm: Snapshot, order: StageOrder, log: Log) -> tuple[Log, Mask]:
    """Add the visits that the log begins with but has no row for; return the deals without history too."""
    deals = crm.deals
    created = micros(deals["created_at"])
    starts = np.flatnonzero(first_of_run(log["deal"]))
    named = starts[log["before"][starts] >= 0]
    silent = np.ones(len(deals), dtype=bool)
    silent[log["deal"][starts]] = False
    standing = np.zeros(0, dtype=np.int64)
    stage = coded_stages(crm, order, deals["stage"], np.arange(len(deals)))
    if len(named) > len(starts) - len(named):  # the CRM records moves, not creations
        begun = micros(pd.Series([crm.began.get("stage_changes", pd.NaT)]))[0]
        there = silent & (stage >= 0) & (created != NEVER) & (created >= begun) & (begun != NEVER)
        standing = np.flatnonzero(there & (order.kinds[stage] == OPEN))
        silent[standing] = False
    movers = log["deal"][named]
    since = created[movers]
    known = np.where(since == NEVER, NEVER, np.minimum(since, log["at"][named]))
    fresh: Log = {
        "deal": np.concatenate([movers, standing]),
        "at": np.concatenate([known, created[standing]]),
        "stage": np.concatenate([log["before"][named], stage[standing]]),
        "before": np.full(len(movers) + len(standing), -1),
        "manager": np.concatenate([log["manager"][named], owners(crm)[1][standing]]),
    }
    if not len(fresh["deal"]):
        return log, silent
    places = np.searchsorted(log["deal"], fresh["deal"])
    by_deal = np.argsort(fresh["deal"], kind="stable")
    return {name: np.insert(log[name], places[by_deal], fresh[name][by_deal]) for name in log}, silent


@once_per_snapshot
def owners(crm: Snapshot) -> tuple[Ints, Ints, pd.Index]:
    """Return codes of the owner at each stage change, of each deal's present one, and the identifiers."""
    changes, deals = crm.tables["stage_changes"], crm.deals
    then, now = changes["manager_id"].cat, deals["manager_id"].cat
    names = now.categories.union(then.categories)
    if not len(names):
        return np.full(len(changes), -1, np.int32), np.full(len(deals), -1), names
    owner = np.append(names.get_indexer(now.categories), -1)[now.codes]
    entering = np.append(names.get_indexer(then.categories), -1)[then.codes]
    present = np.append(owner, -1)[changes["deal_ix"].to_numpy()]
    return np.where(entering >= 0, entering, present).astype(np.int32), owner, names


def rows_at(log: Log, places: Ints) -> Log:
    """Return some rows of a log."""
    return {name: np.take(values, places) for name, values in log.items()}


def first_of_run(deal: npt.NDArray[np.signedinteger]) -> Mask:
    """Tell for each row of a sorted column whether its value differs from the one before."""
    return np.append(np.ones(min(1, len(deal)), dtype=bool), deal[1:] != deal[:-1])


def as_moments(stamps: Ints, zone: str) -> pd.DatetimeIndex:
    """Return microseconds as moments in a zone, ``NEVER`` as missing."""
    return pd.DatetimeIndex(stamps.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
