"""Headings of a file to canonical columns, by a table of names or by the client's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from crmkit.client import ExportFile
from crmkit.schema import TABLES

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_CURRENCY = re.compile(r"[\s,]*(?:₽|руб\.?|r\$|\$|€|£|₸|%)$")
_SUFFIX = re.compile(r"\.\d+$")


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
    day_first: how ``01/02/2024`` is read where the file itself does not tell.
    won, lost: stage names (small letters) that the CRM gives its two closing stages.
    lenient: columns that are kept as text of their own where they cannot be read.
    refine: the last turn of the typed table, as this CRM needs it; returns the rows it merged too.
    """

    name: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    signature: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empty_words: frozenset[str] = frozenset()
    day_first: bool | None = None
    won: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)
    lenient: frozenset[str] = frozenset()
    refine: Callable[[str, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]] | None = None


@dataclass(frozen=True)
class ColumnMap:
    """Which heading feeds which canonical column (several may feed one, the first filled cell wins)."""

    targets: Mapping[str, str]
    missing: tuple[str, ...]

    def headings(self, column: str) -> list[str]:
        """Return the headings that feed a column, the strongest first."""
        return [heading for heading, target in self.targets.items() if target == column]


def map_headings(headings: Sequence[str], entry: ExportFile, source: Source) -> ColumnMap:
    """Decide which heading is which canonical column.

    The client's own ``columns`` come first, then the CRM's names, then, for a plain file, canonical names that
    stand in the file themselves. ``missing`` lists headings that ``columns`` names and the file lacks.
    """
    by_name: dict[str, str] = {}
    for heading in headings:
        by_name.setdefault(normal(heading), heading)
    targets: dict[str, str] = {}
    missing = []
    for wanted, target in entry.columns.items():
        found = wanted if wanted in headings else by_name.get(normal(wanted))
        if found is None:
            missing.append(wanted)
        else:
            targets[found] = target
    taken = set(targets.values())
    for alias, target in source.columns.get(entry.table, {}).items():
        for heading in headings:
            if (
                heading not in targets
                and target not in taken
                and normal(_SUFFIX.sub("", heading)) == normal(alias)
            ):
                targets[heading] = target
    if not source.columns.get(entry.table):
        known = {item.name for item in TABLES[entry.table]}
        for heading in headings:
            if heading not in targets and heading in known and heading not in taken:
                targets[heading] = heading
    return ColumnMap(targets, tuple(missing))


def recognise(headings: Sequence[str], sources: Sequence[Source]) -> list[tuple[str, str]]:
    """Return the (CRM, table) pairs whose whole signature stands in the headings, the longest match first."""
    present = {normal(_SUFFIX.sub("", heading)) for heading in headings}
    found = []
    for source in sources:
        for table, signature in source.signature.items():
            if all(any(normal(one) in present for one in names.split("|")) for names in signature):
                known = {normal(alias) for alias in source.columns[table]}
                found.append((-len(present & known), source.name, table))
    return [(name, table) for _, name, table in sorted(found)]
