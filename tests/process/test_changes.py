"""What differs between two versions: each kind by hand, and that nothing is missed by any description."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.process.changes import UNTOLD, differences, matched
from crmkit.process.description import Process, Step, fold


def process(*steps: object, **rest) -> Process:
    rows = [{"name": step} if isinstance(step, str) else step for step in steps]
    return Process.model_validate({"name": "Sales", "steps": rows} | rest)


def told(before: Process, after: Process, *names: str) -> list[tuple]:
    names = names or ("kind", "step_before", "step_after", "field", "old", "new")
    return list(differences(before, after)[list(names)].itertuples(index=False, name=None))


def test_steps_come_and_go():
    assert told(process("A", "B"), process("B", "C")) == [
        ("removed", "A", "", "", "", ""),
        ("added", "", "C", "", "", ""),
    ]


def test_one_replaced_name_is_a_renaming_and_its_cells_are_compared():
    before = process({"name": "Old", "norm": "2", "tasks": ["call", "write"]})
    after = process({"name": "New", "norm": "1", "tasks": ["write", "meet"], "replaces": ["old"]})
    assert told(before, after) == [
        ("renamed", "Old", "New", "name", "Old", "New"),
        ("changed", "Old", "New", "tasks", "call\nwrite", "write\nmeet"),
        ("changed", "Old", "New", "norm", "2 working_days", "1 working_days"),
    ]
    assert told(before, after, "went", "came")[1] == ("call", "meet")


def test_several_replaced_names_are_merged_also_into_a_step_that_kept_its_name():
    before = process("A", {"name": "B", "goal": "g"}, "C", "D")
    joined = {"name": "BC", "replaces": ["C", "B", "Nothing"]}
    assert told(before, process("A", joined, "D")) == [
        ("merged", "B", "BC", "", "", ""),
        ("merged", "C", "BC", "", "", ""),
        ("changed", "B", "BC", "goal", "g", ""),
    ]
    kept = process("A", {"name": "b", "goal": "g", "replaces": ["C"]}, "D")
    assert told(before, kept) == [
        ("merged", "C", "b", "", "", ""),
        ("changed", "B", "b", "name", "B", "b"),
    ]


def test_as_few_steps_as_possible_have_moved():
    # D alone was taken to the front: A, B, C keep their order
    assert told(process("A", "B", "C", "D"), process("D", "A", "B", "C")) == [
        ("reordered", "D", "D", "", "4", "1")
    ]


def test_stages_roles_and_the_name_are_compared_and_dates_are_not():
    before = process(stages=[{"name": "S", "owner": "X"}], roles=["Closer"], dated="2026-01-01")
    after = process(
        stages=[{"name": "S", "owner": "Y"}], roles=["closer", "Hunter"], version="to_be", name="Selling"
    )
    assert told(before, after, "part", "kind", "step_after", "field", "old", "new") == [
        ("process", "changed", "", "name", "Sales", "Selling"),
        ("role", "changed", "closer", "name", "Closer", "closer"),
        ("role", "added", "Hunter", "", "", ""),
        ("stage", "changed", "S", "owner", "X", "Y"),
    ]


NAMES = st.sampled_from(["A", "a", "B", "C", "Ё", "Е", "D", "E"])
RESULTS = st.lists(
    st.fixed_dictionaries({"text": NAMES}, optional={"kind": st.just("data"), "next_step": NAMES}), max_size=2
)
STEPS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "stage": NAMES,
        "tasks": st.lists(NAMES, max_size=3),
        "outputs": RESULTS,
        "norm": st.sampled_from(["1", "2 days"]),
        "cost_per_case": st.sampled_from([0, 1, 1.5]),
        "optional": st.booleans(),
        "replaces": st.lists(NAMES, max_size=3),
        "crm_stages": st.lists(st.fixed_dictionaries({"stage": NAMES}), max_size=2),
    },
)
PROCESSES = st.builds(
    lambda steps, stages, roles: process(*steps, stages=stages, roles=roles),
    st.lists(STEPS, max_size=6),
    st.lists(st.fixed_dictionaries({"name": NAMES}, optional={"owner": NAMES}), max_size=3),
    st.lists(st.fixed_dictionaries({"name": NAMES}, optional={"crm_role": NAMES}), max_size=3),
)


def bare(process: Process) -> Process:
    """Return a process without the links to earlier steps, which are no cells of the table."""
    return process.model_copy(
        update={"steps": tuple(step.model_copy(update={"replaces": ()}) for step in process.steps)}
    )


@given(PROCESSES)
@settings(max_examples=50, deadline=None)
def test_a_version_does_not_differ_from_itself(one):
    assert differences(one, one.in_version("to_be")).empty


@given(PROCESSES, PROCESSES)
@settings(max_examples=150, deadline=None)
def test_the_kinds_explain_all_of_the_difference(before, after):
    rows = differences(before, after)
    assert rows.empty == (bare(before) == bare(after))
    steps = rows[(rows["part"] == "step").to_numpy()]
    of = {kind: steps[(steps["kind"] == kind).to_numpy()] for kind in set(steps["kind"])}
    empty = steps[:0]
    same, merged = matched(before.steps, after.steps)
    gone = {*of.get("removed", empty)["before_ix"], *(old for old, _ in merged), *(old for old, _ in same)}
    assert gone == set(range(len(before.steps)))
    come = {*of.get("added", empty)["after_ix"], *(new for _, new in same)}
    assert come == set(range(len(after.steps)))
    # what was not told as moved keeps its order
    moved = set(of.get("reordered", empty)["after_ix"])
    rest = [old for old, new in sorted(same, key=lambda pair: pair[1]) if new not in moved]
    assert rest == sorted(rest)
    # every cell that differs is told, and no other
    told = {
        (row.before_ix, row.after_ix, row.field)
        for kind in ("changed", "renamed")
        for row in of.get(kind, empty).itertuples()
    }
    joined = {old for old, _ in merged}
    differ = {
        (old, new, field)
        for old, new in same
        for field in Step.model_fields
        if field not in UNTOLD and getattr(before.steps[old], field) != getattr(after.steps[new], field)
        if not (
            field == "name" and old in joined and fold(before.steps[old].name) != fold(after.steps[new].name)
        )
    }
    assert told == differ


@given(PROCESSES, PROCESSES)
@settings(max_examples=80, deadline=None)
def test_the_way_back_tells_what_was_added_as_removed(before, after):
    before, after = bare(before), bare(after)  # a link leads one way only
    there, back = differences(before, after), differences(after, before)
    for kind, reverse in (("added", "removed"), ("removed", "added"), ("changed", "changed")):
        assert (there["kind"] == kind).sum() == (back["kind"] == reverse).sum()
    assert (there["kind"] == "reordered").sum() == (back["kind"] == "reordered").sum()
