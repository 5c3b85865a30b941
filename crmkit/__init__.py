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
    from crmkit.measures import catalogue, evaluate
    from crmkit.periods import Period
    from crmkit.present.study import open_study
    from crmkit.schema import Snapshot
    from crmkit.sources.load import load, load_report

_HOME = {
    "Audit": "audit",
    "hygiene_checks": "audit",
    "examine": "audit",
    "Client": "client",
    "read_client": "client",
    "Period": "periods",
    "Snapshot": "schema",
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
    "Snapshot",
    "catalogue",
    "evaluate",
    "examine",
    "hygiene_checks",
    "load",
    "load_report",
    "open_study",
    "read_client",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'crmkit' has no attribute {name!r}")
    return getattr(import_module(f"crmkit.{_HOME[name]}"), name)
