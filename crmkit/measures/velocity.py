"""Sales velocity: money a day, and what its change between two periods is made of (METHOD 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from crmkit.facts import cycle_days, days_after, is_status, is_technical
from crmkit.measures.cases import days_seen, deal_cases, within
from crmkit.measures.catalog import Floats, Told, compound, find, measure
from crmkit.measures.evaluation import evaluate
from crmkit.measures.qualified import qualified
from crmkit.measures.sales import CLOSED
from crmkit.periods import Period
from crmkit.schema import Snapshot


@measure(
    "qualified_deals", title="Qualified deals created", unit="count", better="higher", group="sales",
    needs={"deals.created_at", "deals.status"}, summary="count", basis="created_in",
)  # fmt: skip
def qualified_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Deals created in the period that came to the stage at which their pipeline qualifies them.

    The stage is named by ``qualified_at`` in client.yml; in a pipeline without it all deals count, but
    technical losses.

    Cases: one row per qualified deal whose ``created_at`` lies in the period.
    Leaves out: technical losses; deals without a creation date; deals of which no stage is known but that
    they were lost.
    Source: METHOD 3.3
    """
    created, (is_qualified, unknown) = crm.deals["created_at"], qualified(crm)
    inside = within(created, period)
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "technical_loss": inside & is_technical(crm),
        "no_stage": inside & unknown,
    }
    return deal_cases(crm, inside & is_qualified, at="created_at", left_out=left_out)


@measure(
    "win_rate:matured", title="Win rate of the qualified deals that matured", unit="share", better="higher",
    group="sales", needs={"deals.created_at", *CLOSED}, summary="ratio", basis="matured_in", default=False,
)  # fmt: skip
def win_rate_matured(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the qualified deals that came of age in the period and were won by that age.

    A deal comes of age when the horizon (``limits.cohort_days``) after its creation is over. So every deal
    belongs to one period, and a period that is just over has a rate.

    Cases: one row per qualified deal whose ``created_at`` plus the horizon lies in the period. Value: 1 if
    won within the horizon.
    Leaves out: technical losses; deals without a creation date; won deals without a closing date; deals of
    which neither open nor won nor lost can be told, or no stage but that they were lost.
    Source: METHOD 3.3
    """
    created, (is_qualified, unknown) = crm.deals["created_at"], qualified(crm)
    horizon, won = crm.settings.limits.cohort_days, is_status(crm, "won")
    of_age = days_after(crm, created, horizon)
    inside = within(of_age, period) & (of_age <= crm.as_of).to_numpy()
    left_out = {
        "no_creation_date": created.isna().to_numpy(),
        "technical_loss": inside & is_technical(crm),
        "no_status": inside & crm.deals["status"].isna().to_numpy(),
        "no_stage": inside & unknown,
        "no_closing_date": inside & won & crm.deals["closed_at"].isna().to_numpy(),
    }
    in_time = won & (cycle_days(crm) <= horizon)
    cases = deal_cases(crm, inside & is_qualified, value=in_time, left_out=left_out)
    return cases.assign(at=of_age.array[cases["deal_ix"].to_numpy()])


@compound(
    "sales_velocity:cohort", title="Sales velocity", unit="money_per_day", better="higher", group="sales",
    parts=("qualified_deals", "win_rate:matured", "average_check:mean"), timeless=True,
)  # fmt: skip
def sales_velocity(parts: Mapping[str, Floats], crm: Snapshot, period: Period) -> Told:
    """Money a day: qualified deals created per day, times the share that is won, times the average check.

    The days are calendar days of the period, from the first record to the day described; the share is that of
    the qualified deals that came of age in the period.

    Cases: as for qualified deals created, their matured win rate, and the average check. n: the first.
    Source: METHOD 3.3
    """
    start, end = days_seen(crm, period).days()
    return np.prod([parts[name] for name in find("sales_velocity:cohort").parts], axis=0) / (
        end - start
    ).days, None


@compound(
    "sales_velocity:textbook", title="Sales velocity, textbook", unit="money_per_day", better="higher",
    group="sales", default=False, timeless=True,
    parts=("open_deals:at_end", "win_rate:closed_count", "average_check:mean", "deal_cycle:won_mean"),
)  # fmt: skip
def sales_velocity_textbook(parts: Mapping[str, Floats], crm: Snapshot, period: Period) -> Told:
    """Money a day: open deals, times win rate, times average check, divided by the mean cycle in days.

    Open deals pile up when nobody closes them: then this figure rises although less is sold.

    Cases: as for open deals at the end of the period, win rate, average check, mean cycle of won deals.
    n: the open deals.
    Source: METHOD 3.3
    """
    return (
        parts["open_deals:at_end"] * parts["win_rate:closed_count"] * parts["average_check:mean"]
    ) / parts["deal_cycle:won_mean"], None


def velocity_change(
    crm: Snapshot, periods: tuple[Period, Period], by: Sequence[str] = (), *, variant: str = "cohort"
) -> pd.DataFrame:
    """Split the change of sales velocity between two periods into its factors, exactly.

    Velocity is a product, so the logarithm of its change is the sum of those of its factors. Each factor's
    part in money is its logarithm times the logarithmic mean of the two velocities: they add up to the
    difference.

    Parameters
    ----------
    periods: the earlier one and the later one; velocity is by day, so they need not be of one length.
    variant: ``cohort`` (three factors) or ``textbook`` (four).

    Returns
    -------
    One row per group and factor, the whole (``sales_velocity``) first: the slices, ``factor`` (its measure),
    ``before``, ``after``, ``log_change`` and ``contribution`` (money a day); the last two are null where a
    factor is null or zero in one of the periods. Deals created and open deals are ``before`` and ``after``
    per day, a cycle is turned over (1 by days), so that every factor multiplies.

    Source: METHOD 3.3; Ang, Energy Policy 32 (2004) 1131–1139 (logarithmic mean)
    """
    one = find(f"sales_velocity:{variant}")
    names, by = [one.name, *one.parts], list(by)
    tables = []
    for side, period in zip(("before", "after"), periods, strict=True):
        figures = evaluate(names, crm, period, by)
        figures["factor"] = (figures["measure"] + ":" + figures["variant"]).str.removesuffix(":")
        start, end = days_seen(crm, period).days()
        value = figures["value"].mask(
            figures["factor"] == "qualified_deals", figures["value"] / (end - start).days
        )
        value = value.mask(figures["factor"] == "deal_cycle:won_mean", 1 / value.where(value != 0))
        tables.append(figures[[*by, "factor"]].assign(**{side: value.astype("float64")}))
    both = tables[0].merge(tables[1], how="outer", on=[*by, "factor"])
    both["factor"] = pd.Categorical(both["factor"], categories=names)
    both = both.sort_values([*by, "factor"], ignore_index=True).astype({"factor": "str"})
    logs = np.log(both[["before", "after"]].where(both[["before", "after"]] > 0))
    both["log_change"] = logs["after"] - logs["before"]
    whole = both[both["factor"] == one.name].reset_index(drop=True)
    place = np.arange(len(both)) // len(names)
    difference = (whole["after"] - whole["before"]).to_numpy()
    change = whole["log_change"].to_numpy()
    mean = np.where(
        change == 0, whole["after"].to_numpy(), difference / np.where(change == 0, np.nan, change)
    )
    both["contribution"] = both["log_change"].to_numpy() * mean[place]
    return both
