"""What each missing table or column would make possible, and how it is got out of this CRM."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import Any

import pandas as pd

from crmkit.measures.catalog import Measure
from crmkit.places import resource
from crmkit.schema import TABLES, Snapshot, alternatives
from crmkit.yamlfile import read_yaml

COLUMNS = ("need", "alone", "together", "measures", "with_others")
#: What stands in client.yml, not in an export: the same words for every CRM.
SETTINGS = "client.yml"


def unlocks(crm: Snapshot, measures: Iterable[Measure]) -> pd.DataFrame:
    """Return what is missing, the most valuable first.

    Returns
    -------
    need: a table, ``table.column`` of a table that is here, or ``table.column=kind`` of such a column; alone,
    together: how many measures it makes computable by itself, and how many more with other things that are
    missing; measures, with_others: their identifiers. The variants of a measure count once. A missing table
    is here even if no measure needs it.
    """
    alone: dict[str, set[str]] = {table: set() for table in TABLES if crm.lacks([table])}
    together: dict[str, set[str]] = {}
    for one in measures:
        if any(need.startswith("plans.metric=") for need in crm.lacks(one.needs)) and not one.is_default:
            continue  # a plan of something else is the client's to make, no gap of the export
        for way in _ways(crm, one):
            for need in way:
                (alone if len(way) == 1 else together).setdefault(need, set()).add(one.id)
    rows = []
    for need in {**alone, **together}:
        now = sorted(alone.get(need, ()))
        later = sorted(together.get(need, set()) - set(now))
        rows.append((need, len(now), len(later), ", ".join(now), ", ".join(later)))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["alone", "together", "need"], ascending=[False, False, True], ignore_index=True)


def computable(crm: Snapshot, measures: Iterable[Measure]) -> tuple[int, int]:
    """Return how many measures this export can tell, and of how many; variants count once."""
    known, told = set(), set()
    for one in measures:
        known.add(one.id)
        if not crm.lacks(one.needs):
            told.add(one.id)
    return len(told), len(known)


def _ways(crm: Snapshot, measure: Measure) -> set[frozenset[str]]:
    """Return the sets of things that would each make a measure computable, the smallest ones."""
    lacking = [{_unit(crm, name) for name in alternatives(need)} for need in crm.lacks(measure.needs)]
    ways = {frozenset(way) for way in product(*lacking)} - {frozenset()}
    return {way for way in ways if not any(other < way for other in ways)}


def _unit(crm: Snapshot, need: str) -> str:
    """Return what has to be asked for: the table if nothing of it is here, else the column, else its kind."""
    column, table = need.split("=")[0], need.split(".")[0]
    if not any(name.startswith(f"{table}.") for name in crm.supplied):
        return table
    return need if column in crm.supplied else column


def how_to_export(crm_name: str, need: str) -> tuple[str, str]:
    """Return the way to get a table or column out of a CRM, and how: a sentence of ``templates/exports.yml``.

    The way is ``file``, ``api`` or ``settings``. What is said of the column goes before what is said of its
    table, the CRM's own words before those for any.
    """
    said = _instructions()
    table = need.split(".")[0]
    for name in (need, f"{table}.*" if "." in need else need):
        for place in (crm_name, "any"):
            found = said.get(place, {}).get(name)
            if found:
                return found["way"], found["how"]
    return "", ""


@lru_cache(maxsize=1)
def _instructions() -> dict[str, Any]:
    said, _ = read_yaml(resource("templates") / "exports.yml")
    return dict(said)
