"""Thresholds of the settings: each moves its check and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

DEALS = [
    # created on Monday, 2 March at 10, answered at 13, lost on Friday 20, to be asked again on 15 October
    {"created_at": "2026-03-02 10:00", "closed_at": "2026-03-20 10:00", "status": "lost", "source": "Site"},
    # nothing has been done since 2 March
    {"created_at": "2026-03-02 10:00", "closed_at": "", "status": "open", "source": "Base"},
    # lost on 20 March, to be asked again on 1 May
    {"created_at": "2026-03-02 10:00", "closed_at": "2026-03-20 10:00", "status": "lost", "source": "Base"},
]
ACTS = [
    {"deal_id": one, "at": at, "kind": "email", "direction": "out", "manager_id": "Ann"}
    for one, at in (("1", "2026-03-02 13:00"), ("2", "2026-03-02 13:00"))
]
TASKS = [
    {"task_id": str(number), "deal_id": deal, "due_at": due, "completed_at": done}
    for number, (deal, due, done) in enumerate(
        [("1", "2026-10-15 10:00", ""), ("3", "2026-05-01 10:00", ""), ("1", "2026-03-02", "2026-03-02")]
    )
]
#: «granite» and «granit» are alike by 92 of 100.
FIRMS = [
    {"company_id": "a", "name": "Granite North", "city": "Kiel"},
    {"company_id": "b", "name": "Granit North", "city": "Kiel"},
]


@pytest.mark.parametrize(
    ("check", "usual", "limit", "changed"),
    [
        ("H13", ["2"], {"stale_days": 30}, []),
        ("H16", ["1"], {"first_response_hours": 3}, []),
        ("H22", ["1", "3"], {"settled_days": 12}, []),  # closed eleven and a half days ago
        ("H22", ["1", "3"], {"return_to_months": 7}, ["3"]),
        ("H22", ["1", "3"], {"return_from_months": 1}, ["1"]),
        ("H20", ["a", "b"], {"similar_name_score": 95}, []),
    ],
)
def test_a_threshold_of_the_settings_counts(
    snapshot: Any, found: Callable[..., Any], check: str, usual: list[str], limit: Any, changed: list[str]
) -> None:
    tables = {"deals": DEALS, "activities": ACTS, "tasks": TASKS, "companies": FIRMS}
    for limits, offenders in (({}, usual), (limit, changed)):
        crm = snapshot(**tables, inbound_sources=["Site"], limits=limits)
        assert sorted(found(crm, check).kinds) == offenders
