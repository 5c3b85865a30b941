"""A description as YAML: written for people, read with every mistake, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from crmkit.errors import CrmkitError, Refusals
from crmkit.process.description import Process
from crmkit.process.yamlform import read_description, write_yaml, yaml_bytes

SMALL = Process(
    name="Sale",
    dated="2026-09-01",
    roles=["Closer", {"name": "Head", "crm_role": "head"}],
    steps=[
        {
            "name": "Offer: no",
            "inputs": ["Need", {"text": "Call", "kind": "contact"}],
            "goal": "one\ntwo: three",
            "norm": "2",
            "expected_conversion": "60 %",
            "crm_stages": ["Offer", {"stage": "Offer", "pipeline": "Cold"}],
            "optional": True,
        }
    ],
)
WRITTEN = """\
format: 1
name: Sale
version: as_is
dated: 2026-09-01
roles:
  - Closer
  - name: Head
    crm_role: head
steps:
  - name: 'Offer: no'
    inputs:
      - Need
      - text: Call
        kind: contact
    goal: |-
      one
      two: three
    norm: 2 working_days
    expected_conversion: 0.6
    crm_stages:
      - Offer
      - stage: Offer
        pipeline: Cold
    optional: true
"""


def test_it_is_written_to_be_read_by_people(tmp_path):
    assert yaml_bytes(SMALL).decode() == WRITTEN
    write_yaml(tmp_path / "as-is.yml", SMALL)
    assert read_description(tmp_path / "as-is.yml") == SMALL


def test_a_round_trip_loses_nothing(processes, tmp_path):
    path = tmp_path / "round.yml"

    @settings(deadline=None, derandomize=True)
    @given(process=processes)
    def holds(process):
        path.write_bytes(yaml_bytes(process))
        again = read_description(path)
        assert again == process
        assert yaml_bytes(again) == path.read_bytes()
        # reading twice changes nothing
        assert Process.model_validate(process.model_dump(mode="json")) == process

    holds()


def test_every_mistake_is_told_at_once_with_its_line(tmp_path):
    path = tmp_path / "as-is.yml"
    path.write_text(
        "name: Sale\nsteps:\n  - name: A\n    nrom: 2\n    norm: soon\n    kind: cor\n"
        "  - goal: x\n    optional: perhaps\n    expected_conversion: 60\n"
        "    inputs: [{text: x, kynd: data}]\n    cost_per_case: much\nroles: 7\nstep: x\n",
        encoding="utf-8",
    )
    with pytest.raises(Refusals) as caught:
        read_description(path)
    told = {error.where: (str(error.what), str(error.remedy or "")) for error in caught.value.errors}
    assert told == {
        "as-is.yml:4: steps[1].nrom": ("there is no such key", "Did you mean «norm»?"),
        "as-is.yml:5: steps[1].norm": ("a time such as «2 working_days» should stand here", ""),
        "as-is.yml:6: steps[1].kind": (
            "this is not one of the possible values",
            "Possible: 'core', 'supporting', 'managing'.",
        ),
        "as-is.yml:7: steps[2].name": ("this key is missing", ""),
        "as-is.yml:8: steps[2].optional": ("yes or no should stand here", ""),
        "as-is.yml:9: steps[2].expected_conversion": ("the number is too large", ""),
        "as-is.yml:10: steps[2].inputs[1].kynd": ("there is no such key", "Did you mean «kind»?"),
        "as-is.yml:11: steps[2].cost_per_case": ("a number should stand here", ""),
        "as-is.yml:12: roles": ("a list should stand here, each item behind a dash", ""),
        "as-is.yml:13: step": ("there is no such key", "Did you mean «steps»?"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name: P\nsteps:\n  - name: a\n\tnorm: 2\n", "as-is.yml:4: a tab stands at the beginning"),
        ("name: P\nname: Q\n", "as-is.yml:2: the key «name» stands twice"),
        ("- P\n", "the file holds no description"),
        ("", "the file holds no description"),
    ],
)
def test_what_is_no_description_is_refused(tmp_path, text, what):
    (tmp_path / "as-is.yml").write_text(text, encoding="utf-8")
    with pytest.raises(CrmkitError, match=what):
        read_description(tmp_path / "as-is.yml")


@pytest.mark.parametrize("page", ["process.md", "process.ru.md"])
def test_the_example_of_the_manual_is_read(tmp_path, page):
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    (tmp_path / "as-is.yml").write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    (step,) = read_description(tmp_path / "as-is.yml").steps
    assert step.outputs[0].next_step and step.crm_stages[1].pipeline and step.sub_processes[0].norm
