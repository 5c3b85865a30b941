"""The rows that a measure counts: which lie in a period, and why others are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import within as within  # where the measures look for it
from crmkit.periods import Period, floor, next_start
from crmkit.schema import Snapshot

Rows: TypeAlias = npt.NDArray[np.signedinteger]
MONTHS = 12

#: Why a case that belongs to a measure's population is not counted; nothing: it is.
REASONS = pd.CategoricalDtype(
    [
        "", "no_answer_known", "no_counterpart", "too_young", "no_stage_entry", "no_required_column",
        "no_creation_date", "technical_loss", "no_status", "younger_than_horizon", "no_closing_date",
        "closed_before_created", "no_amount", "no_expected_date", "no_probability", "no_due_date",
        "no_manager", "no_plan", "no_margin", "no_discount", "no_client", "no_duration", "no_direction",
        "no_norm", "no_hiring_date", "no_stage", "no_deal", "no_amount_due", "no_cost",
        "hired_before_records", "one_kind",
        "no_history", "self_loop", "still_there", "no_proposal_stage",
    ]
)  # fmt: skip


def borders(crm: Snapshot, period: Period) -> Period:
    """Return the period itself, or for «all» the days from the first record to ``as_of``."""
    if not period.is_all:
        return period
    zone = crm.settings.zone
    last = crm.today
    first = min((moment.tz_convert(zone).date() for moment in crm.began.values()), default=last)
    return Period.between(min(first, last), last + timedelta(days=1), zone, "all")


def latest_months(crm: Snapshot, months: int = MONTHS) -> Period:
    """Return the latest whole calendar months up to ``as_of``, not before the first record; else «all»."""
    zone = crm.settings.zone
    after = floor(crm.today + timedelta(days=1), "month")
    began = min((moment.tz_convert(zone).date() for moment in crm.began.values()), default=crm.today)
    first = after
    for _ in range(months):
        earlier = floor(first - timedelta(days=1), "month")
        if next_start(earlier, "month") <= began:
            break
        first = earlier
    if first >= after:
        return Period(None, None, "all")
    return Period.between(first, after, zone)


def days_seen(crm: Snapshot, period: Period) -> Period:
    """Return the days of a period that are not before the first record, and have come: as_of's is the last.

    Its start is not before its end; the two are equal if there is no such day.
    """
    seen, asked = borders(crm, Period(None, None, "all")).days(), borders(crm, period).days()
    first = max(seen[0], asked[0])
    return Period.between(first, max(first, min(seen[1], asked[1])), crm.settings.zone)


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


def stacked(sizes: Sequence[int], parts: Sequence[Rows | None]) -> Rows:
    """Put row positions of several tables below one another; −1 for a table that has none."""
    filled = [np.full(size, -1) if part is None else part for size, part in zip(sizes, parts, strict=True)]
    return np.concatenate(filled, dtype=np.int32, casting="same_kind")


def all_owners(*parts: pd.Series) -> pd.Categorical:
    """Put owners of several tables below one another, as codes."""
    names = parts[0].cat.categories
    for part in parts[1:]:
        names = names.union(part.cat.categories)
    places = [np.append(names.get_indexer(part.cat.categories), -1).astype(np.int32) for part in parts]
    codes = [place[part.cat.codes] for place, part in zip(places, parts, strict=True)]
    return pd.Categorical.from_codes(np.concatenate(codes), names, validate=False)


def action_cases(crm: Snapshot, done: Rows, logged: Rows, *, value: object = 1.0) -> pd.DataFrame:
    """Return one case per task done and per communication, given by their positions; none is left out."""
    needed = ["deal_ix", "manager_id"]
    tasks = crm.tasks[[*needed, "completed_at"]].iloc[done]
    activities = crm.activities[[*needed, "at"]].iloc[logged]
    sizes = len(done), len(logged)
    return pd.DataFrame(
        {
            "task_ix": stacked(sizes, (done, None)),
            "activity_ix": stacked(sizes, (None, logged)),
            "deal_ix": stacked(sizes, (tasks["deal_ix"].to_numpy(), activities["deal_ix"].to_numpy())),
            "manager_id": all_owners(tasks["manager_id"], activities["manager_id"]),
            "at": pd.concat([tasks["completed_at"], activities["at"]], ignore_index=True),
            "value": np.broadcast_to(np.asarray(value, np.float64), sum(sizes)),
            "left_out": reasons_of(sum(sizes), {}),
        },
        copy=False,
    )
