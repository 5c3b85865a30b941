"""The page of a gap: what it says, the waterfall's bars, what it refuses to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crmkit import open_study
from crmkit.compare.gap_sides import Side
from crmkit.errors import RequestError
from crmkit.periods import Period
from crmkit.present.figures import Figure
from crmkit.present.gap import gap_of, gaps
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences

FolderOf = Callable[..., Path]
HEAD = "deal_id,stage,created_at,closed_at,amount,manager_id,source,company_id\n"
ANN, BOB = Side(by="manager", value="Ann"), Side(by="manager", value="Bob")


def rows(
    rep: str, won: int, lost: int, check: float, source: str = "site", closed: str = "2026-03-02"
) -> str:
    """Return deals of a rep; the checks differ by up to a half."""
    spread = np.random.default_rng(len(rep) + won).uniform(0.5, 1.5, won)
    lines = [f"Won,2026-01-05,{closed},{check * one:.2f},{rep},{source}," for one in spread]
    lines += [f"Lost,2026-01-05,{closed},,{rep},{source},"] * lost
    return "\n".join(lines)


def study_of(client: FolderOf, *parts: str, language: str = "en", **settings: Any) -> Study:
    lines = "\n".join(parts).split("\n")
    return open_study(
        client(HEAD + "\n".join(f"{i},{line}" for i, line in enumerate(lines, 1)), **settings),
        language=language,
        period="all",
    )


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def shown(study: Study, *sides: Side, **more: Any) -> tuple[list[str], Figure, Table]:
    told = gap_of(study, *sides, **more)
    assert isinstance(told, Several)
    said, chart, table = told.items
    return [plain(text) for text in said.paragraphs], chart, table


def test_a_difference_that_holds_is_said_with_its_interval_and_the_part_that_makes_it(
    client: FolderOf,
) -> None:
    study = study_of(client, rows("Ann", 90, 60, 1000), rows("Bob", 45, 105, 1000))
    said, chart, table = shown(study, ANN, BOB)
    assert said[0].startswith("Ann: $") and "The difference is +$" in said[0]
    assert said[1].startswith("Higher by $") and said[1].endswith(" Verdict: holds (n = 150).")
    assert [text.split(" (n")[0] for text in said[2:]] == ["Win rate"]
    assert "by itself it makes $" in said[2]
    assert chart.title == table.title == "Ann and Bob: where the difference in revenue comes from"
    ends, adds, takes, chance, whiskers = chart.spec["data"]
    assert (ends["y"], adds["y"], takes["y"]) == ([0, 4], [2], [])
    assert chance["y"] == [1, 3] and chance["marker"]["color"] == "#ffffff"
    assert whiskers["y"] == [1, 2, 3]
    json.dumps(chart._repr_mimebundle_(), allow_nan=False)
    verdicts = [row[-1] for row in table.rows]
    assert verdicts == ["may be chance", "holds", "may be chance", "holds"]
    assert [row[3] for row in table.rows] == [150, 150, 45, 150]
    json.dumps(study.found["gap"], allow_nan=False)
    assert study.found["gap"][1]["verdict"]["label"] == "holds"


def test_the_bars_lead_from_one_side_to_the_other_and_the_printed_parts_add_up(client: FolderOf) -> None:
    study = study_of(client, rows("Ann", 90, 60, 1000), rows("Bob", 30, 120, 1000))
    _, chart, table = shown(study, ANN, BOB)
    ends, adds, _, chance, _ = chart.spec["data"]
    at = dict(zip([*adds["y"], *chance["y"]], [*adds["base"], *chance["base"]], strict=True))
    step = dict(zip([*adds["y"], *chance["y"]], [*adds["x"], *chance["x"]], strict=True))
    assert at[1] == ends["x"][0]
    assert at[2] == pytest.approx(at[1] + step[1])
    assert at[3] + step[3] == pytest.approx(ends["x"][1])
    *parts, total = [row[4] for row in table.rows]
    assert sum(parts) == total
    one, other = (round(table.rows[-1][column]) for column in (1, 2))
    assert total == one - other


def test_that_a_period_has_more_working_days_is_no_finding(client: FolderOf) -> None:
    weeks = [date(2026, 1, 6) + timedelta(weeks=week) for week in range(65)]
    each = [
        rows("Ann", 3 + at * 7 % 4, 6 + at % 3, 1000, closed=str(day)).replace("2026-01-05", str(day))
        for at, day in enumerate(weeks)
    ]
    study = study_of(client, *each, as_of="2027-04-30")
    first, second = (Side(Period.parse(name, "UTC")) for name in ("2026-Q4", "2027-Q1"))
    said, _, table = shown(study, first, second)

    assert [row[0] for row in table.rows if row[-1] == "holds"] == ["Working days"]
    assert said[2] == (
        "Of none of its parts but the working days can the data tell that it is more than chance."
    )


def test_nothing_is_called_better_where_it_may_be_chance(client: FolderOf) -> None:
    study = study_of(client, rows("Ann", 40, 60, 1000), rows("Bob", 38, 62, 1000))
    said, chart, _ = shown(study, ANN, BOB)
    assert said[1].startswith("The data cannot tell them apart: the difference may be from −$")
    assert said[2] == "Of none of its parts can the data tell whether it is more than chance."
    assert not chart.spec["data"][1]["x"] and not chart.spec["data"][2]["x"]


def test_a_way_below_zero_is_on_the_axis(client: FolderOf) -> None:
    # Ann: 20 small deals, all won; Bob: 12 won of 400 leads, of ten thousand: on the way the sum is negative.
    study = study_of(client, rows("Ann", 20, 0, 100), rows("Bob", 12, 400, 10_000))
    _, chart, _ = shown(study, ANN, BOB)
    axis = chart.spec["layout"]["xaxis"]
    assert axis["range"][0] < 0
    assert any(text.startswith("\u2212") for text in axis["ticktext"])


def test_few_deals_are_only_counted(client: FolderOf) -> None:
    told = gap_of(study_of(client, rows("Ann", 2, 3, 10), rows("Bob", 30, 12, 10)), ANN, BOB)
    assert isinstance(told, Sentences)
    assert told.paragraphs[1:] == (
        "Ann: 5 deals came to an end.",
        "Bob: 42 deals came to an end.",
        "Too few to split the difference: 10 on each side are needed.",
    )


def test_what_the_export_lacks_is_said(client: FolderOf) -> None:
    study = study_of(client, rows("Ann", 12, 12, 10), rows("Bob", 12, 12, 10))
    told = gap_of(study, ANN, BOB, chain="stages")
    assert isinstance(told, Sentences) and told.tone == "warning"
    assert "stages" in told.paragraphs[1]


def test_missing_amounts_and_dashes_are_counted_in_words(client: FolderOf) -> None:
    nothing = rows("Ann", 0, 40, 10)
    unpriced = "\n".join(["Won,2026-01-05,2026-03-02,,Bob,site,"] * 3)
    study = study_of(client, nothing, rows("Bob", 20, 20, 1000), unpriced)
    table = shown(study, ANN, BOB)[2]
    notes = [plain(note) for note in table.notes]
    assert "Won deals of Bob that bring no money here: 3 – no amount, or no rate for its currency." in notes
    assert any(note.startswith("A dash: there is nothing to divide by.") for note in notes)
    assert "Deals count for their present owner, whoever worked on them before." in notes
    assert table.rows[-2][1] is None
    assert plain(table.shown_at(len(table.rows) - 2, 1).text) == "—"


def test_hostile_names_are_written_as_text(client: FolderOf) -> None:
    study = study_of(client, rows("<b>$x$ %{y}", 20, 20, 10), rows("Bob", 20, 20, 10))
    _, chart, table = shown(study, Side(by="manager", value="<b>$x$ %{y}"), BOB)
    texts = json.dumps(chart.spec, ensure_ascii=False)
    assert "<b>$x" not in texts and "%{y}" not in texts
    assert "&lt;b&gt;" in table.fragment()


def test_a_report_compares_the_two_reps_with_most_deals_of_one_role(client: FolderOf) -> None:
    parts = [rows("Ann", 20, 30, 10), rows("Bob", 20, 25, 10), rows("Zoe", 20, 20, 10)]
    people = [{"id": name, "name": name, "role": role}
              for name, role in (("Ann", "hunter"), ("Bob", "closer"), ("Zoe", "closer"))]  # fmt: skip
    items = gaps(study_of(client, *parts, managers=people)).items
    assert [item.title for item in items if isinstance(item, Figure)] == [
        "Bob and Zoe: where the difference in revenue comes from"
    ]
    assert [row[0] for row in items[-1].rows][1:3] == ["Which deals: source", "Win rate of like deals"]


def test_where_there_is_nobody_to_compare_it_is_said_why(client: FolderOf) -> None:
    lines = "deal_id,stage,created_at,closed_at,amount\n1,Won,2026-01-05,2026-03-02,100"
    (said,) = gaps(open_study(client(lines), language="en", period="all")).items
    assert said.paragraphs == (
        "There are neither two reps of one role nor two periods to compare.",
        "Deals have no responsible person in this export. Add that column.",
    )


def test_a_gap_can_be_asked_for(client: FolderOf) -> None:
    study = study_of(
        client, rows("Ann", 20, 20, 10), rows("Ann", 20, 40, 10, closed="2026-02-03"), language="ru"
    )
    asked = {"first": "2026-03", "second": "2026-02", "mix": ""}
    items = gaps(replace(study, options={"gap": asked})).items
    assert isinstance(items[2], Figure)
    assert plain(items[2].title) == "март 2026 и февраль 2026: откуда разница в выручке"
    # Nothing was closed before February: it is not set beside March.
    assert items[1].paragraphs[1].startswith("Нельзя посчитать.")
    with pytest.raises(RequestError, match="two sides"):
        gaps(replace(study, options={"gap": {"first": "2026-03"}}))
