"""Figures as a reader of each language writes them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import RequestError
from crmkit.present.formats import Formats

NB = "\u00a0"
RU, EN = Formats("ru", "RUB"), Formats("en", "USD")


def spaced(text: str) -> str:
    """Return ``text`` with plain spaces, for reading."""
    return text.replace(NB, " ")


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (0, "0", "0"),
        (1589, "1,589", "1 589"),
        (10_005_534, "10,005,534", "10 005 534"),
        (-3, "−3", "−3"),
        (np.int64(7), "7", "7"),
        (float("nan"), "—", "—"),
        (None, "—", "—"),
        (pd.NA, "—", "—"),
        (float("inf"), "—", "—"),
    ],
)
def test_counts(value: float, english: str, russian: str) -> None:
    assert (spaced(EN.count(value)), spaced(RU.count(value))) == (english, russian)


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (0.631501, "63.2%", "63,2 %"),
        (0.6315, "63.2%", "63,2 %"),  # 63.15: half up
        (0.6325, "63.3%", "63,3 %"),  # 63.25: half to even would say 63.2
        (1, "100.0%", "100,0 %"),
        (0, "0.0%", "0,0 %"),
        (-0.0001, "0.0%", "0,0 %"),  # no «−0»
        (np.float64(0.5), "50.0%", "50,0 %"),
        (float("nan"), "—", "—"),
    ],
)
def test_shares(value: float, english: str, russian: str) -> None:
    assert (spaced(EN.share(value)), spaced(RU.share(value))) == (english, russian)


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (10_005_534, "$10,005,534", "10 005 534 ₽"),
        (2360.909391, "$2,361", "2 361 ₽"),
        (2360.5, "$2,361", "2 361 ₽"),
        (2361.5, "$2,362", "2 362 ₽"),
        (100, "$100", "100 ₽"),
        (99.5, "$99.50", "99,50 ₽"),
        (99, "$99", "99 ₽"),
        (0, "$0", "0 ₽"),
        (-1234.4, "−$1,234", "−1 234 ₽"),
        (None, "—", "—"),
    ],
)
def test_money_is_whole_from_a_hundred_on(value: float, english: str, russian: str) -> None:
    assert (spaced(EN.money(value)), spaced(RU.money(value))) == (english, russian)


def test_money_with_hundredths_and_without_sign() -> None:
    assert spaced(RU.money(1234.5, kopecks=True)) == "1 234,50 ₽"
    assert spaced(RU.money(85.5, kopecks=False)) == "86 ₽"
    assert spaced(EN.money(1234.5, sign=False)) == "1,235"


@pytest.mark.parametrize(
    ("language", "currency", "said"),
    [
        ("en", "RUB", "RUB 1,234"),
        ("en", "EUR", "€1,234"),
        ("ru", "USD", "1 234 $"),
        ("ru", "KZT", "1 234 KZT"),
        ("en", "JPY", "¥1,234"),
    ],
)
def test_the_currency_stands_where_the_language_puts_it(language: str, currency: str, said: str) -> None:
    assert spaced(Formats(language, currency).money(1234.4)) == said


def test_a_currency_without_hundredths_never_shows_them() -> None:
    assert Formats("en", "JPY").money(85.5, kopecks=True) == "¥86"


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (10_005_534, "$10M", "10 млн ₽"),
        (1_249_999, "$1.2M", "1,2 млн ₽"),
        (1_250_000, "$1.3M", "1,3 млн ₽"),
        (999_999, "$1M", "1 млн ₽"),
        (123_456, "$123K", "123 тыс. ₽"),
        (999, "$999", "999 ₽"),
        (0, "$0", "0 ₽"),
        (-1_234_567, "−$1.2M", "−1,2 млн ₽"),
    ],
)
def test_compact_money(value: float, english: str, russian: str) -> None:
    said = (spaced(EN.compact(value, money=True)), spaced(RU.compact(value, money=True)))
    assert said == (english, russian)


def test_points_days_and_k_of_n() -> None:
    assert spaced(EN.points(0.031)) == "+3.1 points"
    assert spaced(RU.points(-0.031)) == "−3,1 п. п."
    assert spaced(EN.points(0.0001)) == "0.0 points"
    assert RU.days(51.782) == "51,8"
    assert (spaced(EN.k_of_n(3, 7)), spaced(RU.k_of_n(3, 7))) == ("3 of 7", "3 из 7")


@pytest.mark.parametrize(
    ("low", "high", "kind", "english", "russian"),
    [
        (0.584, 0.679, "share", "58–68%", "58–68 %"),
        (0.6312, 0.6338, "share", "63.1–63.4%", "63,1–63,4 %"),
        (-0.03, 0.1, "share", "from −3 to 10%", "от −3 до 10 %"),
        (1200, 3400.4, "money", "1,200–3,400", "1 200–3 400"),
        (10, 20.25, "days", "10.0–20.3", "10,0–20,3"),
        (None, 0.5, "share", "—", "—"),
    ],
)
def test_intervals(low: float, high: float, kind: str, english: str, russian: str) -> None:
    assert (spaced(EN.interval(low, high, kind)), spaced(RU.interval(low, high, kind))) == (english, russian)


def test_dates_and_months() -> None:
    day = date(2017, 3, 5)
    assert (spaced(EN.day(day)), RU.day(day)) == ("5 Mar 2017", "05.03.2017")
    moment = datetime(2017, 3, 5, 14, 5, tzinfo=ZoneInfo("Europe/Moscow"))
    assert (spaced(EN.moment(moment)), spaced(RU.moment(moment))) == ("5 Mar 2017 14:05", "05.03.2017 14:05")
    assert (spaced(EN.month(date(2017, 1, 1))), spaced(RU.month(date(2017, 1, 1)))) == (
        "Jan 2017",
        "янв. 2017",
    )
    assert EN.day(None) == RU.moment(pd.NaT) == EN.month(None) == "—"


@pytest.mark.parametrize(
    ("start", "end", "english", "russian"),
    [
        (date(2017, 1, 1), date(2018, 1, 1), "2017", "2017"),
        (date(2017, 4, 1), date(2017, 7, 1), "Q2 2017", "2\u2011й кв. 2017"),
        (date(2017, 5, 1), date(2017, 6, 1), "May 2017", "май 2017"),
        (date(2017, 5, 3), date(2017, 5, 4), "3 May 2017", "03.05.2017"),
        (date(2017, 3, 1), date(2017, 6, 1), "1 Mar 2017 – 31 May 2017", "01.03.2017 – 31.05.2017"),
        (None, None, "the whole time of the export", "за всё время выгрузки"),
    ],
)
def test_a_half_open_period_is_named_by_its_last_day(
    start: date | None, end: date | None, english: str, russian: str
) -> None:
    assert (spaced(EN.period(start, end)), spaced(RU.period(start, end))) == (english, russian)


def test_figures_hold_no_breakable_space() -> None:
    said = [
        RU.count(1234567),
        RU.money(1234567),
        RU.share(0.5),
        RU.moment(datetime.fromisoformat("2017-03-05T01:02")),
        RU.k_of_n(3, 7),
    ]
    assert not [text for text in said if " " in text]


def test_a_group_without_a_name() -> None:
    assert (EN.group(None), RU.group(float("nan")), EN.group("Ann")) == ("not set", "не указано", "Ann")


def test_units_of_headings() -> None:
    assert [RU.unit(kind) for kind in ("share", "money", "days", "count")] == ["%", "₽", "дн.", ""]


@pytest.mark.parametrize(("language", "currency"), [("xx", "RUB"), ("ru", "рубль"), ("ru", "")])
def test_what_is_not_known_is_refused(language: str, currency: str) -> None:
    with pytest.raises(RequestError):
        Formats(language, currency)
