"""Hygiene: required fields, described actions, losses with a reason (METHOD 3.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import blank_words
from crmkit.clients import cards_of_deals, latest_deals, places_among
from crmkit.facts import FloatArray, is_status
from crmkit.fields import filled_rows, required_fields, tells_reason
from crmkit.measures.cases import action_cases, all_owners, deal_cases, reasons_of, within
from crmkit.measures.catalog import measure
from crmkit.measures.sales import CLOSED, closed
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import coded_stages, stage_order

Mask = npt.NDArray[np.bool_]

#: What cards need by default.
CARDS = "companies.name+companies.city+companies.tax_id+contacts.name+contacts.phone|contacts.email"


def _counted(crm: Snapshot, table: str, names: tuple[str, ...]) -> tuple[FloatArray, int]:
    """Return how many of the required fields are filled in each row, and how many the export has."""
    told = [one for name in names if (one := filled_rows(crm, table, name)) is not None]
    return np.sum(told, axis=0, dtype=np.float64) + np.zeros(len(crm.tables[table])), len(told)


@measure(
    "required_fields_filled:deals", title="Required fields of deals filled", unit="share", better="higher",
    group="quality", needs={"deals.status", "deals.stage", "stages.required_fields"}, summary="ratio",
    basis="open_at",
)  # fmt: skip
def required_fields_deals(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the fields that the stage of an open deal requires which are filled.

    Cases: one row per deal open at ``as_of`` whose stage requires fields. Value: how many of them are
    filled; weight: how many there are. Fields that the export does not have count in neither.
    Leaves out: deals of which the export has none of the required fields.
    Source: METHOD 3.2; KPI23 15
    """
    deals, order = crm.deals, stage_order(crm)
    codes = coded_stages(crm, order, deals["stage"], np.arange(len(deals)))
    is_open = is_status(crm, "open")
    filled, required = np.zeros((2, len(deals)))
    asked = np.zeros(len(deals), dtype=bool)
    for code, names in enumerate(required_fields(crm)):
        here = is_open & (codes == code)
        if names and here.any():
            told, known = _counted(crm, "deals", names)
            filled[here], required[here], asked[here] = told[here], known, True
    left_out = {"no_required_column": asked & (required == 0)}
    return deal_cases(crm, asked, value=filled, weight=required, left_out=left_out)


@measure(
    "required_fields_filled:cards", title="Required fields of cards filled", unit="share", better="higher",
    group="quality", needs={"companies.name|contacts.name", CARDS}, summary="ratio", basis="open_at",
    default=False,
)  # fmt: skip
def required_fields_cards(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the fields that the cards of companies and contact persons need which are filled.

    Cases: one row per card; it belongs to its owner, else to that of the company's card, else to that of its
    latest deal. Value: how many of the fields that ``required_cards`` of client.yml names are filled; weight:
    how many there are. Fields that the export does not have count in neither.
    Leaves out: cards of which the export has none of the required fields.
    Source: METHOD 3.2; KPI23 15
    """
    parts = [
        _cards(crm, table, key) for table, key in (("companies", "company_id"), ("contacts", "contact_id"))
    ]
    owners = all_owners(*(part["manager_id"] for part in parts))
    return pd.concat(parts, ignore_index=True).assign(manager_id=owners)


def _cards(crm: Snapshot, table: str, key: str) -> pd.DataFrame:
    """Return one case per card of a table."""
    rows, deals = crm.tables[table], crm.deals
    filled, known = _counted(crm, table, crm.settings.required_cards.get(table, ()))
    latest = latest_deals(crm, cards_of_deals(crm)[table], len(rows))
    firms, own = crm.tables["companies"], deals["manager_id"]
    is_firm = table == "companies"
    firm = np.arange(len(rows)) if is_firm else places_among(rows["company_id"], firms["company_id"])
    names = all_owners(firms["manager_id"], own)
    by_firm = np.append(firms["manager_id"].notna().to_numpy(), values=False)[firm]
    place = np.where(by_firm, firm, np.where(latest >= 0, len(firms) + latest, -1))
    unknown = np.full(len(rows), not known)
    return pd.DataFrame(
        {
            "deal_ix": latest,
            "manager_id": pd.Series(
                pd.Categorical.from_codes(np.append(names.codes, -1)[place], names.categories)
            ),
            "value": filled,
            "weight": np.full(len(rows), float(known)),
            "left_out": reasons_of(len(rows), {"no_required_column": unknown}),
        }
    )


@measure(
    "actions_described", title="Actions described", unit="share", better="higher", group="quality",
    needs={"tasks.completed_at+activities.at", "tasks.title+activities.title",
           "tasks.text+tasks.result+activities.text"}, summary="ratio", basis="done_in",
)  # fmt: skip
def actions_described(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the sales actions that bear both a title and a description.

    Cases: one row per task completed and per communication in the period; only tasks, or only
    communications, where the export has titles and descriptions of these alone. Value: 1 if both are there
    (of a task, what came of it is a description too).
    Leaves out: nothing.
    Source: METHOD 3.2
    """
    rows, described = [], []
    for table, moment in (("tasks", "completed_at"), ("activities", "at")):
        blank = blank_words(crm, table)
        done = within(crm.tables[table][moment], period) & (blank is not None)
        rows.append(np.flatnonzero(done).astype(np.int32))
        described.append(np.zeros(0) if blank is None else ~(blank[0] | blank[1])[rows[-1]])
    return action_cases(crm, *rows, value=np.concatenate(described))


@measure(
    "lost_with_reason", title="Losses with a reason", unit="share", better="higher", group="quality",
    needs={*CLOSED, "deals.lost_reason"}, summary="ratio", basis="closed_in",
)  # fmt: skip
def lost_with_reason(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the deals lost in the period that bear a reason which says something.

    Cases: one row per lost deal whose ``closed_at`` lies in the period. Value: 1 if it has a reason that is
    not one of ``empty_reasons`` of client.yml (such as «other», «unknown») and has a letter or a digit.
    Leaves out: technical losses named in the client's settings; lost deals without a closing date.
    Source: METHOD 3.2; KPI23 16
    """
    chosen, left_out = closed(crm, period, "lost")
    return deal_cases(crm, chosen, at="closed_at", value=tells_reason(crm), left_out=left_out)
