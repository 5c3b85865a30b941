"""Guesses for ``crmkit new``: never used when loading, always to be confirmed in ``client.yml``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from crmkit.schema import TABLES
from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import normal
from crmkit.sources.stages import STATUS_WORDS


def _headings(*rows: str) -> dict[str, str]:
    """Read ``column: heading, heading…`` lines into heading -> column."""
    pairs = (row.split(": ") for row in rows)
    return {heading: column for column, names in pairs for heading in names.split(", ")}


#: Headings met in plain lists: table -> heading -> column.
HEADINGS = {
    "deals": _headings(
        "deal_id: opportunity id, deal id, lead id, record id, id, номер, номер сделки",
        "title: opportunity, deal name, name, название",
        "manager_id: sales agent, sales rep, owner, deal owner, opportunity owner, manager, менеджер",
        "manager_id: ответственный",
        "company_id: account, account name, company, client, customer, клиент, контрагент",
        "product: product, товар",
        "stage: deal stage, stage, этап, стадия",
        "pipeline: pipeline, воронка",
        "status: status, deal status, статус",
        "created_at: engage date, create date, created, created date, created at, date, дата, дата создания",
        "closed_at: close date, closed, closed at, дата закрытия",
        "amount: close value, amount, value, deal value, сумма",
        "currency: currency, валюта",
        "source: source, lead source, источник",
        "segment: segment, сегмент",
        "probability: probability, вероятность",
        "expected_close_on: expected close, expected close date",
        "lost_reason: loss reason, lost reason, причина отказа",
        "margin: margin, маржа",
    ),
    "managers": _headings(
        "manager_id: sales agent, менеджер",
        "name: name, сотрудник",
        "team: manager, team, команда, отдел",
        "role: role, роль",
    ),
    "products": _headings(
        "product: product, товар", "group: series, group", "list_price: sales price, price, цена"
    ),
    "companies": _headings(
        "company_id: account, company, клиент",
        "segment: sector, segment, industry",
        "city: city, город",
        "tax_id: инн",
    ),
    "stage_changes": _headings(
        "deal_id: deal id, id сделки",
        "from_stage: from stage",
        "to_stage: stage, to stage, стадия, этап",
        "changed_at: entered at, changed at, дата",
    ),
    "tasks": _headings(
        "task_id: task id",
        "deal_id: deal id, id сделки",
        "title: task, subject, title, задача",
        "manager_id: owner, assigned to, manager, ответственный",
        "kind: type, тип",
        "result: result, результат",
        "created_at: created, created at, дата создания",
        "due_at: due, due date, deadline, срок, крайний срок",
        "completed_at: completed, completed at, выполнена",
    ),
}
#: Without these a file is not taken for the table, though the table does not require them.
NEEDED = {"tasks": {"due_at", "title"}}

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


def tables_for(headings: Sequence[str]) -> list[str]:
    """Return the tables that a plain file may be: the likeliest, several on a tie, none without a clue."""
    scores = {}
    for table in HEADINGS:
        found = set(columns_for(table, headings).values())
        required = NEEDED.get(table, {item.name for item in TABLES[table] if item.required})
        if required <= found or (table == "deals" and {"stage", "amount"} & found and len(found) > 3):
            scores[table] = len(found)
    return sorted(table for table, score in scores.items() if score == max(scores.values()))


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
    return "won" if any(word in small and f"не {word}" not in small for word in WON_WORDS) else "open"


def technical(reasons: Iterable[str]) -> list[str]:
    """Return the loss reasons that look like no loss at all: duplicates, tests, spam."""
    return sorted(one for one in reasons if any(word in one.casefold() for word in TECHNICAL_WORDS))
