"""Weekly figures with a known truth: a change that did nothing, or raised the level by a known part.

Two years before and half a year after. Each figure has a trend, a season and weeks that hang together
(AR(1)), and is then counted: leads (Poisson), money (a sum of skewed amounts), a share (won of so many).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
BEFORE, AFTER = 104, 26
YEAR = 365.25 / 7
KINDS = ("count", "money", "share")
SEASONS = ("none", "wave", "december")
#: What no straight trend follows: a level that drifts (a random walk), growth that slows down.
BENDS = ("drift", "slowing")
DRIFT = 0.03  # sd of a week's step


@dataclass(frozen=True)
class Kind:
    """What a set of series has in common.

    Attributes
    ----------
    figure: count, money or share. together: correlation of neighbouring weeks, of the part that is no
        counting noise. season: none, a wave of a year, or a wave with three strong weeks before the new
        year and two weak ones after.
    effect: part by which the level is raised from the change on. bend: one of ``BENDS``, or nothing.
    """

    figure: str
    together: float
    season: str
    effect: float = 0.0
    before: int = BEFORE
    after: int = AFTER
    bend: str = ""


@dataclass(frozen=True, eq=False)
class Weeks:
    """One series: Mondays, the value of each week, the numbers behind it (n), the first week after."""

    kind: Kind
    monday: NDArray[np.datetime64]
    value: Floats
    n: Floats
    change: int


def series(kind: Kind, count: int, *, seed: int) -> Iterator[Weeks]:
    """Yield so many series of a kind; the same ones for the same seed, however many are asked for."""
    name = f"{kind.figure} {kind.together} {kind.season} {kind.before} {kind.after}{kind.bend}"
    for number in range(count):
        yield draw(kind, rng=np.random.default_rng([seed, number, *name.encode()]))


def draw(kind: Kind, *, rng: np.random.Generator) -> Weeks:
    """Draw one series."""
    week = np.arange(kind.before + kind.after)
    monday = np.datetime64("2021-01-04") + np.timedelta64(7, "D") * (week + rng.integers(0, 104))
    trend = rng.uniform(-0.15, 0.15) * week / YEAR
    season = _season(kind.season, monday, rng=rng)
    drift = _correlated(len(week), kind.together, rng=rng) * rng.uniform(0.05, 0.2)
    level = (1 + season) * np.exp(trend + drift - drift.var() / 2)
    level = level * _bent(kind.bend, week, rng=rng)
    level = level * np.where(week >= kind.before, 1 + kind.effect, 1.0)
    value, n = _counted(kind.figure, level, rng=rng)
    return Weeks(kind, monday, value, n, kind.before)


def _season(name: str, monday: NDArray[np.datetime64], *, rng: np.random.Generator) -> Floats:
    """Return by what part each week is above or below the year's level."""
    height, phase = rng.uniform(0.05, 0.2), rng.uniform(0, 2 * np.pi)
    if name == "none":
        return np.zeros(len(monday))
    thursday = monday + np.timedelta64(3, "D")
    day = (thursday - thursday.astype("datetime64[Y]")).astype(np.float64)
    wave = height * np.cos(2 * np.pi * day / 365.25 - phase)
    if name == "wave":
        return wave
    return wave + height * (2.0 * (day >= 344) - 2.0 * (day < 14))


def _bent(name: str, week: NDArray[np.int64], *, rng: np.random.Generator) -> Floats:
    """Return by what each week's level is multiplied."""
    if name == "drift":
        return np.exp(np.cumsum(rng.normal(0.0, DRIFT, len(week))))
    if name == "slowing":  # an S: by half as much again to twice and a half, steepest in the first two years
        middle, width = rng.uniform(20, 100), rng.uniform(8, 20)
        return 1 + rng.uniform(0.5, 1.5) / (1 + np.exp(-(week - middle) / width))
    return np.ones(len(week))


def _correlated(length: int, together: float, *, rng: np.random.Generator) -> Floats:
    """Return an AR(1) of variance 1, stationary from its first week on."""
    shocks = rng.normal(size=length)
    found = np.empty(length)
    found[0] = shocks[0]
    for at in range(1, length):
        found[at] = together * found[at - 1] + np.sqrt(1 - together**2) * shocks[at]
    return found


def _counted(figure: str, level: Floats, *, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the weekly figure and how many rows stand behind it."""
    many = np.exp(rng.uniform(np.log(15), np.log(150)))
    if figure == "share":
        n = rng.poisson(many, len(level)).clip(min=1).astype(np.float64)
        return rng.binomial(n.astype(np.int64), np.clip(rng.uniform(0.1, 0.5) * level, 0, 0.95)) / n, n
    n = rng.poisson(many * level).astype(np.float64)
    if figure == "count":
        return n, n
    amounts = np.array([rng.lognormal(10, 0.8, int(one)).sum() for one in n])
    return amounts, n
