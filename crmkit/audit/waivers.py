"""Exceptions that a client allows: which offending rows are waived, why, and until when."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

WAIVERS = "exceptions.csv"


def read_waivers(folder: Path) -> pd.DataFrame | None:
    """Return ``check``, ``id``, ``reason``, ``until`` of ``exceptions.csv``; ``None`` if there is none."""
    return None if not (folder / WAIVERS).exists() else pd.read_csv(folder / WAIVERS, dtype="str")
