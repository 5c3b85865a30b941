"""Working days of a country: weekends, holidays, days moved by decree, and how far that is known.

The knowledge is that of the package ``holidays``, which is imported only when a country is asked for.
"""

from __future__ import annotations

import difflib
from datetime import date
from functools import lru_cache
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from crmkit.errors import N_, Message, SettingsError

# Countries whose government moves days off by a decree of its own for every year.
_DECREED = frozenset({"AZ", "BY", "CN", "HU", "KG", "KZ", "RU", "UZ", "VN"})
# Days off that the package lacks. RU 2014: 8 March, a Saturday, moved to Monday (Labour Code, art. 112).
_LACKING = {"RU": (date(2014, 3, 10),)}
_COLLOQUIAL = {"england": "GB", "rf": "RU", "uk": "GB"}


def check_country(country: str) -> None:
    """Refuse a country that the package does not know.

    Raises
    ------
    SettingsError: ``country`` is neither empty nor a two-letter code of a known country.
    """
    if not country:
        return
    from holidays.registry import COUNTRIES

    codes = {name: entry[1] for name, entry in COUNTRIES.items()}
    if country in codes.values():
        return
    codes |= {alias.lower(): entry[1] for entry in COUNTRIES.values() for alias in entry[1:3]} | _COLLOQUIAL
    near = difflib.get_close_matches(country.strip().lower().replace(" ", "_"), codes, n=1)
    remedy = N_("Write a two-letter code, such as RU or DE; nothing means Monday to Friday, no holidays.")
    if near:
        remedy = N_("Did you mean «{near}»?", near=codes[near[0]])
    raise SettingsError("client.yml: country", N_("there is no such country"), [country], remedy)


def source_of(country: str) -> Message:
    """Return the sentence that says where the working days come from."""
    if not country:
        return N_("Working days are Monday to Friday without holidays: no country is set.")
    return N_(
        "Working days of {country} with moved holidays, by the package holidays {version}.",
        country=country,
        version=version("holidays"),
    )


def last_known_year(country: str) -> int | None:
    """Return the last year whose moved days off are known; None for a country without yearly decrees.

    Later years are answered by the law's standing rules alone, and will differ from the decree to come.
    """
    if country not in _DECREED:
        return None
    import holidays

    decrees = getattr(holidays.country_holidays(country), "special_public_holidays", {})
    return max((year for year, days in decrees.items() if _moves(days)), default=None)


def _moves(days: tuple[object, ...]) -> bool:
    """Tell whether a year's entries hold a moved day: (month, day, from month, from day)."""
    rows = [day for day in days if isinstance(day, tuple)] or [days]
    return any(len(row) >= 4 for row in rows)


@lru_cache(maxsize=1024)
def country_year(country: str, year: int) -> NDArray[np.bool_]:
    """Tell for each day of a year whether it is a working day in the country (empty: Monday to Friday)."""
    days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    if not country:
        return np.is_busday(days)
    import holidays

    book = holidays.country_holidays(country)
    lacking = _LACKING.get(country, ())
    working = np.array([book.is_working_day(day) and day not in lacking for day in days.tolist()])
    working.setflags(write=False)  # it is kept, and shared by all calendars of the country
    return working
