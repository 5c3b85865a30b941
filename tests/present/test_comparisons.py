"""Pages of champions, association, to-be, portfolio: no comparing word that is not earned, no cause."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from crmkit import load, read_client
from crmkit.compare.clients import COMPARED, clients
from crmkit.compare.to_be import ToBe
from crmkit.limits import Limits
from crmkit.measures import ALL, find
from crmkit.present import to_be_effect as page
from crmkit.present.association import association_of
from crmkit.present.champions import champions_of
from crmkit.present.portfolio import portfolio
from crmkit.present.study import Study
from crmkit.present.tiles import Sentences
from crmkit.sources.load import load_report


@pytest.fixture
def study(client):
    """Return ``study(lines, language, **settings)``: a study of the deals in these lines of CSV."""

    def make(lines="deal_id,stage\n1,New\n", language="en", **settings):
        told = read_client(client(lines, **settings))
        return Study(told, load(told), load_report(told), ALL, language)

    return make


def history(won):
    """Return deals and history as CSV: of forty deals of each rep so many go on from New and are won."""
    deals, moves = (
        ["deal_id,manager_id,stage,created_at,closed_at"],
        ["deal_id,changed_at,to_stage,manager_id"],
    )
    for rep, good in won.items():
        for number in range(40):
            end = "Won" if number < good else "Lost"
            deals.append(f"{rep}{number},{rep},{end},2026-01-05,2026-02-10")
            moves += [f"{rep}{number},2026-01-05,New,{rep}", f"{rep}{number},2026-02-10,{end},{rep}"]
    return "\n".join(deals) + "\n", "\n".join(moves) + "\n"


@pytest.fixture
def staged(client):
    """Return ``staged(won, language)``: a study with a history of stages; see :func:`history`."""

    def make(won, language="en"):
        deals, moves = history(won)
        files = [{"path": "deals.csv", "table": "deals"}, {"path": "moves.csv", "table": "stage_changes"}]
        folder = client(deals, files=files)
        (folder / "moves.csv").write_text(moves, encoding="utf-8")
        told = read_client(folder)
        return Study(told, load(told), load_report(told), ALL, language)

    return make


def test_a_champion_is_named_with_the_interval_and_recorded(staged):
    made = staged({"a": 38, "b": 16, "c": 16})
    said, table = champions_of(made).items
    # a converts 95 %, the others 40 %: the gap is 55 points.
    assert len(said.paragraphs) == 1 and said.paragraphs[0].startswith("«New»: a (n = 40, holds): better by ")
    assert [row[1] for row in table.rows] == ["a", "b", "c"]
    first = made.found["champions"][0]
    assert first["verdict"]["label"] == "holds" and first["gap"] == pytest.approx(0.55)
    assert (first["n"], first["value"]) == (40, pytest.approx(0.95))
    assert json.loads(json.dumps(made.found)) == made.found


def test_nobody_is_named_where_all_are_alike(staged):
    said, _ = champions_of(staged({"a": 18, "b": 16, "c": 16})).items
    assert said.paragraphs[0].startswith("No champion can be named")


def test_without_a_history_the_page_says_how_to_get_one(study):
    said = champions_of(study())
    assert isinstance(said, Sentences) and "history of stages" in said.paragraphs[0]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_association_is_never_told_as_cause(client, language):
    # Six reps, one task and one deal a week each: far too few reps, and weeks that never differ.
    deals, tasks = ["deal_id,manager_id,stage,created_at,closed_at"], ["manager_id,due_at,completed_at"]
    for rep in "abcdef":
        for number, day in enumerate(pd.date_range("2025-12-08", periods=12, freq="7D")):
            deals.append(f"{rep}{number},{rep},Won,2025-12-01,{day:%Y-%m-%d} 10:00")
            tasks.append(f"{rep},{day:%Y-%m-%d} 11:00,{day:%Y-%m-%d} 10:00")
    files = [
        {"path": "deals.csv", "table": "deals"}, {"path": "tasks.csv", "table": "tasks", "key": "row"}
    ]  # fmt: skip
    folder = client("\n".join(deals) + "\n", files=files)
    (folder / "tasks.csv").write_text("\n".join(tasks) + "\n", encoding="utf-8")
    told = read_client(folder)
    study = Study(told, load(told), load_report(told), ALL, language)
    said, table = association_of(study).items
    assert len(said.paragraphs) == 2
    assert {"en": "Going together is no cause", "ru": "Идти вместе"}[language] in said.paragraphs[1]
    assert len(table.rows) == 6
    # A correlation of six points is not even shown.
    assert {row[4] for row in table.rows[:4]} == {"—"}
    assert json.loads(json.dumps(study.found)) == study.found


def test_without_tasks_the_page_says_how_to_get_them(study):
    said = association_of(study())
    assert isinstance(said, Sentences) and "list of tasks" in said.paragraphs[0]


def to_be_row(**told):
    row = {"step": "Lead", "card": 0, "metric": "conversion", "started_on": pd.Timestamp("2026-01-05").date()}
    row |= {
        "before": 0.5,
        "before_n": 200,
        "before_low": 0.43,
        "before_high": 0.57,
        "after": 0.8,
        "after_n": 150,
    }
    row |= {"after_low": 0.73, "after_high": 0.86, "expected": 0.3, "money_month": 1000.0}
    row |= {"gap": 0.3, "gap_low": 0.2, "gap_high": 0.4, "label": "holds", "direction": "above", "reason": ""}
    return pd.DataFrame([row | {"claim": "supported"} | told])


def test_expected_stands_beside_measured(study, monkeypatch):
    made = study()
    rows = pd.concat([to_be_row(), to_be_row(card=3, metric="working_days", label="too_little_data",
        direction="none", reason="few_weeks", claim="cannot_tell", expected=np.nan)])  # fmt: skip
    monkeypatch.setattr(page, "to_be", lambda *_: ToBe(rows, ("Price",)))
    table, said = page.to_be_effect(made).items
    names = [column.key for column in table.columns]
    first, second = (dict(zip(names, row, strict=True)) for row in table.rows)
    assert first["came"] == "has come" and first["verdict"].startswith("It became better by 20–40")
    assert second["step"] == "Lead (card 3)" and second["came"] == "—"
    assert "better" not in second["verdict"]
    assert said.paragraphs == ("Not begun by the day described: «Price».",)
    assert made.found["to_be"][0]["verdict"]["label"] == "holds"
    assert json.loads(json.dumps(made.found))["to_be"][0]["started_on"] == "2026-01-05"


def test_nothing_described_is_said(study):
    said = page.to_be_effect(study())
    assert isinstance(said, Sentences) and "nothing to set side by side" in said.paragraphs[0]


def others(*shares):
    """Return the figures of clients with these win rates, and nothing else."""
    frames = []
    for share in shares:
        rows = [(find(name).id, find(name).variant, np.nan, 0, np.nan, np.nan) for name in COMPARED]
        frame = pd.DataFrame(rows, columns=["measure", "variant", "value", "n", "low", "high"])
        figures = [share, 100, share - 0.05, share + 0.05]
        frame.loc[frame["measure"] == "win_rate", ["value", "n", "low", "high"]] = figures
        frames.append(frame.assign(missing=""))
    return frames


def test_a_portfolio_shows_no_client_but_the_own_one(study):
    shares = (0.113, 0.217, 0.326, 0.438, 0.517)
    made = study()
    table = portfolio(made, clients(others(*shares), limits=Limits(), own=4))
    assert [row[0] for row in table.rows] == ["Win rate", "Win rate of the deals created"]
    text = repr(table)
    assert "51.7%" in text and "highest quarter" in text
    assert table.rows[0][-1].startswith("Higher by ")  # not better: clients are not alike
    assert json.loads(json.dumps(made.found)) == made.found
    assert not any(f"{share:.1%}" in text for share in shares[:4])


def test_a_portfolio_of_four_is_not_shown(study):
    said = portfolio(study(), clients(others(0.1, 0.2, 0.3, 0.4), limits=Limits(), own=0))
    assert said.paragraphs == ("No figure is known of at least 5 clients: nothing is set side by side.",)


def test_of_many_champions_a_few_are_named_and_all_stand_first(staged):
    # Four who convert 39 of 40, four who convert 8: those ahead stand first, three of them are named.
    won = dict.fromkeys("bdfh", 39) | dict.fromkeys("aceg", 8)
    said, table = champions_of(staged(won)).items
    assert len(said.paragraphs) == 4 and said.paragraphs[3] == "1 more is in the table."
    assert [row[1] for row in table.rows] == [*"bdfh", *"aceg"]
