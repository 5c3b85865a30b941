"""Sales departments whose truth is known: who is how good, and what each deal's chance to be won was.

A deal's chance comes from its source, segment, product and amount band, and from what the rep adds; which
deals a rep gets has nothing to do with how good the rep is. Nothing here knows how the kit compares: what is
hard is what is hard for a head of sales too (reps with other leads, few deals, cells that hold one rep's
deals only, chances that no formula gives, clients whose deals are won or lost together).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int64]
Range: TypeAlias = tuple[float, float]
ATTRIBUTES = ("source", "segment", "product", "amount_band")


@dataclass(frozen=True)
class Design:
    """What the departments of one kind have in common; of a range each department draws its own.

    Attributes
    ----------
    reps, deals, rate: how many reps, resolved deals of a rep, and share won in the department. Deals are
        drawn for each rep anew, by logarithm.
    levels: how many sources, segments, products and amount bands.
    likeness: how alike the reps' mixes are (strength of a Dirichlet): 100 nearly the same, .3 each rep has
        hardly more than one source and product.
    effects: how far the chances of sources, segments, products and bands lie apart (sd of log odds).
    crossed: sd of log odds of a cell that none of the four explains.
    truth: chances add up as log odds (logistic) or as they are (additive).
    skills: sd of what reps add to the chances of their deals, in parts of one.
    together: the chance that a deal shares the luck of its client's other deals. client: mean deals a client.
    roles: reps of so many roles, each with a rate of its own.
    bent: by how much the smallest and the largest amounts are won more often than the middle ones (log odds).
    months: sd of log odds of the months in which deals came; each rep has months of his own.
    """

    name: str
    reps: Range = (4, 40)
    deals: Range = (30, 500)
    rate: Range = (0.05, 0.6)
    levels: tuple[int, int, int, int] = (4, 3, 4, 3)
    likeness: Range = (1.0, 20.0)
    effects: tuple[float, float, float, float] = (0.9, 0.4, 0.5, 0.5)
    crossed: float = 0.0
    truth: tuple[str, ...] = ("logistic", "additive")
    skills: float = 0.0
    together: float = 0.0
    client: float = 1.0
    roles: int = 1
    bent: float = 0.0
    months: float = 0.0


PLAIN = Design("same_leads", likeness=(100.0, 100.0))
DESIGNS: tuple[Design, ...] = (
    PLAIN,
    Design("other_leads"),
    Design("far_other_leads", likeness=(0.3, 0.6), effects=(1.2, 0.6, 0.8, 0.6)),
    Design("sparse_cells", levels=(6, 5, 8, 4), deals=(30, 120), likeness=(0.6, 3.0)),
    Design("no_formula", crossed=0.8),
    Design("no_formula_far", crossed=0.8, likeness=(0.3, 0.8)),
    Design("few_reps_far_other_leads", reps=(4, 8), deals=(30, 300), likeness=(0.3, 0.8)),
    Design("few_reps_no_formula", reps=(4, 8), deals=(30, 300), likeness=(0.3, 0.8), crossed=0.8),
    Design("low_rates", rate=(0.05, 0.1), deals=(30, 150)),
    Design("small", reps=(4, 6), deals=(30, 60)),
    Design("large", reps=(25, 40), deals=(200, 500)),
    Design("very_unequal_sizes", reps=(5, 12), deals=(30, 2000)),
    Design("clients", client=3.0, together=0.5),
    Design("clients_far_other_leads", client=3.0, together=0.6, likeness=(0.3, 1.0), deals=(30, 200)),
    Design("two_roles", roles=2, reps=(8, 30)),
)
JUDGED = Design(
    "power", reps=(8, 8), deals=(300, 300), rate=(0.25, 0.25), likeness=(3.0, 3.0), truth=("logistic",)
)
MANY_KINDS = replace(
    JUDGED, name="power_many_kinds", levels=(5, 4, 6, 24), likeness=(1.0, 1.0), effects=(0.9, 0.5, 0.5, 0.0),
    bent=1.0,
)  # fmt: skip
#: What only whole exports can show: ``exports.py`` says which fields are blank in deals of the first two.
EXPORTED = Design("blank_unless_won", reps=(6, 12), deals=(100, 300))
EXPORTED_DESIGNS: tuple[Design, ...] = (
    EXPORTED,
    replace(EXPORTED, name="blank_by_chance", likeness=(0.5, 2.0)),
    replace(EXPORTED, name="amounts_in_a_u", levels=(4, 3, 4, 24), effects=(0.9, 0.4, 0.5, 0.0), bent=1.5),
    replace(EXPORTED, name="other_months", months=0.6),
)
MONTHS = 10


@dataclass(frozen=True, eq=False)
class Department:
    """Deals that came to an end, and the truth about them.

    Attributes
    ----------
    cases: one row a deal: rep, value (1 won, 0 lost), cluster (its client), role, the codes of source,
        segment, product and amount band, and the month in which it came where that matters.
    fair: each deal's chance in the hands of an average rep of the department; chance: in those of its rep.
    gaps: of each rep, the mean chance of the own deals less that of the same deals in the others' hands.
    """

    design: Design
    cases: pd.DataFrame
    fair: Floats = field(repr=False)
    chance: Floats = field(repr=False)
    gaps: Floats = field(repr=False)


def departments(design: Design, count: int, *, seed: int) -> Iterator[Department]:
    """Yield so many departments of a kind; the same ones for the same seed, however many are asked for."""
    for number in range(count):
        yield department(design, rng=np.random.default_rng([seed, number, *design.name.encode()]))


def department(design: Design, *, rng: np.random.Generator, skills: Floats | None = None) -> Department:
    """Draw one department.

    Parameters
    ----------
    skills: what each rep adds to the chance of a deal, in parts of one; else drawn as the design says.
    """
    reps = int(rng.integers(int(design.reps[0]), int(design.reps[1]) + 1))
    sizes = np.exp(rng.uniform(*np.log(design.deals), size=reps)).round().astype(np.int64)
    role = rng.permutation(np.arange(reps) % design.roles)
    rep = np.repeat(np.arange(reps), sizes)
    client = _clients(design, sizes, rng=rng)
    cell = _cells(design, rep, client, rng=rng)
    levels = np.stack(np.unravel_index(cell, design.levels), axis=1)
    month = _months(design, rep, rng=rng)
    fair = _chances(design, cell, role[rep], month=month, rng=rng)
    added = rng.normal(0.0, design.skills, reps) if skills is None else skills
    chance = np.clip(fair + added[rep], 0.005, 0.98)
    own = rng.random(len(rep))
    shared = rng.random(client.max() + 1)[client]
    luck = np.where(rng.random(len(rep)) < design.together, shared, own)
    told = {"rep": rep, "value": (luck < chance).astype(np.float64), "cluster": client, "role": role[rep]}
    told |= {"month": month} if design.months else {}
    cases = pd.DataFrame(told | dict(zip(ATTRIBUTES, levels.T, strict=True)))
    cases = cases.iloc[rng.permutation(len(cases))]
    order = cases.index.to_numpy()
    return Department(
        design,
        cases.reset_index(drop=True),
        fair[order],
        chance[order],
        _gaps(rep, fair, role=role, added=added),
    )


def opposite(reps: int, deals: int, *, rng: np.random.Generator, others: int = 0) -> Department:
    """Draw equal reps of which half have nine warm leads of ten, the other half one; others have both.

    Warm leads are won in 50 of 100 cases, cold ones in 12; nothing else matters.
    """
    warm = np.r_[np.resize([0.9, 0.1], reps), np.full(others, 0.5)]
    rep = np.repeat(np.arange(reps + others), deals)
    source = (rng.random(len(rep)) >= warm[rep]).astype(np.int64)
    chance = np.where(source == 0, 0.5, 0.12)
    told = {"rep": rep, "value": (rng.random(len(rep)) < chance).astype(np.float64)}
    told |= {"cluster": np.arange(len(rep)), "role": np.zeros(len(rep), np.int64), "source": source}
    told |= {name: rng.integers(0, 3, len(rep)) for name in ATTRIBUTES[1:]}
    design = replace(PLAIN, name="opposite_leads")
    return Department(design, pd.DataFrame(told), chance, chance, np.zeros(reps + others))


def _clients(design: Design, sizes: Codes, *, rng: np.random.Generator) -> Codes:
    """Return each deal's client: a client is one rep's, and has one deal or several, seldom very many."""
    count = int(sizes.sum())
    if design.client <= 1:
        return np.arange(count)
    begins = rng.random(count) < 1 / design.client
    begins[np.r_[0, np.cumsum(sizes)[:-1]]] = True
    return np.cumsum(begins) - 1


def _cells(design: Design, rep: Codes, client: Codes, *, rng: np.random.Generator) -> Codes:
    """Return each deal's cell; the deals of a client have one source and one segment."""
    whole = rng.gamma(2.0, size=int(np.prod(design.levels))).reshape(design.levels)  # some go together
    for axis, count in enumerate(design.levels):
        whole = whole * _along(rng.dirichlet(np.full(count, 3.0)), axis)
    reps = rep.max() + 1
    likeness = float(np.exp(rng.uniform(*np.log(design.likeness))))
    mixes = np.empty((reps, whole.size))
    for one in range(reps):
        mix = whole
        for axis, count in enumerate(design.levels):
            share = np.sum(whole, axis=tuple(a for a in range(4) if a != axis)) / whole.sum()
            own = np.maximum(rng.dirichlet(np.maximum(likeness * count * share, 0.02)), 1e-9)
            mix = mix * _along(own / share, axis)
        mixes[one] = (mix / mix.sum()).ravel()
    edges = np.cumsum(mixes, axis=1)
    cell = np.minimum((rng.random(len(rep))[:, None] > edges[rep]).sum(axis=1), whole.size - 1)
    if design.client <= 1:
        return cell
    first = np.unique(client, return_index=True)[1][client]
    rest = design.levels[2] * design.levels[3]
    return cell[first] // rest * rest + cell % rest


def _along(values: Floats, axis: int) -> Floats:
    return values.reshape([-1 if one == axis else 1 for one in range(4)])


def _months(design: Design, rep: Codes, *, rng: np.random.Generator) -> Codes:
    """Return the month in which each deal came; the first for all where months make no difference."""
    if not design.months:
        return np.zeros(len(rep), np.int64)
    edges = np.cumsum(rng.dirichlet(np.ones(MONTHS), rep.max() + 1), axis=1)
    return np.minimum((rng.random(len(rep))[:, None] > edges[rep]).sum(axis=1), MONTHS - 1)


def _chances(design: Design, cell: Codes, role: Codes, *, month: Codes, rng: np.random.Generator) -> Floats:
    """Return each deal's chance in an average rep's hands; their mean is the department's rate."""
    rate = float(np.exp(rng.uniform(*np.log(design.rate))))
    odds = rng.normal(0.0, design.crossed, int(np.prod(design.levels))).reshape(design.levels)
    for axis, (count, spread) in enumerate(zip(design.levels, design.effects, strict=True)):
        effect = rng.normal(0.0, 1.0, count)
        odds = odds + _along(spread * (effect - effect.mean()), axis)
    amount = np.abs(np.linspace(-1, 1, design.levels[3]))
    odds = odds + _along(design.bent * (amount - amount.mean()), 3)
    told = odds.ravel()[cell] + rng.normal(0.0, 0.7, design.roles)[role]
    if design.months:
        told = told + rng.normal(0.0, design.months, MONTHS)[month]
    additive = bool(rng.random() < design.truth.count("additive") / len(design.truth))
    low, high = -12.0, 12.0
    for _ in range(50):
        middle = (low + high) / 2
        found = (
            np.clip(rate + rate * (1 - rate) * told + middle, 0.01, 0.95)
            if additive
            else _share(told + middle)
        )
        low, high = (middle, high) if found.mean() < rate else (low, middle)
    return found


def _share(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-odds))


def _gaps(rep: Codes, fair: Floats, *, role: Codes, added: Floats) -> Floats:
    """Return what each rep adds more than the others of the role do, weighted by their deals."""
    sizes = np.bincount(rep, minlength=len(added)).astype(np.float64)
    chance = np.clip(fair + added[rep], 0.005, 0.98)
    own = np.bincount(rep, chance - fair, len(added)) / sizes
    gaps = np.empty(len(added))
    for one in range(len(added)):
        others = (role == role[one]) & (np.arange(len(added)) != one)
        gaps[one] = own[one] - np.average(own[others], weights=sizes[others]) if others.any() else np.nan
    return gaps
