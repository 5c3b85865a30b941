"""Typed values from text columns, decided per column on evidence, never guessed.

``parse_moments`` and ``parse_numbers`` raise ``AmbiguousValues`` where a column can be read in two ways;
garbage is never an error: its positions are told in ``Parsed.bad``.
"""

from __future__ import annotations

import re

import pandas as pd

from crmkit.sources.moments import parse_moments
from crmkit.sources.numerals import parse_numbers
from crmkit.sources.parsed import AmbiguousValues, Parsed, parse_uniques

__all__ = ["AmbiguousValues", "Parsed", "parse_booleans", "parse_durations", "parse_moments", "parse_numbers"]

#: Words for yes and no in the languages of the CRMs that are read; casefolded.
YES = frozenset({"да", "д", "y", "yes", "true", "t", "1", "1.0", "sim", "sí", "si", "истина", "on"})
NO = frozenset({"нет", "н", "n", "no", "false", "f", "0", "0.0", "não", "nao", "ложь", "off"})

_DURATION = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d+) ?(?:days?|d|дн\.?|дней|день|дня),? ?)?"
    r"(?:(?:(?P<hours>\d+):(?=\d\d:\d\d))?(?P<minutes>\d+):(?P<seconds>\d\d(?:[.,]\d+)?))?"
)
_WORDED = re.compile(
    r"(?=\d)(?:(?P<hours>\d+) ?(?:h|hrs?|hours?|ч|час|часа|часов)\.?(?:,? |$))?"
    r"(?:(?P<minutes>\d+) ?(?:m|mins?|minutes?|м|мин|минут[аы]?)\.?(?:,? |$))?"
    r"(?:(?P<seconds>\d+) ?(?:s|secs?|seconds?|с|сек|секунд[аы]?)\.?)?",
    re.IGNORECASE,
)
_SIZES = {"hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
_SECONDS = re.compile(r"-?\d+(?:[.,]\d+)?")


def parse_booleans(
    text: pd.Series, yes: frozenset[str] = frozenset(), no: frozenset[str] = frozenset()
) -> Parsed:
    """Read yes and no, in words, letters or digits, as ``boolean``; ``yes``, ``no``: the column's own words.

    >>> parse_booleans(pd.Series(["Да", "n", None, "maybe"], dtype="str")).bad.tolist()
    [3]
    """
    yes, no = YES | yes, NO | no

    def yes_or_no(cell: str) -> float | None:
        word = cell.casefold()
        return 1.0 if word in yes else 0.0 if word in no else None

    return parse_uniques(text, yes_or_no, "yes/no", "boolean")


def parse_durations(text: pd.Series) -> Parsed:
    """Read lengths of time as seconds: ``1 day, 20:55:36``, ``3:21`` (minutes), ``125``, ``2 min``.

    >>> parse_durations(pd.Series(["1 day, 20:55:36", "3:21", "125", "2m 5s"], dtype="str")).values.tolist()
    [161736.0, 201.0, 125.0, 125.0]
    """
    return parse_uniques(text, _seconds, "seconds")


def _seconds(cell: str) -> float | None:
    if _SECONDS.fullmatch(cell):
        return float(cell.replace(",", "."))
    if worded := _WORDED.fullmatch(cell):
        return sum(int(worded[name] or 0) * size for name, size in _SIZES.items())
    found = _DURATION.fullmatch(cell)
    if not found or not cell.strip("-"):
        return None
    days, hours, minutes = (int(found[name] or 0) for name in ("days", "hours", "minutes"))
    seconds = float((found["seconds"] or "0").replace(",", "."))
    if seconds >= 60 or (found["hours"] and minutes >= 60):
        return None
    clock = hours * 3600 + minutes * 60 + seconds
    # Python writes −1 hour as «-1 day, 23:00:00»: there the sign belongs to the days alone
    sign = -1 if found["sign"] else 1
    return sign * days * 86400 + clock if found["days"] else sign * clock
