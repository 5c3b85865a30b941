"""What a problem of the data is: a code with its group, how many rows of how many, and its weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.errors import MAX_SAMPLES, mask
from crmkit.limits import Limits
from crmkit.schema import TABLES

COLUMNS = ("code", "group", "weight", "table", "column", "count", "of", "samples")
#: From the heaviest to what is only told.
WEIGHTS = ("blocks", "distorts", "cosmetic", "note")
#: Codes by their group; all others are of reading.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "identifiers": (
        "damaged_numbers", "scientific_numbers", "ids_collapsed", "lost_zeros", "same_id", "same_row",
    ),
    "dates": (
        "after_export", "lonely_end", "lonely_start", "closed_before_created", "completed_before_created",
        "due_before_created", "changed_before_created", "closed_without_date", "open_with_closing_date",
        "no_creation_date", "sentinel",
    ),
    "masses": ("mass_edit", "month_end"),
    "reach": ("begins_without_closings", "began_late", "silent_weeks"),
    "joins": ("lost_link", "unmatched_join", "join_key_twice", "join_column_taken"),
    "filling": ("seldom_filled", "began_filling", "stopped_filling"),
}  # fmt: skip
#: They make figures wrong however few the rows are: one amount, one moment or one identifier is enough.
ALWAYS = frozenset(
    {
        "damaged_numbers", "scientific_numbers", "lonely_end", "begins_without_closings", "silent_weeks",
        "negative_amount", "currency_assumed", "no_rate", "seldom_filled", "began_filling", "stopped_filling",
    }
)  # fmt: skip
#: However many they are, figures can still be read: they are wrong in part.
IN_PART = ALWAYS - {"no_rate", "seldom_filled"} | {"mass_edit"}
#: No figure changes by them.
HARMLESS = frozenset(
    {
        "lost_zeros", "same_id", "completed_before_created", "due_before_created", "open_with_closing_date",
        "month_end", "began_late", "reason_without_loss", "lonely_start",
    }
)  # fmt: skip
#: How something was read: told, and no fault of the data.
NOTES = frozenset(
    {
        "percent", "parentheses", "ambiguous_dst", "nonexistent_dst", "last_entry_only", "between_exports",
        "join_column_taken", "manager_without_deals", "sentinel", "same_row", "calls_only", "call_assumed",
        "no_meetings", "deals_from_history", "cards_of_deals", "names_of_several",
    }
)  # fmt: skip


def problem(code: str, table: str, column: str, **told: object) -> dict[str, object]:
    """Return one problem: ``count`` rows ``of`` how many, and at most five ``samples``, personal ones masked.

    ``samples`` is the finished text of a note, or values.
    """
    samples = told.get("samples", "")
    if not isinstance(samples, str) and isinstance(samples, Iterable):
        samples = " · ".join(mask(one) for one in list(samples)[:MAX_SAMPLES])
    return {"code": code, "table": table, "column": column} | told | {"samples": samples}


def of_rows(
    code: str, place: tuple[str, str], frame: pd.DataFrame, *, bad: npt.ArrayLike, of: int
) -> list[dict[str, object]]:
    """Return the problem of the rows of a table where ``bad`` holds; none if it holds nowhere.

    The samples are the rows' own identifiers, else those of their deals.
    """
    rows = np.flatnonzero(np.asarray(bad, dtype=bool))
    if not len(rows):
        return []
    key = next(item.name for item in TABLES[place[0]] if item.name.endswith("_id"))
    shown = frame[key].iloc[rows[:MAX_SAMPLES]].dropna()
    return [problem(code, *place, count=len(rows), of=of, samples=shown)]


def group_of(code: str) -> str:
    """Return the group of a code."""
    return next((group for group, codes in GROUPS.items() if code in codes), "reading")


def weighed(problems: Iterable[Mapping[str, object]], limits: Limits) -> pd.DataFrame:
    """Return the problems as a frame of ``COLUMNS``, the heaviest first."""
    frame = pd.DataFrame(list(problems), columns=["code", "table", "column", "count", "of", "samples"])
    share = frame["count"].to_numpy(np.float64) / np.maximum(frame["of"].to_numpy(np.float64), 1)
    frame = frame.assign(
        group=[group_of(code) for code in frame["code"]],
        weight=[_weight(code, float(part), limits) for code, part in zip(frame["code"], share, strict=True)],
    )
    rank = frame["weight"].map({weight: place for place, weight in enumerate(WEIGHTS)})
    order = np.lexsort((frame["code"].to_numpy("U"), -share, rank.to_numpy(np.int64)))
    return frame[list(COLUMNS)].iloc[order].reset_index(drop=True)


def _weight(code: str, share: float, limits: Limits) -> str:
    if code in NOTES:
        return "note"
    if code in HARMLESS:
        return "cosmetic"
    if code == "ids_collapsed" or (share >= limits.blocking_share and code not in IN_PART):
        return "blocks"
    enough = limits.mass_share if code == "mass_edit" else limits.distorting_share
    return "distorts" if code in ALWAYS or share >= enough else "cosmetic"
