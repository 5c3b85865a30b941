"""A scenario as arrays: reps and who takes over from them, norms of stages, positions of names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmkit.simulate.clock import WorkClock
from crmkit.simulate.scenario import Scenario

Array = NDArray[Any]
Columns = dict[str, Array]

OPEN, WON, LOST = 0, 1, 2
NEVER = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class World:
    """A scenario as arrays, with its clock."""

    scenario: Scenario
    clock: WorkClock

    @cached_property
    def left(self) -> Array:
        """When each rep leaves; a far day for those who stay."""
        days = [rep.left_on or "2999-01-01" for rep in self.scenario.reps]
        return np.array(days, dtype="M8[D]").astype("M8[s]")

    @cached_property
    def heir(self) -> Array:
        """Who takes over from each rep: the next colleague of the team who stays, else the next of all."""
        reps = self.scenario.reps
        heirs = []
        for place, rep in enumerate(reps):
            others = [(place + step) % len(reps) for step in range(1, len(reps))]
            staying = [one for one in others if reps[one].left_on is None and reps[one].hired_on is None]
            team = [one for one in staying if reps[one].team == rep.team]
            heirs.append((team or staying or [place])[0])
        return np.array(heirs)

    def of_reps(self, name: str) -> Array:
        """Return one number per rep, such as ``skill``."""
        return np.array([getattr(rep, name) for rep in self.scenario.reps], dtype=float)

    def owner(self, rep: Array, moment: Array) -> Array:
        """Return who owns the deals of ``rep`` at ``moment``: the heir once the rep has left."""
        return np.where(moment >= self.left[rep], self.heir[rep], rep)

    def source(self, name: str) -> int:
        """Return the position of a source."""
        return [source.name for source in self.scenario.sources].index(name)

    def pipeline(self, name: str) -> int:
        """Return the position of a pipeline."""
        return [pipeline.name for pipeline in self.scenario.pipelines].index(name)

    def norm(self, pipeline: Array, stage: Array) -> Array:
        """Return the norm days of open stages."""
        table = np.zeros((len(self.scenario.pipelines), max(len(p.stages) for p in self.scenario.pipelines)))
        for row, one in enumerate(self.scenario.pipelines):
            table[row, : len(one.open_stages)] = [stage.norm_days for stage in one.open_stages]
        return table[pipeline, stage]
