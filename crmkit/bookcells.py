"""What is told of a workbook that people filled in: how a cell is called, mistakes, and what was repaired."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crmkit.errors import N_, CrmkitError, Message, SourceError, fold
from crmkit.workbooks import Grid

#: What a cell shows whose formula cannot be reckoned.
BROKEN = {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"}
_SPLIT = N_("Split the merged cells and write in each row what holds for it.")


@dataclass
class Reading:
    """What is told of a workbook while it is read: mistakes, and repairs that were made."""

    file: str
    errors: list[CrmkitError] = field(default_factory=list)
    repairs: list[Message] = field(default_factory=list)

    def where(self, sheet: str, row: int = -1, column: int = -1) -> str:
        """Return how a cell is called: file, sheet, letter and number; rows and columns count from 0."""
        cell = (letters(column) if column >= 0 else "") + (str(row + 1) if row >= 0 else "")
        return f"{self.file}: {sheet}" + (f" {cell}" if cell else "")

    def refuse(
        self, where: str, what: Message, samples: Iterable[object] = (), remedy: Message | None = None
    ) -> None:
        """Keep a mistake; all are told at the end."""
        self.errors.append(SourceError(where, what, samples, remedy))


def letters(column: int) -> str:
    """Return the letters of a column.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    return (letters(column // 26 - 1) if column >= 26 else "") + chr(65 + column % 26)


@dataclass(frozen=True)
class Sheet:
    """A sheet whose headings are found: texts without spaces around them, the headings' row and columns.

    ``spoken`` is the place of its language among those that it may be in.
    """

    name: str
    cells: Sequence[Sequence[str]]
    heading: int
    columns: Mapping[str, int]
    spoken: int


def find_headings(
    grid: Grid,
    languages: Sequence[Mapping[str, str]],
    told: Reading,
    *,
    needed: Sequence[str],
    marks: Collection[str],
    make: Message,
    optional: Collection[str] = (),
) -> Sheet | None:
    """Find the columns that are read back, wherever they stand.

    Parameters
    ----------
    languages: the headings by column, in each language. needed: the columns that are read; those of them that
    are ``optional`` may be gone. marks: the columns two of which show that the sheet is to be read at all.
    make: how to come by a new workbook; told where a sheet without its key cannot be read.

    Returns
    -------
    ``None`` for a sheet that is not to be filled in, or whose mistakes are told.
    """
    width = max((len(row) for row in grid.rows), default=0)
    cells = [[text.strip() for text in row] + [""] * (width - len(row)) for row in grid.rows]
    known = {fold(one[key]): key for one in languages for key in needed}
    rows = [[known.get(fold(text), "") for text in row] for row in cells]
    heading = max(range(len(rows)), key=lambda row: len({*rows[row]}), default=-1)
    there = rows[heading] if heading >= 0 else []
    if len({*there} & {*marks}) < 2:
        return None
    here = {fold(text) for text in cells[heading]}
    met = [len(here & {fold(text) for text in one.values()}) for one in languages]
    spoken = met.index(max(met))
    before = len(told.errors)
    for key in needed:
        word = languages[spoken][key]
        if there.count(key) > 1:
            what = N_("the column «{heading}» stands twice", heading=word)
            told.refuse(told.where(grid.name, heading), what, (), N_("Keep one of the two."))
        elif key not in optional and key not in there:
            what = N_("the column «{heading}» is missing", heading=word)
            told.refuse(told.where(grid.name, heading), what, (), make if key == "key" else None)
    columns = {key: there.index(key) for key in needed if key in there}
    _refuse_merged(grid, heading, columns, told=told)
    return Sheet(grid.name, cells, heading, columns, spoken) if len(told.errors) == before else None


def _refuse_merged(grid: Grid, heading: int, columns: Mapping[str, int], *, told: Reading) -> None:
    """Refuse merged cells in what is read back: it is not clear for which row or column they hold."""
    for up, left, down, right in grid.merged:
        if down > heading and any(left <= place <= right for place in columns.values()):
            where = f"{told.where(grid.name, up, left)}:{letters(right)}{down + 1}"
            told.refuse(where, N_("merged cells stand where the sheet is read back"), (), _SPLIT)
