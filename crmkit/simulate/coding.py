"""Codes into identifiers, names and aware moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmkit.simulate.draft import Draft
from crmkit.simulate.world import Array

FIRST_IDS = {"tasks": 5001, "activities": 90_001, "companies": 300_001, "contacts": 700_001}


def texts(values: Any) -> Any:
    """Return values as pandas text, missing where they are."""
    return pd.array(values, dtype="str")


def coded(codes: Array, names: Any) -> pd.Categorical:
    """Return a categorical of codes; −1 is missing."""
    return pd.Categorical.from_codes(codes, pd.Index(names, dtype="str"))


def said(codes: Array, words: Sequence[str]) -> Any:
    """Return the text of positions in words; −1 is missing."""
    return texts(list(words)).take(np.asarray(codes, dtype=np.int64), allow_fill=True)


def moments(values: Array, draft: Draft) -> pd.DatetimeIndex:
    """Return wall-clock times as moments in the client's zone."""
    index = pd.DatetimeIndex(values.astype("M8[us]"))
    summer = np.ones(len(index), dtype=bool)
    return index.tz_localize(draft.world.scenario.time_zone, ambiguous=summer, nonexistent="shift_forward")


def names(items: Sequence[Any]) -> list[str]:
    """Return the names of parts of a scenario."""
    return [item.name for item in items]


def rep_ids(draft: Draft) -> list[str]:
    """Return the reps' identifiers."""
    return [f"M{place}" for place in range(1, len(draft.world.scenario.reps) + 1)]


def stage_codes(draft: Draft) -> tuple[list[str], Array]:
    """Return the names of all stages, and the code of each (pipeline, stage)."""
    pipelines = draft.world.scenario.pipelines
    found = list(dict.fromkeys(stage.name for pipeline in pipelines for stage in pipeline.stages))
    table = np.full((len(pipelines), max(len(pipeline.stages) for pipeline in pipelines)), -1)
    for row, pipeline in enumerate(pipelines):
        table[row, : len(pipeline.stages)] = [found.index(stage.name) for stage in pipeline.stages]
    return found, table


@dataclass(frozen=True)
class Identifiers:
    """The identifier of every row position of a table; only rows that are kept are asked for theirs."""

    of_table: Mapping[str, Any]

    @classmethod
    def of(cls, draft: Draft) -> Identifiers:
        """Number the rows: deals by creation with gaps, tasks and activities by time, cards in order."""
        numbers = {"deals": draft.world.scenario.first_id + 2 * np.arange(len(draft.taken))}
        for name, moment in (("tasks", "created"), ("activities", "at")):
            table = getattr(draft, name)
            rank = np.zeros(len(table["keep"]), dtype=np.int64)
            kept = np.flatnonzero(table["keep"])
            rank[kept[np.argsort(table[moment][kept], kind="stable")]] = np.arange(len(kept))
            numbers[name] = FIRST_IDS[name] + rank
        for name in ("companies", "contacts"):
            numbers[name] = FIRST_IDS[name] + np.arange(len(draft.cards["rep"]))
        return cls({name: texts(pd.Series(values).astype("str")) for name, values in numbers.items()})

    def book(self, entries: Mapping[str, Sequence[Array]]) -> dict[str, tuple[str, ...]]:
        """Return the identifiers of row positions, each once, in the order of the rows."""
        return {
            table: tuple(self.of_table[table].take(np.unique(np.concatenate(rows))))
            for table, rows in entries.items()
        }
