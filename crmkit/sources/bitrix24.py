"""Bitrix24 file exports: CSV with a semicolon at each line's end, HTML named .xls, product rows."""

from __future__ import annotations

import pandas as pd

from crmkit.schema import at_midnight
from crmkit.sources.mapping import Source
from crmkit.sources.values import YES

DEALS = {
    "ID": "deal_id",
    "Название сделки": "title",
    "Название": "title",
    "Сделка": "title",
    "Воронка": "pipeline",
    "Направление": "pipeline",
    "Стадия сделки": "stage",
    "Стадия": "stage",
    "Вероятность": "probability",
    "Сумма": "amount",
    "Валюта": "currency",
    "Ответственный": "manager_id",
    "Источник": "source",
    "Компания: Название компании": "company_id",
    "Компания": "company_id",
    "Контакт": "contact_id",
    "Дата создания": "created_at",
    "Дата изменения": "updated_at",
    "Предполагаемая дата закрытия": "expected_close_on",
    "Повторная сделка": "is_repeat",
    "Товар": "product",
    "Причина отказа": "lost_reason",
    "Причина проигрыша": "lost_reason",
    "Сегмент": "segment",
    "Дата закрытия": "closed_at",
    "Deal Name": "title",
    "Deal": "title",
    "Pipeline": "pipeline",
    "Stage": "stage",
    "Deal stage": "stage",
    "Probability, %": "probability",
    "Probability": "probability",
    "Income": "amount",
    "Amount": "amount",
    "Currency": "currency",
    "Responsible": "manager_id",
    "Responsible person": "manager_id",
    "Source": "source",
    "Company": "company_id",
    "Contact": "contact_id",
    "Created": "created_at",
    "Modified": "updated_at",
    "Assumed close date": "expected_close_on",
    "Expected close date": "expected_close_on",
    "Repeat deal": "is_repeat",
    "Product": "product",
    "Segment": "segment",
    "Loss reason": "lost_reason",
}

TASKS = {
    "ID": "task_id",
    "Название": "title",
    "Описание": "text",
    "Исполнитель": "manager_id",
    "Ответственный": "manager_id",
    "Крайний срок": "due_at",
    "Дата создания": "created_at",
    "Дата закрытия": "completed_at",
    "Дата завершения": "completed_at",
    "CRM": "deal_id",
    "Результат": "result",
    "Тип": "kind",
    # English headings, not verified on a real file
    "Task": "title",
    "Name": "title",
    "Description": "text",
    "Responsible person": "manager_id",
    "Assignee": "manager_id",
    "Deadline": "due_at",
    "Created on": "created_at",
    "Closed on": "completed_at",
}

WON = frozenset({"сделка успешна", "успешно", "успешная", "deal won", "won"})
LOST = frozenset(
    {"сделка провалена", "анализ причины провала", "провал", "deal lost", "lost", "analyze failure"}
)

#: What differs between the rows of one deal when each of its products has a row.
PRODUCT_COLUMNS = frozenset({"product", "amount", "Цена", "Количество", "Price", "Quantity", "file", "line"})
CLOSED = ("Сделка закрыта", "Closed")

_DEAL = r"\bD_(\d+)|(?:^|, )(?:Сделка|Deal): [^\[]*\[(\d+)\]|^(\d+)$"
_CARD = r"(?:C|L|CO)_\d+$|(?:Контакт|Компания|Лид|Contact|Company|Lead): "


def refine(table: str, frame: pd.DataFrame, zone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put exploded product rows together again, name the closing date, empty amounts never filled in.

    With the column «Товар» each product of a deal is a row of its own, with price × quantity as «Сумма»: the
    amounts are added and the rest is kept from the first row. The one closing date that Bitrix24 exports is
    planned while the deal is open and actual once it is closed. An amount that nobody filled in is exported
    as 0.00, so that a zero tells of none.
    """
    if table == "tasks" and "deal_id" in frame:
        return frame.assign(deal_id=_number_of_deal(frame["deal_id"])), frame.iloc[:0]
    if table != "deals":
        return frame, frame.iloc[:0]
    frame, merged = _merge_product_rows(frame)
    if "amount" in frame:
        frame = frame.assign(amount=frame["amount"].mask(frame["amount"] == 0))
    if "closed_at" not in frame and "expected_close_on" in frame:
        day = frame["expected_close_on"]
        flag = next((name for name in CLOSED if name in frame), None)
        if flag is not None:
            is_closed = frame[flag].str.casefold().isin(YES)
            day, frame = day.where(is_closed), frame.assign(expected_close_on=day.mask(is_closed))
        frame = frame.assign(closed_at=at_midnight(day, zone))
    return frame, merged


def _number_of_deal(text: pd.Series) -> pd.Series:
    """Take the number out of «D_123», «Сделка: Название [123]», «Название [123]» or a bare «123»."""
    codes, distinct = pd.factorize(text)
    cells = pd.Series(distinct, dtype="str")
    found = cells.str.extract(_DEAL)
    number = found[0].where(found[0].notna(), found[1]).where(lambda one: one.notna(), found[2])
    of_other_card = cells.str.match(_CARD, na=False) & number.isna()
    number = number.where(number.notna() | of_other_card, cells.str.extract(r"\[(\d+)\]$")[0])
    number = number.where(number.notna() | of_other_card, cells)
    return pd.Series(number.array.take(codes, allow_fill=True), text.index)


def _merge_product_rows(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add up the amounts of rows that differ in nothing but the product."""
    if "product" not in frame or "deal_id" not in frame:
        return frame, frame.iloc[:0]
    again = frame["deal_id"].duplicated(keep=False) & frame["deal_id"].notna() & frame["product"].notna()
    rows = frame[again]
    card = [name for name in frame.columns if name not in PRODUCT_COLUMNS]
    extra = rows[rows.duplicated(card)]
    if extra.empty:
        return frame, extra
    kept = frame.drop(index=extra.index)
    if "amount" in frame:
        number = rows.groupby(card, dropna=False, sort=False, observed=True).ngroup()
        total = number.map(rows["amount"].groupby(number).sum(min_count=1)).drop(index=extra.index)
        kept = kept.assign(amount=kept["amount"].where(~kept.index.isin(total.index), total))
    return kept, extra


SOURCE = Source(
    name="bitrix24",
    cards={
        "deals": "/crm/deal/details/{id}/",
        "companies": "/crm/company/details/{id}/",
        "contacts": "/crm/contact/details/{id}/",
    },
    columns={"deals": DEALS, "tasks": TASKS},
    signature={
        "deals": (
            "ID",
            "Стадия сделки|Deal stage|Stage",
            "Сделка закрыта|Closed|Предполагаемая дата закрытия|Assumed close date",
        ),
        "tasks": (
            "ID",
            "Крайний срок|Deadline",
            "Исполнитель|Ответственный|Responsible person",
            "Постановщик|Created by",
        ),
    },
    day_first=True,
    won=WON,
    lost=LOST,
    refine=refine,
)
