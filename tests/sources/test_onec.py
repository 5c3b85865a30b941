"""1C lists: titles above the headings, groups and totals among the rows, numbers counted anew every year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from openpyxl import Workbook

from crmkit.sources.heading import find_heading_row, without_groups
from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import recognise
from crmkit.sources.reading import RawTable, read_raw

HEADINGS = [
    "Номер", "Дата", "Клиент", "Наименование", "Сценарий продажи", "Этап", "Сумма документа", "Ответственный",
    "Состояние", "Дата окончания (план)", "Причина проигрыша",
]  # fmt: skip
ANNA, OLEG = "Иванова Анна", "Петров Олег"
ROWS: list[list[object]] = [
    ["Интересы"],
    ["Отбор:", "Дата больше 01.12.2025"],
    [],
    HEADINGS,
    [ANNA],
    [
        "000001",
        "25.12.2025 9:05:00",
        "Дельта",
        "Змеи",
        "Опт",
        "Договор",
        "1 200,50",
        ANNA,
        "Выиграна",
        "20.01.2026",
    ],
    [
        "000002",
        "26.12.2025 10:00:00",
        "Эхо",
        "Гонг",
        "Опт",
        "Счет",
        "800,00",
        ANNA,
        "Проиграна",
        "20.01.2026",
        "Цена",
    ],
    ["Итого", None, None, None, None, None, "2 000,50"],
    [None, OLEG],
    [
        "000001",
        "12.01.2026 11:00:00",
        "Фокс",
        "Бубен",
        "Опт",
        "Счет",
        "500,00",
        OLEG,
        "В работе",
        "30.04.2026",
    ],
    ["Итого", None, None, None, None, None, "500,00"],
    ["Итого", None, None, None, None, None, "2 500,50"],
]


def _book(folder: Path, rows: list[list[object]] = ROWS) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "list.xlsx")
    return folder / "list.xlsx"


def test_the_headings_are_found_below_the_titles(tmp_path: Path) -> None:
    raw = read_raw(_book(tmp_path))
    found = find_heading_row(raw)
    assert found.headings == tuple(HEADINGS)
    assert found.decisions["heading_line"] == "4"
    titles = found.set_aside[found.set_aside["reason"] == "title"]
    assert titles[["line", "text"]].to_numpy().tolist() == [
        [1, "Интересы"],
        [2, "Отбор:\tДата больше 01.12.2025"],
    ]
    assert found.rows_read == len(found.frame) + len(found.set_aside)
    assert recognise(found.headings, SOURCES.values()) == [("1c", "deals")]


def test_groups_and_totals_are_set_aside(tmp_path: Path) -> None:
    raw = without_groups(find_heading_row(read_raw(_book(tmp_path))))
    assert raw.lines.tolist() == [6, 7, 10]
    assert raw.set_aside[["line", "reason"]].to_numpy().tolist() == [
        [1, "title"],
        [2, "title"],
        [5, "group_row"],
        [8, "total"],
        [9, "group_row"],
        [11, "total"],
        [12, "total"],
    ]
    assert raw.rows_read == len(raw.frame) + len(raw.set_aside)


def test_boards_say_their_headings_again_in_every_group(tmp_path: Path) -> None:
    head = ["Name", "Stage", "Sum", "Day"]
    rows: list[list[object]] = [
        ["My board"],
        ["To do"],
        head,
        ["A", "Talk", 1, "x"],
        [],
        ["Done"],
        head,
        ["B", "Won", 2, "y"],
    ]
    raw = without_groups(find_heading_row(read_raw(_book(tmp_path, rows))))
    assert raw.frame["Name"].tolist() == ["A", "B"]
    assert raw.set_aside[["line", "reason"]].to_numpy().tolist() == [
        [1, "title"],
        [2, "title"],
        [6, "group_row"],
        [7, "repeated_heading"],
    ]


def test_a_table_that_begins_with_its_headings_is_left_as_it_is(tmp_path: Path) -> None:
    raw = read_raw(_book(tmp_path, [HEADINGS, *ROWS[5:7]]))
    assert find_heading_row(raw) is raw
    assert without_groups(raw) is raw
    # more empty headings than filled ones, and no row below that reads as headings
    odd = read_raw(_book(tmp_path, [["a", None, None, None], [1, 2, 3, 4], [5, 6, 7, 8]]))
    assert find_heading_row(odd) is odd


def test_a_list_is_read_to_deals(make: Callable[..., SimpleNamespace], tmp_path: Path) -> None:
    made = make(
        "crm: 1c\nas_of: 2026-01-31\nfiles:\n  - {path: list.xlsx, table: deals}\n",
        {"list.xlsx": _book(tmp_path)},
    )
    deals = made.deals
    # number 000001 stands for a deal of 2025 and for one of 2026
    assert deals["deal_id"].tolist() == ["000001/2025", "000001/2026", "000002"]
    assert deals["status"].tolist() == ["won", "open", "lost"]
    assert deals["amount"].tolist() == [1200.5, 500, 800]
    assert deals["created_at"].iloc[0] == pd.Timestamp("2025-12-25 09:05", tz="Europe/Moscow")
    assert deals["expected_close_on"].iloc[1] == pd.Timestamp("2026-04-30")
    assert deals["manager_id"].tolist() == ["Иванова Анна", "Петров Олег", "Иванова Анна"]
    assert len(made.aside) == 7


def test_titles_keep_dates_and_damaged_numbers_with_their_columns(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Title"],
        ["Number", "Day", "Name", "Sum"],
        [1234567890123456789, pd.Timestamp("2026-01-05"), "A", 1],
        [2, pd.Timestamp("2026-01-06"), "B", 2],
    ]
    found: RawTable = find_heading_row(read_raw(_book(tmp_path, rows)))
    assert found.native_dates == {"Day"}
    assert found.decisions["damaged_numbers"] == "Number"
    assert found.frame["Day"].tolist() == ["2026-01-05", "2026-01-06"]
