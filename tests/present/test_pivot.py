"""Pivots: totals are told by ``evaluate``, small numbers keep their marks, colours follow the figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmkit import Period, open_study
from crmkit.errors import RequestError, SettingsError
from crmkit.present import controls, pivot
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences

FolderOf = Callable[..., Path]
HEAD = "deal_id,stage,created_at,closed_at,amount,manager_id,source\n"


def closed(counts: dict[tuple[str, str], tuple[int, int]]) -> str:
    """Return deals closed in March by (rep, source): how many won, how many lost."""
    lines, number = [], 0
    for (rep, source), pair in counts.items():
        for stage, many in zip(("Won", "Lost"), pair, strict=True):
            for _ in range(many):
                number += 1
                lines.append(f"{number},{stage},2026-01-05,2026-03-{number % 28 + 1:02d},100,{rep},{source}")
    return HEAD + "\n".join(lines) + "\n"


def shown(table: Table) -> list[list[str]]:
    return [
        [str(table.shown_at(row, column)).replace("\u00a0", " ") for column in range(len(table.columns))]
        for row in range(len(table.rows))
    ]


def test_totals_are_shares_of_all_and_never_sums_of_shares(client: FolderOf) -> None:
    lines = closed({("Ann", "Web"): (30, 10), ("Ann", "Fair"): (3, 4), ("Bob", "Web"): (5, 15)})
    made = pivot.pivot(open_study(client(lines), period="2026-03"), "win_rate", ("manager", "source"))
    assert isinstance(made, Table)
    assert [column.heading for column in made.columns] == [
        "Rep",
        "Web",
        "Fair",
        "All together",
    ]  # Web is larger
    texts = [[cell.split(" (")[0] for cell in row] for row in shown(made)]
    assert texts == [
        ["Ann", "75.0%", "3 of 7", "70.2%"],  # 33 of 47
        ["Bob", "25.0%", "—", "25.0%"],
        ["All together", "58.3%", "3 of 7", "56.7%"],  # 35 of 60, 38 of 67
    ]
    assert made.title == "Win rate, %: rep × source"
    # 75 % is the darkest; 25 % is a third of it: shade 2 of 6; 3 of 7 is too few for a colour
    assert made.heat == {"c0": (6, 2, 0), "c1": (0, 0, 0)}
    assert made.notes == (
        "The darker, the larger; the darkest is 75.0%.",
        "Figures of fewer than 10 cases have no colour.",
    )
    assert 'title="n = 40"' in made.fragment()
    assert Table.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False))) == made


def test_sums_have_their_cells_coloured_however_few_the_cases(client: FolderOf) -> None:
    lines = closed({("Ann", "Web"): (3, 0), ("Bob", "Fair"): (1, 0), ("", "Web"): (2, 0)})
    made = pivot.pivot(open_study(client(lines), period="2026-03"), "revenue", ("manager", "source"))
    assert isinstance(made, Table)
    assert shown(made) == [
        ["Ann", "300", "—", "300"],
        ["Bob", "—", "100", "100"],
        ["not set", "200", "—", "200"],
        ["All together", "500", "100", "600"],
    ]
    assert made.heat == {"c0": (6, 0, 4, 0), "c1": (0, 2, 0, 0)}
    assert made.title == "Revenue, $: rep × source"


def test_a_slice_of_time_runs_on_and_names_partial_spans(client: FolderOf) -> None:
    lines = HEAD + "1,New,2026-01-20,,,Ann,\n2,New,2026-03-02,,,Ann,\n3,New,2026-03-03,,,Bob,\n"
    study = open_study(client(lines), period="2026-01-15..2026-04-01")
    made = pivot.pivot(study, "new_deals", ("manager", "month"))
    assert isinstance(made, Table)
    # February has no deals: the column is left out, as is every row without any
    assert [column.heading.replace("\u00a0", " ") for column in made.columns] == [
        "Rep", "15 Jan 2026 – 31 Jan 2026", "Mar 2026", "All together",
    ]  # fmt: skip
    assert shown(made) == [["Ann", "1", "1", "2"], ["Bob", "—", "1", "1"], ["All together", "1", "2", "3"]]
    turned = pivot.pivot(study, "new_deals", ("month", "manager"))
    assert isinstance(turned, Table)
    assert [row[0] for row in shown(turned)] == ["15 Jan 2026 – 31 Jan 2026", "Mar 2026", "All together"]


def test_many_columns_keep_the_largest_and_fold_the_rest(client: FolderOf) -> None:
    counts = {("Ann", f"S{number:02d}"): (number, 1) for number in range(1, 31)}
    study = open_study(client(closed(counts)), period="2026-03")
    made = pivot.pivot(study, "won_deals", ("manager", "source"))
    assert isinstance(made, Table)
    headings = [column.heading for column in made.columns]
    assert headings == ["Rep", *(f"S{number:02d}" for number in range(30, 7, -1)), "others", "All together"]
    assert shown(made)[0][-2:] == ["28", "465"]  # 1 + … + 7, 1 + … + 30
    assert made.heat["c0"] == (6, 0) and "c23" not in made.heat  # «others» are no item
    rates = pivot.pivot(study, "win_rate", ("manager", "source"))
    assert isinstance(rates, Table)
    assert len(rates.columns) == 1 + 23 + 1  # shares do not add up: they are left out, and counted
    assert rates.notes[0] == "7 more columns are not shown."


def test_what_the_export_lacks_is_said(client: FolderOf) -> None:
    lines = "deal_id,stage,created_at,manager_id\n1,New,2026-03-01,Ann\n"
    made = pivot.pivot(open_study(client(lines)), "revenue", ("manager", "month"))
    assert isinstance(made, Sentences)
    assert any(text.startswith("Deals have no amount in this export.") for text in made.paragraphs)


@pytest.mark.parametrize(
    ("measure", "by", "said"),
    [
        ("new_deals", ("manager", "manager"), "these two slices do not make a table"),
        ("new_deals", ("month", "year"), "these two slices do not make a table"),
        ("open_deals", ("manager", "month"), "cannot be told by time"),
        ("stage_distribution", ("manager", "source"), "a distribution is no single figure for a cell"),
        ("new_deels", ("manager", "source"), "there is no such measure"),
        ("new_deals", ("manager", "sauce"), "there is no such slice"),
    ],
)
def test_what_makes_no_table_is_refused(
    client: FolderOf, measure: str, by: tuple[str, str], said: str
) -> None:
    study = open_study(client(closed({("Ann", "Web"): (1, 1)})))
    with pytest.raises(RequestError, match=said):
        pivot.pivot(study, measure, by)


def test_the_settings_choose_the_pivots(client: FolderOf) -> None:
    lines = closed({("Ann", "Web"): (1, 1)})
    assert len(pivot.pages(open_study(client(lines))).items) == 2
    wish: dict[str, Any] = {"pivots": [{"measure": "lost_deals", "rows": "source", "columns": "manager"}]}
    (page,) = pivot.pages(open_study(client(lines, report=wish), period="2026-03")).items
    assert shown(page)[0] == ["Web", "1", "1"]
    wish["pivots"][0]["rows"] = "sauce"
    with pytest.raises(SettingsError, match=r"client.yml: report.pivots\[1\]: there is no such slice"):
        pivot.pages(open_study(client(lines, report=wish)))


def test_the_controls_turn_the_data(client: FolderOf) -> None:
    lines = closed({("Ann", "Web"): (12, 8), ("Bob", "Fair"): (2, 1)})
    study = open_study(client(lines), language="ru", period="2026-03")
    made = controls.turn(study)
    assert (made.measure.value, made.rows.value, made.columns.value) == (
        "win_rate:closed_count",
        "manager",
        "quarter",
    )
    assert made.period.value == "2026-03"
    assert "60,0" in made.shown.value and "<caption>" in made.shown.value  # 12 of 20
    made.measure.value = "won_deals"
    made.columns.value = "source"
    assert ">12<" in made.shown.value and ">14<" in made.shown.value
    made.period.value = "2026-01"
    assert "ck-warning" in made.shown.value  # nothing was closed in January
    made.period.value = "all"
    assert ">14<" in made.shown.value
    made.rows.value = "source"
    assert "Эти два разреза не составляют таблицы" in made.shown.value
    assert not study.told, "what is turned is not among the findings"
    assert "application/vnd.jupyter.widget-view+json" in made._repr_mimebundle_()


def test_the_controls_offer_what_the_export_can_tell(client: FolderOf) -> None:
    study = open_study(client(closed({("Ann", "Web"): (1, 1)})))
    made = controls.turn(study)
    names = {value for _, value in made.measure.options}
    assert "won_deals" in names and "tasks_on_time" not in names and "stage_distribution" not in names
    slices = {value for _, value in made.rows.options}
    assert {"manager", "source", "month"} <= slices and not slices & {"team", "amount", "deal_id"}
    assert Period.parse(made.period.value, "UTC") == study.period
