"""Reps compared like for like by an outcome (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmkit.compare.colleagues import judged
from crmkit.compare.intervals import LEVEL, unheld
from crmkit.compare.mix import Mix
from crmkit.compare.outcomes import Outcome, find_outcome
from crmkit.compare.rep_cases import cases_of_reps
from crmkit.facts import BoolArray
from crmkit.measures import ALL, slices
from crmkit.periods import Period
from crmkit.schema import Snapshot

COLUMNS = (
    "manager_id", "role", "n", "numerator", "clusters", "value", "low", "high", "expected", "model",
    "adjusted", "adjusted_low", "adjusted_high", "shrunk", "gap", "gap_low", "gap_high", "chance", "matched",
    "without_biggest", "rank_low", "rank_high", "worth", "is_new", "whole", "label", "direction", "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Managers:
    """Reps beside one another.

    Attributes
    ----------
    outcome, period: what was compared, and of when.
    rows: one row a rep of ``COLUMNS``, by role and name: see :func:`judged`; ``low`` and ``high`` are the
        95 % limits of ``value``, ``whole`` the figure of those of the role who do not stand out.
    mix: by what deals were made alike. left_out: cases that do not count, by reason.
    level: of the limits of ``gap``. missing: the columns for want of which nothing can be computed.
    credit: ``owner_now`` where the export tells only the present owner of deals, else ``owner_then``.
    """

    outcome: Outcome
    period: Period
    rows: pd.DataFrame
    mix: Mix
    left_out: Mapping[str, int]
    level: float
    missing: str = ""
    credit: str = ""


def managers(
    crm: Snapshot, period: Period = ALL, outcome: str | Outcome = "win_rate", *, by: str = "manager"
) -> Managers:
    """Return each rep beside colleagues of the same role, like for like, with a verdict.

    Nothing holds that does not hold with deals lying open far longer than usual counted as lost, and whether
    deals are alike by when they began or by when they ended.

    Parameters
    ----------
    period: half-open; by default all that the export tells of.
    outcome: an id of ``OUTCOMES``, or one itself.
    by: who is compared: reps, or the labels of another slice (``team``, a field of the deals).

    Raises
    ------
    RequestError: no such outcome or slice.

    Source: METHOD 6.1
    """
    one = find_outcome(outcome) if isinstance(outcome, str) else outcome
    slices.check(crm, [by])
    mine = cases_of_reps(crm, period, one, by=by)
    told = Managers(
        one, period, pd.DataFrame(columns=list(COLUMNS)), mine.mix, mine.left_out, LEVEL, mine.missing,
        mine.credit,
    )  # fmt: skip
    if mine.missing:
        return told
    rows, level = judged(mine.frame, tuple(mine.mix.codes), limits=crm.settings.limits, kind=one.kind)
    rows = rows.assign(
        manager_id=np.asarray(mine.people.index, object)[rows["rep"]],
        role=mine.people["role"].to_numpy()[rows["rep"]],
        reason=rows["reason"].replace("few_clients", "few_work_weeks" if one.by_week else "few_clients"),
    )
    if one.kind == "share":
        unheld(rows, _by_nobodys(rows, mine.nobodys), "nobodys")
    for reason, cases in one.doubts.items():
        if (rows["label"] == "holds").any():
            again = managers(crm, period, replace(one, cases=cases, doubts={}), by=by).rows
            same = again.set_index("manager_id")["direction"].reindex(rows["manager_id"]).to_numpy()
            unheld(rows, (rows["direction"] != same).to_numpy(), reason)
    return replace(told, rows=rows[list(COLUMNS)], level=level)


def _by_nobodys(rows: pd.DataFrame, nobodys: tuple[float, float]) -> BoolArray:
    """Return whose difference would not hold, were all those cases theirs that are nobody's."""
    more, worse = nobodys
    k, n = rows["numerator"], rows["n"]
    fewer, further = k / n - k / (n + worse), (k + more) / (n + more) - k / n
    told = (rows["gap_low"] <= fewer) & (rows["gap_high"] >= -further)
    return np.asarray(told, dtype=bool)
