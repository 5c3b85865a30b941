"""Fields that must be filled: found by their name in a table, canonical or the client's own."""

from __future__ import annotations

import numpy as np

from crmkit.facts import BoolArray
from crmkit.schema import Snapshot, column


def filled_rows(crm: Snapshot, table: str, name: str) -> BoolArray | None:
    """Return in which rows a field is filled; ``None`` if the export does not have it.

    A field of the client's own that is never filled is there. An amount of zero is not filled.
    """
    rows = crm.tables[table]
    if name not in rows:
        same = {str(one).strip().casefold(): str(one) for one in rows.columns}
        name = same.get(name.strip().casefold(), "")
    if not name or (column(table, name) is not None and f"{table}.{name}" not in crm.supplied):
        return None
    filled = rows[name].notna()
    return np.asarray(filled & (rows[name] != 0) if name == "amount" else filled, dtype=bool)
