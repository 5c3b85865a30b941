"""The check of what belongs to those who left (METHOD 5.1: 21)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.audit.checks import Examined, check
from crmkit.errors import N_
from crmkit.facts import BoolArray, is_status, midnights
from crmkit.periods import Period
from crmkit.schema import Snapshot


@check(
    "H21", title="What belongs to those who left", about="open deals, open tasks and companies with a rep",
    severity="critical", at_export=True,
    needs={"managers.left_on", "deals.manager_id|tasks.manager_id|companies.manager_id"},
    says=[
        N_("the deal is open, and its rep has not been here since {since}"),
        N_("the task is open, and its rep has not been here since {since}"),
        N_("the company's rep has not been here since {since}"),
    ],
)  # fmt: skip
def owned_by_the_gone(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals, open tasks and companies whose rep's last working day is over.

    Evidence: the deal, the task or the company, its rep, and the day after the rep's last one.
    Why: nobody works with these clients, and nobody notices: the CRM shows them as taken care of.
    Fix: hand them over today: money and dates first; on anybody's last day, give all that is open a new rep.
    """
    parts = (
        ("deals", "status", is_status(crm, "open")),
        ("tasks", "completed_at", crm.tasks["completed_at"].isna().to_numpy()),
        ("companies", "company_id", np.ones(len(crm.tables["companies"]), dtype=bool)),
    )
    seen = []
    for kind, (table, name, chosen) in enumerate(parts):
        lacking = crm.lacks({f"{table}.{name}", f"{table}.manager_id"})
        chosen = chosen & (not lacking)
        seen.append(_of_the_gone(crm, table, chosen, kind=kind, lacking=tuple(lacking)))
    return seen


def _of_the_gone(
    crm: Snapshot, table: str, chosen: BoolArray, *, kind: int, lacking: tuple[str, ...]
) -> Examined:
    """Return which of the chosen rows belong to somebody whose last day is over at ``as_of``.

    Somebody who stands in no list of reps cannot be judged.
    """
    managers, column = crm.tables["managers"], crm.tables[table]["manager_id"].cat
    listed = managers[(managers["file"] != "").to_numpy()]
    place = pd.Index(listed["manager_id"].astype("str")).get_indexer(column.categories)
    place = np.append(place, -1)[column.codes.to_numpy()]
    left = pd.Series([*listed["left_on"], pd.NaT], dtype="datetime64[us]")
    now = crm.as_of.tz_convert(crm.settings.zone).tz_localize(None) + pd.Timedelta(microseconds=1)
    owned = column.codes.to_numpy() >= 0
    return Examined(
        table, chosen & (place >= 0), (left <= now).to_numpy()[place],
        midnights(crm, left).iloc[place].reset_index(drop=True),
        np.full(len(place), kind, dtype=np.int8),
        unknown={"no_manager": chosen & ~owned, "unlisted_manager": chosen & owned & (place < 0)},
        lacking=lacking,
    )  # fmt: skip
