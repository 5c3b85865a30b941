"""Tables that name one another: how many rows find their partner, and which names find none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from crmkit.intake.problems import problem
from crmkit.schema import Snapshot
from crmkit.sources.ledger import with_nearest

COLUMNS = ("table", "column", "to", "rows", "filled", "matched", "unmatched", "distinct", "samples")
#: Which column of a table names a row of which other table.
LINKS = (
    ("deals", "company_id", "companies"),
    ("deals", "contact_id", "contacts"),
    ("deals", "manager_id", "managers"),
    ("deals", "product", "products"),
    ("contacts", "company_id", "companies"),
    ("tasks", "company_id", "companies"),
    ("tasks", "contact_id", "contacts"),
    ("tasks", "manager_id", "managers"),
    ("activities", "company_id", "companies"),
    ("activities", "contact_id", "contacts"),
    ("activities", "manager_id", "managers"),
)
OF_DEALS = ("stage_changes", "tasks", "activities", "payments")
KEYS = {
    "companies": ("company_id", "name"),
    "contacts": ("contact_id", "name"),
    "managers": ("manager_id", "name"),
    "products": ("product",),
}


def links(crm: Snapshot) -> pd.DataFrame:
    """Return one row for each pair of tables that are both here.

    Returns
    -------
    table, column, to: which column names which table; rows: of the table; filled, matched, unmatched: of
    those rows; distinct: how many names find no partner; samples: the most frequent, with the nearest name.
    """
    rows = [*_by_name(crm), *_of_deals(crm)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def lost_links(found: pd.DataFrame) -> list[dict[str, object]]:
    """Return the pairs of tables between which rows are lost."""
    lost = found[found["unmatched"] > 0]
    return [
        problem(
            "lost_link", row["table"], row["column"],
            count=row["unmatched"], of=row["filled"], samples=row["samples"],
        )
        for row in lost.to_dict("records")
    ]  # fmt: skip


def _by_name(crm: Snapshot) -> Iterator[Mapping[str, object]]:
    for table, name, to in LINKS:
        listed = crm.tables[to]
        if to == "managers":  # those that only the data knows are rows too, of no file
            listed = listed[listed["file"].astype("str") != ""]
        values = crm.tables[table][name]
        if listed.empty or values.isna().all():
            continue
        known = pd.concat([listed[key].astype("str") for key in KEYS[to]]).dropna().unique()
        counts = np.bincount(values.cat.codes + 1, minlength=len(values.cat.categories) + 1)
        names = pd.Series(counts[1:], index=values.cat.categories)
        strange = names[(names > 0) & ~names.index.isin(known)]
        filled, lost = int(names.sum()), int(strange.sum())
        yield {
            "table": table, "column": name, "to": to, "rows": len(values), "filled": filled,
            "matched": filled - lost, "unmatched": lost, "distinct": len(strange),
            "samples": " · ".join(with_nearest(strange, known)),
        }  # fmt: skip


def _of_deals(crm: Snapshot) -> Iterator[Mapping[str, object]]:
    for table in OF_DEALS:
        frame = crm.tables[table]
        filled = frame["deal_id"].notna().to_numpy()
        if not filled.any():
            continue
        lost = filled & (frame["deal_ix"].to_numpy() < 0)
        names = frame["deal_id"][lost].value_counts()
        near = with_nearest(names, crm.deals["deal_id"]) if len(names) else []
        yield {
            "table": table, "column": "deal_id", "to": "deals", "rows": len(frame),
            "filled": int(filled.sum()), "matched": int((filled & ~lost).sum()), "unmatched": int(lost.sum()),
            "distinct": len(names), "samples": " · ".join(near),
        }  # fmt: skip
