"""What several CRMs say alike: flags of closing, several values in a cell."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from crmkit.sources.mapping import find_heading
from crmkit.sources.values import parse_booleans


def flag(frame: pd.DataFrame, names: Iterable[str]) -> pd.Series | None:
    """Return the first column of these names as yes, no or missing; ``None`` if there is none."""
    for name in names:
        found = find_heading(name, list(frame.columns))
        if found is not None:
            values = parse_booleans(frame[found]).values
            return values if values.notna().any() else None
    return None


def with_status(frame: pd.DataFrame, closed: Iterable[str], won: Iterable[str]) -> pd.DataFrame:
    """Give deals their status by the CRM's own flags «is closed» and «is won», if it exports both.

    Without flags, a deal with a chance between 0 and 100 % is open; nothing is said of the others.
    """
    status = pd.Series(None, frame.index, dtype="str")
    is_closed, is_won = flag(frame, closed), flag(frame, won)
    if is_closed is not None and is_won is not None:
        told = np.select([is_won.fillna(value=False), is_closed.fillna(value=False)], ["won", "lost"], "open")
        status = pd.Series(told, frame.index, dtype="str").where(is_closed.notna() & is_won.notna())
    elif "probability" in frame:
        status = status.mask((frame["probability"] > 0) & (frame["probability"] < 1), "open")
    return frame.assign(status=status) if status.notna().any() else frame


def first_of_many(frame: pd.DataFrame, names: Iterable[str], mark: str) -> pd.DataFrame:
    """Keep the first of several values in a cell; the whole cell stays in a column «… (all)»."""
    fresh: dict[str, pd.Series] = {}
    for name in names:
        if name in frame and frame[name].str.contains(mark, regex=False, na=False).any():
            first = frame[name].str.split(mark, n=1, regex=False).str[0].str.strip()
            fresh |= {name: first.mask(first == "").astype("str"), f"{name} (all)": frame[name]}
    return frame.assign(**fresh)


def set_aside(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Return rows that are not kept, with the reason."""
    return rows.assign(reason=reason)
