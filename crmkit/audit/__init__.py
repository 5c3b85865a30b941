"""The hygiene checks, ``examine`` and the sales-system checklist (METHOD 5)."""

from __future__ import annotations

from crmkit.audit import cards, deals, duplicates, fields, moves, people, responses, tasks, words
from crmkit.audit.checks import SEVERITIES, Check, Examined, find_check, hygiene_checks
from crmkit.audit.examine import ALL, Audit, examine

__all__ = [
    "ALL",
    "SEVERITIES",
    "Audit",
    "Check",
    "Examined",
    "cards",
    "deals",
    "duplicates",
    "examine",
    "fields",
    "find_check",
    "hygiene_checks",
    "moves",
    "people",
    "responses",
    "tasks",
    "words",
]
