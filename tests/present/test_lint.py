"""The words for what a description lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crmkit.present.lint import SAID, lint_table
from crmkit.present.study import open_study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences
from crmkit.process.description import Process
from crmkit.process.lint import RULES

GOOD = {
    "name": "Agree",
    "outputs": ["Contract signed"],
    "responsible": ["Closer"],
    "key_success_factor": "The date is agreed",
    "required_fields": ["Sum"],
    "kpi": "Share of contracts signed",
    "norm": "2",
    "crm_stages": ["New"],
}
LINES = "deal_id,stage,Sum\n1,New,\n2,Won,\n"
FILES = [{"path": "deals.csv", "table": "deals", "columns": {"Sum": "amount"}}]


def test_every_rule_has_words() -> None:
    assert set(SAID) == set(RULES)


def test_each_finding_says_where_what_and_what_to_do(client: Callable[..., Path]) -> None:
    study = open_study(client(LINES, files=FILES))
    process = Process.model_validate({"name": "Sale", "version": "to_be", "steps": [GOOD]})
    step = process.steps[0].model_copy(
        update={"norm": None, "required_fields": ("Power", "Sum"), "inputs": ()}
    )
    broken = process.model_copy(update={"steps": (step.model_copy(update={"crm_stages": ()}),)})
    table = lint_table(study, broken)
    assert isinstance(table, Table)
    # The heading «Sum» is known although no deal has a sum; the stage «New» is the only open one.
    assert table.title == "4 places of the description are to be mended"
    assert [row[:2] for row in table.rows] == [
        (
            "1. Agree",
            "The field «Power» is required, but no export has it: nobody can check that it is filled.",
        ),
        ("1. Agree", "No time norm is named."),
        ("1. Agree", "The step has no CRM stage: nothing of it can be measured."),
        ("The whole process", "The CRM stage «New» of the pipeline «Sales» belongs to no step."),
    ]
    assert [row[2] for row in table.rows][
        1
    ] == "Write how long the step may take at most, such as 2 working days."


def test_a_guess_stands_before_what_to_do(client: Callable[..., Path]) -> None:
    study = open_study(client(LINES, files=FILES))
    process = Process.model_validate({"name": "Sale", "steps": [GOOD | {"crm_stages": ["New", "Newe"]}]})
    table = lint_table(study, process)
    assert isinstance(table, Table)
    assert [row[2] for row in table.rows] == [
        "Did you mean «New»? Write it as the CRM does. If it is new, add it to the CRM and to client.yml."
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The description breaks none of the rules of a good one."),
        ("ru", "Описание не нарушает ни одного правила хорошего описания."),
    ],
)
def test_a_clean_description_is_said_to_be_clean(
    client: Callable[..., Path], language: str, said: str
) -> None:
    study = open_study(client(LINES, files=FILES), language=language)
    clean = lint_table(study, Process.model_validate({"name": "Sale", "steps": [GOOD]}))
    assert isinstance(clean, Sentences)
    assert clean.paragraphs == (said,)
