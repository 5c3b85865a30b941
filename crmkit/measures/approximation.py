"""What makes a figure approximate: tables of which the export tells a part, and days without a time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.measures.catalog import Measure
from crmkit.schema import Snapshot, alternatives, column


def roughly(one: Measure, crm: Snapshot) -> str:
    """Return why the figures of a measure are approximate in this export (codes, or columns), or nothing.

    Because a table that it needs is partial; because one of the parts that it adds up (``+``) is lacking; or
    because of the moments that it compares one has a time of day and another has none.
    """
    used = [[name for name in alternatives(need) if name in crm.supplied] for need in sorted(one.needs)]
    names = {name for some in used for name in some}
    partial = {table: crm.partial[table] for name in names if (table := name.split(".")[0]) in crm.partial}
    if "activities.kind=call" in names and partial.get("activities") == "calls_only":
        del partial["activities"]
    why = [partial[table] for table in sorted(partial)]
    why += [name for need in sorted(one.needs) if "+" in need for name in crm.lacks(need.split("+"))]
    moments = {some[0] for some in used if some and all(map(_is_moment, some))}
    if moments & crm.whole_days and moments - crm.whole_days:
        why.append("no_time_of_day")
    return ", ".join(why)


def marked(figures: pd.DataFrame, family: Sequence[Measure], crm: Snapshot) -> pd.DataFrame:
    """Return figures with the state ``approximate``, and why, where a measure is so in this export."""
    for one in family:
        why = roughly(one, crm)
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
