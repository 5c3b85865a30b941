"""Telephones as people write them into numbers that can be compared; each distinct cell is read once.

The numbering plans are those of the package ``phonenumbers``, which is imported only when there is a number.
"""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from crmkit.sources.distinct import by_distinct

_PARTED = re.compile(r"[,;/|\n]+")
_FRACTION = re.compile(r"\.0$")
_LETTERS = re.compile(r"[^\W\d_]")
#: A cell that holds one number and nothing else, and a number that is a filler.
_ALONE = r"(?:'?\+?[0-9][0-9 ()\-]{8,18}[0-9])"
_FILLER = f"(?:{'|'.join(f'{digit}+' for digit in range(10))})"


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
    return by_distinct(phones, lambda cells: _read(cells, country))


def _read(cells: pd.Series, country: str | None) -> pd.Series:
    plain = _plain(cells, country)
    if plain is None:
        return pd.Series([_numbers(one, country) for one in cells], dtype="str")
    odd = plain.isna()
    plain[odd] = pd.Series([_numbers(one, country) for one in cells[odd]], cells.index[odd], dtype="str")
    return plain


def _plain(cells: pd.Series, country: str | None) -> pd.Series | None:
    """Return what most cells hold: one number of the country with its code or its prefix; all at once.

    Of the other cells nothing is said; ``None`` if of all.
    """
    plan = _plan(country) if country else None
    if plan is None:
        return None
    code, prefix, general, own = plan
    text = cells.where(cells.str.fullmatch(_ALONE))
    for mark in "' ()-":  # each by itself: a pattern of all takes three times as long
        text = text.str.replace(mark, "", regex=False)
    number = text.str.replace(rf"^(?:\+{code}|{code}|{prefix})", "", regex=True)
    known = number.str.fullmatch(own, na=False) & ~number.str.fullmatch(_FILLER, na=False)
    known &= ~number.str.startswith(("+", "0", prefix), na=True)
    known &= ~text.str.fullmatch(general, na=True)  # written without a code, or a number as it stands
    return ("+" + code + number).where(known)


@cache
def _plan(country: str) -> tuple[str, str, str, str] | None:
    """Return a country's code, its prefix of one digit, and patterns: of all its numbers, of common ones."""
    import phonenumbers

    plan = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is None or not re.fullmatch(r"\d", plan.national_prefix_for_parsing or ""):
        return None
    told = [getattr(one, "national_number_pattern", None) for one in (plan.fixed_line, plan.mobile)]
    general = getattr(plan.general_desc, "national_number_pattern", None)
    own = "|".join(f"(?:{one})" for one in told if one)
    if not own or not general:
        return None
    return str(plan.country_code), str(plan.national_prefix_for_parsing), f"(?:{general})", f"(?:{own})"


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
