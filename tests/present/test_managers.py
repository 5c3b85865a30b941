"""The page of reps: who is called what, what is folded away, what is escaped, what the findings hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crmkit import open_study
from crmkit.measures.cases import REASONS
from crmkit.present.figures import Figure
from crmkit.present.managers import CASES, COUNTED, compared_reps, managers_of, other_outcomes
from crmkit.present.reasons import LEFT_OUT
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences

HEAD = "deal_id,stage,created_at,closed_at,manager_id,amount\n"
#: Won and closed deals: Ann is better than Bob, Cid and Dan; Eva and Fay have few deals; Hal is a hunter.
COUNTS = {
    "a": (80, 120),
    "b": (30, 120),
    "c": (30, 120),
    "d": (30, 120),
    "e": (5, 20),
    "f": (3, 8),
    "h": (2, 50),
}
NAMES = {"a": "Ann", "b": "Bob", "c": "Cid", "d": "Dan", "e": "Eva", "f": "Fay", "h": "Hal"}


def lines(counts: dict[str, tuple[int, int]], amount: str = "100") -> str:
    rows = []
    for rep, (won, n) in counts.items():
        for one in range(n):
            month, stage = f"2025-{7 + one % 6:02}", "Won" if one < won else "Lost"
            rows.append(f"{rep}{one:04},{stage},{month}-01,{month}-{10 + one % 15},{rep},{amount}")
    return HEAD + "\n".join(rows)


@pytest.fixture
def study_of(client):
    def make(counts=COUNTS, language="en", **more: Any) -> Study:
        names = NAMES | more.pop("names", {})
        people = [
            {"id": rep, "name": names[rep], "role": "hunter" if rep == "h" else "closer"} for rep in counts
        ]
        folder = client(lines(counts, more.pop("amount", "100")), managers=people, **more)
        return open_study(folder, language=language, period="all")

    return make


def parts(page: Several) -> tuple[list[str], list[Figure], Table]:
    said = [text.replace("\u00a0", " ") for text in page.items[0].paragraphs]
    charts = [one for one in page.items if isinstance(one, Figure)]
    return said, charts, next(one for one in page.items if isinstance(one, Table))


def cells(table: Table, key: str) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {row[keys.index("name")]: row[keys.index(key)] for row in table.rows}


def test_only_who_differs_by_more_than_chance_is_called_anything(study_of):
    study = study_of()
    said, charts, table = parts(compared_reps(study))
    ann = managers_of(study, "win_rate").rows.set_index("manager_id").loc["a"]
    span = f"{100 * ann['gap_low']:.0f}–{100 * ann['gap_high']:.0f}"
    assert f"better by {span} points" in said[1] and "Ann" in said[1]
    assert "120" in said[1] and "holds" in said[1]  # no verdict without n and label
    # Everybody is accounted for: 1 + 3 + 2 + 1 of seven.
    assert said[2:] == [
        "Of 3 reps the data cannot tell a difference from colleagues.",
        "2 reps have too few cases to be compared.",
        "1 rep has nobody to be compared with.",
    ]
    told = cells(table, "verdict")
    assert told["Ann"].replace("\u00a0", " ") == f"Better by {span} points."
    for name in ("Bob", "Cid", "Dan", "Eva", "Fay", "Hal"):
        assert not any(word in told[name] for word in ("etter", "orse"))
    assert told["Eva"].replace("\u00a0", " ") == "Too few deals to say: 20; at least 30 are needed."
    assert told["Hal"].startswith("It cannot be computed. Nobody else has this role")
    assert len(charts) == 1  # the only hunter is in no picture


def test_places_and_figures_like_for_like_stand_only_where_they_may_be_told(study_of):
    table = parts(compared_reps(study_of()))[2]
    places, like = cells(table, "places"), cells(table, "like")
    assert places["Ann"].startswith("1") and "–" in places["Bob"]
    assert [places[name] for name in ("Eva", "Fay", "Hal")] == [None] * 3
    assert like["Fay"] is None and like["Hal"] is None
    assert like["Eva"] == pytest.approx(0.25, abs=0.01) and like["Bob"] == pytest.approx(0.25, abs=0.01)
    # Fay's 3 of 8 are no share.
    assert "3 of 8" in repr(table).replace("\u00a0", " ")


def test_names_stand_in_their_order_not_in_that_of_figures(study_of):
    table = parts(compared_reps(study_of()))[2]
    assert list(cells(table, "name")) == ["Ann", "Bob", "Cid", "Dan", "Eva", "Fay", "Hal"]
    keys = [column.key for column in table.columns]
    assert "role" in keys and table.name == "managers_win_rate"
    one_role = parts(compared_reps(study_of({rep: COUNTS[rep] for rep in "abcd"})))[2]
    assert "role" not in [column.key for column in one_role.columns]


def test_notes_say_what_is_alike_what_is_not_and_whose_deals_they_are(study_of):
    notes = " ".join(parts(compared_reps(study_of(amount="")))[2].notes)
    assert "alike in quarter" in notes and "Not by «source»: not in the export." in notes
    assert "only who owns a deal now" in notes


def test_what_is_not_counted_is_said(study_of, client):
    study = study_of()
    extra = lines(COUNTS) + "\nz1,Won,2025-07-01,,a,100\nz2,Lost,2025-07-01,2025-07-09,,100"
    study = open_study(client(extra), language="en", period="all")
    notes = " ".join(parts(compared_reps(study))[2].notes).replace("\u00a0", " ")
    assert "Not counted: 1 – closed without a closing date; 1 – nobody responsible." in notes


def test_every_reason_has_its_words():
    assert {one for one in REASONS.categories if one} <= set(LEFT_OUT)
    assert set(CASES.values()) <= set(COUNTED)


def test_one_rep_alone_is_shown_and_not_judged(study_of):
    page = compared_reps(study_of({"a": (80, 120)}))
    said, charts, table = parts(page)
    assert said[1:] == ["1 rep has nobody to be compared with."] and charts == []
    assert cells(table, "told") == {"Ann": "cannot be computed"}
    assert "66.7%" in repr(table).replace("\u00a0", " ")


@pytest.mark.parametrize("won", [0, 60])
def test_an_export_of_won_or_of_lost_deals_only_is_refused_with_a_reason(study_of, won):
    page = compared_reps(study_of(dict.fromkeys("abcd", (won, 60))))
    assert isinstance(page, Sentences) and page.tone == "warning"
    assert page.paragraphs[0].startswith("Win rate. ") and len(page.paragraphs[0]) > 40


def test_hostile_names_do_no_harm(study_of):
    bad = '<img src=x onerror="alert(1)">'
    said, charts, table = parts(compared_reps(study_of(names={"a": bad})))
    assert bad in said[1]  # plain text: it is escaped where it is written
    assert bad not in Sentences(tuple(said))._repr_mimebundle_()["text/html"]
    assert bad not in table._repr_mimebundle_()["text/html"]
    assert "<img" not in json.dumps(charts[0].spec)


def test_other_outcomes_say_what_is_missing_for_them(study_of):
    page = other_outcomes(study_of())
    said = [one for one in page.items if isinstance(one, Sentences)]
    warned = [text.split(".")[0] for one in said if one.tone == "warning" for text in one.paragraphs]
    assert warned == ["Tasks on time", "Sales actions per working day", "Stage conversion"]
    revenue = next(one for one in said if one.paragraphs[0].startswith("Revenue per lead"))
    assert not any("etter by" in text or "orse by" in text for text in revenue.paragraphs)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_findings_hold_the_rows_of_the_comparison(study_of, language):
    study = study_of(language=language)
    compared_reps(study)
    compared_reps(study)  # a second page asks for them again: they are kept once
    other_outcomes(study)
    found = study.found["managers"]
    assert [one["outcome"] for one in found] == [
        "win_rate", "revenue_per_lead", "cycle", "on_time", "actions_per_day", "stage_conversion"
    ]  # fmt: skip
    rows = managers_of(study, "win_rate").rows.set_index("manager_id")
    for one in found[0]["rows"]:
        mine = rows.loc[one["manager_id"]]
        verdict = one["verdict"]
        assert (verdict["label"], verdict["reason"], one["n"]) == (mine["label"], mine["reason"], mine["n"])
        assert one["value"] == pytest.approx(mine["value"]) and verdict["text"]
        if mine["label"] != "cannot_be_computed":
            assert one["gap_low"] == pytest.approx(mine["gap_low"])
    assert found[3]["rows"] == [] and "tasks" in found[3]["missing"]
    json.dumps(found, allow_nan=False)


def test_the_page_speaks_russian(study_of):
    said, _, table = parts(compared_reps(study_of(language="ru")))
    assert said[2:] == [
        "3 менеджеров по данным не отличить от коллег.",
        "У 2 менеджеров данных для сравнения мало.",
        "1 менеджера не с кем сравнить.",
    ]
    assert "лучше на" in said[1] and "держится" in said[1]
    assert table.title.startswith("Доля выигранных по менеджерам")
