"""Every rule of a good description: what breaks it is told, what only looks like it is not."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.places import resource
from crmkit.process.description import Process
from crmkit.process.lint import COLUMNS, RULES, lint
from crmkit.process.steps import map_steps
from crmkit.schema import Snapshot
from crmkit.yamlfile import read_yaml

STAGES = [
    {"name": "New"},
    {"name": "Offer"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]


def step(name: str, **more: Any) -> dict[str, Any]:
    """Return a step that breaks no rule, but for what is given."""
    good = {
        "name": name,
        "inputs": ["Lead card created"],
        "outputs": ["Proposal sent"],
        "responsible": ["Closer"],
        "key_success_factor": "The date of the next call is agreed",
        "crm_entities": ["Deal"],
        "kpi": "Share of proposals agreed",
        "norm": "2 working_days",
    }
    return good | more


def described(*steps: dict[str, Any], **more: Any) -> Process:
    return Process.model_validate({"name": "Sale", "steps": list(steps)} | more)


def told(process: Process, crm: Snapshot | None = None, **more: Any) -> list[tuple[Any, ...]]:
    """Return rule, position, detail, other of the findings."""
    found = lint(process, crm, **more)
    assert list(found.columns) == list(COLUMNS)
    return list(found[["rule", "step_ix", "detail", "other"]].itertuples(index=False, name=None))


FIRST = step("Qualify")
SECOND = step("Agree", inputs=["proposal sent."], outputs=["Contract signed"])


def test_a_good_description_is_clean() -> None:
    assert told(described(FIRST, SECOND)) == []


#: Rule -> (the cells of the second step, what is told of it besides the rule and the step).
OFFENDERS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("output_missing", {"outputs": []}, [("", "")]),
    ("output_missing", {"outputs": ["-"]}, [("", "")]),
    (
        "output_not_verifiable",
        {"outputs": ["Contract signed", "The client is interested"]},
        [("The client is interested", "")],
    ),
    ("output_not_verifiable", {"outputs": ["Клиент заинтересован"]}, [("Клиент заинтересован", "")]),
    ("input_not_previous_output", {"inputs": ["Proposals sent"]}, [("Proposals sent", "Proposal sent")]),
    ("input_not_previous_output", {"inputs": []}, [("", "Proposal sent")]),
    # One input comes from before, the other from nowhere.
    (
        "input_not_previous_output",
        {"inputs": ["Proposal sent", "Stock list"]},
        [("Stock list", "Proposal sent")],
    ),
    ("no_responsible", {"responsible": []}, [("", "")]),
    ("no_responsible", {"responsible": ["—"]}, [("", "")]),
    ("several_responsible", {"responsible": ["Closer", "Hunter"]}, [("Closer · Hunter", "")]),
    ("several_responsible", {"responsible": ["Hunter, lawyer"]}, [("Hunter · lawyer", "")]),
    ("several_responsible", {"responsible": ["Closer and Head"]}, [("Closer · Head", "")]),
    ("no_key_success_factor", {"key_success_factor": "n/a"}, [("", "")]),
    ("no_crm_requirement", {"crm_entities": []}, [("", "")]),
    ("no_kpi", {"kpi": ""}, [("", "")]),
    ("no_norm", {"norm": None}, [("", "")]),
    (
        "sub_process_without_owner",
        {"sub_processes": [{"name": "Check", "department": "Legal"}, {"name": "Pay", "owner": "Buyer"}]},
        [("Check", "Legal")],
    ),
    ("duplicate_step_name", {"name": "QUALIFY"}, [("QUALIFY", "Qualify")]),
    (
        "next_step_unknown",
        {"outputs": [{"text": "Contract signed", "next_step": "Qualfy"}]},
        [("Qualfy", "Qualify")],
    ),
    (
        "spelling_repaired",
        {"outputs": [{"text": "Contract signed", "next_step": "qualify"}]},
        [("qualify", "Qualify")],
    ),
]


@pytest.mark.parametrize(("rule", "cells", "about"), OFFENDERS)
def test_what_breaks_a_rule_is_told(rule: str, cells: dict[str, Any], about: list[tuple[str, str]]) -> None:
    process = described(FIRST, SECOND | cells, roles=["Head"])
    assert told(process) == [(rule, 1, *one) for one in about]


INNOCENTS: list[dict[str, Any]] = [
    {"outputs": ["Клиент заинтересован, договор подписан"]},
    {"inputs": ["PROPOSAL  sent"]},  # written otherwise, the same
    {"responsible": ["Sales and marketing manager"]},  # one role with a long name
    {"responsible": ["Closer", "closer"]},
    {"responsible": ["Head, deputy"]},  # so it stands in the list of roles
    {"crm_entities": [], "automations": ["A task is set"]},
    {"crm_entities": [], "required_fields": ["amount"]},
    {"norm": "0.5 days"},
    {"sub_processes": [{"name": "Check", "owner": "Lawyer"}]},
    {"name": "Qualify again"},
    {"outputs": [{"text": "Contract signed", "next_step": ""}]},
    {"kind": "supporting", "inputs": ["The year begins"]},  # no link of the chain
]


@pytest.mark.parametrize("cells", INNOCENTS)
def test_what_only_looks_like_it_is_not(cells: dict[str, Any]) -> None:
    assert told(described(FIRST, SECOND | cells, roles=["Head, deputy"])) == []


def test_an_input_comes_from_the_outcome_that_leads_here() -> None:
    # «Changes wanted» goes back to the first step, so the third cannot begin with it.
    outputs = [
        {"text": "Contract signed", "next_step": "Pay"},
        {"text": "List of changes", "next_step": "Offer"},
        {"text": "Reason of the loss chosen"},
    ]
    offer = step("Offer", inputs=["Card created", "List of changes"])
    agree = step("Agree", inputs=["Proposal sent"], outputs=outputs)
    pay = step("Pay", inputs=["Contract signed"], outputs=["Payment received"])
    assert told(described(offer, agree, pay)) == []  # the process begins with a card, and comes back
    wrong = pay | {"inputs": ["List of changes"]}
    assert told(described(step("Offer", inputs=["List of changes"]), agree, wrong)) == [
        ("input_not_previous_output", 2, "List of changes", "Contract signed")
    ]


def test_an_input_may_come_from_before_an_optional_step() -> None:
    show = step("Show", inputs=["Proposal sent"], outputs=["Demo held"])
    last = step("Agree", inputs=["Proposal sent"], outputs=["Contract signed"])
    assert told(described(FIRST, show | {"optional": True}, last)) == []
    assert told(described(FIRST, show, last)) == [
        ("input_not_previous_output", 2, "Proposal sent", "Demo held")
    ]


Made = Callable[..., Snapshot]


def crm_of(snapshot: Made, **more: Any) -> Snapshot:
    deals = [{"stage": "New", "amount": 5, "Power": "5 kW", "created_at": "2026-03-01"}]
    return snapshot(deals, **({"stages": STAGES} | more))


def mapped(first: Any, second: Any, **more: Any) -> Process:
    return described(FIRST | {"crm_stages": first}, SECOND | {"crm_stages": second}, **more)


def test_a_description_that_fits_the_crm_is_clean(snapshot: Made) -> None:
    crm, process = crm_of(snapshot), mapped(["New"], ["Offer"])
    assert told(process, crm) == []
    assert told(process, crm, places=map_steps(crm, process)) == []


def test_stages_and_steps_without_each_other(snapshot: Made) -> None:
    crm = crm_of(snapshot)
    assert told(mapped(["New"], []), crm) == [
        ("step_without_crm_stage", 1, "", ""),
        ("crm_stage_without_step", -1, "Offer", "Sales"),
    ]
    # A supporting step has no stage, and won and lost stages belong to no step.
    teach = step("Teach", kind="supporting", inputs=["The year begins"])
    process = mapped(["New", "Offer"], ["Won"])
    whole = process.model_copy(update={"steps": (*process.steps, *described(teach).steps)})
    assert told(whole, crm) == []
    # Nothing is known of any stage where the export has none.
    bare = snapshot([{"amount": 5}], stages=[])
    assert told(mapped([], []), bare) == []


def test_the_steps_that_client_yml_names_have_their_stages(snapshot: Made) -> None:
    stages = [
        {"name": "New", "process_step": "qualify"},
        {"name": "Offer", "process_step": "Agree"},
        *STAGES[2:],
    ]
    assert told(mapped([], []), crm_of(snapshot, stages=stages)) == []


def test_a_pipeline_that_the_description_leaves_out_is_told_once(snapshot: Made) -> None:
    other = {"name": "Repeat", "stages": [{"name": "Offer"}, {"name": "Again"}]}
    pipelines = [{"name": "Sales", "stages": STAGES}, other]
    crm = crm_of(snapshot, pipelines=pipelines)
    offer = [{"stage": "Offer", "pipeline": "Sales"}]
    assert told(mapped(["New"], offer), crm) == [("pipeline_without_step", -1, "Repeat", "")]
    assert told(mapped(["New"], ["Offer"]), crm) == [("crm_stage_without_step", -1, "Again", "Repeat")]


def test_unknown_doubled_and_repaired_stages(snapshot: Made) -> None:
    crm = crm_of(snapshot)
    assert told(mapped(["New", "Ofer"], ["Offer"]), crm) == [("crm_stage_unknown", 0, "Ofer", "Offer")]
    assert told(mapped(["New", {"stage": "Offer", "pipeline": "Cold"}], ["Offer"]), crm) == [
        ("crm_stage_unknown", 0, "Cold · Offer", "Offer")
    ]
    assert told(mapped(["New"], ["Offer", "New"]), crm) == [("crm_stage_claimed_twice", 1, "New", "Qualify")]
    assert told(mapped(["NEW"], ["Offer"]), crm) == [("spelling_repaired", 0, "NEW", "New")]
    # Naming a stage twice in one step is no quarrel.
    assert told(mapped(["New", "New"], ["Offer"]), crm) == []


@pytest.mark.parametrize(
    "name", ["amount", "AMOUNT", "power", "companies.city", "margin|amount", "Sum  of deal"]
)
def test_fields_that_the_export_has(snapshot: Made, name: str) -> None:
    process = mapped(["New"], ["Offer"], version="to_be")
    steps = (process.steps[0], process.steps[1].model_copy(update={"required_fields": (name,)}))
    crm = crm_of(snapshot, companies=[{"company_id": "1", "city": "Perm"}])
    headings = {"Sum of deal": "amount", "Power": ""}
    assert told(process.model_copy(update={"steps": steps}), crm, headings=headings) == []


@pytest.mark.parametrize("name", ["margin", "Engine", "margin|engine", "contacts.phone", "amount.x"])
def test_fields_that_no_export_has(snapshot: Made, name: str) -> None:
    crm = crm_of(snapshot)
    process = mapped(["New"], ["Offer"])
    steps = (process.steps[0], process.steps[1].model_copy(update={"required_fields": (name,)}))
    as_is = process.model_copy(update={"steps": steps})
    assert told(as_is, crm) == []  # only a process to be asks for what is to come
    assert told(as_is.in_version("to_be"), crm) == [("required_field_in_no_export", 1, name, "")]
    assert told(as_is.in_version("to_be")) == []


@pytest.mark.parametrize(
    "path", sorted((resource("templates") / "process").glob("*.yml")), ids=lambda p: p.name
)
def test_the_templates_break_no_rule(path: Any) -> None:
    process = Process.model_validate(read_yaml(path)[0])
    assert told(process) == []
    assert told(process.in_version("to_be")) == []


def test_findings_are_sorted_and_typed() -> None:
    found = lint(described(step("A", kpi="", norm=None, responsible=[]), step("B", outputs=[], kpi="-")))
    assert found["step_ix"].is_monotonic_increasing
    assert found.groupby("step_ix")["rule"].apply(lambda rules: list(map(RULES.index, rules))).map(
        sorted
    ).tolist() == [list(map(RULES.index, found["rule"][found["step_ix"] == ix])) for ix in (0, 1)]
    empty = lint(described())
    assert empty.empty
    pd.testing.assert_series_equal(empty.dtypes, found.dtypes)


@given(data=st.data())
def test_any_description_can_be_looked_at(data: Any, processes: Any) -> None:
    process = data.draw(processes)
    found = lint(process)
    assert set(found["rule"]) <= set(RULES)
    assert found["step_ix"].between(0, len(process.steps) - 1).all()
    assert found["step"].tolist() == [process.steps[ix].name for ix in found["step_ix"]]
    of_data = {"step_without_crm_stage", "crm_stage_unknown", "crm_stage_claimed_twice"}
    assert not of_data & set(found["rule"])  # nothing is said of stages without the data
    pd.testing.assert_frame_equal(lint(process), found)
