"""What was done and what is planned in Bitrix24: activities of the CRM, calls of its telephony, tasks."""

from __future__ import annotations

import pandas as pd

from crmkit.sources.answers import Answers
from crmkit.sources.bitrix24_records import LINKS, OWNERS

#: Kinds of actions: by what made them, else by their type. Of others only what is planned is kept, as a task.
PROVIDERS = {
    "VOXIMPLANT_CALL": "call", "CALL": "call", "CRM_CALL_TRACKER": "call", "CRM_EMAIL": "email",
    "IMOPENLINES_SESSION": "messenger", "CRM_SMS": "messenger", "CRM_WHATSAPP": "messenger",
    "CRM_MEETING": "meeting", "CRM_TODO": "task", "TASKS": "task", "CRM_TASKS_TASK": "task",
    "CRM_TASKS_TASK_COMMENT": "task",
}  # fmt: skip
TYPES = {"1": "meeting", "2": "call", "3": "task", "4": "email"}
#: They take place when they come, even while they wait for an answer.
SENT = ("email", "messenger")
DIRECTIONS = {"1": "in", "2": "out"}
#: Types of calls: out, in, in and passed on, called back. A call that only played a message is left out.
CALLS = {"1": "out", "2": "in", "3": "in", "4": "out"}
ANSWERED = "200"
DONE = "5"


def actions(answers: Answers) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what took place, as rows of ``activities``, and what is or was to be done, as activities yet.

    A call of the telephony and the activity made for it are one row. An activity has taken place if it is
    completed, if it is a letter or a message, or if the telephony tells so: a missed call waits uncompleted.
    """
    rows, calls = answers["activities"], answers["calls"]
    answers.leave(calls[~calls["type"].isin(CALLS)], "activities", "other_kind")
    calls = calls[calls["type"].isin(CALLS)]
    kind = rows["provider"].map(PROVIDERS)
    kind = kind.where(kind.notna(), rows["type"].map(TYPES)).astype("str")
    missed = rows["missed"].isin(["true", "Y", "1"])
    by_telephony = (
        rows["@id"].isin(calls["activity"]) | missed | rows["origin"].str.startswith("VI_", na=False)
    )
    done = (rows["completed"] == "Y") | kind.isin(SENT) | ((kind == "call") & by_telephony)
    strange = kind.isna() & done
    answers.leave(rows[strange], "activities", "other_kind")
    todo = ((kind == "task") | ~done) & ~strange
    took = ~todo & ~strange
    talks = _talks(rows[took].assign(kind=kind[took], missed=missed[took]))
    return _with_calls(answers, talks, calls), rows[todo].assign(kind=kind[todo].fillna("task"))


def _talks(rows: pd.DataFrame) -> pd.DataFrame:
    names = ["@file", "@line", "kind", "manager_id", "title", "text", *LINKS]
    answered = pd.Series("false", rows.index, dtype="str").where(rows["missed"])
    return rows[names].assign(
        activity_id=rows["@id"],
        at=rows["at"].where(rows["at"].notna(), rows["created_at"]),
        direction=rows["direction"].map(DIRECTIONS).astype("str"),
        duration_s=pd.Series(None, rows.index, dtype="str"),
        answered=answered,
    )


def _with_calls(answers: Answers, talks: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Let the telephony tell of its calls: over what their activities say, else as rows of their own.

    Of several calls for one activity the longest one stands for all.
    """
    told = calls.assign(
        direction=calls["type"].map(CALLS),
        answered=(calls["code"] == ANSWERED).map({True: "true", False: "false"}).where(calls["code"].notna()),
        seconds=pd.to_numeric(calls["duration_s"], errors="coerce"),
        kind="call",
        activity_id="call-" + calls["@id"],
        **{name: calls["owner_id"].where(calls["owner"].map(OWNERS) == name) for name in LINKS},
    ).sort_values(["seconds", "@id"])
    linked = told["activity"].isin(talks["activity_id"])
    answers.leave(told[linked], "activities", "same_action")
    of_activity = told[linked].drop_duplicates("activity", keep="last").set_index("activity")
    for name in ("at", "direction", "duration_s", "answered", "manager_id", *LINKS):
        better = talks["activity_id"].map(of_activity[name])
        own = talks[name]
        better = own.where(own.notna(), better) if name in LINKS else better.where(better.notna(), own)
        talks = talks.assign(**{name: better.astype("str")})
    return pd.concat([talks, told.loc[~linked, [*talks.columns.drop("title")]]], ignore_index=True)


def tasks(answers: Answers, todo: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks: those of the list of tasks, and activities that are to-dos or planned.

    An activity that only mirrors a task gives it its deal. When a to-do was done, its last change tells.
    """
    rows = answers["tasks"]
    mirrors = todo["task"].isin(rows["task_id"]) & (todo["kind"] == "task") & (todo["type"] == "3")
    mirrors |= todo["task"].isin(rows["task_id"]) & todo["provider"].isin(["TASKS", "CRM_TASKS_TASK"])
    answers.leave(todo[mirrors], "tasks", "taken_over")
    by_task = todo[mirrors].drop_duplicates("task").set_index("task")
    cards = {
        name: rows[name].where(rows[name].notna(), rows["task_id"].map(by_task[name])).astype("str")
        for name in LINKS
    }
    is_done = rows["status"].isna() | (rows["status"] == DONE)
    guessed = (rows["status"] == DONE) & rows["completed_at"].isna()
    finished = rows["completed_at"].where(is_done).where(~guessed, rows["updated_at"])
    rows = rows.assign(kind="task", completed_at=finished.astype("str"), **cards)
    own = todo[~mirrors]
    closed = own["completed"] == "Y"
    own = own.assign(task_id="activity-" + own["@id"], completed_at=own["updated_at"].where(closed))
    samples = [*rows["task_id"][guessed].head(), *own["task_id"][closed].head()]
    count = int(guessed.sum() + closed.sum())
    answers.notes.append(("completion_approximated", "tasks", "completed_at", count, samples[:5]))
    names = ["@file", "@line", "task_id", "kind", "title", "text", "manager_id", "created_at", "due_at"]
    names += ["completed_at", *LINKS]
    return pd.concat([rows[names], own[names]], ignore_index=True)
