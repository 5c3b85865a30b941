"""The reps: those that the settings name, those in a file, and those that only the data knows."""

from __future__ import annotations

import pandas as pd

from crmkit.settings import Client
from crmkit.sources.distinct import by_distinct
from crmkit.sources.ledger import Ledger, with_nearest

OWNED = ("deals", "stage_changes", "tasks", "activities", "companies", "plans")
_TOLD = ("name", "role", "team", "hired_on", "left_on")


def conform_managers(
    tables: dict[str, pd.DataFrame], client: Client, ledger: Ledger
) -> dict[str, pd.DataFrame]:
    """Return the tables with one row per rep in ``managers``, and every owner named by its ``manager_id``.

    An owner written by name is the rep of that name, unless two have it.
    """
    listed = _listed(tables["managers"], client)
    by_name = listed.drop_duplicates("name", keep=False).set_index("name")["manager_id"]
    tables = {**tables, **{name: _named(tables[name], listed, by_name) for name in OWNED}}
    owners = pd.concat([tables[name]["manager_id"].value_counts() for name in OWNED]).groupby(level=0).sum()
    strangers = owners[~owners.index.isin(listed["manager_id"])]
    if len(listed):
        samples = with_nearest(strangers, listed["name"])
        ledger.note("unknown_manager", "deals", "manager_id", count=int(strangers.sum()), samples=samples)
    idle = listed["name"][~listed["manager_id"].isin(owners.index)]
    ledger.note("manager_without_deals", "managers", "manager_id", count=len(idle), samples=idle)
    fresh = pd.DataFrame({"manager_id": strangers.index, "name": strangers.index, "file": "", "line": 0})
    fresh = fresh.astype({name: listed[name].dtype for name in fresh.columns})
    rows = pd.concat([listed, fresh], ignore_index=True).sort_values("manager_id", ignore_index=True)
    return {**tables, "managers": rows}


def _named(frame: pd.DataFrame, listed: pd.DataFrame, by_name: pd.Series) -> pd.DataFrame:
    def named(cells: pd.Series) -> pd.Series:
        found = cells.map(by_name).astype("str")
        return cells.where(cells.isin(listed["manager_id"]) | found.isna(), found)

    return frame.assign(manager_id=by_distinct(frame["manager_id"], named))


def _listed(given: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Lay the settings' words over the rows of the file; a rep named only in the settings gets a row too."""
    given = given.assign(name=given["name"].where(given["name"].notna(), given["manager_id"]))
    records = {row["manager_id"]: row for row in given.to_dict("records")}
    by_name = {row["name"]: key for key, row in records.items()}
    for one in client.managers:
        key = one.id or one.name
        if key not in records:
            key = by_name.get(one.name, key)
        row = records.setdefault(key, {"manager_id": key, "file": "client.yml", "line": 0})
        row.update({name: told for name in _TOLD if (told := getattr(one, name)) is not None})
    if not client.managers:
        return given
    rows = pd.DataFrame(list(records.values()), columns=given.columns)
    for name in ("hired_on", "left_on"):
        rows[name] = pd.to_datetime(rows[name])
    return rows.astype({**given.dtypes, "file": "str"})
