"""Bitrix24 REST by an inbound webhook: lists in the order of ids, each page asked for from the last id on.

Source: apidocs.bitrix24.com, settings/performance/huge-data and limits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crmkit.pull.api import Api, Entity, latest
from crmkit.pull.secret import Secret, webhook
from crmkit.pull.wire import Door, Page, Question

FULL = 50
_ALL = {"order": {"ID": "ASC"}, "select": ["*", "UF_*"], "start": -1}
_UPPER = {"SORT": "ID", "ORDER": "ASC"}

ENTITIES = (
    Entity("deals", "crm.deal.list", "DATE_MODIFY", _ALL),
    Entity(
        "stagehistory", "crm.stagehistory.list", "CREATED_TIME",
        {"entityTypeId": 2, "order": {"ID": "ASC"}, "start": -1},
    ),
    Entity(
        "activities", "crm.activity.list", "LAST_UPDATED", _ALL | {"select": ["*", "COMMUNICATIONS"]}
    ),
    Entity(
        "tasks", "tasks.task.list", "CHANGED_DATE", _ALL | {"select": ["*", "UF_*", "UF_CRM_TASK"]}
    ),
    Entity("companies", "crm.company.list", "DATE_MODIFY", _ALL),
    Entity(
        "contacts", "crm.contact.list", "DATE_MODIFY", _ALL | {"select": ["*", "UF_*", "PHONE", "EMAIL"]}
    ),
    Entity("users", "user.get", params=_UPPER | {"start": -1}),
    Entity("categories", "crm.category.list", params={"entityTypeId": 2}, paged=False),
    Entity("statuses", "crm.status.list", params={"order": {"SORT": "ASC"}}, paged=False),
    Entity("fields", "crm.deal.fields", paged=False),  # what the client's own fields are called
    # a call is recorded when it is over, under the time at which it began
    Entity("calls", "voximplant.statistic.get", "CALL_START_DATE", _UPPER, lag=86_400),
)  # fmt: skip


def door(token: str, account: str) -> Door:
    """Return how the account is entered; the webhook's code is part of every address."""
    user, code = webhook(token, account)
    return Door(Secret(code), f"rest/{user}/{code}/")


def question(entity: Entity, since: int | None, at: int) -> Question:
    """Return the request for the records behind an id."""
    body = dict(entity.params)
    if entity.paged:
        chosen: dict[str, str | int] = {">ID": at}
        if since is not None:
            chosen[f">={entity.changed}"] = datetime.fromtimestamp(since, UTC).isoformat()
        body["FILTER" if "SORT" in body else "filter"] = chosen
    return Question(entity.name, entity.path, body=body)


def read(entity: Entity, at: int, data: Any) -> Page:
    """Return what an answer holds; a full page is followed by another."""
    result = data.get("result") if isinstance(data, dict) else None
    if isinstance(result, dict):
        parts = list(result.values())
        result = (
            parts if entity.name == "fields" else next((one for one in parts if isinstance(one, list)), None)
        )
    if not isinstance(result, list) or not all(isinstance(record, dict) for record in result):
        raise ValueError("no such list")
    seen = latest([_moment(_field(record, entity.changed)) for record in result])
    if not entity.paged:
        return Page(len(result), None, seen)
    ids = [int(_field(record, "ID") or "") for record in result]
    if ids and (min(ids) <= at or ids != sorted(ids)):
        raise ValueError("not the records that were asked for")
    return Page(len(ids), ids[-1] if len(ids) >= FULL else None, seen)


def _field(record: dict[str, Any], name: str) -> Any:
    """Return a field, which tasks call ``changedDate`` where other entities say ``CHANGED_DATE``."""
    first, *rest = name.lower().split("_")
    return record.get(name, record.get(first + "".join(part.capitalize() for part in rest)))


def _moment(value: Any) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return None if moment.tzinfo is None else int(moment.timestamp())


API = Api(ENTITIES, door, question, read, start=0, rate=2.0, burst=40.0)
