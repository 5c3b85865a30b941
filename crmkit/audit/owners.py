"""Who answers for a row of a table: its owner; of a client's card its own, else that of its latest deal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import Examined
from crmkit.clients import cards_of_deals, latest_deals, places_among
from crmkit.facts import once_per_snapshot
from crmkit.schema import Snapshot

Codes = npt.NDArray[np.signedinteger]
OWNED = ("deals", "tasks", "activities", "companies")


@dataclass(frozen=True, eq=False)
class Owners:
    """The reps, ``ids`` in sorted order, and for each table the code of each row's owner; −1 for nobody."""

    ids: pd.Index
    of: dict[str, Codes]

    def answering(self, part: Examined) -> Codes:
        """Return the code of the rep who answers for each row of what a check saw."""
        return self.of[part.table] if part.owner is None else self.coded(part.owner)

    def coded(self, names: pd.Categorical) -> Codes:
        """Return codes into ``ids`` for other owners; −1 for one who is not among them."""
        return np.asarray(np.append(self.ids.get_indexer(names.categories), -1)[names.codes])

    def named(self, codes: Codes) -> pd.Categorical:
        """Return the owners behind codes."""
        return pd.Categorical.from_codes(codes, self.ids, validate=False)


@once_per_snapshot
def owners(crm: Snapshot) -> Owners:
    """Return who answers for the rows of deals, tasks, communications, companies and contacts.

    A company without an owner, and a contact, whose company has none, belong to the owner of the latest deal
    with them.
    """
    tables = crm.tables
    named = [tables[name]["manager_id"] for name in OWNED]
    changes = tables["stage_changes"]["manager_id"]
    every = {str(one) for column in [*named, changes] for one in column.cat.categories}
    ids = pd.Index(sorted(every), dtype="str")
    found: dict[str, Codes] = {}
    for name, column in zip(OWNED, named, strict=True):
        places = np.append(ids.get_indexer(column.cat.categories), -1)
        found[name] = places[column.cat.codes.to_numpy()]
    owner = np.append(found["deals"], -1)
    cards = cards_of_deals(crm)
    latest = {name: latest_deals(crm, cards[name], len(tables[name])) for name in ("companies", "contacts")}
    of_deal = owner[latest["companies"]]
    found["companies"] = np.where(found["companies"] >= 0, found["companies"], of_deal)
    firm = places_among(tables["contacts"]["company_id"], tables["companies"]["company_id"])
    by_firm = np.append(found["companies"], -1)[firm]
    found["contacts"] = np.where(by_firm >= 0, by_firm, owner[latest["contacts"]])
    return Owners(ids, found)
