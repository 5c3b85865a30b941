"""Salesforce: reports and Data Loader files of opportunities and what belongs to them (FORMATS 8)."""

from __future__ import annotations

import re

import pandas as pd

from crmkit.sources.mapping import Source, find_heading
from crmkit.sources.wording import flag, set_aside, with_status

DEALS = {
    # Data Loader and weekly export
    "Id": "deal_id",
    "Name": "title",
    "AccountId": "company_id",
    "StageName": "stage",
    "CloseDate": "closed_at",
    "LeadSource": "source",
    "OwnerId": "manager_id",
    "CurrencyIsoCode": "currency",
    "CreatedDate": "created_at",
    "LastModifiedDate": "updated_at",
    "LastActivityDate": "last_activity_at",
    "LastStageChangeDate": "stage_entered_at",
    "ContactId": "contact_id",
    "RecordType.Name": "pipeline",
    # reports
    "Opportunity ID": "deal_id",
    "Opportunity Name": "title",
    "Account Name": "company_id",
    "Stage": "stage",
    "Amount": "amount",
    "Amount Currency": "currency",
    "Probability (%)": "probability",
    "Probability": "probability",
    "Close Date": "closed_at",
    "Created Date": "created_at",
    "Last Modified Date": "updated_at",
    "Last Activity": "last_activity_at",
    "Last Activity Date": "last_activity_at",
    "Last Stage Change Date": "stage_entered_at",
    "Lead Source": "source",
    "Opportunity Owner": "manager_id",
    "Opportunity Record Type": "pipeline",
    "Loss Reason": "lost_reason",
    "Lost Reason": "lost_reason",
    "Closed Lost Reason": "lost_reason",
}

#: OpportunityHistory, OpportunityFieldHistory, and the reports of both.
HISTORY = {
    "OpportunityId": "deal_id",
    "Opportunity ID": "deal_id",
    "Opportunity Name": "deal_id",
    "CreatedDate": "changed_at",
    "Edit Date": "changed_at",
    "Last Modified": "changed_at",
    "StageName": "to_stage",
    "NewValue": "to_stage",
    "New Value": "to_stage",
    "To Stage": "to_stage",
    "OldValue": "from_stage",
    "Old Value": "from_stage",
    "From Stage": "from_stage",
}

TASKS = {
    "Id": "task_id",
    "WhatId": "deal_id",
    "WhoId": "contact_id",
    "AccountId": "company_id",
    "OwnerId": "manager_id",
    "Subject": "title",
    "Description": "text",
    "CallDisposition": "result",
    "TaskSubtype": "kind",
    "CreatedDate": "created_at",
    "ActivityDate": "due_at",
    "CompletedDateTime": "completed_at",
}

COMPANIES = {
    "Id": "company_id",
    "Name": "name",
    "Industry": "segment",
    "BillingCity": "city",
    "OwnerId": "manager_id",
    "CreatedDate": "created_at",
}

CONTACTS = {
    "Id": "contact_id",
    "AccountId": "company_id",
    "Name": "name",
    "Title": "position",
    "Email": "email",
    "Phone": "phone",
    "CreatedDate": "created_at",
}

MANAGERS = {"Id": "manager_id", "Name": "name", "UserRole.Name": "role"}

CLOSED_FLAGS = ("IsClosed", "Closed")
WON_FLAGS = ("IsWon", "Won")
FIELD = ("Field / Event", "Field")
STAGE_FIELDS = frozenset({"stage", "stagename"})
IDS = ("deal_id", "company_id", "contact_id", "manager_id")
_SHORT = re.compile(r"00[1356TQ][A-Za-z0-9]{12}")
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(text: str) -> str:
    """Return the 18 signs of a Salesforce identifier for the 15 that reports show; other text as it is.

    The three last signs tell which of the others are capitals, five by five.

    >>> long_id("006A0000000BcDe"), long_id("Acme")
    ('006A0000000BcDeIAK', 'Acme')
    """
    if not _SHORT.fullmatch(text):
        return text
    parts = (text[start : start + 5] for start in (0, 5, 10))
    return text + "".join(
        _SIGNS[sum(1 << at for at, sign in enumerate(part) if sign.isupper())] for part in parts
    )


def _long(ids: pd.Series) -> pd.Series:
    short = ids.str.len() == 15
    return ids.where(~short, ids[short].map(long_id).astype("str")) if short.any() else ids


def refine(table: str, frame: pd.DataFrame, zone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make identifiers alike, take the status by Salesforce's flags, and keep changes of stages only."""
    frame = frame.assign(**{name: _long(frame[name]) for name in IDS if name in frame})
    deleted = flag(frame, ("IsDeleted", "Deleted"))
    gone = set_aside(frame if deleted is None else frame[deleted.fillna(value=False)], "deleted")
    if deleted is None:
        gone = gone.iloc[:0]
    frame = frame.drop(index=gone.index)
    if table == "deals":
        frame = with_status(frame, CLOSED_FLAGS, WON_FLAGS)
    if table == "stage_changes":
        frame, others = _stage_changes(frame)
        gone = pd.concat([gone, others])
    if table == "tasks":
        frame = _tasks(frame)
    return frame, gone


def _stage_changes(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set aside rows of other fields, and those in which the stage stayed what it was."""
    field = next((name for one in FIELD if (name := find_heading(one, list(frame.columns)))), None)
    other = frame.iloc[:0]
    if field is not None:
        is_stage = frame[field].str.strip().str.casefold().isin(STAGE_FIELDS)
        frame, other = frame[is_stage], frame[~is_stage]
    if "from_stage" not in frame:
        ordered = frame.sort_values("changed_at", kind="stable")
        frame = frame.assign(from_stage=ordered.groupby("deal_id", dropna=False)["to_stage"].shift())
    same = frame["from_stage"] == frame["to_stage"]
    gone = [set_aside(other, "other_field"), set_aside(frame[same], "no_stage_change")]
    return frame[~same], pd.concat(gone)


def _tasks(frame: pd.DataFrame) -> pd.DataFrame:
    """Say which of the cards that a task belongs to are deals."""
    if "deal_id" not in frame:
        return frame
    of_deal, of_company = (frame["deal_id"].str.startswith(prefix, na=False) for prefix in ("006", "001"))
    own = frame["company_id"] if "company_id" in frame else pd.Series(None, frame.index, dtype="str")
    company = own.where(own.notna() | ~of_company, frame["deal_id"])
    return frame.assign(deal_id=frame["deal_id"].where(of_deal), company_id=company)


SOURCE = Source(
    name="salesforce",
    cards=dict.fromkeys(("deals", "companies", "contacts"), "/{id}"),
    card_ids="[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?",
    columns={
        "deals": DEALS,
        "stage_changes": HISTORY,
        "tasks": TASKS,
        "companies": COMPANIES,
        "contacts": CONTACTS,
        "managers": MANAGERS,
    },
    signature={
        "deals": (
            "Opportunity Name|Opportunity ID|StageName",
            "StageName|Stage",
            "CloseDate|Close Date",
            "OwnerId|Opportunity Owner|Account Name|AccountId",
        ),
        "stage_changes": (
            "OpportunityId|Opportunity ID|Opportunity Name",
            "StageName|NewValue|New Value|To Stage",
            "CreatedDate|Edit Date|Last Modified",
        ),
        "tasks": ("Id", "WhatId", "Subject"),
        "companies": ("Id", "Name", "Industry|BillingCity|NumberOfEmployees|AnnualRevenue"),
        "contacts": ("Id", "AccountId", "Email|Phone", "Name|LastName"),
        "managers": ("Id", "Name", "Username"),
    },
    won=frozenset({"closed won"}),
    lost=frozenset({"closed lost"}),
    lenient=frozenset({"last_activity_at"}),
    refine=refine,
    plans_closing=True,
    printed=True,
)
