"""The catalogue of measures: each is declared once, as cases, value and summary (METHOD 3)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.client import did_you_mean
from crmkit.errors import N_, RequestError
from crmkit.periods import Period
from crmkit.schema import Snapshot

CaseFunction = Callable[[Snapshot, Period], pd.DataFrame]

GROUPS = ("communications", "quality", "sales", "plan")
UNITS = ("count", "share", "money", "days", "per_day")

#: How the period places a case: by creation, by closing, or as the deals stand at ``as_of``.
BASES = ("created_in", "closed_in", "done_in", "due_in", "open_at", "expected_in")


@dataclass(frozen=True)
class Measure:
    """One measure, or one variant of it.

    Attributes
    ----------
    id, variant: its name for ever; ``variant`` is empty where there is only one.
    title: what a head of sales calls it.
    unit: one of ``UNITS``; better: ``higher``, ``lower`` or empty.
    needs: the columns without which it cannot be told (``table.column``, alternatives by ``|``).
    summary: how cases become a figure, see ``measures.summaries``.
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

    @property
    def table(self) -> str:
        """The table whose first record begins what the measure can know."""
        return sorted(self.needs)[0].split("|")[0].split(".")[0]


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
    """Declare a measure: ``name`` is ``id`` or ``id:variant``; the docstring is its card, its first line the definition."""

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
    known = [item.variant for item in family]
    raise RequestError(
        f"--measure {name}", N_("the measure has no such variant"), remedy=did_you_mean(variant, known)
    )


def within(moments: pd.Series, period: Period) -> npt.NDArray[np.bool_]:
    """Return which moments lie in a period; a missing moment lies in none."""
    inside = moments.notna().to_numpy()
    if period.start is not None and period.end is not None:
        zone = moments.dt.tz
        start, end = (pd.Timestamp(edge).tz_convert(zone) for edge in (period.start, period.end))
        inside = inside & (moments >= start).to_numpy() & (moments < end).to_numpy()
    return np.asarray(inside, dtype=bool)


def deal_cases(
    crm: Snapshot,
    chosen: npt.NDArray[np.bool_],
    *,
    at: str | None = None,
    value: object = 1.0,
    weight: object = None,
    left_out: dict[str, npt.NDArray[np.bool_]] | None = None,
) -> pd.DataFrame:
    """Return one case per chosen deal.

    ``left_out`` marks deals that belong to the measure's population but cannot be counted, by reason; they need
    not be among the chosen. The first reason that holds is told.
    """
    reasons = left_out or {}
    marked = np.zeros(len(crm.deals), dtype=bool)
    for mask in reasons.values():
        marked |= mask
    rows = np.flatnonzero(chosen | marked)
    cases = pd.DataFrame({"deal_ix": rows})
    cases["value"] = np.broadcast_to(np.asarray(value, dtype=np.float64), (len(crm.deals),))[rows]
    if weight is not None:
        cases["weight"] = np.broadcast_to(np.asarray(weight, dtype=np.float64), (len(crm.deals),))[rows]
    if at is not None:
        cases["at"] = (
            crm.deals[at].to_numpy()[rows] if crm.deals[at].dt.tz is None else crm.deals[at].iloc[rows].array
        )
    if reasons:
        told = np.full(len(rows), "", dtype=object)
        for reason, mask in reasons.items():
            told = np.where((told == "") & mask[rows], reason, told)
        cases["left_out"] = pd.Series(told, dtype="str")
    return cases
