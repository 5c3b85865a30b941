"""The walk of the weekly sheet: which cards, in what order, and what came of earlier decisions."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from crmkit.audit import examine, find_check
from crmkit.audit.decided import decided
from crmkit.audit.decisions import Decision, keep, read_decisions, with_decided
from crmkit.audit.sheet import quotas, walk, week_of

NONE = read_decisions(Path("nowhere"))
CHECKS = [find_check(one) for one in ("H01", "H05", "H19")]
PEOPLE = [{"name": "Ann", "id": "1"}, {"name": "Ann", "id": "2"}]
#: H01 (critical, 3): deals 1, 2 and 4 have no task; deal 3 has. H19 (major, 2): 2, 3 should have closed.
#: H05 (major, 2): deal 5 is lost without a reason.
DEALS = [
    {"status": "open", "manager_id": "1", "amount": 100, "expected_close_on": "2026-05-01", "title": "A"},
    {"status": "open", "manager_id": "1", "amount": 50, "expected_close_on": "2026-03-01", "title": "B"},
    {"status": "open", "manager_id": "1", "amount": 900, "expected_close_on": "2026-03-01", "title": "C"},
    {"status": "open", "manager_id": "2", "amount": 300, "expected_close_on": "", "title": "D"},
    {
        "status": "lost",
        "manager_id": "2",
        "amount": 10,
        "closed_at": "2026-03-05",
        "title": "E",
        "lost_reason": "",
    },
    {"status": "lost", "manager_id": "1", "closed_at": "2026-03-26", "lost_reason": "price"},
]
TASKS = [
    {"task_id": "t", "deal_id": "3", "manager_id": "1", "created_at": "2026-03-01", "due_at": "2026-04-02"},
    {"task_id": "u", "deal_id": "3", "manager_id": "1", "created_at": "2026-03-01", "due_at": "2026-04-01"},
]


@pytest.fixture
def audited(snapshot):
    def make(deals=DEALS, *, waivers=None, decisions=NONE, **rest):
        deals = [{"created_at": "2026-02-01"} | deal for deal in deals]
        rest = {"tasks": TASKS, "managers": PEOPLE} | rest
        crm = snapshot(deals, **rest)
        return examine(crm, checks=CHECKS, waivers=with_decided(waivers, decisions, crm))

    return make


DAY = date(2026, 3, 24)


def ids(found):
    return found.cards["card_id"].tolist()


def decide(folder, card, wrong, decision="mend", *, day=DAY, until=None, note="", rep="1"):
    keep(folder, [Decision(day, "deals", card, rep, wrong, decision, until, note)])
    return read_decisions(folder)


def test_the_worst_card_comes_first_then_the_larger_amount_then_the_id(audited):
    found = walk(audited(), NONE)
    # weights: 2 has 3 + 2; 4 and 1 have 3, of which 300 is more than 100; 3 and 5 have 2, 900 is more than 10
    assert ids(found) == ["2", "4", "1", "3", "5"]
    assert found.cards["weight"].tolist() == [5, 3, 3, 2, 2]
    assert found.cards["n"].tolist() == [2, 1, 1, 1, 1]
    assert found.wrong[["at", "check"]].values.tolist() == [
        [0, "H01"],
        [0, "H19"],
        [1, "H01"],
        [2, "H01"],
        [3, "H19"],
        [4, "H05"],
    ]
    assert found.plan.to_dict("records") == [
        {"cards": 3, "earlier": 0, "drawn": 3, "sampled": False, "manager_id": "1"},
        {"cards": 2, "earlier": 0, "drawn": 2, "sampled": False, "manager_id": "2"},
    ]


def test_a_severity_of_the_client_moves_a_card(audited):
    found = walk(audited(audit={"severities": {"H05": "critical", "H01": "minor"}}), NONE)
    # 5 has 3; 2 has 1 + 2 and the larger amount; 3 has 2; 4 and 1 have 1
    assert ids(found) == ["2", "5", "3", "4", "1"]


def test_a_card_tells_its_stage_its_days_and_its_next_task(audited):
    changes = [{"deal_id": "3", "changed_at": "2026-03-21T00:00:00", "to_stage": "New"}]
    cards = walk(audited(stage_changes=changes), NONE).cards.set_index("card_id")
    assert cards.loc["3", "days_in_stage"] == 10  # from 21 March to 31 March, calendar days
    assert str(cards.loc["3", "next_task_at"].date()) == "2026-04-01"  # the earlier of two
    assert cards.loc["3", "stage"] == "New" and pd.isna(cards.loc["1", "next_task_at"])
    assert pd.isna(cards.loc["5", "days_in_stage"])  # closed: it does not wait


def test_a_waived_violation_is_not_walked_to(audited):
    waivers = pd.DataFrame(
        {"check": ["H01"], "id": ["1"], "reason": ["tender"], "until": [pd.Timestamp("2026-04-30")]}
    )
    assert ids(walk(audited(waivers=waivers), NONE)) == ["2", "4", "3", "5"]


def test_the_draw_takes_each_stage_in_proportion_and_repeats(audited):
    # 12 deals without a task: 6 new, 4 at the offer, 2 at a third stage; 6 of them are 3, 2 and 1
    stages = [{"name": name} for name in ("New", "Offer", "Deal")] + [
        {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
    ]  # fmt: skip
    of = ["New"] * 6 + ["Offer"] * 4 + ["Deal"] * 2
    deals = [
        {"deal_id": f"{7000000000000000000 + ix}", "stage": stage, "manager_id": "1"}
        for ix, stage in enumerate(of)
    ]
    settings = {"stages": stages, "audit": {"sample_per_rep": 6}, "tasks": TASKS[:1]}
    first = walk(audited(deals, **settings), NONE)
    assert first.cards["stage"].value_counts().to_dict() == {"New": 3, "Offer": 2, "Deal": 1}
    assert first.plan.to_dict("records") == [
        {"cards": 12, "earlier": 0, "drawn": 6, "sampled": True, "manager_id": "1"}
    ]
    assert all(len(one) == 19 for one in ids(first))
    assert ids(walk(audited(deals[::-1], **settings), NONE)) == ids(first)  # the order of rows is nothing
    more = [*deals, *({"deal_id": f"x{ix}", "stage": "New", "manager_id": "2"} for ix in range(9))]
    both = walk(audited(more, **settings), NONE).cards
    assert both[both["manager_id"] == "1"]["card_id"].tolist() == ids(first)  # nor are others' cards
    same_week = walk(audited(deals, **settings, as_of="2026-04-05"), NONE)
    next_week = walk(audited(deals, **settings, as_of="2026-04-06"), NONE)
    assert week_of(date(2026, 3, 31)) == week_of(date(2026, 4, 5)) != week_of(date(2026, 4, 6))
    assert ids(same_week) == ids(first) != ids(next_week)


@pytest.mark.parametrize(
    ("sizes", "wanted", "shared"),
    [
        ([60, 20, 4], 15, [11, 3, 1]),  # 10.71, 3.57, 0.71: whole 10 + 3 + 0, the two of .71 get one more
        ([5, 5], 3, [2, 1]),  # 1.5 and 1.5: the earlier one
        ([1, 9, 9], 2, [0, 1, 1]),
        ([2, 1], 9, [2, 1]),
        ([], 5, []),
        ([4], 0, [0]),
    ],
)
def test_quotas_add_up(sizes, wanted, shared):
    assert quotas(sizes, wanted) == shared


def test_what_was_decided_and_is_still_so_comes_first_beside_the_draw(audited, tmp_path):
    audit = audited(audit={"sample_per_rep": 1})
    decisions = decide(tmp_path, "3", (("H19", "deals", "3"),), until=date(2026, 3, 30), note="call")
    found = walk(audit, decisions)
    assert ids(found)[0] == "3" and found.cards["earlier"].tolist()[0] == 0
    # of the first rep: the one decided on, and one of the two others; of the second one of two
    assert found.plan[["cards", "earlier", "drawn"]].values.tolist() == [[3, 1, 1], [2, 0, 1]]
    assert found.earlier["became"].tolist() == ["overdue"]


def test_a_decision_of_the_same_day_does_not_change_its_sheet(audited, tmp_path):
    decisions = decide(tmp_path, "3", (("H19", "deals", "3"),), day=date(2026, 3, 31), until=date(2026, 4, 7))
    assert ids(walk(audited(), decisions)) == ["2", "4", "1", "3", "5"]


def test_what_cannot_be_mended_comes_once(snapshot, tmp_path):
    changes = [
        {"deal_id": "1", "changed_at": "2026-03-01T10:00:00", "to_stage": "Offer"},
        {"deal_id": "1", "changed_at": "2026-03-02T10:00:00", "from_stage": "Offer", "to_stage": "New"},
    ]
    crm = snapshot([{"status": "open", "created_at": "2026-03-01"}], stage_changes=changes)
    audit = examine(crm, checks=[find_check("H15")])
    assert len(walk(audit, NONE).cards) == 1
    wrong = tuple(audit.violations[["check", "table", "id"]].itertuples(index=False, name=None))
    decisions = decide(tmp_path, "1", wrong, "other", note="a mistake", rep="")
    assert walk(audit, decisions).cards.empty
    assert decided(audit, decisions)["became"].tolist() == ["past"]


@pytest.mark.parametrize(
    ("card", "check", "decision", "until", "became"),
    [
        ("3", "H19", "mend", date(2026, 3, 31), "open"),  # its last day is not over
        ("3", "H19", "mend", date(2026, 3, 30), "overdue"),
        ("3", "H19", "close", None, "open"),
        ("3", "H19", "waive", date(2026, 3, 30), "ran_out"),
        ("3", "H19", "waive", date(2026, 3, 31), "waived"),
        ("1", "H19", "mend", date(2026, 3, 30), "mended"),  # its closing date lies in the future now
        ("6", "H01", "mend", date(2026, 3, 30), "closed"),
        ("99", "H01", "mend", date(2026, 3, 30), "gone"),
        ("3", "H11", "mend", date(2026, 3, 30), "not_judged"),  # that check was not made
    ],
)
def test_what_became_of_a_decision(audited, tmp_path, card, check, decision, until, became):
    decisions = decide(tmp_path, card, ((check, "deals", card),), decision, until=until, note="n")
    audit = audited(decisions=decisions)
    assert decided(audit, decisions)["became"].tolist() == [became]


def test_a_period_tells_nothing_of_what_lies_outside_it(snapshot, tmp_path):
    from crmkit.periods import Period

    lost = {"status": "lost", "closed_at": "2026-01-10", "created_at": "2026-01-01"}
    crm = snapshot([lost, lost | {"lost_reason": "price"}])
    decisions = decide(tmp_path, "1", (("H05", "deals", "1"),), until=date(2026, 3, 30))
    march = examine(crm, Period.parse("2026-03", "UTC"), checks=[find_check("H05")])
    assert decided(march, decisions)["became"].tolist() == ["not_judged"]
    assert decided(examine(crm, checks=CHECKS[1:2]), decisions)["became"].tolist() == ["overdue"]


def test_nothing_later_than_the_moment_described_is_seen(audited, tmp_path):
    decisions = decide(
        tmp_path, "3", (("H19", "deals", "3"),), "waive", day=date(2026, 4, 7), until=date(2026, 5, 1)
    )
    assert with_decided(None, decisions, audited().crm) is None
    assert decided(audited(), decisions).empty and ids(walk(audited(), decisions)) == [
        "2",
        "4",
        "1",
        "3",
        "5",
    ]


def test_a_later_sheet_takes_a_waiver_back(audited, tmp_path):
    crm, wrong = audited().crm, (("H19", "deals", "3"),)
    decisions = decide(tmp_path, "3", wrong, "waive", until=date(2026, 6, 1), note="tender")
    told = with_decided(None, decisions, crm)
    assert told.to_dict("records") == [
        {"check": "H19", "table": "deals", "reason": "tender", "until": pd.Timestamp("2026-06-01"), "id": "3"}
    ]
    decisions = decide(tmp_path, "3", wrong, "mend", day=date(2026, 3, 31), until=date(2026, 4, 1))
    assert with_decided(None, decisions, crm) is None


def test_a_row_without_a_number_is_known_again_by_what_it_says(snapshot, tmp_path):
    # the tasks have no ids: in the second export the same task stands in another line of the file
    late = {
        "deal_id": "1",
        "title": "Call",
        "created_at": "2026-03-01T10:00:00",
        "due_at": "2026-03-05T10:00:00",
    }
    other = {
        "deal_id": "1",
        "title": "Write",
        "created_at": "2026-03-02T10:00:00",
        "due_at": "2026-03-06T10:00:00",
    }
    done = {"deal_id": "1", "title": "Meet", "completed_at": "2026-03-04T10:00:00"}
    checks = [find_check("H11")]
    audit = examine(snapshot(DEALS[:1], tasks=[late, done]), checks=checks)
    (key,) = walk(audit, NONE).wrong["key"]
    keep(
        tmp_path, [Decision(DAY, "deals", "1", "1", (("H11", "tasks", key),), "waive", date(2026, 6, 1), "n")]
    )
    decisions, crm = read_decisions(tmp_path), snapshot(DEALS[:1], tasks=[other, done, late])
    found = examine(crm, checks=checks, waivers=with_decided(None, decisions, crm))
    assert found.violations[["name", "waived"]].values.tolist() == [["Write", False], ["Call", True]]
    assert decided(found, decisions)["became"].tolist() == ["waived"]


def test_a_waiver_decided_on_stands_beside_those_of_the_file(audited, tmp_path):
    own = pd.DataFrame(
        {"check": ["H01"], "id": ["1"], "reason": ["x"], "until": [pd.Timestamp("2026-04-30")]}
    )
    decisions = decide(tmp_path, "2", (("H01", "deals", "2"),), "waive", until=date(2026, 4, 1), note="leave")
    audit = audited(waivers=own, decisions=decisions)
    waived = audit.violations[audit.violations["waived"]]
    assert waived[["check", "id", "waiver"]].values.tolist() == [["H01", "1", "x"], ["H01", "2", "leave"]]


def test_two_sheets_that_are_read_at_once_lose_nothing(tmp_path):
    def read(rep):
        for card in range(20):
            keep(tmp_path, [Decision(DAY, "deals", f"{rep}{card}", rep, (("H01", "deals", "1"),), "close")])

    readers = [threading.Thread(target=read, args=(rep,)) for rep in "ab"]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    assert len(read_decisions(tmp_path)) == 40
