"""How often chance alone crowns a champion of a stage, or makes work and results go together.

``python benchmarks/chance.py [departments]``: departments of equal reps (none should have a champion), with
one rep truly better (who should be found), of reps whose work and results have only a season in common.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.compare.champions import crowned
from crmkit.limits import Limits
from crmkit.statistics.correlation import within

Floats: TypeAlias = NDArray[np.float64]
SEED = 7


@dataclass(frozen=True)
class Kind:
    """Departments: how many reps, deals of each, stages, cells of like deals; deals of a client.

    ``together``: how often a deal ends as the others of its client do. ``better``: by how much the first rep
    is better at the first stage, in log-odds.
    """

    reps: int = 8
    deals: tuple[int, int] = (30, 300)
    stages: int = 5
    cells: int = 6
    client: float = 3.0
    together: float = 0.5
    better: float = 0.0


KINDS = {
    "equal": Kind(),
    "equal, clients of one deal": Kind(client=1.0, together=0.0),
    "equal, clients of six alike": Kind(client=6.0, together=0.9),
    "equal, 30 reps": Kind(reps=30),
    "equal, 4 reps of 100 to 500": Kind(reps=4, deals=(100, 500)),
    "equal, 30 to 60 deals, 8 stages": Kind(deals=(30, 60), stages=8),
    "equal, 60 cells": Kind(cells=60),
    "one better, 150 to 300 deals": Kind(deals=(150, 300), client=1.0, together=0.0, better=1.0),
}


def department(kind: Kind, rng: np.random.Generator) -> pd.DataFrame:
    """Return the visits of a department, as ``crowned`` takes them; lost deals come to no further stage."""
    least, most = np.log(kind.deals)
    sizes = np.exp(rng.uniform(least, most, size=kind.reps)).astype(int)
    rep = np.repeat(np.arange(kind.reps), sizes)
    mixes = rng.dirichlet(np.full(kind.cells, 2.0), size=kind.reps)
    cell = np.concatenate([rng.choice(kind.cells, p=p, size=n) for p, n in zip(mixes, sizes, strict=True)])
    counts = np.maximum(sizes / kind.client, 1).astype(int)
    firsts = np.cumsum(counts) - counts
    shares = [rng.dirichlet(np.ones(count)) for count in counts]
    client = np.concatenate(
        [first + rng.choice(len(p), p=p, size=n) for first, p, n in zip(firsts, shares, sizes, strict=True)]
    )
    ease, going, told = rng.normal(0, 0.8, kind.cells), np.arange(len(rep)), []
    for stage in range(kind.stages):
        base = rng.uniform(0.1, 0.95)
        odds = np.log(base / (1 - base)) + ease[cell] + np.where((rep == 0) & (stage == 0), kind.better, 0)
        alike = rng.random(len(rep)) < kind.together
        luck = np.where(alike, rng.random(int(counts.sum()))[client], rng.random(len(rep)))
        value = (luck < 1 / (1 + np.exp(-odds)))[going]
        codes = {"rep": rep[going], "cell": cell[going], "client": client[going], "deal": going}
        told.append(pd.DataFrame(codes | {"stage": stage, "role": 0, "value": value.astype(float)}))
        going = going[value]
    return pd.concat(told, ignore_index=True)


def champions(kind: Kind, departments: int) -> tuple[float, float]:
    """Return the share of departments with a champion, and with the first rep one of the first stage."""
    rng, any_one, first = np.random.default_rng(SEED), 0, 0
    for _ in range(departments):
        rows = crowned(department(kind, rng), limits=Limits())[0]
        best = rows[(rows["label"] == "holds") & (rows["direction"] == "above")]
        any_one += len(best) > 0
        first += bool(((best["rep"] == 0) & (best["stage"] == 0)).any())
    return any_one / departments, first / departments


def walks(rows: int, weeks: int, rng: np.random.Generator) -> Floats:
    """Return series whose neighbouring weeks are correlated by 0.5."""
    steps = rng.normal(size=(rows, weeks))
    for week in range(1, weeks):
        steps[:, week] = 0.5 * steps[:, week - 1] + np.sqrt(0.75) * steps[:, week]
    return steps


def together(reps: int, weeks: int, departments: int) -> float:
    """Return how often reps' work and results that share only a season are said to go together (at 95 %)."""
    rng, wrong = np.random.default_rng(SEED), 0
    group, time = np.repeat(np.arange(reps), weeks), np.tile(np.arange(weeks), reps)
    for _ in range(departments):
        season, work, level = (walks(rows, weeks, rng) for rows in (1, reps, reps))
        results = rng.poisson(1.5 * np.exp(0.3 * (level + season)))
        wrong += within(group, time, (work + season).ravel(), results.ravel()).chance < 0.05
    return wrong / departments


def main() -> None:
    """Print the table."""
    departments = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{departments} departments each\n\nchampions                          any    the better one")
    for name, kind in KINDS.items():
        found = champions(kind, departments)
        told = f"{name:33} {found[0]:5.1%}" + f"  {found[1]:5.1%}" * bool(kind.better)
        print(told, flush=True)
    print("\nwork and results go together (only the season does)", flush=True)
    for reps, weeks in ((5, 26), (5, 104), (8, 52), (20, 52)):
        print(f"{f'{reps} reps, {weeks} weeks':33} {together(reps, weeks, departments):5.1%}")


if __name__ == "__main__":
    main()
