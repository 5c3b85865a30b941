"""HubSpot exports: deals with the history of stages in wide columns, calls, tasks, companies (FORMATS 6)."""

from __future__ import annotations

import pandas as pd

from crmkit.sources.mapping import Source, find_heading
from crmkit.sources.values import parse_durations
from crmkit.sources.wording import first_of_many, with_status

#: Whom a deal, a call or a task is associated with; names win over numbers.
ASSOCIATED = {
    "Associated Company (Primary)": "company_id",
    "Associated Company Names (Primary)": "company_id",
    "Associated Company": "company_id",
    "Associated Company IDs (Primary)": "company_id",
    "Associated Company IDs": "company_id",
    "Associated Contact": "contact_id",
    "Associated Contacts": "contact_id",
    "Associated Contact IDs": "contact_id",
}

DEALS = {
    "Record ID": "deal_id",
    "Deal ID": "deal_id",
    "Deal Name": "title",
    "Pipeline": "pipeline",
    "Deal Stage": "stage",
    "Amount": "amount",
    "Currency": "currency",
    "Close Date": "closed_at",
    "Create Date": "created_at",
    "Deal owner": "manager_id",
    "Closed Lost Reason": "lost_reason",
    "Original Traffic Source": "source",
    "Original Source Type": "source",
    "Deal probability": "probability",
    "Last Activity Date": "last_activity_at",
    "Next Activity Date": "next_task_at",
    "Last Modified Date": "updated_at",
    "Date entered current stage": "stage_entered_at",
    **ASSOCIATED,
    # the names of the properties, if they were chosen in the export
    "hs_object_id": "deal_id",
    "dealname": "title",
    "dealstage": "stage",
    "deal_currency_code": "currency",
    "closedate": "closed_at",
    "createdate": "created_at",
    "hubspot_owner_id": "manager_id",
    "closed_lost_reason": "lost_reason",
    "hs_analytics_source": "source",
    "hs_deal_stage_probability": "probability",
    "notes_last_updated": "last_activity_at",
    "notes_next_activity_date": "next_task_at",
    "hs_lastmodifieddate": "updated_at",
    "hs_v2_date_entered_current_stage": "stage_entered_at",
}

CALLS = {
    "Record ID": "activity_id",
    "Activity date": "at",
    "Call title": "title",
    "Call notes": "text",
    "Call direction": "direction",
    "Activity assigned to": "manager_id",
    "Assigned to": "manager_id",
    "Associated Deal IDs": "deal_id",
    **ASSOCIATED,
}

#: Not verified on a real file.
TASKS = {
    "Record ID": "task_id",
    "Task title": "title",
    "Task notes": "text",
    "Task body": "text",
    "Task type": "kind",
    "Due date": "due_at",
    "Create date": "created_at",
    "Completed at": "completed_at",
    "Completion date": "completed_at",
    "Assigned to": "manager_id",
    "Activity assigned to": "manager_id",
    "Associated Deal IDs": "deal_id",
    **ASSOCIATED,
}

COMPANIES = {
    "Record ID": "company_id",
    "Company name": "name",
    "Industry": "segment",
    "City": "city",
    "Company owner": "manager_id",
    "Create Date": "created_at",
}

CONTACTS = {
    "Record ID": "contact_id",
    "Job Title": "position",
    "Email": "email",
    "Phone Number": "phone",
    "Create Date": "created_at",
    "Associated Company (Primary)": "company_id",
    "Associated Company": "company_id",
}

CLOSED_FLAGS = ("Is Deal Closed?", "Is Closed", "hs_is_closed")
WON_FLAGS = ("Is Closed Won", "hs_is_closed_won")
#: HubSpot's two types of deals by default.
REPEAT = {"existing business": True, "existingbusiness": True, "new business": False, "newbusiness": False}
#: What came of a call, by HubSpot's default outcomes.
ANSWERED = {
    "connected": True, "busy": False, "no answer": False, "left voicemail": False,
    "left live message": True, "wrong number": True,
}  # fmt: skip

#: «Date entered "Proposal (Sales Pipeline)"»; of several entries into a stage, HubSpot keeps the last.
STAGE_DATES = (
    r'Date entered "(?P<stage>.+?)(?: \((?P<pipeline>(?:[^()]|\([^()]*\))+)\))?"'
    r"|hs_v2_date_entered_(?!current_stage$)(?P<id>\w+)"
)


def refine(table: str, frame: pd.DataFrame, zone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read HubSpot's own columns of status and kind of sale, and say in our words what calls are."""
    frame = first_of_many(frame, ("deal_id", "company_id", "contact_id"), ";")
    if table == "deals":
        frame = _type_of_sale(_bare_stage(with_status(frame, CLOSED_FLAGS, WON_FLAGS)))
    if table == "activities":
        frame = _calls(frame)
    if table == "contacts":
        frame = _whole_name(frame)
    return frame, frame.iloc[:0]


def _whole_name(frame: pd.DataFrame) -> pd.DataFrame:
    headings = [find_heading(name, list(frame.columns)) for name in ("First Name", "Last Name")]
    parts = [frame[heading].fillna("") for heading in headings if heading is not None]
    if "name" in frame or not parts:
        return frame
    name = parts[0].str.cat(parts[1:], sep=" ").str.strip()
    return frame.assign(name=name.mask(name == ""))


def _bare_stage(frame: pd.DataFrame) -> pd.DataFrame:
    """Make «Closed Won (Sales Pipeline)» in that pipeline «Closed Won», as in the headings of the history."""
    if "stage" not in frame or "pipeline" not in frame:
        return frame
    stages, pipelines = frame["stage"].fillna(""), frame["pipeline"].fillna("")
    bare = [stage.removesuffix(f" ({pipeline})") for stage, pipeline in zip(stages, pipelines, strict=True)]
    return frame.assign(stage=pd.Series(bare, frame.index, dtype="str").where(frame["stage"].notna()))


def _type_of_sale(frame: pd.DataFrame) -> pd.DataFrame:
    heading = find_heading("Deal Type", list(frame.columns)) or find_heading("dealtype", list(frame.columns))
    if heading is None:
        return frame
    return frame.assign(is_repeat=frame[heading].str.casefold().map(REPEAT).astype("boolean"))


def _calls(frame: pd.DataFrame) -> pd.DataFrame:
    """Say in our words what kind of action it is; a bare number is the length of a call in milliseconds."""
    fresh = {"kind": pd.Series("call", frame.index, dtype="str")}
    outcome, length = (find_heading(name, list(frame.columns)) for name in ("Call outcome", "Call duration"))
    if outcome is not None:
        fresh["answered"] = frame[outcome].str.casefold().map(ANSWERED).astype("boolean")
    if length is not None:
        bare = frame[length].str.fullmatch(r"\d+(?:\.\d+)?", na=False)
        seconds = parse_durations(frame[length]).values
        fresh["duration_s"] = seconds.where(~bare, seconds / 1000)
    return frame.assign(**fresh)


SOURCE = Source(
    name="hubspot",
    columns={
        "deals": DEALS,
        "activities": CALLS,
        "tasks": TASKS,
        "companies": COMPANIES,
        "contacts": CONTACTS,
    },
    signature={
        "deals": (
            "Record ID|Deal ID|hs_object_id",
            "Deal Stage|dealstage",
            "Deal Name|dealname",
            "Deal owner|hubspot_owner_id|Create Date|createdate",
        ),
        "activities": ("Record ID", "Activity date", "Call title|Call outcome|Call direction"),
        "tasks": ("Record ID", "Task title", "Due date|Task status"),
        "companies": ("Record ID", "Company name", "Company owner|Create Date|Company Domain Name"),
        "contacts": ("Record ID", "First Name|Last Name", "Email|Phone Number"),
    },
    won=frozenset({"closed won", "closedwon"}),
    lost=frozenset({"closed lost", "closedlost"}),
    lenient=frozenset({"last_activity_at", "next_task_at"}),
    refine=refine,
    stage_dates=STAGE_DATES,
    plans_closing=True,
)
