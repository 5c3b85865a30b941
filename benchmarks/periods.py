"""How often a report on two periods finds a change where there is none, and how often one that is there.

Departments with a known truth: weeks differ by more than chance and are like their neighbours, clients bring
several deals of their own size and luck. Every report compares nine figures through what the kit uses itself
(``crmkit.compare.changes``, false discovery over all of them); beside it what is done without: every figure
by itself, its cases taken as independent.

Run: ``python benchmarks/periods.py [reports]`` (2 000 take some minutes).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crmkit.compare.changes import Change, quantile_change, ratio_change, share_change, total_change
from crmkit.compare.spread import PeriodCases
from crmkit.statistics.many import false_discovery

Floats: TypeAlias = NDArray[np.float64]
CLIENTS, SEED, WORKING = 80, 6, 5.0
#: The figures of a report, and what each is.
TOTALS = ("new_deals", "won_deals", "calls", "meetings")


@dataclass(frozen=True)
class World:
    """What the departments of one kind have in common.

    Attributes
    ----------
    weeks: of each period. deals: closed in a week. together: correlation of neighbouring weeks. noise: sd of
        the logarithm of what a week adds. lift: part by which chances and amounts are higher afterwards.
    """

    weeks: int
    deals: float
    together: float
    noise: float = 0.2
    lift: float = 0.0


def weekly_noise(world: World, rng: np.random.Generator) -> Floats:
    """Return what each week adds to the logarithm: weeks hang together (AR(1))."""
    shocks = rng.standard_normal(2 * world.weeks)
    told = np.empty_like(shocks)
    told[0] = shocks[0]
    for week in range(1, len(shocks)):
        told[week] = world.together * told[week - 1] + np.sqrt(1 - world.together**2) * shocks[week]
    return world.noise * told


def report(world: World, rng: np.random.Generator) -> dict[str, tuple[PeriodCases, PeriodCases]]:
    """Return the cases of a report's figures in both periods."""
    common = weekly_noise(world, rng)
    told = {}
    for at, name in enumerate(TOTALS):
        noise = np.sqrt(0.5) * (common + weekly_noise(world, rng))
        rate = world.deals * (0.5 + at) * np.exp(noise - world.noise**2 / 2)
        rate[world.weeks :] *= 1 + world.lift
        week = np.repeat(np.arange(2 * world.weeks), rng.poisson(rate))
        told[name] = sides(world, week, np.ones(len(week)), np.arange(len(week)))
    deals = rng.poisson(world.deals * np.exp(common - world.noise**2 / 2))
    week = np.repeat(np.arange(2 * world.weeks), deals)
    size = rng.dirichlet(np.ones(CLIENTS))
    client = rng.choice(CLIENTS, size=len(week), p=size)
    luck, weekly = 0.5 * rng.standard_normal(CLIENTS), weekly_noise(world, rng)
    chance = 0.25 * (1 + world.lift * (week >= world.weeks))
    odds = np.log(chance / (1 - chance)) + luck[client] + weekly[week]
    won = rng.random(len(week)) < 1 / (1 + np.exp(-odds))
    told["win_rate"] = sides(world, week, won.astype(np.float64), client)
    on_time = rng.random(len(week)) < 0.8 * np.exp(-np.abs(weekly[week]) / 4)
    told["on_time"] = sides(world, week, on_time.astype(np.float64), np.arange(len(week)))
    taste = 0.5 * rng.standard_normal(CLIENTS)
    amount = np.exp(taste[client] + 0.9 * rng.standard_normal(len(week)))
    amount *= 1 + world.lift * (week >= world.weeks)
    told["revenue"] = sides(world, week, amount, client)
    told["check"] = told["revenue"]
    days = np.rint(np.exp(3 + 0.3 * luck[client] + 0.7 * rng.standard_normal(len(week))))
    told["cycle"] = sides(world, week, days, client)
    return told


def sides(
    world: World, week: NDArray[np.int64], value: Floats, client: NDArray[np.int64]
) -> tuple[PeriodCases, PeriodCases]:
    """Cut cases into the two periods."""
    first, second = (
        PeriodCases(
            value[mask],
            np.ones(int(mask.sum())),
            week[mask] - shift,
            client[mask],
            np.full(world.weeks, WORKING),
        )
        for mask, shift in ((week < world.weeks, 0), (week >= world.weeks, world.weeks))
    )
    return first, second


def change_of(name: str, first: PeriodCases, second: PeriodCases) -> Change:
    """Return the change of a figure, as the kit tells it."""
    if name in (*TOTALS, "revenue"):
        return total_change(first, second, counts=name in TOTALS)
    if name == "check":
        return ratio_change(first, second)
    if name == "cycle":
        return quantile_change(first, second)
    return share_change(first, second)[0]


def naive(name: str, first: PeriodCases, second: PeriodCases) -> bool:
    """Return what is found without all that: independent cases, Poisson counts, each figure alone."""
    if name in TOTALS:
        k = np.array([len(first.value), len(second.value)])
        return bool(abs(k[1] - k[0]) > 1.96 * np.sqrt(k.sum()))
    both = [side.value for side in (first, second)]
    if name == "revenue":
        return bool(abs(both[1].sum() - both[0].sum()) > 1.96 * np.sqrt(sum((v * v).sum() for v in both)))
    error = np.sqrt(sum(v.var(ddof=1) / len(v) for v in both))
    return bool(abs(both[1].mean() - both[0].mean()) > 1.96 * error)


def outcomes(
    world: World, reports: int
) -> Iterator[tuple[dict[str, bool], dict[str, bool], dict[str, bool]]]:
    """Yield for each report what is found, what is found naively, and whose 95 % interval holds the truth."""
    rng = np.random.default_rng([SEED, world.weeks, int(world.deals), int(100 * world.together)])
    for _ in range(reports):
        told = report(world, rng)
        changes = {name: change_of(name, *both) for name, both in told.items()}
        found, level = false_discovery([one.chance() for one in changes.values()])
        hits = dict(zip(changes, map(bool, found), strict=True))
        for name in ("revenue", "check"):
            hits[name] = hits[name] and robust(name, told[name], changes[name], level)
        holds = {}
        for name, one in changes.items():
            low, high = one.limits()
            holds[name] = bool(low <= 0 <= high)
        yield hits, {name: naive(name, *both) for name, both in told.items()}, holds


def robust(name: str, both: tuple[PeriodCases, PeriodCases], change: Change, level: float) -> bool:
    """Return whether a change in money stands without the single biggest deal."""
    at = int(change.gap > 0)
    kept = both[at].without(int(np.argmax(both[at].value)))
    low, high = change_of(name, *((both[0], kept) if at else (kept, both[1]))).limits(level)
    return low > 0 or high < 0


def main(reports: int) -> None:
    """Print the table."""
    print(f"{reports} reports a row; in per cent: reports with any false change (kit, naive), then by figure")
    for weeks, deals, together in product((13, 26), (5, 20), (0.0, 0.3, 0.5)):
        rows = list(outcomes(World(weeks, deals, together), reports))
        kit, plain = (100 * np.mean([any(row[at].values()) for row in rows]) for at in (0, 1))
        cover = {name: 100 * np.mean([row[2][name] for row in rows]) for name in rows[0][2]}
        print(
            f"{weeks} weeks, {deals} deals a week, {together}: {kit:.1f} {plain:.1f};"
            f" covered: {' '.join(f'{name} {value:.1f}' for name, value in cover.items())}",
            flush=True,
        )
    for weeks, deals, lift in product((13, 26), (20, 60), (0.2, 0.4)):
        rows = list(outcomes(World(weeks, deals, 0.3, lift=lift), reports // 4))
        power = {name: 100 * np.mean([row[0][name] for row in rows]) for name in rows[0][0]}
        print(f"{weeks} weeks, {deals} deals a week, {lift:+.0%}: found {power}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
