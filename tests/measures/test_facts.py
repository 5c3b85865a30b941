"""What several rooms need to know of a Snapshot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from crmkit.edges import begins_without_closings, losses_since, not_won_since
from crmkit.facts import is_status, is_technical, open_tasks
from crmkit.measures import evaluate
from crmkit.periods import Period


def test_a_deal_without_a_status_has_none_of_them(snapshot):
    crm = snapshot(
        [{"created_at": "2026-01-02", "status": "open"}, {"created_at": "2026-01-02", "status": "won"}]
    )
    # Whatever categories the column happens to have: a missing status is not an unknown category.
    status = pd.Series(pd.Categorical(["won", None], categories=["won"]))
    bare = replace(crm, tables={**crm.tables, "deals": crm.deals.assign(status=status)})
    assert [is_status(bare, name).tolist() for name in ("open", "won", "lost")] == [
        [False, False], [True, False], [False, False],
    ]  # fmt: skip


def test_a_technical_loss_is_named_by_reason_or_stage_and_is_lost(snapshot):
    stages = [{"name": "New"}, {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
              {"name": "Double", "kind": "lost"}]  # fmt: skip
    closed = {"created_at": "2026-01-02", "closed_at": "2026-01-03"}
    deals = [
        closed | {"status": "lost", "lost_reason": " TEST "},
        closed | {"stage": "Double"},
        closed | {"status": "won", "lost_reason": "Test"},  # a slip: the deal was won
        closed | {"status": "lost", "lost_reason": "Price"},
        {"created_at": "2026-01-02", "status": "open", "lost_reason": ""},
    ]
    crm = snapshot(deals, stages=stages, technical_losses=["Test", "double"])
    assert is_technical(crm).tolist() == [True, True, False, False, False]


def test_open_tasks_are_counted_by_deal(snapshot):
    tasks = [
        {"deal_id": "1", "completed_at": "", "due_at": "2026-01-09 10:00"},
        {"deal_id": "1", "completed_at": ""},
        {"deal_id": "2", "completed_at": "2026-01-03 10:00"}, {"deal_id": "", "completed_at": ""},
    ]  # fmt: skip
    deal = {"created_at": "2026-01-02", "status": "open"}
    waiting, overdue = open_tasks(snapshot([deal, deal], tasks=tasks))
    assert (waiting.tolist(), overdue.tolist()) == ([2, 0], [1, 0])
    assert [each.tolist() for each in open_tasks(snapshot([deal]))] == [[0], [0]]
    # Without a list of tasks, the deal's own next task is one; that of today (31 March) is over tonight.
    own = [deal | {"next_task_at": day} for day in ("2026-03-30", "2026-03-31", "")]
    waiting, overdue = open_tasks(snapshot(own, as_of="2026-03-31 12:00"))
    assert (waiting.tolist(), overdue.tolist()) == ([1, 1, 0], [1, 0, 0])


def test_an_export_that_begins_without_closings_is_seen(snapshot):
    def deals(first_closing: str) -> list[dict[str, str]]:
        closings = pd.date_range(first_closing, periods=5, freq="D")
        return [
            {"created_at": "2025-10-01", "closed_at": "", "status": "open"},
            *(
                {
                    "created_at": str(day - np.timedelta64(20, "D"))[:10],
                    "closed_at": str(day)[:10],
                    "status": "won",
                }
                for day in closings
            ),
        ]

    # The cycle is 20 days; nothing closes for more than twice that, from 1 October to 12 November.
    cut = begins_without_closings(snapshot(deals("2025-11-12")))
    assert [str(moment.date()) for moment in cut] == ["2025-10-01", "2025-11-12"]
    assert begins_without_closings(snapshot(deals("2025-11-10"))) is None  # exactly twice
    assert begins_without_closings(snapshot([{"created_at": "2026-01-02", "status": "open"}])) is None


def ended(won: int, lost: int, month: str) -> list[dict[str, str]]:
    """Return deals won and lost in a month, one an hour, the won ones first."""
    hours = pd.date_range(f"2026-{month}-01", periods=won + lost, freq="h")
    status = ["won"] * won + ["lost"] * lost
    return [
        {"created_at": str(hour), "closed_at": str(hour), "status": one}
        for hour, one in zip(hours, status, strict=True)
    ]


def test_losses_that_are_recorded_only_from_some_day_on_are_seen(snapshot):
    # 40 won in January and no loss; in March 30 of 40 are lost: .25^40 says that January's losses are gone.
    found = snapshot(ended(40, 0, "01") + ended(0, 30, "02") + ended(10, 0, "03"))
    assert losses_since(found) == pd.Timestamp("2026-02-01", tz="UTC")
    assert not_won_since(found) == pd.Timestamp("2026-02-01", tz="UTC")
    # One that was not archived, among 40 others, changes nothing.
    found = snapshot(ended(20, 1, "01") + ended(20, 0, "02") + ended(0, 30, "03") + ended(10, 0, "03"))
    assert losses_since(found) == pd.Timestamp("2026-03-01", tz="UTC")
    assert evaluate("win_rate", found)["value"].tolist() == [0.25]  # 10 of the 40 of March
    assert evaluate("win_rate", found, Period.parse("2026-01", "UTC"))["missing"].tolist() == [
        "one_kind_then"
    ]


def test_few_deals_and_a_department_that_wins_most_are_no_gap_in_the_record(snapshot):
    rows = ended(0, 30, "02") + ended(10, 0, "03")
    assert losses_since(snapshot(ended(20, 0, "01") + rows)) is None  # 20 are too few to say
    assert losses_since(snapshot(ended(40, 0, "01") + ended(200, 9, "02"))) is None  # only 9 are lost at all
    # Of 10 in January one is lost, of 40 later on half: that is another win rate, and no gap in the record.
    assert losses_since(snapshot(ended(27, 3, "01") + ended(20, 20, "02"))) is None
    assert losses_since(snapshot(ended(29, 0, "01"))) is None


def test_an_export_of_won_deals_alone_has_no_win_rate(snapshot):
    found = snapshot(ended(30, 0, "01"))
    assert losses_since(found) is pd.NaT
    assert evaluate("win_rate", found)["missing"].tolist() == ["one_outcome"]
    assert evaluate("won_deals", found)["value"].tolist() == [30]
