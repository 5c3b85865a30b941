"""What people answered: one file an audit in the client's folder, written answer by answer (METHOD 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from crmkit.audit.questions import FOLDER, Questionnaire
from crmkit.errors import N_, CrmkitError, Refusals, SettingsError, did_you_mean
from crmkit.folder import alone, write_whole
from crmkit.mistakes import place_of, translate
from crmkit.parts import DAY, Part
from crmkit.yamlfile import Lines, quoted, read_yaml

MOST_SIGNS = 10_000
Given: TypeAlias = Literal["", "yes", "partly", "no", "na"]


def _whole(value: Any) -> Any:
    """Return a text in which a half of a sign, which no file can hold, is a question mark."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


Words = Annotated[str, StringConstraints(max_length=MOST_SIGNS), BeforeValidator(_whole)]


class Answer(Part):
    """What was said to one question; ``answer`` is empty while there is only a text."""

    answer: Given = ""
    evidence: Words = ""
    note: Words = ""


class _File(Part):
    format: Literal["1"]
    answered_by: Words = ""
    answers: dict[str, Answer] = Field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """One audit: its day, who answered, and the answers by question id."""

    day: date
    answered_by: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def said(self, question: str) -> str:
        """Return ``yes``, ``partly``, ``no``, ``na``, or nothing where it is not answered."""
        return self.answers[question].answer if question in self.answers else ""


def audits(folder: Path) -> list[date]:
    """Return the days of the audits in a client's folder, the earliest first.

    Raises
    ------
    Refusals: files there that no day is the name of.
    """
    place = folder / FOLDER / "answers"
    paths = sorted(place.iterdir()) if place.is_dir() else []
    found, wrong = [], []
    for path in paths:
        if path.name[0] in ".~" or path.suffix.lower() not in (".yml", ".yaml"):
            continue
        day = _day(path)
        if day is None:
            remedy = N_("Call it by the day of the audit: {example}", example="2026-10-31.yml")
            wrong.append(SettingsError(path.name, N_("the name of this file is not a day"), (), remedy))
        else:
            found.append(day)
    if wrong:
        raise Refusals(wrong)
    return sorted(found)


def _day(path: Path) -> date | None:
    if path.suffix != ".yml" or not DAY.fullmatch(path.stem):
        return None
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None


def answers_file(folder: Path, day: date) -> Path:
    """Return where the answers of a day stand, or will."""
    return folder / FOLDER / "answers" / f"{day.isoformat()}.yml"


def present_and_previous(folder: Path, day: date) -> tuple[date | None, date | None]:
    """Return the latest audit not after a day, and the one before it."""
    known = [one for one in audits(folder) if one <= day]
    return (known[-1] if known else None, known[-2] if len(known) > 1 else None)


def read_answers(folder: Path, day: date, questions: Questionnaire) -> Answers:
    """Read the answers of a day; none where nothing was answered then.

    Raises
    ------
    Refusals or SettingsError: unknown ids, unknown answers, and what else is wrong, each with its line.
    """
    path = answers_file(folder, day)
    if not path.is_file():
        return Answers(day)
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise SettingsError(path.name, N_("the file holds no answers"))
    try:
        told = _File.model_validate(data)
    except ValidationError as error:
        raise Refusals(
            [translate(item, place_of(item["loc"], path.name, lines), _File) for item in error.errors()]
        ) from error
    if strange := _strange(told.answers, questions, path=path, lines=lines):
        raise Refusals(strange)
    return Answers(day, told.answered_by, dict(sorted(told.answers.items())))


def _strange(
    answers: Mapping[str, Answer], questions: Questionnaire, *, path: Path, lines: Lines
) -> list[CrmkitError]:
    known = questions.known
    return [
        SettingsError(
            place_of(("answers", name), path.name, lines),
            N_("there is no such question"),
            (),
            did_you_mean(name, known),
        )
        for name in answers
        if name not in known
    ]


def save_answer(
    folder: Path, day: date, questions: Questionnaire, **changes: Answer | Mapping[str, str] | str
) -> Answers:
    """Change single answers of a day, and leave all others as they stand in the file now.

    The file is read again before it is written, and others wait meanwhile: of two forms that are open at
    once, the last one wins, in what it changes. Comments in a file that was there are not kept.

    Parameters
    ----------
    changes: question id -> its answer, or only the fields of it that change; ``answered_by`` -> who answered.

    Returns
    -------
    all answers of the day, as they stand in the file now.

    Raises
    ------
    ValueError: there is no such question. Refusals or SettingsError: the file there cannot be read, or a
    text is longer than it can hold.
    """
    path = answers_file(folder, day)
    with alone(path):
        now = read_answers(folder, day, questions)
        said = dict(now.answers)
        by = now.answered_by
        for name, change in changes.items():
            if name == "answered_by":
                by = _whole(str(change))
            elif name in questions.known and not isinstance(change, str):
                said[name] = _changed(name, said.get(name, Answer()), dict(change))
            else:
                raise ValueError(f"{name} is no question, or its answer is none")
        after = Answers(day, by, dict(sorted((name, one) for name, one in said.items() if one != Answer())))
        write_whole(path, _written(after))
    return after


def _changed(name: str, before: Answer, change: Mapping[str, str]) -> Answer:
    try:
        return Answer.model_validate(before.model_dump() | dict(change))
    except ValidationError as error:
        raise Refusals([translate(item, name, Answer) for item in error.errors()]) from error


def _written(answers: Answers) -> bytes:
    """Return answers as YAML: texts in quotes, whatever signs they hold."""
    rows = ["format: 1"]
    if answers.answered_by:
        rows.append(f"answered_by: {quoted(answers.answered_by)}")
    rows.append("answers:" if answers.answers else "answers: {}")
    for name, one in answers.answers.items():
        rows.append(f"  {name}:")
        rows += [f"    {key}: {quoted(value)}" for key, value in one.model_dump().items() if value]
    return ("\n".join(rows) + "\n").encode("utf-8")
