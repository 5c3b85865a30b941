"""Working days against Russia's official production calendars, working time against a count of minutes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from crmkit.calendars import WorkCalendar
from crmkit.countries import last_known_year
from crmkit.errors import SettingsError

RU = WorkCalendar("RU", zone="Europe/Moscow")
PLAIN = WorkCalendar(zone="UTC")

# Russia, five-day week. Weekdays off = holidays by article 112 of the Labour Code (1–8 January, 23 February,
# 8 March, 1 and 9 May, 12 June, 4 November; one that falls on a weekend moves to the next working day, save
# January's) and days moved by the Government's decree of the year. These make the production calendar:
# count = weekdays of the year − weekdays off + working Saturdays.
OFFICIAL = {
    # Decree No. 1505 of 29.08.2022: 1 Jan -> 24 Feb, 8 Jan -> 8 May. 4 Nov (Saturday) -> 6 Nov.
    # 260 − 13 = 247
    2023: (247, "0102 0103 0104 0105 0106 0223 0224 0308 0501 0508 0509 0612 1106", ""),
    # Decree No. 1314 of 10.08.2023: 6 Jan -> 10 May, 7 Jan -> 31 Dec, 27 Apr -> 29 Apr, 2 Nov -> 30 Apr,
    # 28 Dec -> 30 Dec. 262 − 17 + 3 = 248
    2024: (
        248,
        "0101 0102 0103 0104 0105 0108 0223 0308 0429 0430 0501 0509 0510 0612 1104 1230 1231",
        "0427 1102 1228",
    ),
    # Decree No. 1335 of 04.10.2024: 4 Jan -> 2 May, 5 Jan -> 31 Dec, 23 Feb -> 8 May, 8 Mar -> 13 June,
    # 1 Nov -> 3 Nov. 261 − 15 + 1 = 247
    2025: (247, "0101 0102 0103 0106 0107 0108 0501 0502 0508 0509 0612 0613 1103 1104 1231", "1101"),
    # Decree No. 1466 of 24.09.2025: 3 Jan -> 9 Jan, 4 Jan -> 31 Dec. 8 Mar (Sunday) -> 9 Mar,
    # 9 May (Saturday) -> 11 May. 261 − 14 = 247
    2026: (247, "0101 0102 0105 0106 0107 0108 0109 0223 0309 0501 0511 0612 1104 1231", ""),
    # Decree No. 1187 of 17.09.2026: 2 Jan -> 5 Nov, 3 Jan -> 31 Dec, 20 Feb -> 22 Feb. 1 May (Saturday)
    # -> 3 May, 9 May (Sunday) -> 10 May, 12 June (Saturday) -> 14 June. 261 − 15 + 1 = 247
    2027: (247, "0101 0104 0105 0106 0107 0108 0222 0223 0308 0503 0510 0614 1104 1105 1231", "0220"),
}


def days_of(year: int, codes: str) -> set[date]:
    return {date(year, int(code[:2]), int(code[2:])) for code in codes.split()}


@pytest.mark.parametrize("year", OFFICIAL)
def test_russian_year_equals_the_production_calendar(year: int) -> None:
    count, off, saturdays = OFFICIAL[year]
    days = pd.date_range(date(year, 1, 1), date(year, 12, 31), unit="us")
    expected = {day.date() for day in days if day.weekday() < 5}
    expected = expected - days_of(year, off) | days_of(year, saturdays)
    assert {day.date() for day in days[RU.is_working(days)]} == expected
    assert RU.working_days(date(year, 1, 1), date(year + 1, 1, 1)) == count


def test_earlier_russian_years_have_their_published_counts() -> None:
    # Production calendars of 2013–2022. The package lacks 10 March 2014 (for Saturday the 8th), we do not.
    published = dict.fromkeys(range(2013, 2023), 247) | {2020: 248}
    counted = {year: RU.working_days(date(year, 1, 1), date(year + 1, 1, 1)) for year in published}
    assert counted == published
    assert not RU.is_working(date(2014, 3, 10))[0]


def test_years_beyond_the_last_decree_are_marked() -> None:
    known = last_known_year("RU")
    assert known is not None
    assert known >= 2027
    assert (
        RU.unconfirmed_years(date(2023, 1, 1), date(known + 1, 1, 1)) == ()
    )  # half-open: ends with a known year
    assert RU.unconfirmed_years(date(2023, 1, 1), date(known + 1, 1, 2)) == (known + 1,)
    assert RU.unconfirmed_years(date(known + 2, 5, 1), date(known + 4, 5, 1)) == (
        known + 2,
        known + 3,
        known + 4,
    )
    assert RU.unconfirmed_years(date(known + 2, 5, 1), date(known + 2, 5, 1)) == ()


@pytest.mark.parametrize("country", ["", "US", "XX"])
def test_country_without_yearly_decrees_has_no_last_year(country: str) -> None:
    assert last_known_year(country) is None


def test_other_countries() -> None:
    # Germany 2024, nationwide holidays on weekdays: 1 Jan, 29 Mar, 1 Apr, 1, 9 and 20 May, 3 Oct, 25 and
    # 26 Dec: 262 − 9 = 253. Israel rests on Friday and Saturday.
    germany = WorkCalendar("DE", zone="Europe/Berlin")
    assert germany.working_days(date(2024, 1, 1), date(2025, 1, 1)) == 253
    israel = WorkCalendar("IL", zone="Asia/Jerusalem")
    week = pd.date_range("2024-02-04", periods=7, unit="us")  # Sunday to Saturday
    assert israel.is_working(week).tolist() == [True] * 5 + [False] * 2


def test_no_country_means_monday_to_friday_and_says_so() -> None:
    assert PLAIN.working_days(date(2024, 1, 1), date(2025, 1, 1)) == 262
    assert PLAIN.is_working(date(2024, 1, 1))[0]
    assert "no country" in str(PLAIN.source)
    assert "RU" in str(RU.source)
    assert PLAIN.unconfirmed_years(date(2020, 1, 1), date(2050, 1, 1)) == ()


def test_own_days_override_the_country() -> None:
    own = WorkCalendar(
        "RU", zone="Europe/Moscow", days_off=[date(2024, 4, 27), date(2024, 2, 1)], days_on=[date(2024, 5, 9)]
    )
    days = [date(2024, 2, 1), date(2024, 4, 27), date(2024, 5, 9), date(2024, 5, 10)]
    assert own.is_working(days).tolist() == [False, False, True, False]
    assert RU.is_working(days).tolist() == [True, True, False, False]
    turned = WorkCalendar(
        "RU",
        zone="Europe/Moscow",
        days_off=(date(2024, 2, 1), date(2024, 4, 27)),
        days_on=(date(2024, 5, 9),),
    )
    assert own == turned
    assert repr(own) == repr(turned)


@pytest.mark.parametrize(
    ("country", "meant"),
    [("ru", "RU"), ("RUS", "RU"), ("Russia", "RU"), ("Germny", "DE"), ("United States", "US"), ("UK", "GB")],
)
def test_unknown_country_is_refused_with_a_suggestion(country: str, meant: str) -> None:
    with pytest.raises(SettingsError) as refused:
        WorkCalendar(country, zone="UTC")
    assert list(refused.value.samples) == [country]
    assert str(refused.value.remedy) == f"Did you mean «{meant}»?"


def test_unknown_country_without_a_near_one_gets_the_general_remedy() -> None:
    with pytest.raises(SettingsError, match="two-letter code"):
        WorkCalendar("qqqq", zone="UTC")


def test_contradictory_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="2024-02-01 stands both"):
        WorkCalendar(zone="UTC", days_off=[date(2024, 2, 1)], days_on=[date(2024, 2, 1)])
    for hours in [(time(18), time(9)), (time(9), time(9))]:
        with pytest.raises(SettingsError, match="end before they begin"):
            WorkCalendar(zone="UTC", hours=hours)


def test_working_days_between_is_half_open_and_keeps_gaps() -> None:
    # Saturday 27 April 2024 worked, 28 April to 1 May off, 2 and 3 May worked.
    starts = pd.Series(
        pd.to_datetime(["2024-04-27", "2024-04-28", "2024-05-03", None, "0001-01-01"]).as_unit("us")
    )
    ends = pd.Series(pd.to_datetime(["2024-05-03", "2024-05-03", "2024-04-27", "2024-05-03", "2024-05-03"]))
    expected = [2, 1, -2, np.nan, np.nan]
    np.testing.assert_array_equal(RU.working_days_between(starts, ends), expected)
    to_one_end = RU.working_days_between(starts, pd.Timestamp("2024-05-03"))
    np.testing.assert_array_equal(to_one_end, [2, 1, 0, np.nan, np.nan])
    assert RU.is_working(starts).tolist() == [True, False, True, False, False]


def test_aware_moments_count_by_their_local_date() -> None:
    # 21:30 UTC is 00:30 of the next day in Moscow. Saturday 27 April 2024 is worked, 4 May is not.
    moments = pd.DatetimeIndex(["2024-04-26 21:30", "2024-05-03 20:30", "2024-05-03 21:30"], tz="UTC")
    assert RU.is_working(moments).tolist() == [True, True, False]
    assert RU.working_days_between(moments[1:], date(2024, 5, 6)).tolist() == [1, 0]


@pytest.mark.parametrize("empty", [pd.DatetimeIndex([]), pd.DatetimeIndex([pd.NaT])])
def test_nothing_to_count(empty: pd.DatetimeIndex) -> None:
    assert not RU.is_working(empty).any()
    assert len(RU.working_days_between(empty, date(2024, 1, 1))) == len(empty)
    assert pd.isna(RU.add_working_days(empty, 3)).all()
    assert np.isnan(RU.working_time(empty.tz_localize("UTC"), empty.tz_localize("UTC"))).all()


def test_add_working_days() -> None:
    friday, saturday, monday = date(2024, 3, 15), date(2024, 3, 16), date(2024, 3, 18)
    days = [friday, saturday, monday]
    for count, expected in [
        (1, ["2024-03-18", "2024-03-18", "2024-03-19"]),
        (0, ["2024-03-15", "2024-03-18", "2024-03-18"]),
        (-1, ["2024-03-14", "2024-03-15", "2024-03-15"]),
        (6, ["2024-03-25", "2024-03-25", "2024-03-26"]),
    ]:
        found = PLAIN.add_working_days(days, count)
        assert found.dtype == np.dtype("datetime64[us]")
        assert found.astype("datetime64[D]").astype(str).tolist() == expected
    # Across the end of a decade, and over Russia's holidays: 31 December 2019 (Tuesday) -> 9 January 2020.
    assert RU.add_working_days(date(2019, 12, 31), 1)[0] == np.datetime64("2020-01-09")
    assert RU.add_working_days(date(2020, 1, 9), -1)[0] == np.datetime64("2019-12-31")


@pytest.mark.parametrize("count", [-4000, -37, -1, 1, 2, 250, 4000])
def test_added_days_are_counted_back(count: int) -> None:
    days = pd.date_range("2016-02-20", periods=40, freq="9D", unit="us")
    found = pd.DatetimeIndex(RU.add_working_days(days, count))
    assert RU.is_working(found).all()
    one = timedelta(days=1)  # (day, found] when going forward, [found, day) when going back
    forward = count > 0
    counted = (
        RU.working_days_between(days + one, found + one) if forward else RU.working_days_between(days, found)
    )
    assert (counted == count).all()


def minutes_worked(start: datetime, end: datetime, calendar: WorkCalendar) -> float:
    """The naive reference: look at the clock on the wall every minute."""
    opens, closes = calendar.hours
    zone, moment, minutes = ZoneInfo(calendar.zone), start.astimezone(ZoneInfo("UTC")), 0
    around = [start.date() + timedelta(days=n) for n in range(-1, 7)]
    working = {day for day, works in zip(around, calendar.is_working(around), strict=True) if works}
    while moment < end:
        wall = moment.astimezone(zone)
        if wall.date() in working and opens <= wall.time() and (wall.time() < closes or closes == time(0)):
            minutes += 1
        moment += timedelta(minutes=1)
    return minutes / 60


@pytest.mark.parametrize(
    ("country", "zone", "hours", "around"),
    [
        ("RU", "Europe/Moscow", (time(9), time(18)), "2024-04-26"),  # six-day week, then four days off
        ("RU", "Asia/Vladivostok", (time(10), time(19, 30)), "2023-12-30"),
        ("US", "America/New_York", (time(0), time(0)), "2024-11-02"),
        ("DE", "Europe/Berlin", (time(1, 30), time(4)), "2024-03-30"),
    ],
)
def test_working_time_equals_a_count_of_minutes(
    country: str, zone: str, hours: tuple[time, time], around: str
) -> None:
    every_day = [date.fromisoformat(around) + timedelta(days=1)] if country in {"US", "DE"} else []
    calendar = WorkCalendar(country, zone=zone, hours=hours, days_on=every_day)
    random = np.random.default_rng(7)
    minutes = random.integers(0, 4 * 1440, size=(12, 2))
    begin = pd.Timestamp(around, tz="UTC") - timedelta(days=1)
    starts = begin + pd.to_timedelta(minutes.min(axis=1), unit="min")
    ends = begin + pd.to_timedelta(minutes.max(axis=1), unit="min")
    pairs = zip(starts.to_pydatetime(), ends.to_pydatetime(), strict=True)
    expected = [minutes_worked(start, end, calendar) for start, end in pairs]
    assert max(expected) > 1
    np.testing.assert_allclose(calendar.working_time(starts, ends), expected, atol=1e-9)
    in_another_zone = calendar.working_time(pd.Series(starts.tz_convert(zone)), ends.tz_convert("Asia/Tokyo"))
    np.testing.assert_array_equal(in_another_zone, calendar.working_time(starts, ends))


def moment(text: str, zone: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz=zone)


def test_clock_changes_at_night_leave_office_hours_alone() -> None:
    # New York: clocks forward on Sunday 10 March 2024, back on Sunday 3 November. Friday 17:00 to
    # Monday 10:00 is one hour of Friday and one of Monday, although 64 or 66 hours pass.
    office = WorkCalendar("US", zone="America/New_York")
    for friday, monday in [("2024-03-08", "2024-03-11"), ("2024-11-01", "2024-11-04")]:
        hours = office.working_time(
            moment(f"{friday} 17:00", "America/New_York"), moment(f"{monday} 10:00", "America/New_York")
        )
        assert hours.tolist() == [2.0]


def test_round_the_clock_days_are_as_long_as_they_are() -> None:
    # Berlin: Sunday 31 March 2024 has 23 hours (1 April is Easter Monday), Sunday 27 October has 25.
    sundays = [date(2024, 3, 31), date(2024, 10, 27)]
    service = WorkCalendar("DE", zone="Europe/Berlin", hours=(time(0), time(0)), days_on=sundays)
    for sunday, length in zip(sundays, [23.0, 25.0], strict=True):
        start, end = (moment(str(sunday + timedelta(days=n)), "Europe/Berlin") for n in (0, 1))
        assert service.working_time(start, end).tolist() == [length]
    assert service.hours_per_day == 24.0


def test_midnight_that_comes_twice_ends_its_day_the_first_time() -> None:
    # Havana: on Sunday 3 November 2024 at 01:00 clocks go back to 00:00. Saturday has 24 hours, Sunday 25.
    zone, saturday = "America/Havana", date(2024, 11, 2)
    service = WorkCalendar(
        zone=zone, hours=(time(0), time(0)), days_on=[saturday, saturday + timedelta(days=1)]
    )
    until = [pd.Timestamp("2024-11-03 04:00", tz="UTC"), pd.Timestamp("2024-11-04 05:00", tz="UTC")]
    worked = service.working_time(moment("2024-11-02", zone), pd.DatetimeIndex(until))
    assert worked.tolist() == [24.0, 49.0]


def test_an_opening_that_the_clock_skips_is_the_moment_after_it() -> None:
    # Clocks jump from 02:00 to 03:00, so an office open from 02:30 to 04:00 opens at 03:00: one hour.
    office = WorkCalendar(
        zone="Europe/Berlin", hours=(time(2, 30), time(4)), days_on=[date(2024, 3, 31), date(2024, 10, 27)]
    )
    worked = office.working_time(moment("2024-03-31", "Europe/Berlin"), moment("2024-04-01", "Europe/Berlin"))
    assert worked.tolist() == [1.0]
    # On 27 October 02:30 comes twice; the office opens at the first: 02:30, again 02:00–03:00, 03:00–04:00.
    worked = office.working_time(moment("2024-10-27", "Europe/Berlin"), moment("2024-10-28", "Europe/Berlin"))
    assert worked.tolist() == [2.5]


def test_working_time_of_a_lead() -> None:
    # Lead on Friday 17:40, answer on Monday 09:20: 20 minutes + 20. A lead at night waits from the opening.
    zone = "Europe/Moscow"
    starts = pd.Series(pd.to_datetime(["2024-03-15 17:40", "2024-03-15 23:00", "2024-03-18 09:20", None]))
    starts = starts.dt.tz_localize(zone).dt.as_unit("us")
    hours = RU.working_time(starts, moment("2024-03-18 09:20", zone))
    np.testing.assert_allclose(hours, [2 / 3, 1 / 3, 0, np.nan])
    turned = RU.working_time(moment("2024-03-18 09:20", zone), starts)
    np.testing.assert_allclose(turned, [-2 / 3, -1 / 3, 0, np.nan])


def test_moments_without_a_zone_are_refused() -> None:
    naive = pd.Timestamp("2024-03-15 17:40")
    with pytest.raises(TypeError, match="time zone"):
        RU.working_time(naive, naive.tz_localize("UTC"))


def test_asking_changes_no_cached_table() -> None:
    WorkCalendar("RU", zone="Europe/Moscow", days_off=[date(2024, 2, 1)]).is_working(date(2024, 2, 1))
    assert RU.is_working(date(2024, 2, 1))[0]
