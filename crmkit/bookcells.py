"""What is told of a workbook that people filled in: how a cell is called, mistakes, and what was repaired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from crmkit.errors import CrmkitError, Message, SourceError


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
