"""What a CRM shows on its own screen: the same words reckoned by the vendor's rule (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import NEVER, is_status, last_action, micros
from crmkit.measures.cases import borders, deal_cases, within
from crmkit.measures.catalog import measure
from crmkit.measures.sales import CLOSED
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import StageOrder, coded_stages, stage_order
from crmkit.visits import stage_visits

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.signedinteger]
DAY = 86_400_000_000  # microseconds
#: The dates by which a deal was last updated.
UPDATED = ("created_at", "updated_at", "stage_entered_at", "last_activity_at")
MOVED = (
    "deals.updated_at", "deals.stage_entered_at", "deals.last_activity_at", "activities.at",
    "tasks.completed_at", "stage_changes.changed_at",
)  # fmt: skip


def touched(crm: Snapshot, period: Period) -> Mask:
    """Return which deals were created before the period's end and not closed before its start."""
    edges = borders(crm, period)
    deals, is_open = crm.deals, is_status(crm, "open")
    begun = (deals["created_at"] < pd.Timestamp(edges.end)).to_numpy()
    return np.asarray(begun & (is_open | (deals["closed_at"] >= pd.Timestamp(edges.start)).to_numpy()))


def untouchable(crm: Snapshot) -> dict[str, Mask]:
    """Return the deals of which it cannot be told whether they were touched."""
    dated = crm.deals["closed_at"].notna().to_numpy()
    return {
        "no_creation_date": crm.deals["created_at"].isna().to_numpy(),
        "no_status": crm.deals["status"].isna().to_numpy(),
        "no_closing_date": ~is_status(crm, "open") & ~dated,
    }


def standing(crm: Snapshot, order: StageOrder) -> Ints:
    """Return the code of each deal's present stage."""
    return coded_stages(crm, order, crm.deals["stage"], np.arange(len(crm.deals)))


@measure(
    "stage_distribution:amocrm_snapshot", title="Deals by stage, as amoCRM shows them", unit="share",
    group="sales", within="stage", needs={"deals.stage", "deals.stage=closed"}, summary="distribution",
    basis="open_at", exact=True, default=False,
)  # fmt: skip
def amocrm_snapshot(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of all deals, closed ones too, that stand in each stage now: what amoCRM shows as its funnel.

    Cases: one row per deal. It says where deals stand, not how many went on.
    Leaves out: deals without a stage.
    Source: METHOD 3.3; amoCRM help, consolidated report (amocrm.ru/support/analytics/consolidated_report):
    only stages with deals at the moment are shown, each with its share of all deals
    """
    lost = crm.deals["stage"].isna().to_numpy()
    return deal_cases(crm, ~lost, left_out={"no_stage": lost})


@measure(
    "win_rate:bitrix24_conversion", title="Conversion, as Bitrix24 shows it", unit="share", better="higher",
    group="sales", needs={"deals.created_at", *CLOSED}, summary="ratio", basis="touched_in", timeless=True,
    default=False,
)  # fmt: skip
def bitrix24_conversion(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of all deals touched in the period, open ones too, that were won in it.

    Cases: one row per deal created before the end of the period and not closed before its start. Value: 1 if
    won in the period.
    Leaves out: deals without a creation date, or closed without a closing date. Technical losses count.
    Source: METHOD 3.3; Bitrix24, CRM analytics, sales trend: won deals by closing date over those and the
    deals in work (module crm, report handlers salesdynamics/conversion: created up to the end, closing date
    empty or not before the start)
    """
    won = is_status(crm, "won") & within(crm.deals["closed_at"], period)
    return deal_cases(crm, touched(crm, period), value=won, left_out=untouchable(crm))


@measure(
    "win_rate:salesforce_value_win_rate", title="Win rate in money, as in Salesforce", unit="share",
    better="higher", group="sales", needs={*CLOSED, "deals.amount"}, summary="ratio", basis="closed_in",
    default=False,
)  # fmt: skip
def salesforce_value_win_rate(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the money in all deals closed in the period that was won, whatever they were lost for.

    Cases: one row per deal whose ``closed_at`` lies in the period. Value: the amount if won; weight: the
    amount.
    Leaves out: deals without an amount or a closing date. Technical losses count: Salesforce knows none.
    Source: METHOD 3.3; Salesforce help 000387867 (won over closed opportunities); in money the summary
    formula EXP_AMOUNT:SUM / AMOUNT:SUM of closed opportunities, expected revenue being the amount if won
    """
    amount, won = crm.deals["amount"].to_numpy(dtype=np.float64), is_status(crm, "won")
    is_closed = won | is_status(crm, "lost")
    inside = is_closed & within(crm.deals["closed_at"], period)
    left_out = {
        "no_closing_date": is_closed & crm.deals["closed_at"].isna().to_numpy(),
        "no_amount": inside & np.isnan(amount),
    }
    value = np.where(won, amount, 0.0)
    return deal_cases(crm, inside, at="closed_at", value=value, weight=amount, left_out=left_out)


@measure(
    "deals_stale:pipedrive_rotting", title="Rotting deals, as in Pipedrive", unit="share", better="lower",
    group="quality", summary="ratio", basis="open_at", default=False,
    needs={"deals.stage", "deals.status", "stages.norm_days", "|".join(MOVED)},
)  # fmt: skip
def pipedrive_rotting(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals on which nothing has happened for longer than their stage allows.

    Cases: one row per open deal. Value: 1 if the last action, change of stage or change of the card is more
    days ago than the stage's ``norm_days``, Pipedrive's «rotting in (days)». What is planned does not count.
    Leaves out: deals in stages without such a number; deals of which no date is known.
    Source: METHOD 3.3; Pipedrive help, The Rotting feature
    (support.pipedrive.com/hc/en-us/articles/206760949): by the last time that the deal was updated
    """
    order, deals = stage_order(crm), crm.deals
    own = standing(crm, order)
    norm = np.append(order.table["norm_days"].to_numpy(dtype=np.float64), np.nan)[own]
    last = last_action(crm)
    for name in UPDATED:
        last = np.maximum(last, micros(deals[name]))
    rows = stage_visits(crm).rows
    np.maximum.at(last, rows["deal_ix"].to_numpy(), micros(rows["entered_at"]))
    idle = (micros(pd.Series([crm.as_of]))[0] - last) / DAY
    if {f"deals.{name}" for name in UPDATED} & crm.whole_days:
        idle = np.floor(idle)
    is_open = is_status(crm, "open")
    left_out = {"no_norm": is_open & np.isnan(norm), "no_creation_date": is_open & (last == NEVER)}
    return deal_cases(crm, is_open, value=idle > norm, left_out=left_out)
