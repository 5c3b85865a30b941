"""The rows that offend in one table, with all that is told of each: card, rep, moment, figures, address."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.audit.checks import KEYS, NAMES, Examined
from crmkit.audit.owners import Codes, Owners
from crmkit.facts import BoolArray, is_status
from crmkit.schema import Snapshot


def offenders_of(crm: Snapshot, check: str, part: Examined, *, people: Owners) -> pd.DataFrame:
    """Return the rows of a table that offend, with what tells of them."""
    table = crm.tables[part.table]
    rows = np.flatnonzero(part.checked & part.wrong)
    deal = rows if part.table == "deals" else _deal_of(table, rows)
    size, zone = len(rows), crm.settings.zone
    amount = np.where(is_status(crm, "open"), crm.deals["amount"].to_numpy(np.float64), np.nan)
    since = part.since.array[rows] if part.since is not None else _never(size, zone)
    frame = pd.DataFrame(
        {
            "check": check,
            "table": part.table,
            "row": rows,
            "id": table[KEYS[part.table]].astype("str").array[rows],
            "name": table[NAMES[part.table]].astype("str").array[rows],
            "deal_ix": deal,
            "deal_id": crm.deals["deal_id"].astype("str").array.take(deal, allow_fill=True),
            "manager_id": people.named(people.answering(part)[rows]),
            "since": pd.Series(since).dt.as_unit("us"),
            "kind": _picked(part.kind, rows, 0),
            "names": pd.Series(_picked(part.names, rows, ""), dtype="str"),
            "number": _picked(part.number, rows, np.nan),
            "norm": _picked(part.norm, rows, np.nan),
            "group": _picked(part.group, rows, -1),
            "amount": np.append(amount, np.nan)[deal],
            "url": _urls(crm, part.table, rows, deal),
        }
    )
    return frame.sort_values("id", kind="stable", na_position="last", ignore_index=True)


def _deal_of(table: pd.DataFrame, rows: Codes) -> Codes:
    return table["deal_ix"].to_numpy()[rows] if "deal_ix" in table else np.full(len(rows), -1)


def _never(size: int, zone: str) -> pd.Series:
    return pd.Series(pd.NaT, index=range(size), dtype=pd.DatetimeTZDtype("us", zone))


def _picked(values: np.ndarray | None, rows: Codes, nothing: object) -> np.ndarray:
    return np.full(len(rows), nothing) if values is None else np.asarray(values)[rows]


def _urls(crm: Snapshot, table: str, rows: Codes, deal: Codes) -> pd.api.extensions.ExtensionArray:
    """Return the address of each row's card: tasks and communications lead to their deal."""
    if "url" in crm.tables[table]:
        return crm.tables[table]["url"].array[rows]
    return crm.deals["url"].array.take(deal, allow_fill=True)


def no_offenders(crm: Snapshot, people: Owners) -> pd.DataFrame:
    """Return no offending row, in the columns of :func:`offenders_of`."""
    none: BoolArray = np.zeros(len(crm.deals), dtype=bool)
    return offenders_of(crm, "", Examined("deals", none, none), people=people)
