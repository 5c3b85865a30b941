"""What a simulated department is told: people, pipelines, sources and their true strengths, as data."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Crm = Literal["amocrm", "bitrix24", "hubspot", "pipedrive", "salesforce", "1c", "plain"]
FOLDER = Path(__file__).parent
CHECKS = range(1, 24)
#: The share of a check's population that is planted as offenders, where the scenario does not say otherwise.
RATES = {
    1: 0.3,
    4: 0.01,
    8: 0.03,
    11: 0.06,
    13: 0.15,
    14: 0.02,
    15: 0.02,
    16: 0.03,
    17: 0.06,
    20: 0.015,
    21: 0.4,
}
OTHER_RATE = 0.05
#: Below it a weekend may outlast a stage's norm, and honest deals would break it.
SHORTEST_NORM = 4


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rep(_Part):
    """A sales rep. ``skill`` multiplies the odds of advancing; ``speed`` divides times; ``discipline`` is the
    share of tasks done in time, and its lack draws planted violations; ``mix`` weighs leads by source."""

    name: str
    team: str
    role: str = "closer"
    skill: float = Field(1.0, gt=0)
    speed: float = Field(1.0, gt=0)
    discipline: float = Field(0.8, ge=0, le=1)
    mix: dict[str, float] = Field(default_factory=dict)
    hired_on: date | None = None
    left_on: date | None = None


class Stage(_Part):
    """A stage. ``conversion`` holds for a rep and a source of odds 1; times are lognormal, in calendar days;
    ``overrun`` is the share of visits that outlast the norm; skipping an optional stage is legitimate."""

    name: str
    kind: Literal["open", "won", "lost"] = "open"
    conversion: float = Field(0.8, gt=0, lt=1)
    median_days: float = Field(3.0, gt=0)
    sigma: float = Field(0.6, ge=0)
    norm_days: float | None = None
    probability: float | None = None
    required: tuple[str, ...] = ()
    process_step: str | None = None
    optional: bool = False
    skipped: float = Field(0.0, ge=0, lt=1)
    overrun: float | None = None


class Pipeline(_Part):
    """A pipeline: open stages in order, then the won and the lost one."""

    name: str
    stages: tuple[Stage, ...]

    @property
    def open_stages(self) -> tuple[Stage, ...]:
        """The stages in which a deal is open."""
        return tuple(stage for stage in self.stages if stage.kind == "open")

    def closing(self, kind: Literal["won", "lost"]) -> int:
        """Return the position of the won or the lost stage, from 0."""
        return next(place for place, stage in enumerate(self.stages) if stage.kind == kind)

    def position(self, field: str) -> int:
        """Return the first stage that requires a field; the number of stages if none does."""
        return next(
            (k for k, stage in enumerate(self.open_stages) if field in stage.required), len(self.stages)
        )


class Source(_Part):
    """A channel: its share of new leads and what it does to the odds of every stage."""

    name: str
    share: float = Field(0.0, ge=0)
    odds: float = Field(1.0, gt=0)
    inbound: bool = True
    utm: str = ""


class Share(_Part):
    """A segment or a product: its share, and its factor or price."""

    name: str
    share: float = Field(gt=0)
    amount: float = Field(1.0, gt=0)
    price: float = Field(1.0, gt=0)


class LossReason(_Part):
    """Why deals are lost; technical reasons occur only at the first stage."""

    name: str
    weight: float = Field(gt=0)
    technical: bool = False


class Repeat(_Part):
    """Which share of won deals comes back, by which source and pipeline, after how many days (median)."""

    source: str
    pipeline: str
    share: float = Field(0.3, ge=0, lt=1)
    after_days: float = Field(60.0, gt=0)


class Change(_Part):
    """A process change: visits of one stage that begin on that day or later have other odds of advancing."""

    since: date
    pipeline: str
    stage: str
    odds: float = Field(gt=0)


class Scenario(_Part):
    """A department as it truly is; what the simulation makes of it is a matter of ``seed`` alone."""

    name: str
    language: Literal["ru", "en"] = "en"
    country: str
    currency: str
    time_zone: str
    crm: Crm
    start: date
    as_of: datetime
    seed: int
    per_month: float = Field(gt=0)
    season: tuple[float, ...] = (1.0,) * 12
    days_off: tuple[str, ...] = ()
    encoding: Literal["utf-8-sig", "cp1251"] = "utf-8-sig"
    first_id: int = 1001
    round_to: float = 1.0
    amount_sigma: float = 0.6
    plan_attainment: float = 0.97
    action_days: float = 7.0
    reps: tuple[Rep, ...]
    sources: tuple[Source, ...]
    repeat: Repeat
    segments: tuple[Share, ...]
    products: tuple[Share, ...]
    pipelines: tuple[Pipeline, ...]
    change: Change | None = None
    loss_reasons: tuple[LossReason, ...]
    hygiene: dict[int, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        sources = {source.name for source in self.sources}
        wrong = {name for rep in self.reps for name in rep.mix} | {self.repeat.source}
        if not wrong <= sources:
            raise ValueError(f"unknown sources: {sorted(wrong - sources)}")
        if len(self.season) != 12 or not set(self.hygiene) <= set(CHECKS):
            raise ValueError("season has twelve months, hygiene the checks 1 to 23")
        open_stages = [stage for pipeline in self.pipelines for stage in pipeline.open_stages]
        if any(stage.norm_days is None or stage.norm_days < SHORTEST_NORM for stage in open_stages):
            raise ValueError(f"every open stage needs norm_days of at least {SHORTEST_NORM}")
        return self

    def rate(self, check: int) -> float:
        """Return the share of a check's population that is planted."""
        return self.hygiene.get(check, RATES.get(check, OTHER_RATE))


@lru_cache
def read_data(name: str) -> Any:
    """Return the content of a data file beside this module, such as ``words.yml``."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def read_scenario(place: str | Path) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    place: the name of one that travels with the package (``romashka``, ``vektor``, ``northwind-supply``),
        or the path of a YAML file.

    Raises
    ------
    pydantic.ValidationError: the file says something impossible.
    """
    path = Path(place)
    if path.suffix not in (".yml", ".yaml"):
        path = FOLDER / "scenarios" / f"{place}.yml"
    return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
