"""Measure how often the kit's intervals hold the truth: each promises 95 of 100.

``python benchmarks/coverage.py`` prints a table in Markdown; ``--only money,cycle`` does a part,
``--runs 200`` less. Shares and quantiles are added up exactly, the rest is simulated with a fixed seed. What
is below 93 is approximate. Nothing here is a test; the exact part is one
(``tests/statistics/test_coverage.py``), those of whole verdicts are in ``verdicts.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from coverage_compare import DEALS, SEED, WON, Rows, at_stage, deals_of, pairs, parts, skewed
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binom

from crmkit.process.resampling import limits
from crmkit.statistics.correlation import across, within
from crmkit.statistics.intervals import (
    beta_limits,
    difference_limits,
    newcombe,
    quantile_ranks,
    ratio_limits,
    wilson,
)
from crmkit.statistics.survival_limits import survival_intervals

Floats: TypeAlias = NDArray[np.float64]
ENOUGH = 0.93
SHARES = np.linspace(0.1, 0.5, 41)


def main() -> None:
    """Read the command line, measure, and print a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD,…", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=1000, help="of what is simulated; default: 1000")
    told = parser.parse_args()
    print("| interval | of | holds the truth, % | runs | |\n|---|---|---|---|---|")
    for name, part in PARTS.items():
        if not told.only or name in told.only.split(","):
            for what, data, held, runs in part(told.runs):
                word = "" if held >= ENOUGH else "approximate"
                print(f"| {what} | {data} | {100 * held:.1f} | {runs or 'exact'} | {word} |", flush=True)


def shares(_: int) -> Rows:
    """Shares and their differences and ratios, averaged over true shares from 10 to 50 %."""
    for n in (10, 30, 100, 300):
        yield "share (Wilson)", f"{n} cases", share_held(wilson, n), 0
    for n in (30, 300):
        yield "share (Jeffreys)", f"{n} cases", share_held(beta_limits, n), 0
    for one, other in ((30, 30), (30, 300), (100, 100)):
        yield (
            "difference of shares (Newcombe)",
            f"{one} and {other} cases",
            pair_held(newcombe, one, other),
            0,
        )
    for one, other in ((30, 30), (30, 300), (100, 100)):
        held = pair_held(_ratio, one, other, np.divide)
        yield "ratio of shares (MOVER-R)", f"{one} and {other} cases", held, 0


def _ratio(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return the interval of a ratio of shares; where nothing was won on the second side there is none."""
    told = [(np.asarray(k) / n, *wilson(k, n)) for k, n in (first, second)]
    return ratio_limits(told[0], told[1])


def share_held(interval: Callable[..., tuple[Floats, Floats]], n: int, level: float = 0.95) -> float:
    """Return how often an interval of a share holds it, averaged over ``SHARES``."""
    k = np.arange(n + 1)
    low, high = interval(k, n, level)
    chance = binom.pmf(k, n, SHARES[:, None])
    return float((chance * ((low <= SHARES[:, None]) & (SHARES[:, None] <= high))).sum(axis=1).mean())


def pair_held(
    interval: Callable[..., tuple[Floats, Floats]], n: int, m: int, made: Callable[..., Floats] = np.subtract
) -> float:
    """Return how often an interval of two shares together holds, averaged over pairs of ``SHARES``."""
    k, j = np.arange(n + 1)[:, None], np.arange(m + 1)[None, :]
    low, high = interval((k, n), (j, m))
    held = []
    for one in SHARES[::4]:
        for other in SHARES[::4]:
            inside = (low <= made(one, other)) & (made(one, other) <= high)
            held.append(float((binom.pmf(k, n, one) * binom.pmf(j, m, other))[inside].sum()))
    return float(np.mean(held))


def quantiles(_: int) -> Rows:
    """Medians and p90 by order statistics: whatever the distribution, if no two values are equal."""
    for quantile, name in ((0.5, "median"), (0.9, "p90")):
        for n in (10, 36, 100, 300):
            ranks = quantile_ranks(n, quantile)
            if ranks is not None:
                below = binom.cdf([ranks[0] - 1, ranks[1] - 1], n, quantile)
                yield f"{name} (order statistics)", f"{n} cases", float(below[1] - below[0]), 0


def clustered(runs: int) -> Rows:
    """Shares where a client's deals hang together: Wilson's takes each deal for a case of its own."""
    draw = np.random.default_rng(SEED)
    for deals, alike in ((2, 0.2), (5, 0.2), (12, 0.3)):
        spread = 1 / alike - 1  # a beta distribution of clients' own shares around .25
        own = draw.beta(0.25 * spread, 0.75 * spread, (20 * runs, 100 // deals))
        won = draw.binomial(deals, own).sum(axis=1)
        low, high = wilson(won, 100 // deals * deals)
        held = float(((low <= 0.25) & (high >= 0.25)).mean())
        yield "share (Wilson)", f"100 deals, {deals} a client, alike by {alike}", held, 20 * runs


def cycle(runs: int) -> Rows:
    """Times of what has not all ended: skewed durations, a third still going on."""
    draw = np.random.default_rng(SEED)
    for n in (30, 100, 300):
        spans = draw.lognormal(3, 1, (runs, n))
        seen = draw.exponential(57, (runs, n))  # about a third of the ends lie beyond it
        codes, ended = np.repeat(np.arange(runs), n), (spans <= seen).ravel()
        told = survival_intervals(codes, np.minimum(spans, seen).ravel(), ended, runs)
        for row, share in enumerate((0.5, 0.9)):
            truth, (_, low, high) = float(np.exp(3 + ndtri(share))), told[row]
            known = ~np.isnan(low)
            held = (low <= truth) & ((truth <= high) | np.isnan(high))
            name = "median" if share == 0.5 else "p90"
            yield (
                f"{name}, some not ended (log-log)",
                f"{n} cases",
                float(held[known].mean()),
                int(known.sum()),
            )


def money(runs: int) -> Rows:
    """Bootstrap by client: revenue by lead, mean amount, win rate; and their differences."""
    for clients, heavy in ((30, 1.0), (100, 1.0), (300, 1.0), (100, 1.8), (1000, 1.8)):
        held = np.zeros(5)
        for number in range(runs):
            held += _resampled(np.random.default_rng([SEED, clients, number]), clients, heavy)
        names = ("revenue", "revenue by lead", "average check", "win rate", "difference of revenue by lead")
        for name, times in zip(names, held, strict=True):
            data = f"{clients} clients, amounts {skewed(heavy)}"
            yield f"{name} (bootstrap by client)", data, float(times / runs), runs


def _resampled(draw: np.random.Generator, clients: int, heavy: float) -> Floats:
    """Draw two equal sides; return which figures of the first one are held, then their difference."""
    half, won, amount, drawn = deals_of(draw, (clients, clients), heavy, (WON, WON))
    at = np.arange(len(half))
    leads = drawn.sums(at, half, 2)
    wins, revenue = drawn.sums(at, half, 2, won.astype(float)), drawn.sums(at, half, 2, amount)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_lead, check, rate = revenue / leads, revenue / wins, wins / leads
    mean = float(np.exp(heavy**2 / 2))
    truths = [clients * DEALS * WON * mean, WON * mean, mean, WON]
    told = [*(limits(one[:, :1]) for one in (revenue, by_lead, check, rate))]
    inside = [low <= truth <= high for (low, high), truth in zip(told, truths, strict=True)]
    low, high = limits(by_lead)
    gap = difference_limits(*((by_lead[0, side], low[side], high[side]) for side in range(2)))
    return np.array([*np.ravel(inside), gap[0] <= 0 <= gap[1]], dtype=float)


def together(runs: int) -> Rows:
    """Rank correlations across reps, and within them from week to week."""
    draw = np.random.default_rng(SEED)
    for reps, true in ((6, 0.0), (6, 0.6), (20, 0.6)):
        rank = 6 / np.pi * np.arcsin(true / 2)
        held = []
        for _ in range(runs):
            x, y = draw.multivariate_normal([0, 0], [[1, true], [true, 1]], reps).T
            low, high = across(x, y, np.zeros(reps, int)).limits(0.95)
            held.append(low <= rank <= high)
        yield "rank correlation across reps", f"{reps} reps, truly {rank:.2f}", float(np.mean(held)), runs
    for reps, weeks, true in ((5, 26, 0.3), (20, 52, 0.3)):
        rank = 6 / np.pi * np.arcsin(true / 2)
        who, when = (part.ravel() for part in np.indices((reps, weeks)))
        held = []
        for _ in range(runs // 2):
            pairs = draw.multivariate_normal([0, 0], [[1, true], [true, 1]], reps * weeks)
            x, y = (pairs + draw.normal(0, 1, (weeks, 2))[when] + draw.normal(0, 1, (reps, 2))[who]).T
            low, high = within(who, when, x, y).limits(0.95)
            held.append(low <= rank <= high)
        data = f"{reps} reps × {weeks} weeks, truly {rank:.2f}"
        yield "rank correlation within reps", data, float(np.mean(held)), runs // 2


PARTS: dict[str, Callable[[int], Rows]] = {
    "shares": shares, "quantiles": quantiles, "clustered": clustered, "cycle": cycle, "money": money,
    "parts": parts, "stage": at_stage, "pairs": pairs, "together": together,
}  # fmt: skip

if __name__ == "__main__":
    main()
