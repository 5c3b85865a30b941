"""Clients behind deals and communications: the company, else the contact person; once per Snapshot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crmkit.facts import NEVER, micros, once_per_snapshot
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.signedinteger]


@once_per_snapshot
def clients_of_deals(crm: Snapshot) -> Ints:
    """Return for each deal the code of its client: the company, else the contact person; −1 for neither."""
    company, contact = (crm.deals[name].cat for name in ("company_id", "contact_id"))
    firm, person = company.codes.to_numpy(), contact.codes.to_numpy().astype(np.int64)
    alone = np.where(person >= 0, person + len(company.categories), -1)
    return np.asarray(np.where(firm >= 0, firm, alone), dtype=np.int64)


@once_per_snapshot
def clients_of_actions(crm: Snapshot) -> dict[str, Ints]:
    """Return for each communication and each task the code of its client, as for deals; −1 if not known.

    It is the client of its deal; without a deal (or with a deal without a client) its company, else the
    client of the latest deal with its contact.
    """
    clients, deals = clients_of_deals(crm), crm.deals
    company, contact = (deals[name].cat for name in ("company_id", "contact_id"))
    size = len(contact.categories)
    latest = latest_deals(crm, contact.codes.to_numpy().astype(np.int64), size)
    of_contact = np.where(latest >= 0, np.append(clients, -1)[latest], -1)
    found = {}
    for table in ("activities", "tasks"):
        rows = crm.tables[table]
        own = np.append(clients, -1)[rows["deal_ix"].to_numpy()]
        firms = np.append(company.categories.get_indexer(rows["company_id"].cat.categories), -1)
        firm = firms[rows["company_id"].cat.codes.to_numpy()]
        people = contact.categories.get_indexer(rows["contact_id"].cat.categories)
        persons = np.append(np.where(people >= 0, np.append(of_contact, -1)[people], -1), -1)
        person = persons[rows["contact_id"].cat.codes.to_numpy()]
        found[table] = np.where(own >= 0, own, np.where(firm >= 0, firm, person)).astype(np.int32)
    return found


def latest_deals(crm: Snapshot, groups: Ints, size: int) -> Ints:
    """Return for each group 0 … size − 1 the position of its deal created last, −1 for none.

    Of several created at one moment it is that with the greatest identifier; deals of group −1 are in none.
    """
    rows = np.flatnonzero(groups >= 0)
    created = micros(crm.deals["created_at"])
    last = np.full(size, NEVER)
    np.maximum.at(last, groups[rows], created[rows])
    rows = rows[created[rows] == last[groups[rows]]]
    ids = crm.deals["deal_id"].iloc[rows]
    rows = rows[ids.argsort().to_numpy()] if not ids.is_monotonic_increasing else rows
    found = np.full(size, -1)
    found[groups[rows]] = rows  # of several the last one stays
    return found
