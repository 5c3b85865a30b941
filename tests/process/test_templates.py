"""The templates of a process: they can be read, say the same in both languages, and leave nothing empty."""

from pathlib import Path
from typing import Any

import pytest

from crmkit.places import resource
from crmkit.process.description import Process, fold
from crmkit.yamlfile import read_yaml

TEMPLATES = resource("templates") / "process"
#: What a template leaves to the client: the CRM's own stages, money, and what only later versions have.
LEFT = {"crm_stages", "cost_per_case", "replaces", "sub_processes", "optional"}


def process(name: str) -> Process:
    return Process.model_validate(read_yaml(TEMPLATES / name)[0])


def shape(value: Any) -> Any:
    """Return everything but the words: figures, units, kinds, how many of each."""
    if isinstance(value, dict):
        return {key: shape(inside) for key, inside in value.items()} | _codes(value)
    if isinstance(value, list):
        return [shape(inside) for inside in value]
    return value if isinstance(value, bool | float) or value is None else ""


def _codes(part: dict[str, Any]) -> dict[str, Any]:
    return {key: part[key] for key in ("kind", "norm", "crm_role", "required_fields") if key in part}


@pytest.mark.parametrize("name", ["b2b", "short"])
def test_both_languages_have_the_same_structure(name: str) -> None:
    here, there = (process(f"{name}.{language}.yml") for language in ("ru", "en"))
    assert shape(here.model_dump(mode="json")) == shape(there.model_dump(mode="json"))
    for one in (here, there):  # whatever is named, is named alike in both languages
        names = [step.name for step in one.steps]
        roles, stages = [role.name for role in one.roles], [stage.name for stage in one.stages]
        places = [
            (
                [names.index(out.next_step) if out.next_step else None for out in step.outputs],
                [roles.index(role) for role in (*step.responsible, step.task_setter, *step.result_users)],
                [roles.index(part.owner) for part in step.sub_processes],
                stages.index(step.stage),
            )
            for step in one.steps
        ]
        if one is here:
            known = places
    assert places == known


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.yml")), ids=lambda path: path.name)
def test_a_template_is_written_out(path: Path) -> None:
    made = process(path.name)
    for step in made.steps:
        empty = [name for name in type(step).model_fields if name not in LEFT and not getattr(step, name)]
        assert empty == [], step.name
        assert len(step.outputs) >= 2  # it goes on, or it is lost
        assert len(step.tasks) >= 2
        assert len(step.actions) >= 3
    assert all(stage.owner and stage.exit for stage in made.stages)


def test_the_b2b_template_has_the_standard_stages_and_steps() -> None:
    made = process("b2b.en.yml")
    assert [fold(step.name) for step in made.steps] == [
        "qualification", "needs assessment", "presentation", "proposal preparation", "proposal agreement",
        "contract", "invoice", "money",
    ]  # fmt: skip
    assert [(stage.name, stage.owner) for stage in made.stages] == [
        ("Lead generation", "Marketer"),
        ("Lead development", "Hunter"),
        ("Lead conversion", "Closer"),
        ("Client fulfilment", "Closer"),
        ("Account management", "Farmer"),
        ("Key account management", "Key account manager"),
    ]
    assert {role.crm_role for role in made.roles} == {"", "hunter", "closer", "farmer", "KAM", "head"}
