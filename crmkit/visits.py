"""Stage visits: what became of every stay of a deal in a stage, once per Snapshot (METHOD 3.3).

All work is on integer codes and runs of equal codes in a log sorted by deal and time: no group-bys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import NEVER, FloatArray, elapsed_days, is_status, micros, once_per_snapshot
from crmkit.schema import Snapshot
from crmkit.stages import (
    ADVANCED,
    LOST,
    OPEN,
    STILL_THERE,
    StageOrder,
    coded_stages,
    outcomes,
    stage_order,
)  # fmt: skip

Ints = npt.NDArray[np.signedinteger]
Mask = npt.NDArray[np.bool_]
Log = dict[str, npt.NDArray[np.signedinteger]]


@dataclass(frozen=True, eq=False)
class Visits:
    """All stage visits of a Snapshot.

    Attributes
    ----------
    rows: one row per visit, sorted by deal and time: ``deal_ix``; ``stage``, ``next_stage`` (codes: rows of
        ``order.table``; −1 for none); ``entered_at``, ``left_at`` (missing: still there, or not known);
        ``outcome`` (code into ``stages.OUTCOMES``); ``manager_id`` (the owner on entering, else the present
        one); ``furthest`` (rank of the furthest open stage so far); ``skipped_before``, ``skipped_after``
        (stages skipped on entering and leaving). Won and lost stages have visits too: see ``is_open``.
    order: the stages and their places.
    self_loops: ``deal_ix``, ``stage``, ``at`` of the changes from a stage to itself that were collapsed.
    without_history: for each deal, whether the history does not tell where it stood.
    """

    rows: pd.DataFrame
    order: StageOrder
    self_loops: pd.DataFrame
    without_history: Mask

    @property
    def is_open(self) -> Mask:
        """Whether each visit is to a stage that is neither won nor lost."""
        return np.asarray(self.order.kinds[self.rows["stage"].to_numpy()] == OPEN)


@once_per_snapshot
def stage_visits(crm: Snapshot) -> Visits:
    """Return the stage visits: a deal's stay in a stage, from entering to leaving it.

    The log is ordered by deal and time, and at one moment by the client's order of the stages (never by the
    order of rows in a file). A first change that names the stage it left begins with a visit to that stage
    from the deal's creation on. A deal without any row has a visit to its present stage since its creation
    if the history records moves only and had begun by then; otherwise it is without history. A closing
    without a change of stage ends the last visit: won counts as advanced, lost as lost. What follows a won
    or lost stage is a new visit; a change of owner is none. A stage changed to itself is collapsed, unless
    the settings keep it (``self_loops: keep``; it is then a visit that moved back). Stages skipped are the
    open ones between the furthest reached so far and the one entered.

    Source: METHOD 3.3
    """
    order = stage_order(crm)
    log, without = _with_beginnings(crm, order, _sorted_log(crm, order))
    loops = log["deal"][1:] == log["deal"][:-1]
    loops &= log["stage"][1:] == log["stage"][:-1]
    loops &= crm.settings.self_loops == "collapse"
    collapsed = _rows(log, np.flatnonzero(loops) + 1)
    if len(collapsed["deal"]):
        log = _rows(log, np.flatnonzero(~np.append(False, loops)))
    rows = _visits(crm, order, log)
    told = {"deal_ix": collapsed["deal"], "stage": collapsed["stage"]}
    told["at"] = _moments(collapsed["at"], crm.settings.zone)
    return Visits(rows, order, pd.DataFrame(told, copy=False), without)


def skipped_stages(visits: Visits) -> pd.DataFrame:
    """Return one row per stage that a deal skipped: ``deal_ix``, ``stage``, ``at``, ``manager_id``.

    A skipped stage is passed at the moment in which the deal leaves the stage before it.
    """
    rows = visits.rows[(visits.rows["skipped_after"] > 0).to_numpy()]
    times = rows["skipped_after"].to_numpy(np.int64)
    place = np.repeat(np.arange(len(rows)), times)
    step = np.arange(1, len(place) + 1) - np.repeat(np.cumsum(times) - times, times)
    pipeline = visits.order.pipelines[rows["stage"].to_numpy()][place]
    return pd.DataFrame(
        {
            "deal_ix": rows["deal_ix"].to_numpy()[place],
            "stage": visits.order.open_stages[pipeline, rows["furthest"].to_numpy()[place] + step],
            "at": rows["left_at"].array[place],
            "manager_id": rows["manager_id"].array[place],
        },
        copy=False,
    )


def visit_days(crm: Snapshot, rows: pd.DataFrame, *, working: bool = False) -> FloatArray:
    """Return how long visits lasted, or last so far, in days; NaN where a moment is not known.

    Parameters
    ----------
    rows: of ``Visits.rows``. working: in working days of the client's calendar.
    """
    ongoing = (rows["outcome"] == STILL_THERE) & rows["left_at"].isna()
    ends, calendar = rows["left_at"].where(~ongoing, crm.as_of), crm.settings.calendar
    if working:
        return np.asarray(calendar.working_time(rows["entered_at"], ends) / calendar.hours_per_day)
    by_day = "stage_changes.changed_at" in crm.whole_days
    return elapsed_days(rows["entered_at"], ends, by_day=by_day)


def _sorted_log(crm: Snapshot, order: StageOrder) -> Log:
    """Return the stage changes of known deals as codes, in order; ``before`` is the stage left."""
    changes = crm.tables["stage_changes"]
    deal, at = changes["deal_ix"].to_numpy(), micros(changes["changed_at"])
    stage = coded_stages(crm, order, changes["to_stage"], deal)
    before = coded_stages(crm, order, changes["from_stage"], deal)
    log: Log = {"deal": deal.astype(np.int32), "at": at, "stage": stage, "before": before}
    log["manager"] = _owners(crm)[0]
    known = (deal >= 0) & (at != NEVER) & (stage >= 0)
    if not known.all():
        log = _rows(log, np.flatnonzero(known))
    deal, at = log["deal"], log["at"]
    onward = (deal[1:] > deal[:-1]) | ((deal[1:] == deal[:-1]) & (at[1:] >= at[:-1]))
    if not onward.all():
        log = _rows(log, np.lexsort((at, deal)))
        deal, at = log["deal"], log["at"]
    tied = (deal[1:] == deal[:-1]) & (at[1:] == at[:-1])
    if tied.any():
        group = np.cumsum(~np.append(False, tied))
        places = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
        moved = np.arange(len(deal))
        moved[places] = places[np.lexsort((order.places[log["stage"][places]], group[places]))]
        log = _rows(log, moved)
    return log


def _with_beginnings(crm: Snapshot, order: StageOrder, log: Log) -> tuple[Log, Mask]:
    """Add the visits that the log begins with but has no row for; return the deals without history too."""
    deals = crm.deals
    created = micros(deals["created_at"])
    starts = np.flatnonzero(_first_of_run(log["deal"]))
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
        "manager": np.concatenate([log["manager"][named], _owners(crm)[1][standing]]),
    }
    if not len(fresh["deal"]):
        return log, silent
    places = np.searchsorted(log["deal"], fresh["deal"])
    by_deal = np.argsort(fresh["deal"], kind="stable")
    return {name: np.insert(log[name], places[by_deal], fresh[name][by_deal]) for name in log}, silent


def _visits(crm: Snapshot, order: StageOrder, log: Log) -> pd.DataFrame:
    """Return the rows of the visits: when they ended, how, and what was skipped."""
    deal, stage, at = log["deal"], log["stage"], log["at"]
    first = _first_of_run(deal)
    last = np.append(first[1:], np.ones(min(1, len(first)), dtype=bool))
    following, left = np.append(stage[1:], stage[:1]), np.append(at[1:], at[:1])
    following[last], left[last] = -1, NEVER
    outcome, is_open = outcomes(order, stage, following), (order.kinds == OPEN)[stage]
    outcome[last] = STILL_THERE
    closing = np.flatnonzero(last & is_open)
    won = is_status(crm, "won")[deal[closing]]
    closing = closing[won | is_status(crm, "lost")[deal[closing]]]
    outcome[closing] = np.where(is_status(crm, "won")[deal[closing]], ADVANCED, LOST)
    closed = micros(crm.deals["closed_at"])[deal[closing]]
    left[closing] = np.where(closed == NEVER, NEVER, np.maximum(closed, at[closing]))
    furthest = _furthest(order, stage, first)
    target = order.ranks[following]
    target[closing] = order.sizes[order.pipelines[stage[closing]]]
    after = target - furthest - 1
    after[(outcome != ADVANCED) | ~(is_open & (order.ranks >= 0)[stage]) | (after < 0)] = 0
    zone = crm.settings.zone
    columns = {"deal_ix": deal, "stage": stage, "next_stage": following} | {
        "entered_at": _moments(at, zone),
        "left_at": _moments(left, zone),
        "outcome": outcome,
        "manager_id": pd.Categorical.from_codes(log["manager"], _owners(crm)[2], validate=False),
        "furthest": furthest,
        "skipped_before": np.where(first, 0, np.roll(after, 1)),
        "skipped_after": after,
    }
    return pd.DataFrame(columns, copy=False)


def _furthest(order: StageOrder, stage: Ints, first: Mask) -> Ints:
    """Return the rank of the furthest open stage that a deal has reached so far in the present pipeline."""
    anew = first.copy()
    pipeline = order.pipelines.astype(np.int16)[stage]
    anew[1:] |= pipeline[1:] != pipeline[:-1]
    steps = len(order.kinds) + 1
    whole = np.min_scalar_type(-(len(stage) + 1) * steps)
    run = np.cumsum(anew, dtype=whole) * steps
    reach = np.where(order.kinds == OPEN, np.maximum(order.ranks, 0), 0).astype(whole)[stage] + run
    return np.asarray(np.maximum.accumulate(reach) - run, dtype=np.int16)


@once_per_snapshot
def _owners(crm: Snapshot) -> tuple[Ints, Ints, pd.Index]:
    """Return codes of the owner at each stage change, of each deal's present one, and the identifiers."""
    changes, deals = crm.tables["stage_changes"], crm.deals
    then, now = changes["manager_id"].cat, deals["manager_id"].cat
    names = now.categories.union(then.categories)
    owner = np.append(names.get_indexer(now.categories), -1)[now.codes]
    entering = np.append(names.get_indexer(then.categories), -1)[then.codes]
    present = np.append(owner, -1)[changes["deal_ix"].to_numpy()]
    return np.where(entering >= 0, entering, present).astype(np.int32), owner, names


def _rows(log: Log, places: Ints) -> Log:
    return {name: np.take(values, places) for name, values in log.items()}


def _first_of_run(deal: npt.NDArray[np.signedinteger]) -> Mask:
    return np.append(np.ones(min(1, len(deal)), dtype=bool), deal[1:] != deal[:-1])


def _moments(stamps: Ints, zone: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(stamps.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
