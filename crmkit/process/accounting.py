"""The account of the process as it is: what became of the deals at each step (METHOD 4.4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmkit.periods import Period
from crmkit.process import tallies
from crmkit.process.stays import stays_of
from crmkit.process.steps import StepMap
from crmkit.process.tallies import Grid, Told
from crmkit.schema import Snapshot
from crmkit.stagelog import owners
from crmkit.stages import LOST

#: What each part of the account needs of the export, by its leading column.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "entries": ("stage_changes.to_stage", "deals.deal_id"),
    "conversion": ("stage_changes.to_stage", "deals.deal_id"),
    "days_median": ("stage_changes.to_stage", "deals.deal_id"),
    "actions": ("stage_changes.to_stage", "tasks.completed_at+activities.at"),
    "owner_changes": ("stage_changes.to_stage", "stage_changes.manager_id"),
    "open_now": ("deals.stage|stage_changes.to_stage", "deals.status"),
    "money_now": ("deals.stage|stage_changes.to_stage", "deals.status", "deals.amount"),
    "open_over_norm": (
        "deals.stage|stage_changes.to_stage",
        "deals.status",
        "deals.stage_entered_at|stage_changes.changed_at",
    ),
    "refusals": ("stage_changes.to_stage", "deals.lost_reason"),
}


def missing(crm: Snapshot, period: Period, places: StepMap) -> dict[str, str]:
    """Return why parts of the account cannot be told, by leading column, in the codes of ``evaluate``.

    Source: METHOD 2, 3
    """
    told = {name: ", ".join(crm.lacks(needs)) for name, needs in NEEDS.items()}
    began = crm.began.get("stage_changes")
    visited = [name for name, needs in NEEDS.items() if "stage_changes.to_stage" in needs]
    for name in visited:
        if not told[name] and period.end is not None and began is not None and period.end <= began:
            told[name] = "before_first_record"
        if not told[name] and period.start is not None and period.start > crm.as_of:
            told[name] = "after_as_of"
    if not crm.is_current:
        history = ", ".join(crm.lacks(["stage_changes.to_stage"]))
        told["open_now"] = told["open_now"] or history
        told["money_now"] = told["money_now"] or "known_at_export_only"
    if np.isnan(places.order.positions).all():  # a description gives its steps their places
        told["conversion"] = told["conversion"] or "stages.position"
    norm = "stages.norm_days" if np.isnan(places.norm_amount).all() else ""
    told["over_norm"] = told["entries"] or norm
    told["open_over_norm"] = told["open_over_norm"] or told["open_now"] or norm
    told["money_over_norm"] = told["open_over_norm"] or told["money_now"]
    return {name: code for name, code in told.items() if code}


def accounting(crm: Snapshot, period: Period, places: StepMap, *, by_rep: bool = False) -> pd.DataFrame:
    """Return what became of the visits to each open place that began in the period, and what stands there.

    Parameters
    ----------
    places: the described steps, or the CRM stages. by_rep: tell each place by the owner on entering it (what
        stands there now: by the present owner); only those with something to tell.

    Returns
    -------
    One row per open place, in order: ``place`` (code), ``pipeline``, ``stage`` (its name), ``step_ix`` (−1:
    no step), ``manager_id`` if asked for; then

    - ``entries`` and the ways in which they ended, which add up to them: ``advanced``, ``lost``,
      ``moved_back``, ``other_pipeline``, ``still_there``, ``unknown`` (a place without a position);
      ``returned``: entries of a deal that had been there before; ``deals``: distinct ones; ``skipped``: times
      that a deal passed over the place;
    - ``conversion`` as the measure ``stage_conversion:passed`` tells it;
    - ``days_median``, ``days_p90`` and the same in ``working_days``: Kaplan–Meier, open visits censored;
    - ``norm_amount``, ``norm_unit``; ``over_norm``: share of the visits over the norm among those that
      have ended or passed it (their number is its numerator);
    - ``actions``: completed tasks and communications of the deal per visit, from entering until leaving it;
      ``owner_changes`` per visit: a change counts where it shows by the time of leaving;
    - ``open_now``, ``money_now``, ``open_without_amount``, ``open_over_norm``, ``money_over_norm``: the deals
      standing there at ``as_of``, whatever the period.

    Shares, times and means have ``_numerator``, ``_denominator``, ``_n``, ``_low``, ``_high`` beside, as far
    as they apply. What cannot be told is null: :func:`missing` says why. Technical losses are not in it.

    Raises
    ------
    ValueError: the ways do not add up to the entries (a mistake of the kit).

    Source: METHOD 3.3, 4.4
    """
    grid = Grid(len(places.order.kinds), len(owners(crm)[2]) + 1 if by_rep else 1)
    stays = stays_of(crm, period, places)
    here = grid.codes(stays.place, stays.rows["manager_id"].cat.codes.to_numpy())
    told = {
        "entries": tallies.ways(grid, here, stays),
        "conversion": tallies.conversion(grid, here, stays),
        "days_median": tallies.times(grid, here, stays),
        "over_norm": tallies.overdue(grid, here, stays),
        "actions": tallies.actions(grid, here, stays),
        "owner_changes": tallies.owner_changes(grid, here, stays),
        **tallies.stock(grid, crm, places),
    }
    why, columns = missing(crm, period, places), Told()
    for name, part in told.items():
        columns |= {key: np.full(grid.size, np.nan) for key in part} if name in why else part
    laid = tallies.laid_out(grid, crm, places, columns)
    if by_rep and "manager_id" not in laid:  # nobody is named
        laid.insert(4, "manager_id", pd.Series(None, laid.index, dtype="str"))
    return laid


def refusals(crm: Snapshot, period: Period, places: StepMap) -> pd.DataFrame:
    """Return why deals were lost at each open place, over the visits that ``accounting`` counts as lost.

    Returns
    -------
    ``place``, ``pipeline``, ``stage``, ``step_ix``, ``lost_reason`` (null: none given), ``n``, and ``share``
    of the place's losses with ``share_numerator`` … ``share_high``; places in order, the most frequent
    reason first. Empty if the export tells no reasons.

    Source: METHOD 3.3, 4.4
    """
    stays = stays_of(crm, period, places)
    lost = (stays.rows["outcome"] == LOST).to_numpy() & ("refusals" not in missing(crm, period, places))
    reasons = crm.deals["lost_reason"].cat
    size, count = len(reasons.categories) + 1, len(places.order.kinds)
    codes = reasons.codes.to_numpy()[stays.rows["deal_ix"].to_numpy()[lost]].astype(np.int64)
    cells = stays.place[lost].astype(np.int64) * size + np.where(codes >= 0, codes, size - 1)
    n = np.bincount(cells, minlength=count * size)
    of = np.repeat(n.reshape(count, size).sum(axis=1), size)
    rows = np.flatnonzero(n)
    place, reason = np.divmod(rows, size)
    order = np.lexsort((reason, -n[rows], places.order.places[place]))
    rows, place, reason = rows[order], place[order], reason[order]
    frame = places.order.table[["pipeline", "stage"]].iloc[place].reset_index(drop=True)
    frame.insert(0, "place", place)
    frame["step_ix"] = places.step_ix[place]
    names = pd.Categorical.from_codes(np.append(np.arange(size - 1), -1), reasons.categories)
    frame["lost_reason"] = pd.Series(names[reason]).astype("str")
    told = tallies.share("share", n[rows].astype(np.float64), of[rows].astype(np.float64))
    return frame.assign(n=n[rows], **told)
