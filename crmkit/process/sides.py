"""Both sides of a description, said and measured, as what sets them side by side needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.periods import Period
from crmkit.process.accounting import accounting, missing
from crmkit.process.description import Process
from crmkit.process.stays import Stays, stays_of
from crmkit.process.steps import StepMap
from crmkit.process.ways import Ways, ways_of
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import wilson

Row = dict[str, Any]
#: «Always» and «never» are broken where surely more than one case in ten breaks them.
NOTICED = 0.1


@dataclass(frozen=True, eq=False)
class Sides:
    """One description and the data; what several steps need is counted once."""

    crm: Snapshot
    period: Period
    process: Process
    places: StepMap
    headings: Mapping[str, str]

    @cached_property
    def account(self) -> pd.DataFrame:
        """The account of all places."""
        return accounting(self.crm, self.period, self.places)

    @cached_property
    def steps(self) -> dict[int, Row]:
        """The account of each described step that has a place."""
        rows = self.account.to_dict("records")
        return {int(row["step_ix"]): row for row in rows if row["step_ix"] >= 0}

    @cached_property
    def why(self) -> dict[str, str]:
        """Why parts of the account cannot be told."""
        return missing(self.crm, self.period, self.places)

    @cached_property
    def stays(self) -> Stays:
        """The stays of the period."""
        return stays_of(self.crm, self.period, self.places)

    @cached_property
    def ways(self) -> Ways:
        """The moves that the description allows."""
        return ways_of(self.process)

    @cached_property
    def step(self) -> npt.NDArray[np.int64]:
        """The step of each stay, −1 for none."""
        return np.asarray(self.places.step_ix[self.stays.place], dtype=np.int64)

    def marked(self, code: str, *, is_said: bool, cases: float, missing: str = "") -> Row:
        """Return the mark of a figure: a code where both surely differ."""
        if missing or not is_said:
            return {"mark": "not_in_export" if is_said else "not_described", "missing": missing}
        few = not cases >= self.crm.settings.limits.compared_cases
        return {"mark": "cannot_tell" if few else code or "agrees"}

    def always(self, told: Row, code: str, *, is_said: bool, missing: str) -> Row:
        """Return what should always be so with its mark."""
        broken = code if told["high"] < 1 - NOTICED else ""
        return told | self.marked(broken, is_said=is_said, cases=told["n"], missing=missing)


def share(top: float, whole: float) -> Row:
    """Return a share with its cases and interval."""
    low, high = wilson(top, whole)
    value = top / whole if whole else np.nan
    told = {"value": value, "numerator": top, "denominator": whole, "n": whole}
    return told | {"low": float(low), "high": float(high)}
