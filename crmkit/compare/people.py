"""Who is compared: whose each case is, the role of each rep, who is too new to be judged (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.measures import borders
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stagelog import owners, stage_log

#: Where the export tells who owned a deal when it entered a stage.
OWNER_THEN = "stage_changes.manager_id"


def credited(crm: Snapshot, cases: pd.DataFrame) -> pd.DataFrame:
    """Return cases of deals with ``manager_id``: who owned each when it ended, else who owns it now.

    Cases that say themselves whose they are stay as they are.
    """
    if "manager_id" in cases:
        return cases
    _, owner, names = owners(crm)
    if OWNER_THEN in crm.supplied:
        log, owner = stage_log(crm), owner.copy()
        owner[log.deal[log.lasts]] = log.manager[log.lasts]
    at = cases["deal_ix"].fillna(value=-1).to_numpy(dtype=np.int64)
    return cases.assign(manager_id=pd.Categorical.from_codes(np.append(owner, -1)[at], names))


def people_of(crm: Snapshot, names: Sequence[str], period: Period) -> pd.DataFrame:
    """Return the role of each rep (empty if not known) and whether the rep is new at the end of the period.

    Without a date of hiring, a rep is new whose first deal was created in the last ``limits.new_hire_days``
    days, if the export tells of at least as many before.
    """
    table = crm.tables["managers"].assign(key=lambda one: one["manager_id"].astype("str")).set_index("key")
    own = table.reindex(names)
    ends = min(pd.Timestamp(borders(crm, period).days()[1]), pd.Timestamp(crm.today + timedelta(days=1)))
    recent = ends - pd.Timedelta(days=crm.settings.limits.new_hire_days)
    created = crm.deals["created_at"].dt.tz_localize(None)
    first = created.groupby(crm.deals["manager_id"].astype("str")).min().reindex(names)
    if not created.min() < recent - pd.Timedelta(days=crm.settings.limits.new_hire_days):
        first = first.mask(first.notna())
    since, role = own["hired_on"].fillna(first), own["role"].astype("object")
    told = {"role": role.where(role.notna(), ""), "is_new": since > recent}
    return pd.DataFrame(told, index=pd.Index(names))
