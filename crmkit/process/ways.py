"""Which moves between steps a description allows, and which steps lie on the way (METHOD 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crmkit.process.description import Process, following


@dataclass(frozen=True, eq=False)
class Ways:
    """What may follow what. The end, which winning leads to, has the position after the last step.

    Attributes
    ----------
    allowed: for each step (row) and each step or the end (column) whether the description lets a deal go
        there at once: to what its outcomes name, else to the next step, and over optional ones.
    between: for each pair of a step and a later one (or the end) that the description connects, the mandatory
        steps on the way with the fewest of them.
    """

    allowed: npt.NDArray[np.bool_]
    between: dict[tuple[int, int], tuple[int, ...]]

    def next_steps(self, position: int) -> list[int]:
        """Return where a deal may go at once from a step; the end is left out."""
        return [int(ix) for ix in np.flatnonzero(self.allowed[position, :-1])]


def ways_of(process: Process) -> Ways:
    """Return the moves that a description allows.

    A deal may be won at a step after which the description has no later one. Losing a deal is always allowed
    and is not in here.
    """
    size = len(process.steps)
    optional = [step.optional for step in process.steps]
    edges = [list(following(process, ix)) for ix in range(size)]
    for ix, targets in enumerate(edges):
        if not any(target > ix for target in targets):
            targets.append(size)
    allowed = np.zeros((size, size + 1), dtype=bool)
    for ix in range(size):
        waiting = list(edges[ix])
        while waiting:
            target = waiting.pop()
            if not allowed[ix, target]:
                allowed[ix, target] = True
                waiting += edges[target] if target < size and optional[target] else []
    between = {(ix, there): steps for ix in range(size) for there, steps in _onward(edges, optional, ix)}
    return Ways(allowed, between)


def _onward(edges: list[list[int]], optional: list[bool], start: int) -> list[tuple[int, tuple[int, ...]]]:
    """Return all later positions that can be reached, each with the mandatory steps on the best way there."""
    best: dict[int, tuple[int, ...]] = {}
    for here in range(start, len(edges)):
        if here != start and here not in best:
            continue
        passed = () if here == start else best[here] + (() if optional[here] else (here,))
        for there in edges[here]:
            if there > here and (there not in best or len(passed) < len(best[there])):
                best[there] = passed
    return list(best.items())
