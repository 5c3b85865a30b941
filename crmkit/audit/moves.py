"""Checks of moves from stage to stage: over the norm, past a stage, back (METHOD 5.1: 8, 14, 15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import Examined, check
from crmkit.audit.seeing import PARTED, by_measure, holds, moments
from crmkit.errors import N_
from crmkit.facts import NEVER, is_technical, micros, within
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stagelog import first_of_run, owners
from crmkit.visits import (
    Visits,
    days_in_stage,
    norm_days,
    passed_over,
    stage_entered,
    stage_visits,
    went_back,
)

Codes = npt.NDArray[np.signedinteger]
MOVED = ("stage_changes.to_stage", "deals.deal_id", "stages.position")


@check(
    "H08", title="Deals over the norm of their stage", about="open deals", severity="major",
    needs={"deals.status", "deals.stage", "stages.norm_days",
           "deals.stage_entered_at|stage_changes.changed_at"},
    says=[N_("in the stage since {since}: day {number}, the norm is {norm}")],
)  # fmt: skip
def deals_over_the_norm(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals that stand in their stage for more calendar days than the norm of the stage allows.

    Only the present stage counts. Deals in stages without a norm, and those of which it is not known when
    they entered the stage, are not judged.

    Evidence: the deal, when it entered its stage, which day of the stay it is, and the norm.
    Why: what stands too long is seldom won: the need cools off, and the forecast counts on money long gone.
    Fix: find out what holds it up, agree on a step with a date, or close the deal with its reason.
    """
    number = np.ceil(days_in_stage(crm))
    return [
        by_measure(
            "deals_stale:stage_overtime", crm, period, offends=holds,
            since=stage_entered(crm)[0], number=number, norm=norm_days(crm),
        )
    ]  # fmt: skip


@check(
    "H14", title="Deals that skipped a stage", about="deals that went forward", severity="major",
    needs=MOVED, mendable=False, says=[N_("left out on {since}: {names}")],
)  # fmt: skip
def deals_past_a_stage(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Deals that went forward past a stage which is not optional.

    A deal that is lost skips nothing, nor does one that first appears in a later stage. Which stages may be
    left out is told in client.yml (`optional: true`). Deals without a history of stages are not judged.

    Evidence: the deal, the stages that it left out, when, and who owned it then.
    Why: what the stage is for was not done: the need is not known, the proposal is a guess, and is refused.
    Fix: do now what was left out; if the stage is not always needed, call it optional in client.yml.
    """
    visits = stage_visits(crm)
    left = passed_over(visits)
    left = left[within(left["at"], period) & ~left["is_optional"].to_numpy()]
    skips = (visits.rows["skipped_after"] > 0).to_numpy()
    told = _told(crm, visits, np.flatnonzero(skips & within(visits.rows["left_at"], period)))
    names = visits.order.table["stage"].astype("str").to_numpy(object)[left["stage"].to_numpy()]
    told["names"] = _listed(len(crm.deals), left["deal_ix"].to_numpy(), names)
    return [_with_untold(crm, period, by_measure("stage_skips", crm, period, offends=holds, **told))]


@check(
    "H15", title="Deals that went back a stage", about="deals that left a stage", severity="minor",
    needs=MOVED, mendable=False, says=[N_("moved back on {since}: {names}")],
)  # fmt: skip
def deals_moved_back(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Deals that entered an earlier stage of their pipeline than the one they left.

    Opening a closed deal again is no such move, nor is a change to the stage in which it stands. Deals
    without a history of stages are not judged.

    Evidence: the deal, from which stage to which it moved, when, and who owned it then.
    Why: it was moved on too early: the forecast was too good, and the work of a stage is done twice.
    Fix: agree on what must be true before a deal enters the next stage, and ask for it at the stand-up.
    """
    visits = stage_visits(crm)
    rows = visits.rows
    places = np.flatnonzero(went_back(visits, rows) & visits.is_open & within(rows["left_at"], period))
    stages = visits.order.table["stage"].astype("str").to_numpy(object)
    before, after = (stages[rows[name].to_numpy()[places]] for name in ("stage", "next_stage"))
    told = _told(crm, visits, places)
    told["names"] = _listed(len(crm.deals), rows["deal_ix"].to_numpy()[places], before + " → " + after)
    return [_with_untold(crm, period, by_measure("stage_returns", crm, period, offends=holds, **told))]


def _told(crm: Snapshot, visits: Visits, places: Codes) -> dict[str, Any]:
    """Return for each deal when it first left some visits so, and who owned it then; else its present owner.

    The owner of a move is that of entering the next stage; of closing without one, that of the stage left.
    """
    deal, following = visits.rows["deal_ix"].to_numpy(), visits.rows["next_stage"].to_numpy()
    _, present, names = owners(crm)
    places = places[first_of_run(deal[places])]
    mover = visits.rows["manager_id"].cat.codes.to_numpy()[places + (following[places] >= 0)]
    since, codes = np.full(len(crm.deals), NEVER), present.copy()
    since[deal[places]] = micros(visits.rows["left_at"].iloc[places])
    codes[deal[places]] = np.where(mover >= 0, mover, present[deal[places]])
    owner = pd.Categorical.from_codes(codes, names, validate=False)
    return {"since": moments(crm, since), "owner": owner}


def _listed(size: int, deal: Codes, names: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return for each deal its names in their order, parted by `` · ``; ``deal`` is sorted."""
    told = np.full(size, "", dtype=object)
    first = first_of_run(deal)
    if len(deal):
        parted = np.where(first, names, PARTED + names)
        told[deal[first]] = np.add.reduceat(parted, np.flatnonzero(first))
    return told


def _with_untold(crm: Snapshot, period: Period, seen: Examined) -> Examined:
    """Add the deals created in the period of which no history tells where they stood."""
    silent = stage_visits(crm).without_history & ~is_technical(crm) & within(crm.deals["created_at"], period)
    unknown = {**seen.unknown, "no_history": silent}
    return Examined(
        seen.table, seen.checked, seen.wrong, seen.since, names=seen.names, owner=seen.owner, unknown=unknown
    )
