"""A picture as a list of shapes, written as SVG: real text, no scripts, no ids, nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmkit.present.lettering import FONT, lines_of
from crmkit.present.markup import styled
from crmkit.present.shapes import Box, Shape, Text, number, numbers, shape_from_json, shape_to_json
from crmkit.present.tables import Table
from crmkit.present.texts import clean, escape

DIAGRAM_MIME = "application/vnd.crmkit.diagram+json"
WIDTH = 820.0
"""The width of a report's column: a picture of this width is shown as large as it was drawn."""
PIECE, OVERLAP = 260.0, 0.5
"""How high a piece of a picture should be at most, and how far it reaches into the next one."""


@dataclass(frozen=True)
class Diagram:
    """A picture: stable ``name``, the finding as ``title``, ``alt`` text, its size, what is drawn on it.

    ``shapes`` are drawn in order. ``notes`` stand under it. ``breaks`` are heights at which it is cut into
    pieces on a page, so that paper may end there; only lines cross them. ``table`` has its figures.
    """

    name: str
    title: str
    alt: str
    width: float
    height: float
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...] = ()
    breaks: tuple[float, ...] = ()
    table: Table | None = None

    @classmethod
    def from_json(cls, bundle: Mapping[str, Any]) -> Diagram:
        """Return the picture that :meth:`to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError: it was not written by it.
        """
        table = bundle["table"]
        return cls(
            str(bundle["name"]), str(bundle["title"]), str(bundle["alt"]),
            float(bundle["width"]), float(bundle["height"]), tuple(map(shape_from_json, bundle["shapes"])),
            tuple(map(str, bundle["notes"])), tuple(map(float, bundle["breaks"])),
            Table.from_json(table) if table else None,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        table = self.table.to_json() if self.table else None
        return {
            "name": self.name,
            "title": self.title,
            "alt": self.alt,
            "width": self.width,
            "height": self.height,
            "shapes": list(map(shape_to_json, self.shapes)),
            "notes": list(self.notes),
            "breaks": list(self.breaks),
            "table": table,
        }

    def svg(self) -> str:
        """Return the whole picture as SVG, to stand in a page."""
        return self._written(self.shapes, 0, self.height, told=True)

    def file(self) -> str:
        """Return the picture as an SVG file: with its title on top, on white."""
        lines = lines_of(self.title, self.width - 16, size=16, most=3, bold=True)
        head = 22.0 * len(lines) + 14
        over: list[Shape] = [Box(0, -head, self.width, self.height + head, "paper")]
        over += [Text(8, 22 * n - head + 20, line, "text", 16, bold=True) for n, line in enumerate(lines)]
        return self._written((*over, *self.shapes), -head, self.height, told=True) + "\n"

    def pieces(self) -> list[str]:
        """Return the picture as SVG in pieces, cut at its ``breaks``."""
        pieces = []
        ends = (*(one + OVERLAP for one in self.breaks), self.height)
        for start, end in zip((0.0, *self.breaks), ends, strict=True):
            inside = [shape for shape in self.shapes if shape.span[0] <= end and shape.span[1] >= start]
            pieces.append(self._written(inside, start, end, told=start == 0))
        return pieces

    def _written(self, shapes: Sequence[Shape], start: float, end: float, *, told: bool) -> str:
        told_as = f"<title>{escape(self.title)}</title><desc>{escape(self.alt)}</desc>" if told else ""
        size = numbers(width=self.width, height=end - start)
        box = " ".join(map(number, (0, start, self.width, end - start)))
        role = 'role="img"' if told else 'aria-hidden="true"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg"{size} viewBox="{box}" {role}'
            f' font-family="{escape(FONT)}">{told_as}{"".join(shape.written() for shape in shapes)}</svg>'
        )

    def drawn(self) -> str:
        """Return the picture and its notes as HTML, without title, table and style sheet."""
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        under = f'<div class="ck-notes">{notes}</div>' if notes else ""
        drawing = f'<div class="ck-scroll" tabindex="0">{"".join(self.pieces())}</div>'
        return f'<div class="ck-drawn">{drawing}{under}</div>'

    def __repr__(self) -> str:
        return clean("\n".join([self.alt, *self.notes]))

    def _repr_html_(self) -> str:
        title = f"<figcaption>{escape(self.title)}</figcaption>"
        return styled(f'<figure class="ck-figure">{title}{self.drawn()}</figure>')

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), DIAGRAM_MIME: self.to_json()}


def cuts(gaps: Sequence[float], height: float, most: float = PIECE) -> tuple[float, ...]:
    """Return at which of the ``gaps`` between its parts a picture is cut, to have low pieces.

    >>> cuts([100, 200, 300, 400], 450, 250)
    (200,)
    """
    found: list[float] = []
    for gap, beyond in zip(gaps, [*gaps[1:], height], strict=False):
        if beyond - (found[-1] if found else 0) > most:
            found.append(gap)
    return tuple(found)
