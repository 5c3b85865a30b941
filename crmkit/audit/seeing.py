"""What most checks are made of: a population of a table, those of it that offend, and a measure's cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import Examined
from crmkit.facts import NEVER, BoolArray, IntArray
from crmkit.fields import filled_rows, unrated
from crmkit.measures.catalog import find
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: Stands between several names of one row.
PARTED = " · "
PLACES = {"tasks": "task_ix", "activities": "activity_ix", "deals": "deal_ix"}


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


def moments(crm: Snapshot, micros: IntArray) -> pd.Series:
    """Return microseconds as moments in the client's zone; ``NEVER`` is missing."""
    stamps = np.where(micros == NEVER, np.datetime64("NaT", "us").astype(np.int64), micros)
    return pd.Series(stamps.view("M8[us]")).dt.tz_localize("UTC").dt.tz_convert(crm.settings.zone)


def told(masks: Mapping[str, BoolArray], size: int) -> npt.NDArray[np.object_]:
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
        filled = filled_rows(crm, table, name)
        if filled is None:
            lacking.append("|".join(f"{table}.{one.strip()}" for one in name.split("|")))
            continue
        checked |= rows
        empty[name] = rows & ~filled
        if (table, name) == ("deals", "amount"):
            doubtful |= rows & unrated(crm)
    wrong = either(size, empty.values())
    doubtful &= ~wrong
    reasons = {"no_required_column": either(size, wanted.values()) & ~checked, "no_amount": doubtful}
    return Examined(
        table, checked & ~doubtful, wrong, since,
        names=told(empty, size), unknown=reasons | dict(unknown or {}), lacking=tuple(lacking),
    )  # fmt: skip
