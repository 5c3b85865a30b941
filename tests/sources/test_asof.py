"""What was known at a moment: later rows are gone, later changes undone, the default found."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pandas as pd
import pytest

from crmkit import evaluate
from crmkit.errors import RequestError, SourceError
from crmkit.sources.asof import day_in_name, end_of, moment_of

ZONE = "Europe/Moscow"
DEALS = (
    "pipelines:\n"
    "  - {name: S, stages: [{name: Talk}, {name: Offer}, {name: Won, kind: won}, {name: Lost, kind: lost}]}\n"
    "files:\n"
    "  - {path: deals.csv, table: deals, columns: {id: deal_id, stage: stage, who: manager_id,"
    " made: created_at,"
    " closed: closed_at, sum: amount, why: lost_reason, seen: last_activity_at}}\n"
)
ROWS = (
    "id,stage,who,made,closed,sum,why,seen\n"
    "A,Won,Ann,2026-01-10 10:00,2026-02-01 12:00,100,,2026-03-05 09:00\n"  # won before, touched after
    "B,Won,Ann,2026-01-11 10:00,2026-03-01 12:00,200,,2026-03-01 09:00\n"  # won later
    "C,Lost,Bob,2026-01-12 10:00,2026-03-02 12:00,300,Price,\n"  # lost later
    "D,Offer,Bob,2026-01-13 10:00,,400,,2026-01-14 09:00\n"  # open all along
    "E,Talk,Bob,2026-03-03 10:00,,500,,\n"  # made later
    "F,Lost,Bob,,2026-01-20 12:00,600,Far,\n"  # nobody knows since when
)
MORE = DEALS + (
    "  - path: tasks.csv\n    table: tasks\n    columns: {n: task_id, deal: deal_id, made: created_at,"
    " due: due_at, done: completed_at, what: result}\n"
    "  - path: moves.csv\n    table: stage_changes\n    columns: {deal: deal_id, at: changed_at,"
    " to: to_stage, who: manager_id}\n"
    "  - {path: calls.csv, table: activities, columns: {n: activity_id, deal: deal_id, at: at}}\n"
    "  - path: dues.csv\n    table: payments\n    columns: {deal: deal_id, due: due_on, owed: amount_due,"
    " paid: paid_on, sum: amount_paid}\n"
)
FILES = {
    "deals.csv": ROWS,
    "tasks.csv": (
        "n,deal,made,due,done,what\n"
        "1,A,2026-01-10 11:00,2026-01-12 11:00,2026-01-11 11:00,agreed\n"
        "2,D,2026-02-10 11:00,2026-02-12 11:00,2026-02-20 11:00,late\n"  # done later
        "3,E,2026-02-11 11:00,2026-02-12 11:00,,\n"  # made before its deal
        "4,D,2026-02-16 11:00,2026-02-17 11:00,,\n"  # made later
        "5,B,,2026-02-17 11:00,2026-02-14 11:00,x\n"
    ),
    "moves.csv": (
        "deal,at,to,who\n"
        "B,2026-01-11 10:00,Talk,Ann\nB,2026-02-10 10:00,Offer,Bob\nB,2026-03-01 12:00,Won,Ann\n"
        "D,2026-01-13 10:00,Talk,Bob\nD,2026-03-10 10:00,Offer,Bob\nE,2026-03-03 10:00,Talk,Bob\n"
    ),
    "calls.csv": "n,deal,at\n1,A,2026-01-10 10:30\n2,D,2026-02-15 23:30\n3,D,2026-02-16 00:30\n",
    "dues.csv": (
        "deal,due,owed,paid,sum\nA,2026-02-10,60,2026-02-11,60\nA,2026-02-20,40,2026-02-16,40\n"
        "B,2026-04-01,200,,\n"
    ),
}  # fmt: skip


def told(values):
    values = values.astype("object")
    return values.where(values.notna(), None).tolist()


@pytest.fixture(scope="module")
def earlier(make):
    return make(MORE, FILES, "2026-02-15")


def test_deals_as_they_stood(earlier):
    deals = earlier.deals
    assert earlier.crm.as_of == pd.Timestamp(
        "2026-02-15 23:59:59.999999", tz=ZONE
    )  # a day is meant as a whole
    assert not earlier.crm.is_current
    assert deals["deal_id"].tolist() == ["A", "B", "C", "D", "F"]  # E was made later
    assert deals["status"].tolist() == ["won", "open", "open", "open", "lost"]
    assert deals["closed_at"].notna().tolist() == [True, False, False, False, True]
    assert told(deals["lost_reason"]) == [None, None, None, None, "Far"]
    # amounts of what is open today are known today only
    assert told(deals["amount"]) == [100, None, None, None, 600]
    # the owner and the stage of open deals come from the history; C has none
    assert told(deals["stage"]) == ["Won", "Offer", None, "Talk", "Lost"]
    assert told(deals["manager_id"]) == ["Ann", "Bob", None, "Bob", "Bob"]
    assert told(deals["last_activity_at"]) == [None] * 5  # later, or of an open deal
    assert earlier.crm.hidden == {
        "deals.created_at": 1, "deals.closed_at": 2, "tasks.created_at": 1, "stage_changes.changed_at": 3,
        "activities.at": 1,
    }  # fmt: skip


def test_rows_of_deals_as_they_stood(earlier):
    tasks = earlier.tasks
    # the task of a deal that is not yet there is kept, without a position
    assert dict(zip(tasks["task_id"], tasks["deal_ix"], strict=True)) == {"3": -1, "1": 0, "5": 1, "2": 3}
    assert dict(zip(tasks["task_id"], told(tasks["completed_at"].dt.day), strict=True)) == {
        "3": None, "1": 11, "5": 14, "2": None,
    }  # fmt: skip
    assert told(tasks.set_index("task_id")["result"][["1", "2"]]) == ["agreed", None]
    assert earlier.activities[["activity_id", "deal_ix"]].to_numpy().tolist() == [["1", 0], ["2", 3]]
    assert earlier.stage_changes["deal_ix"].tolist() == [1, 1, 3]
    # an instalment paid on the 16th was not paid on the 15th
    payments = earlier.payments.sort_values("due_on")
    assert told(payments["amount_paid"]) == [60, None, None]
    assert told(payments["paid_on"].dt.day) == [11, None, None]


def test_figures_of_an_earlier_moment_do_not_know_the_later_ones(make, earlier):
    alone = make(
        MORE,
        {
            "deals.csv": "".join(ROWS.splitlines(keepends=True)[:2])
            + "B,Offer,Bob,2026-01-11 10:00,,,,\n"
            + "C,,,2026-01-12 10:00,,,,\n"
            + "D,Talk,Bob,2026-01-13 10:00,,,,\n"
            + "F,Lost,Bob,,2026-01-20 12:00,600,Far,\n",
            "tasks.csv": "n,deal,made,due,done,what\n"
            + "1,A,2026-01-10 11:00,2026-01-12 11:00,2026-01-11 11:00,agreed\n"
            + "2,D,2026-02-10 11:00,2026-02-12 11:00,,\n"
            + "3,E,2026-02-11 11:00,2026-02-12 11:00,,\n"
            + "5,B,,2026-02-17 11:00,2026-02-14 11:00,x\n",
            "moves.csv": "deal,at,to,who\nB,2026-01-11 10:00,Talk,Ann\nB,2026-02-10 10:00,Offer,Bob\n"
            + "D,2026-01-13 10:00,Talk,Bob\n",
            "calls.csv": "n,deal,at\n1,A,2026-01-10 10:30\n2,D,2026-02-15 23:30\n",
            "dues.csv": FILES["dues.csv"],
        },
        "2026-02-15",
    )  # fmt: skip
    names = ["new_deals", "won_deals", "lost_deals", "revenue", "win_rate:closed_count", "tasks_on_time"]
    pd.testing.assert_frame_equal(evaluate(names, earlier.crm), evaluate(names, alone.crm))


def test_without_a_history_stages_of_open_deals_are_unknown(make):
    crm = make(DEALS, {"deals.csv": ROWS}, "2026-02-15").crm
    assert told(crm.deals["stage"]) == ["Won", None, None, None, "Lost"]
    assert told(crm.deals["manager_id"]) == ["Ann", None, None, None, "Bob"]
    assert told(crm.deals["owner_at_export"]) == ["Ann", "Ann", "Bob", "Bob", "Bob"]


def test_a_moment_at_or_after_the_export_changes_nothing(make):
    now = make(DEALS, {"deals.csv": ROWS})
    later = make(DEALS, {"deals.csv": ROWS}, "2027-01-01")
    assert now.crm.as_of == pd.Timestamp("2026-03-03 10:00", tz=ZONE)
    assert now.crm.is_current
    assert later.crm.is_current
    pd.testing.assert_frame_equal(now.deals, later.deals)
    assert now.crm.hidden == {}


LATE = (
    "id,stage,who,made,closed,sum,why,seen\n"
    "1,Won,Ann,2026-01-10,2026-02-03,1,,\n"
    "2,Won,Ann,2026-01-11,2027-02-03,1,,\n"  # a slip of the pen
    "3,Won,Ann,2026-01-12,9999-12-31,1,,\n"
    "4,Talk,Ann,2026-01-13,2026-12-31,1,,\n"  # planned
)


@pytest.mark.parametrize(
    ("settings", "name", "as_of"),
    [
        ("", "deals.csv", "2027-02-03"),  # nothing says when the export was made
        ("exported_on: 2026-02-10\n", "deals.csv", "2026-02-03"),
        ("", "leads_2026-02-10.csv", "2026-02-03"),
        ("exported_on: 2026-02-10\n", "leads_2027-12-31.csv", "2026-02-03"),  # the settings before the name
        ("as_of: 2026-01-31\n", "deals.csv", "2026-01-31 23:59:59.999999"),
        ("as_of: 2026-01-31 18:00\n", "deals.csv", "2026-01-31 18:00"),
    ],
)
def test_the_default_moment(make, settings, name, as_of):
    loaded = make(settings + DEALS.replace("deals.csv", name), {name: LATE})
    assert loaded.crm.as_of == pd.Timestamp(as_of, tz=ZONE)
    if as_of == "2026-02-03":
        # the deal with a closing date in the future is open, and is told
        assert loaded.deals["status"].tolist() == ["won", "open", "won", "open"]
        assert loaded.crm.hidden == {"deals.closed_at": 1}


def test_without_any_date_the_moment_has_to_be_told(make):
    text = "id,stage,who,made,closed,sum,why,seen\n1,Won,Ann,,,1,,\n"
    with pytest.raises(SourceError, match="no row carries a date"):
        make(DEALS, {"deals.csv": text})
    assert make("as_of: 2026-01-01\n" + DEALS, {"deals.csv": text}).deals["status"].tolist() == ["won"]


def test_zones_and_clock_changes(make):
    settings = (
        "time_zone: America/New_York\n"
        "files:\n  - {path: d.csv, table: deals, columns: {id: deal_id, made: created_at}}\n"
    )
    loaded = make(settings, {"d.csv": (
        "id,made\n"
        "1,2026-03-08 02:30\n"  # the clock skips this hour: 03:00
        "2,2026-11-01 01:30\n"  # and shows this one twice: the first, −04:00
        "3,2026-07-01T12:00:00+03:00\n"  # 05:00 in New York
        "4,2026-07-01T23:30:00Z\n"
    )})  # fmt: skip
    made = loaded.deals["created_at"]
    assert made.dt.tz_convert("UTC").dt.strftime("%m-%d %H:%M").tolist() == [
        "03-08 07:00", "11-01 05:30", "07-01 09:00", "07-01 23:30",
    ]  # fmt: skip
    assert loaded.notes["nonexistent_dst", "created_at"][0] == 1
    assert loaded.notes["ambiguous_dst", "created_at"][0] == 1
    july = evaluate("new_deals", loaded.crm, by=["day"]).set_index("day")["value"]
    assert july["2026-07-01"] == 2  # 19:30 of the same day in New York


def test_a_day_that_begins_an_hour_late():
    # in São Paulo the clock went from 23:59:59 of 3 November 2018 to 01:00 of the 4th
    assert end_of(date(2018, 11, 3), "America/Sao_Paulo") == pd.Timestamp(
        "2018-11-04 02:59:59.999999", tz="UTC"
    )
    assert moment_of("2018-11-03", "America/Sao_Paulo") == end_of(date(2018, 11, 3), "America/Sao_Paulo")


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-10-31", "2026-10-31T20:59:59.999999Z"),
        (date(2026, 10, 31), "2026-10-31T20:59:59.999999Z"),
        ("2026-10-31 18:00", "2026-10-31T15:00:00Z"),
        ("2026-10-31T18:00:00+00:00", "2026-10-31T18:00:00Z"),
        (datetime(2026, 10, 31, 18, tzinfo=timezone(timedelta(hours=5))), "2026-10-31T13:00:00Z"),
    ],
)
def test_moments(given, moment):
    assert moment_of(given, ZONE) == pd.Timestamp(moment)
    assert str(moment_of(given, ZONE).tz) == ZONE


@pytest.mark.parametrize("given", ["soon", "31.10.2026", "2026-13-01", "9999-12-31", "2026-10-31 25:00"])
def test_what_is_no_moment(given):
    with pytest.raises(RequestError, match="this is not a date"):
        moment_of(given, ZONE)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("amocrm_export_leads_2026-10-31.csv", date(2026, 10, 31)),
        ("DEAL_20261031_7c1e5a90.xls", date(2026, 10, 31)),
        ("from_2026-01-01_to_2026-10-31.csv", date(2026, 10, 31)),
        ("DEAL_120261031.xls", None),
        ("deals_2026-02-30.csv", None),
        ("deals.csv", None),
    ],
)
def test_day_in_a_files_name(name, day):
    assert day_in_name(name) == day
