"""Money at risk: what the open deals with violations are worth (METHOD 5.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.audit.examine import Audit
from crmkit.facts import is_status
from crmkit.schema import Snapshot

BY = ("check", "manager_id")


def amounts_unknown(crm: Snapshot) -> str:
    """Return why amounts of open deals cannot be told: ``not_in_export``, ``known_at_export_only``, or ""."""
    if "deals.amount" not in crm.supplied:
        return "not_in_export"
    return "" if crm.is_current else "known_at_export_only"


def money_at_risk(audit: Audit, by: Sequence[str] = BY) -> pd.DataFrame:
    """Return the open deals with a violation that is not waived, and what they are worth.

    A deal counts once in each group, however often it offends in it; so groups do not add up to the whole:
    ask for ``by=()``. A violation of a task or a communication is one of its deal.

    Parameters
    ----------
    by: ``check``, ``manager_id`` (who answers for the violation, null: nobody), both or none.

    Returns
    -------
    the groups, ``deals``, ``amount`` (of those that have one, in the client's currency; null where none has,
    or where amounts are not known, see :func:`amounts_unknown`) and ``without_amount``, sorted.
    """
    rows = audit.violations
    deal = rows["deal_ix"].to_numpy()
    still_open = np.append(is_status(audit.crm, "open"), False)[deal] & (deal >= 0)
    rows = rows[still_open & ~rows["waived"].to_numpy(dtype=bool)].drop_duplicates([*by, "deal_ix"])
    amount = rows["amount"].where((rows["amount"] > 0) & (not amounts_unknown(audit.crm)))
    told = rows.assign(amount=amount)
    if not by:
        without = int(amount.isna().sum())
        return pd.DataFrame(
            {"deals": [len(told)], "amount": [amount.sum(min_count=1)], "without_amount": [without]}
        )
    groups = told.groupby([*by], observed=True, dropna=False, sort=True)
    frame = pd.DataFrame({"deals": groups.size(), "amount": groups["amount"].sum(min_count=1)})
    frame["without_amount"] = frame["deals"] - groups["amount"].count()
    return frame.reset_index()
