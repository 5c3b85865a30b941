"""Sales: deals created, won and lost, win rate and refusals (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.edges import losses_since, not_won_since
from crmkit.facts import cycle_days, days_after, is_status, is_technical
from crmkit.measures.cases import borders, deal_cases, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]
CLOSED = ("deals.closed_at", "deals.status")


def closed(crm: Snapshot, period: Period, *statuses: str) -> tuple[Mask, dict[str, Mask]]:
    """Return the deals of these statuses closed in the period, and which cannot be placed or do not count."""
    of_status = np.any([is_status(crm, status) for status in statuses], axis=0)
    technical = is_technical(crm)
    inside = of_status & within(crm.deals["closed_at"], period)
    undated = of_status & ~technical & crm.deals["closed_at"].isna().to_numpy()
    left_out = {"no_closing_date": undated, "technical_loss": inside & technical}
    if len(statuses) > 1:
        left_out["one_kind"] = inside & _before(crm.deals["closed_at"], losses_since(crm))
    return inside, left_out


def _before(moments: pd.Series, since: pd.Timestamp | None) -> Mask:
    """Return which moments lie before the record begins: all of them if it never does."""
    if since is None:
        return np.zeros(len(moments), dtype=bool)
    return np.asarray(moments.notna() if since is pd.NaT else moments < since)


def amounts(crm: Snapshot) -> npt.NDArray[np.float64]:
    """Return the amount of each deal; NaN where there is none."""
    return np.asarray(crm.deals["amount"], dtype=np.float64)


def priced(crm: Snapshot, chosen: Mask, left_out: dict[str, Mask]) -> tuple[Mask, dict[str, Mask]]:
    """Leave out, and count, deals without an amount."""
    return chosen, {**left_out, "no_amount": chosen & np.isnan(amounts(crm))}


@measure(
    "new_deals", title="New deals", unit="count", better="higher", group="sales",
    needs={"deals.created_at"}, summary="count", basis="created_in",
)  # fmt: skip
def new_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals whose cards were created in the period.

    Cases: one row per deal whose ``created_at`` lies in the period.
    Leaves out: deals without a creation date.
    Source: METHOD 3.3
    """
    created = crm.deals["created_at"]
    return deal_cases(
        crm,
        within(created, period),
        at="created_at",
        left_out={"no_creation_date": created.isna().to_numpy()},
    )


@measure(
    "won_deals", title="Won deals", unit="count", better="higher", group="sales",
    needs=CLOSED, summary="count", basis="closed_in",
)  # fmt: skip
def won_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals won in the period, by the day they were closed.

    Cases: one row per won deal whose ``closed_at`` lies in the period.
    Leaves out: won deals without a closing date.
    Source: METHOD 3.3
    """
    chosen, left_out = closed(crm, period, "won")
    return deal_cases(crm, chosen, at="closed_at", left_out=left_out)


@measure(
    "lost_deals", title="Lost deals", unit="count", better="lower", group="sales",
    needs=CLOSED, summary="count", basis="closed_in",
)  # fmt: skip
def lost_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals lost in the period, by the day they were closed; technical losses are not counted.

    Cases: one row per lost deal whose ``closed_at`` lies in the period.
    Leaves out: technical losses named in the client's settings; lost deals without a closing date.
    Source: METHOD 3.3
    """
    chosen, left_out = closed(crm, period, "lost")
    return deal_cases(crm, chosen, at="closed_at", left_out=left_out)


@measure(
    "win_rate:closed_count", title="Win rate", unit="share", better="higher", group="sales",
    needs=CLOSED, summary="ratio", basis="closed_in",
)  # fmt: skip
def win_rate(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals closed in the period that were won.

    Cases: one row per deal whose ``closed_at`` lies in the period. Value: 1 if won, 0 if lost.
    Leaves out: open deals; technical losses named in the client's settings; closed deals without a closing
    date; deals of a time of which only won ones are in the export.
    Source: METHOD 3.3
    """
    chosen, left_out = closed(crm, period, "won", "lost")
    return deal_cases(crm, chosen, at="closed_at", value=is_status(crm, "won"), left_out=left_out)


@measure(
    "win_rate:closed_value", title="Win rate in money", unit="share", better="higher", group="sales",
    needs={*CLOSED, "deals.amount"}, summary="ratio", basis="closed_in", default=False,
)  # fmt: skip
def win_rate_closed_value(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the money in the deals closed in the period that was won.

    Cases: one row per deal whose ``closed_at`` lies in the period. Value: the amount if won; weight: the
    amount.
    Leaves out: as the win rate; deals without an amount. Many CRMs keep no amount on lost deals: then it
    tells little.
    Source: METHOD 3.3
    """
    chosen, left_out = priced(crm, *closed(crm, period, "won", "lost"))
    amount = amounts(crm)
    return deal_cases(
        crm,
        chosen,
        at="closed_at",
        value=np.where(is_status(crm, "won"), amount, 0.0),
        weight=amount,
        left_out=left_out,
    )


@measure(
    "win_rate:cohort", title="Win rate of the deals created", unit="share", better="higher", group="sales",
    needs={"deals.created_at", *CLOSED}, summary="ratio", basis="created_in", default=False,
)  # fmt: skip
def win_rate_cohort(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals created in the period that were won within the horizon; only those old enough count.

    Cases: one row per deal created in the period whose creation plus the horizon (``limits.cohort_days``) is
    past.
    Value: 1 if won within the horizon.
    Leaves out: deals that are younger than the horizon; technical losses; deals without a creation date; won
    deals without a closing date; deals of which neither open nor won nor lost can be told; deals of a time
    of which only won ones are in the export.
    Source: METHOD 3.3
    """
    created = crm.deals["created_at"]
    horizon = crm.settings.limits.cohort_days
    inside, won = within(created, period), is_status(crm, "won")
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "technical_loss": inside & is_technical(crm),
        "no_status": inside & crm.deals["status"].isna().to_numpy(),
        "younger_than_horizon": inside & (days_after(crm, created, horizon) > crm.as_of).to_numpy(),
        "no_closing_date": inside & won & crm.deals["closed_at"].isna().to_numpy(),
        "one_kind": inside & _before(created, not_won_since(crm)),
    }
    in_time = won & (cycle_days(crm) <= horizon)
    return deal_cases(crm, inside, at="created_at", value=in_time, left_out=left_out)


@measure(
    "refusals:count", title="Refusals", unit="count", better="lower", group="sales",
    needs=CLOSED, summary="count", basis="closed_in",
)  # fmt: skip
def refusals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals that clients refused in the period, to be told by reason and by stage.

    Cases: one row per lost deal whose ``closed_at`` lies in the period.
    Leaves out: technical losses named in the client's settings; lost deals without a closing date.
    Source: METHOD 3.3
    """
    return lost_deals(crm, period)


@measure(
    "refusals:value", title="Refusals in money", unit="money", better="lower", group="sales",
    needs={*CLOSED, "deals.amount"}, summary="sum", basis="closed_in", default=False,
)  # fmt: skip
def refusals_value(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amounts of the deals that clients refused in the period, added up.

    Cases: as for refusals. Leaves out: lost deals without an amount.
    Source: METHOD 3.3
    """
    chosen, left_out = priced(crm, *closed(crm, period, "lost"))
    return deal_cases(crm, chosen, at="closed_at", value=amounts(crm), left_out=left_out)


@measure(
    "open_deals:at_end", title="Open deals at the end of the period", unit="count", group="sales",
    needs={"deals.created_at", *CLOSED}, summary="count", basis="open_at_end", default=False, timeless=True,
)  # fmt: skip
def open_deals_at_end(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals created before the end of the period and not closed by then: by their dates alone.

    Of a period that is not over, the deals open on the day described. Told of earlier periods too, if the
    export holds the deals that have closed since; the rep is the present one.

    Cases: one row per deal created before the end and not closed before it.
    Leaves out: deals without a creation date; closed deals without a closing date; deals of which neither
    open nor won nor lost can be told.
    Source: METHOD 3.3
    """
    created, ended = crm.deals["created_at"], crm.deals["closed_at"]
    end = borders(crm, period).end
    begun, is_open = (created < end).to_numpy(), is_status(crm, "open")
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "no_status": begun & crm.deals["status"].isna().to_numpy(),
        "no_closing_date": begun & ~is_open & ended.isna().to_numpy(),
    }
    return deal_cases(crm, begun & (is_open | (ended >= end).to_numpy()), left_out=left_out)
