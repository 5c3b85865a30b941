"""The account of the process and the description beside the data, as tables, in both languages."""

from __future__ import annotations

import pytest

from crmkit.present import accounting, beside
from crmkit.present.study import open_study
from crmkit.present.tiles import Sentences
from crmkit.process.beside import MARKS
from crmkit.process.description import Process
from crmkit.process.steps import map_steps

STAGES = [
    {"name": "New"},
    {"name": "Offer"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
STEPS = [
    {"name": "Lead <b>", "crm_stages": ["New"], "norm": "3 days", "responsible": ["hunter"],
     "expected_conversion": "90 %", "outputs": ["a call booked"]},
    {"name": "Price", "crm_stages": ["Offer"], "required_fields": ["amount"]},
]  # fmt: skip
PROCESS = Process.model_validate({"name": "P", "steps": STEPS})
COUNT = 40


def study_of(client, language: str = "en", *, history: bool = True):
    """Return 40 deals: 4 days in New, then every fourth lost (at a price), the others standing at Offer."""
    deals, moves = (
        ["deal_id,stage,amount,manager_id,created_at,closed_at,lost_reason"],
        ["deal_id,changed_at,to_stage"],
    )
    for number in range(COUNT):
        lost = number % 4 == 0
        where, closed, why = ("Lost", "2026-03-06 09:00", "Price") if lost else ("Offer", "", "")
        deals.append(f"{number},{where},{'' if number % 2 else 500},Ann,2026-03-02 09:00,{closed},{why}")
        moves += [f"{number},2026-03-02 09:00,New", f"{number},2026-03-06 09:00,{where}"]
    folder = client(
        "\n".join(deals),
        files=[{"path": f"{name}.csv", "table": name} for name in ("deals", "stage_changes")[: 1 + history]],
        pipelines=[{"name": "Sales", "stages": STAGES}],
        managers=[{"name": "Ann", "role": "hunter"}],
    )
    (folder / "stage_changes.csv").write_text("\n".join(moves), encoding="utf-8")
    return open_study(folder, language=language, period="2026-03")


def cells(table):
    """Return the texts of a table's cells, with plain spaces."""
    columns = range(len(table.columns))
    texts = [[table.shown_at(row, column).text for column in columns] for row in range(len(table.rows))]
    return [[text.replace("\N{NO-BREAK SPACE}", " ") for text in row] for row in texts]


def test_the_account_as_tables(client):
    study = study_of(client)
    ways, times, standing, by_rep, refusals = accounting.tables(study, map_steps(study.crm, PROCESS))
    # New: 40 visits, 30 went on, 10 lost; Offer: 30 still there
    assert cells(ways) == [
        ["Lead <b>", "40", "30", "10", "0", "0", "75.0%", "0", "0"],
        ["Price", "30", "0", "0", "0", "30", "—", "0", "0"],
    ]
    assert [column.heading for column in ways.columns[5:7]] == ["Still there", "Stage conversion, %"]
    # from Monday 9:00 to Friday 9:00: 4 working and calendar days, over the norm of 3; no actions told
    assert cells(times)[0] == ["Lead <b>", "4.0", "4.0", "4.0", "3 calendar days", "100.0%"]
    assert cells(times)[1][1:] == ["—", "—", "—", "—", "—"]
    assert any("list of tasks" in note or "Calls" in note for note in times.notes)
    # at Offer: the deals of uneven numbers have no amount, and those whose number 4 divides are lost
    assert cells(standing) == [
        ["Lead <b>", "0", "0", "0", "0", "0.00"],
        ["Price", "30", "5,000", "20", "—", "—"],
    ]
    assert cells(by_rep) == [
        ["Lead <b>", "Ann", "40", "75.0%", "10", "4.0", "100.0%"], ["Price", "Ann", "30", "—", "0", "—", "—"],
    ]  # fmt: skip
    assert cells(refusals) == [["Lead <b>", "Price", "10", "100.0%"]]
    assert "<b>" not in ways.fragment().replace("&lt;b&gt;", "")


def test_without_reps_it_is_said_how_to_get_them(client):
    folder = client(
        "deal_id,stage\n1,New",
        files=[{"path": f"{name}.csv", "table": name} for name in ("deals", "stage_changes")],
    )
    (folder / "stage_changes.csv").write_text("deal_id,changed_at,to_stage\n1,2026-03-02,New", "utf-8")
    study = open_study(folder, period="2026-03")
    told = accounting.by_rep(study, map_steps(study.crm, PROCESS))
    assert isinstance(told, Sentences) and "no responsible person" in told.paragraphs[0]


def test_what_people_say_beside_the_data(client):
    table = beside.page(study_of(client), PROCESS)
    assert table.title.endswith(": 2 differences")
    rows = {(row[0], row[1]): tuple(row[2:]) for row in cells(table)}
    lead = "1. Lead <b>"
    assert rows[lead, "CRM stage"] == ("New", "40 visits", "")
    assert rows[lead, "Time"] == (
        "3 calendar days",
        "half of the visits: up to 4.0 calendar days (4.0–4.0);"
        " nine of ten: up to 4.0 calendar days (4.0–4.0); within the norm: 0 of 40: 0.0% (0–9%)",
        "differs: takes longer than the norm",
    )
    assert rows[lead, "Conversion"][1:] == (
        "30 of 40: 75.0% (60–86%)",
        "differs: fewer go on than people say",
    )
    assert rows[lead, "Who is responsible"][0] == "hunter"
    assert rows[lead, "Who is responsible"][1].startswith(
        "this role: 40 of 40: 100.0% (91–100%); most visits: Ann"
    )
    assert rows[lead, "Output"] == ("a call booked", "no CRM tells this: ask to see it", "")
    # nobody has left Offer yet, and nobody said how long it should take
    assert rows["2. Price", "Time"] == ("—", "not yet: too many have not ended", "not described")
    assert rows["2. Price", "Required fields"] == ("amount", "—", "too few cases to tell")
    assert rows["2. Price", "Comes after"][1] == "came without it: 0 of 30: 0.0% (0–11%)"
    assert (lead, "Comes after") not in rows and ("2. Price", "Output") not in rows


def test_a_description_without_steps_has_an_empty_table(client):
    assert len(beside.page(study_of(client), Process(name="P")).rows) == 0


def test_without_a_history_it_is_said_why_once(client):
    study = study_of(client, history=False)
    first, standing = accounting.tables(study, map_steps(study.crm, PROCESS))
    assert isinstance(first, Sentences) and "history of stages" in first.paragraphs[0]
    assert cells(standing)[1] == ["Price", "30", "5,000", "20"]
    table = beside.page(study, PROCESS)
    assert table.title == "What people say; the export has nothing to set beside it"
    assert sum("history of stages" in note for note in table.notes) == 1


@pytest.mark.parametrize("history", [True, False])
def test_in_russian_nothing_is_left_in_english(client, history):
    study = study_of(client, "ru", history=history)
    blocks = [*accounting.tables(study, map_steps(study.crm, PROCESS)), beside.page(study, PROCESS)]
    data = set("Lead Price New Offer Ann hunter amount a call booked b CRM API n amoCRM crmkit pull".split())  # noqa: SIM905
    for block in blocks:
        text = repr(block)
        words = {word.strip("()«».,:;<>=-0123456789") for word in text.split()}
        english = {word for word in words if word.isascii() and word.isalpha()} - data
        assert not english, (english, text)


def test_every_mark_has_words():
    assert {mark for mark in MARKS if mark} == set(beside.MARKS)
    assert set(beside.TOPICS) == set(beside.MEASURED)
