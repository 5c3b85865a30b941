"""Which deals have a field filled that a description asks for, whatever people call the field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crmkit.clients import cards_of_deals
from crmkit.facts import BoolArray
from crmkit.fields import filled_rows
from crmkit.process.wording import fold
from crmkit.schema import Snapshot


def deals_filled(crm: Snapshot, name: str, headings: Mapping[str, str]) -> BoolArray | None:
    """Return for each deal whether a field is filled at the export; ``None`` if no file has it.

    Parameters
    ----------
    name: a column of the deals, canonical or the client's own, or its heading in a file; a column of the
        deal's company or contact as ``companies.city``, ``contacts.phone``; alternatives by ``|``.
    headings: the headings of the client's files and the columns that they feed.
    """
    told = [one for each in name.split("|") if (one := _filled(crm, each.strip(), headings)) is not None]
    return np.asarray(np.logical_or.reduce(told)) if told else None


def _filled(crm: Snapshot, name: str, headings: Mapping[str, str]) -> BoolArray | None:
    table, _, rest = name.partition(".")
    if rest and table in ("companies", "contacts"):
        cards = filled_rows(crm, table, rest)
        return None if cards is None else np.append(cards, values=False)[cards_of_deals(crm)[table]]
    own = {fold(str(one)): str(one) for one in crm.deals.columns}
    fed = {fold(heading): column for heading, column in headings.items() if column}
    column = own.get(fold(name), name)
    if filled_rows(crm, "deals", column) is None:
        column = fed.get(fold(name), column)
    found = filled_rows(crm, "deals", column)
    return found if found is None or column != "expected_close_on" else _or_closed(crm, found)


def _or_closed(crm: Snapshot, found: BoolArray) -> BoolArray:
    """Count the closing day of closed deals where the CRM keeps it in the place of the expected one."""
    closed = crm.deals["closed_at"].notna().to_numpy()
    return found if (found & closed).any() else found | closed
