"""Typed values: labelled cases; a column that may be read in two ways is never guessed."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import SourceError
from crmkit.sources.values import (
    AmbiguousValues,
    parse_booleans,
    parse_durations,
    parse_moments,
    parse_numbers,
)

MOSCOW = "Europe/Moscow"


def column(*cells: str | None) -> pd.Series:
    return pd.Series(list(cells), dtype="str")


def moments(*cells: str | None, zone: str = MOSCOW, **options):
    parsed = parse_moments(column(*cells), zone, **options)
    assert str(parsed.values.dtype) == f"datetime64[us, {zone}]"
    return parsed


def texts(parsed) -> list[str | None]:
    """The moments in short: without offset, without midnight, without zeros of fractions."""
    values = parsed.values.dt.tz_localize(None)
    return [None if pd.isna(value) else value.isoformat().removesuffix("T00:00:00") for value in values]


@pytest.mark.parametrize(
    ("cells", "expected", "decision"),
    [
        (["01.02.2024"], ["2024-02-01"], "%d.%m.%Y"),
        (["1.2.2024"], ["2024-02-01"], "%d.%m.%Y"),
        (["01.02.2024 03:04:05"], ["2024-02-01T03:04:05"], "%d.%m.%Y %H:%M:%S"),
        (["01.02.2024 3:04"], ["2024-02-01T03:04:00"], "%d.%m.%Y %H:%M"),
        (["01.02.2024T03:04"], ["2024-02-01T03:04:00"], "%d.%m.%Y %H:%M"),
        (["01.02.2024, 03:04"], ["2024-02-01T03:04:00"], "%d.%m.%Y %H:%M"),
        (["2024-01-02"], ["2024-01-02"], "ISO"),
        (["2024/01/02"], ["2024-01-02"], "ISO"),
        (["2024-01-02 03:04"], ["2024-01-02T03:04:00"], "ISO"),
        (["2024-01-02T03:04:05.123"], ["2024-01-02T03:04:05.123000"], "ISO"),
        (["2024-01-02 03:04:05.123456"], ["2024-01-02T03:04:05.123456"], "ISO"),
        (["2024-01-02T03:04:05Z"], ["2024-01-02T06:04:05"], "ISO"),
        (["2024-01-02T03:04:05.000Z"], ["2024-01-02T06:04:05"], "ISO"),
        (["2024-01-02T03:04:05+03:00"], ["2024-01-02T03:04:05"], "ISO"),
        (["2024-01-02 03:04:05 +0530"], ["2024-01-02T00:34:05"], "ISO"),
        (["2024-01-02T03:04:05-05"], ["2024-01-02T11:04:05"], "ISO"),
        (["13/02/2024", "01/02/2024"], ["2024-02-13", "2024-02-01"], "%d/%m/%Y"),
        (["3/13/2017", "3/1/2017"], ["2017-03-13", "2017-03-01"], "%m/%d/%Y"),
        (["13-02-2024", "01-02-2024"], ["2024-02-13", "2024-02-01"], "%d-%m-%Y"),
        (["1/13/2024 3:05 PM"], ["2024-01-13T15:05:00"], "%m/%d/%Y %I:%M %p"),
        (["1/13/2024 12:05 AM"], ["2024-01-13T00:05:00"], "%m/%d/%Y %I:%M %p"),
        # each separator on its own evidence; ISO beside dots stays ISO
        (["13-02-2024", "02.03.2024"], ["2024-02-13", "2024-03-02"], "%d-%m-%Y; %d.%m.%Y"),
        (["1.2.2024", "2024-03-04", "5.6.2024"], ["2024-02-01", "2024-03-04", "2024-06-05"], "%d.%m.%Y; ISO"),
        ([None, "29.02.2024"], [None, "2024-02-29"], "%d.%m.%Y"),
        ([None], [None], ""),
    ],
)  # fmt: skip
def test_dates_that_leave_no_doubt(cells, expected, decision):
    parsed = moments(*cells)
    assert texts(parsed) == expected
    assert parsed.decision == decision
    assert parsed.bad.tolist() == []


@pytest.mark.parametrize(
    "cells",
    [
        ["01/02/2024", "03/04/2024"],  # every day up to 12
        ["01-02-2024"],
        ["13/01/2024", "01/13/2024"],  # evidence for both
        ["20-10-16"],  # two digits of the year: three readings
        ["01.02.24"],
        ["31.12.99"],
        ["12/31/24"],
        ["13/01/2024", "01-02-2024"],  # slashes are decided, dashes are not
        ["02.03.2024", "01/02/2024"],
    ],
)
def test_dates_in_doubt_are_not_guessed(cells):
    with pytest.raises(AmbiguousValues) as caught:
        moments(*cells)
    assert caught.value.kind == "dates"
    assert set(caught.value.samples) <= set(cells)
    assert caught.value.samples
    assert isinstance(caught.value, SourceError)


def test_day_first_decides_only_what_is_in_doubt():
    assert texts(moments("01/02/2024", day_first=True)) == ["2024-02-01"]
    assert texts(moments("01/02/2024", day_first=False)) == ["2024-01-02"]
    assert texts(moments("2024-01-02", day_first=True)) == ["2024-01-02"]
    assert texts(moments("01/13/2024", "01/02/2024", day_first=True)) == ["2024-01-13", "2024-01-02"]
    both = moments("13/01/2024", "01/13/2024", day_first=True)
    assert texts(both) == ["2024-01-13", None]
    assert both.bad.tolist() == [1]
    with pytest.raises(AmbiguousValues):
        moments("20-10-16", day_first=True)


def test_a_format_wins():
    parsed = moments("20-10-16", "01-03-17", "2017-03-01", "x", None, fmt="%d-%m-%y")
    assert texts(parsed) == ["2016-10-20", "2017-03-01", None, None, None]
    assert parsed.bad.tolist() == [2, 3]
    assert parsed.decision == "%d-%m-%y"
    assert not parsed.has_time
    native = moments("20-10-16", "2017-03-01T10:00:00", fmt="%d-%m-%y", native=True)
    assert texts(native) == ["2016-10-20", "2017-03-01T10:00:00"]
    assert native.has_time
    assert texts(moments("01.02.2024 10:00 +0000", fmt="%d.%m.%Y %H:%M %z")) == ["2024-02-01T13:00:00"]
    with pytest.raises(SourceError, match="no format"):
        moments("01.02.2024", fmt="%k-%q")


NO_DATES = """31.02.2024|29.02.2023|01.13.2024|00.01.2024|01.02.2024 25:00|01.02.2024 10:60
01.02.2024 10:00:60|2024-13-01|2024-02-30|2024-00-10|01.02.2024 13:00 PM|yesterday|2024|45292|20240102|01.02
01.02.2024 10|1.2.3.2024|01.02-2024|+79991234567|Переговоры|01.02.2024 10:00:00:00|٠١.٠٢.٢٠٢٤"""


@pytest.mark.parametrize("cell", NO_DATES.replace("\n", "|").split("|"))
def test_what_is_no_date_is_bad(cell):
    parsed = moments("05.06.2024", cell)
    assert texts(parsed) == ["2024-06-05", None]
    assert parsed.bad.tolist() == [1]


def test_serial_days_only_from_workbooks():
    parsed = moments("45292", "45292.5", "2024-01-02", "19999", native=True)
    # day 45292 since 1899-12-30 is 2024-01-01
    assert texts(parsed) == ["2024-01-01", "2024-01-01T12:00:00", "2024-01-02", None]
    assert parsed.bad.tolist() == [3]


def test_words_for_no_date_and_placeholders_are_missing_not_bad():
    cells = (
        "не закрыта",
        "НЕ ЗАКРЫТА",
        "01.01.0001",
        "9999-12-31",
        "2050-01-01 00:00:00",
        "0000-00-00",
        "31.12.2049",
    )
    parsed = moments(*cells, empty_words=frozenset({"не закрыта"}))
    assert texts(parsed) == [None] * 6 + ["2049-12-31"]
    assert parsed.bad.tolist() == []
    assert parsed.notes == {"sentinel": 4}


def test_daylight_saving():
    twice = moments("26.10.2014 01:30:00")  # Moscow went from +4 to +3
    assert twice.values.iloc[0].isoformat() == "2014-10-26T01:30:00+04:00"
    assert twice.notes == {"ambiguous_dst": 1}
    skipped = moments("2024-03-10 02:30", "2024-11-03 01:30", "2024-07-01 12:00", zone="America/New_York")
    assert [value.isoformat() for value in skipped.values] == [
        "2024-03-10T03:00:00-04:00",
        "2024-11-03T01:30:00-04:00",
        "2024-07-01T12:00:00-04:00",
    ]
    assert skipped.notes == {"ambiguous_dst": 1, "nonexistent_dst": 1}
    # an offset leaves no doubt
    assert moments("2014-10-26T01:30:00+03:00").notes == {}


@pytest.mark.parametrize(
    ("cells", "has_time"),
    [
        (["01.02.2024"], False),
        (["01.02.2024 00:00:00"], False),
        (["01.02.2024 00:00:00", "02.02.2024 10:00"], True),
        (["2024-01-02T21:00:00Z"], True),
        ([None], False),
    ],
)
def test_whether_there_is_a_time_of_day(cells, has_time):
    assert moments(*cells).has_time is has_time


def test_index_and_name_are_kept():
    text = pd.Series(["01.02.2024", None], index=[7, 9], name="created", dtype="str")
    for parsed in (
        parse_moments(text, MOSCOW),
        parse_numbers(text),
        parse_booleans(text),
        parse_durations(text),
    ):
        assert parsed.values.index.tolist() == [7, 9]
        assert parsed.values.name == "created"
    assert parse_numbers(text).bad.tolist() == [0]


@pytest.mark.parametrize(
    ("cells", "expected", "decision"),
    [
        (["3500", "-5", "+7", "0"], [3500, -5, 7, 0], "whole numbers"),
        (["350 000", "1\u00a0000", "2\u202f000", "3\u2009000"], [350000, 1000, 2000, 3000], "whole numbers"),
        (["1 234,56"], [1234.56], "decimal comma"),
        (["1 234,567"], [1234.567], "decimal comma"),
        (["1,234.56"], [1234.56], "decimal point"),
        (["1.234,56"], [1234.56], "decimal comma"),
        (["1054.00", "0.5"], [1054, 0.5], "decimal point"),
        (["7,5"], [7.5], "decimal comma"),
        (["1,234,567"], [1234567], "decimal point"),
        (["1.234.567"], [1234567], "decimal comma"),
        (["0,500", "0.125"], [0.5, 0.125], "decimal comma and decimal point"),
        (["1234,567"], [1234.567], "decimal comma"),
        (["12.3456"], [12.3456], "decimal point"),
        (["$1,200", "$0.99"], [1200, 0.99], "decimal point"),
        (["1.200 €", "0,99 €"], [1200, 0.99], "decimal comma"),
        (["€ 3.500,00", "3500", "3500.5"], [3500, 3500, 3500.5], "decimal comma and decimal point"),
        (["1 000 ₽", "10 руб.", "20р.", "30 RUB", "USD 40"], [1000, 10, 20, 30, 40], "whole numbers"),
        (["R$ 1.234,00", "US$ 5"], [1234, 5], "decimal comma"),
        (["1'234'567", "1’000"], [1234567, 1000], "whole numbers"),
        (["−5", "- 6", "$-7", "-$8"], [-5, -6, -7, -8], "whole numbers"),
        (["1E5", "1e-2", "2.5e3"], [100000, 0.01, 2500], "decimal point"),
        ([".5", "5,"], [0.5, 5], "decimal comma and decimal point"),
        (["'1200"], [1200], "whole numbers"),
        ([None, "5"], [math.nan, 5], "whole numbers"),
        ([None], [math.nan], "whole numbers"),
    ],
)
def test_numbers_that_leave_no_doubt(cells, expected, decision):
    parsed = parse_numbers(column(*cells))
    np.testing.assert_array_equal(parsed.values, expected)
    assert parsed.values.dtype == np.float64
    assert parsed.bad.tolist() == []
    assert parsed.decision == decision


@pytest.mark.parametrize(
    "cells",
    [
        ["1,234", "5,678"],
        ["1.234", "12.345", "7"],
        ["$1,200"],
        ["1,234", "0.5", "0,5"],  # both marks are proved decimal
        ["1.000 €"],
    ],
)
def test_numbers_in_doubt_are_not_guessed(cells):
    with pytest.raises(AmbiguousValues) as caught:
        parse_numbers(column(*cells))
    assert caught.value.kind == "numbers"
    assert caught.value.samples[0] == cells[0]


def test_a_decimal_mark_named_by_the_user_decides():
    # a thousand two hundred and thirty-four, or one and some
    assert parse_numbers(column("1,234"), decimal=",").values.tolist() == [1.234]
    assert parse_numbers(column("1,234"), decimal=".").values.tolist() == [1234]
    assert parse_numbers(column("1.234"), decimal=",").values.tolist() == [1234]
    assert parse_numbers(column("1.234", "0.5"), decimal=".").values.tolist() == [1.234, 0.5]
    assert parse_numbers(column("1.234", "0,5"), decimal=",").decision == "decimal comma"


def test_the_rest_of_the_column_decides():
    assert parse_numbers(column("1,234", "1,5")).values.tolist() == [1.234, 1.5]
    assert parse_numbers(column("1,234", "1.5")).values.tolist() == [1234, 1.5]
    assert parse_numbers(column("1.234", "2.345.678")).values.tolist() == [1234, 2345678]


NO_NUMBERS = """abc|12 34|1 2|1.2.3|1,23,456|5-|nan|inf|-|(5|5)|1/2|12 шт|5 т.р.|#REF!|01.02.2024
1,234.5.6|1e999|-1e999|1e18|-1e200|1000000000000000000,5|$|%"""


@pytest.mark.parametrize("cell", NO_NUMBERS.replace("\n", "|").split("|"))
def test_what_is_no_number_is_bad(cell):
    parsed = parse_numbers(column("5", cell, None))
    assert parsed.bad.tolist() == [1]
    assert parsed.values.isna().tolist() == [False, True, True]


def test_percent_and_parentheses_are_counted():
    parsed = parse_numbers(column("12%", "7,5 %", "12%", "(1 200)", "5"))
    assert parsed.values.tolist() == [12, 7.5, 12, -1200, 5]
    assert parsed.notes == {"percent": 3, "parentheses": 1}


def test_booleans():
    cells = ["Да", "нет", "Y", "n", "YES", "No", "true", "FALSE", "1", "0", "Sim", "não", "sí", None, "maybe"]
    parsed = parse_booleans(column(*cells))
    assert parsed.values.tolist()[:13] == [True, False] * 6 + [True]
    assert parsed.values.isna().tolist() == [False] * 13 + [True, True]
    assert str(parsed.values.dtype) == "boolean"
    assert parsed.bad.tolist() == [14]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("1 day, 20:55:36", 161736),  # 86400 + 75336
        ("2 days, 00:00:01", 172801),
        ("00:03:21", 201),
        ("100:00:00", 360000),
        ("3:21", 201),
        ("125", 125),
        ("12.5", 12.5),
        ("0", 0),
        ("-1 day, 23:00:00", -3600),
        ("3:75", None),
        ("1:60:00", None),
        ("1 ч 2 мин 3 сек", 3723),
        ("2 мин. 15 сек.", 135),
        ("45 с", 45),
        ("1h 30m", 5400),
        ("2 minutes, 5 seconds", 125),
        ("5 мин 5 мин", None),
        ("2 weeks", None),
        ("soon", None),
        ("-", None),
        ("10:00 PM", None),
    ],
)
def test_durations(cell, seconds):
    parsed = parse_durations(column(cell))
    assert parsed.bad.tolist() == ([0] if seconds is None else [])
    assert parsed.values.iloc[0] == seconds or (seconds is None and math.isnan(parsed.values.iloc[0]))


def test_garbage_never_raises():
    luck = np.random.default_rng(7)
    signs = list("0123456789 .,:-/TZ+%()$€₽'\u00a0abйя\n\t")
    cells = ["".join(luck.choice(signs, size=luck.integers(1, 24))) for _ in range(3000)]
    text = column(*cells)
    for parsed in (
        parse_moments(text, MOSCOW, fmt="%d.%m.%Y"),
        parse_moments(text, MOSCOW, fmt="%d.%m.%Y", native=True),
        parse_numbers(text, decimal=","),
        parse_booleans(text),
        parse_durations(text),
    ):
        assert len(parsed.values) == len(text)
        # every cell is a value, or bad, or a placeholder that is counted
        assert parsed.values.notna().sum() + len(parsed.bad) + parsed.notes.get("sentinel", 0) == len(text)


def test_a_hundred_thousand_moments_take_a_moment():
    days = pd.date_range("2020-01-01", periods=100_000, freq="17min").strftime("%d.%m.%Y %H:%M:%S")
    text = pd.Series(days, dtype="str")
    start = time.process_time()
    parsed = parse_moments(text, MOSCOW)
    assert time.process_time() - start < 1
    assert parsed.values.is_monotonic_increasing
    assert parsed.values.iloc[-1] == pd.Timestamp("2020-01-01", tz=MOSCOW) + pd.Timedelta(minutes=17 * 99_999)
