"""The course of deals through the described steps: where each stay led, what conformance is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import NEVER, BoolArray, IntArray, is_status, is_technical, micros, within
from crmkit.periods import Period
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.stagelog import as_moments
from crmkit.stages import OPEN, STILL_THERE

#: Where a stay led when it led to no step: not known yet, won, lost.
NOWHERE, WON, LOST = -1, -2, -3
_FIRST, _LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Course:
    """The stays in described steps of the deals that are looked at.

    Attributes
    ----------
    rows: one row per stay, sorted by deal and time: ``deal_ix``; ``step_ix``; ``target`` (the step that came
        next, or ``NOWHERE``, ``WON``, ``LOST``); ``next_place`` (code of the place entered next, −1 for
        none); ``entered_at``; ``moved_at`` (when the next step or the end was reached); ``ends_at`` (when it
        was left, or the end of what is seen of it); ``manager_id`` (the owner on entering, else the present
        one); ``inside`` (part of it lies in the period); ``moved`` (the move lies in it).
    left_out: how many deals are not looked at, by reason.
    """

    rows: pd.DataFrame
    left_out: Mapping[str, int]


def course_of(crm: Snapshot, period: Period, places: StepMap) -> Course:
    """Return the stays of the deals that stood in a described step at any time of the period.

    Places of no step are passed through unseen: what counts is the next step. A deal lost, and a deal opened
    anew, has made no move between steps. Left out: technical losses; deals without history (those created in
    the period are counted).
    """
    visits = places.visits(crm)
    rows = visits.rows
    place = rows["stage"].to_numpy()
    rows = rows[(places.step_ix[place] >= 0) | (places.order.kinds[place] != OPEN)]
    place, deal = rows["stage"].to_numpy(np.int64), rows["deal_ix"].to_numpy(np.int64)
    step = places.step_ix[place]
    last = np.append(deal[1:] != deal[:-1], np.ones(min(1, len(deal)), dtype=bool))
    following = np.where(last, -1, np.roll(place, -1))
    target = _targets(crm, deal, places, following)
    entered, left = micros(rows["entered_at"]), micros(rows["left_at"])
    closed = np.where(target < NOWHERE, np.maximum(left, micros(crm.deals["closed_at"])[deal]), NEVER)
    start, end = _edges(period)
    going = (rows["outcome"] == STILL_THERE).to_numpy() & (left == NEVER)
    ends = np.minimum(np.where(going, micros(pd.Series([crm.as_of]))[0], left), end)
    inside = (entered < end) & (np.where(ends == NEVER, entered, ends) >= start) & (step >= 0)
    ends = np.where((ends == NEVER) | (entered == NEVER), NEVER, ends)
    told = pd.DataFrame(
        {
            "deal_ix": deal, "step_ix": step, "target": target, "next_place": following,
            "entered_at": rows["entered_at"].array,
            "moved_at": as_moments(np.where(last, closed, np.roll(entered, -1)), crm.settings.zone),
            "ends_at": as_moments(ends, crm.settings.zone),
            "manager_id": rows["manager_id"].array, "inside": inside,
        }
    )  # fmt: skip
    told["moved"] = (step >= 0) & (target != NOWHERE) & (within(told["moved_at"], period) | period.is_all)
    return _of_deals(crm, period, told, visits.without_history)


def _targets(
    crm: Snapshot, deal: IntArray, places: StepMap, following: npt.NDArray[np.signedinteger]
) -> IntArray:
    """Return what each stay led to; where nothing follows, a closing without a change of stage is one."""
    won, lost = is_status(crm, "won")[deal], is_status(crm, "lost")[deal]
    none = np.select([won, lost], [WON, LOST], NOWHERE)
    kinds = np.select([places.order.is_kind("won"), places.order.is_kind("lost")], [WON, LOST])
    ended = np.where(kinds[following] < 0, kinds[following], places.step_ix[following])
    return np.where(following < 0, none, ended).astype(np.int64)


def _edges(period: Period) -> tuple[int, int]:
    if period.start is None or period.end is None:
        return _FIRST, _LAST
    start, end = micros(pd.Series([pd.Timestamp(period.start), pd.Timestamp(period.end)]))
    return int(start), int(end)


def _of_deals(crm: Snapshot, period: Period, rows: pd.DataFrame, without: BoolArray) -> Course:
    """Return the stays in steps of the deals that have one in the period."""
    technical = is_technical(crm)
    seen = np.zeros(len(crm.deals), dtype=bool)
    seen[rows["deal_ix"].to_numpy()[rows["inside"].to_numpy()]] = True
    silent = without & within(crm.deals["created_at"], period) & ~technical
    kept = (seen & ~technical)[rows["deal_ix"].to_numpy()] & (rows["step_ix"] >= 0).to_numpy()
    left = {"technical_loss": int((seen & technical).sum()), "no_history": int(silent.sum())}
    return Course(rows[kept].reset_index(drop=True), left)
