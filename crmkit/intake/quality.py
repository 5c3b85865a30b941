"""The whole examination of an export: problems, joins, filling, reach, and what would unlock more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmkit.intake.completeness import filling, poor_columns
from crmkit.intake.dates import impossible
from crmkit.intake.identifiers import damaged
from crmkit.intake.joins import links, lost_links
from crmkit.intake.masses import mass_edits
from crmkit.intake.problems import WEIGHTS, problem, weighed
from crmkit.intake.reach import reach, truncations
from crmkit.intake.unlocks import computable, unlocks
from crmkit.measures.catalog import Measure
from crmkit.schema import Snapshot
from crmkit.sources.ledger import LoadReport

#: Notes of reading that are examined here more fully, under their own or another code.
RETOLD = frozenset(
    {
        "unmatched_company", "unmatched_product", "unknown_manager", "unknown_deal", "closed_before_created",
        "closed_without_date", "no_creation_date", "after_as_of",
    }
)  # fmt: skip
FRAMES = ("problems", "joins", "filling", "reach", "unlocks")


@dataclass(frozen=True)
class Quality:
    """What was found in an export.

    Attributes
    ----------
    problems: code, group, weight, table, column, count, of, samples; the heaviest first. ``weight`` is
        ``blocks``, ``distorts`` or ``cosmetic``, or ``note`` for what is only told.
    joins, filling, reach, unlocks: as :func:`links`, :func:`filling`, :func:`reach` and :func:`unlocks` say.
    computable: how many measures can be told, of how many.
    """

    problems: pd.DataFrame
    joins: pd.DataFrame
    filling: pd.DataFrame
    reach: pd.DataFrame
    unlocks: pd.DataFrame
    computable: tuple[int, int]

    def of_group(self, group: str) -> pd.DataFrame:
        """Return the problems of one group, without what is only told."""
        own = self.problems[(self.problems["group"] == group) & (self.problems["weight"] != "note")]
        return own.reset_index(drop=True)

    def verdict(self) -> dict[str, int]:
        """Return how many problems there are of each weight."""
        counts = self.problems["weight"].value_counts()
        return {weight: int(counts.get(weight, 0)) for weight in WEIGHTS if weight != "note"}

    def records(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        told, of = self.computable
        frames = {
            name: json.loads(getattr(self, name).to_json(orient="records", date_format="iso"))
            for name in FRAMES
        }
        return {"verdict": self.verdict() | {"measures_told": told, "measures": of}} | frames


def examine(
    crm: Snapshot, report: LoadReport, *, measures: Iterable[Measure], exported: pd.Timestamp | None = None
) -> Quality:
    """Examine an export.

    Parameters
    ----------
    crm: the export as it came, with what is later than ``as_of`` too.
    report: how it was read.
    measures: the catalogue.
    exported: the end of the day of export, if it is known.
    """
    every = list(measures)
    joined, reached = links(crm), reach(crm)
    found = [
        *damaged(crm, report),
        *impossible(crm, exported),
        *lost_links(joined),
        *mass_edits(crm),
        *truncations(crm, reached),
        *poor_columns(crm),
        *(_noted(crm, note) for note in report.notes.to_dict("records") if note["code"] not in RETOLD),
    ]
    problems = weighed(found, crm.settings.limits)
    return Quality(problems, joined, filling(crm), reached, unlocks(crm, every), computable(crm, every))


def _noted(crm: Snapshot, note: dict[str, Any]) -> dict[str, object]:
    """Return a note of reading as a problem: of the filled cells of its column, else of all rows."""
    frame = crm.tables.get(note["table"], pd.DataFrame())
    by_cell = note["column"] in frame and note["code"] not in ("no_status", "unreadable", "sentinel")
    of = int(frame[note["column"]].notna().sum()) if by_cell else len(frame)
    told = {"count": note["count"], "of": max(of, note["count"]), "samples": note["samples"]}
    return problem(note["code"], note["table"], note["column"], **told)
