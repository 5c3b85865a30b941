"""Clients who buy again: repeat sales and retention (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.clients import clients_of_deals
from crmkit.facts import is_status, once_per_snapshot
from crmkit.measures.cases import deal_cases
from crmkit.measures.catalog import measure
from crmkit.measures.sales import CLOSED, closed
from crmkit.periods import Period, before
from crmkit.schema import Snapshot

CLIENT = "deals.company_id|deals.contact_id"


@once_per_snapshot
def _first_purchase(crm: Snapshot) -> npt.NDArray[np.datetime64]:
    """Return for each deal when its client first bought; NaT if never, or if the client is not known."""
    codes, ended = clients_of_deals(crm), crm.deals["closed_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    bought = is_status(crm, "won") & ended.notna().to_numpy() & (codes >= 0)
    first = np.full(int(codes.max(initial=-1)) + 2, np.datetime64("NaT", "us"))
    moments = ended.to_numpy().astype("datetime64[us]")
    late_first = np.flatnonzero(bought)[np.argsort(moments[bought], kind="stable")[::-1]]
    first[codes[late_first]] = moments[late_first]  # of several, the last one written stays: the earliest
    return first[codes]


@measure(
    "repeat_sales", title="Repeat sales", unit="share", better="higher", group="sales",
    needs={*CLOSED, f"deals.is_repeat~{CLIENT}"}, summary="ratio", basis="closed_in",
)  # fmt: skip
def repeat_sales(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals won in the period whose client had bought before.

    The CRM's own mark counts; where it is empty, an earlier won deal of the same client (the company, else
    the contact) in the export. Of the first months of an export nobody knows who had bought before: without
    the CRM's mark the share begins at nothing and rises for as long as clients take to come back.

    Cases: one row per won deal whose ``closed_at`` lies in the period. Value: 1 if the client had bought.
    Leaves out: won deals without a closing date, and those with neither a mark nor a client.
    Source: METHOD 3.3
    """
    chosen, left_out = closed(crm, period, "won")
    marks = crm.deals["is_repeat"]
    marked, is_marked = marks.notna().to_numpy(), marks.to_numpy(dtype=bool, na_value=False)
    ended = crm.deals["closed_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    again = np.where(marked, is_marked, _first_purchase(crm) < ended)
    left_out["no_client"] = chosen & ~marked & (clients_of_deals(crm) < 0)
    return deal_cases(crm, chosen, at="closed_at", value=again, left_out=left_out)


@measure(
    "client_retention", title="Retention of clients", unit="share", better="higher", group="sales",
    needs={*CLOSED, CLIENT}, summary="ratio", basis="bought_before", timeless=True, bounded=True,
)  # fmt: skip
def client_retention(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the clients who bought in the period before, of equal length, that bought again in this one.

    Cases: one row per client (the company, else the contact) with a deal won in the period before; it is that
    of the latest such deal, and belongs to its rep. Value: 1 if a deal of the client was won in this period.
    While the period is not over, some may still come.
    Leaves out: deals won in the period before without a client; won deals without a closing date.
    Source: METHOD 3.3
    """
    earlier = before(period)
    if earlier is None:
        raise ValueError("retention needs a period with borders")
    codes, (was, left_out), (again, _) = (
        clients_of_deals(crm),
        closed(crm, earlier, "won"),
        closed(crm, period, "won"),
    )
    returned = np.bincount(codes[again & (codes >= 0)], minlength=int(codes.max(initial=-1)) + 1) > 0
    rows = np.flatnonzero(was & (codes >= 0))
    numbers = crm.deals["deal_id"].iloc[rows].to_numpy(dtype=object)
    rows = rows[np.lexsort((numbers, crm.deals["closed_at"].array.asi8[rows]))[::-1]]
    chosen = np.zeros(len(crm.deals), dtype=bool)
    chosen[rows[np.unique(codes[rows], return_index=True)[1]]] = True  # the latest deal of each
    left_out["no_client"] = was & (codes < 0)
    return deal_cases(crm, chosen, value=np.append(returned, values=False)[codes], left_out=left_out)
