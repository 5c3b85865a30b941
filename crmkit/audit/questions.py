"""The sales-system checklist: its areas and questions, the kit's own and the client's (METHOD 5.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from crmkit.columns import TABLES, column
from crmkit.errors import N_, CrmkitError, Refusals, RequestError, SettingsError, did_you_mean
from crmkit.limits import CheckId
from crmkit.measures.catalog import find
from crmkit.mistakes import place_of, translate
from crmkit.parts import Name, Part
from crmkit.places import resource
from crmkit.yamlfile import Lines, read_yaml

FOLDER, OWN = "audit", "questions.yml"
TWICE = N_("something stands here twice")
Id = Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
Bound = Annotated[str, Field(pattern=r"^(<=|>=) ?[0-9]+(\.[0-9]+)?$")]
Role = Literal["owner", "head_of_sales", "rep", "accounts"]
#: What data, settings and the described process tell beside measures, checks and columns.
Fact = Literal[
    "stage_history", "stage_norms", "rep_roles", "plan_by_month", "plan_by_rep", "steps_described",
    "steps_with_responsible", "steps_with_output", "steps_with_kpi", "steps_with_norm",
    "steps_with_key_factor", "steps_with_crm", "hygiene_score",
]  # fmt: skip
FACTS: tuple[str, ...] = get_args(Fact)
ROLES: tuple[str, ...] = get_args(Role)
_File = TypeVar("_File", bound=Part)


class Rule(Part):
    """What the data can tell of a question: one figure, and what it has to be for «yes» and for «partly».

    Attributes
    ----------
    measure: its name. check: the share of what it examined that offends. filled: ``table.column``, the share
    of the period's rows that fill it. fact: one of ``FACTS``. Exactly one of them is given.
    kind: for ``filled``, the kind of tasks or communications that count.
    yes, partly: such as ``>= 0.9``; without them the figure is shown and no answer is suggested.
    """

    measure: str = ""
    check: CheckId | None = None
    filled: str = ""
    fact: Fact | None = None
    kind: str = ""
    yes: Bound | None = None
    partly: Bound | None = None

    @model_validator(mode="after")
    def _one_figure(self) -> Rule:
        if sum(map(bool, (self.measure, self.check, self.filled, self.fact))) != 1:
            raise PydanticCustomError("one_figure", "exactly one figure")
        return self

    @property
    def source(self) -> str:
        """Return where the figure comes from: ``measure``, ``check``, ``filled`` or ``fact``."""
        return next(name for name in ("measure", "check", "filled", "fact") if getattr(self, name))

    @property
    def figure(self) -> str:
        """Return the name of the figure there."""
        return str(getattr(self, self.source))


class Question(Part):
    """One question; the texts are sentences of the catalogues, or the client's own words.

    Attributes
    ----------
    id: its name for ever; an id is never used again. area: the area it belongs to.
    text: answered by yes, partly, no, or not applicable. weight: 1 to 3.
    why: what it costs not to have it. good: what it looks like where it is well done, so that one can see it.
    action: what to do where the answer is no or partly. ask: whom. where: where the evidence is seen.
    suggest: what the data tell of it.
    """

    id: Id
    area: Name
    text: Name
    weight: Annotated[int, Field(ge=1, le=3)] = 2
    why: str = ""
    good: str = ""
    action: str = ""
    ask: Role = "head_of_sales"
    where: str = ""
    suggest: Rule | None = None


class Area(Part):
    """An area of a sales system: its title, and a short one for the axes of a chart."""

    id: Name
    title: Name
    short: Name


class _Kit(Part):
    format: Literal["1"]
    areas: list[Area]
    questions: list[Question]


class _Own(Part):
    format: Literal["1"]
    leave_out: tuple[Id, ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Questionnaire:
    """The questions that are asked of a client.

    Attributes
    ----------
    areas: in the order of METHOD 5.4; one whose questions are all left out is not there.
    questions: by area, in the order of the files, the client's own ones last.
    left_out: ids that are known and not asked: answers to them are kept, and count nowhere.
    """

    areas: tuple[Area, ...]
    questions: tuple[Question, ...]
    left_out: frozenset[str] = frozenset()

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """The questions by their ids."""
        return {one.id: one for one in self.questions}

    @property
    def known(self) -> list[str]:
        """Return the ids that an answer may stand under."""
        return sorted({*self.by_id, *self.left_out})

    def of(self, area: str) -> tuple[Question, ...]:
        """Return the questions of an area."""
        return tuple(one for one in self.questions if one.area == area)


def read_questions(folder: Path | None = None) -> Questionnaire:
    """Return the questions of the kit, with those that a client adds and without those it leaves out.

    Parameters
    ----------
    folder: the client's; its ``audit/questions.yml`` is read if there is one.

    Raises
    ------
    Refusals or SettingsError: what is wrong with that file, each mistake with its line.

    Source: METHOD 5.4
    """
    kit = _kit()
    path = folder / FOLDER / OWN if folder else None
    if path is None or not path.is_file():
        return kit
    own, lines = _checked(path, _Own)
    if mistakes := list(_mistakes(kit, own, path=path, lines=lines)):
        raise Refusals(mistakes)
    out = frozenset(own.leave_out)
    rows = [one for one in (*kit.questions, *own.questions) if one.id not in out]
    rows.sort(key=lambda one: _place(kit, one.area))
    areas = tuple(area for area in kit.areas if any(one.area == area.id for one in rows))
    return Questionnaire(areas, tuple(rows), out)


@lru_cache(maxsize=1)
def _kit() -> Questionnaire:
    path = resource("templates") / "checklist.yml"
    read, lines = _checked(path, _Kit)
    made = Questionnaire(tuple(read.areas), ())
    if mistakes := list(_of_questions(made, read.questions, path=path, lines=lines)):
        raise Refusals(mistakes)
    return Questionnaire(made.areas, tuple(sorted(read.questions, key=lambda one: _place(made, one.area))))


def _place(kit: Questionnaire, area: str) -> int:
    return [one.id for one in kit.areas].index(area)


def _checked(path: Path, model: type[_File]) -> tuple[_File, Lines]:
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise SettingsError(path.name, N_("the file holds no questions"))
    try:
        return model.model_validate(data), lines
    except ValidationError as error:
        raise Refusals(
            [translate(item, place_of(item["loc"], path.name, lines), model) for item in error.errors()]
        ) from error


def _mistakes(kit: Questionnaire, own: _Own, *, path: Path, lines: Lines) -> Iterator[CrmkitError]:
    """Yield what is wrong with a client's own questions beside their form."""
    for index, name in enumerate(own.leave_out):
        if name[0] != "X" and name not in kit.by_id:
            where = place_of(("leave_out", index), path.name, lines)
            yield SettingsError(
                where, N_("there is no such question"), [name], did_you_mean(name, sorted(kit.by_id))
            )
    for index, one in enumerate(own.questions):
        if one.id[0] != "X":
            where = place_of(("questions", index, "id"), path.name, lines)
            remedy = N_("Write it so: {example}", example="X01")
            yield SettingsError(where, N_("ids of your own begin with X"), [one.id], remedy)
    yield from _of_questions(kit, own.questions, path=path, lines=lines)


def _of_questions(
    kit: Questionnaire, questions: Sequence[Question], *, path: Path, lines: Lines
) -> Iterator[CrmkitError]:
    """Yield questions with an id that is taken, of no area, or with a figure that does not exist."""
    seen: set[str] = set()
    areas = [area.id for area in kit.areas]
    for index, one in enumerate(questions):

        def at(*keys: str, index: int = index) -> str:
            return place_of(("questions", index, *keys), path.name, lines)

        if one.id in seen:
            yield SettingsError(at("id"), TWICE, [one.id], N_("Keep one of the two."))
        if one.area not in areas:
            yield SettingsError(
                at("area"), N_("there is no such area"), [one.area], did_you_mean(one.area, areas)
            )
        rule = one.suggest
        table, _, name = rule.filled.partition(".") if rule else ("", "", "")
        if table and (table not in TABLES or column(table, name) is None):
            yield SettingsError(
                at("suggest", "filled"), N_("there is no such column"), [f"{table}.{name}"],
                did_you_mean(name, [item.name for item in TABLES.get(table, ())]),
            )  # fmt: skip
        if rule and rule.measure:
            try:
                if find(rule.measure).within:
                    raise RequestError("", N_("a distribution is no single figure to watch"))
            except RequestError as error:
                yield SettingsError(at("suggest", "measure"), error.what, [rule.measure], error.remedy)
        seen.add(one.id)
