"""amoCRM's answers: two pulls of a small department, every row of every table worked out by hand."""

from __future__ import annotations

import json
import random

import pandas as pd
import pytest

from tests.sources.conftest import answers, rows

SETTINGS = "crm: amocrm\napi: api\n"


@pytest.fixture(scope="module")
def made(make, fixtures):
    return make(SETTINGS, answers(fixtures / "api_amocrm"))


def test_deals(made):
    # 102 stands on both pages, 103 in both pulls; 104 is deleted, and so is 106 by an event
    names = "deal_id title pipeline stage status amount manager_id company_id contact_id created_at closed_at"
    assert rows(made.deals, names) == [
        ("101", "Поставка бумаги", "Продажи", "Успешно реализовано", "won", 150_000, "501", "801", "701",
         "01-10 10:00", "02-02 12:00"),
        ("102", "Канцелярия", "Продажи", "Закрыто и не реализовано", "lost", 40_000, "502", None, "702",
         "01-12 09:00", "01-20 15:30"),
        ("103", "Мебель для офиса", "Продажи", "Переговоры", "open", 90_000, "501", "801", None,
         "01-25 16:00", None),
        ("105", "Партнёр Юг", "Партнёры", "Новая", "open", 25_000.5, "502", None, None, "01-28 11:00", None),
    ]  # fmt: skip
    # the reason by name; the client's own fields by caption, a date of them as the client's calendar shows
    # it, and one that is called like a column of the export feeds it
    names = "lost_reason source next_task_at Отрасль Интересы"
    assert rows(made.deals, names) == [
        (None, "Сайт", None, "Стройка", "Бумага, Картон"),
        ("Передумали", None, None, None, None),
        (None, None, "02-10 12:00", "Торговля", None),
        (None, None, None, None, None),
    ]
    assert made.deals["Дата встречи"].tolist()[0] == "2026-01-16"
    assert made.crm.as_of == pd.Timestamp("2026-02-03 10:00", tz="Europe/Moscow")


def test_moves_have_their_creation_and_the_owner_of_then(made):
    # 101 was made by 502, and is 501's since 14 January; 105 never moved: it was made where it stands.
    # The two moves of 102 in one second stand the other way round in the file.
    assert rows(made.stage_changes, "deal_id changed_at from_stage to_stage manager_id") == [
        ("101", "01-10 10:00", None, "Новая", "502"),
        ("101", "01-15 11:00", "Новая", "Переговоры", "501"),
        ("101", "02-02 12:00", "Переговоры", "Успешно реализовано", "501"),
        ("102", "01-12 09:00", None, "Новая", "502"),
        ("102", "01-20 15:30", "Новая", "Переговоры", "502"),
        ("102", "01-20 15:30", "Переговоры", "Закрыто и не реализовано", "502"),
        ("103", "01-25 16:00", None, "Новая", "501"),
        ("103", "02-03 10:00", "Новая", "Переговоры", "501"),
        ("105", "01-28 11:00", None, "Новая", "502"),
    ]


def test_tasks(made):
    # when 901 was done, an event tells, a day before its last change; of 902 only the last change is known
    names = "task_id deal_id contact_id manager_id kind title result due_at completed_at"
    assert rows(made.tasks.sort_values("task_id"), names) == [
        ("901", "101", None, "501", "call", "Перезвонить", "Дозвонилась", "01-13 18:00", "01-13 17:00"),
        ("902", "102", None, "502", "meeting", "Встреча в офисе", None, "01-19 12:00", "01-19 14:00"),
        ("903", None, "701", "501", "task", "Отправить образцы", None, "02-05 23:59", None),
    ]
    assert made.notes["completion_approximated", "completed_at"] == (1, "902")


def test_talks_are_counted_once(made):
    # note 1001 and the event of the call are one; the call 07b has no note here; of a call without a status
    # it is not known whether it was answered
    names = "activity_id deal_id contact_id manager_id kind direction at duration_s answered title"
    assert rows(made.activities.sort_values("activity_id"), names) == [
        ("07b", None, "701", "501", "call", "out", "01-11 13:00", None, None, None),
        ("1001", "101", None, "501", "call", "in", "01-11 12:00", 75, True, None),
        ("1002", "103", None, "501", "call", "out", "01-26 12:00", 0, False, None),
        ("1003", "101", None, "501", "email", "in", "01-12 10:00", None, None, "Запрос цены"),
        ("1004", "101", None, "501", "email", "out", "01-12 10:40", None, None, "Прайс"),
        ("1006", None, "701", "501", "call", "out", "01-27 15:00", 30, None, None),
        ("10a", "103", None, "501", "messenger", "out", "02-01 09:30", None, None, None),
        ("10b", None, "701", None, "messenger", "in", "02-01 09:45", None, None, None),
    ]


def test_cards_people_and_stages(made):
    assert rows(made.contacts, "contact_id company_id name position phone email") == [
        ("701", "801", "Вера Дёмина", "Закупщик", "+79990000001, +79990000003", "demina@client.example"),
        ("702", None, "Глеб Ершов", None, None, None),
    ]
    assert rows(made.companies, "company_id name city tax_id manager_id") == [
        ("801", "ООО Восход", "Тула", "7700000001", "501")
    ]
    assert rows(made.managers, "manager_id name team is_active") == [
        ("501", "Анна Белова", "Отдел продаж", "true"),
        ("502", "Борис Громов", "Отдел продаж", "false"),
    ]
    # in the order of «sort», not of the file
    assert rows(made.stages, "pipeline stage position kind") == [
        ("Продажи", "Неразобранное", 1, "open"),
        ("Продажи", "Новая", 2, "open"),
        ("Продажи", "Переговоры", 3, "open"),
        ("Продажи", "Успешно реализовано", 4, "won"),
        ("Продажи", "Закрыто и не реализовано", 5, "lost"),
        ("Партнёры", "Новая", 1, "open"),
        ("Партнёры", "Успешно реализовано", 2, "won"),
        ("Партнёры", "Закрыто и не реализовано", 3, "lost"),
    ]


def test_every_record_is_accounted_for(made):
    files, aside = made.report.files, made.report.set_aside
    # 8 leads, 17 events, 6 notes, 3 tasks, 2 contacts, a company, 2 people, 8 stages, 2 reasons
    assert (files["rows_read"].sum(), len(aside)) == (49, 12)
    kept = files.groupby("table")["rows_kept"].sum()
    for table in ("deals", "stage_changes", "tasks", "activities", "contacts", "companies", "stages"):
        assert kept[table] == len(made.crm.tables[table]), table
    told = sorted(zip(aside["file"].str[4:], aside["line"], aside["reason"], strict=True))
    assert told == [
        ("events/0001-00001.json", 3, "taken_over"),
        ("events/0001-00001.json", 9, "taken_over"),
        ("events/0001-00001.json", 10, "same_action"),
        ("events/0001-00001.json", 12, "other_kind"),
        ("events/0001-00001.json", 13, "taken_over"),
        ("leads/0001-00001.json", 2, "same_row"),
        ("leads/0001-00001.json", 3, "older_version"),
        ("leads/0001-00002.json", 2, "deleted"),
        ("leads/0001-00002.json", 4, "deleted"),
        ("loss_reasons/0001-00001.json", 1, "taken_over"),
        ("loss_reasons/0001-00001.json", 2, "taken_over"),
        ("notes/0001-00001.json", 5, "other_kind"),
    ]
    deal = made.deals.set_index("deal_id").loc["103"]
    assert (deal["file"], deal["line"]) == ("api/leads/0002-00001.json", 1)


def test_neither_the_names_of_files_nor_the_order_of_records_matter(make, fixtures, made):
    """What the answers themselves tell does not depend on where they lie."""
    rng = random.Random(3)
    files = {}
    for number, path in enumerate(sorted((fixtures / "api_amocrm").rglob("*.json"))):
        answer = json.loads(path.read_text(encoding="utf-8"))
        for records in answer["_embedded"].values():
            rng.shuffle(records)
        files[f"api/{97 - number}.json"] = json.dumps(answer)
    again = make(SETTINGS, files)
    for name, frame in made.crm.tables.items():
        order = [one for one in ("deal_id", "task_id", "activity_id", "contact_id") if one in frame][:1]
        here, there = (one.drop(columns=["file", "line"]) for one in (frame, again.crm.tables[name]))
        if name == "stage_changes":
            assert rows(here, "deal_id changed_at to_stage") == rows(there, "deal_id changed_at to_stage")
        elif order:
            keys = [*order, *(one for one in ("activity_id", "task_id") if one in frame)]
            here, there = (one.sort_values(keys, ignore_index=True) for one in (here, there))
            pd.testing.assert_frame_equal(here, there[here.columns])


def test_answers_without_names_are_read_with_numbers(make, fixtures):
    whole = answers(fixtures / "api_amocrm")
    some = {name: path for name, path in whole.items() if "/leads/" in name or "/events/" in name}
    crm = make(SETTINGS, some)
    assert rows(crm.deals, "deal_id pipeline stage status lost_reason")[:2] == [
        ("101", "1", "142", "won", None),
        ("102", "1", "143", "lost", "Передумали"),
    ]
    assert crm.stage_changes["to_stage"].tolist()[:3] == ["11", "12", "142"]
