"""What differs between two versions of a description: steps, stages, roles, and every cell (METHOD 4.7)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from typing import TypeAlias

import pandas as pd

from crmkit.parts import Part
from crmkit.process.description import CrmStage, Process, Result, Role, Stage, Step, SubProcess, fold

KINDS = ("removed", "added", "merged", "renamed", "reordered", "changed")
PARTS = ("process", "role", "stage", "step")
#: Cells that tell of the versions themselves, not of the process.
UNTOLD = ("format", "version", "dated", "replaces", "roles", "stages", "steps")

Item: TypeAlias = Role | Stage | Step
Pairs: TypeAlias = list[tuple[int, int]]


@dataclass(frozen=True)
class _Row:
    """One difference, as a row of :func:`differences`."""

    part: str
    kind: str
    step_before: str = ""
    step_after: str = ""
    field: str = ""
    old: str = ""
    new: str = ""
    went: str = ""
    came: str = ""
    before_ix: int = -1
    after_ix: int = -1


def differences(before: Process, after: Process) -> pd.DataFrame:
    """Return every difference between two versions, one a row.

    Items are the same if their names are (see ``description.fold``), else if ``replaces`` of the later step
    names the earlier one: one name tells a renamed step, several (or one beside a step that kept its name)
    a merged one; its cells are held against those of the first of them.

    Returns
    -------
    ``part`` (``process``, ``role``, ``stage``, ``step``); ``kind`` (see ``KINDS``); ``step_before``,
    ``step_after`` (names of the item in each version, "" where it is in none); ``field``, ``old``, ``new``
    (of ``changed`` and ``renamed``; of ``reordered`` the places from 1); ``went``, ``came`` (of a list, the
    items that are not in the other version, one a line); ``before_ix``, ``after_ix`` (positions, −1 for
    none). Empty if the versions say the same; their dates and kinds are not compared. As few items as
    possible are told as reordered.
    """
    rows = list(_cells(_Row("process", "changed"), before, after))
    rows += _of_part("role", before.roles, after.roles)
    rows += _of_part("stage", before.stages, after.stages)
    rows += _of_part("step", before.steps, after.steps)
    return pd.DataFrame([astuple(row) for row in rows], columns=list(_Row.__dataclass_fields__))


def written(value: object) -> str:
    """Return a cell as text, a list one item a line; numbers in full, nothing as "".

    >>> written(Result(text="Offer", kind="document", next_step="Deal")), written(("a", "b")), written(2.0)
    ('Offer [document] → Deal', 'a\\nb', '2')
    """
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(map(written, value))
    if isinstance(value, Result):
        return (
            value.text
            + f" [{value.kind}]" * bool(value.kind)
            + f" → {value.next_step}" * bool(value.next_step)
        )
    if isinstance(value, CrmStage):
        return value.stage + f" [{value.pipeline}]" * bool(value.pipeline)
    if isinstance(value, SubProcess):
        parts = [value.name, value.department, value.owner, written(value.norm), value.kpi]
        return " · ".join(part for part in parts if part)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def matched(before: Sequence[Item], after: Sequence[Item]) -> tuple[Pairs, Pairs]:
    """Return the positions of items that are the same in both versions, and of steps merged into others.

    Of items of one name the first is the first, the second the second.
    """
    waiting: dict[str, list[int]] = {}
    for ix, item in enumerate(before):
        waiting.setdefault(fold(item.name), []).append(ix)
    same: dict[int, int] = {}
    for ix, item in enumerate(after):
        found = waiting.get(fold(item.name))
        if found:
            same[ix] = found.pop(0)
    merged: Pairs = []
    for ix, item in enumerate(after):
        named = [fold(name) for name in item.replaces] if isinstance(item, Step) else []
        replaced = sorted(waiting[name].pop(0) for name in dict.fromkeys(named) if waiting.get(name))
        if replaced and ix not in same:
            same[ix] = replaced[0]
            replaced = replaced if len(replaced) > 1 else []
        merged += [(one, ix) for one in replaced]
    return sorted((there, here) for here, there in same.items()), merged


def _of_part(part: str, before: Sequence[Item], after: Sequence[Item]) -> Iterator[_Row]:
    same, merged = matched(before, after)
    gone = set(range(len(before))) - {old for old, _ in [*same, *merged]}
    yield from (_Row(part, "removed", before[ix].name, before_ix=ix) for ix in sorted(gone))
    of = {new: old for old, new in same}
    moved = _out_of_order(same)
    joined = {old for old, _ in merged}
    for ix, item in enumerate(after):
        if ix not in of:
            yield _Row(part, "added", step_after=item.name, after_ix=ix)
            continue
        old = of[ix]
        row = _Row(part, "changed", before[old].name, item.name, before_ix=old, after_ix=ix)
        for one in (one for one, into in merged if into == ix):
            yield replace(row, kind="merged", step_before=before[one].name, before_ix=one)
        renamed = fold(item.name) != fold(before[old].name)
        if renamed and old not in joined:
            yield replace(row, kind="renamed", field="name", old=before[old].name, new=item.name)
        if ix in moved:
            yield replace(row, kind="reordered", old=str(old + 1), new=str(ix + 1))
        yield from _cells(row, before[old], item, leave="name" if renamed else "")


def _cells(row: _Row, before: Part, after: Part, leave: str = "") -> Iterator[_Row]:
    """Return the cells of two items that differ, each as a row like that given."""
    for field in type(before).model_fields:
        old, new = getattr(before, field), getattr(after, field)
        if old == new or field in UNTOLD or field == leave:
            continue
        went = came = ""
        if isinstance(old, tuple) and isinstance(new, tuple):
            went, came = _missing(old, new), _missing(new, old)
        yield replace(row, field=field, old=written(old), new=written(new), went=went, came=came)


def _missing(of: tuple[object, ...], among: tuple[object, ...]) -> str:
    return written(tuple(item for item in of if item not in among))


def _out_of_order(same: Pairs) -> set[int]:
    """Return the later positions of the fewest items that have to be taken out for the rest to keep order.

    The rest is a longest increasing subsequence.
    """
    ends: list[int] = []  # the smallest earlier position that ends a subsequence of each length
    chain: list[int] = []  # which item that is
    before: dict[int, int] = {}
    of = {new: old for old, new in same}
    for new in sorted(of):
        place = bisect_left(ends, of[new])
        ends[place:] = [of[new], *ends[place + 1 :]]
        chain[place:] = [new, *chain[place + 1 :]]
        before[new] = chain[place - 1] if place else -1
    kept, last = set[int](), chain[-1] if chain else -1
    while last >= 0:
        kept.add(last)
        last = before[last]
    return set(of) - kept
