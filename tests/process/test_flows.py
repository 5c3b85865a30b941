"""Moves, starts, ends, reach and durations: a log worked out by hand, and plain pandas as the oracle."""

from __future__ import annotations

from datetime import time

import numpy as np
import pandas as pd
import pytest

from crmkit.calendars import WorkCalendar
from crmkit.periods import Period
from crmkit.process.flows import (
    directly_follows,
    durations,
    ends,
    entered_first,
    narrowed,
    reached,
    starts,
)
from crmkit.stagelog import StageLog, relabelled, stage_log
from crmkit.stages import order_of

STAGES = [
    {"name": "New"}, {"name": "Talk"}, {"name": "Offer"},
    {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
]  # fmt: skip
DEALS = [{"deal_id": str(number), "stage": "New"} for number in range(1, 5)]
#: Deal 3 came to New and to Offer at one moment; the file tells Offer first.
MOVES = [
    ("1", "01-01T10", "New"), ("1", "01-03T10", "Talk"), ("1", "01-07T10", "Offer"), ("1", "01-08T10", "Won"),
    ("2", "01-01T10", "New"), ("2", "01-05T10", "Talk"), ("2", "01-06T10", "New"), ("2", "01-16T10", "Talk"),
    ("2", "01-20T10", "Lost"),
    ("3", "01-02T10", "Offer"), ("3", "01-02T10", "New"),
    ("4", "02-10T10", "New"),
]  # fmt: skip


def rows(moves):
    return [{"deal_id": deal, "changed_at": f"2026-{at}:00", "to_stage": stage} for deal, at, stage in moves]


@pytest.fixture
def log_of(snapshot):
    def make(moves=MOVES, deals=DEALS, stages=STAGES, **rest):
        return stage_log(snapshot(deals=deals, stage_changes=rows(moves), stages=stages, **rest))

    return make


def names(log):
    return log.order.table["stage"].to_numpy(object)


def edges(log, **rest):
    found = directly_follows(log, **rest)
    pairs = zip(names(log)[found["stage"]], names(log)[found["next_stage"]], strict=True)
    values = found[["n", "timed", "median_days", "mean_days", "tied"]].itertuples(index=False, name=None)
    return dict(zip(pairs, values, strict=True))


def test_moves_worked_out_by_hand(log_of):
    found = edges(log_of())
    assert list(found) == [  # in the client's order
        ("New", "Talk"), ("New", "Offer"), ("Talk", "New"), ("Talk", "Offer"), ("Talk", "Lost"),
        ("Offer", "Won"),
    ]  # fmt: skip
    assert found["New", "Talk"] == (3, 3, 4.0, pytest.approx(16 / 3), 0)  # 2, 4 and 10 days
    assert found["New", "Offer"] == (1, 1, 0.0, 0.0, 1)  # the tie goes by the order of the stages
    assert found["Talk", "New"] == (1, 1, 1.0, 1.0, 0)
    assert found["Talk", "Lost"] == (1, 1, 4.0, 4.0, 0)


def test_the_order_of_rows_in_the_file_changes_nothing(log_of):
    found = directly_follows(log_of())
    for moves in (MOVES[::-1], [MOVES[place] for place in np.random.default_rng(4).permutation(len(MOVES))]):
        pd.testing.assert_frame_equal(directly_follows(log_of(moves)), found)


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle(log_of):
    moves = [("1", "01-01T00", "New"), ("1", "01-02T00", "Talk"), ("2", "01-01T00", "New"),
             ("2", "01-05T12", "Talk")]  # fmt: skip
    assert edges(log_of(moves))["New", "Talk"][:4] == (2, 2, 2.75, 2.75)  # 1 and 4.5 days


def test_working_days_leave_out_nights_and_weekends(log_of):
    # Friday 2 January 17:00 to Monday 5 January 10:00: an hour on Friday, one on Monday, of nine a day
    moves = [("1", "01-02T17", "New"), ("1", "01-05T10", "Talk"), ("1", "01-05T20", "Offer"),
             ("1", "01-05T21", "Won")]  # fmt: skip
    calendar = WorkCalendar(zone="UTC", hours=(time(9), time(18)))
    found = edges(log_of(moves), working=calendar)
    assert found["New", "Talk"] == (1, 1, pytest.approx(2 / 9), pytest.approx(2 / 9), 0)
    assert found["Offer", "Won"] == (1, 1, 0.0, 0.0, 0)  # no working time lies between, but it is no tie


def test_whole_days_are_counted_as_days_when_the_clocks_change(snapshot):
    days = ("2026-03-28", "2026-03-30")  # 47 hours
    moves = [{"deal_id": "1", "changed_at": day, "to_stage": stage} for day, stage in
             zip(days, ("New", "Talk"), strict=True)]  # fmt: skip
    crm = snapshot(deals=DEALS, stage_changes=moves, stages=STAGES, time_zone="Europe/Amsterdam")
    assert edges(stage_log(crm))["New", "Talk"][2] == 2.0
    assert durations(stage_log(crm))["days"].tolist() == [2.0]


def test_a_beginning_of_unknown_time_is_a_move_without_a_time(snapshot):
    # the CRM records moves with the stage left; deal 1 was created on an unknown day
    moves = [
        {"deal_id": "1", "changed_at": "2026-01-05T10:00", "from_stage": "New", "to_stage": "Talk"},
        {"deal_id": "2", "changed_at": "2026-01-05T10:00", "from_stage": "New", "to_stage": "Talk"},
    ]
    deals = [
        {"deal_id": "1", "stage": "Talk"},
        {"deal_id": "2", "stage": "Talk", "created_at": "2026-01-02T10:00"},
    ]
    log = stage_log(snapshot(deals=deals, stage_changes=moves, stages=STAGES))
    assert edges(log) == {("New", "Talk"): (2, 1, 3.0, 3.0, 0)}
    calendar = WorkCalendar(zone="UTC")
    assert edges(log, working=calendar)["New", "Talk"][:2] == (2, 1)
    assert durations(log)["days"].fillna(-1).tolist() == [-1, 3.0]
    assert reached(log)[["deals", "timed"]].values.tolist() == [[2, 1], [2, 1]]


def test_starts_and_ends(log_of):
    log = log_of()
    found = starts(log)
    assert (names(log)[found["stage"]].tolist(), found["n"].tolist()) == (["New"], [4])
    found = ends(log)
    assert names(log)[found["stage"]].tolist() == ["New", "Offer", "Won", "Lost"]
    assert found["n"].tolist() == [1, 1, 1, 1] and found["share"].tolist() == [0.25] * 4


def test_reached(log_of):
    log = log_of()
    found = reached(log)
    assert names(log)[found["stage"]].tolist() == ["New", "Talk", "Offer", "Won", "Lost"]
    assert found["deals"].tolist() == [4, 2, 2, 1, 1]
    assert found["again"].tolist() == [1, 1, 0, 0, 0]  # deal 2 twice in New and in Talk
    # Talk after 2 and 4 days, Offer after 6 and 0
    assert found["median_days"].tolist() == [0.0, 3.0, 3.0, 7.0, 19.0]


def test_durations(log_of):
    found = durations(log_of())
    assert found["deal_ix"].tolist() == [0, 1, 2, 3]
    assert found["entries"].tolist() == [4, 5, 2, 1]
    assert found["days"].tolist() == [7.0, 19.0, 0.0, 0.0]


def test_self_loops_are_collapsed_or_kept(log_of):
    moves = [("1", "01-01T10", "New"), ("1", "01-02T10", "New"), ("1", "01-04T10", "Talk")]
    assert edges(log_of(moves)) == {("New", "Talk"): (1, 1, 3.0, 3.0, 0)}
    kept = log_of(moves, self_loops="keep")
    assert edges(kept) == {("New", "New"): (1, 1, 1.0, 1.0, 0), ("New", "Talk"): (1, 1, 2.0, 2.0, 0)}
    assert reached(kept)["again"].tolist() == [1, 0]


def test_a_log_of_some_deals(log_of):
    log = log_of()
    january = Period.parse("2026-01", "UTC")
    assert entered_first(log, january).tolist() == [True, True, True, False]
    assert entered_first(log, Period.parse("all", "UTC")).all()
    some = narrowed(log, np.array([True, False, True, False]))
    assert durations(some)["deal_ix"].tolist() == [0, 2]
    assert edges(some).keys() == {("New", "Talk"), ("Talk", "Offer"), ("Offer", "Won"), ("New", "Offer")}
    assert (some.ties, log.ties) == (1, 1)
    assert narrowed(log, np.array([True, True, False, True])).ties == 0


def test_nothing_gives_empty_frames(snapshot):
    log = stage_log(snapshot(deals=DEALS, stages=STAGES))
    for told in (directly_follows, starts, ends, reached, durations):
        assert told(log).empty
    assert directly_follows(log, working=WorkCalendar(zone="UTC")).empty
    assert not entered_first(log, Period.parse("2026", "UTC")).any()


@pytest.mark.parametrize("seed", range(3))
def test_plain_pandas_says_the_same(snapshot, seed):
    rng = np.random.default_rng(seed)
    count = 400
    deal, stage = rng.integers(1, 61, count), rng.integers(0, 5, count)
    hours = rng.integers(0, 24 * 40, count)  # many ties
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(hours, unit="h")
    log_rows = pd.DataFrame({"deal": deal, "at": at, "stage": stage})
    label = [one["name"] for one in STAGES]
    moves = [
        {"deal_id": str(one.deal), "changed_at": one.at.isoformat(), "to_stage": label[one.stage]}
        for one in log_rows.sample(frac=1, random_state=seed).itertuples()
    ]
    deals = [{"deal_id": str(number), "stage": "New"} for number in range(1, 61)]
    crm = snapshot(deals=deals, stage_changes=moves, stages=STAGES, self_loops="keep")
    log = stage_log(crm)
    log_rows = log_rows.drop_duplicates().sort_values(["deal", "at", "stage"])  # the same row twice is one
    log_rows["next_stage"] = log_rows.groupby("deal")["stage"].shift(-1)
    log_rows["gap"] = log_rows.groupby("deal")["at"].shift(-1) - log_rows["at"]
    expected = log_rows.dropna().groupby(["stage", "next_stage"])["gap"].agg(["size", "median", "mean"])
    found = edges(log)
    assert len(found) == len(expected)
    for (here, there), row in expected.iterrows():
        n, timed, median, mean, _ = found[label[int(here)], label[int(there)]]
        assert (n, timed) == (row["size"], row["size"])
        assert median == pytest.approx(row["median"] / pd.Timedelta(days=1), abs=1e-9)
        assert mean == pytest.approx(row["mean"] / pd.Timedelta(days=1), abs=1e-9)
    assert sum(one[4] for one in found.values()) == (log_rows["gap"] == pd.Timedelta(0)).sum() == log.ties
    begun = log_rows.groupby("deal")["at"].transform("min")
    first = log_rows.assign(days=(log_rows["at"] - begun) / pd.Timedelta(days=1))
    first = first.groupby(["deal", "stage"])["days"].min().groupby("stage").agg(["size", "median"])
    told = reached(log)
    assert told["deals"].tolist() == first["size"].tolist()
    assert told["median_days"].tolist() == pytest.approx(first["median"].tolist())


def test_many_stages_and_many_years_do_not_fit_into_one_integer():
    table = pd.DataFrame({"pipeline": "P", "stage": [f"S{n}" for n in range(300)], "kind": "open"})
    table["position"] = np.arange(1.0, 301)
    day = 86_400_000_000
    at = np.array([0, 20_000, 5, 7, 0, 9, 10]) * day  # 20 000 days are 55 years
    stage = np.array([7, 299, 7, 299, 7, 299, 0], dtype=np.int16)
    deal = np.array([0, 0, 1, 1, 2, 2, 2], dtype=np.int32)
    none = np.zeros(3, dtype=bool)
    log = StageLog(deal, at, stage, np.full(7, -1), order_of(table), pd.DataFrame(), none, 0)
    found = directly_follows(log)
    assert found[["stage", "next_stage", "n", "median_days", "mean_days"]].values.tolist() == [
        [7, 299, 3, 9.0, 20_011 / 3],
        [299, 0, 1, 1.0, 1.0],
    ]
    assert reached(log)["median_days"].tolist() == [10.0, 0.0, 9.0]


def test_a_log_of_steps(snapshot):
    crm = snapshot(deals=DEALS, stage_changes=rows(MOVES), stages=STAGES)
    log = stage_log(crm)
    merged = relabelled(crm, log, log.order, np.array([0, 0, 2, 3, 4]))  # New and Talk are one
    assert edges(merged).keys() == {("New", "Offer"), ("New", "Lost"), ("Offer", "Won")}
    assert edges(merged)["New", "Offer"][:4] == (2, 2, 3.0, 3.0)  # 6 days and 0
