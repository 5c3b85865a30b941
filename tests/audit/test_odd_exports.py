"""Exports as they come: numbers of 19 digits, headings that stand again, closings that contradict."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from crmkit import load, load_report, read_client
from crmkit.audit import examine, find_check
from crmkit.audit.examine import ALL
from crmkit.periods import Period
from crmkit.schema import Snapshot

HEAD = "deal_id,title,status,stage,created_at,closed_at,manager_id,lost_reason,company_id,contact_id\n"
#: Numbers that differ in their last digit only: as floating-point numbers they are one.
FIRST = 4_611_686_018_427_387_900
ROWS = [
    "open,New,2026-03-02,,Ann,,F,",  # 0: no task
    "open,New,2026-03-02,,Ann,,,",  # 1: a task to come; no client
    "won,Won,2026-03-02,,Ann,,F,",  # 2: won, nobody knows when
    "lost,Lost,2026-03-02,,Ann,,F,",  # 3: lost, nobody knows when, without a reason
    "lost,Lost,2026-03-02,2026-03-09,Ann,Price,F,",  # 4
    "lost,Lost,2026-03-03,2026-05-09,Ann,,F,",  # 5: lost on a day to come: still open
    "won,New,2026-03-03,2026-03-10,Ann,,F,",  # 6: won, and in an open stage
    "open,Lost,2026-03-03,,Ann,,,P",  # 7: open, and in the stage of the lost; a person is a client
]


@pytest.fixture
def crm(tmp_path: Path) -> Snapshot:
    lines = [f"{FIRST + number},Sale {number},{row}\n" for number, row in enumerate(ROWS)]
    (tmp_path / "deals.csv").write_text("".join([HEAD, *lines[:2], HEAD, *lines[2:], HEAD]), encoding="utf-8")
    tasks = f"task_id,deal_id,due_at,completed_at\n1,{FIRST + 1},2026-04-09,\n2,{FIRST + 6},,2026-03-10\n"
    (tmp_path / "tasks.csv").write_text(tasks, encoding="utf-8")
    kinds = {"New": "open", "Won": "won", "Lost": "lost"}
    stages = [{"name": name, "kind": kind} for name, kind in kinds.items()]
    settings = {
        "format": 1, "name": "Client", "crm": "plain", "as_of": "2026-03-31", "exported_on": "2026-03-31",
        "files": [{"path": f"{table}.csv", "table": table} for table in ("deals", "tasks")],
        "pipelines": [{"name": "Sales", "stages": stages}],
    }  # fmt: skip
    (tmp_path / "client.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    client = read_client(tmp_path)
    files = load_report(client).files.set_index("table").loc["deals"]
    # ten rows below the first headings: two are headings again, and no deal is lost
    assert (files["rows_read"], files["rows_set_aside"], files["rows_kept"]) == (10, 2, 8)
    return load(client)


@pytest.mark.parametrize(
    ("check", "period", "checked", "offenders", "unknown"),
    [
        ("H01", ALL, 4, [0, 5, 7], {}),  # open are 0, 1, 5 and 7; a task to come has only 1
        ("H05", ALL, 2, [3], {}),  # lost are 3 and 4
        # in March 4 was closed; of 3 nobody knows
        ("H05", Period.parse("2026-03", "UTC"), 1, [], {"no_closing_date": 1}),
        ("H09", ALL, 8, [1], {}),
        ("H22", ALL, 1, [4], {"no_closing_date": 1}),  # no task is due from 9 June to 9 September
    ],
)
def test_every_row_is_counted_once(
    crm: Snapshot, check: str, period: Period, checked: int, offenders: list[int], unknown: dict[str, int]
) -> None:
    audit = examine(crm, period, checks=[find_check(check)])
    assert audit.states["checked"].tolist() == [checked]
    assert audit.violations["id"].tolist() == [str(FIRST + one) for one in offenders]
    assert dict(zip(audit.unknown["reason"], audit.unknown["n"], strict=True)) == unknown
