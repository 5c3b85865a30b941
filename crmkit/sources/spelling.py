"""Stages whose names differ only in looks: one stage, written in several ways, is made one."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from crmkit.errors import MAX_SAMPLES, fold
from crmkit.sources.distinct import by_distinct
from crmkit.sources.ledger import Ledger

_NAMED = (
    ("deals", "stage"),
    ("deals", "lost_at_stage"),
    ("stage_changes", "from_stage"),
    ("stage_changes", "to_stage"),
)


def in_one_spelling(
    tables: dict[str, pd.DataFrame], listed: Iterable[str], ledger: Ledger
) -> dict[str, pd.DataFrame]:
    """Return the tables with each stage written in one way; what was rewritten is noted.

    Names are one if small and capital letters, ``е`` and ``ё`` and spaces are all that tells them apart. They
    become the one that is listed; where none is, the most frequent one (of equal ones the first by letters).
    Where several are listed, in pipelines of their own, each stays what it is.
    """
    names = {one for table, column in _NAMED for one in tables[table][column].dropna().unique()}
    known, groups = set(listed), dict[str, list[str]]()
    for name in sorted(names | known):
        groups.setdefault(fold(name), []).append(name)
    doubtful = [met for met in groups.values() if len(met) > 1 and len(known.intersection(met)) < 2]
    if not doubtful:
        return tables
    cells = pd.concat([tables[table][column] for table, column in _NAMED]).value_counts()
    counts = {**dict.fromkeys(names | known, 0), **cells}
    written: dict[str, str] = {}
    for met in doubtful:
        chosen = next((one for one in met if one in known), max(met, key=lambda one: counts[one]))
        written |= {one: chosen for one in met if one != chosen}
    changed = {name: tables[name] for name in ("deals", "stage_changes")}
    for table, column in _NAMED:
        was = changed[table][column]
        now = by_distinct(was, lambda some: some.map(lambda one: written.get(one, one), na_action="ignore"))
        rewritten = was[(now != was) & was.notna()].value_counts()
        samples = [f"{name} ({n}) → {written[name]}" for name, n in rewritten.head(MAX_SAMPLES).items()]
        ledger.note("stage_spelling", table, column, count=int(rewritten.sum()), samples=samples)
        changed[table] = changed[table].assign(**{column: now.astype(was.dtype)})
    return {**tables, **changed}
