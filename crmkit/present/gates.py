"""Small numbers told as such (METHOD 6): few cases only as «k of n», more with their interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from crmkit.limits import Limits
from crmkit.present.formats import Formats, Number
from crmkit.present.texts import MISSING, is_missing
from crmkit.present.units import text_of, with_unit

Standing = Literal["few", "some", "enough"]


class Cases(NamedTuple):
    """What stands behind a figure: ``numerator`` of ``denominator``, ``n`` cases, 95 % interval."""

    numerator: float | None = None
    denominator: float | None = None
    n: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, row: Mapping[Any, Any], key: str = "") -> Cases:
        """Return what stands in a row under these names, or behind its figure ``key`` («<key>_n»)."""
        told = (row[f"{key}_{part}" if key else part] for part in cls._fields)
        return cls(*(None if is_missing(one) else float(one) for one in told))


@dataclass(frozen=True)
class Gated:
    """A figure's text, what stands beside it (interval or n), and how far it can be trusted."""

    text: str
    beside: str
    standing: Standing

    def __str__(self) -> str:
        return f"{self.text} ({self.beside})" if self.beside else self.text


def standing(n: Number | None, limits: Limits) -> Standing:
    """Return whether ``n`` cases are few, some or enough."""
    if is_missing(n) or (n or 0) < limits.few_cases:
        return "few"
    return "some" if (n or 0) < limits.compared_cases else "enough"


def gated(
    formats: Formats, value: Number | None, cases: Cases, kind: str = "share", limits: Limits | None = None,
    *, alone: bool = False,
) -> Gated:  # fmt: skip
    """Return a figure as its number of cases allows it to be told.

    Parameters
    ----------
    value: the figure, unrounded; a share is 0–1.
    kind: ``share``, ``money``, ``days`` … of a column.
    limits: the thresholds, by default the method's 10 and 30.
    alone: the figure carries its unit, which no heading tells.

    Returns
    -------
    Gated: a share of fewer than 10 cases has the text «3 of 7» (or «n = 7» where it weighs money), of 10 and
    more the share with its interval beside; another figure of fewer than 10 cases has «n = 7» beside.
    """
    stands = standing(cases.n, limits or Limits())
    if is_missing(value) or not cases.n:
        return Gated(MISSING, "", stands)
    text = (with_unit if alone else text_of)(formats, value, kind)
    counted = f"n = {formats.count(cases.n)}".replace(" ", "\u00a0")
    if stands != "few":
        known = not (is_missing(cases.low) or is_missing(cases.high))
        return Gated(text, formats.interval(cases.low, cases.high, kind) if known else "", stands)
    if kind != "share":
        return Gated(text, counted, stands)
    of_cases = not is_missing(cases.numerator) and cases.denominator in (None, cases.n)
    return Gated(formats.k_of_n(cases.numerator, cases.n) if of_cases else counted, "", stands)
