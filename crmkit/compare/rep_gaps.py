"""Figures beside what was expected of them: gaps, their limits, their chances (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crmkit.facts import BoolArray, FloatArray
from crmkit.statistics.bootstrap import SEED
from crmkit.statistics.intervals import beta_limits, difference_limits

_HALVINGS, _SMALLEST = 36, 1e-13


@dataclass(frozen=True, eq=False)
class Gaps:
    """The reps' own figures and what was expected of them, one entry a rep.

    Attributes
    ----------
    value, expected: means of the cases. noise, error: their variances; for a share that of the rep's own mean
        is meant as expected. free: degrees of freedom, infinite where cases do not hang together.
    is_share: limits are those of shares. draws: of each rep's mean, in resamples of the clients: where they
        are given, limits are their quantiles.
    """

    value: FloatArray
    expected: FloatArray
    noise: FloatArray
    error: FloatArray
    free: FloatArray
    is_share: bool
    draws: Sequence[FloatArray] = ()

    def limits(self, tail: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return the limits of value less expected, ``tail`` being the chance outside of them.

        Shares: limits of both sides with as many cases as their variances are worth, combined by the squares
        of their lengths (as Newcombe does with Wilson's); else Student's. Those of the own share are exact,
        those of the expected one Jeffreys': among many reps the farthest tails count, where Jeffreys' limits
        of few wins are too short (none of 98 at 5.3 %: a chance of .0024 instead of .0096).

        Source: Clopper and Pearson, Biometrika 26 (1934) 404–413; Brown, Cai and DasGupta, Statistical
        Science 16 (2001) 101–133; Zou and Donner, Statistics in Medicine 27 (2008) 1693–1702
        """
        from scipy.special import ndtr, stdtrit

        outside = np.broadcast_to(np.asarray(tail, np.float64), self.value.shape)
        if self.draws:
            return self._by_resampling(outside)
        reach = -stdtrit(np.minimum(self.free, 1e9), outside / 2)
        if not self.is_share:
            half = reach * np.sqrt(self.noise + self.error)
            return self.value - self.expected - half, self.value - self.expected + half
        level = 1 - 2 * ndtr(-np.minimum(reach, 8.0))
        spread = self.expected * (1 - self.expected)
        sides = []
        for share, variance, exact in ((self.value, self.noise, True), (self.expected, self.error, False)):
            cases = spread / variance
            sides.append((share, *beta_limits(np.clip(share, 0, 1) * cases, cases, level, exact=exact)))
        return difference_limits(*sides)

    def _by_resampling(self, outside: FloatArray) -> tuple[FloatArray, FloatArray]:
        wave = np.random.default_rng(SEED).standard_normal(len(self.draws[0]))
        rows = zip(self.draws, self.expected, self.error, outside / 2, strict=True)
        ends = [
            np.quantile(own - expected - wave * error**0.5, [tail, 1 - tail])
            for own, expected, error, tail in rows
        ]
        low, high = np.array(ends).T
        return low, high

    def chances(self, made: BoolArray) -> FloatArray:
        """Return the chance of so large a gap without any difference: where the limits touch nothing.

        NaN for the comparisons that are not made.
        """
        if not made.any():
            return np.full(self.value.shape, np.nan)
        low, high = np.full(self.value.shape, np.log(_SMALLEST)), np.zeros(self.value.shape)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below, above = self.limits(np.exp(middle))
            apart = (below > 0) | (above < 0)
            low, high = np.where(apart, low, middle), np.where(apart, middle, high)
        return np.where(made, np.exp(high), np.nan)
