"""Deals that lie open far longer than usual: who does not close what is lost wins all that ends.

Nothing is judged that would not hold, were they lost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.facts import BoolArray, IntArray, cycle_days, is_status
from crmkit.measures import find
from crmkit.measures.cases import deal_cases, within
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import STILL_THERE, stage_order
from crmkit.visits import stage_visits, visit_days

#: What still goes on lies longer than this share of what ended.
ENDED = 0.9
CLOSED, CONVERTED = "win_rate:closed_count", "stage_conversion:excluded"


def deals_with_lying(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return the cases of the win rate, and as lost the open deals of which nine of ten would have ended.

    They count at the moment when nine of ten deals of their pipeline, as old as they were then, had ended.
    """
    pipeline, is_open = crm.deals["pipeline"].cat.codes.to_numpy(), is_status(crm, "open")
    ended = pd.Series(cycle_days(crm)).where(is_status(crm, "won") | is_status(crm, "lost"))
    usual = ended.where(ended >= 0).groupby(pipeline).quantile(ENDED).reindex(pipeline).to_numpy(np.float64)
    late = is_open & (cycle_days(crm) > usual)
    due = crm.deals["created_at"] + pd.to_timedelta(np.where(late, usual, np.nan), "D")
    cases = deal_cases(crm, late & within(due, period), at="created_at", value=0.0)
    return pd.concat([find(CLOSED).cases(crm, period), cases.assign(at=due.array[cases["deal_ix"]])])


def visits_with_lying(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return the cases of the stage conversion, those that lie counted as not converted."""
    cases = find(CONVERTED).cases(crm, period)
    late = lying(crm, cases, stage_codes(crm, cases))
    return cases.assign(left_out=cases["left_out"].mask(late, ""), value=cases["value"].mask(late, 0.0))


def stage_codes(crm: Snapshot, cases: pd.DataFrame) -> IntArray:
    """Return the code of each case's stage, in the order of the pipelines."""
    keys = pd.MultiIndex.from_frame(stage_order(crm).table[["pipeline", "stage"]].astype("str"))
    places = pd.MultiIndex.from_frame(cases[["pipeline", "stage"]].astype("str"))
    return np.asarray(keys.get_indexer(places), dtype=np.int64)


def lying(crm: Snapshot, cases: pd.DataFrame, stage: IntArray) -> BoolArray:
    """Return which visits still go on although nine of ten that ended at the stage took no longer."""
    rows = stage_visits(crm).rows
    days = pd.Series(visit_days(crm, rows)).where(rows["outcome"].to_numpy() < STILL_THERE)
    usual = days.groupby(rows["stage"].to_numpy()).quantile(ENDED)
    age = (crm.as_of - cases["at"]).dt.total_seconds().to_numpy() / 86_400
    late = age > usual.reindex(stage).to_numpy(np.float64)
    return np.asarray((cases["left_out"] == "still_there").to_numpy() & late)
