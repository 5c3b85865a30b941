"""Headings of a file to canonical columns, by a table of names or by the client's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from crmkit.schema import TABLES
from crmkit.settings import ExportFile

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_CURRENCY = re.compile(r"[\s,]*(?:₽|руб\.?|r\$|\$|€|£|₸|%)$")
_SUFFIX = re.compile(r"\.\d+$")


@lru_cache(maxsize=4096)
def normal(heading: str) -> str:
    """Return a heading as it is compared: small letters, е for ё, single spaces, no star, no currency sign.

    >>> normal(" Бюджет  ₽"), normal("*Ответственный*")
    ('бюджет', 'ответственный')
    """
    text = _SPACES.sub(" ", heading.casefold().replace("ё", "е")).strip(" *:")
    return _CURRENCY.sub("", text).strip(" *:")


@dataclass(frozen=True)
class Source:
    """What is known of one CRM's exports; all of it data but ``refine``.

    Attributes
    ----------
    columns: table -> heading -> canonical column; an earlier heading wins over a later one.
    signature: table -> headings, all of which tell this CRM's table apart; alternatives by ``|``.
    empty_words: words in a date cell that mean «none».
    nulls: words in a cell with a name or an identifier that mean «none».
    day_first: how ``01/02/2024`` is read where the file itself does not tell.
    won, lost: stage names (small letters) that the CRM gives its two closing stages.
    lenient: columns that are kept as text of their own where they cannot be read.
    refine: the last turn of the typed table (table, frame, zone), as this CRM needs it; returns the rows it
        merged too, or set aside with a ``reason``.
    stage_dates: a pattern of headings with the moment at which a deal entered a ``stage`` (or its ``id``).
    plans_closing: whether the closing date of open deals is the planned one, and no contradiction.
    status_apart: whether deals keep the stage where they were closed, and a status beside it tells the end.
    printed: whether groups and totals stand among the rows, as in printed lists.
    cards: table -> where in an account its cards are, with ``{id}``; card_ids: what such an id looks like.
    within: table of cards -> heading of a file of deals -> column of the card that it repeats; of several
        sets of headings the first that is there.
    """

    name: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    signature: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empty_words: frozenset[str] = frozenset()
    nulls: frozenset[str] = frozenset()
    day_first: bool | None = None
    won: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    lenient: frozenset[str] = frozenset()
    refine: Callable[[str, pd.DataFrame, str], tuple[pd.DataFrame, pd.DataFrame]] | None = None
    stage_dates: str = ""
    plans_closing: bool = False
    status_apart: bool = False
    printed: bool = False
    cards: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    card_ids: str = "[0-9]{1,20}"


@dataclass(frozen=True)
class ColumnMap:
    """Which heading feeds which canonical column; several may feed one, the first filled cell wins.

    Attributes
    ----------
    targets: heading -> canonical column, the stronger headings first.
    missing: headings that ``client.yml`` names and the file lacks.
    """

    targets: Mapping[str, str]
    missing: tuple[str, ...]


def find_heading(wanted: str, headings: Sequence[str]) -> str | None:
    """Return the heading that a person means: the same, else the first that differs in nothing but looks."""
    if wanted in headings:
        return wanted
    return next((heading for heading in headings if normal(heading) == normal(wanted)), None)


def map_headings(headings: Sequence[str], entry: ExportFile, source: Source) -> ColumnMap:
    """Decide which heading is which canonical column.

    The client's own ``columns`` come first, then the CRM's names, then, for a table that the CRM has no names
    for, canonical names that stand in the file themselves.
    """
    targets: dict[str, str] = {}
    missing = []
    for wanted, target in entry.columns.items():
        found = find_heading(wanted, headings)
        if found is None:
            missing.append(wanted)
        else:
            targets[found] = target
    taken = set(targets.values())
    bare = {heading: plain_heading(heading) for heading in headings}
    aliases = source.columns.get(entry.table) or {item.name: item.name for item in TABLES[entry.table]}
    for alias, target in aliases.items():
        for heading in headings:
            if heading not in targets and target not in taken and bare[heading] == normal(alias):
                targets[heading] = target
    return ColumnMap(targets, tuple(missing))


def plain_heading(heading: str) -> str:
    """Return a heading as it is compared, without the number that a repeated one got."""
    return normal(_SUFFIX.sub("", heading))


def signed(headings: Sequence[str], source: Source) -> list[str]:
    """Return the tables of a CRM whose whole signature stands in the headings."""
    present = {plain_heading(heading) for heading in headings}
    return [
        table
        for table, signature in source.signature.items()
        if all(any(normal(one) in present for one in names.split("|")) for names in signature)
    ]


def recognise(headings: Sequence[str], sources: Iterable[Source]) -> list[tuple[str, str]]:
    """Return the (CRM, table) pairs that a file fits best by its headings; more than one are a tie."""
    present = {plain_heading(heading) for heading in headings}
    scores: dict[tuple[str, str], int] = {}
    for source in sources:
        for table in signed(headings, source):
            scores[source.name, table] = len(present & {normal(alias) for alias in source.columns[table]})
    return sorted(pair for pair, score in scores.items() if score == max(scores.values()))
