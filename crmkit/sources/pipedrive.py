"""Pipedrive exports: deals and activities, headings «Entity - Field» (FORMATS 7)."""

from __future__ import annotations

import pandas as pd

from crmkit.sources.mapping import Source, find_heading

DEALS = {
    "Deal - ID": "deal_id",
    "Deal - Pipedrive System ID": "deal_id",
    "Deal - Title": "title",
    "Deal - Owner": "manager_id",
    "Deal - Value": "amount",
    "Deal - Currency of Value": "currency",
    "Deal - Currency": "currency",
    "Deal - Probability": "probability",
    "Deal - Organization": "company_id",
    "Organization": "company_id",
    "Organization - Name": "company_id",
    "Deal - Contact person": "contact_id",
    "Contact person": "contact_id",
    "Person - Name": "contact_id",
    "Deal - Pipeline": "pipeline",
    "Deal - Stage": "stage",
    "Deal - Stage (pipeline)": "stage",
    "Deal - Status": "status",
    "Deal - Deal created": "created_at",
    "Deal - Creation date": "created_at",
    "Deal - Add time": "created_at",
    "Deal - Update time": "updated_at",
    "Deal - Last stage change": "stage_entered_at",
    "Deal - Next activity date": "next_task_at",
    "Deal - Last activity date": "last_activity_at",
    "Deal - Deal closed on": "closed_at",
    "Deal - Closed on": "closed_at",
    "Deal - Won time": "closed_at",
    "Deal - Lost time": "closed_at",
    "Deal - Lost reason": "lost_reason",
    "Deal - Expected close date": "expected_close_on",
    "Deal - Product name": "product",
    "Deal - Source channel": "source",
}

#: Not verified on a real export; the names are those of the vendor's import.
ACTIVITIES = {
    "Activity - ID": "task_id",
    "Activity - Pipedrive System ID": "task_id",
    "Activity - System ID": "task_id",
    "Activity - Subject": "title",
    "Activity - Note": "text",
    "Activity - Type": "kind",
    "Activity - Due date": "due_at",
    "Activity - Creation date": "created_at",
    "Activity - Add time": "created_at",
    "Activity - Marked as done time": "completed_at",
    "Activity - Assigned to user": "manager_id",
    "Activity - Deal ID": "deal_id",
    "Deal - ID": "deal_id",
    "Activity - Organization": "company_id",
    "Organization": "company_id",
    "Activity - Contact person": "contact_id",
    "Activity - Person": "contact_id",
    "Contact person": "contact_id",
}

WEIGHTED = "Deal - Weighted value"


def refine(table: str, frame: pd.DataFrame, zone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name the stage at which deals were lost, and the chance behind the weighted value.

    The status stands beside the stage, so that a lost deal keeps the stage where it died.
    """
    none = frame.iloc[:0]
    if table != "deals":
        return frame, none
    if "status" in frame and "stage" in frame:
        lost = frame["status"].str.strip().str.casefold() == "lost"
        frame = frame.assign(lost_at_stage=frame["stage"].where(lost))
    weighted = find_heading(WEIGHTED, list(frame.columns))
    if weighted is not None and "amount" in frame:
        own = frame["probability"] if "probability" in frame else pd.Series(float("nan"), frame.index)
        chance = pd.to_numeric(frame[weighted], errors="coerce") / frame["amount"].where(frame["amount"] > 0)
        chance = chance.where((chance >= 0) & (chance <= 1)).round(4)
        frame = frame.assign(probability=own.where(own.notna(), chance))
    return frame, none


SOURCE = Source(
    name="pipedrive",
    cards={"deals": "/deal/{id}", "companies": "/organization/{id}", "contacts": "/person/{id}"},
    columns={"deals": DEALS, "tasks": ACTIVITIES},
    signature={
        "deals": (
            "Deal - Title|Deal - ID",
            "Deal - Stage|Deal - Stage (pipeline)",
            "Deal - Status|Deal - Owner|Deal - Value",
        ),
        "tasks": ("Activity - Subject", "Activity - Due date|Activity - Done"),
    },
    won=frozenset({"won"}),
    lost=frozenset({"lost"}),
    lenient=frozenset({"next_task_at", "last_activity_at"}),
    refine=refine,
    status_apart=True,
)
