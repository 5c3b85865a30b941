"""What a consultant hands over about a process, in words: the description's fields and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from crmkit.errors import N_, Message
from crmkit.present.field_words import field_text
from crmkit.present.formats import Formats
from crmkit.present.process_texts import crm_stage_text, norm_text, result_text, said
from crmkit.present.process_words import FIELDS
from crmkit.present.texts import begun
from crmkit.present.words import Words
from crmkit.process.description import CrmStage, Norm, Process, Result, Step, SubProcess

if TYPE_CHECKING:
    from crmkit.documents.grids import Grid
    from crmkit.schema import Snapshot

ASKED = (
    "inputs", "outputs", "responsible", "task_setter", "result_users", "goal", "tasks", "actions",
    "key_success_factor", "required_fields", "kpi", "target", "norm", "expected_conversion", "crm_stages",
)  # fmt: skip
"""What every step should say; an empty one has to be agreed."""

IN_CRM = (
    "required_fields", "crm_stages", "kpi", "target", "norm", "expected_conversion", "outputs", "responsible",
)  # fmt: skip
"""Those of them that a CRM cannot be set up without."""


@dataclass(frozen=True)
class Gap:
    """Something that the description does not say: where, and what."""

    place: str
    what: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Handed:
    """A version of a process that is handed over.

    Attributes
    ----------
    process: the version. before: the process as it is, if this is another version. client: whose.
    crm: the client's data, if they are loaded. focus: sentences on what to improve first. cards: the
        improvements under way, a table each. headings: of the client's files, and the columns they feed.
    """

    process: Process
    client: str
    language: str
    currency: str = "RUB"
    before: Process | None = None
    crm: Snapshot | None = None
    focus: tuple[str, ...] = ()
    cards: tuple[Grid, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def words(self) -> Words:
        """What says sentences."""
        return Words(self.language)

    @cached_property
    def formats(self) -> Formats:
        """What writes figures."""
        return Formats(self.language, self.currency)

    @cached_property
    def open(self) -> str:
        """What stands where the description is silent."""
        return self.words.say("to be agreed")

    def say(self, text: str, /, **params: object) -> str:
        """Return a sentence."""
        return self.words.say(text, **params)

    def heading(self, name: str) -> str:
        """Return what a field of a step is called."""
        return self.say("Result") if name == "outputs" else self.words.message(FIELDS["steps"][name][0])

    def version(self) -> str:
        """Return whether the process is described as it is or as it should be."""
        return begun(said(self.formats, "versions", self.process.version))

    def dated(self) -> str:
        """Return from when the version holds."""
        return self.formats.day(self.process.dated) if self.process.dated else self.open

    def told(self, text: str) -> str:
        """Return a text, or that it has to be agreed."""
        return text or self.open

    def listed(self, items: Iterable[str]) -> str | list[str]:
        """Return texts, or that they have to be agreed."""
        found = list(items)
        return found or self.open

    def norm(self, norm: Norm | None) -> str:
        """Return a time norm: «2 working days»."""
        return norm_text(norm, self.formats) or self.open

    def share(self, share: float | None) -> str:
        """Return an expected share, or that it has to be agreed."""
        return self.open if share is None else self.formats.share(share, 0 if round(share, 2) == share else 1)

    def results(self, results: Sequence[Result]) -> str | list[str]:
        """Return what goes in or comes out, each with its kind and the step that follows it."""
        return self.listed(result_text(one, self.formats) for one in results)

    def fields(self, names: Iterable[str]) -> list[str]:
        """Return what fields are called: by a person's word where the kit has one for them."""
        return [field_text(self.words, name) for name in names]

    def crm_stages(self, stages: Iterable[CrmStage]) -> str | list[str]:
        """Return CRM stages, each with its pipeline where one is said."""
        return self.listed(map(crm_stage_text, stages))

    def sub_processes(self, parts: Iterable[SubProcess]) -> list[str]:
        """Return what other departments do, each in a line."""
        told = [(one.name, one.department, one.owner, self.norm(one.norm), one.kpi) for one in parts]
        return [" · ".join(part for part in one if part) for one in told]

    def gaps(self, fields: Iterable[str] = ASKED) -> list[Gap]:
        """Return all that the description leaves open, in its order; of steps these fields."""
        process, found = self.process, list[Gap]()
        day = () if process.dated else (self.say("from which day it is in force"),)
        found.append(Gap(self.say("The whole process"), day))
        for stage in process.stages:
            parts = ((N_("Owner"), stage.owner), (N_("Exit condition"), stage.exit))
            found.append(self._gap(stage.name, parts))
        for step in process.steps:
            missing = tuple(self.heading(name) for name in fields if not getattr(step, name))
            found.append(Gap(step.name, missing))
            for one in step.sub_processes:
                rest = (
                    (N_("Department"), one.department),
                    (N_("Owner"), one.owner),
                    (N_("Time norm"), one.norm),
                    (N_("KPI"), one.kpi),
                )
                found.append(self._gap(f"{step.name}: {one.name}", rest))
        return [gap for gap in found if gap.what]

    def _gap(self, place: str, parts: Iterable[tuple[Message, object]]) -> Gap:
        return Gap(place, tuple(self.words.message(what) for what, told in parts if not told))


def roles_of(step: Step, part: str) -> tuple[str, ...]:
    """Return the roles that a part of a step names, whether it is one or several."""
    named: str | tuple[str, ...] = getattr(step, part)
    return named if isinstance(named, tuple) else (named,)
