"""amoCRM and Kommo exports, written by hand after FORMATS 1: both layouts, both languages, their traps."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import openpyxl
import pandas as pd
import pytest

from crmkit import evaluate
from crmkit.sources.amocrm import refine

CSV = "amocrm_export_leads_2026-03-31.csv"
SETTINGS = "crm: amocrm\nfiles:\n  - {path: %s, table: deals}\n"
ZONE = "Europe/Moscow"


@pytest.fixture(scope="module")
def classic(make, fixtures):
    return make(SETTINGS % CSV + "technical_losses: [дубль]\n", {CSV: fixtures / CSV})


def by_id(frame, *columns):
    return frame.set_index("deal_id")[list(columns)].astype("object").where(lambda cell: cell.notna(), None)


def test_classic_rows_are_kept_or_set_aside(classic):
    # the note of the first deal takes two lines, so the deal seen again stands in line 5 and in line 10
    assert classic.aside == [(5, "same_id"), (7, "repeated_heading"), (11, "formula_error")]
    assert classic.deals["line"].tolist() == [2, 4, 10, 6, 8, 9, 12]
    file = classic.report.files.iloc[0]
    assert (file["rows_read"], file["rows_kept"], file["rows_set_aside"]) == (10, 7, 3)


def test_classic_status_and_reason(classic):
    told = by_id(classic.deals, "status", "stage", "lost_reason")
    assert told.to_numpy().tolist() == [
        ["won", "Успешно реализовано", None],
        ["lost", "Закрыто и не реализовано", "Дорого (на 20%)"],  # the reason has brackets of its own
        ["open", "Счёт выставлен", None],  # the later edit of the two rows
        ["lost", "Закрыто и не реализовано", "Дубль"],
        ["won", "Успешно реализовано", None],
        ["lost", "Закрыто и не реализовано", "Пропал"],  # from a field of the client's own
        ["open", "Переговоры", "Передумали"],
    ]
    assert classic.notes["closed_without_date", "closed_at"] == (1, "29400005")
    assert classic.notes["reason_without_loss", "lost_reason"] == (1, "29400007")


def test_classic_money_and_dates(classic):
    deals = classic.deals
    assert deals["amount"].tolist() == [350_000, 1_200_000.5, 42_000, 0, 90_000, 15_000, 77_000]
    assert deals["created_at"].dtype == pd.DatetimeTZDtype("us", ZONE)
    # dashes in one column and dots in the other; «не закрыта» is no date and nothing unreadable
    assert deals["created_at"].iloc[0] == pd.Timestamp("2026-02-03 10:15", tz=ZONE)
    assert deals["closed_at"].iloc[0] == pd.Timestamp("2026-02-12 17:59:30", tz=ZONE)
    assert deals["closed_at"].isna().tolist() == [False, False, True, False, True, False, True]
    assert "unreadable" not in {code for code, _ in classic.notes}
    assert classic.crm.whole_days == frozenset()
    assert classic.crm.as_of == pd.Timestamp("2026-03-30 11:00", tz=ZONE)  # the latest creation


def test_classic_names_and_fields_of_the_clients_own(classic):
    told = by_id(classic.deals, "source", "company_id", "manager_id", "contact_id", "segment")
    assert told.loc["29400001"].tolist() == ["yandex", "ООО «Луч»", "Анна Ким", "Вера Ли", "Опт"]
    # the second of two columns «utm_source»; the deal's own company before the contact's
    assert told.loc["29400002"].tolist() == ["vk", "АО «Вектор-Групп»", "Борис Пак", "Иван Ян", None]
    assert told.loc["29400005", "manager_id"] is None
    own = by_id(classic.deals, "Теги", "Примечание", "utm_medium", "Дата договора").loc["29400001"].tolist()
    assert own == ["опт, повтор", 'Просили "как обычно",\nвторой звонок в среду', "cpc", "11.02.2026"]


def test_classic_figures(classic):
    figures = evaluate(["won_deals", "lost_deals", "revenue"], classic.crm).set_index("measure")["value"]
    # won: 29400001 alone, as 29400005 has no closing date; lost: two of three, one being a double
    assert figures.to_dict() == {"won_deals": 1, "lost_deals": 2, "revenue": 350_000}


def test_semicolon_and_byte_order_mark_give_the_same_table(make, fixtures, classic):
    text = (fixtures / CSV).read_text(encoding="utf-8")
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(csv.reader(io.StringIO(text)))
    other = make(SETTINGS % CSV, {CSV: b"\xef\xbb\xbf" + out.getvalue().encode()})
    pd.testing.assert_frame_equal(other.deals, classic.deals)


@pytest.fixture(scope="module")
def listed(make, tmp_path_factory):
    """Layout B as a workbook with cells of all kinds."""
    book, day = openpyxl.Workbook(), datetime.fromisoformat
    rows = [
        ["ID", "Название сделки", "Компания", "Основной контакт", "Компания контакта", "Ответственный",
         "Этап сделки", "Воронка", "Бюджет ₽", "Дата создания", "Кем создана", "Дата изменения",
         "Кем изменена", "Теги сделки", "Ближайшая задача", "Дата закрытия", "Источник",
         "Должность (контакт)", "Примечание 1"],
        [31000001, "Кран", "ООО «Луч»", None, None, "Анна Ким", "Успешно реализовано", "Продажи", 350000,
         day("2026-02-03 10:15"), "Анна Ким", day("2026-02-12 18:00"), "Анна Ким", None, "нет задач",
         day("2026-02-12 17:59:30"), "Выставка", "Закупщик", None],
        ["31000002", "Балка", None, None, "АО «Вектор»", "Борис Пак", "Закрыто и не реализовано (Срок)",
         "Продажи", "350 000", "04.02.2026 09:00:00", "Робот", "20.02.2026 12:00:00", "Борис Пак", "опт",
         None, "20.02.2026 11:00:00", None, None, None],
        [31000003, "Лента", None, None, None, "Анна Ким", "Переговоры", "Продажи", "1 234,56", 46058.5,
         "Робот", None, None, None, "02.04.2026 12:00:00", "не закрыта", None, None, "позвонить"],
    ]  # fmt: skip
    for row in rows:
        book.active.append(row)
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    book.save(path)
    name = "amocrm_export_leads_2026-03-31.xlsx"
    return make(SETTINGS % name, {name: path})


def test_list_layout_with_mixed_cells(listed):
    deals = listed.deals
    assert deals["deal_id"].tolist() == ["31000001", "31000002", "31000003"]
    assert deals["amount"].tolist() == [350_000, 350_000, 1234.56]
    # a real date, a date as text and a serial day: 46058.5 is 5 February 2026, noon
    assert [f"{day:%d.%m %H:%M}" for day in deals["created_at"]] == [
        "03.02 10:15",
        "04.02 09:00",
        "05.02 12:00",
    ]
    assert deals["status"].tolist() == ["won", "lost", "open"]
    assert deals["lost_reason"].dropna().tolist() == ["Срок"]
    assert deals["company_id"].dropna().tolist() == ["ООО «Луч»", "АО «Вектор»"]
    assert deals["next_task_at"].dropna().tolist() == [pd.Timestamp("2026-04-02 12:00", tz=ZONE)]
    assert deals["Примечание 1"].dropna().tolist() == ["позвонить"]


def test_kommo_headings(make, fixtures):
    name = "kommo_export_leads_2026-03-31.csv"
    kommo = make(SETTINGS % name, {name: fixtures / name})
    deals = kommo.deals
    assert deals["status"].tolist() == ["won", "lost", "open"]
    assert deals["lost_reason"].dropna().tolist() == ["Price (20%)"]
    assert deals["amount"].dropna().tolist() == [1200.5, 300]
    assert deals["source"].dropna().tolist() == ["Fair", "bing"]  # the lead's own source before utm_source
    assert deals["company_id"].dropna().tolist() == ["Acme Ltd", "Beta Inc"]
    # a task's words beside its time cannot be read as a moment: the column stays as the client's own
    assert deals["next_task_at"].isna().all()
    assert deals["Closest task"].dropna().tolist() == ["15.04.2026 12:00:00 Call back"]
    # a field of the client's own that is called like a canonical column is not taken for it
    assert deals["probability"].isna().all()
    assert deals["probability.2"].dropna().tolist() == ["certain", "low"]


@pytest.mark.parametrize(
    ("told", "stage", "reason"),
    [
        ("Закрыто и не реализовано (Дорого (на 20%))", "Закрыто и не реализовано", "Дорого (на 20%)"),
        ("закрыто и не реализовано(срок)", "закрыто и не реализовано", "срок"),
        ("Закрыто и не реализовано ()", "Закрыто и не реализовано", None),
        ("Закрыто и не реализовано (две\nстроки)", "Закрыто и не реализовано", "две\nстроки"),
        ("Закрыто и не реализовано", "Закрыто и не реализовано", None),
        ("Отложено (до весны)", "Отложено (до весны)", None),
    ],
)
def test_glued_reason(told, stage, reason):
    frame, merged = refine("deals", pd.DataFrame({"stage": [told]}, dtype="str"), ZONE)
    found = frame["lost_reason"].iloc[0] if "lost_reason" in frame else None
    assert (frame["stage"].iloc[0], None if pd.isna(found) else found) == (stage, reason)
    assert merged.empty
