"""What makes two periods look different although nothing changed but the records (METHOD 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmkit.compare.recording import mass_closings
from crmkit.compare.series import HEAD
from crmkit.edges import lonely_start
from crmkit.facts import FloatArray, cycle_days, is_status, once_per_snapshot, within
from crmkit.measures.catalog import find
from crmkit.measures.evaluation import began
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.survival import LOST, OPEN, WON, steps_of

#: A warning that says nothing more than its code.
NOTHING: dict[str, object] = {
    "code": "", "side": -1, "measure": "", "share": np.nan, "day": pd.NaT, "n": np.nan, "of": np.nan,
}  # fmt: skip
#: Bases of figures that depend on which deals the export holds.
BASES = ("closed_in", "created_in")
#: At the head of a record, what comes before so many days of silence does not begin it.
GAP = 30
DAY_US = 86_400_000_000
#: Cases that are left out because they are young: those that end soon are among the counted ones.
COHORT = "younger_than_horizon"  # what is counted then is of one age, and not only what ended soon
YOUNG = ("still_there", "too_young", COHORT)


def artefacts(
    crm: Snapshot, earlier: Period, later: Period, *, names: Sequence[str], left_out: pd.DataFrame
) -> pd.DataFrame:
    """Return what is to be known before two periods are compared.

    Parameters
    ----------
    names: the measures. left_out: cases left out by measure, variant, ``side`` and reason.

    Returns
    -------
    One row a warning: ``code``, ``side`` (0 earlier, 1 later, −1 both), ``measure`` (empty for all of them),
    ``share``, ``day``, ``n``, ``of``; null where a code has none. The codes:

    ``first_records``: of the deals that usually close in such a time (or, by ``measure``, a basis: that are
    created in it), only a ``share`` can be in the export, for deals closed before ``day`` were not exported
    or, without a day, deals are recorded only from shortly before the period on.
    ``records_begin``: what the measure counts is recorded from ``day`` on.
    ``not_over``: the period goes beyond the day described, ``day``. ``young_cases``: ``n`` of ``of`` cases
    are too young, so that those counted ended soon (``young_cohort``: those counted are all of one age).
    ``mass_closing``: ``n`` of ``of`` closed deals were closed in a mass. ``another_season``:
    the periods are different parts of a year. ``present_owner``: the export does not tell whose a deal was.
    """
    rows: list[dict[str, object]] = []
    for side, period in enumerate((earlier, later)):
        if period.days()[1] > crm.today + timedelta(days=1):
            rows.append({"code": "not_over", "side": side, "day": crm.as_of})
        rows += _first_records(crm, period, side)
        rows += _mass(crm, period, side)
        is_told = any(row["code"] == "first_records" and row["side"] == side for row in rows)
        rows += _begin(crm, period, side, [name for name in names if not (is_told and _of_deals(name))])
    rows += _young(left_out, crm.settings.limits.closings_seen)
    if _another_season(earlier, later):
        rows.append({"code": "another_season", "side": -1})
    if "stage_changes.manager_id" not in crm.supplied:
        rows.append({"code": "present_owner", "side": -1})
    told = pd.DataFrame([NOTHING | row for row in rows], columns=list(NOTHING))
    return told.astype({"side": "int64", "code": "str", "measure": "str"})


def _mass(crm: Snapshot, period: Period, side: int) -> list[dict[str, object]]:
    """Return whether more than a little of what was closed in a period was closed in a mass."""
    ended = is_status(crm, "won") | is_status(crm, "lost")
    n, of = mass_closings(crm, period)["closed"].sum(), (ended & within(crm.deals["closed_at"], period)).sum()
    if not of or n < crm.settings.limits.mass_share * of:
        return []
    return [{"code": "mass_closing", "side": side, "n": int(n), "of": int(of)}]


def _first_records(crm: Snapshot, period: Period, side: int) -> list[dict[str, object]]:
    seen, enough = seen_shares(crm, period), crm.settings.limits.closings_seen
    return [
        {"code": "first_records", "side": side, "measure": basis, "share": share, "day": seen.day}
        for basis in BASES
        if (share := seen.of(basis)) < enough
    ]


class Seen(NamedTuple):
    """Which share of the deals closed, and of those created, in a period an export can hold.

    ``day``: of the first closing, where deals closed before it seem not to have been exported.
    """

    closed_in: float = 1.0
    created_in: float = 1.0
    day: pd.Timestamp | None = None

    def of(self, basis: str) -> float:
        """Return the share of what a measure counts by; 1 for what does not depend on it."""
        return {"closed_in": self.closed_in, "created_in": self.created_in}.get(basis, 1.0)


def seen_shares(crm: Snapshot, period: Period, *, of_won: bool = False) -> Seen:
    """Return which share of a period's deals an export can hold, judged by how long deals take.

    A deal that is closed on a day after ``a`` days was created ``a`` days before. So of those closed on that
    day, only those are in the export that took no longer than the time since deals were first recorded; and
    none are, before the first closing. Of those created on a day before the first closing, only those are in
    the export that were still open then.

    Returns
    -------
    Of the deals closed in the period (won or lost, whichever is less; or ``of_won`` alone) and of those
    created in it, both on average over its days; and the day of the first closing where deals closed before
    it seem not to have been exported: some would have, by how long deals take. Else all that was created is
    held; and all that was closed, too, as far as is known, where deals have no dates, or none has ended.
    """
    record = _record(crm)
    if record is None or period.start is None or period.end is None:
        return Seen()
    created, closed, ends = record
    first, after = (pd.Timestamp(edge).value // 1000 for edge in (period.start, period.end))
    last = max(min(after, crm.as_of.value // 1000), first + 1)
    days = np.arange(first, last, DAY_US, dtype=np.float64)
    old = [one.share(days + DAY_US - created) for one in ends[: 1 if of_won else 2]]
    of_closed = min(float(np.where(days + DAY_US > closed, share, 0.0).mean()) for share in old)
    early = float(ends[2].share(np.array([closed - DAY_US - created]))[0])
    if early <= 1 - crm.settings.limits.closings_seen:
        return Seen(of_closed)
    left = 1 - np.where(days < closed, ends[2].share(closed - days), 0.0)
    of_created = float(np.where(days + DAY_US > created, left, 0.0).mean())
    start = pd.Timestamp(int(closed), unit="us", tz="UTC").tz_convert(crm.settings.zone)
    return Seen(of_closed, of_created, start)


@dataclass(frozen=True, eq=False)
class _Ends:
    """Of the deals that end in a way, which share has by an age (days)."""

    ages: FloatArray
    shares: FloatArray

    def share(self, spans: FloatArray) -> FloatArray:
        """Return the share for spans of microseconds."""
        return np.append(0.0, self.shares)[np.searchsorted(self.ages, spans / DAY_US, side="right")]


@once_per_snapshot
def _record(crm: Snapshot) -> tuple[float, float, tuple[_Ends, ...]] | None:
    """Return when deals, and closings, were first recorded (microseconds), and how deals end by age.

    Won, lost, and all of them: slow winning and quick losing must not hide behind one another.
    """
    created, closed = (
        crm.deals[name].dt.as_unit("us").array.asi8.astype(np.float64) for name in ("created_at", "closed_at")
    )
    lonely, missing = lonely_start(crm), float(pd.NaT.value)
    least = -np.inf if lonely is None else lonely[0].value / 1000
    known = [np.sort(moments[(moments != missing) & (moments >= least)]) for moments in (created, closed)]
    if not all(len(moments) for moments in known):
        return None
    begin, first = map(_beginning, known)
    ended = ~is_status(crm, "open") & crm.deals["status"].notna().to_numpy()
    ages = cycle_days(crm)
    usable = (ages >= 0) & (created != missing)
    whole = usable & (created >= first)  # nobody of those can be missing for having closed too early
    if (whole & ended).sum() >= crm.settings.limits.compared_cases:
        usable = whole
    if not (usable & ended).any():
        return None
    zeros, spans = np.zeros(int(usable.sum()), np.int64), ages[usable]
    told = []
    for mask in (is_status(crm, "won"), is_status(crm, "lost"), ended):
        events = np.where(mask[usable], WON, np.where(ended[usable], LOST, OPEN))
        steps = steps_of(zeros, spans, events)
        whole_share = steps.cif[-1]
        if whole_share > 0:  # without any end of a kind, none can be missing
            told.append(_Ends(steps.times, steps.cif / whole_share))
        else:
            told.append(_Ends(np.array([-np.inf]), np.array([1.0])))
    return begin, first, tuple(told)


def _of_deals(name: str) -> bool:
    """Return whether first records tell of a measure already."""
    return find(name).basis in BASES


def _beginning(moments: FloatArray) -> float:
    """Return the first of sorted moments, without a few early ones that stand alone: they may be mistyped."""
    head = moments[: len(moments) // HEAD + 1]
    lonely = np.flatnonzero(np.diff(head) > GAP * DAY_US)
    return float(head[lonely[-1] + 1] if len(lonely) else head[0])


def _begin(crm: Snapshot, period: Period, side: int, names: Sequence[str]) -> list[dict[str, object]]:
    """Return the measures whose records begin within a period, after more than a little of it."""
    rows: list[dict[str, object]] = []
    start, end = pd.Timestamp(period.start), min(pd.Timestamp(period.end), crm.as_of)
    for name in names:
        first = began(find(name), crm)
        if first is None or not start < first < end:
            continue
        share = (end - first) / (end - start)
        if share < crm.settings.limits.closings_seen:
            rows.append(
                {"code": "records_begin", "side": side, "measure": name, "share": share, "day": first}
            )
    return rows


def _young(left_out: pd.DataFrame, enough: float) -> list[dict[str, object]]:
    """Return the measures of which more than a little is too young to be counted."""
    rows: list[dict[str, object]] = []
    young = left_out[left_out["reason"].isin(YOUNG)]
    for (name, side), some in young.groupby(["name", "side"], sort=True):
        n, of = int(some["n"].sum()), int(some["n"].sum() + some["counted"].iloc[0])
        code = "young_cohort" if (some["reason"] == COHORT).all() else "young_cases"
        if n > (1 - enough) * of:
            rows.append({"code": code, "side": side, "measure": name, "n": n, "of": of})
    return rows


def _another_season(earlier: Period, later: Period) -> bool:
    """Return whether two periods are not the same part of a year (within a week)."""
    starts = [pd.Timestamp(one.start) for one in (earlier, later)]
    apart = abs((starts[1] - starts[0]).days) % 365.25
    return bool(min(apart, 365.25 - apart) > 7)
