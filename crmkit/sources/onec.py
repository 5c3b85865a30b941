"""1C:CRM lists («output list»): not verified on a real file, so a short table of headings and no more."""

from __future__ import annotations

import pandas as pd

from crmkit.sources.mapping import Source

DEALS = {
    "Номер": "deal_id",
    "Код": "deal_id",
    "Наименование": "title",
    "Тема": "title",
    "Интерес": "title",
    "Сценарий продажи": "pipeline",
    "Сценарий": "pipeline",
    "Этап": "stage",
    "Этап продажи": "stage",
    "Состояние": "status",
    "Статус": "status",
    "Сумма": "amount",
    "Сумма документа": "amount",
    "Валюта": "currency",
    "Вероятность": "probability",
    "Ответственный": "manager_id",
    "Менеджер": "manager_id",
    "Клиент": "company_id",
    "Контрагент": "company_id",
    "Партнер": "company_id",
    "Контактное лицо": "contact_id",
    "Дата": "created_at",
    "Дата создания": "created_at",
    "Дата начала": "created_at",
    "Дата окончания (факт)": "closed_at",
    "Дата окончания факт": "closed_at",
    "Дата окончания": "closed_at",
    "Дата закрытия": "closed_at",
    "Дата окончания (план)": "expected_close_on",
    "Дата окончания план": "expected_close_on",
    "Причина проигрыша": "lost_reason",
    "Причина отказа": "lost_reason",
    "Канал первичного интереса": "source",
    "Канал привлечения": "source",
    "Источник": "source",
}

TASKS = {
    "Номер": "task_id",
    "Наименование": "title",
    "Задача": "title",
    "Описание": "text",
    "Исполнитель": "manager_id",
    "Срок исполнения": "due_at",
    "Срок": "due_at",
    "Дата": "created_at",
    "Дата исполнения": "completed_at",
    "Клиент": "company_id",
    "Результат выполнения": "result",
    "Результат": "result",
    "Интерес.Номер": "deal_id",
    "Предмет.Номер": "deal_id",
}

EVENTS = {
    "Номер": "activity_id",
    "Дата": "at",
    "Вид события": "kind",
    "Вид взаимодействия": "kind",
    "Тип события": "kind",
    "Направление": "direction",
    "Тема": "title",
    "Наименование": "title",
    "Содержание": "text",
    "Описание": "text",
    "Ответственный": "manager_id",
    "Клиент": "company_id",
    "Контактное лицо": "contact_id",
    "Длительность": "duration_s",
    "Интерес.Номер": "deal_id",
    "Предмет.Номер": "deal_id",
}


def refine(table: str, frame: pd.DataFrame, zone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell deals of the same number apart by the year: 1C counts anew in each."""
    if table == "deals" and {"deal_id", "created_at"} <= set(frame.columns):
        year = frame["created_at"].dt.year.astype("Int64").astype("str")
        years = year.groupby(frame["deal_id"]).transform("nunique")
        apart = (years > 1) & year.notna()
        frame = frame.assign(deal_id=frame["deal_id"].where(~apart, frame["deal_id"] + "/" + year))
    return frame, frame.iloc[:0]


SOURCE = Source(
    name="1c",
    columns={"deals": DEALS, "tasks": TASKS, "activities": EVENTS},
    signature={
        "deals": (
            "Номер|Наименование",
            "Этап|Этап продажи|Состояние",
            "Сценарий продажи|Канал первичного интереса",
        ),
        "tasks": ("Срок исполнения", "Исполнитель", "Дата исполнения|Задача"),
        "activities": ("Вид события|Вид взаимодействия|Тип события", "Дата", "Ответственный"),
    },
    day_first=True,
    lenient=frozenset({"expected_close_on"}),
    refine=refine,
    printed=True,
)
