"""Funnels as Bitrix24 and HubSpot draw them: a share by stage, by the vendor's rule (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import is_status
from crmkit.measures.cases import reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.measures.sales import CLOSED
from crmkit.measures.stages import OF_STAGE, ORDERED
from crmkit.measures.vendors import standing, touched, untouchable
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import StageOrder, coded_stages, stage_order
from crmkit.visits import stage_visits

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.signedinteger]


@measure(
    "stage_conversion:bitrix24_funnel", title="Funnel with conversion, as Bitrix24 shows it", unit="share",
    better="higher", group="sales", summary="ratio", basis="touched_in", within="stage", also_by=OF_STAGE,
    needs={"deals.stage", "deals.status", "deals.created_at", "stages.position",
           "stage_changes.to_stage~deals.stage"}, timeless=True, default=False,
)  # fmt: skip
def bitrix24_funnel(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of all deals touched in the period that count in a stage: in their own and in all before it.

    Cases: one row per touched deal and stage of its pipeline, lost ones left aside. Value: 1 if the deal
    stands there or further on, whether it was there or not (a won deal counts everywhere); a lost deal counts
    only where it really stood (by the history, else by the stage it was lost at).
    Leaves out: deals without dates; deals in stages without a place in the order. Technical losses count.
    Source: METHOD 3.3; Bitrix24 help (helpdesk.bitrix24.com/open/9676893): the funnel with conversions shows
    all stages needed to get to the current one, and no intermediate ones of lost deals
    """
    order, touches = stage_order(crm), touched(crm, period)
    own = standing(crm, order)
    placeless = touches & ((order.pipelines[own] < 0) | (own < 0))
    reasons = reasons_of(len(crm.deals), untouchable(crm) | {"no_stage": placeless})
    deals = np.flatnonzero(touches & (reasons.codes == 0))
    won_stage = np.full(len(order.sizes), -1)
    places = np.flatnonzero(order.is_kind("won") & (order.pipelines >= 0))[::-1]
    won_stage[order.pipelines[places]] = places
    pipeline = order.pipelines[own[deals]]
    times = order.sizes[pipeline] + (won_stage[pipeline] >= 0)
    row = np.repeat(np.arange(len(deals)), times)
    step = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    is_last = step == order.sizes[pipeline[row]]
    stage = np.where(is_last, won_stage[pipeline[row]], order.open_stages[pipeline[row], step])
    deal = deals[row]
    reached = is_status(crm, "won")[deal] | (~is_last & (step <= order.ranks[own[deal]]))
    lost = np.flatnonzero(is_status(crm, "lost")[deal])
    reached[lost] = np.isin(deal[lost] * len(order.kinds) + stage[lost], _stood(crm, order, own))
    return _and_left_out(order, _by_stage(order, deal, stage, reached.astype(np.float64)), reasons)


def _stood(crm: Snapshot, order: StageOrder, own: Ints) -> Ints:
    """Return where lost deals really stood: keys of deal and stage."""
    lost = np.flatnonzero(is_status(crm, "lost"))
    at = coded_stages(crm, order, crm.deals["lost_at_stage"], np.arange(len(crm.deals)))
    visits = stage_visits(crm).rows
    deal, stage = (visits[name].to_numpy(np.int64) for name in ("deal_ix", "stage"))
    mine = is_status(crm, "lost")[deal]
    deal, stage = deal[mine], stage[mine]
    size = len(order.kinds)
    return np.concatenate([lost * size + at[lost], lost * size + own[lost], deal * size + stage])


def _by_stage(order: StageOrder, deal: Ints, stage: Ints, value: npt.NDArray[np.float64]) -> pd.DataFrame:
    labels = {name: order.labels(name, stage) for name in OF_STAGE}
    return pd.DataFrame(
        {"deal_ix": deal, **labels, "value": value, "left_out": reasons_of(len(deal), {})}, copy=False
    )


def _and_left_out(order: StageOrder, cases: pd.DataFrame, reasons: pd.Categorical) -> pd.DataFrame:
    """Add the deals that are left out of all stages."""
    rest = np.flatnonzero(reasons.codes > 0)
    if not len(rest):
        return cases
    more = _by_stage(order, rest, np.full(len(rest), -1), np.full(len(rest), np.nan))
    more = more.assign(left_out=reasons[rest]).reindex(columns=cases.columns)
    return pd.concat([cases, more], ignore_index=True)


def _hubspot(crm: Snapshot, period: Period, cohort: Mask, *, in_order: bool) -> pd.DataFrame:
    """Return deals by stage entered in the period: value 1 in the next stage, weight 1 in this one."""
    visits = stage_visits(crm)
    order, rows = visits.order, visits.rows
    own = standing(crm, order)
    pipeline = np.where(own >= 0, order.pipelines[own], -1)
    deal, stage = rows["deal_ix"].to_numpy(), rows["stage"].to_numpy()
    mine = (order.pipelines[stage] == pipeline[deal]) & (pipeline[deal] >= 0) & cohort[deal]
    inside = within(rows["entered_at"], period) & visits.is_open
    chosen = np.flatnonzero(inside & mine)
    deal, rank = deal[chosen], order.ranks[stage[chosen]]
    was = np.zeros((len(crm.deals), int(order.sizes.max()) + 2), dtype=bool)
    if in_order:
        upto = np.full(len(crm.deals), -1)  # the row by which a deal came to the stage before
        for at in range(int(order.sizes.max())):
            here = np.flatnonzero((rank == at) & (np.arange(len(rank)) > upto[deal]))
            some, first = np.unique(deal[here], return_index=True)
            upto = np.full(len(crm.deals), len(rank))
            upto[some] = here[first]
            was[some, at] = True
    else:
        was[deal, rank] = True
    won = np.flatnonzero(cohort & is_status(crm, "won") & within(crm.deals["closed_at"], period))
    size = order.sizes[pipeline]
    was[won, size[won]] = (was[won, size[won] - 1]) if in_order else True
    deals, ranks = np.nonzero((was[:, :-1] | was[:, 1:]) & (np.arange(was.shape[1] - 1) < size[:, None]))
    here, following = was[deals, ranks].astype(np.float64), was[deals, ranks + 1].astype(np.float64)
    cases = _by_stage(order, deals, order.open_stages[pipeline[deals], ranks], following)
    placeless = np.zeros(len(crm.deals), dtype=bool)
    placeless[rows["deal_ix"].to_numpy()[inside]] = True
    placeless &= cohort & (pipeline < 0)
    if not in_order:
        cases = cases.assign(weight=here, counts=here)
    return _and_left_out(order, cases, reasons_of(len(crm.deals), {"no_stage": placeless}))


@measure(
    "stage_conversion:hubspot_all_stages", title="Next step conversion through all stages, as in HubSpot",
    unit="share", better="higher", group="sales", needs={*ORDERED, "deals.created_at", *CLOSED},
    summary="ratio", basis="created_in", within="stage", also_by=OF_STAGE, timeless=True, default=False,
)  # fmt: skip
def hubspot_all_stages(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Of the deals created in the period that went through every stage up to this one, the share in the next.

    Cases: one row per deal created in the period and open stage that it entered in the period after having
    entered all stages before it, in order. Value: 1 if it entered the next one too (after the last: won).
    Leaves out: deals in stages without a place in the order. Deals that skipped count up to there.
    Source: METHOD 3.3; HubSpot help, differences between funnel report types
    (knowledge.hubspot.com/reports/differences-between-funnel-reports-types)
    """
    return _hubspot(crm, period, within(crm.deals["created_at"], period), in_order=True)


@measure(
    "stage_conversion:hubspot_any_stages", title="Next step conversion through any stages, as in HubSpot",
    unit="ratio", better="higher", group="sales", needs={*ORDERED, *CLOSED}, summary="ratio",
    basis="entered_stage_in", within="stage", also_by=OF_STAGE, timeless=True, default=False,
)  # fmt: skip
def hubspot_any_stages(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals that entered the next stage in the period divided by those that entered this one, in any order.

    Cases: one row per deal and open stage. Value: 1 if it entered the next one in the period (after the
    last: was won); weight: 1 if it entered this one. It may exceed 1.
    Leaves out: deals in stages without a place in the order. Deals that went back or skipped count
    where they were.
    Source: METHOD 3.3; HubSpot help, differences between funnel report types
    (knowledge.hubspot.com/reports/differences-between-funnel-reports-types)
    """
    return _hubspot(crm, period, np.ones(len(crm.deals), dtype=bool), in_order=False)
