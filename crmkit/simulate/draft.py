"""A department while offences are planted in it, and the book that is kept of every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from crmkit.simulate.actions import open_tasks
from crmkit.simulate.clock import span
from crmkit.simulate.scenario import Stage
from crmkit.simulate.world import LOST, OPEN, Array, Columns, World

#: How many look-alike innocents of a kind are named.
INNOCENTS = 5


@dataclass
class Draft:
    """The tables as columns, still changeable, and the bookkeeping.

    Attributes
    ----------
    guilty: check -> table -> row positions of the offenders.
    innocent: check -> why it is none -> table -> row positions.
    taken: deals that already play a part; no other check takes them.
    extra: visits that are added to ``visits`` when the history is written (``deal, stage, at``).
    """

    world: World
    rng: Generator
    deals: Columns
    visits: Columns
    cards: Columns
    tasks: Columns
    activities: Columns
    guilty: dict[int, dict[str, list[Array]]] = field(default_factory=dict)
    innocent: dict[int, dict[str, dict[str, list[Array]]]] = field(default_factory=dict)
    extra: list[Columns] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = np.zeros(len(self.deals["work"]), dtype=bool)
        self.taken_cards = np.zeros(len(self.cards["rep"]), dtype=bool)
        self.open = self.deals["status"] == OPEN
        self.lost = self.deals["status"] == LOST
        technical = np.array([reason.technical for reason in self.world.scenario.loss_reasons])
        self.technical = self.lost & technical[self.deals["reason"]]
        self.open_task = open_tasks(self.deals, self.tasks)
        ends = np.searchsorted(self.visits["deal"], np.arange(len(self.taken)), side="right")
        self.current = ends - 1
        self.entered = self.visits["at"][self.current]
        self.visits["keep"] = np.ones(len(self.visits["deal"]), dtype=bool)

    @property
    def as_of(self) -> np.datetime64:
        """The end of the simulation."""
        return self.world.clock.as_of

    def ago(self, days: float) -> np.datetime64:
        """Return the moment that lies ``days`` before the end."""
        moment: np.datetime64 = self.as_of - span(days)[()]
        return moment

    def stages(self, fact: Callable[[Stage], float]) -> Array:
        """Return a table (pipeline, stage) of a number known of every open stage, such as 0 and 1."""
        pipelines = self.world.scenario.pipelines
        table = np.zeros((len(pipelines), max(len(pipeline.stages) for pipeline in pipelines)))
        for row, pipeline in enumerate(pipelines):
            table[row, : len(pipeline.open_stages)] = [fact(stage) for stage in pipeline.open_stages]
        return table

    def requiring(self, field: str) -> Array:
        """Return a table (pipeline, stage) with 1 where the stage requires a field."""
        return self.stages(lambda stage: field in stage.required)

    def draw(self, check: int, pool: Array, owner: Array, times: int = 1) -> Array:
        """Draw the planted share of ``pool`` (positions, at least one), careless owners' rows more often."""
        rate = self.world.scenario.rate(check)
        size = min(max(round(rate * len(pool)), 1) * times, len(pool)) if rate > 0 else 0
        careless = 1.05 - self.world.of_reps("discipline")[owner]
        keys = self.rng.exponential(size=len(pool)) / careless
        return np.sort(pool[np.argsort(keys, kind="stable")[:size]])

    def pick(self, check: int, pool: Array, times: int = 1) -> Array:
        """Draw deals from a mask, none that is taken, and take them."""
        rows = np.flatnonzero(pool & ~self.taken)
        chosen = self.draw(check, rows, self.deals["owner"][rows], times)
        self.taken[chosen] = True
        return chosen

    def clean(self, pool: Array, count: int = 2) -> Array:
        """Take a few deals that are to stay innocent."""
        rows = self.rng.permutation(np.flatnonzero(pool & ~self.taken))[:count]
        self.taken[rows] = True
        return rows

    def offend(self, check: int, table: str, rows: Array) -> None:
        """Enter offenders in the book."""
        self.guilty.setdefault(check, {}).setdefault(table, []).append(rows)

    def spare(self, check: int, why: str, table: str, rows: Array) -> None:
        """Enter look-alike innocents in the book, at most ``INNOCENTS``, if there are any."""
        if len(rows) == 0:
            return
        self.innocent.setdefault(check, {}).setdefault(why, {}).setdefault(table, []).append(rows[:INNOCENTS])

    def drop(self, table: Columns, rows: Array) -> None:
        """Strike rows from tasks or activities."""
        table["keep"][rows] = False

    def among(self, table: Columns, deals: Array) -> Array:
        """Tell which rows of tasks or activities belong to some deals."""
        chosen = np.zeros(len(self.taken), dtype=bool)
        chosen[deals] = True
        return chosen[table["deal"]]
