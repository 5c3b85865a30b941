"""amoCRM's and Kommo's answers (API v4): deals, moves, tasks, talks, cards and people (FORMATS 2)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmkit.sources import amocrm
from crmkit.sources.amocrm_records import ENTITIES, is_answer, unfold
from crmkit.sources.answers import Answers, Interface, distinct_names, in_order, without_zeros
from crmkit.sources.mapping import Source

#: In every pipeline; all other statuses are open.
CLOSING = {"142": "won", "143": "lost"}
TASK_KINDS = {"1": "call", "2": "meeting"}
#: Notes and events that are talks: their kind and direction.
NOTES: Mapping[str, tuple[str, str | None]] = {
    "call_in": ("call", "in"), "call_out": ("call", "out"), "sms_in": ("messenger", "in"),
    "sms_out": ("messenger", "out"), "amomail_message": ("email", None),
}  # fmt: skip
EVENTS = {
    "incoming_call": ("call", "in"), "outgoing_call": ("call", "out"),
    "incoming_chat_message": ("messenger", "in"), "outgoing_chat_message": ("messenger", "out"),
    "incoming_sms": ("messenger", "in"), "outgoing_sms": ("messenger", "out"),
}  # fmt: skip
#: Events that tell of a record that stands elsewhere, and the table that they serve.
SERVING = {
    "task_completed": "tasks", "entity_responsible_changed": "stage_changes", "lead_deleted": "deals",
    "lead_restored": "deals",
}  # fmt: skip
ANSWERED = "4"
OWNERS = {
    "lead": "deal_id", "leads": "deal_id", "contact": "contact_id", "contacts": "contact_id",
    "company": "company_id", "companies": "company_id",
}  # fmt: skip
COMPANY_FIELDS = {"ИНН": "tax_id", "INN": "tax_id", "Город": "city", "City": "city", "Сегмент": "segment"}


def _compose(answers: Answers) -> dict[str, pd.DataFrame]:
    """Return the rows of the canonical tables, as text."""
    answers.leave(answers["loss_reasons"], "deals", "taken_over")
    events = answers["events"]
    for kind, table in SERVING.items():
        answers.leave(events[events["type"] == kind], table, "taken_over")
    stages = _stages(answers)
    deals = _deals(answers, stages)
    return {
        "deals": deals,
        "stages": stages.drop(columns=["pipeline_id", "status", "sort"]),
        "stage_changes": _stage_changes(answers, stages, deals),
        "tasks": _tasks(answers),
        "activities": _activities(answers),
        "contacts": _cards(answers, "contacts"),
        "companies": _cards(answers, "companies"),
        "managers": answers["users"],
    }


def _stages(answers: Answers) -> pd.DataFrame:
    """Return the statuses of all pipelines in their order, named so that no two of a pipeline are alike."""
    rows = answers["pipelines"]
    rows = rows.assign(sort=pd.to_numeric(rows["sort"], errors="coerce"))
    rows = rows.sort_values(["pipeline_id", "sort", "status"], ignore_index=True)
    place = rows.groupby("pipeline_id").cumcount() + 1
    return rows.assign(
        pipeline=rows["pipeline"].fillna(rows["pipeline_id"]),
        stage=distinct_names(rows, "pipeline_id", "stage", "status"),
        position=place.astype("str"),
        kind=rows["status"].map(CLOSING).fillna("open").astype("str"),
    )


def _names(stages: pd.DataFrame, pipeline: pd.Series, status: pd.Series) -> pd.Series:
    """Return the names of statuses of pipelines; a status that no pipeline lists stays a number."""
    known = stages.set_index("@id")["stage"]
    found = (pipeline + ":" + status).map(known)
    return found.where(found.notna(), status).astype("str")


def _deals(answers: Answers, stages: pd.DataFrame) -> pd.DataFrame:
    rows, events = answers["leads"], answers["events"]
    fate = events[events["type"].isin(["lead_deleted", "lead_restored"])].sort_values(["at", "@id"])
    last = fate.drop_duplicates("owner_id", keep="last").set_index("owner_id")["type"]
    gone = (rows["is_deleted"] == "true") | (rows["deal_id"].map(last) == "lead_deleted")
    answers.leave(rows[gone], "deals", "deleted")
    rows = rows[~gone]
    reasons = answers["loss_reasons"].set_index("@id")["name"]
    named = rows["lost_reason"].map(reasons)
    named = named.where(named.notna(), rows["reason"])
    pipelines = stages.drop_duplicates("pipeline_id").set_index("pipeline_id")["pipeline"]
    pipeline = rows["pipeline"].map(pipelines)
    return rows.assign(
        amount=without_zeros(rows["amount"]),
        lost_reason=named.where(named.notna(), rows["lost_reason"]).astype("str"),
        pipeline=pipeline.where(pipeline.notna(), rows["pipeline"]).astype("str"),
        stage=_names(stages, rows["pipeline"], rows["stage"]),
        status=rows["stage"].map(CLOSING).fillna("open").where(rows["stage"].notna()).astype("str"),
    ).drop(columns=["is_deleted", "reason"])


def _stage_changes(answers: Answers, stages: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """Return the moves and the creations of deals, each with the owner of then.

    amoCRM does not say in which stage a deal was created: it is the one that its first move left, and the
    present one of a deal that never moved.
    """
    events = answers["events"]
    moved = events[events["type"] == "lead_status_changed"]
    moved = moved.assign(
        from_stage=_names(stages, moved["old_pipeline"], moved["old"]),
        to_stage=_names(stages, moved["new_pipeline"], moved["new"]),
        place=(moved["new_pipeline"] + ":" + moved["new"]).map(stages.set_index("@id")["position"]),
    )
    moved = in_order(moved.rename(columns={"owner_id": "deal_id", "at": "changed_at"}))
    first = moved.drop_duplicates("deal_id").set_index("deal_id")["from_stage"]
    made = events[events["type"] == "lead_added"].drop(columns="from_stage", errors="ignore")
    made = made.rename(columns={"owner_id": "deal_id", "at": "changed_at"}).assign(place="0")
    begun = made["deal_id"].map(first)
    present = (
        made["deal_id"].map(deals.set_index("deal_id")["stage"]).where(~made["deal_id"].isin(first.index))
    )
    made = made.assign(from_stage=None, to_stage=begun.where(begun.notna(), present).astype("str"))
    both = in_order(pd.concat([made, moved], ignore_index=True))
    both = both.assign(manager_id=_owner_then(both, events, deals))
    told = both["to_stage"].notna()
    answers.leave(both[~told], "stage_changes", "no_stage")
    names = ["@file", "@line", "@order", "deal_id", "changed_at", "from_stage", "to_stage", "manager_id"]
    return both.loc[told, names]


def _owner_then(rows: pd.DataFrame, events: pd.DataFrame, deals: pd.DataFrame) -> pd.Series:
    """Return who owned each deal at a moment: from whom it was taken next, else the present owner."""
    given = events[(events["type"] == "entity_responsible_changed") & events["old_owner_id"].notna()]
    given = given[given["owner"].isin(["lead", "leads"])]
    given = pd.DataFrame(
        {
            "at": pd.to_datetime(given["at"], utc=True),
            "deal_id": given["owner_id"],
            "then": given["old_owner_id"],
        }
    )
    asked = pd.DataFrame({"at": pd.to_datetime(rows["changed_at"], utc=True), "deal_id": rows["deal_id"]})
    present = rows["deal_id"].map(deals.set_index("deal_id")["manager_id"])
    if given.empty:
        return present.astype("str")
    found = pd.merge_asof(
        asked.reset_index().sort_values("at", kind="stable"), given.sort_values("at", kind="stable"),
        on="at", by="deal_id", direction="forward", allow_exact_matches=False,
    ).set_index("index")["then"]  # fmt: skip
    return found.reindex(rows.index).where(lambda then: then.notna(), present).astype("str")


def _owned(rows: pd.DataFrame, owner: pd.Series) -> dict[str, pd.Series]:
    """Return the columns of the cards that tasks and talks belong to."""
    home = owner.map(OWNERS)
    return {name: rows["owner_id"].where(home == name) for name in ("deal_id", "contact_id", "company_id")}


def _tasks(answers: Answers) -> pd.DataFrame:
    """Return the tasks; when one was done, an event tells, else its last change, and that is noted."""
    rows, events = answers["tasks"], answers["events"]
    done = events[events["type"] == "task_completed"].sort_values("at")
    number = done["task"].where(done["task"].notna(), done["owner_id"].where(done["owner"] == "task"))
    told = done.assign(number=number).drop_duplicates("number", keep="last").set_index("number")["at"]
    is_done = rows["done"] == "true"
    when = rows["task_id"].map(told)
    guessed = is_done & when.isna()
    samples = rows["task_id"][guessed].head().tolist()
    answers.notes.append(("completion_approximated", "tasks", "completed_at", int(guessed.sum()), samples))
    return rows.assign(
        completed_at=when.where(when.notna(), rows["updated_at"]).where(is_done).astype("str"),
        kind=rows["kind"].map(TASK_KINDS).fillna("task").astype("str"),
        **_owned(rows, rows["owner"]),
    ).drop(columns=["owner", "owner_id", "updated_at", "done"])


def _activities(answers: Answers) -> pd.DataFrame:
    """Return talks: of notes, and of events whose note is not there; what is neither is set aside."""
    notes, events = answers["notes"], answers["events"]
    others = {*EVENTS, *SERVING, "lead_status_changed", "lead_added"}
    answers.leave(notes[~notes["type"].isin(NOTES)], "activities", "other_kind")
    answers.leave(events[~events["type"].isin(others)], "activities", "other_kind")
    notes = notes[notes["type"].isin(NOTES)]
    events = events[events["type"].isin(EVENTS)]
    again = events["note"].isin(notes["@id"]) & events["note"].notna()
    answers.leave(events[again], "activities", "same_action")
    events = events[~again]
    parts = [_of_notes(notes), _talks(events, EVENTS).assign(**_owned(events, events["owner"]))]
    talks = pd.concat(parts, ignore_index=True)
    answers.notes.append(("no_meetings", "activities", "kind", len(talks), []))
    return talks


def _talks(rows: pd.DataFrame, kinds: Mapping[str, tuple[str, str | None]]) -> pd.DataFrame:
    told = rows["type"].map(kinds)
    names = ["@file", "@line", "at", "manager_id"]
    kind, direction = told.str[0].astype("str"), told.str[1].astype("str")
    return rows[names].assign(activity_id=rows["@id"], kind=kind, direction=direction)


def _of_notes(notes: pd.DataFrame) -> pd.DataFrame:
    """Return the talks of notes; whether a call was answered is told by its status, if it has one."""
    rows = _talks(notes, NOTES)
    is_call, is_letter = rows["kind"] == "call", rows["kind"] == "email"
    income = notes["income"].map({"true": "in", "1": "in", "false": "out", "0": "out"})
    status = notes["call_status"]
    answered = (status == ANSWERED).where(status.notna() & is_call)
    owner = rows["manager_id"]
    return rows.assign(
        manager_id=owner.where(owner.notna(), notes["author_id"]),
        direction=rows["direction"].where(~is_letter, income).astype("str"),
        duration_s=notes["duration_s"].where(is_call),
        answered=answered.map({True: "true", False: "false"}).astype("str"),
        title=notes["subject"],
        text=notes["summary"].where(notes["summary"].notna(), notes["words"]),
        **_owned(notes, notes["home"].fillna("leads")),
    )


def _cards(answers: Answers, kind: str) -> pd.DataFrame:
    rows = answers[kind]
    gone = rows["is_deleted"] == "true"
    answers.leave(rows[gone], kind, "deleted")
    return rows[~gone].drop(columns="is_deleted")


SOURCE = Source("amocrm", {"deals": amocrm.DEALS, "companies": COMPANY_FIELDS})
API = Interface(ENTITIES, SOURCE, is_answer, unfold, _compose)
