"""The units of ``evaluate``: which kind of column shows them, and a figure written with its unit."""

from __future__ import annotations

from crmkit.errors import N_
from crmkit.present.formats import Formats, Number
from crmkit.present.texts import MISSING, NBSP, is_missing

KIND_OF_UNIT = {
    "count": "count", "share": "share", "money": "money", "days": "days", "hours": "hours",
    "minutes": "minutes", "per_day": "number", "money_per_day": "money_per_day", "ratio": "ratio",
    "score": "number",
}  # fmt: skip
"""Which kind of column shows a unit of ``evaluate``."""

SPANS = {
    "days": N_("{number} days"),
    "hours": N_("{number} hours"),
    "minutes": N_("{number} minutes"),
    "money_per_day": N_("{number} a day"),
}


def text_of(formats: Formats, value: Number | None, kind: str) -> str:
    """Return a figure of a column whose heading carries the unit; only shares keep their sign."""
    if kind == "share":
        return formats.share(value)
    if kind in ("money", "money_per_day"):
        return formats.money(value, sign=False)
    if kind == "count":
        return formats.count(value)
    return formats.number(value, 2 if kind == "ratio" else 1)


def with_unit(formats: Formats, value: Number | None, kind: str) -> str:
    """Return a figure that stands alone, with its unit.

    >>> with_unit(Formats("en", "USD"), 12.5, "money"), with_unit(Formats("en", "USD"), 1.5, "ratio")
    ('$12.50', '1.50')
    """
    if is_missing(value):
        return MISSING
    number = formats.money(value) if kind.startswith("money") else text_of(formats, value, kind)
    span = SPANS.get(kind)
    return formats.words.say(span.text, number=number).replace(" ", NBSP) if span else number


_SHORT = (
    (1.0, 1.0, N_("{number} d")), (1 / 24, 24.0, N_("{number} h")), (1 / 1440, 1440.0, N_("{number} min")),
)  # fmt: skip


def short_span(formats: Formats, days: float) -> str:
    """Return a time in days as a label of a picture, in the unit that fits it.

    >>> [short_span(Formats("en", "USD"), days) for days in (150.4, 2.5, 0.5, 0.01, 0.0001, 0)]
    ['150\\xa0d', '2.5\\xa0d', '12.0\\xa0h', '14\\xa0min', '<1\\xa0min', '0\\xa0d']
    """
    for least, times, span in _SHORT:
        if days >= least:
            places = 0 if days >= 100 or times > 24 else 1
            number = formats.number(days * times, places)
            return formats.words.say(span.text, number=number).replace(" ", NBSP)
    number, span = ("<1", _SHORT[-1][2]) if days else ("0", _SHORT[0][2])
    return formats.words.say(span.text, number=number).replace(" ", NBSP)
