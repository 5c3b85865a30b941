"""The bonus that violations would leave: what costs, what does not, and in which period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from crmkit.audit.bonus import propose
from crmkit.audit.examine import examine
from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.schema import Snapshot

Make = Callable[..., Snapshot]


def deal(name: str, rep: str, **more: str) -> dict[str, str]:
    """Return an open deal with a task to come, unless said otherwise."""
    told = {"deal_id": name, "title": name, "manager_id": rep, "created_at": "2026-03-05 10:00"}
    return told | {"status": "open", "next_task_at": "2026-04-02 10:00"} | more


def idle(name: str, rep: str) -> dict[str, str]:
    return deal(name, rep, next_task_at="")


def lost(name: str, rep: str, day: str, why: str = "") -> dict[str, str]:
    return deal(name, rep, status="lost", closed_at=day, lost_reason=why, next_task_at="")


DEALS = [
    idle("a1", "Ann"), idle("a2", "Ann"), deal("a3", "Ann"), lost("a4", "Ann", "2026-03-10"),
    idle("b1", "Bob"), deal("b2", "Bob"),
    deal("c1", "Cid"), lost("c2", "Cid", "2026-02-10"), lost("c3", "Cid", "2026-03-12", "dear"),
    idle("d1", "Dan"), idle("e1", "Eve"), idle("n1", ""),
]  # fmt: skip
PEOPLE = [
    {"name": "Ann"}, {"name": "Bob"}, {"name": "Cid"}, {"name": "Dan", "left_on": "2026-02-20"},
    {"name": "Eve", "hired_on": "2026-03-20"},
]  # fmt: skip


def made(snapshot: Make, bonus: dict[str, Any] | None = None, **more: Any) -> Snapshot:
    rules = {"checks": ["H01", "H05"]} | (bonus or {})
    return snapshot(DEALS, as_of="2026-03-31", managers=PEOPLE, audit={"bonus": rules}, **more)


def told(frame: pd.DataFrame, *names: str) -> dict[str, tuple[Any, ...]]:
    return {row["manager_id"]: tuple(row[name] for name in names) for row in frame.to_dict("records")}


def test_once_costs_five_per_cent_and_repeatedly_ten_the_worst_check_decides(snapshot: Make) -> None:
    bonus = propose(examine(made(snapshot)))
    # Ann: H01 twice (10 %), H05 once (5 %): the worst is 10 %. Bob: H01 once. Cid's loss without a reason was
    # in February; Dan had left by March; Eve was hired after her deal fell idle; n1 is nobody's.
    assert told(bonus.reps, "share", "decided", "wrong", "checked", "inherited") == {
        "Ann": (0.90, "H01", 3, 4, 0),
        "Bob": (0.95, "H01", 1, 2, 0),
        "Cid": (1.0, "", 0, 2, 0),
        "Eve": (1.0, "", 0, 1, 1),
    }
    assert bonus.reps["rate"].tolist() == [0.75, 0.5, 0.0, 0.0]
    assert bonus.audit.period.days()[0].isoformat() == "2026-03-01"


def test_the_rows_that_cost_each_per_cent_stand_beside(snapshot: Make) -> None:
    rows = propose(examine(made(snapshot))).rows
    got = [tuple(row) for row in rows[["manager_id", "check", "id", "standing", "deduction"]].to_numpy()]
    assert got == [
        ("Ann", "H01", "a1", "counts", 0.10),
        ("Ann", "H01", "a2", "counts", 0.10),
        ("Bob", "H01", "b1", "counts", 0.05),
        ("Eve", "H01", "e1", "inherited", 0.0),
        ("Ann", "H05", "a4", "counts", 0.05),
    ]


def test_the_sum_of_all_checks_down_to_a_floor(snapshot: Make) -> None:
    bonus = propose(examine(made(snapshot, {"mode": "sum"})))
    assert told(bonus.reps, "share", "decided")["Ann"] == (pytest.approx(0.85), "H01, H05")
    floored = propose(examine(made(snapshot, {"mode": "sum", "floor": 0.88})))
    assert told(floored.reps, "share", "deduction")["Ann"] == (pytest.approx(0.88), pytest.approx(0.12))


def test_checks_that_cost_alike_are_all_named(snapshot: Make) -> None:
    bonus = propose(examine(made(snapshot, {"once": 0.1})))
    assert told(bonus.reps, "share", "decided")["Ann"] == (0.90, "H01, H05")


def test_a_waived_row_costs_nothing_and_is_counted(snapshot: Make) -> None:
    until = pd.Timestamp("2026-04-30")
    waivers = pd.DataFrame({"check": ["H01"], "id": ["a1"], "reason": ["agreed"], "until": [until]})
    bonus = propose(examine(made(snapshot), waivers=waivers))
    # One row of H01 and one of H05 remain: 5 % each, and the worst of them is 5 %.
    assert told(bonus.reps, "share", "decided", "waived")["Ann"] == (0.95, "H01, H05", 1)
    assert bonus.rows["standing"].tolist().count("waived") == 1


def test_a_period_asked_for_is_kept(snapshot: Make) -> None:
    crm = made(snapshot)
    bonus = propose(examine(crm, Period.parse("2026-02", "UTC")))
    # Cid's loss counts now, Ann's of March does not; what stands open counts as it does today.
    assert told(bonus.reps, "share", "decided")["Cid"] == (0.95, "H05")
    assert told(bonus.reps, "share", "decided")["Ann"] == (0.90, "H01")


def test_what_could_not_be_examined_costs_nothing_and_is_named(snapshot: Make) -> None:
    crm = snapshot(
        [{"title": "x", "manager_id": "Ann", "created_at": "2026-03-05", "status": "open"}],
        audit={"bonus": {"checks": ["H01", "H05"]}},
    )
    bonus = propose(examine(crm))
    assert bonus.reps.empty
    assert bonus.rows.empty
    assert dict(zip(bonus.audit.states["check"], bonus.audit.states["reason"], strict=True)) == {
        "H01": "not_in_export", "H05": "not_in_export",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("audit", "place", "told"),
    [
        ({"bonus": {"once": "5"}}, "audit.bonus.once", "too large"),
        ({"bonus": {"floor": -0.1}}, "audit.bonus.floor", "too small"),
        ({"bonus": {"onc": 0.1}}, "audit.bonus.onc", "Did you mean «once»"),
        ({"sample_per_rep": 0}, "audit.sample_per_rep", "too small"),
        ({"names": "nick"}, "audit.names", "'full', 'initials', 'off'"),
        ({"skip": ["H24"]}, "audit.skip", "H23"),
    ],
)
def test_rules_that_cannot_be_are_refused(snapshot: Make, audit: Any, place: str, told: str) -> None:
    with pytest.raises(CrmkitError) as refused:
        snapshot(DEALS, audit=audit)
    assert place in str(refused.value)
    assert told in str(refused.value)


def test_a_waiver_of_one_table_excuses_no_like_number_of_another(snapshot: Make) -> None:
    done = {"manager_id": "Ann", "deal_id": "a1", "title": "", "text": "called"}
    tasks = [done | {"task_id": "7", "completed_at": "2026-03-10 10:00"}]
    acts = [done | {"activity_id": "7", "at": "2026-03-10 11:00", "kind": "call", "direction": "out"}]
    tasks.append(tasks[0] | {"task_id": "8", "title": "x"})  # the column is in the export
    acts.append(acts[0] | {"activity_id": "8", "title": "x"})
    rules = {"bonus": {"checks": ["H04"]}}
    crm = snapshot([idle("a1", "Ann")], as_of="2026-03-31", audit=rules, tasks=tasks, activities=acts)
    waiver = {"check": "H04", "table": "tasks", "id": "7", "reason": "import"}
    waiver |= {"until": pd.Timestamp("2026-12-31")}
    bonus = propose(examine(crm, waivers=pd.DataFrame([waiver])))
    # Of the two rows without a title the task is waived, the call of the same number is not.
    assert told(bonus.reps, "share", "wrong", "waived") == {"Ann": (0.95, 1, 1)}
