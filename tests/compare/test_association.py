"""What goes together in the reps' work: who counts, what is missing, and no words for few reps."""

from __future__ import annotations

import pandas as pd
import pytest

from crmkit.compare.association import association
from crmkit.measures import ALL

REPS = [f"r{number}" for number in range(1, 7)]
MANAGERS = [{"id": rep, "name": rep, "hired_on": "2024-01-01", "role": "closer"} for rep in REPS]


def department(snapshot, *, reps=REPS, managers=MANAGERS, as_of="2026-03-02", **more):
    """Twelve weeks from Monday 2025-12-08: rep k does k tasks, one on time, and wins k deals a week."""
    deals, tasks = [], []
    for rank, rep in enumerate(reps, 1):
        for monday in pd.date_range("2025-12-08", periods=12, freq="7D"):
            day = f"{monday:%Y-%m-%d}"
            for number in range(rank):
                done = f"{day} 12:00" if number else f"{day} 10:00"
                tasks.append({"manager_id": rep, "due_at": f"{day} 11:00", "completed_at": done})
                deals.append(
                    {
                        "manager_id": rep,
                        "created_at": "2025-12-01",
                        "closed_at": f"{day} 10:00",
                        "status": "won",
                    }
                )
            deals.append(
                {"manager_id": rep, "created_at": "2025-12-01", "closed_at": f"{day} 10:00", "status": "lost"}
            )
    return snapshot(deals, tasks=tasks, as_of=as_of, managers=managers, **more)


def row(found, level, activity, result):
    rows = found.rows
    return rows[(rows["level"] == level) & (rows["activity"] == activity) & (rows["result"] == result)].iloc[
        0
    ]


def test_reps_who_do_more_win_more_and_six_of_them_prove_nothing(snapshot):
    found = association(department(snapshot), ALL)
    told = row(found, "reps", "actions_per_day", "won_per_day")
    assert (told["value"], told["reps"], told["n"]) == (1.0, 6, 6)
    assert (told["label"], told["direction"], told["reason"]) == ("too_little_data", "none", "few_cases")
    # The interval of six ranks in perfect order is wide all the same.
    assert told["low"] < 0.2 and told["high"] == 1.0
    # On time is one task of k: the more tasks, the smaller the share.
    assert row(found, "reps", "tasks_on_time", "win_rate")["value"] == -1.0
    # Nobody's weeks differ: there is no association to be told week by week.
    weekly = row(found, "weeks", "actions_per_day", "won_per_day")
    assert weekly["n"] == 72 and pd.isna(weekly["value"])
    assert weekly["label"] == "too_little_data"


def test_new_hires_and_few_cases_are_left_out_and_counted(snapshot):
    managers = [*MANAGERS[:5], MANAGERS[5] | {"hired_on": "2026-01-15"}]
    crm = department(snapshot, managers=managers)
    found = association(crm, ALL)
    assert row(found, "reps", "actions_per_day", "win_rate")["reps"] == 5
    left = found.left_out
    mine = left[(left["level"] == "reps") & (left["activity"] == "actions_per_day")]
    assert mine[["result", "reason", "n"]].values.tolist() == [
        ["win_rate", "new_hire", 1],
        ["won_per_day", "new_hire", 1],
    ]


def test_what_the_export_lacks_is_named(snapshot):
    deals = [
        {"manager_id": "a", "status": "won", "created_at": "2026-01-01", "closed_at": "2026-02-01"},
        {"manager_id": "b", "status": "lost", "created_at": "2026-01-01", "closed_at": "2026-02-01"},
    ]
    found = association(snapshot(deals), ALL)
    assert set(found.rows["label"]) == {"cannot_be_computed"}
    assert "tasks.due_at" in row(found, "reps", "tasks_on_time", "win_rate")["reason"]
    assert found.left_out.empty


def test_roles_are_compared_with_their_like(snapshot):
    # Three hunters and three closers: each figure is taken less the mean of its role.
    managers = [one | {"role": "hunter" if rank < 3 else "closer"} for rank, one in enumerate(MANAGERS)]
    found = association(department(snapshot, managers=managers), ALL)
    # Figures −1, 0, 1 in either role: ranks tie in pairs, and go together all the same.
    assert row(found, "reps", "actions_per_day", "won_per_day")["value"] == pytest.approx(1.0)
    assert set(found.points["role"]) == {"hunter", "closer"}
