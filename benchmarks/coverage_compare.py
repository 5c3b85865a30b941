"""Coverage of what whole comparisons tell: parts of a gap in revenue, and champions at a stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from crmkit.compare.contributions import Split
from crmkit.compare.gap_sides import Chain
from crmkit.compare.pairs import like_for_like
from crmkit.limits import Limits
from crmkit.process.resampling import Resamples, resampled
from crmkit.statistics.decomposition import shapley

Floats: TypeAlias = NDArray[np.float64]
#: What is measured, of which data, how often the truth was inside, of how many runs (0: added up exactly).
Rows: TypeAlias = Iterator[tuple[str, str, float, int]]
SEED = 6
#: Deals of a client on average, and the share of them that is won.
DEALS, WON = 1.7, 0.25


def deals_of(
    draw: np.random.Generator, clients: tuple[int, int], heavy: float, chance: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], Floats, Resamples]:
    """Return the side of each deal, whether it was won, its amount, and resamples by client.

    A client has some ``DEALS`` deals and a chance of its own, so that its deals hang together.
    """
    whose = np.repeat([0, 1], clients)
    company = np.repeat(np.arange(sum(clients)), 1 + draw.poisson(DEALS - 1, sum(clients)))
    mean = np.array(chance)[whose]
    won = draw.random(len(company)) < draw.beta(9 * mean, 9 * (1 - mean))[company]
    amount = np.where(won, draw.lognormal(0, heavy, len(company)), 0.0)
    return whose[company], won, amount, resampled(company)


def parts(runs: int) -> Rows:
    """What leads, win rate and average check contribute to a gap in revenue, and the gap itself."""
    names = ("part of the leads", "part of the win rate", "part of the average check", "gap in revenue")
    for clients, heavy in (((100, 100), 1.0), ((40, 160), 1.0), ((40, 160), 1.8), ((400, 400), 1.8)):
        chance, held = (0.25, 0.35), np.zeros(len(names))
        true = [
            [one * DEALS, share, np.exp(heavy**2 / 2)] for one, share in zip(clients, chance, strict=True)
        ]
        truth = np.append(shapley(*true)[0], np.prod(true[0]) - np.prod(true[1]))
        for number in range(runs):
            draw = np.random.default_rng([SEED, number, *clients])
            side, won, amount, drawn = deals_of(draw, clients, heavy, chance)
            depths = tuple(np.where(side == one, won.astype(np.int64), -1) for one in (0, 1))
            chain = Chain(("leads", "win_rate", "average_check"), ("",) * 3, "", (depths[0], depths[1]))
            split = Split(chain, amount, drawn, (), np.zeros(0, np.int64))
            worth = split.counted().worth
            reach = stdtrit(split.buyers() - 1, 0.975) * worth[1:].std(axis=0)  # as ``gap`` does
            held += np.abs(worth[0] - truth) <= reach
        data = f"{clients[0]} and {clients[1]} clients, amounts {skewed(heavy)}"
        for name, times in zip(names, held, strict=True):
            yield name, data, float(times / runs), runs


def skewed(heavy: float) -> str:
    """Say how skewed amounts are."""
    return f"{'very ' if heavy > 1.5 else ''}skewed (σ {heavy})"


def at_stage(runs: int) -> Rows:
    """One rep of five converts ten points more than the others; likes differ, deals of a client are alike."""
    from crmkit.compare.champions import crowned

    for visits, kinds in ((30, 4), (100, 4), (100, 20), (300, 4)):
        held, told = 0, 0
        for number in range(runs):
            draw = np.random.default_rng([SEED, number, visits, kinds])
            table = visits_of(draw, visits, kinds)
            rows, _ = crowned(table, limits=Limits())
            first = rows.iloc[0]
            low, high = (first[name] - table["value"].mean() for name in ("adjusted_low", "adjusted_high"))
            told += bool(low == low)
            held += bool(low <= 0.1 <= high)
        data = f"{visits} visits a rep, likes of {kinds} kinds"
        yield "conversion at a stage, like for like", data, held / told, told


def visits_of(draw: np.random.Generator, visits: int, kinds: int) -> pd.DataFrame:
    """Return visits of five reps to a stage; a client has three, of one rep and kind, which are alike."""
    clients = 5 * visits // 3
    rep = np.arange(clients) % 5
    kind = np.where(draw.random(clients) < 0.4, rep % kinds, draw.integers(0, kinds, clients))
    share = 0.2 + 0.5 * kind / kinds + np.where(rep == 0, 0.1, 0.0)
    own = np.repeat(draw.beta(12 * share, 12 * (1 - share)), 3)
    each = np.arange(3 * clients)
    return pd.DataFrame(
        {
            "value": (draw.random(len(own)) < own).astype(np.float64), "stage": 0, "role": 0,
            "rep": np.repeat(rep, 3), "cell": np.repeat(kind, 3), "client": each // 3, "deal": each,
        }
    )  # fmt: skip


def pairs(runs: int) -> Rows:
    """One of two reps wins one and a half times as often as the other, with the warm deals in other hands."""
    for deals, heavy in ((60, 0.0), (200, 0.0), (200, 1.0), (800, 1.0), (800, 1.8)):
        held, told = 0, 0
        for number in range(runs):
            draw = np.random.default_rng([SEED, number, deals])
            first = np.arange(deals) % 2 == 0  # whose a client is; each has two deals
            kind = (draw.random(deals) < np.where(first, 0.3, 0.6)).astype(np.int64)
            share = np.where(kind == 1, 0.4, 0.15) * np.where(first, 1.5, 1.0)
            own = np.repeat(draw.beta(9 * share, 9 * (1 - share)), 2)
            value = (draw.random(len(own)) < own) * draw.lognormal(0, heavy, len(own))
            client = np.arange(len(own)) // 2
            found = like_for_like(value, first[client], cell=kind[client], cluster=client)
            told += bool(found.low == found.low)
            held += bool(found.low <= 1.5 <= found.high)
        what = f"amounts {skewed(heavy)}" if heavy else "won or not"
        yield "one rep by another, like for like", f"{deals} deals a rep, {what}", held / told, told
