"""The catalogue of measures and ``evaluate``."""

from __future__ import annotations

from crmkit.measures import (
    buyers,
    calls,
    clients,
    communications,
    cycle,
    forecast,
    funnels,
    hygiene,
    marketing,
    messages,
    money,
    moves,
    plan,
    quality,
    ramp_up,
    receivables,
    responses,
    sales,
    stages,
    stale,
    tasks,
    velocity,
    vendors,
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
    "calls",
    "cases_of",
    "catalogue",
    "clients",
    "communications",
    "cycle",
    "evaluate",
    "evaluate_fully",
    "find",
    "forecast",
    "funnels",
    "hygiene",
    "marketing",
    "messages",
    "money",
    "moves",
    "plan",
    "quality",
    "ramp_up",
    "receivables",
    "responses",
    "sales",
    "stages",
    "stale",
    "tasks",
    "velocity",
    "velocity_change",
    "vendors",
]
