"""The checklist as it comes back filled in: each answer with its cell, every mistake told, nothing guessed.

Each row carries unseen which question of which audit it is, and what stood in it when it was made: only what
was written since is taken over, so that a sheet undoes nothing that was answered elsewhere meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from crmkit.audit.answers import MOST_SIGNS
from crmkit.audit.questions import Questionnaire
from crmkit.bookcells import BROKEN, Reading, Sheet, find_headings
from crmkit.errors import N_, Message, Refusals, did_you_mean, fold
from crmkit.workbooks import read_grids

#: The columns that are read back, and those of them that people fill in.
TOLD = ("answer", "evidence", "note")
READ = ("id", "text", "key", *TOLD)
#: What stands in the place of a question's id in the row that says who answered.
BY = "answered_by"
_MAKE = N_("Make one with «crmkit checklist make CLIENT».")
_OTHER = N_("Write answers only in the rows that the workbook came with; make a new one for a lost row.")


@dataclass(frozen=True)
class ChecklistWords:
    """What columns (by ``READ``) and answers (by code) are called in one language."""

    headings: Mapping[str, str]
    answers: Mapping[str, str]


@dataclass(frozen=True)
class RowKey:
    """What a row carries unseen; ``was`` tells the answer, what was seen and the note it came with."""

    client: str
    day: str
    question: str
    was: tuple[str, ...]

    def text(self) -> str:
        """Return the key as a cell holds it, in plain ASCII."""
        return json.dumps([self.client, self.day, self.question, *self.was], separators=(",", ":"))


def row_key(client: str, day: date, question: str, said: Iterable[str]) -> RowKey:
    """Return the key of a row with these texts in the cells that are filled in."""
    return RowKey(client, day.isoformat(), question, tuple(map(mark, said)))


def mark(text: str) -> str:
    """Return what tells a text from another one, whatever became of its spaces and control signs."""
    said = "".join(sign for sign in text if sign.isprintable() and not sign.isspace())
    return sha256(said.encode()).hexdigest()[:12] if said else ""


def _read_key(text: str) -> RowKey | None:
    try:
        client, day, question, *was = json.loads(text)
        date.fromisoformat(day)
    except (ValueError, TypeError, RecursionError):
        return None
    whole = len(was) == (1 if question == BY else len(TOLD))
    texts = all(isinstance(part, str) for part in (client, day, question, *was))
    return RowKey(client, day, question, tuple(was)) if whole and texts else None


@dataclass(frozen=True)
class Told:
    """One cell that was written into: what it says now, and the mark of what it came with."""

    value: str
    was: str
    where: str


@dataclass(frozen=True)
class Filled:
    """A workbook that was read: its audit's day, and what was written by question and column.

    ``day`` is ``None`` where nothing was written. ``words`` are those of its language.
    """

    file: str
    day: date | None
    cells: Mapping[tuple[str, str], Told]
    words: ChecklistWords


def read_checklist(
    path: Path, words: Sequence[ChecklistWords], questions: Questionnaire, *, client: str
) -> Filled:
    """Read what was written into a workbook; rows that are gone, and empty cells, say nothing.

    Parameters
    ----------
    words: in each language that the workbook may be in. client: its name, as in ``client.yml``.

    Raises
    ------
    SourceError: the file is no workbook that can be read. Refusals: every mistake in it, each with its cell.
    """
    told = Reading(path.name)
    cells: dict[tuple[str, str], Told] = {}
    days: dict[str, str] = {}
    spoken: list[ChecklistWords] = []
    headings = [one.headings for one in words]
    for grid in read_grids(path):
        sheet = find_headings(grid, headings, told, needed=READ, marks=("key", *TOLD), make=_MAKE)
        if sheet is None:
            continue
        page = _Page(sheet, words, told, questions, client, days)
        spoken.append(page.spoken)
        for place, one in page.cells():
            _add(cells, place, one, told=told)
    if not spoken and not told.errors:
        told.refuse(told.file, N_("this is no checklist that can be read back"), (), _MAKE)
    if len(days) > 1:
        what = N_("rows of several audits stand in one workbook")
        told.refuse(" · ".join(days.values()), what, days, N_("Read the rows of each audit as they came."))
    if told.errors:
        raise Refusals(told.errors)
    return Filled(told.file, next(map(date.fromisoformat, days), None), cells, spoken[0])


def _add(cells: dict[tuple[str, str], Told], place: tuple[str, str], one: Told, *, told: Reading) -> None:
    """Keep what a cell says; two rows of one question may not say different things."""
    before = cells.setdefault(place, one)
    if before.value != one.value:
        what = N_("one question is answered in two ways")
        told.refuse(
            f"{before.where} · {one.where}", what, [before.value, one.value], N_("Keep one of the two.")
        )


@dataclass(frozen=True)
class _Page:
    """A sheet that was filled in; ``days`` gathers the audits of its rows, each with a cell."""

    sheet: Sheet
    words: Sequence[ChecklistWords]
    told: Reading
    questions: Questionnaire
    client: str
    days: dict[str, str]

    @property
    def spoken(self) -> ChecklistWords:
        return self.words[self.sheet.spoken]

    def cells(self) -> Iterator[tuple[tuple[str, str], Told]]:
        """Yield what was written by question and column; rows with a mistake are told and left out."""
        codes = {fold(word): code for one in self.words for code, word in one.answers.items()}
        for row, texts in enumerate(self.sheet.cells):
            said = {key: texts[place] for key, place in self.sheet.columns.items()}
            if row < self.sheet.heading:
                yield from self._by(row, said)
            elif row > self.sheet.heading and any(said[key] for key in TOLD):
                key = self._key(row, said)
                given = self._given(row, said, codes)
                if key and given:
                    self.days.setdefault(key.day, self._where(row, "id"))
                    yield from self._written(row, key, given)

    def _by(self, row: int, said: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], Told]]:
        """Yield who answered, if it was written into the row for it."""
        key = _read_key(said["key"])
        if key and key.question == BY and said["text"] and mark(said["text"]) != key.was[0]:
            self._refuse_client(row, key)
            self.days.setdefault(key.day, self._where(row, "text"))
            if self._is_good(row, "text", said["text"]):
                yield (BY, BY), Told(said["text"], key.was[0], self._where(row, "text"))

    def _key(self, row: int, said: Mapping[str, str]) -> RowKey | None:
        """Return the key of a row, if it is the key of the question that stands in it."""
        known, name, key = self.questions.known, said["id"], _read_key(said["key"])
        before = len(self.told.errors)
        if name not in known:
            what = N_("there is no such question")
            self._refuse(row, "id", what, [name] if name else (), did_you_mean(name, known))
        elif key is None:
            what = N_("this row is none of the sheet's: its hidden key is missing or was changed")
            self._refuse(row, "id", what, [name], _OTHER)
        elif key.question != name:
            what = N_("the question in this row is not the one that its hidden key names")
            remedy = N_("Sort whole rows, never single columns; make a new workbook for this row.")
            self._refuse(row, "id", what, [name, key.question], remedy)
        else:
            self._refuse_client(row, key)
        return key if len(self.told.errors) == before else None

    def _given(self, row: int, said: Mapping[str, str], codes: Mapping[str, str]) -> dict[str, str | None]:
        """Return what a row says by column, ``None`` where nothing; empty if there is a mistake in it."""
        word = said["answer"]
        good = [self._is_good(row, key, said[key]) for key in TOLD]
        if word and word not in BROKEN and fold(word) not in codes:
            what = N_("there is no such answer")
            self._refuse(row, "answer", what, [word], did_you_mean(word, self.spoken.answers.values()))
            good.append(False)
        if not all(good):
            return {}
        given = {key: said[key] or None for key in TOLD} | {"answer": codes[fold(word)] if word else None}
        if given["answer"] == "":  # taken back, with the texts that are gone too
            given = {key: value or "" for key, value in given.items()}
        return given

    def _written(
        self, row: int, key: RowKey, given: Mapping[str, str | None]
    ) -> Iterator[tuple[tuple[str, str], Told]]:
        for column, was in zip(TOLD, key.was, strict=True):
            value = given[column]
            if value is not None and mark(value) != was:
                yield (key.question, column), Told(value, was, self._where(row, column))

    def _is_good(self, row: int, key: str, text: str) -> bool:
        if text in BROKEN:
            self._refuse(row, key, N_("the formula in the cell gives an error"), [text])
        elif len(text) > MOST_SIGNS:
            self._refuse(row, key, N_("the text is longer than {most} signs", most=MOST_SIGNS))
        else:
            return True
        return False

    def _refuse_client(self, row: int, key: RowKey) -> None:
        if key.client != self.client:
            what = N_("this is the checklist of another client: «{client}»", client=key.client)
            self._refuse(row, "id", what, (), N_("Read it into the folder of that client."))

    def _where(self, row: int, key: str) -> str:
        return self.told.where(self.sheet.name, row, self.sheet.columns[key])

    def _refuse(
        self, row: int, key: str, what: Message, samples: Iterable[object] = (), remedy: Message | None = None
    ) -> None:
        self.told.refuse(self._where(row, key), what, samples, remedy)
