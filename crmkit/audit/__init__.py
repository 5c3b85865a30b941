"""The checklist of CRM keeping and ``examine``."""

from __future__ import annotations

from crmkit.audit import cards, deals, duplicates, fields, moves, people, responses, tasks, words
from crmkit.audit.checks import SEVERITIES, Check, Examined, checklist, find_check
from crmkit.audit.examine import ALL, Audit, examine

__all__ = [
    "ALL",
    "SEVERITIES",
    "Audit",
    "Check",
    "Examined",
    "cards",
    "checklist",
    "deals",
    "duplicates",
    "examine",
    "fields",
    "find_check",
    "moves",
    "people",
    "responses",
    "tasks",
    "words",
]
