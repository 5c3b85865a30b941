"""Two pictures of the account of the stages: how many deals come how far, and how long they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from crmkit.limits import Limits
from crmkit.present.drawing import Diagram
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, gated, standing
from crmkit.present.shapes import Line, Shape, Text
from crmkit.present.stage_rows import (
    AXIS,
    BAR,
    BARS,
    LEFT,
    SAID,
    Row,
    bar,
    end_of,
    headings,
    named,
    picture,
    rows_of,
    said,
    scale,
    table_of,
)  # fmt: skip
from crmkit.present.tables import Column
from crmkit.present.units import short_span

if TYPE_CHECKING:
    import pandas as pd


def funnel(frame: pd.DataFrame, formats: Formats, *, limits: Limits | None = None) -> Diagram:
    """Draw how many deals came to each stage, and which share of them went on.

    Parameters
    ----------
    frame: of ``accounting``: ``pipeline``, ``stage``, ``deals``, ``conversion`` with its cases.
    limits: thresholds of small numbers.
    """
    limits = limits or Limits()
    say, rows = formats.words.say, rows_of(frame)
    counts = [row.figure("deals") for row in rows]
    most = max([*(count or 0 for count in counts), 1])
    shapes = list(headings(say("deals that came to the stage"), say("went on from there")))
    for row, count in zip(rows, counts, strict=True):
        shapes += named(row)
        shapes += _counted(row.top, count, formats, most=most)
        shapes += _went_on(row, formats, limits)
    columns = [
        Column("deals", say("Deals"), "count"), Column("conversion", say("Went on"), "share", "higher"),
        Column("conversion_n", "n", "count"),
    ]  # fmt: skip
    heading = say("How far the deals come")
    told = [f"{row.stage}: {formats.count(n)}" for row, n in zip(rows, counts, strict=True)]
    note = say("The share is of those visits that are over; a stage that was passed over counts as passed.")
    return picture(
        "stage_funnel", heading, shapes, rows=rows, height=end_of(rows), told=told, notes=[note],
        formats=formats,
        table=table_of(frame, formats, columns, name="stage_funnel", title=heading, limits=limits),
    )  # fmt: skip


def time_in_stage(
    frame: pd.DataFrame, formats: Formats, *, name: str = "stage_times",
    hours_per_day: float = 8.0, limits: Limits | None = None,
) -> Diagram:  # fmt: skip
    """Draw how long deals stand in each stage: a bar to the median, a line to nine tenths, the norm.

    Time is in working days if the norms are and none is in calendar days, else in calendar days; a norm in
    the other unit is not drawn.

    Parameters
    ----------
    frame: of ``accounting``: ``pipeline``, ``stage``, ``days_median`` and ``days_p90`` with their cases, the
        same in ``working_days``, ``norm_amount``, ``norm_unit``.
    hours_per_day: of the client's calendar, for norms in working hours. limits: thresholds of small numbers.
    """
    limits = limits or Limits()
    say, units = formats.words.say, frame["norm_unit"].astype("str")
    working = bool(units.str.startswith("working").any()) and not (units == "days").any()
    unit = "working_days" if working else "days"
    hours = np.where(units == "working_hours", hours_per_day, 1.0)
    fits = (units.str.startswith("working") if working else units == "days").to_numpy()
    frame = frame.assign(norm=np.where(fits, frame["norm_amount"].to_numpy(float) / hours, np.nan))
    rows = rows_of(frame)
    ends = [row.figure(key) for row in rows for key in (f"{unit}_median", f"{unit}_p90", "norm")]
    most = max([end for end in ends if end is not None], default=1.0) or 1.0
    kind = say("working days") if working else say("calendar days")
    heading = say("How long deals stand in each stage, {unit}", unit=kind)
    shapes = list(headings(kind, say("median; 90% gone by")))
    shapes += scale(most, formats, rows)
    for row in rows:
        shapes += [*named(row), *_time(row, unit, formats, most=most, limits=limits)]
    columns = [
        Column(f"{unit}_median", say("Median"), "number", "lower", gated=True),
        Column(f"{unit}_p90", say("Nine of ten are gone by"), "number", "lower", gated=True),
        Column("norm", say("Norm"), "number"), Column(f"{unit}_median_n", "n", "count"),
    ]  # fmt: skip
    told = [f"{row.stage}: {formats.days(row.figure(f'{unit}_median'))}" for row in rows]
    return picture(
        name, heading, shapes, rows=rows, height=end_of(rows) + AXIS, told=told,
        notes=[_reading(frame, unit, formats, limits=limits)],
        formats=formats, table=table_of(frame, formats, columns, name=name, title=heading, limits=limits),
    )  # fmt: skip


def _counted(top: float, count: float | None, formats: Formats, *, most: float) -> Iterator[Shape]:
    """Draw a bar with its count at the end."""
    yield from bar(top, count, most, role="bar")
    yield Text(LEFT + BARS * (count or 0) / most + 6, top + 34, formats.count(count), "text", 13, bold=True)


def _went_on(row: Row, formats: Formats, limits: Limits) -> Iterator[Shape]:
    """Write which share went on, as the number of cases allows it to be told."""
    cases = Cases.of(row.record, "conversion")
    told = gated(formats, row.figure("conversion"), cases, limits=limits)
    counted = "" if told.standing == "few" else formats.words.say("of {n}", n=formats.count(cases.n))
    beside = ", ".join(part for part in (told.beside, counted) if part)
    yield from said(row.top, told.text, beside, unsure=told.standing == "some")


def _time(row: Row, unit: str, formats: Formats, *, most: float, limits: Limits) -> Iterator[Shape]:
    """Draw the median, the ninth tenth and the norm of a stage, and write them."""
    say = formats.words.say
    median, p90, norm = (row.figure(key) for key in (f"{unit}_median", f"{unit}_p90", "norm"))
    n = row.figure(f"{unit}_median_n")
    few = standing(n, limits) == "few"
    yield from bar(row.top, median, most, role="bar_few" if few else "bar")
    middle = row.top + 21 + BAR / 2
    if median is not None and p90 is not None:
        start, end = (LEFT + BARS * value / most for value in (median, p90))
        yield Line(((start, middle), (end, middle)), "span")
        yield Line(((end, middle - 5), (end, middle + 5)), "span")
    if norm is not None:
        x = LEFT + BARS * norm / most
        yield Line(((x, middle - 11), (x, middle + 11)), "norm", 3)
    text, far = (_span(value, unit, formats) for value in (median, p90))
    if p90 is not None:
        text = say("{median}; 90%: {most}", median=text, most=far)
    counted = f"n = {formats.count(n)}"
    if norm is None:
        yield from said(row.top, text, counted)
        return
    number = formats.number(norm, 0 if norm == int(norm) else 1)
    if median is not None and median > norm and not few:
        yield from said(row.top, text, "")
        over = say("over the norm of {norm}, {counted}", norm=number, counted=counted)
        yield Text(SAID, row.top + 38, over, "strong", 11.5, bold=True)
    else:
        yield from said(row.top, text, say("norm {norm}, {counted}", norm=number, counted=counted))


def _span(days: float | None, unit: str, formats: Formats) -> str:
    """Return a time as text: a calendar one in the unit that fits it, a working one in days."""
    return formats.days(days) if days is None or unit == "working_days" else short_span(formats, days)


def _reading(frame: pd.DataFrame, unit: str, formats: Formats, *, limits: Limits) -> str:
    """Return how to read the picture of times: only what is on it."""
    say = formats.words.say
    notes = [
        say(
            "Bar: half of the deals are gone by then. Line: nine of ten are. Deals that still stand there are"
            " counted as far as they have come."
        )
    ]
    if frame["norm"].notna().any():
        notes.append(say("Black mark: the norm."))
    if (frame[f"{unit}_median_n"] < limits.few_cases).any():
        notes.append(say("A grey bar rests on fewer than {few} visits.", few=limits.few_cases))
    return " ".join(notes)
