"""The rows that a measure counts: which lie in a period, and why others are left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.periods import Period
from crmkit.schema import Snapshot

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Why a case that belongs to a measure's population is not counted; nothing: it is.
REASONS = pd.CategoricalDtype(
    [
        "", "no_creation_date", "technical_loss", "no_status", "younger_than_horizon", "no_closing_date",
        "closed_before_created", "no_amount", "no_expected_date", "no_probability", "no_due_date",
        "no_manager", "no_plan", "no_margin", "no_discount", "no_client", "no_duration", "no_direction", "no_norm",
        "no_hiring_date", "no_stage", "no_deal",
    ]
)  # fmt: skip


def borders(crm: Snapshot, period: Period) -> Period:
    """Return the period itself, or for «all» the days from the first record to ``as_of``."""
    if not period.is_all:
        return period
    zone = crm.settings.zone
    last = crm.as_of.tz_convert(zone).date()
    first = min((moment.tz_convert(zone).date() for moment in crm.began.values()), default=last)
    return Period.between(min(first, last), last + timedelta(days=1), zone, "all")


def within(moments: pd.Series, period: Period) -> npt.NDArray[np.bool_]:
    """Return which moments lie in a period; a missing moment lies in none."""
    stamps = moments.dt.as_unit("us").array.asi8
    inside = stamps != pd.NaT.value
    if period.start is not None and period.end is not None:
        start, end = ((edge - _EPOCH) // timedelta(microseconds=1) for edge in (period.start, period.end))
        inside &= (stamps >= start) & (stamps < end)
    return np.asarray(inside, dtype=bool)


def reasons_of(length: int, left_out: Mapping[str, npt.NDArray[np.bool_]]) -> pd.Categorical:
    """Return for each row why it is left out: the first reason whose mask holds, or nothing."""
    codes = np.zeros(length, dtype=np.int8)
    for reason, mask in left_out.items():
        codes[mask & (codes == 0)] = REASONS.categories.get_loc(reason)
    return pd.Categorical.from_codes(codes, dtype=REASONS)


def deal_cases(
    crm: Snapshot,
    chosen: npt.NDArray[np.bool_],
    *,
    at: str | None = None,
    value: object = 1.0,
    weight: object = None,
    left_out: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> pd.DataFrame:
    """Return one case per chosen deal.

    ``left_out`` marks deals that belong to the measure's population but cannot be counted, by reason; they
    need not be among the chosen.
    """
    reasons = reasons_of(len(crm.deals), left_out or {})
    rows = np.flatnonzero(chosen | (reasons.codes > 0))
    cases = {"deal_ix": rows, "value": np.broadcast_to(np.asarray(value, np.float64), len(crm.deals))[rows]}
    if weight is not None:
        cases["weight"] = np.asarray(weight, dtype=np.float64)[rows]
    if at is not None:
        cases["at"] = crm.deals[at].array[rows]
    return pd.DataFrame(cases | {"left_out": reasons[rows]}, copy=False)


def row_cases(
    crm: Snapshot,
    table: str,
    chosen: npt.NDArray[np.bool_],
    *,
    at: str,
    value: object = 1.0,
    weight: object = None,
    left_out: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> pd.DataFrame:
    """Return one case per chosen row of ``tasks`` or ``activities``, as :func:`deal_cases` does for deals."""
    rows = crm.tables[table]
    reasons = reasons_of(len(rows), left_out or {})
    places = np.flatnonzero(chosen | (reasons.codes > 0)).astype(np.int32)
    cases = {
        {"tasks": "task_ix", "activities": "activity_ix"}[table]: places,
        "deal_ix": rows["deal_ix"].to_numpy()[places],
        "manager_id": rows["manager_id"].array[places],
        "at": rows[at].array[places],
        "value": np.broadcast_to(np.asarray(value, np.float64), len(rows))[places],
    }
    if weight is not None:
        cases["weight"] = np.asarray(weight, dtype=np.float64)[places]
    return pd.DataFrame(cases | {"left_out": reasons[places]}, copy=False)
