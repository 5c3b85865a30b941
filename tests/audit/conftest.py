"""What a check found, in plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from crmkit.audit import ALL, examine, find_check
from crmkit.periods import Period
from crmkit.schema import Snapshot


@dataclass(frozen=True)
class Found:
    """What one check found: its state, and by the identifier of a row what is told of it.

    ``kinds``: identifier -> place of its sentence; ``names``: -> the names in it; ``days``: -> since when.
    """

    state: str
    reason: str
    missing: str
    lacking: str
    checked: int
    unknown: dict[str, int]
    kinds: dict[str, int]
    names: dict[str, str]
    days: dict[str, str]
    rows: Any


@pytest.fixture
def found() -> Callable[..., Found]:
    """Return ``found(crm, "H05", period)``."""

    def look(crm: Snapshot, check: str, period: Period = ALL) -> Found:
        audit = examine(crm, period, checks=[find_check(check)])
        state, rows = audit.states.iloc[0], audit.violations
        since = rows["since"].dt.strftime("%Y-%m-%d").fillna("")
        return Found(
            *state[["state", "reason", "missing", "lacking"]],
            int(state["checked"]),
            dict(zip(audit.unknown["reason"], audit.unknown["n"], strict=True)),
            dict(zip(rows["id"], rows["kind"], strict=True)),
            dict(zip(rows["id"], rows["names"], strict=True)),
            dict(zip(rows["id"], since, strict=True)),
            rows,
        )

    return look
