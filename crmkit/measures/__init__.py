"""The catalogue of measures and ``evaluate``."""

from __future__ import annotations

from crmkit.measures import (
    buyers,
    communications,
    cycle,
    forecast,
    marketing,
    money,
    moves,
    plan,
    quality,
    ramp_up,
    receivables,
    sales,
    stages,
    velocity,
)
from crmkit.measures.cases import borders
from crmkit.measures.catalog import Measure, catalogue, find
from crmkit.measures.evaluation import ALL, cases_of, evaluate, evaluate_fully
from crmkit.measures.velocity import velocity_change

__all__ = [
    "ALL",
    "Measure",
    "borders",
    "buyers",
    "cases_of",
    "catalogue",
    "communications",
    "cycle",
    "evaluate",
    "evaluate_fully",
    "find",
    "forecast",
    "marketing",
    "money",
    "moves",
    "plan",
    "quality",
    "ramp_up",
    "receivables",
    "sales",
    "stages",
    "velocity",
    "velocity_change",
]
