"""Periods: their names, half-open borders in the client's zone, and their pieces."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from crmkit.errors import RequestError
from crmkit.periods import GRAINS, Period, before, floor, name_of, next_start

ZONE = "Europe/Moscow"


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2017", date(2017, 1, 1), date(2018, 1, 1)),
        ("2017-Q1", date(2017, 1, 1), date(2017, 4, 1)),
        ("2017-Q4", date(2017, 10, 1), date(2018, 1, 1)),
        ("2017-03", date(2017, 3, 1), date(2017, 4, 1)),
        ("2017-12", date(2017, 12, 1), date(2018, 1, 1)),
        ("2017-W09", date(2017, 2, 27), date(2017, 3, 6)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4)),
        ("2016-02-29", date(2016, 2, 29), date(2016, 3, 1)),
        (" 2017-03-01..2017-04-01 ", date(2017, 3, 1), date(2017, 4, 1)),
    ],
)
def test_names(name, first, after):
    period = Period.parse(name, ZONE)
    assert period.days() == (first, after)
    assert period.start == datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(ZONE))
    if period.grain:
        assert name_of(first, period.grain) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "17", "2017-13", "2017-Q5", "2017-q1", "2017-W54", "2017-W00", "2017-02-29", "2017/03", "03.2017",
        "All",
        "2017-04-01..2017-03-01", "2017-03-01..2017-03-01", "2017-03..2017-04", "9999", "0000", "2017-3",
    ],
)  # fmt: skip
def test_what_is_no_period(name):
    with pytest.raises(RequestError, match="this is not a period"):
        Period.parse(name, ZONE)


def test_all_has_no_borders():
    period = Period.parse("all", ZONE)
    assert period.is_all
    for act in (period.days, lambda: period.split("month")):
        with pytest.raises(ValueError, match="no borders"):
            act()


def test_pieces_at_the_borders_are_partial():
    pieces = Period.parse("2017-01-15..2017-03-10", ZONE).split("month")
    assert [(one.name, one.days(), one.grain) for one in pieces] == [
        ("2017-01", (date(2017, 1, 15), date(2017, 2, 1)), ""),
        ("2017-02", (date(2017, 2, 1), date(2017, 3, 1)), "month"),
        ("2017-03", (date(2017, 3, 1), date(2017, 3, 10)), ""),
    ]


@pytest.mark.parametrize("grain", GRAINS)
def test_pieces_fill_the_period(grain):
    whole = Period.parse("2016-11-20..2018-02-03", ZONE)
    pieces = whole.split(grain)
    assert (pieces[0].start, pieces[-1].end) == (whole.start, whole.end)
    assert all(one.end == two.start for one, two in pairwise(pieces))
    for day in (date(2016, 2, 29), date(2017, 12, 31), date(2018, 1, 1)):
        first = floor(day, grain)
        assert first <= day < next_start(first, grain)
        assert floor(next_start(first, grain), grain) == next_start(first, grain)


def test_no_such_step():
    with pytest.raises(RequestError, match="no such step"):
        Period.parse("2017", ZONE).split("decade")


def test_midnight_is_the_clients():
    # Moscow is three hours ahead of UTC; New York changed its clocks on 12 March 2017
    assert Period.parse("2017", ZONE).start.isoformat() == "2017-01-01T00:00:00+03:00"
    week = Period.parse("2017-03-12", "America/New_York")
    assert (
        week.end.astimezone(ZoneInfo("UTC")) - week.start.astimezone(ZoneInfo("UTC"))
    ).total_seconds() == 23 * 3600


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("2026-03", "2026-02-01", "2026-03-01"),
        ("2026-Q1", "2025-10-01", "2026-01-01"),
        ("2026-W10", "2026-02-23", "2026-03-02"),
        ("2026-03-02..2026-03-05", "2026-02-27", "2026-03-02"),
    ],
)
def test_the_period_before_is_of_equal_length(period, first, after):
    earlier = before(Period.parse(period, "Europe/Berlin"))
    assert [day.isoformat() for day in earlier.days()] == [first, after]
    assert before(Period.parse("all", "UTC")) is None
