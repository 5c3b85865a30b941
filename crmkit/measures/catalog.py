"""The catalogue of measures: each is declared once, as cases, value and summary (METHOD 3)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.errors import N_, RequestError, did_you_mean
from crmkit.periods import Period
from crmkit.schema import Snapshot

CaseFunction = Callable[[Snapshot, Period], pd.DataFrame]

GROUPS = ("communications", "quality", "sales", "plan")
UNITS = ("count", "share", "money", "days", "per_day")

SUMMARIES = ("count", "sum", "mean", "ratio", "median", "distribution", "censored_median")
#: Summaries that are 0, not missing, where a covered population is empty.
ADDITIVE = ("count", "sum", "distribution")

#: How the period places a case: by creation, by closing, or as the deals stand at ``as_of``.
BASES = ("created_in", "closed_in", "done_in", "due_in", "open_at", "expected_in")
#: Bases that speak of the deals open at ``as_of``, not of what happened in a period.
STANDING = ("open_at", "expected_in")

#: Why a case that belongs to a measure's population is not counted; nothing: it is.
REASONS = pd.CategoricalDtype(
    [
        "", "no_creation_date", "technical_loss", "no_status", "younger_than_horizon", "no_closing_date",
        "closed_before_created", "no_amount", "no_expected_date", "no_probability", "no_due_date",
        "no_manager", "no_plan",
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One measure, or one variant of it.

    Attributes
    ----------
    id, variant: its name for ever; ``variant`` is empty where there is only one.
    title: what a head of sales calls it.
    unit: one of ``UNITS``; better: ``higher``, ``lower`` or empty.
    needs: the columns without which it cannot be told (``table.column``, alternatives by ``|``).
    summary: how cases become a figure, one of ``SUMMARIES``.
    basis: what places a case in a period, one of ``BASES``.
    within: a slice that the measure is always told by, such as the stage of a distribution.
    only_by: the slices it can be told by; empty for all.
    is_exact: arithmetic of all there is, not an estimate: told however few the cases are.
    """

    id: str
    variant: str
    title: str
    unit: str
    better: str
    group: str
    needs: frozenset[str]
    summary: str
    basis: str
    cases: CaseFunction
    definition: str
    card: str
    is_default: bool
    within: str = ""
    only_by: frozenset[str] = frozenset()
    is_exact: bool = False

    @property
    def name(self) -> str:
        """``id`` or ``id:variant``."""
        return f"{self.id}:{self.variant}" if self.variant else self.id


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEASURES: dict[tuple[str, str], Measure] = {}


def measure(
    name: str,
    *,
    title: str,
    unit: str,
    group: str,
    needs: Iterable[str],
    summary: str,
    basis: str,
    better: str = "",
    default: bool = True,
    within: str = "",
    only_by: Iterable[str] = (),
    exact: bool = False,
) -> Callable[[CaseFunction], CaseFunction]:
    """Declare a measure: ``name`` is ``id`` or ``id:variant``; the docstring is its card.

    The docstring's first line is the definition that people read.
    """

    def declare(cases: CaseFunction) -> CaseFunction:
        identifier, _, variant = name.partition(":")
        card = inspect.getdoc(cases) or ""
        _MEASURES[identifier, variant] = Measure(
            identifier, variant, title, unit, better, group, frozenset(needs), summary, basis, cases,
            " ".join(card.split("\n\n")[0].split()), card, default, within, frozenset(only_by), exact,
        )  # fmt: skip
        return cases

    return declare


def catalogue() -> tuple[Measure, ...]:
    """Return all measures in the order of their declaration."""
    return tuple(_MEASURES.values())


def find(name: str) -> Measure:
    """Return a measure by ``id`` (its default variant) or ``id:variant``.

    Raises
    ------
    RequestError: there is no such measure, with the nearest name.
    """
    identifier, _, variant = name.partition(":")
    family = [item for item in _MEASURES.values() if item.id == identifier]
    if not family:
        known = sorted({item.id for item in _MEASURES.values()})
        raise RequestError(
            f"--measure {name}", N_("there is no such measure"), remedy=did_you_mean(identifier, known)
        )
    for item in family:
        if item.variant == variant or (not variant and item.is_default):
            return item
    remedy = did_you_mean(name, [item.name for item in family])
    raise RequestError(f"--measure {name}", N_("the measure has no such variant"), remedy=remedy)


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
