"""The page of claims: what is read of each answer, and what is to be learnt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crmkit import open_study
from crmkit.compare.answers import Answer
from crmkit.errors import RequestError
from crmkit.present.claims import claims, claims_of
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences

FolderOf = Callable[..., Path]
LINES = "deal_id,stage,created_at,closed_at,amount,manager_id\n" + "\n".join(
    f"{n},{('Won', 'Lost')[n % 2]},2026-01-05,2026-0{1 + n % 3}-10,100,{('Ann', 'Bob')[n // 45]}"
    for n in range(90)
)
HOLDS = Answer(
    "revenue:+24%", "revenue", "effect", 1.24, "percent", date="2025-03-01", value=1.3, low=1.1, high=1.5,
    n=300, gap=0.3, gap_low=0.1, gap_high=0.5, before=100.0, after=130.0, weeks_before=110, weeks_after=26,
    claim="supported", label="holds", direction="above",
)  # fmt: skip
UNSURE = replace(HOLDS, claim="cannot_tell", label="may_be_chance", direction="none", reason="within_chance")


@pytest.fixture
def study(client: FolderOf) -> Callable[..., Study]:
    """Return ``study(language, **options)``."""

    def make(language: str = "en", **options: Any) -> Study:
        folder = client(LINES)
        path = folder.parent / f"{folder.name}.json"
        path.write_text(json.dumps(options), encoding="utf-8")
        return open_study(folder, language=language, options=str(path))

    return make


def shown(study: Study, *found: Answer) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of the table by column, and the paragraphs below it."""
    table, said = claims_of(study, found).items
    assert isinstance(table, Table) and isinstance(said, Sentences)
    names = [column.key for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    return [{k: plain(v) for k, v in row.items()} for row in rows], [plain(one) for one in said.paragraphs]


def plain(text: Any) -> Any:
    return text.replace("\u00a0", " ") if isinstance(text, str) else text


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (HOLDS, "the claimed figure lies within the interval"),
        (replace(HOLDS, gap_low=0.3), "all of the interval is more than what is claimed"),
        (replace(HOLDS, claim="contradicted", gap_high=0.2), "the interval is less than what is claimed"),
        (
            replace(HOLDS, claim="contradicted", gap_low=-0.5, gap_high=-0.2, direction="below"),
            "the other way",
        ),
        (
            replace(UNSURE, claim="contradicted", gap_low=-0.1, gap_high=0.1),
            "So large a difference as is claimed is not seen",
        ),
        (replace(UNSURE, gap_low=-0.1, gap_high=0.4), "the interval holds both"),
        # the interval is short of the claim, but a season may have hidden the rest
        (replace(UNSURE, gap_low=-0.1, gap_high=0.1), "The season cannot be told"),
        (replace(UNSURE, reason="mass_closing"), "Very many deals were closed at once"),
        (
            replace(UNSURE, label="too_little_data", reason="few_weeks", weeks_after=4),
            "110 whole weeks before and 4",
        ),
        (replace(UNSURE, label="too_little_data", reason="some_cases", n=12), "Too few cases to say: 12"),
        # downwards: 30 % fewer
        (
            replace(HOLDS, about="lost_deals", claimed=0.7, gap_low=-0.4, gap_high=-0.2),
            "the claimed figure lies within the interval",
        ),
        (
            replace(UNSURE, claim="contradicted", claimed=0.7, gap_low=-0.1, gap_high=0.1),
            "So large a difference as is claimed is not seen",
        ),
        (
            replace(HOLDS, form="from_to", claim="contradicted", gap_high=2.0),
            "said to be reached is not reached",
        ),
    ],
)  # fmt: skip
def test_each_answer_says_why(study: Callable[..., Study], answer: Answer, why: str) -> None:
    rows, _ = shown(study(), answer)
    assert why in rows[0]["why"]


def test_a_claim_is_answered_in_its_own_way(study: Callable[..., Study]) -> None:
    third = replace(
        HOLDS, text="first_response:/3", about="first_response_time:median", claimed=1 / 3, form="divided",
        gap=-0.6, gap_low=-0.75, gap_high=-0.5,
    )  # fmt: skip
    times = replace(HOLDS, text="revenue:x2", form="times", claimed=2, gap_low=0.5)
    rates = replace(
        HOLDS, text="win_rate:2%->20%", about="win_rate:closed_count", form="from_to", kind="periods",
        earlier="2025-Q1", later="2026-Q1", date="", before=0.02, after=0.2, gap=9.0, gap_low=7.0,
        gap_high=11.0,
    )  # fmt: skip
    rows, _ = shown(study(), HOLDS, third, times, rates, replace(rates, kind="effect", date="2025-03-01"))
    assert [row["measured"] for row in rows] == [
        "+30.0% (from +10% to +50%)", "÷2.5 (÷2.0–4.0)", "×1.30 (×1.50–1.50)",
        "2.0% → 20.0%: ×10.0 (×8.0–12.0)",
        "2.0% → 20.0%; of what the weeks before let one expect: ×10.0 (×8.0–12.0)",
    ]  # fmt: skip
    assert rows[0]["title"] == "Revenue, since 1 Mar 2025" and rows[0]["said"] == "+24%"
    assert rows[3]["title"] == "Win rate, Q1 2026 against Q1 2025"
    assert rows[0]["answer"] == "supported by the data" and rows[0]["n"] == 300


def test_little_data_tells_no_interval(study: Callable[..., Study]) -> None:
    few = replace(UNSURE, label="too_little_data", reason="few_cases", n=7)
    month = replace(UNSURE, label="too_little_data", reason="few_weeks", weeks_after=4)
    rows, said = shown(study(), few, month)
    assert [row["measured"] for row in rows] == ["—", "+30.0%"]
    assert any("first month is four weekly points" in one for one in said)
    assert not any("first month" in one for one in shown(study(), HOLDS)[1])


def test_what_is_to_be_learnt_is_said_once(study: Callable[..., Study]) -> None:
    profit = replace(HOLDS, text="margin:+18%", about="margin")
    lost = replace(HOLDS, text="lost_deals:-30%", about="lost_deals", claimed=0.7)
    _, said = shown(study(), HOLDS, profit, HOLDS, lost)
    assert [one.split(":")[0].split(",")[0] for one in said] == [
        "Supported does not say that the change did it",
        "Revenue and gross profit are two figures",
        "Fewer lost deals can also come of fewer leads",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"), [("en", "the column with the margin"), ("ru", "колонку с маржой")]
)
def test_profit_without_a_margin_says_how_to_export_it(
    study: Callable[..., Study], language: str, words: str
) -> None:
    told = claims(study(language, claims=[{"claim": "profit:+18%", "date": "2026-02-01"}]))
    assert isinstance(told, Several)
    why = plain(told.items[0].rows[0][-1])
    assert words in why and "deals.margin" in why


def test_claims_are_asked_for_by_options(study: Callable[..., Study]) -> None:
    asked = [
        {"claim": "revenue:+24%", "date": "2026-02-01", "until": "2026-03-01"},
        {"claim": "win_rate:x2", "periods": ["2026-01", "2026-02"]},
        "Ann/Bob:x2",
        {"claim": "Ann/Bob:x2", "outcome": "revenue_per_lead", "period": "2026"},
    ]
    one = study(claims=asked)
    claims(one)
    told = one.found["claims"]
    assert [row["kind"] for row in told] == ["periods", "periods", "pair", "pair"]
    assert {row["claim"] for row in told} == {"cannot_tell", "contradicted"} or all(
        row["claim"] == "cannot_tell" for row in told
    )
    assert told[2]["title"] == "Ann/Bob: Win rate" and told[2]["verdict"]["label"] == "may_be_chance"
    json.dumps(one.found, allow_nan=False)
    nothing = claims(study())
    assert isinstance(nothing, Sentences) and "revenue:+24%" in repr(nothing)


@pytest.mark.parametrize(
    "asked",
    [
        {"date": "2026-02-01"},
        {"claim": "revenue:+24%"},
        {"claim": "revenue:+24%", "date": "soon"},
        {"claim": "revenue:+24%", "day": "2026-02-01"},
        {"claim": "revenue:+24%", "periods": ["2026"]},
        7,
    ],
)
def test_what_cannot_be_asked_is_refused(study: Callable[..., Study], asked: Any) -> None:
    with pytest.raises(RequestError):
        claims(study(claims=[asked]))


def test_a_claim_may_name_a_measure_as_people_read_it(study: Callable[..., Study]) -> None:
    asked = {"date": "2026-02-01", "until": "2026-03-01"}
    one = study("ru", claims=[{"claim": "Выручка: +24,5 %", **asked}, {"claim": "win rate:5x", **asked}])
    page = claims(one)
    assert [row["about"] for row in one.found["claims"]] == ["revenue", "win_rate:closed_count"]
    assert isinstance(page, Several)
    rows = page.items[0].rows
    assert [plain(row[1]) for row in rows] == ["+24,5 %", "×5"]
