"""Violations that a rep only inherited: they began while the deal was somebody else's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.examine import Audit
from crmkit.facts import NEVER, BoolArray, IntArray, micros, midnights
from crmkit.schema import Snapshot
from crmkit.stagelog import first_of_run, owners, stage_log

Ints = npt.NDArray[np.signedinteger]


def inherited(audit: Audit) -> BoolArray:
    """Return for each row of ``audit.violations`` whether it began before its rep took the deal over.

    It did if it is a deal that another rep owned when it began and at a stage entered later (or then), by the
    history of stages; or if it began before the rep was hired. What neither tells counts as the rep's own.

    Source: METHOD 5.2
    """
    rows, crm = audit.violations, audit.crm
    since = micros(rows["since"])
    early = _before_hiring(crm, rows, since) | _of_another(crm, rows, since)
    return np.asarray(early & (since != NEVER))


def _before_hiring(crm: Snapshot, rows: pd.DataFrame, since: IntArray) -> BoolArray:
    people = crm.tables["managers"]
    hired = micros(midnights(crm, people["hired_on"]))
    ids = pd.Index(people["manager_id"].astype("str"))
    begun = np.append(hired, NEVER)[ids.get_indexer(rows["manager_id"].astype("str"))]
    return np.asarray(since < begun)  # NEVER is before all


def _of_another(crm: Snapshot, rows: pd.DataFrame, since: IntArray) -> BoolArray:
    """Return which deals were another's when it began, and still when they entered a stage after that."""
    log = stage_log(crm)
    found = np.zeros(len(rows), dtype=bool)
    rep = owners(crm)[2].get_indexer(rows["manager_id"].astype("str"))
    told = np.flatnonzero((rows["table"] == "deals").to_numpy() & (rep >= 0) & (since != NEVER))
    deal, when, rep = rows["deal_ix"].to_numpy()[told], since[told], rep[told]
    first, after = np.searchsorted(log.deal, deal), np.searchsorted(log.deal, deal, side="right")
    known = after > first
    told, deal, when, rep, first, after = (one[known] for one in (told, deal, when, rep, first, after))
    in_force = np.maximum(_latest(log.deal, log.at, (deal, when)), first)
    starts = np.flatnonzero(first_of_run(log.deal) | first_of_run(log.manager))
    run = starts[np.searchsorted(starts, after - 1, side="right") - 1]
    last = np.where(log.manager[after - 1] == rep, run - 1, after - 1)  # the last entry that is not the rep's
    found[told] = (last >= first) & (log.at[last] >= when) & (log.manager[in_force] != rep)
    return found


def _latest(deal: Ints, at: Ints, wanted: tuple[Ints, Ints]) -> Ints:
    """Return the last row of each wanted deal not later than a moment; one of an earlier deal if none is."""
    moments = np.unique(at)
    width = len(moments) + 1
    keys = deal.astype(np.int64) * width + np.searchsorted(moments, at) + 1
    asked = wanted[0].astype(np.int64) * width + np.searchsorted(moments, wanted[1], side="right")
    return np.asarray(np.searchsorted(keys, asked, side="right") - 1)
