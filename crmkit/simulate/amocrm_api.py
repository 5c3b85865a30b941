"""A department as amoCRM's API v4 answers for it (FORMATS 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.simulate.api import Records, captions, finish, named, records, save
from crmkit.simulate.department import Department

_CLOSING = {"won": 142, "lost": 143}
_TASK_TYPES = {"call": 1, "meeting": 2}
_SPOKEN, _NOT_REACHED = 4, 6


def write_amocrm_api(department: Department, folder: Path) -> Path:
    """Write the answers that a pull from amoCRM saves, with a ``client.yml``.

    Meetings are tasks there, and tasks have one text: logged meetings and descriptions are not carried.

    Returns
    -------
    the folder of the answers.
    """
    made = {
        "leads": _leads(department),
        "tasks": _tasks(department),
        "events": _events(department),
        "notes": _notes(department),
        "pipelines": _pipelines(department),
        "users": [one | {"rights": {"is_active": True}, "lang": "en"} for one in _users(department)],
        "companies": _cards(department, "companies"),
        "contacts": _cards(department, "contacts"),
    }
    for entity, found in made.items():
        save(folder, entity, found, lambda page, name=entity: {"_embedded": {name: page}})
    return finish(department, folder, "amocrm")


def _stages(department: Department) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the numbers of pipeline and status of each stage."""
    return {
        (pipeline.name, stage.name): (place, _CLOSING.get(stage.kind, place * 1000 + number))
        for place, pipeline in enumerate(department.scenario.pipelines, 1)
        for number, stage in enumerate(pipeline.stages, 1)
    }


def _pipelines(department: Department) -> Records:
    numbers = _stages(department)
    return [
        {
            "id": place, "name": one.name, "sort": place, "is_main": place == 1,
            "_embedded": {
                "statuses": [
                    {"id": numbers[one.name, stage.name][1], "name": stage.name, "sort": 10 * sort}
                    for sort, stage in enumerate(one.stages, 1)
                ]
            },
        }
        for place, one in enumerate(department.scenario.pipelines, 1)
    ]  # fmt: skip


def _users(department: Department) -> Records:
    return records(department, "managers", {"id": "manager_id", "name": "name"})


def _own(record: dict[str, Any], called: dict[str, str]) -> Records:
    told = ((caption, record.pop(name)) for name, caption in called.items())
    return [
        {"field_name": name, "field_type": "text", "values": [{"value": value}]}
        for name, value in told
        if value
    ]


def _leads(department: Department) -> Records:
    fields = {
        "id": "deal_id", "name": "title", "price": "amount", "responsible_user_id": "manager_id",
        "created_at": "created_at", "updated_at": "updated_at", "closed_at": "closed_at",
        "closest_task_at": "next_task_at", "company": "company_id", "contact": "contact_id",
        "pipeline": "pipeline", "stage": "stage", "reason": "lost_reason", "product": "product",
        "segment": "segment", "source": "source",
    }  # fmt: skip
    own = {name: captions(department)[name] for name in ("product", "segment", "source")}
    numbers, reasons = _stages(department), named(department, "deals", "lost_reason")
    found = records(department, "deals", fields, unix=True)
    for one in found:
        one["pipeline_id"], one["status_id"] = numbers[one.pop("pipeline"), one.pop("stage")]
        company, contact, reason = one.pop("company"), one.pop("contact"), one.pop("reason")
        one["price"] = one["price"] or 0
        one["loss_reason_id"] = reasons.get(reason)
        one["custom_fields_values"] = _own(one, own) or None
        one["_embedded"] = {
            "companies": [{"id": company}] if company else [],
            "contacts": [{"id": contact, "is_main": True}] if contact else [],
            "loss_reason": [{"id": reasons[reason], "name": reason}] if reason else [],
        }
    return found


def _tasks(department: Department) -> Records:
    fields = {
        "id": "task_id", "responsible_user_id": "manager_id", "entity_id": "deal_id", "text": "title",
        "created_at": "created_at", "complete_till": "due_at", "updated_at": "completed_at", "kind": "kind",
        "result": "result",
    }  # fmt: skip
    found = records(department, "tasks", fields, unix=True)
    for one in found:
        one["entity_type"], one["is_completed"] = "leads", one["updated_at"] is not None
        one["updated_at"] = one["updated_at"] or one["created_at"]
        one["task_type_id"] = _TASK_TYPES.get(one.pop("kind"), 3)
        one["result"] = {"text": one["result"]} if one["result"] else []
    return found


def _events(department: Department) -> Records:
    """Return creations and moves of deals, changes of owners, done tasks and messages."""
    deals = records(department, "deals", {"id": "deal_id", "owner": "manager_id", "pipeline": "pipeline"})
    cards, numbers = {one["id"]: one for one in deals}, _stages(department)
    fields = {"id": "deal_id", "at": "changed_at", "old": "from_stage", "new": "to_stage", "by": "manager_id"}
    found: Records = []

    def tell(kind: str, one: dict[str, Any], owner: str = "lead", **values: Any) -> None:
        head = {"id": f"e{len(found) + 1}", "type": kind, "entity_id": one["id"], "entity_type": owner}
        values = {"value_before": [], "value_after": []} | values
        found.append(head | {"created_at": one["at"], "created_by": one["by"]} | values)

    left = {place: rep.left_on for place, rep in enumerate(department.scenario.reps, 1)}
    for one in records(department, "stage_changes", fields, unix=True):
        card = cards[one["id"]]
        sides = {name: numbers.get((card["pipeline"], one[name])) for name in ("old", "new")}
        before, after = (
            [{"lead_status": {"id": side[1], "pipeline_id": side[0]}}] if side else []
            for side in sides.values()
        )
        if one["old"] is None:
            tell("lead_added", one)
        elif one["old"] != one["new"]:
            tell("lead_status_changed", one, value_before=before, value_after=after)
        day = left[one["by"]]
        if one["by"] != card["owner"] and day is not None and one["id"] in cards:
            given = {"responsible_user": {"id": one["by"]}}
            at = int(pd.Timestamp(day, tz=department.scenario.time_zone).timestamp())
            tell("entity_responsible_changed", one | {"at": at}, value_before=[given])
            card["owner"] = one["by"]  # told once
    for one in records(
        department, "tasks", {"id": "task_id", "at": "completed_at", "by": "manager_id"}, unix=True
    ):
        if one["at"] is not None:
            tell("task_completed", one, "task")
    for one in _talks(department):
        if one["kind"] == "messenger":
            tell(f"{'outgoing' if one['direction'] == 'out' else 'incoming'}_chat_message", one)
    return found


def _talks(department: Department) -> Records:
    fields = {
        "note": "activity_id", "id": "deal_id", "by": "manager_id", "at": "at", "kind": "kind",
        "direction": "direction", "duration": "duration_s", "answered": "answered", "subject": "title",
        "text": "text",
    }  # fmt: skip
    return records(department, "activities", fields, unix=True)


def _notes(department: Department) -> Records:
    found = []
    for one in _talks(department):
        out = one["direction"] == "out"
        if one["kind"] == "call":
            status = _SPOKEN if one["answered"] else _NOT_REACHED
            params = {"duration": int(one["duration"]), "call_status": status, "text": one["text"]}
            kind = "call_out" if out else "call_in"
        elif one["kind"] == "email":
            params = {"subject": one["subject"], "content_summary": one["text"], "income": not out}
            kind = "amomail_message"
        else:
            continue
        found.append(
            {
                "id": one["note"], "entity_id": one["id"], "entity_type": "leads", "created_by": one["by"],
                "responsible_user_id": one["by"], "created_at": one["at"], "updated_at": one["at"],
                "note_type": kind, "params": params,
            }
        )  # fmt: skip
    return found


def _cards(department: Department, table: str) -> Records:
    fields = {"name": "name", "created_at": "created_at"}
    own = {"companies": {"city": "City", "tax_id": "INN", "segment": "Segment"}, "contacts": {}}[table]
    if table == "companies":
        fields |= {"id": "company_id", "responsible_user_id": "manager_id"} | {name: name for name in own}
    else:
        fields |= {
            "id": "contact_id",
            "company": "company_id",
            "PHONE": "phone",
            "EMAIL": "email",
            "POSITION": "position",
        }
    found = records(department, table, fields, unix=True)
    for one in found:
        values = _own(one, own)
        for code in ("PHONE", "EMAIL", "POSITION"):
            if told := one.pop(code, None):
                values.append({"field_name": code, "field_code": code, "values": [{"value": told}]})
        company = one.pop("company", None)
        one["_embedded"] = {"companies": [{"id": company}] if company else []}
        one["custom_fields_values"] = values or None
        one["first_name"] = "" if table == "contacts" else None
    return found
