"""What most checks are made of: a population of a table, those of it that offend, and a measure's cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import Check, Examined
from crmkit.facts import NEVER, BoolArray, IntArray, day_of, micros, midnights
from crmkit.fields import filled_rows, unrated
from crmkit.measures.catalog import find
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: Stands between several names of one row.
PARTED = " · "


def looked_at(one: Check, crm: Snapshot, period: Period) -> list[Examined]:
    """Return what a check sees in each table; if it asks for the status, deals without any are unknown."""
    seen = list(one.rule(crm, period))
    if "deals.status" not in one.needs:
        return seen
    untold = crm.deals["status"].isna().to_numpy()
    return [_with_untold(part, untold) if part.table == "deals" else part for part in seen]


def _with_untold(part: Examined, untold: BoolArray) -> Examined:
    others = [rows for reason, rows in part.unknown.items() if reason != "no_status"]
    untold = untold & ~part.checked & ~either(len(untold), others)
    return replace(part, unknown={**part.unknown, "no_status": untold})


def by_measure(
    name: str,
    crm: Snapshot,
    period: Period,
    *,
    offends: Callable[[pd.DataFrame], npt.NDArray[np.bool_]],
    **more: Any,
) -> Examined:
    """Return what the cases of a measure tell of deals: one definition serves figure and check.

    Parameters
    ----------
    name: the measure. offends: which of its cases offend. more: of :class:`Examined`, by row of the deals.

    Returns
    -------
    its counted cases as what is examined; those it leaves out are unknown by their reason, save technical
    losses, which the check is not about.
    """
    cases = find(name).cases(crm, period)
    rows, size = cases["deal_ix"].to_numpy(), len(crm.deals)
    reasons = cases["left_out"].astype("str").to_numpy(object)
    checked, wrong = np.zeros((2, size), dtype=bool)
    counted = reasons == ""
    checked[rows[counted]] = True
    wrong[rows[counted & offends(cases)]] = True
    unknown: dict[str, BoolArray] = {}
    for reason in sorted({*reasons[~counted]} - {"technical_loss"}):
        unknown[str(reason)] = np.zeros(size, dtype=bool)
        unknown[str(reason)][rows[reasons == reason]] = True
    return Examined("deals", checked, wrong, unknown=unknown, **more)


def holds(cases: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which cases a measure counts: for those of a share that is the better the lower."""
    return np.asarray(cases["value"] > 0)


def begun(crm: Snapshot, table: str) -> int:
    """Return the microsecond in which the day of a table's first record begins; ``NEVER`` without any."""
    first = crm.began.get(table)
    return NEVER if first is None else int(micros(midnights(crm, day_of(pd.Series([first]))))[0])


def moments(crm: Snapshot, stamps: IntArray) -> pd.Series:
    """Return microseconds as moments in the client's zone; ``NEVER`` is missing."""
    return pd.Series(stamps.view("M8[us]")).dt.tz_localize("UTC").dt.tz_convert(crm.settings.zone)


def listed(masks: Mapping[str, BoolArray], size: int) -> npt.NDArray[np.object_]:
    """Return for each of ``size`` rows the names whose mask holds, in their order, parted by `` · ``.

    Each distinct list is written once.
    """
    rows = np.flatnonzero(either(size, masks.values()))
    texts, codes = [""], np.zeros(len(rows), dtype=np.int64)
    for name, mask in masks.items():
        lists, codes = np.unique(2 * codes + mask[rows], return_inverse=True)
        texts = [
            PARTED.join(filter(None, (texts[one // 2], name if one % 2 else ""))) for one in lists.tolist()
        ]
    names = np.full(size, "", dtype=object)
    names[rows] = np.array(texts, dtype=object)[codes]
    return names


def either(size: int, masks: Iterable[BoolArray]) -> BoolArray:
    """Return in which of ``size`` rows any of the masks holds."""
    return np.asarray(np.logical_or.reduce([np.zeros(size, dtype=bool), *masks]))


def unfilled(
    crm: Snapshot,
    table: str,
    wanted: Mapping[str, BoolArray],
    *,
    since: pd.Series | None = None,
    unknown: Mapping[str, BoolArray] | None = None,
) -> Examined:
    """Return which rows lack fields that they should have.

    Parameters
    ----------
    wanted: field, or alternatives by ``|`` -> in which rows it should be filled. since, unknown: as in
        :class:`Examined`.

    Returns
    -------
    examined are rows of which the export has at least one of the fields; the others are unknown, and so is a
    deal that lacks nothing but perhaps its amount, whose currency has no rate.
    """
    size = len(crm.tables[table])
    checked, doubtful = np.zeros((2, size), dtype=bool)
    empty: dict[str, BoolArray] = {}
    lacking = []
    for name, rows in wanted.items():
        parts = {f"{table}.{one.strip()}": filled_rows(crm, table, one) for one in name.split("|")}
        filled = [one for one in parts.values() if one is not None]
        if len(filled) < len(parts):
            lacking.append("|".join(column for column, told in parts.items() if told is None))
        if filled:
            checked |= rows
            empty[name] = rows & ~either(size, filled)
        if (table, name) == ("deals", "amount"):
            doubtful |= rows & unrated(crm)
    wrong = either(size, empty.values())
    doubtful &= checked & ~wrong
    reasons = {"no_required_column": either(size, wanted.values()) & ~checked, "no_amount": doubtful}
    return Examined(
        table, checked & ~doubtful, wrong, since,
        names=listed(empty, size), unknown=reasons | dict(unknown or {}), lacking=tuple(lacking),
    )  # fmt: skip
