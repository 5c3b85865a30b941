"""Bitrix24 file exports: CSV with a semicolon at each line's end, HTML named .xls, product rows (FORMATS 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.mapping import Source

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

PRODUCT_COLUMNS = ("product", "Цена", "Количество", "Price", "Quantity")


def refine(table: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put exploded product rows together again, and name the closing date.

    With the column «Товар» each product of a deal is a row of its own, with price × quantity as «Сумма»: the
    amounts are added and the rest is kept from the first row. The one closing date that Bitrix24 exports is
    planned while the deal is open and actual once it is closed.
    """
    if table == "tasks" and "deal_id" in frame:
        return frame.assign(deal_id=_number_of_deal(frame["deal_id"])), frame.iloc[:0]
    if table != "deals":
        return frame, frame.iloc[:0]
    frame, merged = _merge_product_rows(frame)
    if "closed_at" not in frame and "expected_close_on" in frame:
        zone = next((kind.tz for kind in frame.dtypes if isinstance(kind, pd.DatetimeTZDtype)), "UTC")
        frame = frame.assign(closed_at=frame["expected_close_on"].dt.tz_localize(zone))
    return frame, merged


def _number_of_deal(text: pd.Series) -> pd.Series:
    """Take the number out of «D_123», «Сделка: Название [123]» or a bare «123»."""
    found = text.str.extract(r"(?:^D_|\[|^)(\d+)\]?\s*$")[0]
    return found.where(found.notna(), text)


def _merge_product_rows(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    if "product" not in frame or "deal_id" not in frame:
        return frame, frame.iloc[:0]
    same = [name for name in frame.columns if name not in (*PRODUCT_COLUMNS, "amount", "file", "line")]
    first_row = ~frame["deal_id"].duplicated()
    first_of = (
        pd.Series(np.arange(len(frame)), frame.index).groupby(frame["deal_id"], dropna=False).transform("min")
    )
    first_values = frame[same].iloc[first_of.to_numpy()].reset_index(drop=True)
    own = frame[same].reset_index(drop=True)
    alike = ((own == first_values) | (own.isna() & first_values.isna())).all(axis=1).to_numpy(dtype=bool)
    is_extra = ~first_row.to_numpy() & alike & frame["product"].notna().to_numpy()
    if not is_extra.any():
        return frame, frame.iloc[:0]
    kept = frame[~is_extra].copy()
    if "amount" in frame:
        extra = frame[is_extra].groupby("deal_id", dropna=False)["amount"].sum(min_count=1)
        added = kept["deal_id"].map(extra)
        takes = added.notna() & ~kept["deal_id"].duplicated()
        kept["amount"] = kept["amount"].where(~takes, kept["amount"].add(added, fill_value=0.0))
    return kept, frame[is_extra]


SOURCE = Source(
    name="bitrix24",
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
