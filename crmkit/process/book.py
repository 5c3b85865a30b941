"""A description from an XLSX workbook: headings in any language, every mistake at once, repairs told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crmkit.bookcells import Reading
from crmkit.errors import N_, Message, Refusals, did_you_mean
from crmkit.mistakes import translate
from crmkit.process.description import Process
from crmkit.process.grids import Rows, beside, positions, rows_of
from crmkit.process.layout import LISTS, TOLD, BookWords, codes_of
from crmkit.process.lines import UnknownKindError, read_crm_stage, read_field, read_result
from crmkit.process.wording import fold
from crmkit.workbooks import Grid, read_grids

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_BROKEN = {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"}
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_ANSWERS = {"true": "yes", "false": "no", "1": "yes", "0": "no", "+": "yes"}
_BY_NUMBER = N_("Give the number of the step as it stands on the sheet of steps.")
_BY_NAME = N_("Write the name of the step as it stands on the sheet of steps, or delete the row.")
#: Which words a column takes.
_GROUPS = {"kind": "kinds", "norm_unit": "units", "optional": "answers"}


def read_book(path: Path, words: Sequence[BookWords]) -> tuple[Process, tuple[Message, ...]]:
    """Read a description from a workbook.

    Parameters
    ----------
    words: what sheets, headings and values are called, in each language that the workbook may be in.

    Returns
    -------
    the description; what was repaired, such as merged cells.

    Raises
    ------
    SourceError: the file is no workbook that can be read. Refusals: what is wrong in it, each with its cell.
    """
    told, grids = Reading(path.name), read_grids(path)
    there = {fold(grid.name) for grid in grids}  # the language of most sheets is spoken first
    words = sorted(words, key=lambda one: -len(there & set(map(fold, one.sheets.values()))))
    found = _sheets(grids, words, told)
    tables = {key: rows_of(grid, key, words=words, told=told) for key, grid in found.items()}
    steps = tables.get("steps")
    if steps is None:
        raise Refusals(told.errors)
    book = _Book(words, told)
    data = book.head(steps)
    for key in ("roles", "stages", "steps"):
        if table := tables.get(key):
            data[key] = [book.part(table, row, place=(key, ix)) for ix, row in enumerate(table.rows)]
    if under := tables.get("sub_processes"):
        book.tie(under, steps, data["steps"])
    try:
        process = Process.model_validate(data)
    except ValidationError as error:
        where = [book.place(item["loc"], steps.name) for item in error.errors()]
        told.errors += [translate(item, at, Process) for item, at in zip(error.errors(), where, strict=True)]
    if told.errors:
        raise Refusals(told.errors)
    return process, tuple(told.repairs)


def _sheets(grids: Sequence[Grid], words: Sequence[BookWords], told: Reading) -> dict[str, Grid]:
    """Find the sheets that are read; others are left alone, which is told."""
    titles = {fold(title): key for one in words for key, title in one.sheets.items()}
    found: dict[str, Grid] = {}
    for grid in grids:
        key = titles.get(fold(grid.name))
        if key in TOLD or not any(any(row) for row in grid.rows):
            continue
        if key is None and difflib.get_close_matches(fold(grid.name), titles, n=1, cutoff=0.8):
            remedy = did_you_mean(grid.name, [title for one in words for title in one.sheets.values()])
            told.refuse(told.where(grid.name), N_("there is no such sheet in a description"), (), remedy)
        elif key is None:
            told.repairs.append(
                N_("{file}: the sheet «{sheet}» is not read.", file=told.file, sheet=grid.name)
            )
        elif key in found:
            told.refuse(told.where(grid.name), N_("two sheets hold the same"), [found[key].name])
        else:
            found[key] = grid
    if "steps" not in found:
        what = N_("the workbook has no sheet «{sheet}»", sheet=words[0].sheets["steps"])
        remedy = N_("Make a workbook to fill in with «crmkit process new CLIENT».")
        told.refuse(told.file, what, [grid.name for grid in grids], remedy)
    return found


@dataclass
class _Book:
    """Cells as the values that the model reads, and where each of them stands."""

    words: Sequence[BookWords]
    told: Reading
    places: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    def place(self, loc: tuple[str | int, ...], sheet: str) -> str:
        """Return the cell of a place in the model."""
        known = (self.places[loc[:end]] for end in range(len(loc), 0, -1) if loc[:end] in self.places)
        return next(known, self.told.where(sheet))

    def head(self, steps: Rows) -> dict[str, Any]:
        """Read what stands above the table of steps."""
        labels = {fold(word): key for one in self.words for key, word in one.columns["head"].items()}
        data: dict[str, Any] = {}
        for key, row, column, text in beside(steps.cells[: steps.heading], labels):
            where = self.told.where(steps.name, row, column)
            self.places[key,] = where
            if key == "version":
                data[key] = self._code("versions", text, where)
            elif key == "dated":
                data[key] = _day(text)
            else:
                data[key] = text
        if "name" not in data:
            label = self.words[0].columns["head"]["name"]
            remedy = N_(
                "Write «{label}» in a cell above the headings, and the name to the right of it.", label=label
            )
            self.told.refuse(self.told.where(steps.name), N_("the process has no name"), (), remedy)
            data["name"] = "?"
        return {key: value for key, value in data.items() if value is not None}

    def part(self, rows: Rows, row: int, *, place: tuple[str | int, ...]) -> dict[str, Any]:
        """Read one row of a sheet."""
        said, part = rows.said(row), {}
        self.places[place] = self.told.where(rows.name, row)
        for key, text in said.items():
            where = self.told.where(rows.name, row, rows.columns[key])
            self.places[(*place, key)] = where
            if text in _BROKEN:
                remedy = N_("Correct the formula, or write the value.")
                self.told.refuse(where, N_("the formula in the cell gives an error"), [text], remedy)
            elif key not in ("number", "step", "norm_unit"):
                part[key] = self._value(key, text, where)
        if "norm_unit" in said and "norm" not in said:
            self.told.refuse(
                self.places[(*place, "norm_unit")], N_("there is a unit and no number before it")
            )
        elif "norm" in said and "norm_unit" in said:
            unit = self._code("units", said["norm_unit"], self.places[(*place, "norm_unit")])
            part["norm"] = {"amount": part["norm"], "unit": unit} if part["norm"] and unit else None
        if "name" not in said and "name" in rows.columns:
            what = N_("the row has no «{heading}»", heading=rows.cells[rows.heading][rows.columns["name"]])
            self.told.refuse(self.told.where(rows.name, row), what, list(said.values())[:2])
            part["name"] = "?"
        return {key: value for key, value in part.items() if value is not None}

    def _value(self, key: str, text: str, where: str) -> Any:
        lines = [line for line in text.splitlines() if line.strip()]
        if key in ("inputs", "outputs"):
            return [one for line in lines if (one := self._result(line, where))]
        if key == "crm_stages":
            return [read_crm_stage(line) for line in lines]
        if key == "required_fields":
            return [read_field(line.strip(), codes_of(self.words, "fields")) for line in lines]
        if key in LISTS:
            return lines
        if key in ("norm", "cost_per_case"):
            return self._number(text, where)
        if key == "expected_conversion":
            return self._share(text, where)
        if key in _GROUPS:
            code = self._code(_GROUPS[key], text, where)
            return code == "yes" if key == "optional" and code else code
        return text

    def _result(self, line: str, where: str) -> dict[str, str] | None:
        try:
            return read_result(line, codes_of(self.words, "results"))
        except UnknownKindError as error:
            word, near = error.args
            remedy = N_(
                "Did you mean «{near}»? If the bracket is part of the text, put a backslash before it.",
                near=near,
            )
            self.told.refuse(
                where, N_("there is no kind «{word}» of inputs and outputs", word=word), [line], remedy
            )
            return None

    def _number(self, text: str, where: str) -> str | None:
        number = "".join(text.split()).replace(",", ".")
        if _NUMBER.fullmatch(number):
            return number
        remedy = N_("Write the number alone; a unit has a column of its own or stands in the heading.")
        self.told.refuse(where, N_("a number should stand here"), [text], remedy)
        return None

    def _share(self, text: str, where: str) -> str | None:
        share = "".join(text.split())
        number = share.replace(",", ".")
        if not _NUMBER.fullmatch(number) or float(number) <= 1:
            return share
        remedy = N_("Write a percentage with its sign, such as 60 %.")
        self.told.refuse(where, N_("a share cannot be more than 1"), [text], remedy)
        return None

    def _code(self, group: str, text: str, where: str) -> str | None:
        codes = codes_of(self.words, group) | (_ANSWERS if group == "answers" else {})
        code = codes.get(fold(text))
        if code is None:
            known = list(self.words[0].values[group].values())
            what = N_("this is not one of the possible values")
            self.told.refuse(where, what, [text], did_you_mean(text, known))
        return code

    def tie(self, under: Rows, steps: Rows, data: list[dict[str, Any]]) -> None:
        """Put each sub-process to its step, found by its number, else by its name."""
        numbers = positions(steps, "number", str.strip)
        names = positions(steps, "name", fold)
        for row in under.rows:
            said = under.said(row)
            by_number = numbers.get(said.get("number", ""), [])
            by_name = names.get(fold(said.get("step", "")), [])
            where = self.told.where(under.name, row)
            both = [ix for ix in by_number if ix in by_name]
            found = both or (by_name if "step" in said else by_number)
            if len(found) != 1:
                what = N_("it is not clear which step the sub-process belongs to")
                remedy = _BY_NUMBER if by_name or "step" not in said else _BY_NAME
                self.told.refuse(where, what, [said.get("number", ""), said.get("step", "")], remedy)
                continue
            if said.get("number") and not both and "step" in said:
                what = N_(
                    "{where}: the number «{number}» is not that of «{step}»; the name counts.",
                    where=where, number=said["number"], step=said["step"],
                )  # fmt: skip
                self.told.repairs.append(what)
            mine = data[found[0]].setdefault("sub_processes", [])
            mine.append(self.part(under, row, place=("steps", found[0], "sub_processes", len(mine))))


def _day(text: str) -> str:
    """Return a date as it is read further: a cell's moment without its time, «1.9.2026» in ISO."""
    if found := _DAY.fullmatch(text):
        return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    return text.partition("T")[0]
