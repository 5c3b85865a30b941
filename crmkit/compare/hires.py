"""Who is too new to be set beside others (METHOD 6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.measures.cases import borders
from crmkit.periods import Period
from crmkit.schema import Snapshot


def new_hires(crm: Snapshot, period: Period) -> frozenset[str]:
    """Return the reps (``manager_id``) hired fewer than ``limits.new_hire_days`` before the period's end.

    Nobody of whom no hiring day is known; a period that is not over ends with ``as_of``.
    """
    managers = crm.tables["managers"]
    end = min(pd.Timestamp(borders(crm, period).end), crm.as_of).tz_convert(crm.settings.zone)
    days = (end.tz_localize(None) - managers["hired_on"].dt.tz_localize(None)).dt.days
    fresh: npt.NDArray[np.bool_] = (days < crm.settings.limits.new_hire_days).to_numpy(dtype=bool)
    return frozenset(managers.loc[fresh, "manager_id"].astype("str"))
