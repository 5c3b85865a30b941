"""From when on an export records what a measure needs."""

from __future__ import annotations

import pandas as pd

from crmkit.edges import losses_since, not_won_since
from crmkit.measures.catalog import Measure
from crmkit.schema import Snapshot, alternatives

#: Measures that set deals that ended one way beside others: both must be recorded.
BOTH = {
    "win_rate:closed_count": losses_since,
    "win_rate:closed_value": losses_since,
    "win_rate:cohort": not_won_since,
}


def began(one: Measure, crm: Snapshot) -> pd.Timestamp | None:
    """Return the moment from which the export records all that a measure needs; ``NaT``: it never does."""
    since = BOTH[one.name](crm) if one.name in BOTH else None
    if since is pd.NaT:
        return since
    firsts = [] if since is None else [since]
    for need in one.needs:
        names = [name for name in alternatives(need) if name in crm.supplied]
        things = [name if name in crm.began else name.split(".")[0] for name in names]
        known = [crm.began[thing] for thing in things if thing in crm.began]
        firsts += [min(known)] if known else []
    return max(firsts, default=None)
