"""Qualified deals: those that came to the stage at which their pipeline takes a lead seriously."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crmkit.facts import is_status, is_technical, once_per_snapshot
from crmkit.schema import Snapshot
from crmkit.stages import OPEN, coded_stages, stage_order

Mask = npt.NDArray[np.bool_]


@once_per_snapshot
def qualified(crm: Snapshot) -> tuple[Mask, Mask]:
    """Return for each deal whether it was ever qualified, and whether that cannot be known.

    A deal is qualified once it has stood in the stage that the settings name for its pipeline
    (``qualified_at``), or in one behind it, or is won. In a pipeline for which none is named all deals are,
    but technical losses. It cannot be known of a deal of which no stage but the last one, lost, is known.
    Where a deal has no pipeline and there is only one, it is that one's.
    """
    needed = _needed_ranks(crm)
    furthest = _furthest_ranks(crm)
    won = is_status(crm, "won")
    counts = ~is_technical(crm)
    reached = won | (furthest >= needed)
    return reached & counts, counts & ~reached & (furthest < 0)


def _needed_ranks(crm: Snapshot) -> npt.NDArray[np.int64]:
    """Return for each deal the rank of the stage that qualifies it; −1 where every deal is qualified."""
    order, named = stage_order(crm), crm.settings.qualified_at
    by_pipeline = {
        pipeline: int(rank)
        for pipeline, stage, rank in zip(
            order.table["pipeline"], order.table["stage"], order.ranks, strict=True
        )
        if named.get(pipeline) == stage
    }
    known = order.table["pipeline"].dropna().unique()
    alone = by_pipeline.get(known[0], -1) if len(known) == 1 else -1
    pipelines = crm.deals["pipeline"].cat
    ranks = [by_pipeline.get(name, -1) for name in pipelines.categories]
    return np.asarray(np.array([*ranks, alone])[pipelines.codes], dtype=np.int64)


def _furthest_ranks(crm: Snapshot) -> npt.NDArray[np.int64]:
    """Return for each deal the greatest rank of an open stage that it is known to have stood in, or −1."""
    order, changes = stage_order(crm), crm.tables["stage_changes"]
    here = np.arange(len(crm.deals))
    lost_at = crm.deals["lost_at_stage"].cat.set_categories(order.table["stage"].unique())
    seen = [(here, crm.deals["stage"]), (here, lost_at)]
    seen += [(changes["deal_ix"].to_numpy(), changes[name]) for name in ("from_stage", "to_stage")]
    ranks = np.append(np.where(order.kinds == OPEN, order.ranks, -1), -1)
    furthest = np.full(len(crm.deals) + 1, -1)  # the last: rows of no deal
    for deals, names in seen:
        np.maximum.at(furthest, deals, ranks[coded_stages(crm, order, names, deals)])
    return furthest[:-1]
