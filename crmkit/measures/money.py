"""Money: what was won and what came in, margin, average check and discount (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.measures.cases import deal_cases, within
from crmkit.measures.catalog import measure
from crmkit.measures.sales import CLOSED, amounts, closed, priced
from crmkit.periods import Period
from crmkit.schema import Snapshot


@measure(
    "new_deals_amount", title="Money in new deals", unit="money", better="higher", group="sales",
    needs={"deals.created_at", "deals.amount"}, summary="sum", basis="created_in",
)  # fmt: skip
def new_deals_amount(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amounts of the deals whose cards were created in the period, added up.

    Cases: one row per deal whose ``created_at`` lies in the period. Value: its amount, as it stands now.
    Leaves out: deals without a creation date; deals without an amount, or in a currency without a rate.
    Source: METHOD 3.3
    """
    created = crm.deals["created_at"]
    undated = {"no_creation_date": created.isna().to_numpy()}
    chosen, left_out = priced(crm, within(created, period), undated)
    return deal_cases(crm, chosen, at="created_at", value=amounts(crm), left_out=left_out)


@measure(
    "revenue", title="Revenue", unit="money", better="higher", group="sales",
    needs={*CLOSED, "deals.amount"}, summary="sum", basis="closed_in",
)  # fmt: skip
def revenue(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amounts of the deals won in the period, added up.

    Cases: one row per won deal whose ``closed_at`` lies in the period. Value: its amount.
    Leaves out: won deals without an amount, or in a currency without a rate.
    Source: METHOD 3.3
    """
    chosen, left_out = priced(crm, *closed(crm, period, "won"))
    return deal_cases(crm, chosen, at="closed_at", value=amounts(crm), left_out=left_out)


@measure(
    "average_check:mean", title="Average check, mean", unit="money", better="higher", group="sales",
    needs={*CLOSED, "deals.amount"}, summary="mean", basis="closed_in",
)  # fmt: skip
def average_check(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Revenue divided by the number of won deals that have an amount.

    Cases: as for revenue.
    Source: METHOD 3.3
    """
    return revenue(crm, period)


@measure(
    "average_check:median", title="Average check, median", unit="money", better="higher", group="sales",
    needs={*CLOSED, "deals.amount"}, summary="median", basis="closed_in", default=False,
)  # fmt: skip
def average_check_median(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amount that half of the won deals reach; one huge deal does not move it.

    Cases: as for revenue.
    Source: METHOD 3.3
    """
    return revenue(crm, period)


@measure(
    "margin", title="Margin", unit="money", better="higher", group="sales",
    needs={*CLOSED, "deals.margin"}, summary="sum", basis="closed_in",
)  # fmt: skip
def margin(crm: Snapshot, period: Period) -> pd.DataFrame:
    """What remains of the amounts of the deals won in the period, added up.

    Cases: one row per won deal whose ``closed_at`` lies in the period. Value: its margin, as the export gives
    it.
    Leaves out: won deals without a margin.
    Source: METHOD 3.3
    """
    chosen, left_out = closed(crm, period, "won")
    left = crm.deals["margin"].to_numpy(dtype=np.float64)
    left_out["no_margin"] = chosen & np.isnan(left)
    return deal_cases(crm, chosen, at="closed_at", value=left, left_out=left_out)


@measure(
    "average_discount", title="Average discount", unit="share", better="lower", group="sales",
    needs={*CLOSED, "deals.amount", "deals.discount"}, summary="ratio", basis="closed_in",
)  # fmt: skip
def average_discount(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Discounts given on the deals won in the period as a share of what they would have cost without.

    Cases: one row per won deal whose ``closed_at`` lies in the period. Value: the discount in money; weight:
    the amount, which is after the discount, and the discount. So a large deal weighs more.
    Leaves out: won deals without a discount figure (0 is one) or without an amount.
    Source: METHOD 3.3
    """
    chosen, left_out = closed(crm, period, "won")
    discount = crm.deals["discount"].to_numpy(dtype=np.float64)
    full = amounts(crm) + discount
    left_out["no_discount"] = chosen & np.isnan(full)
    return deal_cases(crm, chosen, at="closed_at", value=discount, weight=full, left_out=left_out)
