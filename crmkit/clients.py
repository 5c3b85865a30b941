"""Clients behind deals and communications: the company, else the contact person; once per Snapshot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.facts import micros, once_per_snapshot
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.signedinteger]


@once_per_snapshot
def clients_of_deals(crm: Snapshot) -> Ints:
    """Return for each deal the code of its client: the company, else the contact person; −1 for neither."""
    company, contact = (crm.deals[name].cat for name in ("company_id", "contact_id"))
    firm, person = company.codes.to_numpy(), contact.codes.to_numpy().astype(np.int64)
    alone = np.where(person >= 0, person + len(company.categories), -1)
    return np.asarray(np.where(firm >= 0, firm, alone), dtype=np.int64)


def clusters(crm: Snapshot, deals: Ints) -> npt.NDArray[np.int64]:
    """Return codes of which cases hang together: those of one client, else of one deal; else each by itself.

    Parameters
    ----------
    deals: the position of each case's deal, −1 for none.
    """
    of_deals = np.append(clients_of_deals(crm), -1)
    client, first = of_deals[deals], int(of_deals.max()) + 1
    own = np.where(deals >= 0, deals, len(crm.deals) + np.arange(len(deals)))
    return np.asarray(np.where(client >= 0, client, first + own), dtype=np.int64)


def worth(client: Ints, weight: npt.ArrayLike = 1.0) -> float:
    """Return how many clients with equally many cases would tell as much as these; 0 of none.

    Parameters
    ----------
    client: of each case, codes that are not negative. weight: what a case counts.

    Source: Kish, Survey Sampling (1965), chapter 11
    """
    cases = np.bincount(client, weights=np.broadcast_to(np.asarray(weight, np.float64), client.shape))
    squares = float((cases**2).sum())
    return float(cases.sum()) ** 2 / squares if squares else 0.0


@once_per_snapshot
def clients_of_actions(crm: Snapshot) -> dict[str, Ints]:
    """Return for each communication and each task the code of its client, as for deals; −1 if not known.

    It is the client of its deal; without a deal (or with a deal without a client) its company, else the
    client of the latest deal with its contact.
    """
    clients, deals = np.append(clients_of_deals(crm), -1).astype(np.int32), crm.deals
    company, contact = (deals[name].cat for name in ("company_id", "contact_id"))
    latest = latest_deals(crm, contact.codes.to_numpy(), len(contact.categories))
    of_contact = np.append(clients[latest], -1)
    found = {}
    for table in ("activities", "tasks"):
        rows = crm.tables[table]
        found[table] = clients[rows["deal_ix"].to_numpy()]
        others = np.flatnonzero(found[table] < 0)
        firm = places_among(rows["company_id"].iloc[others], company.categories)
        person = of_contact[places_among(rows["contact_id"].iloc[others], contact.categories)]
        found[table][others] = np.where(firm >= 0, firm, person)
    return found


@once_per_snapshot
def cards_of_deals(crm: Snapshot) -> dict[str, Ints]:
    """Return for each deal the position of its company's and its contact's card (by table); −1 for none."""
    keys = {"companies": "company_id", "contacts": "contact_id"}
    return {table: places_among(crm.deals[key], crm.tables[table][key]) for table, key in keys.items()}


def places_among(column: pd.Series, names: pd.Index | pd.Series) -> Ints:
    """Return where each name of a column of categories first stands among others, −1 where it does not."""
    codes, names = column.cat.codes.to_numpy(), pd.Index(names)
    used = np.zeros(len(column.cat.categories) + 1, dtype=bool)
    used[codes] = True
    wanted = np.flatnonzero(used[:-1])
    places = np.full(len(used), -1)
    if 2 * len(wanted) < len(names):
        found = _found(names, column.cat.categories[wanted])
        here = np.flatnonzero(found >= 0)[::-1]  # of several the first one stays
        places[wanted[found[here]]] = here
    else:
        places[wanted] = _found(column.cat.categories[wanted], names)
    return np.asarray(places[codes])


def _found(names: pd.Index, among: pd.Index) -> Ints:
    if not len(names) or not len(among):
        return np.full(len(names), -1)
    wanted, known = (pa.array(one.array, pa.large_string(), from_pandas=True) for one in (names, among))
    return np.asarray(pc.fill_null(pc.index_in(wanted, value_set=known, skip_nulls=True), -1))


def latest_deals(crm: Snapshot, groups: Ints, size: int) -> Ints:
    """Return for each group 0 … size − 1 the position of its deal created last, −1 for none.

    Of several created at one moment it is that with the greatest identifier; deals of group −1 are in none.
    """
    rows = _by_creation(crm)
    rows = rows[groups[rows] >= 0]
    found = np.full(size, -1)
    found[groups[rows]] = rows  # of several the last one stays
    return found


@once_per_snapshot
def _by_creation(crm: Snapshot) -> Ints:
    """Return the positions of the deals by creation, those without a date first, then by identifier."""
    created, ids = micros(crm.deals["created_at"]), crm.deals["deal_id"]
    order = np.arange(len(ids)) if ids.is_monotonic_increasing else ids.argsort().to_numpy()
    return np.asarray(order[np.argsort(created[order], kind="stable")])
