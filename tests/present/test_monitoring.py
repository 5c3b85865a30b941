"""The figures to keep an eye on: now, before, by rep, and what the export would need for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crmkit import open_study
from crmkit.errors import RequestError
from crmkit.present import monitoring
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences

FolderOf = Callable[..., Path]
HEAD = "deal_id,stage,created_at,closed_at,amount,manager_id\n"


def closed(month: int, won: int, lost: int, rep: str = "Ann", amount: int = 100) -> str:
    """Return deals closed in a month of 2026."""
    stages = ["Won"] * won + ["Lost"] * lost
    return "".join(
        f"{month}-{rep}-{number},{stage},2026-01-02,2026-{month:02d}-05,{amount},{rep}\n"
        for number, stage in enumerate(stages)
    )


def rows(table: Table) -> dict[str, list[str]]:
    """Return what a page shows, by the name of the figure."""
    texts = [
        [str(table.shown_at(row, column)).replace("\u00a0", " ") for column in range(len(table.columns))]
        for row in range(len(table.rows))
    ]
    return {row[1].strip("\u2003"): [row[0], *row[2:]] for row in texts}


PRESET = ["won_deals", "revenue", "win_rate", "average_check:median", "open_deals", "tasks_on_time"]


def test_now_and_before_and_the_change_where_both_have_cases_enough(client: FolderOf) -> None:
    # March: 30 won of 40; February: 20 won of 40
    lines = HEAD + closed(3, 30, 10) + closed(2, 20, 20, amount=50)
    table = monitoring.figures(open_study(client(lines, preset=PRESET), period="2026-03"))
    assert isinstance(table, Table)
    assert [column.heading.replace("\u00a0", " ") for column in table.columns] == [
        "Group", "Figure", "March 2026", "n", "February 2026", "Change",
    ]  # fmt: skip
    told = rows(table)
    assert told["1. Won deals"] == ["Sales", "30", "30", "20", ""]  # 20 are fewer than 30 cases
    assert told["2. Revenue"] == ["Sales", "$3,000", "30", "$1,000", ""]
    assert told["3. Win rate"] == ["Sales", "75.0% (60–86%)", "40", "50.0% (35–65%)", "+25.0 points"]
    assert told["5. Open deals"][1:] == ["0", "0", "—", ""]  # of the day described: nothing before
    assert told["6. Tasks on time"][1] == "not in this export (1)"
    assert table.notes[0].startswith("(1) The list of tasks is not in this export. Export the tasks too")
    more = HEAD + closed(3, 45, 0) + closed(2, 30, 0)
    table = monitoring.figures(open_study(client(more, preset=["won_deals"]), period="2026-03"))
    assert isinstance(table, Table)
    assert rows(table)["1. Won deals"][-1] == "+50.0%"  # 30 → 45
    json.dumps(table._repr_mimebundle_(), allow_nan=False)


@pytest.mark.parametrize(("language", "title", "note"), [
    ("en", "The 23 figures to keep an eye on", "our own reconstruction"),
    ("ru", "23 показателя на контроле", "составлен нами"),
])  # fmt: skip
def test_the_default_is_the_preset_of_23_and_says_whose_it_is(
    client: FolderOf, language: str, title: str, note: str
) -> None:
    study = open_study(client(HEAD + closed(3, 5, 5)), language=language, period="2026-03")
    table = monitoring.figures(study)
    assert isinstance(table, Table)
    assert table.title == title and note in table.remarks[-2]  # the last remark is that of small numbers
    numbers = [row[1].split(".")[0] for row in table.rows if not str(row[1]).startswith("\u2003")]
    assert numbers == [str(number) for number in range(1, 24)]


def test_by_rep_few_cases_stay_few_and_the_department_is_last(client: FolderOf) -> None:
    lines = HEAD + closed(3, 4, 3) + closed(3, 20, 20, "Bob")
    (table,) = monitoring.by_rep(open_study(client(lines, preset=PRESET), period="2026-03")).items
    assert [column.heading for column in table.columns[2:]] == ["Ann", "Bob", "The whole department"]
    told = rows(table)
    assert told["Win rate"] == ["Sales", "4 of 7", "50.0% (35–65%)", "51.1% (37–65%)"]  # 24 of 47
    assert told["Revenue"] == ["Sales", "$400", "$2,000", "$2,400"]
    # shaded by the largest of the row: 400 of 2000 is 0.8 of 4 shades; shares have none
    assert [table.heat[key][1] for key in ("r0", "r1")] == [1, 4]
    assert [table.heat[key][2] for key in ("r0", "r1")] == [0, 0]
    assert "Tasks on time" not in told


def test_many_reps_stand_in_several_tables_with_one_scale(client: FolderOf) -> None:
    lines = HEAD + "".join(closed(3, number, 0, f"R{number}") for number in range(1, 8))
    tables = monitoring.by_rep(open_study(client(lines, preset=["won_deals"]), period="2026-03")).items
    assert [len(table.columns) for table in tables] == [2 + 4 + 1, 2 + 3 + 1]
    assert [rows(table)["Won deals"][-1] for table in tables] == ["28", "28"]
    assert tables[0].heat["r0"] == (1,) and tables[1].heat["r2"] == (4,)  # 1 and 7 of at most 7


def test_a_client_of_whom_nothing_can_be_told(client: FolderOf) -> None:
    study = open_study(client("deal_id,stage\n1,New\n", preset=["tasks_on_time"]))
    assert isinstance(monitoring.figures(study), Sentences)
    assert isinstance(monitoring.by_rep(study), Sentences)


def test_an_unknown_measure_of_the_settings_is_refused(client: FolderOf) -> None:
    with pytest.raises(RequestError, match="Did you mean «revenue»"):
        monitoring.figures(open_study(client(HEAD + closed(3, 1, 1), preset=["revenu"])))
