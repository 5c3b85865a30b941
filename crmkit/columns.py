"""The canonical tables of one client (METHOD 2): their columns as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

STATUSES = ("open", "won", "lost")

KINDS = {
    "id": "identifier, text",
    "text": "free text",
    "category": "one of a few names",
    "moment": "aware moment in the client's zone",
    "date": "calendar date",
    "money": "amount in the client's currency",
    "number": "number",
    "share": "0 to 1",
    "bool": "yes or no",
    "days": "days",
    "seconds": "seconds",
}


@dataclass(frozen=True)
class Column:
    """A canonical column: its kind (see ``KINDS``), its meaning, whether a file is refused without it."""

    name: str
    kind: str
    meaning: str
    required: bool = False


def _columns(*rows: str) -> tuple[Column, ...]:
    """Read ``name kind meaning…`` lines; a ``!`` behind the name marks a required column."""
    columns = []
    for row in rows:
        name, kind, meaning = row.split(" ", 2)
        columns.append(Column(name.rstrip("!"), kind, meaning, name.endswith("!")))
    return tuple(columns)


TABLES: Mapping[str, tuple[Column, ...]] = {
    "deals": _columns(
        "deal_id! id the CRM's number of the deal",
        "title text what the card is called",
        "pipeline category the pipeline the deal stands in",
        "stage category the CRM stage the deal stands in",
        "status category open, won or lost",
        "amount money what the deal is worth",
        "margin money what remains of the amount",
        "manager_id category who owns the deal",
        "company_id category the buying company",
        "contact_id category the contact person",
        "source category the channel the lead came through",
        "product category what is sold",
        "segment category the client segment",
        "created_at moment when the card was created",
        "closed_at moment when the deal was won or lost",
        "expected_close_on date when the deal is expected to close",
        "probability share the chance of winning that the CRM states",
        "currency category the currency of the amount",
        "discount money the discount given",
        "lost_reason category why the deal was lost",
        "lost_at_stage category the stage it was lost at",
        "is_repeat bool whether the client bought before",
        "url text a link to the card",
        "updated_at moment when the card was last changed",
        "stage_entered_at moment when the present stage was entered",
        "last_activity_at moment the last action with the client",
        "next_task_at moment when the next task is due",
    ),
    "stage_changes": _columns(
        "deal_id! id the deal that moved",
        "changed_at! moment when it moved",
        "from_stage category the stage it left, empty on creation",
        "to_stage! category the stage it entered",
        "manager_id category who owned it then",
    ),
    "tasks": _columns(
        "task_id id the CRM's number of the task",
        "deal_id id the deal it belongs to",
        "contact_id category the contact it belongs to",
        "company_id category the company it belongs to",
        "manager_id category who has to do it",
        "kind category call, email, messenger, linkedin, meeting or task",
        "title text what is to be done",
        "text text the description",
        "result text what came of it",
        "created_at moment when it was set",
        "due_at moment when it is due",
        "completed_at moment when it was done",
    ),
    "activities": _columns(
        "activity_id id the CRM's number of the action",
        "deal_id id the deal it belongs to",
        "contact_id category the contact it was with",
        "company_id category the company it was with",
        "manager_id category who did it",
        "kind category call, email, messenger or meeting",
        "direction category in or out",
        "at! moment when it took place",
        "duration_s seconds how long it took",
        "answered bool whether somebody answered",
        "title text its heading",
        "text text its content",
    ),
    "companies": _columns(
        "company_id! id the CRM's number, or the name",
        "name text the company's name",
        "segment category the client segment",
        "qualification category how promising the client is",
        "city category where it is",
        "tax_id id the tax number",
        "manager_id category who owns the card",
        "created_at moment when the card was created",
        "url text a link to the card",
    ),
    "contacts": _columns(
        "contact_id! id the CRM's number, or the name",
        "company_id category where the person works",
        "name text the person's name",
        "position text the person's position",
        "phone text telephone",
        "email text e-mail",
        "is_decision_maker bool whether the person decides",
        "created_at moment when the card was created",
        "url text a link to the card",
    ),
    "managers": _columns(
        "manager_id! category the CRM's number, or the name",
        "name text the rep's name",
        "role category hunter, closer, farmer, KAM or head",
        "team category the team",
        "hired_on date the first working day",
        "left_on date the day after the last working day",
    ),
    "stages": _columns(
        "pipeline category the pipeline",
        "stage! category the CRM stage",
        "position number its place in the pipeline, from 1",
        "kind category open, won or lost",
        "process_step category the step of the described process",
        "default_probability share the CRM's chance of winning at this stage",
        "norm_days days how long a deal should stand here at most",
        "required_fields text fields that must be filled here",
        "is_optional bool whether a deal may leave it out",
    ),
    "plans": _columns(
        "period_start! date the first day the figure is for",
        "period! category day, week, month, quarter or year",
        "manager_id category whose plan; empty for the whole department",
        "metric! category what is planned, such as revenue",
        "value! number how much",
    ),
    "payments": _columns(
        "deal_id! id the deal",
        "due_on date when it is to be paid",
        "amount_due money how much is to be paid",
        "paid_on date when it was paid",
        "amount_paid money how much was paid",
    ),
    "products": _columns(
        "product! category the product's name",
        "group category the group it belongs to",
        "list_price money the list price",
    ),
    "costs": _columns(
        "period_start! date the first day the spending is for",
        "source! category the channel",
        "campaign category the campaign",
        "amount! money how much was spent",
        "period category how long the spending lasted: day, week, month, quarter or year",
    ),
}

#: What the tables carry besides: where a row came from, the position of its deal, the owner of a later day,
#: the telephones of a contact as they can be compared.
ADDED = ("file", "line", "deal_ix", "owner_at_export", "phone_e164")

#: Columns that a file of deals may have instead of a closing moment and a status: when it was won, or lost.
CLOSINGS = {"won_at": "won", "lost_at": "lost"}

#: The moments that tell how far an export reaches; due and expected dates never do.
EVENTS = {
    "deals": ("created_at", "closed_at"),
    "stage_changes": ("changed_at",),
    "tasks": ("created_at", "completed_at"),
    "activities": ("at",),
}


def column(table: str, name: str) -> Column | None:
    """Return the canonical column, or ``None`` if the table has no such column."""
    return next((item for item in TABLES[table] if item.name == name), None)


def column_kind(table: str, name: str) -> str:
    """Return the kind of a column that a file may feed; text for the client's own."""
    if table == "deals" and name in CLOSINGS:
        return "moment"
    item = column(table, name)
    return item.kind if item else "text"


def typed_nulls(kind: str, length: int, zone: str) -> pd.Series:
    """Return ``length`` missing values of a kind."""
    if kind == "moment":
        dtype: object = pd.DatetimeTZDtype("us", zone)
    else:
        dtype = {
            "date": "datetime64[us]",
            "bool": "boolean",
            "id": "str",
            "text": "str",
            "category": pd.CategoricalDtype(pd.Index([], dtype="str")),
        }.get(kind, "float64")
    return pd.Series(None, index=pd.RangeIndex(length), dtype=dtype)
