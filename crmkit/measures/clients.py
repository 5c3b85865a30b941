"""Clients: with how many of them somebody was in contact (METHOD 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import CONTACTS, named
from crmkit.clients import Ints, cards_of_deals, clients_of_actions, clients_of_deals, latest_deals
from crmkit.facts import days_before, is_status, is_technical, last_action, micros
from crmkit.measures.cases import all_owners, borders, deal_cases, within
from crmkit.measures.catalog import ACTED, measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]

NEEDS = {"activities.at+tasks.kind", "deals.company_id|deals.contact_id", "deals.status"}


def _active(crm: Snapshot, period: Period) -> Mask:
    """Return the deals that were open at some time of the period, as far as dates tell."""
    edges, closed = borders(crm, period), crm.deals["closed_at"]
    existed = ~(crm.deals["created_at"] >= pd.Timestamp(edges.end)).to_numpy()
    stood = is_status(crm, "open") | (closed >= pd.Timestamp(edges.start)).to_numpy()
    return np.asarray(existed & stood & ~is_technical(crm), dtype=bool)


def _touched(crm: Snapshot, period: Period, size: int) -> Mask:
    """Return with which clients somebody was in contact in the period."""
    touched = np.zeros(size + 1, dtype=bool)
    done = within(crm.tasks["completed_at"], period) & named(crm.tasks["kind"], CONTACTS)
    for table, rows in (("activities", within(crm.activities["at"], period)), ("tasks", done)):
        touched[clients_of_actions(crm)[table][rows]] = True
    return touched[:-1]


@measure(
    "clients_touched:share", title="Clients contacted, share", unit="share", better="higher",
    group="communications", needs=NEEDS, summary="ratio", basis="touched_in", timeless=True,
)  # fmt: skip
def clients_touched_share(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the active clients with whom somebody was in contact in the period.

    Cases: one row per client (company, else contact person) with a deal that was open at some time of the
    period; it belongs to the owner of the company's card, else of its latest deal. Value: 1 if there was a
    communication with it in the period, or a call, letter, message or meeting that was a task was completed.
    Leaves out: deals with neither a company nor a contact; deals closed without a date and technical losses
    make no client active.
    Source: METHOD 3.1; KPI23 7
    """
    clients, active = clients_of_deals(crm), _active(crm, period)
    size = int(clients.max(initial=-1)) + 1
    latest = latest_deals(crm, np.where(active, clients, -1), size)
    chosen = np.zeros(len(clients), dtype=bool)
    chosen[latest[latest >= 0]] = True
    touched = np.append(_touched(crm, period, size), values=False)[clients]
    cases = deal_cases(crm, chosen, value=touched, left_out={"no_client": active & (clients < 0)})
    return cases.assign(manager_id=_owners(crm, cases["deal_ix"].to_numpy()))


def _owners(crm: Snapshot, deals: Ints) -> pd.Categorical:
    """Return the owner of the company's card of each of these deals, else the deal's own."""
    cards, own = crm.tables["companies"], crm.deals["manager_id"]
    card = cards_of_deals(crm)["companies"][deals]
    owned = np.append(cards["manager_id"].notna().to_numpy(), values=False)
    return all_owners(cards["manager_id"], own).take(np.where(owned[card], card, len(cards) + deals))


@measure(
    "clients_touched:count", title="Clients contacted", unit="count", better="higher",
    group="communications", needs=NEEDS, summary="sum", basis="touched_in", default=False, timeless=True,
)  # fmt: skip
def clients_touched_count(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Active clients with whom somebody was in contact in the period.

    Cases: as for the share.
    Source: METHOD 3.1; KPI23 7
    """
    return clients_touched_share(crm, period)


@measure(
    "deals_contacted", title="Open deals with recent contact", unit="share", better="higher",
    group="communications", summary="ratio", basis="open_at",
    needs=ACTED,
)  # fmt: skip
def deals_contacted(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the open deals in which something was done with the client lately (in the last 14 days).

    Cases: one row per deal open at ``as_of``. Value: 1 if there was a communication or a completed task
    within the last ``limits.contact_days`` days (without a list of communications, also by the deal's own
    date of the last action).
    Source: METHOD 3.1
    """
    since = days_before(crm, crm.settings.limits.contact_days)
    recent = last_action(crm) > micros(pd.Series([since]))[0]
    return deal_cases(crm, is_status(crm, "open"), value=recent)
