"""Periods, slices and states: what ``evaluate`` makes of any measure."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from crmkit import Period, evaluate
from crmkit.errors import RequestError


def new(at: str, **rest: object) -> dict[str, object]:
    return {"created_at": at, "status": "open"} | rest


def won(at: str, closed: str, **rest: object) -> dict[str, object]:
    return {"created_at": at, "closed_at": closed, "status": "won"} | rest


def test_the_end_of_a_period_is_not_in_it(snapshot, tell):
    crm = snapshot([new("2026-02-01 00:00"), new("2026-02-28 23:59"), new("2026-03-01 00:00")])
    assert tell(crm, "new_deals", "2026-02")["value"] == 2
    assert tell(crm, "new_deals", "2026-02-01..2026-02-28")["value"] == 1
    assert tell(crm, "new_deals")["value"] == 3


def test_days_are_those_of_the_clients_zone(snapshot, by):
    at = ["2026-02-28T20:59:59+00:00", "2026-02-28T21:00:00+00:00", "2026-02-28T23:30:00+00:00"]
    crm = snapshot([new(moment) for moment in at], time_zone="Europe/Moscow")  # UTC + 3
    assert by(crm, "new_deals", "day") == {"2026-02-28": 1, "2026-03-01": 2}
    assert by(crm, "new_deals", "month", period="2026-03") == {"2026-03": 2}


def test_days_of_23_and_25_hours_are_days(snapshot, by, tell):
    # Berlin: 29 March 2026 has 23 hours, 26 October 2025 has 25.
    crm = snapshot(
        [new("2025-10-26 00:00"), new("2025-10-26 23:59"), new("2026-03-29 23:59")], time_zone="Europe/Berlin"
    )
    assert by(crm, "new_deals", "day") == {"2025-10-26": 2, "2026-03-29": 1}
    assert tell(crm, "new_deals", "2025-10-26")["value"] == 2
    row = tell(crm, "new_deals", "2026-03-29")
    assert row["value"] == 1
    assert row["period_end"] - row["period_start"] == pd.Timedelta(hours=23)


def test_a_day_whose_midnight_does_not_exist_begins_an_hour_later(snapshot, tell, by):
    # São Paulo, 4 November 2018: the clocks went from 00:00 to 01:00.
    crm = snapshot(
        [new("2018-11-03 23:59"), new("2018-11-04 01:00")], time_zone="America/Sao_Paulo", as_of="2018-11-30"
    )
    assert tell(crm, "new_deals", "2018-11-04")["value"] == 1
    assert tell(crm, "new_deals", "2018-11-03")["value"] == 1


@pytest.mark.parametrize(
    ("grain", "names"),
    [
        ("week", {"2025-W01": 1, "2026-W01": 2, "2026-W05": 1}),  # ISO: 29 December 2025 is in week 1 of 2026
        ("month", {"2025-01": 1, "2025-12": 1, "2026-01": 1, "2026-02": 1}),
        ("quarter", {"2025-Q1": 1, "2025-Q4": 1, "2026-Q1": 2}),
        ("year", {"2025": 2, "2026": 2}),
    ],
)
def test_slices_of_time_bear_the_names_of_periods(snapshot, by, tell, grain, names):
    crm = snapshot([new(f"{day} 12:00") for day in ("2025-01-01", "2025-12-29", "2026-01-04", "2026-02-01")])
    assert by(crm, "new_deals", grain) == names
    assert {name: tell(crm, "new_deals", name)["value"] for name in names} == names


def test_each_cuts_the_period_and_the_pieces_add_up(snapshot):
    crm = snapshot([new("2026-01-15"), new("2026-03-02"), new("2026-03-31")])
    figures = evaluate("new_deals", crm, Period.parse("2026", "UTC"), each="quarter")
    assert figures["value"].tolist()[:1] == [3]
    assert figures["state"].tolist() == ["ok"] + ["not_in_export"] * 3
    assert figures["missing"].tolist()[1:] == ["after_as_of"] * 3
    months = evaluate("new_deals", crm, each="month")
    assert months["value"].tolist() == [1, 0, 2]
    assert months["state"].tolist() == ["ok", "empty", "ok"]
    # Cut from the first record to the day after as_of.
    assert months["period_start"].iloc[0] == pd.Timestamp("2026-01-15", tz="UTC")
    assert months["period_end"].iloc[-1] == pd.Timestamp("2026-04-01", tz="UTC")


def test_a_time_that_is_not_covered_is_unknown_and_not_zero(snapshot, tell):
    crm = snapshot([new("2026-02-10"), won("2026-02-20", "2026-03-20", amount=5)])
    for period, missing in (
        ("2025", "before_first_record"),
        ("2026-01", "before_first_record"),
        ("2026-04", "after_as_of"),
    ):
        row = tell(crm, "new_deals", period)
        assert (row["value"], row["n"], row["state"], row["missing"]) == (None, 0, "not_in_export", missing)
    partly = tell(crm, "new_deals", "2026-01-01..2026-02-15")
    assert (partly["value"], partly["state"]) == (1, "ok")
    assert tell(crm, "revenue", "2026-02")["value"] == 0


def test_what_stands_open_is_known_for_as_of_only(snapshot, tell):
    crm = snapshot([new("2026-01-10"), won("2026-01-10", "2026-03-20")])
    assert tell(crm, "open_deals", "2026-03")["value"] == 1
    assert tell(crm, "open_deals", "2026-02")["missing"] == "known_at_as_of_only"
    assert tell(crm, "open_deals", "2026-04")["missing"] == "known_at_as_of_only"
    earlier = snapshot([new("2026-01-10"), won("2026-01-10", "2026-03-20")], as_of="2026-02-10")
    assert tell(earlier, "open_deals", "2026-02")["value"] == 2
    assert evaluate("stage_distribution", earlier)["missing"].tolist() == ["stage_changes.to_stage"]


def test_two_slices_at_once_and_a_missing_group(snapshot, by):
    deals = [
        new("2026-01-10", manager_id="Ann", source="Web"), new("2026-01-11", manager_id="Ann", source="Web"),
        new("2026-02-10", manager_id="", source="Web"), new("2026-02-11", manager_id="Bob", source=""),
    ]  # fmt: skip
    crm = snapshot(deals)
    assert by(crm, "new_deals", "manager", "source") == {
        ("Ann", "Web"): 2,
        (None, "Web"): 1,
        ("Bob", None): 1,
    }
    assert by(crm, "new_deals", "source", "month") == {
        ("Web", "2026-01"): 2, ("Web", "2026-02"): 1, (None, "2026-02"): 1,
    }  # fmt: skip


def test_measures_together_have_the_same_groups(snapshot):
    deals = [
        won("2026-01-10", "2026-01-20", manager_id="Ann", amount=5),
        new("2026-01-11", manager_id="Bob", amount=""),
    ]
    figures = evaluate(
        ["won_deals", "win_rate", "lost_deals", "average_check"], snapshot(deals), by=["manager"]
    )
    told = figures.set_index(["measure", "manager"])
    assert len(told) == 4  # Bob has closed nothing: no measure knows him, and nobody has lost
    assert told.loc[("lost_deals", "Ann"), ["value", "n", "state"]].tolist() == [0, 0, "empty"]
    more = evaluate(["won_deals", "win_rate", "new_deals"], snapshot(deals), by=["manager"])
    told = more.set_index(["measure", "manager"])
    assert told.loc[("won_deals", "Bob"), ["value", "n", "state"]].tolist() == [0, 0, "empty"]
    assert pd.isna(told.loc[("win_rate", "Bob"), "value"])
    assert told.loc[("win_rate", "Bob"), ["n", "state"]].tolist() == [0, "empty"]


def test_a_measure_named_twice_is_told_once(snapshot):
    crm = snapshot([won("2026-01-10", "2026-01-20", manager_id="Ann")])
    figures = evaluate(["win_rate", "win_rate:closed_count"], crm, by=["manager", "manager"])
    assert len(figures) == 1


def test_a_distributions_own_slice_is_not_forced_on_other_measures(snapshot):
    crm = snapshot([new("2026-01-10"), new("2026-01-10", stage="Offer"), won("2026-01-10", "2026-01-20")])
    figures = evaluate(["new_deals", "stage_distribution"], crm)
    rows = figures[["measure", "stage", "value"]].to_dict("split")["data"]
    assert rows[0][0] == "new_deals" and pd.isna(rows[0][1]) and rows[0][2] == 3
    assert rows[1:] == [["stage_distribution", "New", 0.5], ["stage_distribution", "Offer", 0.5]]
    both = evaluate(["new_deals", "stage_distribution"], crm, by=["stage"]).set_index(["measure", "stage"])
    # Nothing open stands in «Won»: 0 of 2, which is known.
    assert both.loc[("stage_distribution", "Won"), ["value", "numerator", "n", "state"]].tolist() == [
        0,
        0,
        2,
        "ok",
    ]


def test_custom_fields_are_slices_and_what_is_not_filled_is_not_in_the_export(snapshot, by, tell):
    crm = snapshot([new("2026-01-10", Region="North", Note=""), new("2026-01-10", Region="", Note="")])
    assert by(crm, "new_deals", "Region") == {"North": 1, None: 1}
    for name, column in (("Note", "deals.Note"), ("source", "deals.source"), ("manager", "deals.manager_id"),
                         ("team", "managers.team")):  # fmt: skip
        figures = evaluate("new_deals", crm, by=[name])
        assert figures["state"].tolist() == ["not_in_export"]
        assert figures["missing"].tolist() == [column]


def test_teams_and_roles_come_from_the_reps(snapshot, by):
    managers = [{"name": "Ann", "team": "A", "role": "hunter"}, {"name": "Bob", "team": "A"}, {"name": "Cid"}]
    deals = [new("2026-01-10", manager_id=name) for name in ("Ann", "Bob", "Cid", "")]
    crm = snapshot(deals, managers=managers)
    assert by(crm, "new_deals", "team") == {"A": 2, None: 2}
    assert by(crm, "new_deals", "role") == {"hunter": 1, None: 3}


def test_two_reps_of_one_name_stay_two(snapshot, by):
    managers = [{"id": "7", "name": "Ann"}, {"id": "8", "name": "Ann"}, {"id": "9", "name": "Bob"}]
    deals = [new("2026-01-10", manager_id=number) for number in ("7", "8", "8", "9")]
    assert by(snapshot(deals, managers=managers), "new_deals", "manager") == {
        "Ann (7)": 1,
        "Ann (8)": 2,
        "Bob": 1,
    }


@pytest.mark.parametrize(
    ("names", "by", "said"),
    [
        ("won_deal", (), r"--measure won_deal: there is no such measure\n  Did you mean «won_deals»\?"),
        ("win_rate:cohorts", (), r"the measure has no such variant\n  Did you mean «win_rate:cohort»\?"),
        ("won_deals:x", (), r"the measure has no such variant\n  Did you mean «won_deals»\?"),
        ("won_deals", ("sorce",), r"--by sorce: there is no such slice\n  Did you mean «source»\?"),
        ("won_deals", ("deal_id",), r"--by deal_id: there is no such slice"),
        (
            "open_deals",
            ("month",),
            r"--by month: the measure describes a moment or a whole period",
        ),
    ],
)
def test_what_there_is_not_is_refused_with_the_nearest_name(snapshot, names, by, said):
    crm = snapshot([new("2026-01-10")])
    with pytest.raises(RequestError) as refusal:
        evaluate(names, crm, by=by)
    assert re.search(said, str(refusal.value))


def test_a_custom_field_that_is_named_like_a_figure_is_no_slice(snapshot):
    crm = snapshot([new("2026-01-10", value="x", n="y")])
    for name in ("value", "n"):
        with pytest.raises(RequestError, match="there is no such slice"):
            evaluate("new_deals", crm, by=[name])


def test_an_unknown_step_of_time_is_refused(snapshot):
    with pytest.raises(RequestError, match=r"fortnight: there is no such step of time"):
        evaluate("new_deals", snapshot([new("2026-01-10")]), each="fortnight")


def test_before_the_first_record_there_is_nothing(snapshot, tell):
    row = tell(snapshot([new("2026-01-10")], as_of="2025-12-31"), "new_deals")
    assert (row["value"], row["n"], row["state"]) == (None, 0, "not_in_export")
