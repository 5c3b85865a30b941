"""Headings met in plain lists and what they likely mean: guesses for ``crmkit new``."""

from __future__ import annotations


def _headings(*rows: str) -> dict[str, str]:
    """Read ``column: heading, heading…`` lines into heading -> column."""
    pairs = (row.split(": ") for row in rows)
    return {heading: column for column, names in pairs for heading in names.split(", ")}


#: Headings met in plain lists: table -> heading -> column.
HEADINGS = {
    "deals": _headings(
        "deal_id: opportunity id, deal id, lead id, record id, id, номер, номер сделки",
        "deal_id: order no, order number, lead number, quote id",
        "title: opportunity, deal name, name, название, название сделки",
        "manager_id: sales agent, sales rep, owner, deal owner, opportunity owner, manager, менеджер",
        "manager_id: lead owner, salesman, salesperson, agent name, user id, ответственный",
        "company_id: account, account name, company, client, customer, org id, клиент, контрагент, компания",
        "contact_id: contact, контакт",
        "product: product, товар",
        "stage: deal stage, stage, этап, стадия",
        "pipeline: pipeline, воронка",
        "status: status, deal status, result, outcome, статус, состояние",
        "created_at: engage date, create date, created, created date, created at, date, дата, дата создания",
        "created_at: add time, enquiry date",
        "closed_at: close date, closed, closed at, decision date, дата закрытия",
        "won_at: won time, won at, дата выигрыша",
        "lost_at: lost time, lost at, дата проигрыша",
        "amount: close value, amount, value, deal value, сумма, бюджет",
        "currency: currency, валюта",
        "source: source, lead source, channel, источник, канал",
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
        "company_id: account, company, клиент, id, record id",
        "name: company name, название компании",
        "segment: sector, segment, industry, сфера деятельности",
        "qualification: qualification, квалификация",
        "city: city, город",
        "tax_id: tax id, инн",
        "manager_id: company owner, ответственный",
        "created_at: create date, created, дата создания",
    ),
    "contacts": _headings(
        "contact_id: id, record id, contact id",
        "name: contact, contact name, full name, контакт, имя, фио",
        "position: position, job title, должность",
        "company_id: company, company name, компания",
        "phone: phone, phone number, work phone, телефон, рабочий телефон, мобильный телефон",
        "email: email, e-mail, work e-mail, рабочий e-mail, рабочий email",
        "created_at: create date, created, дата создания",
    ),
    "activities": _headings(
        "activity_id: id, activity id",
        "deal_id: deal id, deal, id сделки, сделка",
        "at: at, date, activity date, дата",
        "kind: kind, type, activity type, вид, тип",
        "direction: direction, направление",
        "title: subject, title, тема",
        "text: text, description, описание",
        "manager_id: owner, assigned to, ответственный",
        "duration_s: duration, длительность, длительность с, длительность, с",
    ),
    "stage_changes": _headings(
        "deal_id: case:concept:name, case id, case, deal id, deal, opportunity id, id сделки, сделка",
        "deal_id: номер сделки, owner id",
        "from_stage: from stage",
        "to_stage: concept:name, activity, activity name, stage, stage id, to stage, стадия, этап",
        "changed_at: created time",
        "changed_at: time:timestamp, timestamp, complete timestamp, entered at, changed at, date, дата",
        "manager_id: org:resource, resource, user",
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
#: Without these a file is not taken for the table, though it does not require them; ``|``: any of them.
NEEDED = {
    "tasks": ("due_at", "title"),
    "companies": ("company_id", "name|segment|city|tax_id"),
    "contacts": ("contact_id", "name", "position|phone|email"),
    "activities": ("deal_id", "at", "kind", "direction|duration_s"),
}
