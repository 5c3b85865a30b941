"""What makes a figure approximate: tables of which the export tells a part, and days without a time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.measures.catalog import STANDING, Measure
from crmkit.schema import Snapshot, alternatives, column

#: Slices by who owned something.
OF_OWNER = {"manager", "owner", "manager_id", "team", "role"}
OWNER_THEN = "stage_changes.manager_id"


def roughly(one: Measure, crm: Snapshot, by: Sequence[str] = ()) -> str:
    """Return why the figures of a measure are approximate in this export (codes, or columns), or nothing.

    Because a table that it needs is partial; because a part that it adds up (``+``) is lacking, or something
    else stands in (``~``); because moves are told by rep, and the export does not say whose a deal was then;
    because closed deals are told by a stage, and have none of their own; or because of the moments that it
    compares one has a time of day and another has none.
    """
    used = [[name for name in alternatives(need) if name in crm.supplied] for need in sorted(one.needs)]
    names = {name for some in used for name in some}
    partial = {table: crm.partial[table] for name in names if (table := name.split(".")[0]) in crm.partial}
    if any(name.startswith("activities.kind=") for name in names):  # what kinds there are, is told whole
        partial.pop("activities", None)
    why = [partial[table] for table in sorted(partial)]
    for need in sorted(one.needs):
        if "+" in need or "~" in need:
            why += crm.lacks(need.split("+") if "+" in need else need.split("~")[:1])
    if OF_OWNER.intersection(by) and any(name.startswith("stage_changes.") for name in names):
        why += crm.lacks([OWNER_THEN])
    if "stage" in by and one.basis not in STANDING and "stage" not in {one.within, *one.also_by}:
        why += crm.lacks(["deals.stage=closed"])
    moments = {some[0] for some in used if some and all(map(_is_moment, some))}
    if moments & crm.whole_days and moments - crm.whole_days:
        why.append("no_time_of_day")
    return ", ".join(why)


def marked(
    figures: pd.DataFrame, family: Sequence[Measure], crm: Snapshot, by: Sequence[str]
) -> pd.DataFrame:
    """Return figures with the state ``approximate``, and why, where a measure is so in this export."""
    for one in family:
        why = roughly(one, crm, by)
        told = (figures["measure"] == one.id) & (figures["variant"] == one.variant)
        told &= figures["state"] != "not_in_export"
        if why and told.any():
            reasons = figures["missing"].where(
                ~told, (figures["missing"] + ", " + why).str.removeprefix(", ")
            )
            figures = figures.assign(
                state=figures["state"].astype("object").mask(told, "approximate"), missing=reasons
            )
    return figures


def _is_moment(name: str) -> bool:
    known = column(*name.split(".", 1))
    return known is not None and known.kind == "moment"
