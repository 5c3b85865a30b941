"""Tables of texts that stand in a document and in a workbook alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crmkit.documents.word import Cell, WordDocument


@dataclass(frozen=True)
class Grid:
    """A table of texts that stands in a document and in a workbook alike.

    Attributes
    ----------
    widths: of the columns, in any unit.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]

    def into(self, document: WordDocument, *, labelled: bool = False, marks: int = 0) -> None:
        """Add the table to a document, under its title; nothing, if it has no rows."""
        if self.rows:
            document.table(
                self.headings, self.rows, self.widths, caption=self.title, labelled=labelled, marks=marks
            )
