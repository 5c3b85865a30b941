"""Offences in time: tasks missing, late or not renewed, silence, stages outlasted, skipped or entered anew.

The first paragraph of each docstring is the definition that is assumed; ``planted.yml`` prints it.
"""

from __future__ import annotations

import numpy as np

from crmkit.simulate.actions import SETTLED, is_proposal
from crmkit.simulate.clock import DAY, span
from crmkit.simulate.draft import Draft
from crmkit.simulate.world import NEVER, WON, Array

#: Silence planted by check 13, in days; honest deals are never silent for longer than ``action_days``.
SILENT_DAYS = 21
_YOUNG_DAYS = 10


def over_the_norm(draft: Draft) -> None:
    """An open deal whose present stage was entered more than the stage's norm of calendar days before as_of.

    The visits were told to outlast the norm when they began; no other visit lasts that long.
    """
    norm = span(draft.world.norm(draft.deals["pipeline"], draft.deals["last"]))
    told = draft.visits["over"][draft.current]
    late = draft.open & told & (draft.entered + norm < draft.as_of)
    draft.taken |= draft.open & told
    draft.offend(8, "deals", np.flatnonzero(late))
    left = np.unique(draft.visits["deal"][draft.visits["over"] & draft.visits["done"]])
    draft.spare(8, "outlasted the norm of a stage that it has left", "deals", left[~draft.open[left]])


def stale(draft: Draft) -> None:
    """An open deal with no action (done task, communication, stage change) for 14 days and no task to come.

    Planted silence lasts 21 days or more. By turns the last task stands open and overdue, which implies check
    11, or was done without a next one, which implies checks 1 and 12.
    """
    tasks, cutoff = draft.tasks, draft.ago(SILENT_DAYS + 1)
    old = draft.open & (draft.entered <= cutoff - span(3))
    done = tasks["completed"]
    across = (tasks["created"] <= cutoff) & ~(done <= cutoff) & ~tasks["follow"] & old[tasks["deal"]]
    spanning = np.full(len(draft.taken), -1)
    spanning[tasks["deal"][across]] = np.flatnonzero(across)
    chosen = draft.pick(13, old & (spanning >= 0))
    draft.drop(tasks, draft.among(tasks, chosen) & (tasks["created"] > cutoff))
    draft.drop(draft.activities, draft.among(draft.activities, chosen) & (draft.activities["at"] > cutoff))
    rows = spanning[chosen]
    middle = tasks["created"][rows] + (cutoff - tasks["created"][rows]) // 2
    waits = np.arange(len(chosen)) % 2 == 0
    tasks["due"][rows] = np.maximum(middle, tasks["created"][rows] + span(0.02))
    tasks["completed"][rows] = np.where(waits, NEVER, tasks["due"][rows])
    tasks["result"][rows[waits]] = -1
    draft.offend(13, "deals", chosen)
    draft.offend(11, "tasks", rows[waits])
    draft.offend(11, "deals", chosen[waits])
    draft.offend(1, "deals", chosen[~waits])
    draft.offend(12, "deals", chosen[~waits])
    aged = draft.open & ~draft.taken & (draft.deals["created"] < draft.ago(60))
    draft.spare(13, "old, but with a recent action and a task to come", "deals", np.flatnonzero(aged))


def open_deal_without_task(draft: Draft) -> None:
    """An open deal for which no task is open at as_of.

    Planted among deals of the last ten days, which never had one.
    """
    chosen = draft.pick(1, draft.open & (draft.deals["created"] > draft.ago(_YOUNG_DAYS)))
    draft.drop(draft.tasks, draft.among(draft.tasks, chosen))
    draft.offend(1, "deals", chosen)
    today = draft.clean(draft.open & (draft.open_task >= 0))
    midnight = draft.as_of.astype("M8[D]") + np.timedelta64(1, "D")
    draft.tasks["due"][draft.open_task[today]] = draft.as_of + (midnight - draft.as_of).astype("m8[s]") // 2
    draft.spare(1, "its task is due later today", "deals", today)
    draft.spare(11, "due later on the day of as_of", "tasks", draft.open_task[today])


def closed_without_next(draft: Draft) -> None:
    """An open deal whose latest task is done while no other is open; it implies check 1."""
    done = np.bincount(draft.tasks["deal"][~np.isnat(draft.tasks["completed"])], minlength=len(draft.taken))
    chosen = draft.pick(12, draft.open & (done > 0))
    draft.drop(draft.tasks, draft.open_task[chosen])
    draft.offend(12, "deals", chosen)
    draft.offend(1, "deals", chosen)
    draft.spare(12, "won, so no next task is needed", "deals", np.flatnonzero(draft.deals["status"] == WON))


def overdue_task(draft: Draft) -> None:
    """An open task that was due before as_of; where the export has no tasks, the deal of such a task."""
    created = draft.tasks["created"][draft.open_task]
    chosen = draft.pick(11, draft.open & (created < draft.ago(2)))
    rows = draft.open_task[chosen]
    wait = (draft.ago(1) - draft.tasks["created"][rows]).astype(np.int64)
    late = wait * draft.rng.integers(30, 95, len(rows)) // 100
    draft.tasks["due"][rows] = draft.tasks["created"][rows] + late.astype("m8[s]")
    draft.offend(11, "tasks", rows)
    draft.offend(11, "deals", chosen)
    tardy = (draft.tasks["completed"] > draft.tasks["due"]) & draft.tasks["keep"]
    draft.spare(11, "done, though after it was due", "tasks", np.flatnonzero(tardy))


def lost_and_forgotten(draft: Draft) -> None:
    """A non-technical loss, closed 7 days or more before as_of, without a task due 3 to 6 months later."""
    closed = draft.deals["closed"]
    chosen = draft.pick(22, draft.lost & ~draft.technical & (closed <= draft.as_of - SETTLED))
    draft.drop(draft.tasks, draft.among(draft.tasks, chosen) & draft.tasks["follow"])
    draft.offend(22, "deals", chosen)
    fresh = draft.lost & ~draft.technical & (closed > draft.as_of - SETTLED)
    draft.spare(22, "lost less than 7 days before as_of", "deals", np.flatnonzero(fresh))
    draft.spare(22, "lost for a technical reason", "deals", np.flatnonzero(draft.technical))


def _inner_visits(draft: Draft) -> Array:
    """Tell which visits have one of the same deal before and after them, both told in the history."""
    deal, keep = draft.visits["deal"], draft.visits["keep"]
    inner = np.zeros(len(deal), dtype=bool)
    inner[1:-1] = (deal[1:-1] == deal[:-2]) & (deal[1:-1] == deal[2:]) & keep[:-2] & keep[1:-1]
    return inner


def _pick_visits(draft: Draft, check: int, pool: Array) -> tuple[Array, Array]:
    """Draw deals that have a visit in ``pool``; return them, and the first such visit of each."""
    rows = np.flatnonzero(pool)
    deals, first = np.unique(draft.visits["deal"][rows], return_index=True)
    chosen = draft.pick(check, np.isin(np.arange(len(draft.taken)), deals))
    return chosen, rows[first[np.isin(deals, chosen)]]


def stage_skipped(draft: Draft) -> None:
    """A deal that went forward past a stage of its pipeline that is not optional (a loss skips nothing).

    The visit is struck from the history; the stage before it still keeps within its norm.
    """
    visits, pipeline = draft.visits, draft.deals["pipeline"][draft.visits["deal"]]
    optional = draft.stages(lambda stage: stage.optional)[pipeline, visits["stage"]] > 0
    chance = draft.stages(lambda stage: stage.skipped)[pipeline, visits["stage"]]
    allowed = _inner_visits(draft) & optional & (draft.rng.random(len(chance)) < chance)
    visits["keep"][allowed] = False
    draft.spare(14, "the skipped stage is optional", "deals", visits["deal"][allowed])
    before = np.maximum(np.arange(len(chance)) - 1, 0)
    leave = draft.world.clock.moment(visits["exit"])
    short = leave - visits["at"][before] <= span(draft.world.norm(pipeline, visits["stage"][before]))
    usual = ~optional & ~is_proposal(draft.world, pipeline, visits["stage"])
    chosen, struck = _pick_visits(draft, 14, _inner_visits(draft) & usual & short)
    visits["keep"][struck] = False
    draft.offend(14, "deals", chosen)
    draft.spare(
        14, "lost, so the later stages were not skipped", "deals", np.flatnonzero(draft.lost & ~draft.taken)
    )


def moved_back(draft: Draft) -> None:
    """A deal that entered a stage with a lower position than the one it left, in the same pipeline."""
    visits = draft.visits
    pipeline = draft.deals["pipeline"][visits["deal"]]
    proposal = is_proposal(draft.world, pipeline, visits["stage"])
    proposal |= is_proposal(draft.world, pipeline, np.maximum(visits["stage"] - 1, 0))
    long = visits["exit"] - visits["enter"] >= 3 * DAY
    pool = _inner_visits(draft) & ~proposal & long
    chosen, struck = _pick_visits(draft, 15, pool)
    _insert(draft, struck, 1, -1)
    _insert(draft, struck, 2, 0)
    draft.offend(15, "deals", chosen)
    loops = np.flatnonzero(pool & ~draft.taken[visits["deal"]])[:1]
    draft.taken[visits["deal"][loops]] = True
    _insert(draft, loops, 1, 0)
    draft.spare(15, "set to the stage where it stood already", "deals", visits["deal"][loops])


def _insert(draft: Draft, rows: Array, third: int, step: int) -> None:
    """Add an entry at one or two thirds of some visits: to the stage ``step`` beside theirs."""
    visits = draft.visits
    work = visits["enter"][rows] + (visits["exit"][rows] - visits["enter"][rows]) * third // 3
    at = draft.world.clock.moment(work)
    draft.extra.append({"deal": visits["deal"][rows], "stage": visits["stage"][rows] + step, "at": at})
