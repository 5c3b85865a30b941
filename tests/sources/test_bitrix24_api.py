"""Bitrix24's answers: two pulls of a small department, every row of every table worked out by hand."""

from __future__ import annotations

import json

import pytest

from tests.sources.conftest import answers, rows

SETTINGS = "crm: bitrix24\napi: api\n"


@pytest.fixture(scope="module")
def made(make, fixtures):
    return make(SETTINGS, answers(fixtures / "api_bitrix24"))


def test_deals(made):
    # 13 stands on both pages and changed before the second pull; the one closing date is planned while a deal
    # is open; «0» is no company
    names = "deal_id title pipeline stage status amount manager_id company_id contact_id source segment"
    assert rows(made.deals, names) == [
        ("11", "Поставка насосов", "Общая", "Сделка успешна", "won", 250_000, "1", "801", "701", "Веб-сайт",
         "Строительство"),
        ("12", "Ремонт", "Сервис", "Заявка", "open", 19_999.99, "2", None, "702", None, None),
        ("13", "Монтаж линии", "Общая", "Переговоры", "open", 70_000, "1", None, "701", None, None),
        ("14", "Запчасти", "Общая", "Сделка провалена", "lost", 5_000, "1", None, None, None, None),
    ]  # fmt: skip
    assert rows(made.deals, "created_at closed_at stage_entered_at currency is_repeat") == [
        ("01-10 10:00", "01-30 00:00", "01-30 12:00", "RUB", False),
        ("01-12 09:00", None, "01-12 09:00", "RUB", False),
        ("01-15 09:30", None, "02-01 10:00", "RUB", False),
        ("01-16 11:00", "01-22 00:00", "01-22 18:00", "RUB", False),
    ]
    days = made.deals["expected_close_on"].dt.strftime("%m-%d").fillna("").tolist()
    assert days == ["", "02-28", "02-20", ""]
    assert made.crm.whole_days == {"deals.closed_at"}
    # the client's own fields by their captions, choices in words
    assert rows(made.deals.rename(columns={"Товарная группа": "group"}), "Канал group") == [
        ("Опт", "Фильтры"),
        (None, None),
        (None, None),
        (None, "Насосы, Фильтры"),
    ]


def test_moves(made):
    # of one moment the number decides; 12 was made in one pipeline and passed on to the other; 13 was made
    # before the history begins, so the stage that it left is not known
    assert rows(made.stage_changes, "deal_id changed_at from_stage to_stage") == [
        ("11", "01-10 10:00", None, "Новая"),
        ("11", "01-30 12:00", "Новая", "Переговоры"),
        ("11", "01-30 12:00", "Переговоры", "Сделка успешна"),
        ("12", "01-12 09:00", None, "Новая"),
        ("12", "01-12 09:30", "Новая", "Заявка"),
        ("13", "02-01 10:00", None, "Переговоры"),
    ]


def test_tasks_and_what_is_planned(made):
    # 301 has its deal from the activity that mirrors it, 303 no time of completion, 508 has two cards
    names = "task_id deal_id company_id manager_id kind title due_at completed_at"
    assert rows(made.tasks.sort_values("task_id"), names) == [
        ("301", "13", None, "1", "task", "Подготовить договор", "01-23 18:00", "01-23 16:00"),
        ("302", "11", "801", "2", "task", "Отгрузка", None, None),
        ("303", "12", None, "2", "task", "Сверка", "01-27 11:00", "01-28 09:00"),
        ("activity-503", "12", None, "2", "call", "Перезвонить", "01-20 11:00", None),
        ("activity-507", "14", None, "1", "meeting", "Встреча на складе", "01-29 15:00", None),
        ("activity-508", "14", None, "1", "task", "Уточнить размеры", "01-18 18:00", "01-18 12:00"),
    ]
    assert made.notes["completion_approximated", "completed_at"] == (2, "303 · activity-508")


def test_a_call_and_its_activity_are_one(made):
    # the telephony says how long 501 and 502 lasted; 3 has no activity, that of 4 is not here, 5 is a machine
    names = "activity_id deal_id contact_id company_id manager_id kind direction at duration_s answered"
    assert rows(made.activities.sort_values("activity_id"), names) == [
        ("501", "11", "701", None, "1", "call", "out", "01-11 12:00", 95, True),
        ("502", None, "702", None, "2", "call", "in", "01-12 15:00", 0, False),
        ("504", "11", None, None, "1", "email", "in", "01-14 10:00", None, None),
        ("505", "11", None, None, "1", "email", "out", "01-14 11:00", None, None),
        ("506", "11", None, None, "1", "meeting", None, "01-16 14:00", None, None),
        ("509", "13", None, None, "1", "messenger", "in", "01-19 10:00", None, None),
        ("call-3", None, None, "801", "2", "call", "in", "01-22 09:15", 41, True),
        ("call-4", None, "701", None, "1", "call", "out", "01-22 10:00", 0, False),
    ]


def test_cards_people_and_stages(made):
    assert rows(made.contacts, "contact_id company_id name position phone email") == [
        ("701", "801", "Вера Дёмина", "Закупщик", "+79990000001", "demina@client.example"),
        ("702", None, "Глеб Ершов", None, None, None),
    ]
    assert rows(made.companies, "company_id name segment city manager_id") == [
        ("801", "ООО Восход", "Строительство", "Тула", "1")
    ]
    assert rows(made.managers, "manager_id name is_active") == [
        ("1", "Анна Белова", "true"),
        ("2", "Борис Громов", "false"),
    ]
    assert rows(made.stages, "pipeline stage position kind") == [
        ("Общая", "Новая", 1, "open"),
        ("Общая", "Переговоры", 2, "open"),
        ("Общая", "Сделка успешна", 3, "won"),
        ("Общая", "Сделка провалена", 4, "lost"),
        ("Общая", "Анализ причины провала", 5, "lost"),
        ("Сервис", "Заявка", 1, "open"),
        ("Сервис", "Оплачено", 2, "won"),
    ]


def test_every_record_is_accounted_for(made):
    files, aside = made.report.files, made.report.set_aside
    # 6 deals, 7 moves, 12 activities, 5 calls, 3 tasks, 2 contacts, a company, 2 people, 2 categories,
    # 9 statuses, 3 fields
    assert (files["rows_read"].sum(), len(aside)) == (52, 16)
    kept = files.groupby("table")["rows_kept"].sum()
    for table in ("deals", "stage_changes", "tasks", "activities", "contacts", "companies", "stages"):
        assert kept[table] == len(made.crm.tables[table]), table
    reasons = aside.groupby("reason").size().to_dict()
    # fields, categories, sources and branches, the mirror of a task · 13 twice · 508 again · calls of
    # activities · a form, a call of a machine, a move of something else
    assert reasons == {
        "taken_over": 8, "same_row": 1, "older_version": 1, "same_id": 1, "same_action": 2, "other_kind": 3,
    }  # fmt: skip


def test_answers_put_there_by_hand(make):
    """A bare list of records, a list of answers, keys of the older method, a deal without its semantics."""
    deals = [{"ID": "1", "TITLE": "A", "STAGE_ID": "C3:WON", "DATE_CREATE": "2026-01-10T10:00:00+03:00"}]
    old = {
        "ID": "5",
        "RESPONSIBLE_ID": "7",
        "CREATED_DATE": "2026-01-11T10:00:00+03:00",
        "UF_CRM_TASK": ["D_1"],
    }
    calls = {"result": [{"ID": "9", "CALL_TYPE": "1", "CALL_START_DATE": "2026-01-11T11:00:00+03:00"}]}
    files = {
        "api/a.json": json.dumps(deals),
        "api/deep/er/b.JSON": "\ufeff" + json.dumps({"result": [old]}),
        "api/c.json": json.dumps([calls, {"result": []}]),
        "api/.state/d.json": "no JSON",
        "api/e.txt": "nor this",
    }
    crm = make(SETTINGS, files)
    assert rows(crm.deals, "deal_id pipeline stage status") == [("1", "3", "C3:WON", "won")]
    assert rows(crm.tasks, "task_id deal_id manager_id completed_at") == [("5", "1", "7", None)]
    assert rows(crm.activities, "activity_id direction answered") == [("call-9", "out", None)]
