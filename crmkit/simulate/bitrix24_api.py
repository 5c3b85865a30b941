"""A department as Bitrix24's REST answers for it (FORMATS 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crmkit.simulate.api import Records, captions, finish, named, records, save
from crmkit.simulate.department import Department

_SEMANTICS = {"open": "P", "won": "S", "lost": "F"}
_ENDS = {"won": "WON", "lost": "LOSE"}
#: Type and provider of each kind of action.
_ACTIONS = {
    "call": ("2", "VOXIMPLANT_CALL"),
    "email": ("4", "CRM_EMAIL"),
    "messenger": ("6", "IMOPENLINES_SESSION"),
    "meeting": ("1", "CRM_MEETING"),
}
_DONE, _WAITING = "5", "2"
_ANSWERED, _MISSED = "200", "304"


def write_bitrix24_api(department: Department, folder: Path) -> Path:
    """Write the answers that a pull from Bitrix24 saves, with a ``client.yml``.

    A deal's closing date has no time of day there, tasks have no kind.

    Returns
    -------
    the folder of the answers.
    """
    pipelines = enumerate(department.scenario.pipelines)
    own = captions(department).items()
    made: dict[str, tuple[Records, Any]] = {
        "deals": (_deals(department), list),
        "stagehistory": (_history(department), lambda page: {"items": page}),
        "tasks": (_tasks(department), lambda page: {"tasks": page}),
        "activities": (_activities(department), list),
        "calls": (_calls(department), list),
        "users": (_users(department), list),
        "companies": (_companies(department), list),
        "contacts": (_contacts(department), list),
        "statuses": (_statuses(department), list),
        "categories": (
            [{"id": place, "name": one.name, "entityTypeId": 2} for place, one in pipelines],
            lambda page: {"categories": page},
        ),
        "fields": (
            [{"UF_CRM_" + name.upper(): {"type": "string", "listLabel": label} for name, label in own}],
            lambda page: page[0],
        ),
    }
    for entity, (found, inner) in made.items():
        save(
            folder,
            entity,
            [_as_text(one) for one in found],
            lambda page, inner=inner: {"result": inner(page)},
        )
    return finish(department, folder, "bitrix24")


def _as_text(record: Any) -> Any:
    """Return scalars as text, as Bitrix24 does."""
    if isinstance(record, dict):
        return {key: _as_text(value) for key, value in record.items()}
    if isinstance(record, list):
        return [_as_text(value) for value in record]
    return record if record is None or isinstance(record, bool) else str(record)


def _stages(department: Department) -> dict[tuple[str, str], tuple[int, str]]:
    """Return the number of pipeline and the code of each stage."""
    return {
        (one.name, stage.name): (
            place,
            (f"C{place}:" if place else "") + _ENDS.get(stage.kind, f"STEP{number}"),
        )
        for place, one in enumerate(department.scenario.pipelines)
        for number, stage in enumerate(one.stages)
    }


def _statuses(department: Department) -> Records:
    codes = _stages(department)
    found = [
        {
            "ENTITY_ID": f"DEAL_STAGE_{place}" if place else "DEAL_STAGE",
            "STATUS_ID": codes[one.name, stage.name][1],
            "NAME": stage.name, "SORT": 10 * number, "EXTRA": {"SEMANTICS": _SEMANTICS[stage.kind]},
        }
        for place, one in enumerate(department.scenario.pipelines)
        for number, stage in enumerate(one.stages, 1)
    ]  # fmt: skip
    lists = {"SOURCE": ("deals", "source"), "INDUSTRY": ("companies", "segment")}
    return found + [
        {"ENTITY_ID": group, "STATUS_ID": f"W{place}", "NAME": name, "SORT": place}
        for group, (table, column) in lists.items()
        for name, place in named(department, table, column).items()
    ]


def _deals(department: Department) -> Records:
    fields = {
        "ID": "deal_id", "TITLE": "title", "OPPORTUNITY": "amount", "CURRENCY_ID": "currency",
        "ASSIGNED_BY_ID": "manager_id", "COMPANY_ID": "company_id", "CONTACT_ID": "contact_id",
        "DATE_CREATE": "created_at", "DATE_MODIFY": "updated_at", "MOVED_TIME": "stage_entered_at",
        "LAST_ACTIVITY_TIME": "last_activity_at", "PROBABILITY": "probability", "repeat": "is_repeat",
        "status": "status", "pipeline": "pipeline", "stage": "stage", "source": "source",
        "plan": "expected_close_on", "UF_CRM_PRODUCT": "product", "UF_CRM_SEGMENT": "segment",
        "UF_CRM_LOST_REASON": "lost_reason",
    }  # fmt: skip
    codes, sources = _stages(department), named(department, "deals", "source")
    ended = department.deals["closed_at"].dt.strftime("%Y-%m-%d").tolist()
    found = records(department, "deals", fields)
    for one, day in zip(found, ended, strict=True):
        one["CATEGORY_ID"], one["STAGE_ID"] = codes[one.pop("pipeline"), one.pop("stage")]
        status, plan = one.pop("status"), one.pop("plan")
        day = plan if status == "open" else day
        one |= {
            "STAGE_SEMANTIC_ID": _SEMANTICS[status], "CLOSED": "N" if status == "open" else "Y",
            "CLOSEDATE": f"{day}T03:00:00+03:00" if day else "",
            "SOURCE_ID": f"W{sources[one.pop('source')]}",
            "OPPORTUNITY": f"{one['OPPORTUNITY'] or 0:.2f}", "PROBABILITY": f"{one['PROBABILITY'] * 100:.0f}",
            "IS_RETURN_CUSTOMER": "Y" if one.pop("repeat") else "N",
        }  # fmt: skip
    return found


def _history(department: Department) -> Records:
    cards = records(department, "deals", {"id": "deal_id", "pipeline": "pipeline"})
    pipelines, codes = {one["id"]: one["pipeline"] for one in cards}, _stages(department)
    fields = {"OWNER_ID": "deal_id", "CREATED_TIME": "changed_at", "old": "from_stage", "stage": "to_stage"}
    found = []
    for number, one in enumerate(records(department, "stage_changes", fields), 1):
        old, stage = one.pop("old"), one.pop("stage")
        category, code = codes[pipelines[one["OWNER_ID"]], stage]
        if old != stage:
            kind = "1" if old is None else "3" if code.split(":")[-1] in _ENDS.values() else "2"
            found.append(one | {"ID": number, "CATEGORY_ID": category, "STAGE_ID": code, "TYPE_ID": kind})
    return found


def _tasks(department: Department) -> Records:
    fields = {
        "id": "task_id", "title": "title", "description": "text", "responsibleId": "manager_id",
        "createdDate": "created_at", "deadline": "due_at", "closedDate": "completed_at",
        "D": "deal_id", "C": "contact_id", "CO": "company_id",
    }  # fmt: skip
    found = records(department, "tasks", fields)
    for one in found:
        cards = {sign: one.pop(sign) for sign in ("D", "C", "CO")}
        one["ufCrmTask"] = [f"{sign}_{number}" for sign, number in cards.items() if number]
        one["status"] = _DONE if one["closedDate"] else _WAITING
    return found


def _talks(department: Department) -> Records:
    fields = {
        "ID": "activity_id", "OWNER_ID": "deal_id", "RESPONSIBLE_ID": "manager_id", "kind": "kind",
        "START_TIME": "at", "DIRECTION": "direction", "SUBJECT": "title", "DESCRIPTION": "text",
        "contact": "contact_id", "company": "company_id", "seconds": "duration_s", "answered": "answered",
    }  # fmt: skip
    return records(department, "activities", fields)


def _activities(department: Department) -> Records:
    found = _talks(department)
    for one in found:
        kind, cards = one.pop("kind"), {"3": one.pop("contact"), "4": one.pop("company")}
        one["TYPE_ID"], one["PROVIDER_ID"] = _ACTIONS[kind]
        one |= {
            "OWNER_TYPE_ID": "2", "COMPLETED": "Y", "DIRECTION": "1" if one["DIRECTION"] == "in" else "2",
            "CREATED": one["START_TIME"], "LAST_UPDATED": one["START_TIME"],
            "ORIGIN_ID": f"VI_{one['ID']}" if kind == "call" else "",
            "BINDINGS": [{"OWNER_TYPE_ID": of, "OWNER_ID": card} for of, card in cards.items() if card],
        }  # fmt: skip
        del one["seconds"], one["answered"]
    return found


def _calls(department: Department) -> Records:
    return [
        {
            "ID": one["ID"], "CRM_ACTIVITY_ID": one["ID"],
            "CALL_TYPE": "2" if one["DIRECTION"] == "in" else "1",
            "CALL_START_DATE": one["START_TIME"], "CALL_DURATION": int(one["seconds"]),
            "CALL_FAILED_CODE": _ANSWERED if one["answered"] else _MISSED,
            "PORTAL_USER_ID": one["RESPONSIBLE_ID"],
            "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": one["OWNER_ID"],
        }
        for one in _talks(department)
        if one["kind"] == "call"
    ]  # fmt: skip


def _users(department: Department) -> Records:
    found = records(department, "managers", {"ID": "manager_id", "name": "name"})
    names = [one.pop("name").partition(" ") for one in found]
    return [
        one | {"NAME": first, "LAST_NAME": last, "ACTIVE": True, "USER_TYPE": "employee"}
        for one, (first, _, last) in zip(found, names, strict=True)
    ]


def _companies(department: Department) -> Records:
    fields = {
        "ID": "company_id", "TITLE": "name", "INDUSTRY": "segment", "ADDRESS_CITY": "city",
        "ASSIGNED_BY_ID": "manager_id", "DATE_CREATE": "created_at",
    }  # fmt: skip
    words = named(department, "companies", "segment")
    found = records(department, "companies", fields)
    return [one | {"INDUSTRY": f"W{words[one['INDUSTRY']]}" if one["INDUSTRY"] else ""} for one in found]


def _contacts(department: Department) -> Records:
    fields = {
        "ID": "contact_id", "COMPANY_ID": "company_id", "LAST_NAME": "name", "POST": "position",
        "DATE_CREATE": "created_at", "PHONE": "phone", "EMAIL": "email",
    }  # fmt: skip
    found = records(department, "contacts", fields)
    return [
        one | {name: [{"VALUE": one[name]}] if one[name] else [] for name in ("PHONE", "EMAIL")}
        for one in found
    ]
