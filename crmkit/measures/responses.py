"""First response: how long a lead waits for somebody to turn to it (METHOD 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import begun_by_client, first_responses, named, worked_hours
from crmkit.facts import FloatArray, is_technical, micros
from crmkit.measures.cases import deal_cases, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]

NEEDS = {
    "deals.created_at", "deals.created_at=time", "activities.at", "activities.at=time",
    "activities.direction",
}  # fmt: skip


def inbound(crm: Snapshot) -> Mask:
    """Return which deals are inbound leads: all, unless the client names the sources of such."""
    if not crm.settings.inbound_sources:
        return np.ones(len(crm.deals), dtype=bool)
    source = crm.deals["source"]
    names = [one for one in source.cat.categories if one.strip().casefold() in crm.settings.inbound_sources]
    return named(source, names) | begun_by_client(crm)


def _leads(crm: Snapshot, period: Period) -> tuple[Mask, dict[str, Mask], FloatArray]:
    """Return the inbound leads of the period, what is left out, and how long each has waited by ``as_of``."""
    leads, created = inbound(crm), crm.deals["created_at"]
    now = micros(pd.Series([crm.as_of])).repeat(len(created))
    chosen = leads & within(created, period)
    unanswered = chosen & np.isnan(first_responses(crm))
    left_out = {"no_creation_date": leads & created.isna().to_numpy()}
    left_out["technical_loss"] = unanswered & is_technical(crm)  # nobody has to answer a double, or a test
    return chosen, left_out, worked_hours(crm, micros(created), now)


def _waits(crm: Snapshot, period: Period) -> pd.DataFrame:
    chosen, left_out, waited = _leads(crm, period)
    hours = first_responses(crm)
    answered = ~np.isnan(hours)
    value = np.where(answered, hours, waited)
    cases = deal_cases(crm, chosen, at="created_at", value=value, left_out=left_out)
    return cases.assign(event=answered.astype(np.int8)[cases["deal_ix"]])


@measure(
    "first_response_time:median", title="First response time, median", unit="hours", better="lower",
    group="communications", needs=NEEDS, summary="survival_median", basis="created_in",
)  # fmt: skip
def first_response_median(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Working hours within which half of the inbound leads got a first call, letter or message from a person.

    Cases: one row per inbound lead created in the period: a deal whose source stands in
    ``inbound_sources`` of client.yml or whose first communication is incoming; without that list, every
    deal. Value: working hours from creation to the first outgoing communication by a rep, of the deal or,
    without a deal, with its contact; without any, up to ``as_of``. Event: 1 answered, 0 not yet. The
    estimate is Kaplan and Meier's, so that leads that still wait are not forgotten.
    Leaves out: deals without a creation date; technical losses that nobody answered.
    Source: METHOD 3.1; KPI23 8
    """
    return _waits(crm, period)


@measure(
    "first_response_time:p90", title="First response time, 90 % of the leads", unit="hours", better="lower",
    group="communications", needs=NEEDS, summary="survival_p90", basis="created_in", default=False,
)  # fmt: skip
def first_response_p90(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Working hours within which nine in ten inbound leads got a first call, letter or message from a person.

    Cases: as for the median.
    Source: METHOD 3.1; KPI23 8
    """
    return _waits(crm, period)


@measure(
    "first_response_time:share_in_norm", title="Leads answered within the norm", unit="share",
    better="higher", group="communications", needs=NEEDS, summary="ratio", basis="created_in", default=False,
)  # fmt: skip
def first_response_share_in_norm(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the inbound leads answered by a person within the norm (one working hour).

    Cases: the inbound leads of the median. Value: 1 if they were answered within
    ``limits.first_response_hours`` working hours; a lead that nobody has answered is not within the norm.
    Leaves out: deals without a creation date; technical losses that nobody answered; leads not answered yet
    whose time is not over at ``as_of``.
    Source: METHOD 3.1; KPI23 8
    """
    chosen, left_out, waited = _leads(crm, period)
    hours, norm = first_responses(crm), crm.settings.limits.first_response_hours
    left_out["too_young"] = chosen & np.isnan(hours) & (waited < norm)
    return deal_cases(crm, chosen, at="created_at", value=hours <= norm, left_out=left_out)
