"""amoCRM and Kommo file exports: both layouts, CSV and XLSX, in four languages (FORMATS 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from crmkit.sources.distinct import by_distinct
from crmkit.sources.mapping import Source

DEALS = {
    "ID": "deal_id",
    "Название сделки": "title",
    "Бюджет": "amount",
    "Ответственный": "manager_id",
    "Дата создания сделки": "created_at",
    "Дата создания": "created_at",
    "Дата редактирования": "updated_at",
    "Дата изменения": "updated_at",
    "Дата закрытия": "closed_at",
    "Этап сделки": "stage",
    "Воронка": "pipeline",
    "Компания": "company_id",
    "Компания контакта": "company_id",
    "Основной контакт": "contact_id",
    "Полное имя контакта": "contact_id",
    "Ближайшая задача": "next_task_at",
    "Источник": "source",
    "Источник сделки": "source",
    "Причина отказа": "lost_reason",
    "Продукт": "product",
    "Товар": "product",
    "Сегмент": "segment",
    # Kommo's English headings, not verified on a real file
    "Lead title": "title",
    "Lead name": "title",
    "Sale": "amount",
    "Budget": "amount",
    "Responsible user": "manager_id",
    "Responsible": "manager_id",
    "Created at": "created_at",
    "Date created": "created_at",
    "Last modified": "updated_at",
    "Closed at": "closed_at",
    "Lead stage": "stage",
    "Lead status": "stage",
    "Stage": "stage",
    "Pipeline": "pipeline",
    "Company": "company_id",
    "Contact's company": "company_id",
    "Main contact": "contact_id",
    "Closest task": "next_task_at",
    "Source": "source",
    "Lead source": "source",
    "utm_source": "source",
    "Loss reason": "lost_reason",
    "Product": "product",
    "Segment": "segment",
    # Kommo in Portuguese, both layouts
    "Lead título": "title",
    "Lead venda": "amount",
    "Venda": "amount",
    "Lead usuário responsável": "manager_id",
    "Usuário responsável": "manager_id",
    "Data Criada": "created_at",
    "Criado em": "created_at",
    "Última modificação": "updated_at",
    "Fechada em": "closed_at",
    "Fechado as": "closed_at",
    "Etapa do lead": "stage",
    "Funil de vendas": "pipeline",
    "Empresa lead 's": "company_id",
    "Empresa do contato": "company_id",
    "Contato principal": "contact_id",
    "Nome completo": "contact_id",
    "Próxima tarefa": "next_task_at",
    "Motivo de insucesso": "lost_reason",
    # Kommo in Spanish; the last three are not verified on a real file
    "Nombre del lead": "title",
    "Presupuesto": "amount",
    "Responsable": "manager_id",
    "Fecha de Creación": "created_at",
    "Estatus del lead": "stage",
    "Compañía del contracto": "company_id",
    "Compañía del contacto": "company_id",
    "Contacto principal": "contact_id",
    "Nombre completo": "contact_id",
    "Motivo de la pérdida": "lost_reason",
    "Embudo de ventas": "pipeline",
    "Fecha de cierre": "closed_at",
    "Próxima tarea": "next_task_at",
}

#: The main contact's and the company's data that rows of deals repeat; below the Russian, Kommo's English
#: (not verified on a real file), Portuguese and Spanish.
OF_CONTACT = {
    "phone": (
        "Рабочий телефон", "Рабочий прямой телефон", "Мобильный телефон", "Домашний телефон",
        "Другой телефон",
        "Work phone", "Work direct phone", "Mobile phone", "Home phone", "Other phone",
        "Telefone comercial", "Telefone comercial direto", "Telefone celular", "Celular",
        "Telefone residencial", "Outro telefone",
        "Teléfono oficina", "Teléfono celular", "Teléfono casa", "Otro teléfono",
    ),
    "email": (
        "Рабочий email", "Личный email", "Другой email",
        "Work email", "Personal email", "Private email", "Other email",
        "Email comercial", "Email pessoal", "Outro email",
        "Correo", "Correo personal", "Otro correo",
    ),
    "position": ("Должность", "Position", "Posição", "Cargo", "Posición"),
}  # fmt: skip
OF_COMPANY = {
    "tax_id": ("ИНН", "Tax ID", "CNPJ", "NIF"),
    "city": ("Город", "City", "Cidade", "Ciudad"),
    "segment": ("Сегмент", "Segment", "Segmento"),
    "qualification": ("Квалификация", "Qualification", "Qualificação", "Calificación"),
}
_FIRMS = (
    "Компания контакта", "Contact's company", "Empresa do contato", "Compañía del contracto",
    "Compañía del contacto",
)  # fmt: skip


def _told(of: Mapping[str, Sequence[str]], *suffixes: str) -> dict[str, str]:
    return {f"{one}{suffix}": name for name, some in of.items() for one in some for suffix in suffixes}


_EMPLOYER = dict.fromkeys(_FIRMS, "company_id")

WON = frozenset(
    {"успешно реализовано", "closed - won", "closed won", "won", "venda ganha", "logrado con éxito"}
)
LOST = frozenset(
    {"закрыто и не реализовано", "closed - lost", "closed lost", "lost", "venda perdida", "venta perdida"}
)
_GLUED = rf"(?is)^({'|'.join(sorted(LOST))})\s*\((.*)\)$"


def refine(table: str, frame: pd.DataFrame, zone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split «Закрыто и не реализовано (Причина)» into the stage and the reason for the loss.

    The reason may itself hold brackets: it reaches from the first opening to the last closing one.
    """
    none = frame.iloc[:0]
    if table != "deals" or "stage" not in frame:
        return frame, none
    glued = frame["stage"]
    if by_distinct(glued, lambda cells: cells.str.extract(_GLUED)[0]).notna().any():
        reason = by_distinct(glued, lambda cells: cells.str.extract(_GLUED)[1].str.strip().replace("", None))
        if "lost_reason" in frame:
            reason = reason.where(reason.notna(), frame["lost_reason"])
        stage = by_distinct(glued, lambda cells: cells.str.extract(_GLUED)[0].fillna(cells))
        frame = frame.assign(stage=stage, lost_reason=reason)
    return frame, none


SOURCE = Source(
    name="amocrm",
    cards={
        "deals": "/leads/detail/{id}",
        "companies": "/companies/detail/{id}",
        "contacts": "/contacts/detail/{id}",
    },
    within={
        "contacts": (
            _told(OF_CONTACT, " (контакт)", " (contact)", " (contato)", " (contacto)") | _EMPLOYER,
            _told(OF_CONTACT, "") | _EMPLOYER,
        ),
        "companies": (_told(OF_COMPANY, " (компания)", " (company)", " (empresa)", " (compañía)"),),
    },
    columns={"deals": DEALS},
    signature={
        "deals": (
            "ID",
            "Название сделки|Lead title|Lead name|Lead título|Nombre del lead",
            "Этап сделки|Lead stage|Lead status|Etapa do lead|Estatus del lead",
            "Ответственный|Responsible user|Responsible|Responsable"
            "|Lead usuário responsável|Usuário responsável",
        )
    },
    empty_words=frozenset(
        {
            "не закрыта",
            "не закрыт",
            "not closed",
            "нет задач",
            "no tasks",
            "nao fechado",
            "não fechado",
            "no cerrado",
        }
    ),
    day_first=True,
    won=WON,
    lost=LOST,
    lenient=frozenset({"next_task_at"}),
    refine=refine,
)
