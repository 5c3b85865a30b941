"""The catalogue of measures: each is declared once, as cases, value and summary (METHOD 3)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.errors import N_, RequestError, did_you_mean
from crmkit.periods import Period
from crmkit.schema import Snapshot

CaseFunction = Callable[[Snapshot, Period], pd.DataFrame]
Floats = npt.NDArray[np.float64]
#: What a compound measure makes of its parts' values: numerator and denominator, or a value and ``None``;
#: third, where it says so, the codes why a group has no value.
Told = tuple[Floats, Floats | None] | tuple[Floats, Floats | None, npt.NDArray[np.object_]]
Formula = Callable[[Mapping[str, Floats], Snapshot, Period], Told]

GROUPS = ("communications", "quality", "sales", "plan")
UNITS = ("count", "share", "money", "days", "hours", "minutes", "per_day", "money_per_day", "ratio")

SUMMARIES = (
    "count", "sum", "mean", "ratio", "median", "p90", "distribution", "censored_median", "survival_median",
    "survival_p90", "formula",
)  # fmt: skip
#: Summaries that are 0, not missing, where a covered population is empty.
ADDITIVE = ("count", "sum", "distribution")

#: How the period places a case: by creation, by closing … or as the deals stand at ``as_of``.
BASES = (
    "created_in", "closed_in", "done_in", "due_in", "entered_stage_in", "left_stage_in", "touched_in",
    "planned_in", "open_at", "expected_in", "open_at_end", "matured_in", "bought_before", "hired_in",
)  # fmt: skip
#: What tells when something was last done in an open deal: communications and tasks, or the deal itself.
ACTED = frozenset(
    {"deals.status", "activities.at|deals.last_activity_at+tasks.completed_at|deals.last_activity_at"}
)
#: Bases that speak of the deals open at ``as_of``, not of what happened in a period.
STANDING = ("open_at", "expected_in")


@dataclass(frozen=True)
class Measure:
    """One measure, or one variant of it.

    Attributes
    ----------
    id, variant: its name for ever; ``variant`` is empty where there is only one.
    title: what a head of sales calls it.
    unit: one of ``UNITS``; better: ``higher``, ``lower`` or empty.
    needs: columns without which it cannot be told (see :meth:`Snapshot.lacks`).
    summary: how cases become a figure, one of ``SUMMARIES``.
    basis: what places a case in a period, one of ``BASES``.
    within: a slice that the measure is always told by, such as the stage of a distribution.
    only_by: the slices it can be told by; empty for all.
    also_by: slices that only its own cases bear, such as how long a payment is overdue.
    is_timeless: it tells of a period as a whole, and cannot be sliced by time (but the period can be cut).
    is_bounded: it needs a period with borders: «all» has none.
    is_exact: arithmetic of all there is, not an estimate: told however few the cases are.
    parts, formula: of a compound measure, the measures it is made of (the first gives ``n``), and how.
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
    also_by: frozenset[str] = frozenset()
    is_timeless: bool = False
    is_bounded: bool = False
    parts: tuple[str, ...] = ()
    formula: Formula | None = None

    @property
    def name(self) -> str:
        """``id`` or ``id:variant``."""
        return f"{self.id}:{self.variant}" if self.variant else self.id


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
    also_by: Iterable[str] = (),
    exact: bool = False,
    timeless: bool = False,
    bounded: bool = False,
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
            frozenset(also_by), timeless or basis == "open_at", bounded,
        )  # fmt: skip
        return cases

    return declare


def compound(
    name: str,
    *,
    title: str,
    unit: str,
    group: str,
    parts: Sequence[str],
    better: str = "",
    default: bool = True,
    basis: str = "",
    exact: bool = False,
    timeless: bool = False,
    bounded: bool = False,
) -> Callable[[Formula], Formula]:
    """Declare a measure that is a formula over named measures of the same period and group.

    The formula gets the values of its parts by full name, and their two sides as ``name.numerator`` and
    ``name.denominator``, one of each per group. It returns numerator and denominator, or a value and
    ``None``, and may add the codes why a group has no value. What a part cannot tell, the whole cannot, nor
    can it be told by a slice that a part does not bear; ``n`` is the first part's, and so is the ``basis`` if
    none is given.

    Raises
    ------
    ValueError: a part is itself a compound or brings a slice along, or no slice fits all parts.
    """

    def declare(formula: Formula) -> Formula:
        identifier, _, variant = name.partition(":")
        atoms = [find(part) for part in parts]
        card = inspect.getdoc(formula) or ""

        def cases(crm: Snapshot, period: Period) -> pd.DataFrame:
            """Return the cases of all parts, told apart by ``part``."""
            frames = [atom.cases(crm, period).assign(part=atom.name) for atom in atoms]
            return pd.concat(frames, ignore_index=True)

        _MEASURES[identifier, variant] = Measure(
            identifier, variant, title, unit, better, group,
            frozenset().union(*(atom.needs for atom in atoms)), "formula", basis or atoms[0].basis, cases,
            " ".join(card.split("\n\n")[0].split()), card, default, "",
            _common_slices(name, atoms), exact,
            frozenset.intersection(*(atom.also_by for atom in atoms)),
            timeless or any(atom.is_timeless for atom in atoms),
            bounded or any(atom.is_bounded for atom in atoms),
            tuple(atom.name for atom in atoms), formula,
        )  # fmt: skip
        return formula

    return declare


def _common_slices(name: str, atoms: Sequence[Measure]) -> frozenset[str]:
    """Return the slices that all parts can be told by; empty for all."""
    if any(atom.parts or atom.within for atom in atoms):
        raise ValueError(f"{name}: a part is a compound, or always told by a slice of its own")
    limits = [atom.only_by for atom in atoms if atom.only_by]
    common = frozenset.intersection(*limits) if limits else frozenset[str]()
    if limits and not common:
        raise ValueError(f"{name}: there is no slice that all parts can be told by")
    return common


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
