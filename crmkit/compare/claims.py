"""A claimed effect set against an interval: supported, contradicted, or the data cannot tell (METHOD 6.4).

Each is a claim about a ratio, after by before; what people claim, the short form and the measure that tells
it stand in ``docs/compare.md``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crmkit.compare.intervals import Verdict
from crmkit.errors import N_, Message, RequestError, did_you_mean, fold
from crmkit.measures.catalog import ADDITIVE, Measure, catalogue, find

Form: TypeAlias = Literal["percent", "times", "divided", "from_to"]
Standing: TypeAlias = Literal["supported", "contradicted", "cannot_tell"]
#: Both limits of a figure.
Span: TypeAlias = tuple[float, float]

#: What people call the measures of the method's claims.
SAID = {
    "lost_orders": "lost_deals", "retention": "client_retention", "profit": "margin",
    "gross_profit": "margin", "first_response": "first_response_time", "conversion": "win_rate",
}  # fmt: skip
NO_CLAIM = N_("this is not a claim that can be checked")
LISTED = N_("Name a measure by its id or its title, as «crmkit list measures» tells them.")
#: How much of a ratio a season that was not separated may hide: from a fifth below the year to a fifth above.
SEASON = 1.5
#: Reasons that keep a verdict from holding, but leave the interval what it is.
_INTERVAL_STANDS = ("", "within_chance", "few_weeks", "season_not_separated")
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_PERCENT = re.compile(rf"([+-]){_NUMBER}%")
_TIMES = re.compile(rf"([x*/]){_NUMBER}")
_AFTERWARDS = re.compile(rf"^{_NUMBER}[x*]$")
_FROM_TO = re.compile(rf"{_NUMBER}(%?)-?>{_NUMBER}(%?)")
_SAME = str.maketrans({
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": "x", "X": "x",
    "\N{CYRILLIC SMALL LETTER HA}": "x", "\N{DIVISION SIGN}": "/", "\N{RIGHTWARDS ARROW}": ">", " ": "",
    "\N{NO-BREAK SPACE}": "",
})  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """What is claimed of a measure, or of one rep against another.

    Attributes
    ----------
    text: as it was written. about: the measure's full name, or «A/B», two reps.
    factor: what the figure is said to have been multiplied by; for reps, A's by B's.
    form: how it was said. start, end: the two figures of «from … to …», else NaN; shares are 0 to 1.
    """

    text: str
    about: str
    factor: float
    form: Form
    start: float = math.nan
    end: float = math.nan
    is_of_reps: bool = False


def claim(text: str, titles: Mapping[str, str] | None = None) -> Claim:
    """Read a claim in its short form: ``revenue:+24%``, ``retention:x5``, ``first_response:/3``, ``A/B:x2``.

    Parameters
    ----------
    titles: measures by what else they are called, such as their titles in another language; those of the
        catalogue itself need not be named.

    Raises
    ------
    RequestError: there is no such measure, or what is claimed of it is no change.

    >>> claim("win_rate:2%->20%")  # doctest: +ELLIPSIS
    Claim(text='win_rate:2%->20%', about='win_rate:closed_count', factor=10.0, form='from_to', ...)
    """
    about, colon, said = text.rpartition(":")
    told = _change(plain(said)) if colon else None
    if told is None:
        raise _refusal(text)
    factor, form, start, end = told
    if not math.isfinite(factor) or factor <= 0:
        raise _refusal(text, N_("from nothing, or to nothing and below, is no change that can be checked"))
    if math.isclose(factor, 1):
        raise _refusal(text, N_("no change is claimed"))
    if "/" in about:
        return Claim(text, about.strip(), factor, form, start, end, is_of_reps=True)
    measure = _measure(text, about, titles or {})
    if form == "from_to":
        _check_figures(text, measure, is_per_cent="%" in said, most=max(start, end))
    return Claim(text, measure.name, factor, form, start, end)


def plain(said: str) -> str:
    """Return what is claimed in plain signs: one way of writing them for all."""
    return _AFTERWARDS.sub(r"x\1", said.translate(_SAME))


def _measure(text: str, about: str, titles: Mapping[str, str]) -> Measure:
    """Return the measure that a claim is about, by its name, by what people say, or by its title."""
    named = {one.title: one.name for one in catalogue()} | dict(titles) | SAID
    names = {fold(title): name for title, name in named.items()}
    try:
        return find(names.get(fold(about), fold(about)))
    except RequestError as unknown:
        known = [*named, *(one.id for one in catalogue()), *(one.name for one in catalogue())]
        remedy = did_you_mean(about, known, LISTED)
        raise RequestError(f"claim {text}", unknown.what, remedy=remedy) from None


def _check_figures(text: str, measure: Measure, *, is_per_cent: bool, most: float) -> None:
    """Refuse figures from … to … that the measure cannot have."""
    if measure.summary in ADDITIVE:  # that would need its two spans of time
        raise _refusal(text, N_("of a sum or a count only the change can be claimed"))
    if (measure.unit == "share") != is_per_cent:
        raise _refusal(text, N_("shares are written in per cent, other figures without"))
    if is_per_cent and most > 1:
        raise _refusal(text, N_("a share cannot be more than 100 %"))


def _change(said: str) -> tuple[float, Form, float, float] | None:
    """Return factor, form, start and end of what is claimed."""
    if found := _PERCENT.fullmatch(said):
        return 1 + float(f"{found[1]}{_number(found[2])}") / 100, "percent", math.nan, math.nan
    if found := _TIMES.fullmatch(said):
        times = _number(found[2])
        if found[1] == "/":
            return (1 / times if times else math.nan), "divided", math.nan, math.nan
        return times, "times", math.nan, math.nan
    if (found := _FROM_TO.fullmatch(said)) and found[2] == found[4]:
        per = 100 if found[2] else 1
        start, end = _number(found[1]) / per, _number(found[3]) / per
        return (end / start if start else math.nan), "from_to", start, end
    return None


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))


def _refusal(text: str, what: Message = NO_CLAIM) -> RequestError:
    return RequestError(
        f"claim {text}",
        what,
        remedy=N_(
            "Write a measure and what is claimed of it: revenue:+24%, lost_deals:-30%, client_retention:x5,"
            " first_response_time:/3, win_rate:2%->20%; of two reps: Ann/Bob:x2."
        ),
    )


def standing(
    asked: Claim,
    ratio: Span,
    verdict: Verdict,
    *,
    reached: Span = (math.nan, math.nan),
    is_season_apart: bool = True,
) -> Standing:
    """Set a claimed change against the interval of the measured one.

    Parameters
    ----------
    ratio: the interval of the measured ratio, after by before; 1 is no change.
    verdict: what may be said of the measured change by itself: the gates come first.
    reached: the interval of the figure after, in its own unit: «2 % → 20 %» also claims the 20 %.
    is_season_apart: whether the season can have hidden nothing: it was separated, or both sides lie in the
        same part of the year.

    """
    hidden = 1.0 if is_season_apart else SEASON
    claimed = [(asked.factor, ratio)] + [(asked.end, reached)] * (asked.form == "from_to")
    return set_against(claimed, verdict, nothing=1.0, hidden=hidden)


def set_against(
    claimed: Sequence[tuple[float, Span]], verdict: Verdict, *, nothing: float, hidden: float = 1.0
) -> Standing:
    """Set claimed figures, the change first, against the intervals of the measured ones.

    Parameters
    ----------
    verdict: what may be said of the measured change by itself: the gates come first.
    nothing: what no change is: 1 of a ratio, 0 of a difference.
    hidden: how many times as much a ratio might be, had a season not hidden it.

    Returns
    -------
    ``supported``: the change holds in the claimed direction, and the interval contains the claimed figure or
    lies beyond it. ``contradicted``: the whole interval is weaker than the claim, even if a season that could
    not be separated hid half as much again. Else ``cannot_tell``: too little data, a change that may be
    chance, or figures that a mass closing or another way of recording has bent.

    Source: METHOD 6.4
    """
    change, (low, high) = claimed[0]
    if verdict.label in ("too_little_data", "cannot_be_computed") or math.isnan(low) or math.isnan(high):
        return "cannot_tell"
    is_growth = change > nothing
    is_weaker = any(
        most * hidden < figure if is_growth else least / hidden > figure for figure, (least, most) in claimed
    )
    if is_weaker and verdict.reason in _INTERVAL_STANDS:
        return "contradicted"
    side, excludes = ("above", low > nothing) if is_growth else ("below", high < nothing)
    holds = excludes and verdict.label == "holds" and verdict.direction == side
    return "supported" if holds and not is_weaker else "cannot_tell"
