"""Sales: deals created, won and lost, money, win rate, refusals and the deal's cycle (METHOD 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import cycle_days, is_status, is_technical
from crmkit.measures.catalog import deal_cases, measure, within
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]
CLOSED = ("deals.closed_at", "deals.status")


def _closed(crm: Snapshot, period: Period, *statuses: str) -> tuple[Mask, dict[str, Mask]]:
    """Return the deals of these statuses closed in the period, and those that cannot be placed or do not count."""
    of_status = np.zeros(len(crm.deals), dtype=bool)
    for status in statuses:
        of_status |= is_status(crm, status)
    technical = is_technical(crm)
    inside = of_status & within(crm.deals["closed_at"], period)
    left_out = {
        "no_closing_date": of_status & ~technical & crm.deals["closed_at"].isna().to_numpy(),
        "technical_loss": inside & technical,
    }
    return inside & ~technical, left_out


def _amount(crm: Snapshot) -> npt.NDArray[np.float64]:
    return np.asarray(crm.deals["amount"], dtype=np.float64)


def _priced(crm: Snapshot, chosen: Mask, left_out: dict[str, Mask]) -> tuple[Mask, dict[str, Mask]]:
    """Leave out, and count, deals without an amount."""
    priceless = chosen & np.isnan(_amount(crm))
    return chosen & ~priceless, {**left_out, "no_amount": priceless}


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
    chosen, left_out = _closed(crm, period, "won")
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
    chosen, left_out = _closed(crm, period, "lost")
    return deal_cases(crm, chosen, at="closed_at", left_out=left_out)


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
    chosen, left_out = _priced(crm, *_closed(crm, period, "won"))
    return deal_cases(crm, chosen, at="closed_at", value=_amount(crm), left_out=left_out)


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
    "win_rate:closed_count", title="Win rate", unit="share", better="higher", group="sales",
    needs=CLOSED, summary="ratio", basis="closed_in",
)  # fmt: skip
def win_rate(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals closed in the period that were won.

    Cases: one row per deal whose ``closed_at`` lies in the period. Value: 1 if won, 0 if lost.
    Leaves out: open deals; technical losses named in the client's settings; closed deals without a closing date.
    Source: METHOD 3.3
    """
    chosen, left_out = _closed(crm, period, "won", "lost")
    return deal_cases(crm, chosen, at="closed_at", value=is_status(crm, "won"), left_out=left_out)


@measure(
    "win_rate:closed_value", title="Win rate in money", unit="share", better="higher", group="sales",
    needs={*CLOSED, "deals.amount"}, summary="ratio", basis="closed_in", default=False,
)  # fmt: skip
def win_rate_closed_value(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the money in the deals closed in the period that was won.

    Cases: one row per deal whose ``closed_at`` lies in the period. Value: the amount if won; weight: the amount.
    Leaves out: as the win rate; deals without an amount. Many CRMs keep no amount on lost deals: then it tells little.
    Source: METHOD 3.3
    """
    chosen, left_out = _priced(crm, *_closed(crm, period, "won", "lost"))
    amount = _amount(crm)
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

    Cases: one row per deal created in the period whose creation plus the horizon (``limits.cohort_days``) is past.
    Value: 1 if won within the horizon.
    Leaves out: deals that are younger than the horizon; technical losses; deals without a creation date.
    Source: METHOD 3.3
    """
    created, closed = crm.deals["created_at"], crm.deals["closed_at"]
    horizon = pd.Timedelta(days=crm.settings.limits.cohort_days)
    inside, technical, won = within(created, period), is_technical(crm), is_status(crm, "won")
    mature = (created + horizon <= crm.as_of).to_numpy()
    undated = won & closed.isna().to_numpy()
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "technical_loss": inside & technical,
        "younger_than_horizon": inside & ~mature,
        "no_closing_date": inside & undated,
    }
    chosen = inside & mature & ~technical & ~undated
    in_time = won & (cycle_days(crm) <= crm.settings.limits.cohort_days)
    return deal_cases(crm, chosen, at="created_at", value=in_time, left_out=left_out)


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
    chosen, left_out = _priced(crm, *_closed(crm, period, "lost"))
    return deal_cases(crm, chosen, at="closed_at", value=_amount(crm), left_out=left_out)


def _won_cycles(crm: Snapshot, period: Period) -> pd.DataFrame:
    days = cycle_days(crm)
    chosen, left_out = _closed(crm, period, "won")
    undated, backwards = chosen & np.isnan(days), chosen & (days < 0)
    left_out |= {"no_creation_date": undated, "closed_before_created": backwards}
    return deal_cases(crm, chosen & ~undated & ~backwards, at="closed_at", value=days, left_out=left_out)


@measure(
    "deal_cycle:censored_median", title="Deal cycle, median", unit="days", better="lower", group="sales",
    needs={"deals.created_at", *CLOSED}, summary="censored_median", basis="created_in",
)  # fmt: skip
def deal_cycle(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days from creation to winning for half of those who win, with deals still open taken into account.

    Cases: one row per deal created in the period. Value: days to closing, or to ``as_of`` while open; event: 1 won,
    2 lost, 0 open. The estimate is the Aalen–Johansen cumulative incidence; it is told only if at most 5 % of the
    deals are still open at the longest observed age, else it is not known yet.
    Leaves out: technical losses; deals without dates; deals closed before they were created.
    Source: METHOD 3.3
    """
    created, days = crm.deals["created_at"], cycle_days(crm)
    inside, technical = within(created, period), is_technical(crm)
    won, lost = is_status(crm, "won"), is_status(crm, "lost")
    known = won | lost | is_status(crm, "open")
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "technical_loss": inside & technical,
        "no_status": inside & ~known,
        "no_closing_date": inside & known & np.isnan(days),
        "closed_before_created": inside & (days < 0),
    }
    chosen = inside & ~technical & known & (days >= 0)
    cases = deal_cases(crm, chosen, at="created_at", value=days, left_out=left_out)
    return cases.assign(event=np.where(won, 1, np.where(lost, 2, 0))[cases["deal_ix"].to_numpy()])


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
    "deal_cycle:won_median", title="Deal cycle of won deals, median", unit="days", better="lower", group="sales",
    needs={"deals.created_at", *CLOSED}, summary="median", basis="closed_in", default=False,
)  # fmt: skip
def deal_cycle_won_median(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Days from creation to winning that half of the deals won in the period needed at most.

    Cases: as for the mean.
    Source: METHOD 3.3
    """
    return _won_cycles(crm, period)
