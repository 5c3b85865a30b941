"""crmkit: from a CRM export to an audit of a sales department.

The words that a notebook says are loaded when they are first used, so that ``crmkit --help`` is immediate.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from crmkit.audit import Audit, examine, hygiene_checks
    from crmkit.client import Client, read_client
    from crmkit.compare.answers import answer as check_claim
    from crmkit.compare.effect import effect as measure_effect
    from crmkit.compare.gap import gap as explain_gap
    from crmkit.compare.gap_sides import Side
    from crmkit.compare.managers import managers as compare_managers
    from crmkit.compare.periods import compared_periods as compare_periods
    from crmkit.measures import catalogue, evaluate
    from crmkit.periods import Period
    from crmkit.present.study import open_study
    from crmkit.schema import Snapshot
    from crmkit.sources.load import load, load_report

#: Where each word lives; with the name that it has there, where that is another.
_HOME = {
    "Audit": "audit",
    "hygiene_checks": "audit",
    "examine": "audit",
    "Client": "client",
    "read_client": "client",
    "Period": "periods",
    "Side": "compare.gap_sides",
    "Snapshot": "schema",
    "check_claim": "compare.answers:answer",
    "compare_managers": "compare.managers:managers",
    "compare_periods": "compare.periods:compared_periods",
    "explain_gap": "compare.gap:gap",
    "measure_effect": "compare.effect:effect",
    "load": "sources.load",
    "load_report": "sources.load",
    "catalogue": "measures",
    "evaluate": "measures",
    "open_study": "present.study",
}

__all__ = [
    "Audit",
    "Client",
    "Period",
    "Side",
    "Snapshot",
    "catalogue",
    "check_claim",
    "compare_managers",
    "compare_periods",
    "evaluate",
    "examine",
    "explain_gap",
    "hygiene_checks",
    "load",
    "load_report",
    "measure_effect",
    "open_study",
    "read_client",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'crmkit' has no attribute {name!r}")
    module, _, own = _HOME[name].partition(":")
    return getattr(import_module(f"crmkit.{module}"), own or name)
