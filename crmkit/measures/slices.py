"""Slices: how cases are told apart by rep, team, stage, month or any of the client's own fields."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from crmkit.client import did_you_mean
from crmkit.errors import N_, RequestError
from crmkit.periods import GRAINS
from crmkit.schema import Snapshot

#: Words for slices -> the column of the deals (or of the cases) behind them.
ALIASES = {
    "manager": "manager_id",
    "owner": "manager_id",
    "reason": "lost_reason",
    "company": "company_id",
    "client": "company_id",
}
OF_MANAGER = ("team", "role")
NO_SLICE = ("deal_id", "title", "url", "file", "line", "amount", "margin", "created_at", "closed_at")


def check(crm: Snapshot, names: Iterable[str]) -> None:
    """Refuse slices that nothing bears."""
    custom = [
        name for name in crm.deals.columns if name not in NO_SLICE and not name.endswith(("_at", "_on"))
    ]
    known = sorted({*ALIASES, *OF_MANAGER, *GRAINS, *custom})
    for name in names:
        if name not in known:
            raise RequestError(f"--by {name}", N_("there is no such slice"), remedy=did_you_mean(name, known))


def lacking(crm: Snapshot, name: str) -> str:
    """Return the column that the export would need for a slice and does not carry, or nothing."""
    if name in GRAINS:
        return ""
    column = ALIASES.get(name, name)
    if name in OF_MANAGER and f"deals.{name}" not in crm.supplied:
        return "" if f"managers.{name}" in crm.supplied else f"managers.{name}"
    sources = (f"deals.{column}", f"tasks.{column}", f"activities.{column}")
    return "" if crm.supplied.intersection(sources) else f"deals.{column}"


def labels(crm: Snapshot, cases: pd.DataFrame, name: str) -> pd.Series:
    """Return the label of each case in a slice; a missing one is null.

    Raises
    ------
    RequestError: the cases have no moment, and a slice of time is asked for.
    """
    if name in GRAINS:
        return _of_time(cases, name)
    column = ALIASES.get(name, name)
    if column == "manager_id" or (name in OF_MANAGER and name not in crm.deals):
        return _of_manager(crm, _column(crm, cases, "manager_id"), "name" if column == "manager_id" else name)
    return _column(crm, cases, column)


def _column(crm: Snapshot, cases: pd.DataFrame, column: str) -> pd.Series:
    if column in cases:
        return cases[column].astype("str")
    ix = cases["deal_ix"].to_numpy()
    if column not in crm.deals or not len(crm.deals):
        return pd.Series([None] * len(cases), dtype="str")
    values = crm.deals[column]
    if not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype("str").astype("category")
    codes = np.where(ix >= 0, values.cat.codes.to_numpy()[ix], -1)
    return pd.Series(pd.Categorical.from_codes(codes, categories=values.cat.categories)).astype("str")


def _of_manager(crm: Snapshot, managers: pd.Series, attribute: str) -> pd.Series:
    table = crm.tables["managers"]
    names = table[attribute].astype("str")
    if attribute == "name":
        twice = names.duplicated(keep=False)
        names = names.where(~twice, names + " (" + table["manager_id"].astype("str") + ")")
    found = managers.map(dict(zip(table["manager_id"].astype("str"), names, strict=True)))
    return found.astype("str")


def _of_time(cases: pd.DataFrame, grain: str) -> pd.Series:
    if "at" not in cases:
        raise RequestError(
            f"--by {grain}",
            N_("the measure describes one moment and cannot be told by time"),
            remedy=N_("Leave the slice out."),
        )
    day = cases["at"].dt.tz_localize(None).dt.normalize()
    codes, days = pd.factorize(day)
    named = np.array([_name(one, grain) for one in days], dtype=object)
    return pd.Series(np.where(codes >= 0, named[codes] if len(named) else None, None), dtype="str")


def _name(day: pd.Timestamp, grain: str) -> str:
    from crmkit.periods import floor, name_of

    return name_of(floor(day.date(), grain), grain)
