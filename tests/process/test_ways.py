"""Which moves a description allows: the next step, named outcomes, over optional steps, to the end."""

from __future__ import annotations

from crmkit.process.description import Process
from crmkit.process.ways import ways_of


def ways(*steps: dict):
    return ways_of(Process.model_validate({"name": "P", "steps": list(steps)}))


def moves(found) -> list[tuple[int, int]]:
    return [(int(here), int(there)) for here, there in zip(*found.allowed.nonzero(), strict=True)]


def test_without_outcomes_each_step_leads_to_the_next_and_the_last_to_the_end():
    found = ways({"name": "A"}, {"name": "B"}, {"name": "C"})
    assert moves(found) == [(0, 1), (1, 2), (2, 3)]
    assert found.between == {(0, 1): (), (0, 2): (1,), (0, 3): (1, 2), (1, 2): (), (1, 3): (2,), (2, 3): ()}


def test_optional_steps_may_be_passed_over():
    found = ways(
        {"name": "A"}, {"name": "B", "optional": True}, {"name": "C"}, {"name": "D", "optional": True}
    )
    assert moves(found) == [(0, 1), (0, 2), (1, 2), (2, 3), (2, 4), (3, 4)]
    assert found.between[0, 4] == (2,)  # B and D do not have to be passed
    assert found.next_steps(2) == [3]


def test_outcomes_name_what_follows_also_backwards_and_leave_the_other_branch_unreached():
    found = ways(
        {"name": "A", "outputs": [{"text": "small", "next_step": "C"}, {"text": "big", "next_step": "B"}]},
        {"name": "B", "outputs": [{"text": "agreed", "next_step": "D"}]},
        {"name": "C", "outputs": [{"text": "paid", "next_step": "D"}, {"text": "wrong", "next_step": "A"}]},
        {"name": "D"},
    )
    assert moves(found) == [(0, 1), (0, 2), (1, 3), (2, 0), (2, 3), (3, 4)]
    assert found.between[0, 3] == (1,)  # one mandatory step either way; the first of equal ways is told
    assert (1, 2) not in found.between


def test_a_refusal_that_ends_a_step_does_not_let_it_win():
    found = ways(
        {"name": "A", "outputs": [{"text": "yes", "next_step": "B"}, {"text": "refused"}]}, {"name": "B"}
    )
    assert moves(found) == [(0, 1), (1, 2)]


def test_a_last_step_that_names_only_an_earlier_one_still_ends():
    found = ways({"name": "A"}, {"name": "B", "outputs": [{"text": "again", "next_step": "A"}]})
    assert moves(found) == [(0, 1), (1, 0), (1, 2)]
