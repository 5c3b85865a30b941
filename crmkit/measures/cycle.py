"""The deal's cycle: how many days from creation to winning (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import cycle_days, is_status, is_technical
from crmkit.measures.cases import deal_cases, within
from crmkit.measures.catalog import measure
from crmkit.measures.sales import CLOSED, closed
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.survival import LOST, OPEN, WON


def _won_cycles(crm: Snapshot, period: Period) -> pd.DataFrame:
    days = cycle_days(crm)
    chosen, left_out = closed(crm, period, "won")
    left_out |= {"no_creation_date": chosen & np.isnan(days), "closed_before_created": chosen & (days < 0)}
    return deal_cases(crm, chosen, at="closed_at", value=days, left_out=left_out)


@measure(
    "deal_cycle:censored_median", title="Deal cycle, median", unit="days", better="lower", group="sales",
    needs={"deals.created_at", *CLOSED}, summary="censored_median", basis="created_in",
)  # fmt: skip
def deal_cycle(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days from creation to winning for half of those who win, with deals still open taken into account.

    Cases: one row per deal created in the period. Value: days to closing, or to ``as_of`` while open; event:
    1 won, 2 lost, 0 open. The estimate is the Aalen–Johansen cumulative incidence; it is told only if at
    most 5 % of the deals are still open at the longest observed age, else it is not known yet.
    Leaves out: technical losses; deals without dates; deals closed before they were created.
    Source: METHOD 3.3
    """
    created, days = crm.deals["created_at"], cycle_days(crm)
    inside, won, lost = within(created, period), is_status(crm, "won"), is_status(crm, "lost")
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "technical_loss": inside & is_technical(crm),
        "no_status": inside & crm.deals["status"].isna().to_numpy(),
        "no_closing_date": inside & np.isnan(days),
        "closed_before_created": inside & (days < 0),
    }
    cases = deal_cases(crm, inside, at="created_at", value=days, left_out=left_out)
    return cases.assign(event=np.where(won, WON, np.where(lost, LOST, OPEN))[cases["deal_ix"]])


@measure(
    "deal_cycle:won_mean", title="Deal cycle of won deals, mean", unit="days", better="lower", group="sales",
    needs={"deals.created_at", *CLOSED}, summary="mean", basis="closed_in", default=False,
)  # fmt: skip
def deal_cycle_won_mean(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Mean days from creation to winning of the deals won in the period; deals still open are not in it.

    Cases: one row per won deal whose ``closed_at`` lies in the period. Value: days from creation to closing.
    Leaves out: deals without a creation date; deals closed before they were created.
    Source: METHOD 3.3
    """
    return _won_cycles(crm, period)


@measure(
    "deal_cycle:won_median", title="Deal cycle of won deals, median", unit="days", better="lower",
    group="sales", needs={"deals.created_at", *CLOSED}, summary="median", basis="closed_in", default=False,
)  # fmt: skip
def deal_cycle_won_median(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days from creation to winning that half of the deals won in the period needed at most.

    Cases: as for the mean.
    Source: METHOD 3.3
    """
    return _won_cycles(crm, period)


@measure(
    "deals_older_than_cycle", title="Open deals older than the usual cycle", unit="share", better="lower",
    group="sales", needs={"deals.created_at", *CLOSED}, summary="ratio", basis="open_at",
)  # fmt: skip
def deals_older_than_cycle(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals that are already older than half of the won deals were when they were won.

    Cases: one row per deal open at ``as_of``. Value: 1 if it is older than the median cycle of all deals won
    by then. Without a single won deal there are no cases.
    Leaves out: open deals without a creation date.
    Source: METHOD 3.3
    """
    days, is_open = cycle_days(crm), is_status(crm, "open")
    won = days[is_status(crm, "won") & (days >= 0)]
    usual = np.median(won) if len(won) else np.nan
    unknown = is_open & np.isnan(days)
    return deal_cases(
        crm, is_open & bool(len(won)), value=days > usual, left_out={"no_creation_date": unknown}
    )
