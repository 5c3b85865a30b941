"""A second file that adds columns to a table: no row is lost, and what finds no partner is told."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmkit.errors import N_, SourceError
from crmkit.sources.casting import OpenedFile
from crmkit.sources.ledger import Ledger, with_nearest
from crmkit.sources.mapping import find_heading


def join(
    base: pd.DataFrame,
    meanings: Mapping[str, str],
    frame: pd.DataFrame,
    file: OpenedFile,
    ledger: Ledger,
) -> tuple[pd.DataFrame, list[str]]:
    """Add the columns of a file to a table.

    Parameters
    ----------
    base: the table; ``meanings``: heading -> canonical column in the files that it was made of.
    frame: the file's typed rows.

    Returns
    -------
    the table with as many rows as before, and the names of the columns added.

    Raises
    ------
    SourceError: the column that the two are joined on is not in both.
    """
    table = file.entry.table
    on = file.entry.join.on if file.entry.join else ""
    here, there = next(iter(on.items())) if isinstance(on, dict) else (on, on)
    right = _column(here, frame, file.mapped.targets)
    left = _column(there, base, meanings) or (right if isinstance(on, str) and right in base else None)
    if right is None or left is None:
        raise SourceError(
            file.where,
            N_("the join on «{on}» finds no such column on both sides", on=f"{here} = {there}"),
            list(base.columns)[:5],
            N_("Write join: {{on: {{heading in this file: column of the other}}}}."),
        )
    offered = [name for name in frame.columns if name not in (right, "file", "line")]
    added = [name for name in offered if name not in base]
    taken = [name for name in offered if name in base]
    ledger.note("join_column_taken", table, count=len(taken), samples=taken)
    keyed = frame.dropna(subset=[right])
    ledger.note("join_key_twice", table, left, count=int(keyed[right].duplicated().sum()))
    _set_aside(frame, right, base[left], file, ledger)
    lookup = keyed.drop_duplicates(subset=[right]).set_index(right)[added]
    merged = base.join(lookup, on=left, validate="m:1")
    lost = base[left][base[left].notna() & ~base[left].isin(lookup.index)]
    ledger.note(
        "unmatched_join",
        table,
        left,
        count=len(lost),
        samples=with_nearest(lost.value_counts(), list(lookup.index)),
    )
    return merged, added


def _set_aside(
    frame: pd.DataFrame, right: str, partners: pd.Series, file: OpenedFile, ledger: Ledger
) -> None:
    """Record the rows of a file that add nothing to the table."""
    nameless, known = frame[right].isna(), frame[right].isin(partners)
    again = frame[right].duplicated()
    for reason, gone in (
        ("no_id", nameless), ("key_twice", again & known & ~nameless), ("no_partner", ~known & ~nameless),
    ):  # fmt: skip
        lost = frame[gone]
        ledger.set_aside(file.entry.shown, file.entry.table, lost["line"], reason, lost[right].fillna(""))


def _column(heading: str, frame: pd.DataFrame, meanings: Mapping[str, str]) -> str | None:
    """Return the column that a heading became; a canonical name or a custom column's stands for itself."""
    found = find_heading(heading, list(meanings))
    if found is not None and meanings[found] in frame:
        return meanings[found]
    return find_heading(heading, list(frame.columns))
