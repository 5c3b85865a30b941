"""amoCRM (Kommo) API v4: HAL lists by page, in the order of their ids so that changes shift nothing."""

from __future__ import annotations

from typing import Any

from crmkit.pull.api import Api, Entity, latest
from crmkit.pull.secret import Secret
from crmkit.pull.wire import Door, Page, Question

_BY_ID = {"limit": 250, "order[id]": "asc"}
#: What the figures need: lives of deals and tasks, calls and messages.
EVENTS = (
    "lead_added", "lead_deleted", "lead_restored", "lead_status_changed", "entity_responsible_changed",
    "sale_field_changed", "entity_merged", "task_added", "task_deleted", "task_completed",
    "task_deadline_changed", "task_type_changed", "task_result_added", "incoming_call", "outgoing_call",
    "incoming_chat_message", "outgoing_chat_message", "incoming_sms", "outgoing_sms",
)  # fmt: skip
NOTES = ("common", "call_in", "call_out", "sms_in", "sms_out", "amomail_message")

ENTITIES = (
    Entity(
        "leads", "leads", "updated_at",
        _BY_ID | {"with": "contacts,loss_reason,source_id,is_price_modified_by_robot"},
    ),
    Entity("contacts", "contacts", "updated_at", _BY_ID | {"with": "leads"}),
    Entity("companies", "companies", "updated_at", _BY_ID),
    Entity("tasks", "tasks", "updated_at", _BY_ID),
    Entity(
        "events", "events", "created_at",
        {"limit": 100} | {f"filter[type][{place}]": kind for place, kind in enumerate(EVENTS)},
    ),
    Entity(
        "notes", "leads/notes", "updated_at",
        _BY_ID | {f"filter[note_type][{place}]": kind for place, kind in enumerate(NOTES)},
    ),
    Entity("users", "users", params={"limit": 250, "with": "role,group"}),
    Entity("pipelines", "leads/pipelines"),
    Entity("loss_reasons", "leads/loss_reasons", params={"limit": 250}),
)  # fmt: skip


def door(token: str, account: str) -> Door:
    """Return how the account is entered: with a long-lived token of an integration."""
    return Door(Secret(token), "api/v4/", {"Authorization": f"Bearer {token}"})


def question(entity: Entity, since: int | None, at: int) -> Question:
    """Return the request for a page."""
    params = dict(entity.params) | ({"page": at} if entity.params else {})
    if since is not None:
        params[f"filter[{entity.changed}][from]"] = since
    return Question(entity.name, entity.path, params)


def read(entity: Entity, at: int, data: Any) -> Page:
    """Return what a page holds; where to go on is told by the link to a next page, which is not followed."""
    inside = data.get("_embedded") if isinstance(data, dict) else None
    records = inside.get(entity.name) if isinstance(inside, dict) else None
    if not isinstance(records, list) or data.get("_page", at) != at:
        raise ValueError("no such page")
    times = [record.get(entity.changed) for record in records if isinstance(record, dict)]
    links = data.get("_links")
    more = isinstance(links, dict) and "next" in links and bool(records)
    seen = latest([time if isinstance(time, int) else None for time in times])
    return Page(len(records), at + 1 if more else None, seen)


API = Api(ENTITIES, door, question, read, start=1, rate=6.0, burst=1.0)
