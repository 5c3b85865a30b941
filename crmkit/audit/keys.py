"""What a row is called from one export to the next: its number, else a stand-in made of what it says."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import KEYS
from crmkit.facts import BoolArray
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.signedinteger]
Names = npt.NDArray[np.object_]
#: What stays the same of a row while it is worked on; ``|``: the first that the export has.
LASTING = {
    "deals": ("title", "company_id", "contact_id", "created_at"),
    "tasks": ("deal_id", "contact_id", "company_id", "kind", "title", "created_at|due_at"),
    "activities": ("deal_id", "contact_id", "company_id", "kind", "direction", "title", "at"),
    "companies": ("name", "tax_id"),
    "contacts": ("name", "phone", "email"),
}
STAND_IN = re.compile("~([0-9a-f]{16})(?:-[0-9]+)?")


def lasting_names(crm: Snapshot, table: str, rows: Ints) -> Names:
    """Return what some rows of a table are called in any export.

    A row without a number of its own, or with one made of its place in a file, is called by a digest of what
    lasts of it; of several alike each has a further number.
    """
    names = crm.tables[table][KEYS[table]].take(rows).astype("str").to_numpy(object)
    without = _without_number(crm.tables[table], table, rows)
    if without.any():
        digests = pd.Series(_digests(crm, table, rows[without]))
        place = digests.groupby(digests, sort=False).cumcount() + 1
        names[without] = [
            f"~{one:016x}" + (f"-{k}" if k > 1 else "") for one, k in zip(digests, place, strict=True)
        ]
    return np.asarray(names)


def places_of_names(crm: Snapshot, table: str, names: Names) -> Ints:
    """Return where in a table the rows are that were so called once; −1 for those that are not there."""
    rows = np.arange(len(crm.tables[table]))
    ids = pd.Index(crm.tables[table][KEYS[table]].astype("str"))
    places = _places(ids, pd.Index(names, dtype="str"))
    made = [STAND_IN.fullmatch(name) for name in names]
    some = np.flatnonzero([one is not None for one in made])
    if len(some):
        wanted = np.array([int(made[k][1], 16) for k in some], dtype=np.uint64)  # type: ignore[index]
        without = rows[_without_number(crm.tables[table], table, rows)]
        found = _places(pd.Index(_digests(crm, table, without)), pd.Index(wanted))
        places[some] = np.append(without, -1)[found]
    return places


def _places(names: pd.Index, wanted: pd.Index) -> Ints:
    """Return where each wanted name first stands, −1 where it does not."""
    first = np.flatnonzero(~names.duplicated())
    return np.asarray(np.append(first, -1)[names[first].get_indexer(wanted)])


def _without_number(frame: pd.DataFrame, table: str, rows: Ints) -> BoolArray:
    names = frame[KEYS[table]].take(rows).astype("str")
    place = frame["file"].take(rows).astype("str") + ":" + frame["line"].take(rows).astype("str")
    return np.asarray(names.isna() | (names == place), dtype=bool)


def _digests(crm: Snapshot, table: str, rows: Ints) -> npt.NDArray[np.uint64]:
    chosen = []
    for name in LASTING[table]:
        parts = name.split("|")
        chosen.append(next((one for one in parts if f"{table}.{one}" in crm.supplied), parts[0]))
    lasting = crm.tables[table][chosen].take(rows)
    moments = lasting.select_dtypes("datetimetz").columns
    utc = {name: lasting[name].dt.as_unit("us").dt.tz_convert("UTC") for name in moments}
    texts = {name: lasting[name].astype("str") for name in chosen if name not in utc}
    return np.asarray(pd.util.hash_pandas_object(lasting.assign(**utc, **texts), index=False))
