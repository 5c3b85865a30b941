"""Telephones as people write them into numbers that can be compared; each distinct cell is read once.

The numbering plans are those of the package ``phonenumbers``, which is imported only when there is a number.
"""

from __future__ import annotations

import re

import pandas as pd

from crmkit.sources.distinct import by_distinct

_PARTED = re.compile(r"[,;/|\n]+")
_FRACTION = re.compile(r"\.0$")
_LETTERS = re.compile(r"[^\W\d_]")


def normalised(phones: pd.Series, country: str | None) -> pd.Series:
    """Return the numbers of each cell as E.164, parted by spaces; null where there is no valid one.

    Parameters
    ----------
    phones: cells of text, each with one number or several.
    country: two letters; without it only numbers with their country's code («+…») can be told.

    Notes
    -----
    Extensions are cut off: they lead to one desk of the same line. A number that the country's plan does not
    know, and one of a single digit, is a slip or a filler, and gives nothing.
    """
    if phones.isna().all():
        return pd.Series(None, index=phones.index, dtype="str")
    return by_distinct(
        phones, lambda cells: pd.Series([_numbers(one, country) for one in cells], dtype="str")
    )


def _numbers(cell: str, country: str | None) -> str | None:
    text = _FRACTION.sub("", cell.strip())
    parts = _PARTED.split(text)
    found = [number for part in parts if (number := _number(part, country))]
    if not found and (len(parts) > 1 or _LETTERS.search(text)):
        found = _within(text, country)
    return " ".join(sorted(set(found))) or None


def _number(text: str, country: str | None) -> str | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return _told(parsed)


def _within(text: str, country: str | None) -> list[str]:
    """Return the numbers that stand among other words."""
    import phonenumbers

    matches = phonenumbers.PhoneNumberMatcher(text, country)
    return [number for one in matches if (number := _told(one.number))]


def _told(parsed: object) -> str | None:
    import phonenumbers

    if not isinstance(parsed, phonenumbers.PhoneNumber) or not phonenumbers.is_valid_number(parsed):
        return None
    national = phonenumbers.national_significant_number(parsed)
    return f"+{parsed.country_code}{national}" if len({*national}) > 1 else None
