"""Charts of a change: the weeks with the line as it is and without the change; the same on placebo dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmkit.compare.effect import Effect
from crmkit.errors import N_, Message
from crmkit.present.axes import COLOURS, Scale, layout, period_axis, value_axis, week_labels
from crmkit.present.differences import RELATIVE, difference_text
from crmkit.present.figures import Figure, Row, figure, hover, line
from crmkit.present.gates import Cases
from crmkit.present.study import Study
from crmkit.present.tables import Column
from crmkit.present.texts import is_missing, label
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.waterfall import signed_axis

OBSERVED = N_("a week")
LESS = N_("On {k} of {n} dates without a change, less is found")
FITTED, WITHOUT = N_("the line through them"), N_("without the change")


def weeks_chart(study: Study, found: Effect, title: Message, axis: str, unit: str) -> Figure:
    """Draw the observed weeks, the line, and the line without the change; the table has all of them.

    Parameters
    ----------
    unit: of the weekly figures, one of ``measures.UNITS``.
    """
    kind, series = KIND_OF_UNIT[unit], found.series
    plate = study.plate(f"effect_{found.measure}".replace(":", "_"), title, Message(axis), N_("Week of"))
    lines = series[["value", "fitted", "without"]].to_numpy(np.float64)
    top, lowest = float(np.nanmax(lines, initial=0)), float(np.nanmin(lines, initial=0))
    scale = Scale.of(max(top, -lowest), kind, study.formats)
    rows = [_row(study, one, kind) for one in series.to_dict("records")]
    vertical = (
        signed_axis(lowest, top, scale, plate) if lowest < 0 else value_axis(top, scale, plate.axis, 1.08)
    )
    data = [
        {
            "type": "scatter", "mode": "markers", "name": label(study.words.message(OBSERVED)),
            "x": list(range(len(rows))), "y": [row.value for row in rows], "showlegend": True,
            "marker": {"color": COLOURS["money"], "size": 6}, **hover(rows, plate),
        },
        _line(study, found, "fitted", FITTED, {"color": COLOURS["open"], "width": 2}),
        _line(study, found, "without", WITHOUT, {"color": COLOURS["lost"], "width": 2, "dash": "dash"}),
    ]  # fmt: skip
    whole = layout(
        plate.title, 320, study.formats, showlegend=True, yaxis=vertical, **_across(study, found),
        xaxis=period_axis(week_labels(study.formats, series["week"].dt.date.tolist())),
    )  # fmt: skip
    told = series.assign(monday=series["week"].dt.date)
    columns = [
        Column("monday", plate.heading, "date"), Column("value", axis, kind), Column("n", "n", "count"),
        *(
            Column(name, study.words.message(said), kind)
            for name, said in (("fitted", FITTED), ("without", WITHOUT))
            if series[name].notna().any()
        ),
    ]  # fmt: skip
    return figure(data, whole, rows, plate, study.table(told, plate.name, plate.title, columns))


def placebo_chart(study: Study, found: Effect, axis: str) -> Figure:
    """Draw the effect that the same calculation finds on dates without a change, beside the effect itself."""
    dates = found.series[found.series["placebo"].notna()]
    parts = dates["placebo"].to_numpy(np.float64) / found.base
    effect = found.value / found.base
    plate = study.plate(
        f"placebo_{found.measure}".replace(":", "_"), Message(LESS.text, smaller(found)),
        Message(axis), N_("Taken as the date of the change"),
    )  # fmt: skip
    days = dates["week"].dt.date.tolist()
    rows = [
        Row(study.formats.day(day), part, Cases(), difference_text(study.formats, part, RELATIVE))
        for day, part in zip(days, parts.tolist(), strict=True)
    ]
    ends = [*parts.tolist(), effect, -effect, 0.0]
    data = [
        {
            "type": "scatter", "mode": "markers", "x": list(range(len(rows))), "showlegend": False,
            "y": [row.value for row in rows], "marker": {"color": COLOURS["some"], "size": 6},
            **hover(rows, plate),
        },
        *(_level(study, sign * effect, len(rows), sign > 0) for sign in (1, -1)),
    ]  # fmt: skip
    whole = layout(
        plate.title, 240, study.formats, showlegend=True,
        xaxis=period_axis(week_labels(study.formats, days)),
        yaxis=signed_axis(min(ends), max(ends), Scale.of(max(ends), "share", study.formats), plate),
    )  # fmt: skip
    frame = pd.DataFrame({"day": days, "part": parts})
    columns = [Column("day", plate.heading, "date"), Column("part", axis, "share")]
    return figure(data, whole, rows, plate, study.table(frame, plate.name, plate.title, columns))


def smaller(found: Effect) -> dict[str, Any]:
    """Return on how many of how many placebo dates less is found."""
    return {"k": round(found.placebo_share * found.placebo_dates), "n": found.placebo_dates}


def _row(study: Study, one: dict[str, Any], kind: str) -> Row:
    name = study.say("week of {day}", day=study.formats.day(one["week"].date()))
    value = None if is_missing(one["value"]) else float(one["value"])
    return Row(name, value, Cases(n=float(one["n"])), with_unit(study.formats, value, kind))


def _line(study: Study, found: Effect, column: str, name: Message, look: dict[str, Any]) -> dict[str, Any]:
    """Return a line that is broken at the change; of that without the change, only what lies after it."""
    values = [None if is_missing(one) else float(one) for one in found.series[column]]
    at = _place(found)
    before = values[:at] if column == "fitted" else [None] * at
    x, y = [*range(at), at - 0.5, *range(at, len(values))], [*before, None, *values[at:]]
    known = any(one is not None for one in values)
    return line(x, y, study.words.message(name), look) | {"connectgaps": False, "showlegend": known}


def _place(found: Effect) -> int:
    """Return how many weeks begin before the change."""
    return int((found.series["week"] < pd.Timestamp(found.date)).sum())


def _across(study: Study, found: Effect) -> dict[str, Any]:
    """Return the line at the date of the change, with its name."""
    at, text = _place(found) - 0.5, label(study.formats.day(found.date))
    place = {"x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}
    look = {"color": COLOURS["plan"], "width": 1.5, "dash": "dot"}
    ends = {"x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
    return {"shapes": [{"type": "line", **ends, "line": look}], "annotations": [{"text": text, **place}]}


def _level(study: Study, value: float, count: int, is_effect: bool) -> dict[str, Any]:
    told = difference_text(study.formats, value, RELATIVE)
    name = study.say("the effect: {value}", value=told) if is_effect else study.say("as much the other way")
    look = {"color": COLOURS["open"], "width": 2, "dash": "solid" if is_effect else "dash"}
    return line([-0.6, count - 0.4], [value, value], name, look)
