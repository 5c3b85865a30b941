"""Which row is which record: identifiers given or made, and rows that say a record again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.errors import N_, SourceError
from crmkit.sources.casting import OpenedFile
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import find_heading

KEYS = {
    "deals": "deal_id",
    "tasks": "task_id",
    "activities": "activity_id",
    "companies": "company_id",
    "contacts": "contact_id",
    "managers": "manager_id",
}
#: Where one of the two is missing, the other one stands in: a name is an identifier if there is no number.
TWINS = {
    "managers": ("manager_id", "name"),
    "companies": ("company_id", "name"),
    "contacts": ("contact_id", "name"),
}


def identify(frame: pd.DataFrame, file: OpenedFile, ledger: Ledger) -> pd.DataFrame:
    """Give every row its identifier, and set aside the rows without one; a ``key`` in client.yml wins."""
    table = file.entry.table
    first, second = TWINS.get(table, ("", ""))
    if first not in frame and second in frame:
        frame = frame.assign(**{first: frame[second]})
    elif first in frame and second not in frame:
        frame = frame.assign(**{second: frame[first]})
    if table == "stage_changes":
        return _whole_changes(frame, file, ledger)
    key = KEYS.get(table)
    if key is None:
        return frame
    if file.entry.key is None and key not in frame:
        return frame
    if file.entry.key is not None:
        frame = frame.assign(**{key: _made_key(frame, file)})
    nameless = frame[key].isna()
    if nameless.any():
        gone = frame[nameless]
        text = (
            gone.drop(columns=["file", "line"]).iloc[:, :4].astype("str").fillna("").agg(" · ".join, axis=1)
        )
        ledger.set_aside(file.entry.shown, table, gone["line"], "no_id", text)
        frame = frame[~nameless]
    return frame


def _whole_changes(frame: pd.DataFrame, file: OpenedFile, ledger: Ledger) -> pd.DataFrame:
    """Set aside the changes of which the deal, the moment or the stage entered is not told."""
    for name, reason in (("deal_id", "no_id"), ("changed_at", "no_moment"), ("to_stage", "no_stage")):
        if name in frame and (gone := frame[name].isna()).any():
            rows, other = frame[gone], "changed_at" if name == "deal_id" else "deal_id"
            ledger.set_aside(file.entry.shown, "stage_changes", rows["line"], reason, rows[other].fillna(""))
            frame = frame[~gone]
    return frame


def _made_key(frame: pd.DataFrame, file: OpenedFile) -> pd.Series:
    """Make identifiers from the lines of the file, or from the columns that tell rows apart."""
    if file.entry.key == "row":
        return frame["line"].astype("str").radd(f"{file.entry.shown}:")
    wanted = [file.entry.key] if isinstance(file.entry.key, str) else list(file.entry.key or [])
    found = [find_heading(one, file.raw.headings) for one in wanted]
    if None in found:
        raise SourceError(
            file.where,
            N_("the key names a heading that the file does not have"),
            [one for one, heading in zip(wanted, found, strict=True) if heading is None],
            N_("Write key: row, or the headings that tell rows apart."),
        )
    parts = [file.raw.frame[heading].loc[frame.index] for heading in found]
    text = parts[0].fillna("")
    for part in parts[1:]:
        text = text + "|" + part.fillna("")
    return text.mask(pd.concat(parts, axis=1).isna().all(axis=1)).astype("str")


def without_repeats(table: str, whole: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Keep one row of each record: the last changed one, else the last one in the files."""
    key = KEYS.get(table)
    content = [name for name in whole.columns if name not in ("file", "line")]
    if key is None or key not in whole:
        if table != "stage_changes":
            return whole
        gone = whole[content].duplicated().to_numpy()
        same = gone
    else:
        if whole[key].is_unique:
            return whole
        again = (whole[key].duplicated(keep=False) & whole[key].notna()).to_numpy()
        rows = whole[again]
        order = np.arange(len(rows))
        if "updated_at" in rows:
            changed = rows["updated_at"].reset_index(drop=True)
            order = changed.sort_values(kind="stable", na_position="first").index.to_numpy()
        gone = again.copy()
        gone[np.flatnonzero(again)[order]] = rows[key].iloc[order].duplicated(keep="last").to_numpy()
        same = np.zeros(len(whole), dtype=bool)
        same[again] = rows[content].duplicated(keep=False)
    for reason, chosen in (("same_row", gone & same), ("same_id", gone & ~same)):
        for file, rows in whole[chosen].groupby("file", dropna=False):
            ledger.set_aside(str(file), table, rows["line"], reason, rows[key or "deal_id"])
    return whole[~gone].reset_index(drop=True)
