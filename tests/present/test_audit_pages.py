"""The pages of the audit about people: gates, the order of names, one deal once, what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmkit.audit.history import record
from crmkit.present import audit_bonus, audit_changes, audit_score, evidence
from crmkit.present.board import board, by_check, initials
from crmkit.present.study import Study, open_study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences

Make = Callable[..., Path]
HEAD = "deal_id,title,manager_id,created_at,closed_at,stage,amount,next_task_at,lost_reason\n"
REPS = [
    {"name": "Zoe Ash", "team": "North"}, {"name": "Ann Elk", "team": "North"}, {"name": "Bob Oak"},
]  # fmt: skip
RULES = {"bonus": {"checks": ["H01", "H05"]}, "skip": [f"H{one:02}" for one in range(2, 24) if one != 5]}


def rows(rep: str, idle: int, planned: int, *, first: int, amount: str = "100") -> str:
    """Return so many open deals of a rep without a task, and so many with one to come."""
    return "".join(
        f"{first + one},Deal {first + one},{rep},2026-03-05,,New,{amount},"
        f"{'' if one < idle else '2026-04-09'},\n"
        for one in range(idle + planned)
    )


LINES = (
    HEAD + rows("Zoe Ash", 3, 9, first=100) + rows("Ann Elk", 1, 3, first=200)
    + rows("Bob Oak", 0, 2, first=300) + rows("", 1, 0, first=400, amount="")
    + "500,Deal 500,Ann Elk,2026-03-01,2026-03-10,Lost,70,,\n"
    + "501,Deal 501,Ann Elk,2026-03-01,2026-03-10,Lost,70,,dear\n"
)  # fmt: skip


@pytest.fixture
def study(client: Make) -> Study:
    return open_study(client(LINES, managers=REPS, audit=RULES | {"names": "full"}), language="en")


def shown(table: Any, *keys: str) -> list[tuple[str, ...]]:
    assert isinstance(table, Table)
    places = [[column.key for column in table.columns].index(key) for key in keys]
    return [tuple(str(table.shown_at(row, place)) for place in places) for row in range(len(table.rows))]


def test_scores_stand_in_the_order_of_names_and_few_rows_only_as_k_of_n(study: Study) -> None:
    # Zoe: 9 of 12 clean. Ann: H01 3 of 4, H05 1 of 2: six rows, so only 4 of 6. Nobody's deal is idle.
    table = audit_score.rep_scores(study)
    told = [(name, score.replace("\u00a0", " ")) for name, score in shown(table, "name", "share")]
    assert told[0] == ("Ann Elk", "4 of 6")
    assert told[1] == ("Bob Oak", "2 of 2")
    assert told[2] == ("Zoe Ash", "75.0% (47–91%)")
    assert told[3] == ("Nobody", "0 of 1")
    assert told[4][0] == "The whole department"
    assert any("not a decision" in note for note in table.notes)


def test_a_teams_score_adds_up_its_rows(study: Study) -> None:
    # North: H01 12 of 16 clean (critical, 3), H05 1 of 2 (major, 2): 100 · (3 · 0.75 + 2 · 0.5) / 5 = 65.
    told = dict(shown(audit_score.team_scores(study), "name", "share"))
    assert told["North"].startswith("65.0%")
    assert told["Without a team"].replace("\u00a0", " ") == "2 of 3"


def test_without_teams_that_is_said(client: Make) -> None:
    page = audit_score.team_scores(open_study(client(LINES, audit=RULES)))
    assert isinstance(page, Sentences)


def test_the_matrix_has_a_column_for_each_rep_and_no_shade_for_few_rows(study: Study) -> None:
    (table,) = audit_score.matrix(study).items
    assert [column.heading for column in table.columns] == [
        "What is checked", "Ann Elk", "Bob Oak", "Zoe Ash", "Nobody", "The whole department",
    ]  # fmt: skip
    assert table.heat["rep0"] == (0, 0)  # of four deals and of two losses
    assert table.heat["rep2"][0] == 2  # 3 of 12, a quarter, of six shades the second


def test_hostile_and_like_named_reps_stay_apart(client: Make) -> None:
    odd = [{"name": "The whole department", "id": "a"}, {"name": "The whole department", "id": "b"}]
    lines = HEAD + rows("a", 3, 9, first=100) + rows("b", 1, 10, first=200) + rows("Nobody", 1, 10, first=300)
    study = open_study(client(lines, managers=[*odd, {"name": "Nobody"}], audit=RULES | {"names": "full"}))
    assert len(shown(audit_score.rep_scores(study), "name")) == 4
    assert len(audit_score.matrix(study).items[0].columns) == 5
    assert shown(board(study), "open") == [("1",), ("3",), ("1",), ("5",)]


def test_the_bonus_is_a_proposal_with_its_rows(study: Study) -> None:
    table = audit_bonus.bonus_sheet(study)
    # Ann: one idle deal and one loss without a reason: 5 %; Zoe: three idle deals: 10 %.
    assert shown(table, "name", "share", "wrong") == [
        ("Ann Elk", "95.0%", "2"), ("Bob Oak", "100.0%", "0"), ("Zoe Ash", "90.0%", "3"),
    ]  # fmt: skip
    assert "a proposal to confirm" in table.title
    assert any("not a decision" in note for note in table.notes)
    behind = audit_bonus.bonus_rows(study)
    assert [row[0] for row in shown(behind, "rep")] == ["Ann Elk"] * 2 + ["Zoe Ash"] * 3


def test_money_at_risk_counts_a_deal_once_and_missing_amounts_beside(study: Study) -> None:
    # Open and idle: three of Zoe and one of Ann at 100 each, nobody's without an amount.
    assert shown(audit_score.money(study), "deals", "amount", "without_amount")[-1] == ("5", "400", "1")


def test_the_first_audit_has_nothing_to_compare_and_the_next_one_has(client: Make) -> None:
    folder = client(LINES, managers=REPS, audit=RULES | {"names": "full"})
    first = open_study(folder, "2026-03-24", "en")
    assert len(audit_changes.changes(first).paragraphs) == 1  # said once
    assert not any(column.key == "new" for column in board(first).columns)
    record(first.audit, folder)
    zoe, bob = ("100,Deal 100,Zoe Ash,2026-03-05,,New,100,", "300,Deal 300,Bob Oak,2026-03-05,,New,100,")
    changed = LINES.replace(f"{zoe},", f"{zoe}2026-04-09,").replace(f"{bob}2026-04-09,", f"{bob},")
    (folder / "deals.csv").write_text(changed)
    study = open_study(folder, language="en")
    table, reps = audit_changes.changes(study).items
    assert "24\u00a0Mar\u00a02026" in table.title
    assert shown(table, "open", "new", "fixed")[0] == ("5", "1", "1")
    assert shown(reps, "name", "new", "fixed") == [
        ("Ann Elk", "0", "0"), ("Bob Oak", "1", "0"), ("Zoe Ash", "0", "1"), ("Nobody", "0", "0"),
        ("Ann Elk", "0", "0"),
    ]  # fmt: skip
    assert reps.folded == (0, 3, 4)  # where nothing changed
    told = {row[0]: row[1:] for row in shown(board(study), "name", "open", "new", "fixed")}
    assert told["Zoe Ash"] == ("2", "0", "1")
    assert told["Bob Oak"] == ("1", "1", "0")
    assert told["The whole department"] == ("6", "1", "1")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("full", ["Ann Elk", "Bob Oak", "Zoe Ash", "Nobody", "The whole department"]),
        ("initials", ["A. E.", "B. O.", "Z. A.", "Nobody", "The whole department"]),
        ("off", ["North", "Without a team", "The whole department"]),
    ],
)
def test_the_board_names_reps_as_the_settings_say(client: Make, names: str, expected: list[str]) -> None:
    study = open_study(client(LINES, managers=REPS, audit=RULES | {"names": names}), language="en")
    table = board(study)
    assert [row[0] for row in shown(table, "name")] == expected
    assert shown(table, "open", "checked")[-1] == ("6", "21")
    assert not any(column.kind == "share" for column in table.columns)


def test_on_a_page_the_board_has_checks_as_rows_and_as_many_reps_as_fit(client: Make) -> None:
    # Nine reps in two tables of five and four, the department in both; one idle deal of each of nine.
    reps = [{"name": f"Rep {one}"} for one in range(1, 10)]
    lines = HEAD + "".join(rows(one["name"], 1, 1, first=100 * at) for at, one in enumerate(reps, 1))
    study = open_study(client(lines, managers=reps, audit=RULES | {"names": "full"}), language="en")
    first, second = by_check(study).items
    whole = "The whole department"
    assert [one.heading for one in first.columns[1:]] == [*(f"Rep {one}" for one in range(1, 6)), whole]
    assert [one.heading for one in second.columns[1:]] == [*(f"Rep {one}" for one in range(6, 10)), whole]
    assert shown(first, "check", "r0", "r9") == [
        ("Open deals without a task", "1", "9"), ("Open violations", "1", "9"), ("Rows checked", "2", "18"),
    ]  # fmt: skip
    assert (first.cases["r0"][0].n, first.foot, first.heat["r0"]) == (2, 2, (2, 0, 0))
    assert not first.notes and second.notes  # once, below the last
    short = open_study(client(lines, managers=reps, audit=RULES), language="en")
    assert len(by_check(short).items) == 1  # initials take less room


def test_the_critical_checks_stand_first_whatever_their_number(client: Make) -> None:
    study = open_study(client(LINES, audit=RULES | {"severities": {"H05": "critical", "H01": "minor"}}))
    assert audit_score.by_weight(study, ["H01", "H05"]) == ["H05", "H01"]


def test_with_names_off_and_no_teams_only_the_department_stands_there(client: Make) -> None:
    study = open_study(client(LINES, audit=RULES | {"names": "off"}), language="en")
    assert shown(board(study), "name") == [("The whole department",)]


def test_a_notebook_stays_small_however_many_rows_offend(
    client: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MOST_KEPT", 2)
    study = open_study(client(LINES, managers=REPS, audit=RULES), language="en")
    evidence.record(study)
    (found,) = [one for one in study.found["audit"][0]["checks"] if one["id"] == "H01"]
    assert found["violations"] > 2 and len(found["offenders"]) == 2


def test_a_department_of_many_reps_warns_of_nothing(client: Make) -> None:
    lines = HEAD + "".join(rows(f"Rep {one}", 1, 1, first=1000 + one) for one in range(60))
    study = open_study(client(lines, audit=RULES), language="en")
    assert sum(len(one.columns) - 2 for one in audit_score.matrix(study).items) == 60
    assert sum(len(one.columns) - 2 for one in by_check(study).items) == 60


def test_waived_rows_are_not_on_the_board(client: Make) -> None:
    folder = client(LINES, managers=REPS, audit=RULES | {"names": "full"})
    (folder / "exceptions.csv").write_text("check,id,reason,until\nH01,100,agreed,2026-12-31\n")
    told = dict(shown(board(open_study(folder, language="en")), "name", "open"))
    assert (told["Zoe Ash"], told["The whole department"]) == ("2", "5")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Анна Лис", "Борис Ёж"], ["А. Л.", "Б. Ё."]),
        (["Анна Лис", "Алла Лось"], ["Ан. Ли.", "Ал. Ло."]),
        (["Ann Lee", "Ann Lee", "Ann Low"], ["A. L. 1", "A. L. 2", "A. L. 3"]),
        (["Ли Анна", "Ли Алла"], ["Л. А. 1", "Л. А. 2"]),  # with two letters «Ли» would be whole
        (["Annabella Lindberg", "Annabelle Lindberg"], ["A. L. 1", "A. L. 2"]),  # nearly whole
        (["<b>", "!!!", ""], ["B.", "?. 1", "?. 2"]),
        (["ivan.petrov@firm.example"], ["I. P. F."]),
    ],
)
def test_initials_tell_reps_apart(names: list[str], expected: list[str]) -> None:
    assert initials(names) == expected
