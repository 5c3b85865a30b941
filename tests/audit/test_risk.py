"""Money at risk: each open deal once, and amounts that are missing beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmkit.audit.checks import Check, Examined, find_check
from crmkit.audit.examine import Audit, examine
from crmkit.audit.risk import amounts_unknown, money_at_risk
from crmkit.periods import Period
from crmkit.schema import Snapshot

DEALS = [
    {"deal_id": "a", "manager_id": "Ann", "amount": "100", "status": "open"},
    {"deal_id": "b", "manager_id": "Ann", "amount": "", "status": "open"},
    {"deal_id": "c", "manager_id": "Bob", "amount": "30", "status": "open"},
    {"deal_id": "d", "manager_id": "Bob", "amount": "7", "status": "won"},
    {"deal_id": "e", "manager_id": "Bob", "amount": "0", "status": "open"},
    {"deal_id": "f", "manager_id": "", "amount": "5", "status": "open"},
]
TASKS = [{"task_id": "t", "deal_id": "c", "manager_id": "Ann", "created_at": "2026-03-01"}]


def made(name: str, wrong: str, table: str = "deals") -> Check:
    """Return a check that finds the rows with these letters for ids."""

    def rule(crm: Snapshot, period: Period) -> Sequence[Examined]:
        ids = crm.tables[table][f"{table[:-1]}_id"].astype("str")
        return [Examined(table, np.ones(len(ids), dtype=bool), ids.isin(list(wrong)).to_numpy())]

    return replace(find_check("H01"), id=name, needs=frozenset(), rule=rule)


@pytest.fixture
def audit(snapshot: Callable[..., Snapshot]) -> Audit:
    crm = snapshot([{"title": "D", "created_at": "2026-03-01"} | deal for deal in DEALS], tasks=TASKS)
    waived = {"check": ["H02"], "id": ["a"], "reason": ["x"], "until": [pd.Timestamp("2027-01-01")]}
    checks = [made("H01", "abd"), made("H02", "aef"), made("H03", "t", "tasks")]
    return examine(crm, checks=checks, waivers=pd.DataFrame(waived))


def rows(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(row) for row in frame.astype("object").where(frame.notna(), None).to_numpy()]


def test_a_deal_counts_once_in_the_whole_and_closed_ones_do_not(audit: Audit) -> None:
    # a (100) by H01 (waived in H02 only), b without an amount, c (30) by its task, e with nothing, f (5).
    assert rows(money_at_risk(audit, ())) == [(5, 135.0, 2)]


def test_by_check_and_rep(audit: Audit) -> None:
    # H01: a and b of Ann; d is won. H02: e of Bob, f of nobody; a is waived. H03: the task is Ann's.
    assert rows(money_at_risk(audit)) == [
        ("H01", "Ann", 2, 100.0, 1),
        ("H02", "Bob", 1, None, 1),
        ("H02", None, 1, 5.0, 0),
        ("H03", "Ann", 1, 30.0, 0),
    ]
    assert rows(money_at_risk(audit, ["manager_id"])) == [
        ("Ann", 3, 130.0, 1), ("Bob", 1, None, 1), (None, 1, 5.0, 0),
    ]  # fmt: skip


def test_without_amounts_the_money_is_unknown_not_nothing(snapshot: Callable[..., Snapshot]) -> None:
    crm = snapshot([{"title": "D", "created_at": "2026-03-01", "status": "open", "deal_id": "a"}])
    frame = money_at_risk(examine(crm, checks=[made("H01", "a")]), ())
    assert rows(frame) == [(1, None, 1)]
    assert amounts_unknown(crm) == "not_in_export"
    assert rows(money_at_risk(examine(crm, checks=[made("H01", "")]), ())) == [(0, None, 0)]
    assert money_at_risk(examine(crm, checks=[made("H01", "")])).empty


def test_amounts_of_the_day_of_export_are_not_told_for_an_earlier_day(audit: Audit) -> None:
    early = replace(audit, crm=replace(audit.crm, exported_at=audit.crm.as_of + pd.Timedelta(days=1)))
    assert amounts_unknown(audit.crm) == ""
    assert amounts_unknown(early.crm) == "known_at_export_only"
    assert rows(money_at_risk(early, ())) == [(5, None, 5)]
