"""Stages: how many go on, and how long it takes, over stage visits (METHOD 3.3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import is_technical
from crmkit.measures.cases import reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import ADVANCED, STILL_THERE, UNKNOWN
from crmkit.visits import Visits, passed_over, stage_visits, visit_days

Mask = npt.NDArray[np.bool_]
HISTORY = "stage_changes.to_stage"
TRACKED = (HISTORY, "deals.deal_id")
ORDERED = (*TRACKED, "stages.position")
OF_STAGE = ("stage", "pipeline")


def visits_of(
    crm: Snapshot, period: Period, moment: str = "entered_at"
) -> tuple[Visits, pd.DataFrame, dict[str, Mask]]:
    """Return all visits, those to open stages entered (or left) in the period, and why some do not count."""
    visits = stage_visits(crm)
    rows = visits.rows
    chosen = within(rows[moment], period)
    if moment == "entered_at":  # that of which the beginning is not known may have begun in any period
        chosen |= rows[moment].isna().to_numpy()
    rows = rows[chosen & visits.is_open]
    technical = is_technical(crm)[rows["deal_ix"].to_numpy()]
    return (
        visits,
        rows,
        {
            "technical_loss": technical,
            "no_creation_date": rows["entered_at"].isna().to_numpy(),
        },
    )


def stage_cases(
    visits: Visits,
    rows: pd.DataFrame,
    value: object,
    *,
    at: str = "entered_at",
    left_out: Mapping[str, Mask] | None = None,
) -> pd.DataFrame:
    """Return one case per row (``deal_ix``, ``stage``, ``manager_id`` and a moment), told by its stage."""
    codes = rows["stage"].to_numpy()
    cases = {
        "deal_ix": rows["deal_ix"].to_numpy(),
        "stage": visits.order.labels("stage", codes),
        "pipeline": visits.order.labels("pipeline", codes),
        "manager_id": rows["manager_id"].array,
        "at": rows[at].array,
        "value": np.broadcast_to(np.asarray(value, dtype=np.float64), len(rows)),
        "left_out": reasons_of(len(rows), left_out or {}),
    }
    return pd.DataFrame(cases, copy=False)


def _and_untold(crm: Snapshot, cases: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Add what has no visit: deals created in the period without history, changes that were collapsed."""
    visits, created = stage_visits(crm), crm.deals["created_at"]
    places = np.flatnonzero(visits.without_history & within(created, period))
    silent = pd.DataFrame({"deal_ix": places, "at": created.array[places]}).assign(left_out="no_history")
    collapsed = visits.self_loops[within(visits.self_loops["at"], period)]
    same = collapsed[["deal_ix", "at"]].assign(left_out="self_loop")
    more = pd.concat([one for one in (silent, same) if len(one)] or [silent], ignore_index=True)
    if more.empty:
        return cases
    return pd.concat([cases, more.reindex(columns=cases.columns).astype(cases.dtypes)], ignore_index=True)


def _conversion(crm: Snapshot, period: Period, skipped: float | None) -> pd.DataFrame:
    """Return the visits that ended, 1 if advanced, and the skipped stages with the value they count as."""
    visits, rows, left_out = visits_of(crm, period)
    outcome = rows["outcome"].to_numpy()
    left_out |= {"still_there": outcome == STILL_THERE, "no_stage": outcome == UNKNOWN}
    cases = stage_cases(visits, rows, outcome == ADVANCED, left_out=left_out)
    if skipped is not None:
        jumped = passed_over(visits)
        counts = within(jumped["at"], period)
        if not skipped:  # an optional stage left out speaks for nothing
            counts &= ~jumped["is_optional"].to_numpy()
        jumped = jumped[counts]
        technical = is_technical(crm)[jumped["deal_ix"].to_numpy()]
        more = stage_cases(visits, jumped, skipped, at="at", left_out={"technical_loss": technical})
        cases = pd.concat([cases, more], ignore_index=True)
    return _and_untold(crm, cases, period)


@measure(
    "stage_conversion:passed", title="Stage conversion", unit="share", better="higher", group="sales",
    needs=ORDERED, summary="ratio", basis="entered_stage_in", within="stage", also_by=OF_STAGE,
)  # fmt: skip
def stage_conversion(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the visits to a stage that went on to a later one; a stage that was skipped counts as passed.

    Cases: one row per visit to an open stage entered in the period and over by ``as_of``, and one per stage
    skipped in it. Value: 1 if the deal advanced (winning counts), 0 if it was lost there, moved back or was
    handed to another pipeline; 1 for a skipped stage.
    Leaves out: visits still going on; visits that began on an unknown day; visits to or from stages without
    a place in the order; deals without history; changes from a stage to itself; technical losses.
    Source: METHOD 3.3
    """
    return _conversion(crm, period, 1.0)


@measure(
    "stage_conversion:dropped", title="Stage conversion, skipped is not passed", unit="share",
    better="higher", group="sales", needs=ORDERED, summary="ratio", basis="entered_stage_in",
    within="stage", also_by=OF_STAGE, default=False,
)  # fmt: skip
def stage_conversion_dropped(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the visits to a stage that went on to a later one; a stage that was skipped counts against it.

    Cases: as for the stage conversion. Value: 0 for a skipped stage.
    Source: METHOD 3.3
    """
    return _conversion(crm, period, 0.0)


@measure(
    "stage_conversion:excluded", title="Stage conversion without skipped stages", unit="share",
    better="higher", group="sales", needs=ORDERED, summary="ratio", basis="entered_stage_in",
    within="stage", also_by=OF_STAGE, default=False,
)  # fmt: skip
def stage_conversion_excluded(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the visits to a stage that went on to a later one; stages that were skipped are not counted.

    Cases: as for the stage conversion, without the skipped stages.
    Source: METHOD 3.3
    """
    return _conversion(crm, period, None)


def _times(crm: Snapshot, period: Period) -> pd.DataFrame:
    visits, rows, left_out = visits_of(crm, period)
    days = visit_days(crm, rows)
    left_out["no_closing_date"] = np.isnan(days)
    cases = stage_cases(visits, rows, days, left_out=left_out)
    cases["event"] = rows["left_at"].notna().to_numpy(dtype=np.int8)
    return _and_untold(crm, cases.astype({"event": "float64"}), period)


@measure(
    "time_in_stage:median", title="Time in stage, median", unit="days", better="lower", group="sales",
    needs=TRACKED, summary="survival_median", basis="entered_stage_in", within="stage", also_by=OF_STAGE,
)  # fmt: skip
def time_in_stage(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days within which half of the visits to a stage end; those still going on are taken into account.

    Cases: one row per visit to an open stage entered in the period. Value: days to leaving it, or to
    ``as_of``; event: 1 left, 0 still there. The estimate is Kaplan and Meier's.
    Leaves out: visits that began or ended on an unknown day; deals without history; changes from a stage to
    itself; technical losses.
    Source: METHOD 3.3
    """
    return _times(crm, period)


@measure(
    "time_in_stage:p90", title="Time in stage, nine tenths", unit="days", better="lower", group="sales",
    needs=TRACKED, summary="survival_p90", basis="entered_stage_in", within="stage", also_by=OF_STAGE,
    default=False,
)  # fmt: skip
def time_in_stage_p90(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days within which nine tenths of the visits to a stage end, with those still going on in the account.

    Cases: as for the median.
    Source: METHOD 3.3
    """
    return _times(crm, period)
