"""What stands where in the records of amoCRM and Kommo (API v4, FORMATS 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.errors import N_, SourceError
from crmkit.sources.answers import ELSEWHERE, Cells, Entity, inside, text
from crmkit.sources.saved import AGAIN

CARDS = {"PHONE": "phone", "EMAIL": "email", "POSITION": "position"}
_HOME = re.compile(r"/(leads|contacts|companies|customers)/")


def _own_fields(record: Mapping[str, Any], zone: str) -> Cells:
    """Return the client's own fields by their captions."""
    found: Cells = {}
    for one in inside(record, "custom_fields_values") or []:
        name, kind = text(inside(one, "field_name")), inside(one, "field_type")
        values = [inside(value, "value") for value in inside(one, "values") or []]
        if kind in ("date", "date_time", "birthday"):
            values = [_local(value, zone, kind == "date_time") for value in values]
        if name and inside(one, "field_code") not in CARDS and (told := text(values)):
            found[name] = f"{found[name]}, {told}" if name in found else told
    return found


def _local(value: Any, zone: str, with_time: bool) -> Any:
    if not isinstance(value, int) or not 0 < value < 200_000_000_000:
        return value
    local = datetime.fromtimestamp(value, UTC).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M:%S}" if with_time else f"{local:%Y-%m-%d}"


def _person(record: Mapping[str, Any]) -> Cells:
    """Return what amoCRM keeps among the client's own fields of every contact."""
    told: Cells = dict.fromkeys(CARDS.values())
    for one in inside(record, "custom_fields_values") or []:
        name = CARDS.get(str(inside(one, "field_code")))
        if name:
            told[name] = text(inside(one, "values"))
    return told


def _lead(record: Mapping[str, Any]) -> Cells:
    contacts = inside(record, "_embedded", "contacts") or []
    main = next((one for one in contacts if inside(one, "is_main") is True), inside(contacts, 0))
    lost = inside(record, "_embedded", "loss_reason")
    return {
        "contact_id": text(inside(main, "id")),
        "reason": text(inside(lost, 0, "name") or inside(lost, "name")),
    }


def _note(record: Mapping[str, Any]) -> Cells:
    home = _HOME.search(str(inside(record, "_links", "self", "href")))
    return {"home": home[1] if home else text(inside(record, "entity_type"))}


def _statuses(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = inside(record, "_embedded", "statuses") or []
    return [{**one, "pipeline": record} for one in found if isinstance(one, dict)]


_CARD = {"name": ("name",), "created_at": ("created_at",), "is_deleted": ("is_deleted",)}
ENTITIES: Mapping[str, Entity] = {
    "leads": Entity(
        "deals",
        {
            "deal_id": ("id",), "title": ("name",), "amount": ("price",),
            "manager_id": ("responsible_user_id",), "created_at": ("created_at",),
            "updated_at": ("updated_at",), "closed_at": ("closed_at",),
            "next_task_at": ("closest_task_at",), "company_id": ("_embedded", "companies", 0, "id"),
            "source": ("_embedded", "source", "name"), "pipeline": ("pipeline_id",), "stage": ("status_id",),
            "lost_reason": ("loss_reason_id",), "is_deleted": ("is_deleted",), "contact_id": ELSEWHERE,
            "reason": ELSEWHERE,
        },
        [frozenset({"pipeline_id", "status_id"}), frozenset({"price", "loss_reason_id"})],
        changed=("updated_at",), more=_lead, own=_own_fields,
    ),
    "tasks": Entity(
        "tasks",
        {
            "task_id": ("id",), "owner": ("entity_type",), "owner_id": ("entity_id",),
            "manager_id": ("responsible_user_id",), "kind": ("task_type_id",), "title": ("text",),
            "result": ("result", "text"), "created_at": ("created_at",), "due_at": ("complete_till",),
            "updated_at": ("updated_at",), "done": ("is_completed",),
        },
        [frozenset({"complete_till"})], changed=("updated_at",),
    ),
    "events": Entity(
        "activities",
        {
            "type": ("type",), "at": ("created_at",), "manager_id": ("created_by",),
            "owner": ("entity_type",), "owner_id": ("entity_id",),
            "old_pipeline": ("value_before", 0, "lead_status", "pipeline_id"),
            "old": ("value_before", 0, "lead_status", "id"), "new": ("value_after", 0, "lead_status", "id"),
            "new_pipeline": ("value_after", 0, "lead_status", "pipeline_id"),
            "note": ("value_after", 0, "note", "id"), "task": ("value_after", 0, "task", "id"),
            "old_owner_id": ("value_before", 0, "responsible_user", "id"),
        },
        [frozenset({"value_after"})],
    ),
    "notes": Entity(
        "activities",
        {
            "type": ("note_type",), "owner_id": ("entity_id",), "at": ("created_at",),
            "manager_id": ("responsible_user_id",), "author_id": ("created_by",),
            "duration_s": ("params", "duration"), "call_status": ("params", "call_status"),
            "income": ("params", "income"), "subject": ("params", "subject"),
            "summary": ("params", "content_summary"), "words": ("params", "text"),
            "home": ELSEWHERE,
        },
        [frozenset({"note_type"})], changed=("updated_at",), more=_note,
    ),
    "users": Entity(
        "managers",
        {
            "manager_id": ("id",), "name": ("name",), "is_active": ("rights", "is_active"),
            "team": ("_embedded", "groups", 0, "name"),
        },
        [frozenset({"rights"}), frozenset({"email", "lang"})],
    ),
    "pipelines": Entity(
        "stages",
        {
            "pipeline_id": ("pipeline", "id"), "pipeline": ("pipeline", "name"), "status": ("id",),
            "stage": ("name",), "sort": ("sort",),
        },
        [frozenset({"is_main"}), frozenset({"is_unsorted_on"})],
        key=(("pipeline", "id"), ("id",)), spread=_statuses,
    ),
    "contacts": Entity(
        "contacts", {"contact_id": ("id",), "company_id": ("_embedded", "companies", 0, "id"), **_CARD},
        [frozenset({"first_name"})], changed=("updated_at",), more=_person, own=_own_fields,
    ),
    "companies": Entity(
        "companies", {"company_id": ("id",), "manager_id": ("responsible_user_id",), **_CARD},
        [frozenset({"custom_fields_values"})],
        changed=("updated_at",), own=_own_fields,
    ),
    "loss_reasons": Entity("deals", {"name": ("name",)}, [frozenset({"id", "name", "sort"})]),
}  # fmt: skip


def is_answer(value: Any) -> bool:
    """Say whether a value is an answer, and no record of one."""
    return isinstance(value, dict) and "_embedded" in value and "id" not in value


def unfold(answer: Any, shown: str) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the lists of records in an answer, with the kind that it names.

    Raises
    ------
    SourceError: the answer says that the CRM refused.
    """
    if is_answer(answer):
        for kind, records in (answer["_embedded"] or {}).items():
            yield kind, records if isinstance(records, list) else []
    elif isinstance(answer, dict) and "id" in answer:
        yield "", [answer]
    elif isinstance(answer, dict) and (
        "detail" in answer or "error" in answer or "validation-errors" in answer
    ):
        said = [text(answer.get(name)) for name in ("title", "status", "detail", "error", "hint")]
        what = N_("the CRM refused to answer")
        raise SourceError(shown, what, [one for one in said if one], AGAIN)
    else:
        yield "", [answer]
