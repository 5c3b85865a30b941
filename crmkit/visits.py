"""Stage visits: what became of every stay of a deal in a stage, once per Snapshot (METHOD 3.3).

All work is on integer codes and runs of equal codes in a log sorted by deal and time: no group-bys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.facts import NEVER, FloatArray, days_since, elapsed_days, is_status, micros, once_per_snapshot
from crmkit.schema import Snapshot
from crmkit.stagelog import Ints, Mask, StageLog, as_moments, owners, stage_log
from crmkit.stages import (
    ADVANCED,
    LOST,
    MOVED_BACK,
    OPEN,
    STILL_THERE,
    StageOrder,
    coded_stages,
    outcomes,
    stage_order,
)


@dataclass(frozen=True, eq=False)
class Visits:
    """All stage visits of a Snapshot.

    Attributes
    ----------
    rows: one row per visit, sorted by deal and time: ``deal_ix``; ``stage``, ``next_stage`` (codes: rows of
        ``order.table``; −1 for none); ``entered_at``, ``left_at`` (missing: still there, or not known);
        ``outcome`` (code into ``stages.OUTCOMES``); ``manager_id`` (the owner on entering, else the present
        one); ``furthest`` (rank of the furthest open stage so far); ``passed_over`` (stages left out on
        leaving); ``skipped_before``, ``skipped_after`` (those left out on entering and leaving that are not
        optional). Won and lost stages have visits too: see ``is_open``.
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

    They follow the stage log (see :func:`crmkit.stagelog.stage_log` for its order and its beginnings). A
    closing without a change of stage ends the last visit: won counts as advanced, lost as lost. What follows
    a won or lost stage is a new visit; a change of owner is none. A self-loop that the settings keep is a
    visit that moved back. Stages passed over are the open ones of the pipeline between the furthest reached
    so far and the one entered; those that the settings do not call optional are skipped.

    Source: METHOD 3.3
    """
    return visits_over(crm, stage_log(crm))


def visits_over(crm: Snapshot, log: StageLog) -> Visits:
    """Return the visits that a log tells of: to the stages, or to the places it was relabelled to."""
    return Visits(_visits(crm, log), log.order, log.self_loops, log.without_history)


def passed_over(visits: Visits) -> pd.DataFrame:
    """Return one row per stage left out: ``deal_ix``, ``stage``, ``at``, ``manager_id``, ``is_optional``.

    It is passed at the moment in which the deal leaves the stage before it; one that is not optional is
    skipped.
    """
    rows = visits.rows[(visits.rows["passed_over"] > 0).to_numpy()]
    times = rows["passed_over"].to_numpy(np.int64)
    place = np.repeat(np.arange(len(rows)), times)
    step = np.arange(1, len(place) + 1) - np.repeat(np.cumsum(times) - times, times)
    pipeline = visits.order.pipelines[rows["stage"].to_numpy()][place]
    rank, musts = rows["furthest"].to_numpy()[place] + step, visits.order.musts
    return pd.DataFrame(
        {
            "deal_ix": rows["deal_ix"].to_numpy()[place],
            "stage": visits.order.open_stages[pipeline, rank],
            "at": rows["left_at"].array[place],
            "manager_id": rows["manager_id"].array[place],
            "is_optional": musts[pipeline, rank + 1] == musts[pipeline, rank],
        },
        copy=False,
    )


def went_back(visits: Visits, rows: pd.DataFrame) -> Mask:
    """Return after which visits (of ``Visits.rows``) the deal entered an earlier stage of its pipeline.

    A closed deal that is opened again does not go back, nor does one whose stage is changed to itself.
    """
    positions = visits.order.positions
    earlier = positions[rows["next_stage"].to_numpy()] < positions[rows["stage"].to_numpy()]
    return np.asarray(earlier & (rows["outcome"] == MOVED_BACK).to_numpy())


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


def days_in_stage(crm: Snapshot) -> FloatArray:
    """Return for each deal the days since it entered its stage; NaN if that is not known."""
    entered, whole = stage_entered(crm)
    return days_since(crm, entered, by_day=whole)


def norm_days(crm: Snapshot) -> FloatArray:
    """Return for each deal the norm of the stage it stands in, in days; NaN if that has none."""
    order, deals = stage_order(crm), crm.deals
    codes = coded_stages(crm, order, deals["stage"], np.arange(len(deals)))
    norms = order.table["norm_days"].to_numpy(dtype=np.float64)
    return np.asarray(np.append(norms, np.nan)[codes], dtype=np.float64)


@once_per_snapshot
def stage_entered(crm: Snapshot) -> tuple[pd.Series, bool]:
    """Return when each deal entered the stage it stands in, and whether any of it has no time of day.

    The deal's own date of entering counts, else the history of stages where it ends in that stage.
    """
    entered, whole = crm.deals["stage_entered_at"], "deals.stage_entered_at" in crm.whole_days
    if entered.isna().any() and "stage_changes.changed_at" in crm.supplied:
        last, visits = np.full(len(entered), NEVER), stage_visits(crm)
        deal, stage = (visits.rows[name].to_numpy() for name in ("deal_ix", "stage"))
        present = coded_stages(crm, visits.order, crm.deals["stage"], np.arange(len(entered)))
        final = np.flatnonzero(np.append(deal[1:] != deal[:-1], values=[True] * bool(len(deal))))
        final = final[stage[final] == present[deal[final]]]
        last[deal[final]] = micros(visits.rows["entered_at"].iloc[final])
        told = pd.Series(as_moments(last, crm.settings.zone), index=entered.index)
        entered = entered.where(entered.notna(), told)
        whole |= "stage_changes.changed_at" in crm.whole_days
    return entered, whole


def _visits(crm: Snapshot, log: StageLog) -> pd.DataFrame:
    """Return the rows of the visits: when they ended, how, and what was skipped."""
    deal, stage, at, order, first = log.deal, log.stage, log.at, log.order, log.firsts
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
    furthest = furthest_ranks(order, stage, first)
    target = order.ranks[following]
    target[closing] = order.sizes[order.pipelines[stage[closing]]]
    after = target - furthest - 1
    elsewhere = order.pipelines[following] != order.pipelines[stage]  # won there, nothing is skipped here
    elsewhere[closing] = False
    after[elsewhere | (outcome != ADVANCED) | ~(is_open & (order.ranks >= 0)[stage]) | (after < 0)] = 0
    skipped, jumps = np.zeros_like(after), np.flatnonzero(after > 0)
    pipeline = order.pipelines[stage[jumps]]
    skipped[jumps] = order.musts[pipeline, target[jumps]] - order.musts[pipeline, furthest[jumps] + 1]
    zone = crm.settings.zone
    columns = {"deal_ix": deal, "stage": stage, "next_stage": following} | {
        "entered_at": as_moments(at, zone),
        "left_at": as_moments(left, zone),
        "outcome": outcome,
        "manager_id": pd.Categorical.from_codes(log.manager, owners(crm)[2], validate=False),
        "furthest": furthest,
        "passed_over": after,
        "skipped_before": np.where(first, 0, np.roll(skipped, 1)),
        "skipped_after": skipped,
    }
    return pd.DataFrame(columns, copy=False)


def furthest_ranks(order: StageOrder, stage: Ints, first: Mask) -> Ints:
    """Return the rank of the furthest open stage that a deal has reached so far in the present pipeline."""
    anew = first.copy()
    pipeline = order.pipelines.astype(np.int16)[stage]
    anew[1:] |= pipeline[1:] != pipeline[:-1]
    steps = len(order.kinds) + 1
    whole = np.min_scalar_type(-(len(stage) + 1) * steps)
    run = np.cumsum(anew, dtype=whole) * steps
    reach = np.where(order.kinds == OPEN, np.maximum(order.ranks, 0), 0).astype(whole)[stage] + run
    return np.asarray(np.maximum.accumulate(reach) - run, dtype=np.int16)
