"""The catalogue of measures and ``evaluate``."""

from __future__ import annotations

from crmkit.measures import communications, cycle, plan, quality, sales
from crmkit.measures.cases import borders
from crmkit.measures.catalog import Measure, catalogue, find
from crmkit.measures.evaluation import ALL, cases_of, evaluate, evaluate_fully

__all__ = [
    "ALL",
    "Measure",
    "borders",
    "cases_of",
    "catalogue",
    "communications",
    "cycle",
    "evaluate",
    "evaluate_fully",
    "find",
    "plan",
    "quality",
    "sales",
]
