"""The page of a Pareto: what its title and its sentences say, how it is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crmkit import open_study
from crmkit.errors import RequestError, SettingsError
from crmkit.present import pareto
from crmkit.present.figures import Figure
from crmkit.present.tiles import Sentences

FolderOf = Callable[..., Path]


def won(amounts: dict[str, float]) -> str:
    """Return one won deal a company."""
    rows = [
        f"{number},Won,2026-01-05,2026-03-02,{amount},{company},Ann,"
        for number, (company, amount) in enumerate(amounts.items(), 1)
    ]
    return "deal_id,stage,created_at,closed_at,amount,company_id,manager_id,lost_reason\n" + "\n".join(rows)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


#: 10 clients give 1000: the two largest 800.
TEN = {"A": 500, "B": 300, "C": 60, "": 40, "E": 25, "F": 25, "G": 20, "H": 15, "I": 10, "J": 5}


def test_the_title_says_who_gives_most(client: FolderOf) -> None:
    chart, said = pareto.pareto(open_study(client(won(TEN)), period="2026-03"), "revenue", "company").items
    assert isinstance(chart, Figure) and isinstance(said, Sentences)
    assert chart.title == "Clients: 80% of revenue comes from 2 of 10 (20%)"
    assert [plain(text) for text in said.paragraphs] == [
        "The rule of 20/80 has a fifth give 80%. Here a fifth (2 of 10) gives 80%,"
        " and 80% takes 2 of 10 (20%).",
        "What has nothing under «Client» counts as one item here: $40 (4.0%).",
    ]
    assert chart.table is not None
    assert chart.table.rows[:4] == (
        ("A", 500, 0.5, 0.5, 1),
        ("B", 300, 0.3, 0.8, 1),
        ("C", 60, 0.06, 0.86, 1),
        ("not set", 40, 0.04, 0.9, 1),
    )
    core, rest, others, line = chart.spec["data"]
    assert not others["x"]
    assert (core["x"], core["y"], rest["x"][0], rest["x"][-1]) == ([0, 1], [500, 300], 2, 9)
    assert line["y"][:3] == [0.5, 0.8, 0.86] and line["yaxis"] == "y2"
    json.dumps(chart._repr_mimebundle_(), allow_nan=False)


def test_the_title_is_said_in_russian(client: FolderOf) -> None:
    study = open_study(client(won(TEN)), period="2026-03", language="ru")
    chart, said = pareto.pareto(study, "revenue", "company").items
    assert plain(chart.title) == "Клиенты: 80 % выручки приходится на 2 из 10 (20 %)"
    assert plain(said.paragraphs[0]).startswith(
        "По правилу 20/80 пятая часть даёт 80 %. Здесь пятая часть (2 из 10)"
    )
    other, _ = pareto.pareto(study, "won_deals", "company").items
    assert plain(other.title).startswith("Выигранные сделки, разрез «клиент»: 80 % приходится на 8 из 10")


def test_more_bars_than_fit_become_one(client: FolderOf) -> None:
    amounts = {f"C{number:02d}": 100 - number for number in range(40)}
    chart, _ = pareto.pareto(open_study(client(won(amounts)), period="2026-03"), "revenue", "company").items
    core, rest, others, line = chart.spec["data"]
    # the 24 largest are 100 … 77; the 16 others are 76 … 61: (76 + 61) / 2 · 16 = 1096
    assert (core["y"][-1], rest["y"], others["y"], others["x"]) == (77, [], [1096], [24])
    assert len(line["y"]) == 25 and line["y"][-1] == 1
    assert chart.spec["layout"]["xaxis"]["ticktext"][-1] == "16 others"
    assert chart.table is not None and len(chart.table.rows) == 40


def test_few_items_are_not_held_against_the_rule_and_idle_ones_are_told(client: FolderOf) -> None:
    study = open_study(client(won({"A": 75, "B": 25, "C": 0})), period="2026-03")
    chart, said = pareto.pareto(study, "revenue", "company").items
    assert chart.title == "Clients: 100% of revenue comes from 2 of 2 (100%)"
    assert said.paragraphs == (
        "2 items are too few to hold the rule of 20/80 against: a fifth of them is 1.",
        "1 more gives nothing or less than nothing, and has no share.",
    )


def test_without_data_it_says_what_is_missing(client: FolderOf) -> None:
    study = open_study(client("deal_id,stage,created_at\n1,New,2026-03-01\n"))
    made = pareto.pages(study).items
    assert len(made) == 3 and all(isinstance(page, Sentences) for page in made)


def test_the_settings_choose_the_pages(client: FolderOf) -> None:
    wish = {"pareto": [{"measure": "won_deals", "by": "manager"}], "pivots": []}
    study = open_study(client(won(TEN), report=wish), period="2026-03")
    assert len(pareto.pages(study).items) == 2
    assert {row["measure"] for row in study.told.values()} == {"won_deals"}
    wish["pareto"][0]["measure"] = "win_rate"
    with pytest.raises(SettingsError, match=r"client.yml: report.pareto\[1\]: its groups do not add up"):
        pareto.pages(open_study(client(won(TEN), report=wish)))
    with pytest.raises(RequestError, match="there is no such measure"):
        pareto.pareto(study, "revenu", "company")
