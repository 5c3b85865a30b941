"""The reps: those that the settings name, those in a file, and those that only the data knows."""

from __future__ import annotations

import pandas as pd

from crmkit.client import Client
from crmkit.sources.ledger import Ledger

OWNED = ("deals", "stage_changes", "tasks", "activities", "companies", "plans")


def conform_managers(
    tables: dict[str, pd.DataFrame], client: Client, ledger: Ledger
) -> dict[str, pd.DataFrame]:
    """Return the tables with one row per rep in ``managers``, and every owner named by its ``manager_id``."""
    given = tables["managers"].drop_duplicates("manager_id").set_index("manager_id", drop=False)
    by_name = dict(zip(given["name"], given["manager_id"], strict=True))
    tables = {
        name: _named(frame, given, by_name) if name in OWNED and "manager_id" in frame else frame
        for name, frame in tables.items()
    }
    seen = pd.concat([tables[name]["manager_id"].dropna() for name in OWNED], ignore_index=True)
    owners = pd.Index(sorted(seen.unique()))
    rows = given.reindex(owners.union(given.index, sort=True).astype("str"))
    rows["manager_id"] = rows.index
    rows["name"] = rows["name"].where(rows["name"].notna(), rows["manager_id"])
    rows = _with_settings(rows.reset_index(drop=True), client)
    listed = (
        {one.id or one.name for one in client.managers}
        | set(given["manager_id"])
        | {one.name for one in client.managers}
    )
    strangers = seen[~seen.isin(list(listed))].value_counts()
    if listed:
        ledger.note(
            "unknown_manager", "deals", "manager_id", count=int(strangers.sum()), samples=strangers.index
        )
    idle = [name for name in given["manager_id"] if name not in set(owners)]
    ledger.note("manager_without_deals", "managers", "manager_id", count=len(idle), samples=idle)
    return {**tables, "managers": rows}


def _named(frame: pd.DataFrame, given: pd.DataFrame, by_name: dict[str, str]) -> pd.DataFrame:
    owner = frame["manager_id"]
    if given.empty or owner.isna().all():
        return frame
    by_number = owner.isin(given["manager_id"])
    found = owner.map(by_name)
    return frame.assign(manager_id=owner.where(by_number | found.isna(), found).astype("str"))


def _with_settings(rows: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Lay the settings' words over the rows; a rep named only in the settings gets a row too."""
    by_id = {key: row for row, key in enumerate(rows["manager_id"])}
    by_name = {key: row for row, key in enumerate(rows["name"])}
    extra = [one for one in client.managers if (one.id or one.name) not in by_id and one.name not in by_name]
    if extra:
        fresh = pd.DataFrame(
            {"manager_id": [one.id or one.name for one in extra], "name": [one.name for one in extra]}
        )
        rows = pd.concat([rows, fresh.astype("str")], ignore_index=True)
        return _with_settings(rows, client)
    values = {
        name: rows[name].astype("object").tolist() for name in ("name", "role", "team", "hired_on", "left_on")
    }
    for one in client.managers:
        row = by_id.get(one.id or one.name, by_name.get(one.name, -1))
        for name in values:
            told = getattr(one, name)
            if told is not None:
                values[name][row] = told
    for name in ("name", "role", "team"):
        rows[name] = pd.Series(values[name], dtype="str")
    for name in ("hired_on", "left_on"):
        rows[name] = pd.to_datetime(pd.Series(values[name])).astype("datetime64[us]")
    rows["file"] = rows["file"].astype("str").where(rows["file"].notna(), "")
    rows["line"] = rows["line"].astype("Int64").fillna(value=0).astype("int32")
    return rows.sort_values("manager_id", ignore_index=True)
