"""crmkit compare: for programs and for the eye; what cannot be compared is refused or said."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.errors import RequestError

SETTINGS = """format: 1
name: Client
crm: plain
currency: USD
as_of: 2026-03-31
files:
- {path: deals.csv, table: deals}
pipelines:
- {name: Sales, stages: [{name: New}, {name: Won, kind: won}, {name: Lost, kind: lost}]}
"""
FIGURES = [
    "value", "n", "low", "high", "adjusted", "adjusted_low", "adjusted_high", "gap", "gap_low", "gap_high",
]  # fmt: skip


def write(
    folder: Path, rows: list[str], heading: str = "deal_id,stage,manager_id,created_at,closed_at,amount"
):
    folder.mkdir(exist_ok=True)
    (folder / "client.yml").write_text(SETTINGS, encoding="utf-8")
    (folder / "deals.csv").write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    monkeypatch.setenv("CRMKIT_LANGUAGE", "en")


def of_two(folder: Path, amounts: tuple[int, int], *, of_lost: bool = True) -> Path:
    rows = []
    for rep, wins, amount in (("Ann", 30, amounts[0]), ("Bob", 10, amounts[1])):
        for number in range(40):
            stage, told = ("Won", amount) if number < wins else ("Lost", amount if of_lost else "")
            rows.append(f"{rep}{number},{stage},{rep},2026-01-10,2026-02-{number % 28 + 1:02},{told}")
    return write(folder, rows)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Ann wins 30 of 40 deals of 100, Bob 10 of 40 of 50; of lost deals the amount is not told."""
    return of_two(tmp_path / "two", (100, 50), of_lost=False)


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments: object) -> RequestError:
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    assert isinstance(done.exception, RequestError), done.output
    return done.exception


def test_a_gap_is_split_into_parts_that_add_up(two):
    told = json.loads(run("gap", two, "Ann", "Bob", "--by", "manager", "--format", "json"))
    assert [told["first"], told["second"], told["by"], told["unit"]] == ["Ann", "Bob", "manager", "money"]
    assert told["as_of"].startswith("2026-03-31") and "present owner" in told["notes"][0]
    parts = {row["factor"]: row for row in told["rows"]}
    assert list(parts) == ["leads", "win_rate", "average_check", "total"]
    # 40 leads × 75 % × 100 = 3000 against 40 × 25 % × 50 = 500
    assert parts["total"]["value"] == pytest.approx(2500)
    assert sum(parts[name]["value"] for name in list(parts)[:3]) == pytest.approx(2500)
    assert [parts["win_rate"][side] for side in ("first", "second")] == [0.75, 0.25]
    assert list(parts["leads"])[:14] == [
        "factor", "stage", "unit", *FIGURES, "verdict",
    ]  # fmt: skip
    verdict = parts["win_rate"]["verdict"]
    assert [verdict["label"], verdict["direction"]] == ["holds", "above"]
    assert verdict["text"].startswith("By itself it makes $") and verdict["text"].endswith(" more.")
    assert parts["leads"]["adjusted"] is None


def test_a_gap_for_the_eye_names_both_sides(two):
    shown = run("gap", two, "Ann", "Bob", "--by", "manager")
    assert "75.0%" in shown and "25.0%" in shown and "holds" in shown
    assert "The interval is approximate" in shown  # three times as many won deals


def test_without_a_slice_the_sides_are_periods(two):
    told = json.loads(run("gap", two, "2026-W06", "2026-W07", "--format", "json"))
    assert told["by"] == "period" and told["rows"][0]["factor"] == "leads"
    assert str(refused("gap", two, "2026-Q9", "2026-Q1").what) == "this is not a period"


def test_what_cannot_be_split_is_refused(two):
    assert "Did you mean" in str(refused("gap", two, "Anna", "Bob", "--by", "manager").remedy)
    assert str(refused("gap", two, "Ann", "Ann", "--by", "manager").what) == "this is compared with itself"
    assert "slice" in str(refused("gap", two, "Ann", "Bob", "--by", "colour").what)


def test_without_closing_dates_it_says_what_to_export(tmp_path):
    rows = [f"{number},Won,{'Ann' if number % 2 else 'Bob'},2026-01-10,100" for number in range(60)]
    bare = write(tmp_path / "bare", rows, "deal_id,stage,manager_id,created_at,amount")
    told = json.loads(run("gap", bare, "Ann", "Bob", "--by", "manager", "--format", "json"))
    assert {row["verdict"]["label"] for row in told["rows"]} == {"cannot_be_computed"}
    assert "Add the column with the closing date." in told["rows"][0]["verdict"]["text"]


def test_a_portfolio_tells_quartiles_of_five_clients_only(tmp_path):
    places = []
    for share in range(1, 6):  # win rates of 15 %, 30 %, 45 %, 60 %, 75 % of 40 deals each
        rows = [
            f"{number},{'Won' if number < 6 * share else 'Lost'},Ann,2025-10-01,2025-11-{number % 9 + 1:02},9"
            for number in range(40)
        ]
        places.append(write(tmp_path / f"client{share}", rows))
    told = json.loads(run("clients", *places, "--format", "json"))
    won = next(
        row for row in told["rows"] if (row["measure"], row["variant"]) == ("win_rate", "closed_count")
    )
    assert (told["clients"], told["needed"], won["clients"]) == (5, 5, 5)
    assert won["value"] == 0.15 and won["median"] == 0.45
    assert won["verdict"]["label"] == "holds" and won["verdict"]["text"].startswith("Lower by")
    assert "45.0%" in run("clients", *places)
    again = [*places[:4], places[0]]  # a client given twice is one
    few = json.loads(run("clients", *again, "--format", "json"))
    assert few["clients"] == 4 and {row["median"] for row in few["rows"]} == {None}
    assert "at least 5 clients" in run("clients", *again)


@pytest.fixture
def doubled(tmp_path: Path) -> Path:
    """64 weeks: every week each of two reps wins some deals; from 2026-01-05 on Ann's are worth double."""
    rows, start = [], date(2025, 1, 6)
    for week in range(64):
        day = start + timedelta(weeks=week)
        for rep in ("Ann", "Bob"):
            for number in range(3):
                amount = 90 + 7 * ((3 * week + 5 * number + 2 * (rep == "Bob")) % 6)
                amount *= 2 if rep == "Ann" and day >= date(2026, 1, 5) else 1
                closed = day + timedelta(days=1 + number)
                rows.append(f"{rep}{week}-{number},Won,{rep},{day - timedelta(days=9)},{closed},{amount}")
    return write(tmp_path / "doubled", rows)


def test_a_change_is_told_with_its_weeks(doubled):
    told = json.loads(run("effect", doubled, "--date", "2026-01-05", "--format", "json"))
    (row,) = told["rows"]
    assert [told["measure"], row["date"], told["is_season"]] == ["revenue", "2026-01-05", False]
    assert told["n_before"] + told["n_after"] == len(told["series"]) and told["notes"]
    # half of the revenue doubled: half as much again
    assert row["relative"] == pytest.approx(0.5, abs=0.1) and row["unit"] == "money_per_day"
    assert [row["verdict"][name] for name in ("label", "direction")] == ["may_be_chance", "none"]
    assert "etter" not in row["verdict"]["text"] and row["money_month"] > 0


def test_beside_a_group_that_the_change_did_not_touch(doubled):
    asked = ["effect", doubled, "--date", "2026-01-05"]
    asked += ["--treated", "manager=Ann", "--control", "manager=Bob"]
    told = json.loads(run(*asked, "--format", "json"))
    (row,) = told["rows"]
    assert row["treated"] == {"manager": "Ann"} and row["control"] == {"manager": "Bob"}
    assert row["relative"] == pytest.approx(1, abs=0.15)
    assert "Revenue" in run(*asked)


def test_what_is_no_day_and_no_group_is_refused(doubled):
    assert str(refused("effect", doubled, "--date", "January").what) == "this is not a date"
    wrong = refused("effect", doubled, "--date", "2026-01-05", "--control", "Bob")
    assert (wrong.where, list(wrong.samples)) == ("--control", ["Bob"])
    assert refused("effect", doubled, "--date", "2026-01-05", "--control", "manager=Bod")
    assert refused("effect", doubled, "--date", "2026-01-05", "--measure", "luck")


def test_reps_are_told_with_their_verdicts(tmp_path):
    alike = of_two(tmp_path / "alike", (100, 100))
    told = json.loads(run("managers", alike, "--format", "json"))
    assert [told[name] for name in ("outcome", "credit", "missing")] == ["win_rate", "owner_now", ""]
    ann, bob = told["rows"]
    assert list(ann)[: 4 + len(FIGURES)] == ["manager_id", "role", "name", *FIGURES, "verdict"]
    assert [ann[name] for name in ("name", "value", "n")] == ["Ann", 0.75, 40]
    # each beside the other: 75 % against 25 %
    assert ann["gap"] == pytest.approx(0.5) and bob["gap"] == pytest.approx(-0.5)
    assert [one["verdict"]["direction"] for one in (ann, bob)] == ["above", "below"]
    assert ann["verdict"]["text"].startswith("Better by") and bob["verdict"]["text"].startswith("Worse by")
    shown = run("managers", alike)
    assert "75.0%" in shown and "present owner" in shown


def test_reps_without_like_deals_are_not_judged(tmp_path):
    """All of Ann's deals are twice as large as any of Bob's."""
    told = json.loads(run("managers", of_two(tmp_path / "unlike", (100, 50)), "--format", "json"))
    assert {row["verdict"]["reason"] for row in told["rows"]} == {"no_like_deals"}
    assert "there is nobody to compare with" in told["rows"][0]["verdict"]["text"]


def test_reps_of_what_is_not_in_the_export_and_of_no_outcome(two):
    told = json.loads(run("managers", two, "--outcome", "on_time", "--format", "json"))
    assert told["rows"] == [] and "tasks" in told["missing"]
    assert "Export the tasks too" in run("managers", two, "--outcome", "on_time")
    assert "win_rate" in str(refused("managers", two, "--outcome", "winrate").remedy)


def test_two_periods_are_set_beside_each_other(doubled):
    asked = ["periods", doubled, "2025-Q2", "2025-Q3", "--measure", "won_deals", "--measure", "revenue"]
    told = json.loads(run(*asked, "--format", "json"))
    assert [row["name"] for row in told["rows"]] == ["won_deals", "revenue"]
    # six deals a week of five working days in both
    assert told["rows"][0]["before"] == pytest.approx(1.2, abs=0.1)
    assert told["rows"][0]["value"] == pytest.approx(1.2, abs=0.1)
    assert "another_season" in {one["code"] for one in told["warnings"]}
    assert "Won deals" in run(*asked)
    assert "overlap" in str(refused("periods", doubled, "2025", "2025-Q3").remedy)


def test_claims_are_set_against_the_data(doubled):
    day = ["--date", "2026-01-05"]
    told = json.loads(run("claim", doubled, "revenue:+24%", "revenue:x9", *day, "--format", "json"))
    assert [(row["text"], row["claimed"]) for row in told["rows"]] == [
        ("revenue:+24%", 1.24),
        ("revenue:x9", 9),
    ]
    # half as much again: nothing like nine times, and without a season told apart not proven either
    assert [row["claim"] for row in told["rows"]] == ["cannot_tell", "contradicted"]
    assert {row["verdict"]["label"] for row in told["rows"]} == {"may_be_chance"}
    assert "contradicted" in run("claim", doubled, "revenue:x9", *day)


def test_the_first_month_tells_nothing(doubled):
    asked = ["claim", doubled, "revenue:+24%", "--date", "2026-01-05", "--until", "2026-02-02"]
    (row,) = json.loads(run(*asked, "--format", "json"))["rows"]
    assert (row["claim"], row["verdict"]["label"]) == ("cannot_tell", "too_little_data")
    assert "week" in row["verdict"]["text"]


def test_claims_about_reps_and_periods(tmp_path, doubled):
    alike = of_two(tmp_path / "alike", (100, 100))
    (row,) = json.loads(run("claim", alike, "Ann/Bob:x2", "--format", "json"))["rows"]
    # 75 % against 25 %: three times as good
    assert row["value"] == pytest.approx(3) and row["verdict"]["direction"] == "above"
    asked = ["claim", doubled, "won_deals:+30%", "--earlier", "2025-Q2", "--later", "2025-Q3"]
    (row,) = json.loads(run(*asked, "--format", "json"))["rows"]
    assert (row["earlier"], row["later"]) == ("2025-Q2", "2025-Q3")
    assert row["value"] == pytest.approx(1, abs=0.1)


def test_what_is_no_claim_is_refused(doubled):
    assert str(refused("claim", doubled, "much better").what) == "this is not a claim that can be checked"
    assert "day" in str(refused("claim", doubled, "revenue:+24%").remedy)
    unknown = refused("claim", doubled, "Счастье:+24%", "--date", "2026-01-05")
    assert "--measure" not in str(unknown)
    alone = refused("claim", doubled, "revenue:+24%", "--earlier", "2025-Q2")
    assert str(alone.what) == "two periods are needed"
    assert refused("claim", doubled, "revenue:+24%", "--date", "soon").samples == ("soon",)
