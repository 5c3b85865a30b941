"""Guesses for ``crmkit new``: never used when loading, always to be confirmed in ``client.yml``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from crmkit.schema import TABLES
from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import normal
from crmkit.sources.stages import STATUS_WORDS

#: Headings met in plain lists -> table -> column.
HEADINGS = {
    "deals": {
        "opportunity id": "deal_id", "deal id": "deal_id", "lead id": "deal_id", "record id": "deal_id", "id": "deal_id",
        "номер": "deal_id", "номер сделки": "deal_id", "opportunity": "title", "deal name": "title", "name": "title",
        "название": "title", "sales agent": "manager_id", "sales rep": "manager_id", "owner": "manager_id",
        "deal owner": "manager_id", "opportunity owner": "manager_id", "manager": "manager_id", "менеджер": "manager_id",
        "account": "company_id", "account name": "company_id", "company": "company_id", "client": "company_id",
        "customer": "company_id", "клиент": "company_id", "контрагент": "company_id", "product": "product",
        "товар": "product", "deal stage": "stage", "stage": "stage", "этап": "stage", "стадия": "stage",
        "pipeline": "pipeline", "воронка": "pipeline", "status": "status", "deal status": "status", "статус": "status",
        "engage date": "created_at", "create date": "created_at", "created": "created_at", "created date": "created_at",
        "created at": "created_at", "date": "created_at", "дата": "created_at", "дата создания": "created_at",
        "close date": "closed_at", "closed": "closed_at", "closed at": "closed_at", "дата закрытия": "closed_at",
        "close value": "amount", "amount": "amount", "value": "amount", "deal value": "amount", "сумма": "amount",
        "currency": "currency", "валюта": "currency", "source": "source", "lead source": "source", "источник": "source",
        "segment": "segment", "сегмент": "segment", "probability": "probability", "вероятность": "probability",
        "expected close": "expected_close_on", "expected close date": "expected_close_on", "loss reason": "lost_reason",
        "lost reason": "lost_reason", "причина отказа": "lost_reason", "margin": "margin", "маржа": "margin",
    },
    "managers": {
        "sales agent": "manager_id", "manager": "team", "name": "name", "role": "role", "team": "team", "команда": "team",
        "отдел": "team", "роль": "role", "сотрудник": "name", "менеджер": "manager_id",
    },
    "products": {"product": "product", "товар": "product", "series": "group", "group": "group", "sales price": "list_price", "price": "list_price", "цена": "list_price"},
    "companies": {"account": "company_id", "company": "company_id", "клиент": "company_id", "sector": "segment", "segment": "segment", "industry": "segment", "city": "city", "город": "city", "инн": "tax_id"},
    "stage_changes": {
        "deal id": "deal_id", "id сделки": "deal_id", "stage": "to_stage", "entered at": "changed_at", "changed at": "changed_at",
        "from stage": "from_stage", "to stage": "to_stage", "стадия": "to_stage", "этап": "to_stage", "дата": "changed_at",
    },
}  # fmt: skip

WON_WORDS = ("won", "успешн", "выигран", "успех", "оплачен")
LOST_WORDS = ("lost", "не реализован", "провал", "проигр", "отказ", "потер", "cancel")
TECHNICAL_WORDS = ("дубл", "тест", "спам", "ошиб", "duplicate", "test", "spam", "error")


def columns_for(table: str, headings: Sequence[str]) -> dict[str, str]:
    """Return guesses of what a plain file's headings mean: the same words first, then the nearest ones."""
    known = {item.name for item in TABLES[table]}
    names = HEADINGS.get(table, {}) | {name.replace("_", " "): name for name in known}
    found: dict[str, str] = {}
    for near in (False, True):
        for heading in headings:
            plain = normal(heading.replace("_", " "))
            hits = difflib.get_close_matches(plain, names, n=1, cutoff=0.88) if near else [plain]
            target = names.get(hits[0]) if hits else None
            if heading not in found and target is not None and target not in found.values():
                found[heading] = target
    return found


def table_for(headings: Sequence[str]) -> str | None:
    """Return the table that a plain file most likely is, or ``None`` on a tie or without a clue."""
    scores = {}
    for table in HEADINGS:
        found = set(columns_for(table, headings).values())
        required = {item.name for item in TABLES[table] if item.required}
        if required <= found or (table == "deals" and {"stage", "amount"} & found and len(found) > 3):
            scores[table] = len(found)
    best = sorted(scores, key=lambda table: -scores[table])
    if not best or (len(best) > 1 and scores[best[0]] == scores[best[1]]):
        return None
    return best[0]


def kind_of(stage: str) -> str:
    """Return what a stage's name says: open, won or lost.

    >>> kind_of("Closed Won"), kind_of("Prospecting")
    ('won', 'open')
    """
    small = stage.strip().casefold()
    for source in SOURCES.values():
        if small in source.won or small in source.lost:
            return "won" if small in source.won else "lost"
    if small in STATUS_WORDS:
        return STATUS_WORDS[small]
    if any(word in small for word in LOST_WORDS):
        return "lost"
    return "won" if any(word in small for word in WON_WORDS) else "open"


def technical(reasons: Iterable[str]) -> list[str]:
    """Return the loss reasons that look like no loss at all: duplicates, tests, spam."""
    return sorted(reason for reason in reasons if any(word in reason.casefold() for word in TECHNICAL_WORDS))
