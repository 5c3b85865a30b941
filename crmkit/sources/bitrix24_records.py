"""What stands where in the records of Bitrix24 (REST, FORMATS 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crmkit.errors import N_, SourceError
from crmkit.sources.answers import ELSEWHERE, Cells, Entity, inside, text
from crmkit.sources.saved import AGAIN

#: Whose cards deals, actions and calls belong to, by the number and by the name of the kind of card.
OWNERS = {
    "2": "deal_id", "3": "contact_id", "4": "company_id", "DEAL": "deal_id", "CONTACT": "contact_id",
    "COMPANY": "company_id",
}  # fmt: skip
LINKS = ("deal_id", "contact_id", "company_id")
#: Fields that are kept beside the canonical ones: the client's own, and the marks of advertising.
_KEPT = re.compile(r"UF_|UTM_|TYPE_ID$")
_SYSTEM = frozenset({"UF_DEPARTMENT", "UF_CRM_TASK", "UF_EMPLOYMENT_DATE"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _own_fields(record: Mapping[str, Any], zone: str) -> Cells:
    return {
        name: told
        for name, value in sorted(record.items())
        if _KEPT.match(name) and name not in _SYSTEM and (told := text(value))
    }


def _person(record: Mapping[str, Any]) -> Cells:
    parts = [text(record.get(name)) for name in ("NAME", "SECOND_NAME", "LAST_NAME")]
    return {"name": " ".join(part for part in parts if part) or text(record.get("EMAIL"))}


def _action(record: Mapping[str, Any]) -> Cells:
    """Return the cards that an action belongs to: its owner's, those it is bound to, those it was with."""
    named = ("OWNER_TYPE_ID", "OWNER_ID")
    pairs = [tuple(text(record.get(name)) for name in named)]
    for one in inside(record, "BINDINGS") or []:
        pairs.append(tuple(text(inside(one, name)) for name in named))
    for one in inside(record, "COMMUNICATIONS") or []:
        pairs.append((text(inside(one, "ENTITY_TYPE_ID")), text(inside(one, "ENTITY_ID"))))
    cards: Cells = {}
    for kind, number in pairs:
        if kind in OWNERS and number not in (None, "0"):
            cards.setdefault(OWNERS[kind], number)
    missed = inside(record, "SETTINGS", "MISSED_CALL")
    return cards | {"missed": text(missed)}


def _shouted(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return a task with the keys of the older method: ``RESPONSIBLE_ID`` for ``responsibleId``."""
    return [{_CAMEL.sub("_", key).upper(): value for key, value in record.items()}]


def _deal_of_task(record: Mapping[str, Any]) -> Cells:
    bound = text(record.get("UF_CRM_TASK")) or ""
    cards = {"D": "deal_id", "C": "contact_id", "CO": "company_id"}
    found = {cards[kind]: number for kind, number in re.findall(r"\b(D|CO|C)_(\d+)", bound)[::-1]}
    return dict(found)


ENTITIES: Mapping[str, Entity] = {
    "calls": Entity(
        "activities",
        {
            "activity": ("CRM_ACTIVITY_ID",), "type": ("CALL_TYPE",), "at": ("CALL_START_DATE",),
            "duration_s": ("CALL_DURATION",), "code": ("CALL_FAILED_CODE",),
            "manager_id": ("PORTAL_USER_ID",), "owner": ("CRM_ENTITY_TYPE",),
            "owner_id": ("CRM_ENTITY_ID",), "text": ("COMMENT",),
        },
        [frozenset({"CALL_START_DATE"}), frozenset({"CALL_FAILED_CODE"})], key=(("ID",),),
    ),
    "statuses": Entity(
        "stages",
        {
            "group": ("ENTITY_ID",), "code": ("STATUS_ID",), "name": ("NAME",), "sort": ("SORT",),
            "semantics": ("SEMANTICS",), "extra": ("EXTRA", "SEMANTICS"),
        },
        [frozenset({"ENTITY_ID", "STATUS_ID"})], key=(("ENTITY_ID",), ("STATUS_ID",)),
    ),
    "stagehistory": Entity(
        "stage_changes",
        {
            "deal_id": ("OWNER_ID",), "changed_at": ("CREATED_TIME",), "stage": ("STAGE_ID",),
            "category": ("CATEGORY_ID",), "type": ("TYPE_ID",),
        },
        [frozenset({"OWNER_ID", "CREATED_TIME"})], key=(("ID",),),
    ),
    "activities": Entity(
        "activities",
        {
            "type": ("TYPE_ID",), "provider": ("PROVIDER_ID",), "title": ("SUBJECT",),
            "text": ("DESCRIPTION",), "created_at": ("CREATED",), "updated_at": ("LAST_UPDATED",),
            "at": ("START_TIME",),
            "due_at": ("DEADLINE",), "completed": ("COMPLETED",), "manager_id": ("RESPONSIBLE_ID",),
            "direction": ("DIRECTION",), "task": ("ASSOCIATED_ENTITY_ID",), "origin": ("ORIGIN_ID",),
            **dict.fromkeys((*LINKS, "missed"), ELSEWHERE),
        },
        [frozenset({"OWNER_TYPE_ID"}), frozenset({"PROVIDER_ID"})], key=(("ID",),),
        changed=("LAST_UPDATED",), more=_action,
    ),
    "tasks": Entity(
        "tasks",
        {
            "task_id": ("ID",), "title": ("TITLE",), "text": ("DESCRIPTION",),
            "manager_id": ("RESPONSIBLE_ID",), "created_at": ("CREATED_DATE",), "due_at": ("DEADLINE",),
            "completed_at": ("CLOSED_DATE",),
            "updated_at": ("CHANGED_DATE",), "status": ("STATUS",),
            **dict.fromkeys(LINKS, ELSEWHERE),
        },
        [
            frozenset({"responsibleId"}), frozenset({"createdDate"}),
            frozenset({"RESPONSIBLE_ID", "CREATED_DATE"}),
        ],
        key=(("ID",),), changed=("CHANGED_DATE",), more=_deal_of_task, spread=_shouted,
    ),
    "deals": Entity(
        "deals",
        {
            "deal_id": ("ID",), "title": ("TITLE",), "amount": ("OPPORTUNITY",), "currency": ("CURRENCY_ID",),
            "manager_id": ("ASSIGNED_BY_ID",), "company_id": ("COMPANY_ID",), "contact_id": ("CONTACT_ID",),
            "created_at": ("DATE_CREATE",), "updated_at": ("DATE_MODIFY",), "closed": ("CLOSED",),
            "day": ("CLOSEDATE",), "probability": ("PROBABILITY",), "is_repeat": ("IS_RETURN_CUSTOMER",),
            "source": ("SOURCE_ID",), "category": ("CATEGORY_ID",), "stage": ("STAGE_ID",),
            "semantics": ("STAGE_SEMANTIC_ID",), "stage_entered_at": ("MOVED_TIME",),
            "last_activity_at": ("LAST_ACTIVITY_TIME",),
        },
        [frozenset({"STAGE_ID"}), frozenset({"OPPORTUNITY", "CATEGORY_ID"})], key=(("ID",),),
        changed=("DATE_MODIFY",), own=_own_fields,
    ),
    "users": Entity(
        "managers",
        {
            "manager_id": ("ID",), "is_active": ("ACTIVE",), "hired_on": ("UF_EMPLOYMENT_DATE",),
            "name": ELSEWHERE,
        },
        [frozenset({"USER_TYPE"}), frozenset({"ACTIVE", "LAST_NAME"})], key=(("ID",),), more=_person,
    ),
    "categories": Entity(
        "stages", {"name": ("name",), "NAME": ("NAME",)},
        [frozenset({"entityTypeId", "name"}), frozenset({"IS_LOCKED", "NAME"})], key=(("id",),),
        spread=lambda record: [{"id": record.get("ID"), **record}],
    ),
    "contacts": Entity(
        "contacts",
        {
            "contact_id": ("ID",), "company_id": ("COMPANY_ID",), "position": ("POST",), "phone": ("PHONE",),
            "email": ("EMAIL",), "created_at": ("DATE_CREATE",), "name": ELSEWHERE,
        },
        [frozenset({"LAST_NAME"}), frozenset({"SECOND_NAME"})], key=(("ID",),), changed=("DATE_MODIFY",),
        more=_person, own=_own_fields,
    ),
    "companies": Entity(
        "companies",
        {
            "company_id": ("ID",), "name": ("TITLE",), "segment": ("INDUSTRY",), "city": ("ADDRESS_CITY",),
            "manager_id": ("ASSIGNED_BY_ID",), "created_at": ("DATE_CREATE",),
        },
        [frozenset({"COMPANY_TYPE"}), frozenset({"INDUSTRY"})], key=(("ID",),), changed=("DATE_MODIFY",),
        own=_own_fields,
    ),
    "fields": Entity(
        "deals",
        {"caption": ("listLabel",), "label": ("formLabel",), "items": ("@items",)},
        [frozenset({"@field"})], key=(("@field",),),
    ),
}  # fmt: skip


def is_answer(value: Any) -> bool:
    """Say whether a value is an answer, and no record of one."""
    return isinstance(value, dict) and ("result" in value or "error" in value) and "ID" not in value


def unfold(answer: Any, shown: str) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the lists of records in an answer, with the kind that it names; answers of a batch too.

    Raises
    ------
    SourceError: the answer, or one of a batch, says that the CRM refused.
    """
    refused = inside(answer, "error") or inside(answer, "result", "result_error")
    if refused:
        said = [text(inside(answer, name)) for name in ("error", "error_description")]
        if not any(said):
            said = list(inside(answer, "result", "result_error"))
        raise SourceError(shown, N_("the CRM refused to answer"), [one for one in said if one], AGAIN)
    result = inside(answer, "result")
    batch = inside(result, "result")
    if batch is not None:
        for part in batch.values() if isinstance(batch, dict) else batch:
            yield from _lists(part)
    elif is_answer(answer):
        yield from _lists(result)
    else:
        yield "", [answer]


def _lists(result: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield what one method returned: a list, a list under its name, a description of fields, a record."""
    if isinstance(result, list):
        yield "", result
    elif isinstance(result, dict):
        lists = {name: value for name, value in result.items() if isinstance(value, list)}
        named = [name for name in ("items", "tasks", "categories") if name in lists]
        specs = [
            {**one, "@field": name} for name, one in result.items() if isinstance(one, dict) and "type" in one
        ]
        if named:
            yield from (("" if name == "items" else name, lists[name]) for name in named)
        elif specs:
            yield "fields", [{**one, "@items": _choices(one)} for one in specs]
        else:
            yield "", [inside(result, "task") or inside(result, "item") or result]
    elif result is not None:
        yield "", [result]


def _choices(spec: Mapping[str, Any]) -> str:
    """Return the choices of a field as text: a number and its words in turn, a tabulator between."""
    told = [(text(inside(one, "ID")), text(inside(one, "VALUE"))) for one in inside(spec, "items") or []]
    return "\t".join(part.replace("\t", " ") for pair in told if None not in pair for part in pair if part)
