"""The client's stages and their order, as arrays over integer codes: once per Snapshot (METHOD 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import once_per_snapshot
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.signedinteger]
KINDS = ("open", "won", "lost")
OPEN = 0

#: How a visit ends. The first five are the method's; the order of the stages may not tell (``unknown``).
OUTCOMES = ("advanced", "lost", "moved_back", "other_pipeline", "still_there", "unknown")
ADVANCED, LOST, MOVED_BACK, OTHER_PIPELINE, STILL_THERE, UNKNOWN = range(6)


@dataclass(frozen=True, eq=False)
class StageOrder:
    """The stages, one per code; every array but the last three has one entry per stage.

    Attributes
    ----------
    table: ``pipeline``, ``stage``, ``position``, ``kind``, ``norm_days``, ``process_step``, ``is_optional``;
        stages that only the data knows stand at the end, without a pipeline and a position.
    kinds: code into ``KINDS``; a stage of no known kind counts as open.
    pipelines: code of the pipeline; −1 where the stage has no place.
    positions: its place; NaN if not known. places: a place among all stages, for ordering ties.
    ranks: how many open stages of its pipeline come before it; −1 without a place.
    sizes: for each pipeline, how many open stages it has; the last entry is for «none».
    open_stages: for each pipeline (row) and rank (column), the code of that open stage; −1 beyond the last.
    musts: for each pipeline (row), how many open stages before a rank (column) a deal must not leave out.
    """

    table: pd.DataFrame
    kinds: Ints
    pipelines: Ints
    positions: npt.NDArray[np.float64]
    places: Ints
    ranks: Ints
    sizes: Ints
    open_stages: Ints
    musts: Ints

    def is_kind(self, kind: str) -> npt.NDArray[np.bool_]:
        """Tell for each stage whether it is ``open``, ``won`` or ``lost``."""
        return np.asarray(self.kinds == KINDS.index(kind))

    def labels(self, name: str, codes: npt.NDArray[np.signedinteger]) -> pd.Categorical:
        """Return a column of the table for stage codes, −1 for none."""
        places, names = pd.factorize(self.table[name], sort=True)
        return pd.Categorical.from_codes(np.append(places, -1)[codes], pd.Index(names, dtype="str"))


@once_per_snapshot
def stage_order(crm: Snapshot) -> StageOrder:
    """Return the stages in the client's order: ``stages.position``, which ``client.yml`` or a file gives.

    A name that stands in several pipelines, or in none, also gets a stage without a pipeline, for deals of
    which the pipeline does not tell which one is meant.
    """
    return order_of(_all_stages(crm))


def order_of(table: pd.DataFrame) -> StageOrder:
    """Return the order that a table of stages tells: ``pipeline``, ``stage``, ``position``, ``kind``."""
    positions = table["position"].to_numpy(dtype=np.float64)
    kinds = np.maximum(pd.Categorical(table["kind"], categories=list(KINDS)).codes.astype(np.int64), OPEN)
    names = table["pipeline"].fillna(value="")
    known = ~np.isnan(positions)
    pipelines = np.full(len(table), -1)
    pipelines[known], found = pd.factorize(names[known], sort=True)
    same = pipelines[:, None] == pipelines[None, :]
    before = same & known[:, None] & (kinds == OPEN)[None, :] & (positions[None, :] < positions[:, None])
    ranks = np.where(known, before.sum(axis=1), -1).astype(np.int16)
    is_open = known & (kinds == OPEN)
    sizes = np.append(np.bincount(pipelines[is_open], minlength=len(found)), 0)
    open_stages = np.full((len(sizes), int(sizes.max()) + 1), -1)
    open_stages[pipelines[is_open], ranks[is_open]] = np.flatnonzero(is_open)
    optional = np.zeros(len(table) + 1, dtype=bool)
    if "is_optional" in table:
        optional[:-1] = table["is_optional"].to_numpy(dtype=bool, na_value=False)
    musts = np.zeros((len(sizes), open_stages.shape[1] + 1), dtype=np.int64)
    musts[:, 1:] = np.cumsum((open_stages >= 0) & ~optional[open_stages], axis=1)
    places = np.empty(len(table), dtype=np.int64)
    order = np.lexsort(
        (table["stage"].astype("str").to_numpy(object), kinds, positions, names.to_numpy(object))
    )
    places[order] = np.arange(len(table))
    return StageOrder(table, kinds, pipelines, positions, places, ranks, sizes, open_stages, musts)


def coded_stages(crm: Snapshot, order: StageOrder, names: pd.Series, deals: npt.NDArray[np.integer]) -> Ints:
    """Return stage codes for names of stages, each read in the pipeline of its deal; −1 where missing.

    Parameters
    ----------
    names: a column of stage names, as categories. deals: the position of each one's deal, −1 for none.
    """
    if not len(names.cat.categories):
        return np.full(len(names), -1, dtype=np.int16)
    table, pipelines = order.table, crm.deals["pipeline"].cat
    pairs = zip(table["pipeline"], table["stage"], strict=True)
    exact = {
        (None if pd.isna(pipeline) else pipeline, stage): code for code, (pipeline, stage) in enumerate(pairs)
    }
    alone = {stage: code for (pipeline, stage), code in exact.items()}
    alone |= {stage: code for (pipeline, stage), code in exact.items() if pipeline is None}
    grid = np.full((len(pipelines.categories) + 1, len(names.cat.categories) + 1), -1, dtype=np.int16)
    for row, pipeline in enumerate([*pipelines.categories, None]):
        for column, stage in enumerate(names.cat.categories):
            grid[row, column] = exact.get((pipeline, stage), alone[stage])
    if (grid == grid[0]).all():  # the pipelines say the same
        return np.asarray(grid[0][names.cat.codes], dtype=np.int16)
    return np.asarray(grid[np.append(pipelines.codes, -1)[deals], names.cat.codes], dtype=np.int16)


def outcomes(order: StageOrder, stage: Ints, following: Ints) -> npt.NDArray[np.int8]:
    """Return how each pair of a stage and the next one ends the visit to the first, by one small table."""
    size = len(order.kinds)
    here, there = np.arange(size)[:, None], np.arange(size)[None, :]
    table = np.full((size, size), UNKNOWN, dtype=np.int8)
    known = ~np.isnan(order.positions)
    placed = known[here] & known[there]
    table[placed & (order.positions[there] > order.positions[here])] = ADVANCED
    table[placed & (order.positions[there] <= order.positions[here])] = MOVED_BACK
    table[(order.kinds[here] != OPEN) & np.ones_like(placed)] = MOVED_BACK  # reopened
    listed = (order.pipelines[here] >= 0) & (order.pipelines[there] >= 0)
    table[listed & (order.pipelines[here] != order.pipelines[there])] = OTHER_PIPELINE
    for kind, outcome in (("won", ADVANCED), ("lost", LOST)):
        table[:, order.is_kind(kind)] = outcome
    table[np.arange(size), np.arange(size)] = MOVED_BACK
    return np.asarray(table[stage, following], dtype=np.int8)


def _all_stages(crm: Snapshot) -> pd.DataFrame:
    """Return the listed stages, then one without a pipeline for each name that is not listed just once."""
    names = ["pipeline", "stage", "position", "kind", "norm_days", "process_step", "is_optional"]
    kinds = dict.fromkeys(("pipeline", "stage", "kind", "process_step"), "str")
    listed = crm.tables["stages"][names].astype(kinds).drop_duplicates(["pipeline", "stage"])
    columns = [
        (crm.deals, "stage"),
        (crm.tables["stage_changes"], "from_stage"),
        (crm.tables["stage_changes"], "to_stage"),
    ]
    seen = sorted({name for table, column in columns for name in table[column].cat.categories})
    times = listed["stage"].value_counts()
    bare = set(listed["stage"][listed["pipeline"].isna()])
    more = pd.Series([name for name in seen if times.get(name, 0) != 1 and name not in bare], dtype="str")
    agreed = listed.groupby("stage")["kind"].agg(["nunique", "first"])
    kind = more.map(agreed["first"].where(agreed["nunique"] == 1)).astype("str")
    fresh = pd.DataFrame({"stage": more, "kind": kind}).reindex(columns=names)
    return pd.concat([listed, fresh.astype(listed.dtypes)], ignore_index=True)
