"""The model of a description: what is read leniently, what is refused, what follows what."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from crmkit.process.description import Norm, Process, Step, find_step, fold, following


@pytest.mark.parametrize(
    ("written", "amount", "unit"),
    [
        ("2", 2, "working_days"),
        ("1,5 working_hours", 1.5, "working_hours"),
        ("3 days", 3, "days"),
        (4, 4, "working_days"),
    ],
)
def test_a_norm_is_a_number_and_a_unit(written, amount, unit):
    norm = Norm.model_validate(written)
    assert (norm.amount, norm.unit) == (amount, unit)
    assert Norm.model_validate(norm.model_dump()) == norm


@pytest.mark.parametrize("written", ["soon", "0", "-1", "2 weeks", "nan"])
def test_what_is_no_norm_is_refused(written):
    with pytest.raises(ValidationError):
        Norm.model_validate(written)


@pytest.mark.parametrize("written", ["60 %", "60%", "0,6", 0.6])
def test_a_share_is_read_as_people_write_it(written):
    assert Step(name="x", expected_conversion=written).expected_conversion == pytest.approx(0.6)


@pytest.mark.parametrize("written", ["60", "0", "120 %", "most"])
def test_what_is_no_share_is_refused(written):
    with pytest.raises(ValidationError):
        Step(name="x", expected_conversion=written)


def test_signs_that_no_file_keeps_are_left_out_and_lines_are_trimmed():
    step = Step(name=" a\x00\tb ", goal=" one \r\n\r\n two ", tasks="call\n\n write ")
    assert (step.name, step.goal, step.tasks) == ("a b", "one\ntwo", ("call", "write"))


def test_names_are_compared_in_small_letters_and_with_one_e():
    process = Process(name="P", steps=[{"name": "Счёт  выставлен"}, {"name": "Оплата"}])
    assert fold("СЧЕТ выставлен") == fold("Счёт выставлен")
    assert find_step(process, "счет выставлен") == 0 and find_step(process, "money") is None


def test_outcomes_name_what_follows_else_the_next_step_does():
    steps = [
        {"name": "A", "outputs": [{"text": "yes", "next_step": "c"}, {"text": "no", "next_step": "Nowhere"}]},
        {"name": "B"},
        {"name": "C"},
    ]
    process = Process(name="P", steps=steps)
    assert [list(following(process, ix)) for ix in range(3)] == [[2], [2], []]


def test_roles_are_gathered_from_everywhere_once():
    process = Process(
        name="P", roles=["Closer"], stages=[{"name": "S", "owner": "Head"}],
        steps=[{"name": "A", "responsible": ["Closer"], "task_setter": "Head", "result_users": ["Lawyer"]}],
    )  # fmt: skip
    assert process.role_names() == ["Closer", "Head", "Lawyer"]
