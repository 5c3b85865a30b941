"""Receivables: what is due, not paid, and for how long (METHOD 8.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import is_status
from crmkit.measures.cases import reasons_of
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: How long overdue, in days: the bounds of the ageing buckets, and what they are called.
AGES = (30, 60, 90)
BUCKETS = ("1–30", "31–60", "61–90", "90+")


@measure(
    "receivables_overdue", title="Receivables overdue", unit="money", better="lower", group="sales",
    needs={"payments.due_on", "payments.amount_due"}, summary="sum", basis="open_at", exact=True,
    also_by=("overdue",),
)  # fmt: skip
def receivables_overdue(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Money that was due before the day described and has not been paid, or not in full.

    Cases: one row per instalment whose ``due_on`` is before the day described and that is not fully paid.
    Value: the amount due less the amount paid; an instalment with a day of payment and no amount is paid in
    full. The slice ``overdue`` tells for how many days: 1–30, 31–60, 61–90, 90+.
    Leaves out: instalments without an amount due or a due day; those of deals that are not in the export.
    Instalments of lost deals are not owed.
    Source: METHOD 8.3
    """
    payments = crm.tables["payments"]
    due, paid = (payments[name].to_numpy(dtype=np.float64) for name in ("amount_due", "amount_paid"))
    whole = np.isnan(paid) & payments["paid_on"].notna().to_numpy()
    owed = np.where(whole, 0.0, np.round(due - np.where(np.isnan(paid), 0.0, paid), 2))
    today = pd.Timestamp(crm.today)
    late = (today - payments["due_on"]).dt.days.to_numpy(dtype=np.float64)
    deals = payments["deal_ix"].to_numpy()
    lost = np.append(is_status(crm, "lost"), values=False)[deals]
    waiting = ~lost & ~whole & ~(owed <= 0)
    left_out = {
        "no_due_date": waiting & np.isnan(late),
        "no_amount_due": waiting & (late > 0) & np.isnan(owed),
        "no_deal": waiting & (late > 0) & (deals < 0),
    }
    reasons = reasons_of(len(payments), left_out)
    rows = np.flatnonzero((waiting & (late > 0)) | (reasons.codes > 0))
    ages = np.digitize(late[rows], AGES, right=True)
    return pd.DataFrame(
        {
            "payment_ix": rows,
            "deal_ix": deals[rows],
            "overdue": pd.Categorical.from_codes(np.where(np.isnan(late[rows]), -1, ages), list(BUCKETS)),
            "value": owed[rows],
            "left_out": reasons[rows],
        }
    )
