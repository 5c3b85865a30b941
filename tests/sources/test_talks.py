"""Lists of the telephony: words for directions, answers and lengths, in the languages of the CRMs."""

from __future__ import annotations

import pandas as pd
import pytest

from crmkit.sources.ledger import Ledger
from crmkit.sources.talks import in_our_words, kind_in_our_words
from tests.sources.conftest import rows

SETTINGS = """
files:
  - path: calls.csv
    table: activities
    columns: {Дата и время: at, Тип: direction, Сотрудник: manager_id, Длительность: duration_s%s}
managers: [{name: Анна Белова, id: "501"}, {name: Борис Громов, id: "502"}]
"""


def test_a_list_of_calls_of_the_telephony(make):
    # no deal and no number of its own: all rows are kept, and all are calls
    lines = (
        "Дата и время;Тип;Сотрудник;Длительность;Номер;Результат\n"
        "12.01.2026 10:00:05;Входящий;Анна Белова;01:15;+79990000001;Отвечен\n"
        "12.01.2026 10:00:05;Входящий;Анна Белова;01:15;+79990000001;Отвечен\n"
        "12.01.2026 11:00:00;исходящий;Борис Громов;0:00:40;+79990000002;Отвечен\n"
        "12.01.2026 12:00:00;Исходящий;Борис Громов;0;+79990000002;Занято\n"
        "13.01.2026 09:00:00;Пропущенный;;;+79990000003;\n"
        "13.01.2026 09:30:00;Внутренний;Анна Белова;1 day, 20:55:36;12;да\n"
    )
    made = make(SETTINGS % ", Результат: answered", {"calls.csv": lines.encode("cp1251")})
    assert rows(made.activities, "at manager_id kind direction duration_s answered deal_ix") == [
        ("01-12 10:00", "501", "call", "in", 75, True, -1),
        ("01-12 10:00", "501", "call", "in", 75, True, -1),
        ("01-12 11:00", "502", "call", "out", 40, True, -1),
        ("01-12 12:00", "502", "call", "out", 0, False, -1),
        ("01-13 09:00", None, "call", "in", None, False, -1),
        ("01-13 09:30", "501", "call", None, 161_736, True, -1),
    ]
    assert made.notes["unknown_direction", "direction"] == (1, "Внутренний")
    assert made.notes["call_assumed", "kind"] == (6, "")


def test_the_same_list_in_english_without_a_column_of_answers(make):
    lines = (
        "Дата и время,Тип,Сотрудник,Длительность\n2026-01-12 10:00,inbound,Анна Белова,75\n"
        "2026-01-12 11:00,OUT,Борис Громов,2m 5s\n2026-01-13 09:00,Missed call,,0\n"
        "2026-01-13 10:00,outgoing (no answer),Борис Громов,0\n"
    )
    made = make(SETTINGS % "", {"calls.csv": lines})
    assert rows(made.activities, "kind direction duration_s answered") == [
        ("call", "in", 75, None),
        ("call", "out", 125, None),
        ("call", "in", 0, False),
        ("call", "out", 0, False),
    ]


def test_a_row_of_a_list_of_calls_is_a_call_though_its_length_is_not_known(make):
    # two went out, one came in; of the second nobody knows how long it took
    lines = (
        "Дата и время,Тип,Сотрудник,Длительность\n2026-01-12 10:00,Outbound,Анна Белова,75\n"
        "2026-01-12 11:00,Outbound,Борис Громов,\n2026-01-13 10:00,Inbound,,30\n"
    )
    made = make(SETTINGS % "", {"calls.csv": lines})
    assert rows(made.activities, "kind direction duration_s") == [
        ("call", "out", 75),
        ("call", "out", None),
        ("call", "in", 30),
    ]


@pytest.mark.parametrize(
    ("kind", "direction", "told"),
    [
        ("Входящий звонок", None, ("call", "in", None)),
        ("Исходящее письмо", None, ("email", "out", None)),
        ("Пропущенный", None, ("call", "in", False)),
        ("missed incoming call", None, ("call", "in", False)),
        (None, "Исходящий звонок", ("call", "out", None)),
        (None, "Исходящий неотвеченный", (None, "out", False)),
        ("Встреча", None, ("meeting", None, None)),
        ("WhatsApp", "in", ("messenger", "in", None)),
        ("call", "out", ("call", "out", None)),
        ("LinkedIn message", None, ("linkedin", None, None)),
        ("Печать договора", None, ("Печать договора", None, None)),
    ],
)
def test_one_word_may_say_it_all(kind, direction, told):
    cells = {"kind": kind, "direction": direction}
    frame = pd.DataFrame({name: pd.Series([cell], dtype="str") for name, cell in cells.items()})
    frame = frame.assign(
        duration_s=float("nan"), answered=pd.array([None], dtype="boolean"), file="calls.csv"
    )
    found = in_our_words(frame, Ledger())
    if told[0] is None:  # nobody answered, and the list tells no kind: so it was a call
        told = ("call", *told[1:])
    assert rows(found, "kind direction answered") == [told]


def test_canonical_words_stay():
    kinds = pd.Series(["call", "email", "messenger", "linkedin", "meeting", "task", None], dtype="str")
    assert kind_in_our_words(kinds).equals(kinds)
