"""The samples' descriptions: as people really tell it, with the flaws that lint is to find, and no others."""

from pathlib import Path

import pytest

from crmkit import load, read_client
from crmkit.process.description import Process, find_step
from crmkit.process.lint import lint
from crmkit.process.steps import map_steps
from crmkit.yamlfile import read_yaml

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
FLAWS = {
    "vektor/process/as-is.yml": [
        ("no_norm", 0),
        ("output_not_verifiable", 2),
        ("input_not_previous_output", 3),
        ("sub_process_without_owner", 3),
        ("several_responsible", 5),
        ("no_kpi", 5),
        ("no_key_success_factor", 6),
        ("pipeline_without_step", -1),  # existing clients are sold to in another way
    ],
    "vektor/process/to-be-2026-12-01.yml": [
        ("required_field_in_no_export", 1),  # the decision maker has to become a field first
        ("pipeline_without_step", -1),
    ],
    "northwind-supply/process/as-is.yml": [
        ("output_not_verifiable", 2),
        ("no_kpi", 2),
        ("input_not_previous_output", 3),
        ("several_responsible", 4),
        ("no_norm", 5),
        ("sub_process_without_owner", 5),
    ],
}


def described(name: str) -> Process:
    return Process.model_validate(read_yaml(SAMPLES / name)[0])


@pytest.mark.parametrize("name", FLAWS)
def test_lint_finds_the_flaws_of_the_samples(name: str) -> None:
    crm = load(read_client(SAMPLES / name.split("/")[0]))
    found = lint(described(name), crm)
    assert list(found[["rule", "step_ix"]].itertuples(index=False, name=None)) == FLAWS[name]


@pytest.mark.parametrize("name", FLAWS)
def test_the_samples_name_roles_of_their_reps(name: str) -> None:
    client = read_client(SAMPLES / name.split("/")[0])
    process = described(name)
    roles = {role.name: role.crm_role for role in process.roles}
    assert set(process.role_names()) == set(roles)
    assert {rep.role for rep in client.managers} <= set(roles.values())
    assert all(roles[step.responsible[0]] == "closer" for step in process.steps)
    assert map_steps(load(client), process).is_described


def test_the_sample_to_be_merges_two_steps() -> None:
    before, after = (described(f"vektor/process/{name}.yml") for name in ("as-is", "to-be-2026-12-01"))
    assert (len(before.steps), len(after.steps)) == (7, 6)
    assert [find_step(before, name) for name in after.steps[0].replaces] == [0, 1]
