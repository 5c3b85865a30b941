"""What was known at a moment: how far an export reaches, and its tables without all that came later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from crmkit.errors import N_, RequestError
from crmkit.schema import EVENTS, Snapshot
from crmkit.sources.carded import CARDED
from crmkit.sources.identity import KEYS

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_MICROSECOND = pd.Timedelta(microseconds=1)

#: Rows of these tables begin to exist at these moments.
BEGINNINGS = {
    "stage_changes": "changed_at",
    "tasks": "created_at",
    "activities": "at",
    "companies": "created_at",
    "contacts": "created_at",
}
#: What an export tells of an open deal as it is on the day of export, not as it was before.
PRESENT = (
    "amount", "margin", "discount", "probability", "expected_close_on", "next_task_at", "last_activity_at",
    "updated_at", "stage_entered_at", "stage", "manager_id",
)  # fmt: skip


def day_in_name(name: str) -> date | None:
    """Return the latest day that stands in a file's name.

    >>> day_in_name("amocrm_export_leads_2026-10-31.csv")
    datetime.date(2026, 10, 31)
    """
    days = []
    for parts in _DAY_IN_NAME.findall(name):
        try:
            days.append(date(*(int(part) for part in parts)))
        except ValueError:
            continue
    return max(days, default=None)


def end_of(day: date, zone: str) -> pd.Timestamp:
    """Return the last microsecond of a day."""
    return pd.Timestamp(datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))) - _MICROSECOND


def moment_of(given: date | datetime | str, zone: str) -> pd.Timestamp:
    """Return the moment that is meant: a day is meant as a whole, a time without a zone in the client's.

    Raises
    ------
    RequestError: it is no date.
    """
    try:
        if isinstance(given, str):
            given = datetime.fromisoformat(given) if len(given) > 10 else date.fromisoformat(given)
        if not isinstance(given, datetime):
            return end_of(given, zone)
        aware = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(zone))
        return pd.Timestamp(aware).tz_convert(zone)
    except (ValueError, OverflowError) as error:
        raise RequestError(
            f"as_of {given}", N_("this is not a date"), remedy=N_("Write a date such as 2026-10-31.")
        ) from error


def reach(tables: dict[str, pd.DataFrame], exported_on: date | None, zone: str) -> pd.Timestamp | None:
    """Return the latest event, leaving out what is later than the day of export; ``None`` without any.

    The closing date of a deal is an event only if the deal is closed.
    """
    latest = []
    for table, names in EVENTS.items():
        for name in names:
            moments = tables[table][name]
            if name == "closed_at":
                moments = moments[tables[table]["status"].isin(["won", "lost"])]
            if exported_on is not None:
                moments = moments[moments <= end_of(exported_on, zone)]
            latest.append(moments.max())
    return max((moment for moment in latest if not pd.isna(moment)), default=None)


def first_records(tables: dict[str, pd.DataFrame]) -> dict[str, pd.Timestamp]:
    """Return the first recorded moment of each table that has one, and of each kind of action.

    A kind is named as in ``Snapshot.supplied``: a CRM may record calls long after it began with letters.
    """
    found = {}
    for table, names in EVENTS.items():
        firsts = [first for name in names if not pd.isna(first := tables[table][name].min())]
        if firsts:
            found[table] = min(firsts)
        if "kind" in tables[table]:
            found |= _first_of_kinds(table, tables[table], names)
    return found


def _first_of_kinds(table: str, rows: pd.DataFrame, names: Iterable[str]) -> dict[str, pd.Timestamp]:
    kinds = rows["kind"].cat
    first = np.full(len(kinds.categories) + 1, np.iinfo(np.int64).max)
    for name in names:
        known = np.flatnonzero(rows[name].notna())
        at = rows[name].dt.as_unit("us").array.asi8[known]
        np.minimum.at(first, kinds.codes.to_numpy()[known], at)
    zone = rows[next(iter(names))].dt.tz
    return {
        f"{table}.kind={kind}": pd.Timestamp(stamp, unit="us", tz=zone)
        for kind, stamp in zip(kinds.categories, first[:-1].tolist(), strict=True)
        if stamp < np.iinfo(np.int64).max
    }


def cut(crm: Snapshot) -> Snapshot:
    """Take away all that came after ``as_of``: later rows, and what later days did to earlier ones."""
    as_of, tables = crm.as_of, dict(crm.tables)
    hidden: dict[str, int] = {}
    for name, moment in BEGINNINGS.items():
        late = tables[name][moment] > as_of
        hidden[f"{name}.{moment}"] = int(late.sum())
        if late.any():
            tables[name] = tables[name][~late].reset_index(drop=True)
    tables["tasks"] = _blank(tables["tasks"], "completed_at", as_of, ("completed_at", "result"))
    last_day = as_of.tz_localize(None)
    tables["payments"] = _blank(tables["payments"], "paid_on", last_day, ("paid_on", "amount_paid"))
    deals = tables["deals"]
    seen = ~(deals["created_at"] > as_of).to_numpy()
    closed_later = deals["closed_at"] > as_of
    hidden |= {"deals.created_at": int((~seen).sum()), "deals.closed_at": int((closed_later & seen).sum())}
    status = deals["status"]
    deals = _blank(deals, "closed_at", as_of, ("closed_at", "lost_reason", "lost_at_stage"))
    deals = deals.assign(status=status.where(~closed_later | status.isna(), "open"))
    if not crm.is_current:
        deals = _as_it_stood(deals, tables["stage_changes"], as_of)
    tables["deals"] = deals
    if not seen.all():
        tables = _without_deals(tables, seen)
        tables = {name: _of_deals(name, frame, crm, tables["deals"]) for name, frame in tables.items()}
    return replace(crm, tables=tables, hidden={name: count for name, count in hidden.items() if count})


def _blank(frame: pd.DataFrame, moment: str, as_of: pd.Timestamp, names: Iterable[str]) -> pd.DataFrame:
    """Blank columns in the rows whose moment is later."""
    later = frame[moment] > as_of
    return frame.assign(**{name: frame[name].mask(later) for name in names}) if later.any() else frame


def _without_deals(tables: dict[str, pd.DataFrame], seen: np.ndarray) -> dict[str, pd.DataFrame]:
    """Leave deals out and give the others' rows their new positions; rows of deals left out have none."""
    place = np.append(np.where(seen, np.cumsum(seen) - 1, -1), -1)
    kept = {"deals": tables["deals"][seen].reset_index(drop=True)}
    for name, frame in tables.items():
        if "deal_ix" in frame:
            moved = frame.assign(deal_ix=place[frame["deal_ix"].to_numpy()])
            kept[name] = moved.sort_values("deal_ix", kind="stable", ignore_index=True)
    return {**tables, **kept}


def _of_deals(name: str, cards: pd.DataFrame, crm: Snapshot, deals: pd.DataFrame) -> pd.DataFrame:
    """Leave out cards that were made of deals which are not seen: they have no date of their own."""
    if crm.partial.get(name) != CARDED:
        return cards
    key = KEYS[name]
    named = deals[key].cat.categories[np.unique(deals[key].cat.codes[deals[key].notna()])]
    seen = cards[key].isin(named)
    return cards if seen.all() else cards[seen].reset_index(drop=True)


def _as_it_stood(deals: pd.DataFrame, changes: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Blank what is known only for the day of export; the stage comes from the history if there is one."""
    is_open = deals["status"] == "open"
    deals = deals.assign(owner_at_export=deals["manager_id"])
    deals = deals.assign(**{name: deals[name].mask(is_open) for name in PRESENT})
    for name in ("updated_at", "stage_entered_at", "last_activity_at"):
        deals[name] = deals[name].mask(deals[name] > as_of)
    known = changes[changes["deal_ix"] >= 0]
    if known.empty:
        return deals
    last = known.groupby("deal_ix").tail(1).set_index("deal_ix").reindex(range(len(deals)))
    told = {
        "stage": last["to_stage"].astype("str"),
        "manager_id": last["manager_id"].astype("str"),
        "stage_entered_at": last["changed_at"],
    }
    for name, values in told.items():
        kind = "category" if name != "stage_entered_at" else deals[name].dtype
        own = deals[name].astype("str") if kind == "category" else deals[name]
        deals[name] = own.mask(is_open, values).astype(kind)
    return deals
