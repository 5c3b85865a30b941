"""The catalogue of measures and ``evaluate``."""

from __future__ import annotations

from crmkit.measures import communications, plan, quality, sales
from crmkit.measures.catalog import Measure, catalogue, find
from crmkit.measures.evaluation import borders, cases_of, evaluate, evaluate_fully

__all__ = [
    "Measure",
    "borders",
    "cases_of",
    "catalogue",
    "communications",
    "evaluate",
    "evaluate_fully",
    "find",
    "plan",
    "quality",
    "sales",
]
