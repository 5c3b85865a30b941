"""Slices: how cases are told apart by rep, team, stage, month or any of the client's own fields."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.errors import N_, RequestError, did_you_mean
from crmkit.periods import GRAINS, floor, name_of
from crmkit.schema import Snapshot

Codes = npt.NDArray[np.int64]
DAY = 86_400_000_000  # microseconds

#: Words for slices -> the column of the deals (or of the cases) behind them.
ALIASES = {
    "manager": "manager_id",
    "owner": "manager_id",
    "reason": "lost_reason",
    "company": "company_id",
    "client": "company_id",
}
OF_MANAGER = ("team", "role")
#: Columns that tell no groups, and names that figures bear themselves.
NO_SLICE = {
    "deal_id", "title", "url", "file", "line", "amount", "margin", "measure", "variant", "unit", "value",
    "numerator", "denominator", "n", "low", "high", "state", "missing",
}  # fmt: skip


def is_common(crm: Snapshot, name: str) -> bool:
    """Return whether a slice belongs to deals, reps or time: what any measure may be told by."""
    return name in ALIASES or name in OF_MANAGER or name in GRAINS or name in crm.deals


def check(crm: Snapshot, names: Iterable[str], also: Iterable[str] = ()) -> None:
    """Refuse slices that nothing bears; ``also`` are those that the measures' own cases do."""
    custom = [
        name for name in crm.deals.columns if name not in NO_SLICE and not name.endswith(("_at", "_on"))
    ]
    known = sorted({*ALIASES, *OF_MANAGER, *GRAINS, *custom, *also})
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


def coded(crm: Snapshot, cases: pd.DataFrame, name: str) -> tuple[Codes, list[str]]:
    """Return the code of each case's label in a slice, −1 where it has none, and the labels."""
    if name in GRAINS:
        return _of_time(cases, name)
    column = ALIASES.get(name, name)
    if column == "manager_id":
        return _of_manager(crm, cases, "name")
    if name in OF_MANAGER and f"deals.{name}" not in crm.supplied:
        return _of_manager(crm, cases, name)
    return _of_column(crm, cases, column)


def _of_column(crm: Snapshot, cases: pd.DataFrame, column: str) -> tuple[Codes, list[str]]:
    if column in cases:
        coded = pd.Categorical(cases[column])
        return coded.codes, [str(one) for one in coded.categories]
    values = crm.deals[column]
    if not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype("str").astype("category")
    at = cases["deal_ix"].fillna(value=-1).to_numpy(dtype=np.int64)
    by_deal = np.append(values.cat.codes.to_numpy(dtype=np.int64), -1)  # −1, the last, is «no deal»
    return by_deal[at], values.cat.categories.tolist()


def _of_manager(crm: Snapshot, cases: pd.DataFrame, attribute: str) -> tuple[Codes, list[str]]:
    codes, ids = _of_column(crm, cases, "manager_id")
    table = crm.tables["managers"]
    names = table[attribute].astype("str")
    if attribute == "name":  # two reps of one name stay two
        names = names.where(
            ~names.duplicated(keep=False), names + " (" + table["manager_id"].astype("str") + ")"
        )
    told = dict(zip(table["manager_id"].astype("str"), names, strict=True))
    places, labels = pd.factorize(pd.Series([told.get(one) for one in ids], dtype="str"))
    return np.append(places.astype(np.int64), -1)[codes], labels.tolist()


def _of_time(cases: pd.DataFrame, grain: str) -> tuple[Codes, list[str]]:
    local = cases["at"].dt.tz_localize(None).to_numpy().astype("datetime64[us]", copy=False)
    first = np.fmin.reduce(local, initial=np.datetime64("NaT", "us"))
    if np.isnat(first):
        return np.full(len(cases), -1), []
    before = int(first.astype(np.int64)) // DAY - 1
    days = local.view(np.int64) // DAY
    days -= before
    np.maximum(days, 0, out=days)  # no day: as a number, it is far before the first
    present = np.flatnonzero(np.bincount(days)[1:]) + 1
    dates = (before + present).astype("datetime64[D]").tolist()
    places, labels = pd.factorize(
        np.array([name_of(floor(day, grain), grain) for day in dates], dtype=object)
    )
    of_day = np.full(present[-1] + 1, -1)
    of_day[present] = places
    return np.take(of_day, days, out=days, mode="clip"), labels.tolist()
