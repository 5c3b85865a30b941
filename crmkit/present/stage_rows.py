"""The parts that pictures of stages share: a row a stage, its name over its bar, texts on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from crmkit.limits import Limits
from crmkit.present.axes import Scale, ticks
from crmkit.present.drawing import Diagram, cuts
from crmkit.present.formats import Formats
from crmkit.present.lettering import lines_of
from crmkit.present.shapes import Box, Line, Shape, Text
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing

if TYPE_CHECKING:
    import pandas as pd

ROW, HEAD, PART, AXIS = 52.0, 34.0, 34.0, 26.0
"""The heights of a row, of the headings, of a pipeline's name, of the scale."""
LEFT, BARS, SAID, BAR, WIDE = 6.0, 340.0, 430.0, 17.0, 660.0
"""Where bars begin, how long the longest is, where texts stand, how high a bar is, how wide the picture:
narrow, so that a phone shows most of it."""


class Row(NamedTuple):
    """Where a row begins, the name of the pipeline over it, the figures of its stage."""

    top: float
    part: str
    record: dict[str, Any]

    def figure(self, key: str) -> float | None:
        """Return a figure of the stage."""
        value = self.record[key]
        return None if is_missing(value) else float(value)

    @property
    def stage(self) -> str:
        """The stage's name."""
        return str(self.record["stage"])


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Place the stages one under another; where there are several pipelines, each has its name on top."""
    several, down, before, rows = len(frame["pipeline"].unique()) > 1, HEAD, None, []
    for record in frame.to_dict("records"):
        pipeline = "" if is_missing(record["pipeline"]) else str(record["pipeline"])
        part = pipeline if several and pipeline != before else ""
        before = pipeline
        down += PART if part else 0
        rows.append(Row(down, part, {str(key): value for key, value in record.items()}))
        down += ROW
    return rows


def end_of(rows: Sequence[Row]) -> float:
    """Return where the last row ends."""
    return rows[-1].top + ROW if rows else HEAD + ROW


def headings(left: str, right: str) -> Iterator[Shape]:
    """Say what the bars and the texts beside them are."""
    for x, text, room in ((LEFT, left, SAID - LEFT - 20), (SAID, right, WIDE - SAID)):
        yield Text(x, 16, "".join(lines_of(text, room, most=1, bold=True)), "soft", 12, bold=True, hint=text)
    yield Line(((LEFT, 23), (WIDE - 4, 23)), "rule")


def named(row: Row) -> Iterator[Shape]:
    """Write the stage's name over its bar, and the pipeline's over that."""
    if row.part:
        name = "".join(lines_of(row.part, WIDE - 20, size=14, most=1, bold=True))
        yield Text(LEFT, row.top - 8, name, "text", 14, bold=True, hint="" if name == row.part else row.part)
    name = "".join(lines_of(row.stage, SAID - LEFT - 14, size=13, most=1))
    yield Text(LEFT, row.top + 15, name, "text", 13, hint="" if name == row.stage else row.stage)


def bar(top: float, value: float | None, most: float, *, role: str) -> Iterator[Shape]:
    """Draw a bar from the left; nothing where there is no figure."""
    if value is not None:
        yield Box(LEFT, top + 21, max(1.0, BARS * value / most), BAR, role)


def said(top: float, text: str, beside: str, *, unsure: bool = False) -> Iterator[Shape]:
    """Write a figure on the right of a bar, and what stands under it; one of some cases only in italics."""
    yield Text(SAID, top + 22, text, "text", 13, bold=not unsure, italic=unsure)
    if beside:
        yield Text(SAID, top + 38, beside, "soft", 11.5)


def scale(most: float, formats: Formats, rows: Sequence[Row]) -> Iterator[Shape]:
    """Draw thin lines down the rows with figures under them."""
    values, texts = ticks(most, Scale.of(most, "number", formats), 4)
    bottom = end_of(rows)
    for value, text in zip(values, texts, strict=True):
        x = LEFT + BARS * value / most
        if x <= LEFT + BARS + 40:
            yield Line(((x, HEAD), (x, bottom)), "rule")
            yield Text(x, bottom + 16, text, "soft", 11.5, "start" if value == 0 else "middle")


def picture(
    name: str, title: str, shapes: Sequence[Shape], *, rows: Sequence[Row], height: float,
    told: Sequence[str], notes: Sequence[str], table: Table, formats: Formats,
) -> Diagram:  # fmt: skip
    """Return the finished picture; one without rows says so."""
    words = formats.words
    if not rows:
        shapes = [Text(WIDE / 2, HEAD + 20, words.say("There is nothing to draw."), "soft", 13, "middle")]
    alt = words.say("Chart: {title}. {values}", title=title.rstrip("."), values="; ".join(told))
    gaps = [row.top - (PART - 6 if row.part else 1) for row in rows[1:]]
    return Diagram(
        name, title, alt.strip(), WIDE, height, tuple(shapes), tuple(notes), cuts(gaps, height), table
    )


def table_of(
    frame: pd.DataFrame, formats: Formats, columns: Sequence[Column], *, name: str, title: str, limits: Limits
) -> Table:
    """Return the figures of a picture as a table, with the pipelines where there are several."""
    say = formats.words.say
    several = [Column("pipeline", say("Pipeline"))] if len(frame["pipeline"].unique()) > 1 else []
    return Table.of(
        frame, name=name, title=title, columns=[*several, Column("stage", say("Stage")), *columns],
        language=formats.language, currency=formats.currency, limits=limits,
    )  # fmt: skip
