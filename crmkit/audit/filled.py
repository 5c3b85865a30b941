"""The weekly sheet as it comes back filled in: each decision with its card, every mistake with its cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crmkit.audit.decisions import Decision
from crmkit.audit.rowkeys import RowKey, beginning, read_key
from crmkit.audit.waivers import read_day
from crmkit.bookcells import BROKEN, Reading, find_headings
from crmkit.errors import N_, Message, Refusals, did_you_mean, fold
from crmkit.workbooks import Grid, read_grids

#: The columns that are read back; without the name a row is still known.
READ = ("name", "key", "decision", "until", "note")
TOLD = ("decision", "until", "note")
#: What has to be said beside a decision.
NEEDS = {"mend": ("until",), "waive": ("until", "note"), "no_violation": ("note",), "other": ("note",)}
_WHY = {
    "until": N_("Write it such as 2026-12-31 or 31.12.2026."),
    "note": N_("Write it in a few words: the next sheet shows it."),
}
_OTHER = N_("Write decisions only in the rows that the sheet came with; take a new sheet for a lost row.")
_MAKE = N_("Make one with «crmkit sheet make CLIENT».")


@dataclass(frozen=True)
class SheetWords:
    """What columns (by ``READ``) and decisions are called in one language."""

    headings: Mapping[str, str]
    decisions: Mapping[str, str]


def read_filled(path: Path, words: Sequence[SheetWords], client: str) -> list[Decision]:
    """Read the decisions of a filled sheet; rows without one say nothing.

    Parameters
    ----------
    words: in each language that the sheet may be in. client: its name, as in ``client.yml``.

    Raises
    ------
    SourceError: the file is no workbook that can be read. Refusals: every mistake in it, each with its cell.
    """
    told, pages = Reading(path.name), 0
    found: dict[tuple[object, ...], tuple[Decision, str]] = {}
    for grid in read_grids(path):
        page = _page(grid, words, told)
        if page is None:
            continue
        pages += 1
        for decision, where in page.decisions(client):
            before, there = found.setdefault(decision.key, (decision, where))
            if before != decision:
                said = [_said(one, page.words) for one in (before, decision)]
                what = N_("two decisions on one card differ")
                told.refuse(f"{there} · {where}", what, said, N_("Keep one of the two."))
    if not pages and not told.errors:
        told.refuse(told.file, N_("this is no weekly sheet that can be read back"), (), _MAKE)
    if told.errors:
        raise Refusals(told.errors)
    return [decision for decision, _ in found.values()]


def _said(one: Decision, words: SheetWords) -> str:
    ends = [one.until.isoformat() if one.until else "", one.note]
    return ", ".join(part for part in (words.decisions[one.decision], *ends) if part)


@dataclass(frozen=True)
class _Page:
    """A sheet with its headings found; ``codes`` are the decisions by word in all languages."""

    name: str
    cells: Sequence[Sequence[str]]
    heading: int
    columns: Mapping[str, int]
    codes: Mapping[str, str]
    words: SheetWords
    told: Reading

    def decisions(self, client: str) -> Iterator[tuple[Decision, str]]:
        """Yield the decisions and the cell of each; rows with a mistake are told and left out."""
        for row in range(self.heading + 1, len(self.cells)):
            said = {key: self.cells[row][place] for key, place in self.columns.items()}
            if not any(said[key] for key in TOLD):
                continue
            before = len(self.told.errors)
            card, code = self._card(row, said, client), self._code(row, said)
            until = self._until(row, said["until"], card)
            if code == "close" and card and card.card != "deals":
                self._refuse(row, "decision", N_("this card is no deal that could be closed"), [card.card_id])
            for key in TOLD:
                if said[key] in BROKEN:
                    self._refuse(row, key, N_("the formula in the cell gives an error"), [said[key]])
            if card and len(self.told.errors) == before:
                where = self.told.where(self.name, row, self.columns["decision"])
                yield card.decided(code, until, said["note"]), where

    def _refuse(
        self, row: int, key: str, what: Message, samples: Iterable[object] = (), remedy: Message | None = None
    ) -> None:
        self.told.refuse(self.told.where(self.name, row, self.columns[key]), what, samples, remedy)

    def _card(self, row: int, said: Mapping[str, str], client: str) -> RowKey | None:
        """Return the card of a row by its hidden key."""
        key = read_key(said["key"])
        if key is None:
            what = N_("this row is none of the sheet's: its hidden key is missing or was changed")
            self._refuse(row, "decision", what, [text for name in TOLD if (text := said[name])], _OTHER)
        elif key.client != client:
            what = N_("this is the sheet of another client: «{client}»", client=key.client)
            self._refuse(row, "decision", what, (), N_("Read it into the folder of that client."))
        elif "name" in said and beginning(said["name"]) != key.name:
            what = N_("the card in this row is not the one that its hidden key names")
            remedy = N_("Sort whole rows, never single columns; take a new sheet for this row.")
            self._refuse(row, "name", what, [said["name"], key.card_id], remedy)
        return key

    def _code(self, row: int, said: Mapping[str, str]) -> str:
        """Return the decision that a row tells; what is missing beside it is told."""
        word, known = said["decision"], self.words.decisions
        code = self.codes.get(fold(word), "")
        if not word:
            what = N_("a day or a note stands here without a decision")
            remedy = N_("Choose a decision from the list; «{other}» if none fits.", other=known["other"])
            self._refuse(row, "decision", what, [said["until"] or said["note"]], remedy)
        elif not code and word not in BROKEN:
            what = N_("there is no such decision")
            self._refuse(row, "decision", what, [word], did_you_mean(word, known.values()))
        for key in NEEDS.get(code, ()):
            if not said[key]:
                heading = self.words.headings[key]
                what = N_("«{decision}» needs something under «{column}»", decision=word, column=heading)
                self._refuse(row, key, what, (), _WHY[key])
        return code

    def _until(self, row: int, text: str, card: RowKey | None) -> date | None:
        day = read_day(text.partition("T")[0])
        if text and day is None and text not in BROKEN:
            self._refuse(row, "until", N_("this is no date"), [text], _WHY["until"])
        elif day and card and day < card.as_of:
            what = N_("this day lies before the day of the sheet")
            self._refuse(row, "until", what, [day, card.as_of], N_("Give a later day."))
        return day


def _page(grid: Grid, words: Sequence[SheetWords], told: Reading) -> _Page | None:
    """Find the headings; ``None`` for a sheet that is not to be filled in, or whose headings are wrong."""
    headings = [one.headings for one in words]
    marks = ("key", *TOLD)
    sheet = find_headings(grid, headings, told, needed=READ, marks=marks, make=_MAKE, optional=("name",))
    if sheet is None:
        return None
    codes = {fold(word): code for one in words for code, word in one.decisions.items()}
    return _Page(sheet.name, sheet.cells, sheet.heading, sheet.columns, codes, words[sheet.spoken], told)
