"""Moves from stage to stage: within the norm, skipping, going back, to the proposal (METHOD 3.1, 3.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import is_status, is_technical
from crmkit.measures.cases import within
from crmkit.measures.catalog import measure
from crmkit.measures.stages import OF_STAGE, ORDERED, TRACKED, stage_cases, visits_of
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import ADVANCED, UNKNOWN
from crmkit.visits import stage_visits, visit_days, went_back

#: Steps of the described process at which a proposal has been sent, the surer one first.
PROPOSAL_STEPS = ("proposal agreement", "proposal preparation")


@measure(
    "stage_on_time", title="Stages within the norm", unit="share", better="higher", group="quality",
    needs={*TRACKED, "stages.norm_days"}, summary="ratio", basis="left_stage_in", also_by=OF_STAGE,
)  # fmt: skip
def stage_on_time(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the stages left in the period in which the deal had stood no longer than the norm.

    Cases: one row per visit to an open stage left in the period, whatever came next. Value: 1 if it lasted
    no more calendar days than the stage's ``norm_days``.
    Leaves out: stages without a norm; visits that began on an unknown day; technical losses.
    Source: METHOD 3.2; KPI23 14
    """
    visits, rows, left_out = visits_of(crm, period, "left_at")
    norm = visits.order.table["norm_days"].to_numpy(dtype=np.float64)[rows["stage"].to_numpy()]
    days = visit_days(crm, rows)
    left_out |= {"no_norm": np.isnan(norm), "no_creation_date": np.isnan(days)}
    return stage_cases(visits, rows, days <= norm, at="left_at", left_out=left_out)


def _deals_that(crm: Snapshot, period: Period, sign: str) -> pd.DataFrame:
    """Return one case per deal that left a stage in the period: 1 if it once did so in a way."""
    visits, rows, _ = visits_of(crm, period, "left_at")
    if sign == "skipped":
        rows = rows[rows["outcome"].isin([ADVANCED, UNKNOWN])]
    outcome = rows["outcome"].to_numpy()
    shown = rows["skipped_after"].to_numpy() > 0 if sign == "skipped" else went_back(visits, rows)
    deals, first = np.unique(rows["deal_ix"].to_numpy(), return_index=True)
    both = np.stack([shown, outcome != UNKNOWN])
    value, told = np.logical_or.reduceat(both, first, axis=1) if len(first) else both
    left_out = {"technical_loss": is_technical(crm)[deals], "no_stage": ~told}
    return stage_cases(visits, rows.iloc[first], value, at="left_at", left_out=left_out).drop(
        columns=list(OF_STAGE)
    )


@measure(
    "stage_skips", title="Deals that skipped a stage", unit="share", better="lower", group="quality",
    needs=ORDERED, summary="ratio", basis="left_stage_in", timeless=True,
)  # fmt: skip
def stage_skips(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals that advanced in the period and skipped a stage on the way.

    Cases: one row per deal that advanced in the period (winning counts). Value: 1 if it passed over an open
    stage of its pipeline that lies beyond the furthest one it had reached and is not optional.
    Leaves out: technical losses; deals that moved only between stages without a place in the order. Deals
    that first appear in a later stage have skipped nothing.
    Source: METHOD 3.2; KPI23 13
    """
    return _deals_that(crm, period, "skipped")


@measure(
    "stage_returns", title="Deals that went back", unit="share", better="lower", group="quality",
    needs=ORDERED, summary="ratio", basis="left_stage_in", timeless=True,
)  # fmt: skip
def stage_returns(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals that left a stage in the period and went back to an earlier one.

    Cases: one row per deal that left an open stage in the period. Value: 1 if it once moved back; reopening
    a closed deal is no return.
    Leaves out: technical losses; deals that moved only between stages without a place in the order.
    Source: METHOD 3.2
    """
    return _deals_that(crm, period, "returned")


def _proposals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return the first entry of each deal to its pipeline's proposal stage, and deals that can have none."""
    visits = stage_visits(crm)
    step, pipelines = visits.order.table["process_step"].str.casefold(), visits.order.pipelines
    chosen, told = np.zeros(len(step), dtype=bool), np.zeros(pipelines.max(initial=-1) + 2, dtype=bool)
    for name in PROPOSAL_STEPS:
        here = (step == name).to_numpy(dtype=bool) & ~told[pipelines]
        chosen |= here
        told[np.unique(pipelines[here])] = True
    stage, deal = (visits.rows[name].to_numpy() for name in ("stage", "deal_ix"))
    proposed = np.flatnonzero(chosen[stage])
    proposed = proposed[np.unique(deal[proposed], return_index=True)[1]]
    others = np.flatnonzero(~told[pipelines][stage] & ~np.isin(deal, deal[proposed]))
    others = others[np.unique(deal[others], return_index=True)[1]]
    places = np.sort(np.concatenate([proposed, others]))
    rows = visits.rows.iloc[places[within(visits.rows["entered_at"].iloc[places], period)]]
    left_out = {
        "technical_loss": is_technical(crm)[rows["deal_ix"].to_numpy()],
        "no_proposal_stage": ~chosen[rows["stage"].to_numpy()],
    }
    won = is_status(crm, "won")[rows["deal_ix"].to_numpy()]
    return stage_cases(visits, rows, won, left_out=left_out).drop(columns=list(OF_STAGE))


@measure(
    "proposals_sent:count", title="Proposals sent", unit="count", better="higher", group="sales",
    needs={*TRACKED, "stages.process_step"}, summary="count", basis="entered_stage_in",
)  # fmt: skip
def proposals_sent(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals that came to the proposal stage in the period for the first time.

    Cases: one row per deal, at its first entry to the stage of its pipeline whose process step is «proposal
    agreement», or where there is none «proposal preparation».
    Leaves out: deals of pipelines without such a step; technical losses.
    Source: METHOD 3.1; KPI23 23
    """
    return _proposals(crm, period)


@measure(
    "proposals_sent:paid_share", title="Proposals sent that were paid", unit="share", better="higher",
    group="sales", needs={*TRACKED, "stages.process_step", "deals.status"}, summary="ratio",
    basis="entered_stage_in", default=False,
)  # fmt: skip
def proposals_paid(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals that came to the proposal stage in the period and have been won since.

    Cases: as for the proposals sent. Value: 1 if the deal is won at ``as_of``.
    Source: METHOD 3.1; KPI23 23
    """
    return _proposals(crm, period)
