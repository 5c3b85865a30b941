"""The described process: what people say happens, step by step (METHOD 4.1, 4.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, field_validator, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from crmkit.parts import Day, Part
from crmkit.process.wording import MOST_ITEMS, Amount, Cost, Line, Lines, Named, Share, Text, listed
from crmkit.process.wording import fold as fold  # names are compared by it wherever a description is

ResultKind: TypeAlias = Literal["document", "data", "money", "product", "order", "contact"]
ProcessKind: TypeAlias = Literal["core", "supporting", "managing"]
NormUnit: TypeAlias = Literal["working_days", "working_hours", "days"]
VersionKind: TypeAlias = Literal["as_is", "to_be"]
RESULT_KINDS, PROCESS_KINDS = get_args(ResultKind), get_args(ProcessKind)
NORM_UNITS, VERSIONS = get_args(NormUnit), get_args(VersionKind)

MOST_STEPS = 200
_NORM = re.compile(r"(?P<amount>[\d.,]+)\s*(?P<unit>[a-z_ ]*)")


class Norm(Part):
    """How long a step should take: written ``2 working_days`` (the unit if none is said)."""

    amount: Amount
    unit: NormUnit = "working_days"

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if not isinstance(data, str | int | float):
            return data
        found = _NORM.fullmatch(str(data).strip().casefold())
        if found is None:
            raise PydanticCustomError("norm", "no norm")
        unit = found["unit"].strip().replace(" ", "_") or "working_days"
        return {"amount": found["amount"].replace(",", "."), "unit": unit}

    @model_serializer
    def _write(self) -> str:
        return str(self)

    def __str__(self) -> str:
        amount = int(self.amount) if self.amount == int(self.amount) else self.amount
        return f"{amount} {self.unit}"


class Result(Part):
    """What goes into a step or comes out of it; an outcome may name the step that follows it."""

    text: Named
    kind: ResultKind | Literal[""] = ""
    next_step: Line = ""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return {"text": data} if isinstance(data, str) else data


class SubProcess(Part):
    """What another department does for a step."""

    name: Named
    department: Line = ""
    owner: Line = ""
    norm: Norm | None = None
    kpi: Line = ""


class CrmStage(Part):
    """A CRM stage, of one pipeline or of all that have it: ``{stage: …, pipeline: …}``, or just its name."""

    stage: Named
    pipeline: Line = ""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return {"stage": data} if isinstance(data, str) else data


class Role(Part):
    """A role of the process; ``crm_role`` is what the reps' list calls those who play it."""

    name: Named
    crm_role: Line = ""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data


class Stage(Part):
    """A process stage: one of the big blocks, with its owner and the condition of leaving it."""

    name: Named
    owner: Line = ""
    exit: Text = ""
    kind: ProcessKind = "core"


class Step(Part):
    """One row of the process table; the fields stand in the table's order (METHOD 4.2).

    ``responsible`` should be one role; ``optional`` steps may be skipped; ``replaces`` names the steps of an
    earlier version that this one was renamed from or merged of.
    """

    stage: Line = ""
    name: Named
    kind: ProcessKind = "core"
    inputs: Annotated[tuple[Result, ...], BeforeValidator(listed), Field(max_length=MOST_ITEMS)] = ()
    outputs: Annotated[tuple[Result, ...], BeforeValidator(listed), Field(max_length=MOST_ITEMS)] = ()
    responsible: Lines = ()
    task_setter: Line = ""
    result_users: Lines = ()
    goal: Text = ""
    tasks: Lines = ()
    actions: Lines = ()
    key_success_factor: Text = ""
    crm_entities: Lines = ()
    required_fields: Lines = ()
    automations: Lines = ()
    kpi: Text = ""
    target: Text = ""
    norm: Norm | None = None
    cost_per_case: Cost | None = None
    expected_conversion: Share | None = None
    variables: Lines = ()
    problems: Lines = ()
    crm_stages: Annotated[tuple[CrmStage, ...], BeforeValidator(listed), Field(max_length=MOST_ITEMS)] = ()
    sub_processes: Annotated[tuple[SubProcess, ...], Field(max_length=MOST_ITEMS)] = ()
    optional: bool = False
    replaces: Lines = ()


class Process(Part):
    """One version of a described process.

    Attributes
    ----------
    name: what the process is called. version: ``as_is`` or ``to_be``. dated: from when it holds, or is meant
    to. roles: who takes part. stages: the big blocks in order. steps: the table, in order.
    """

    format: Literal["1"] = "1"
    name: Named
    version: VersionKind = "as_is"
    dated: Day | None = None
    roles: tuple[Role, ...] = Field(default=(), max_length=MOST_STEPS)
    stages: tuple[Stage, ...] = Field(default=(), max_length=MOST_STEPS)
    steps: tuple[Step, ...] = Field(default=(), max_length=MOST_STEPS)

    @field_validator("format", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value)

    def role_names(self) -> list[str]:
        """Return all roles in order: those listed, then those that only steps or stages name."""
        named = [role.name for role in self.roles] + [stage.owner for stage in self.stages]
        for step in self.steps:
            named += [*step.responsible, step.task_setter, *step.result_users]
        return list(dict.fromkeys(name for name in named if name))

    def in_version(self, version: VersionKind, dated: date | None = None) -> Process:
        """Return the same table as another version."""
        return self.model_copy(update={"version": version, "dated": dated})


def find_step(process: Process, name: str) -> int | None:
    """Return the position of the step of this name (see :func:`fold`), or ``None``."""
    wanted = fold(name)
    return next((ix for ix, step in enumerate(process.steps) if fold(step.name) == wanted), None)


def following(process: Process, position: int) -> Sequence[int]:
    """Return the positions of the steps that may follow one: those its outcomes name, else the next one."""
    named = [find_step(process, one.next_step) for one in process.steps[position].outputs if one.next_step]
    found = [ix for ix in dict.fromkeys(named) if ix is not None]
    if found:
        return found
    return [position + 1] if position + 1 < len(process.steps) else []


def dead_ends(process: Process, position: int) -> list[Result]:
    """Return the outcomes of a step after which the process ends there.

    They are those that name no next step (or one that there is not) where another outcome names one. The
    last step ends the process with all that it gives.
    """
    outputs = list(process.steps[position].outputs)
    going = [one for one in outputs if one.next_step and find_step(process, one.next_step) is not None]
    if going:
        return [one for one in outputs if one not in going]
    return outputs if position + 1 == len(process.steps) else []
