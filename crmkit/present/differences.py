"""Differences as a reader of the language writes them: shares differ in points, money carries its sign."""

from __future__ import annotations

import math
import re

from crmkit.errors import N_
from crmkit.present.formats import Formats, Number
from crmkit.present.texts import MINUS, MISSING, NBSP, is_missing
from crmkit.present.words import Words

#: What the units of a difference are written with; shares differ in percentage points.
UNITS = {
    "share": N_("{span} points"),
    "days": N_("{span} days"),
    "hours": N_("{span} hours"),
    "minutes": N_("{span} minutes"),
    "per_day": N_("{span} a day"),
    "money_per_day": N_("{span} a day"),
}
#: A relative difference (0.05 is 5 %), in addition to the units of measures.
RELATIVE = "relative"
MOST_PLACES = 4
#: What adding up leaves of zero.
NOTHING = 1e-9
#: From this amount on both ends are told short: «from −993K to +1.1M».
LARGE = 10_000


def sentence(words: Words, text: str, /, **params: object) -> str:
    """Return a sentence whose full stop is not doubled where a unit ends with one."""
    said = words.say(text, **params)
    return said[:-1] if said.endswith("..") else said


def span_text(formats: Formats, low: Number | None, high: Number | None, unit: str) -> str:
    """Return how large a difference is, both ends positive: «3–11 points», «$1,200–3,400», «5–12%».

    Large amounts are told short. Digits are enough for the ends to differ, and for an end that is not zero
    not to look like it.

    >>> span_text(Formats("en", "USD"), 0.0312, 0.108, "share").replace("\\xa0", " ")
    '3–11 points'
    >>> span_text(Formats("en", "USD"), 0.002, 0.108, "share").replace("\\xa0", " ")
    '0.2–10.8 points'
    """
    ends = _ends(formats, low, high, unit)
    if ends is None:
        return MISSING
    return _in_words(formats, _with_sign(formats, "–".join(dict.fromkeys(ends)), unit), unit)


def between_text(formats: Formats, low: Number | None, high: Number | None, unit: str) -> str:
    """Return where a difference lies, with signs: «from −3 to +8 points».

    >>> between_text(Formats("en", "USD"), -0.031, 0.08, "share").replace("\\xa0", " ")
    'from −3 to +8 points'
    """
    ends = _ends(formats, low, high, unit)
    if ends is None:
        return MISSING
    first, last = (_signed(_with_sign(formats, text, unit)) for text in ends)
    span = formats.words.say("from {low} to {high}", low=first, high=last).replace(" ", NBSP)
    return _in_words(formats, span, unit)


def difference_text(formats: Formats, value: Number | None, unit: str) -> str:
    """Return one difference with its sign and unit: «+3.1 points», «−12%».

    >>> difference_text(Formats("en", "USD"), 0.0312, "share").replace("\\xa0", " ")
    '+3.1 points'
    """
    if is_missing(value):
        return MISSING
    shown = _scaled(value, unit)
    places = 0 if abs(shown) >= 100 or unit == "count" else 2 if unit == "ratio" else 1
    signed = _signed(_with_sign(formats, _number(formats, shown, places), unit))
    return _in_words(formats, signed, unit)


def _scaled(value: Number | None, unit: str) -> float:
    scaled = float(value or 0) * (100 if unit in ("share", RELATIVE) else 1)
    return scaled if abs(scaled) > NOTHING else 0.0


def _ends(formats: Formats, low: Number | None, high: Number | None, unit: str) -> list[str] | None:
    """Return both ends as digits."""
    if is_missing(low) or is_missing(high):
        return None
    ends = [_scaled(low, unit), _scaled(high, unit)]
    largest = max(abs(end) for end in ends)
    if unit.startswith("money") and largest >= LARGE:
        short = [_number(formats, end, -1) for end in ends]
        if short[0] != short[1] and not _hides(ends, short):
            return short
    whole = unit in ("share", RELATIVE, "count", "money") or largest >= 10
    first = 2 if unit == "ratio" else 0 if whole else 1
    texts: list[str] = []
    for places in range(first, MOST_PLACES + 1):
        texts = [_number(formats, end, places) for end in ends]
        if not _hides(ends, texts) and (texts[0] != texts[1] or ends[0] == ends[1]):
            break
    return texts


def _hides(ends: list[float], texts: list[str]) -> bool:
    """Return whether an end that is not zero looks like it."""
    return any(end and not re.search("[1-9∞]", text) for end, text in zip(ends, texts, strict=True))


def _number(formats: Formats, value: float, places: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    return formats.compact(value) if places < 0 else formats.number(value, places)


def _signed(text: str) -> str:
    return text if text[0] == MINUS or not re.search("[1-9∞]", text) else f"+{text}"


def _with_sign(formats: Formats, digits: str, unit: str) -> str:
    if unit in ("money", "money_per_day"):
        return formats.with_symbol(digits)
    return formats.per_cent(digits) if unit == RELATIVE else digits


def _in_words(formats: Formats, digits: str, unit: str) -> str:
    said = UNITS.get(unit)
    return formats.words.say(said.text, span=digits).replace(" ", NBSP) if said else digits
