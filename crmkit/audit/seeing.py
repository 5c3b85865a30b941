"""What most checks are made of: a population of a table, those of it that offend, and a measure's cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import Examined
from crmkit.facts import NEVER, BoolArray, IntArray
from crmkit.measures.catalog import find
from crmkit.periods import Period
from crmkit.schema import Snapshot

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
