"""The waterfall: from one side's figure to the other's, part by part, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crmkit.present.axes import COLOURS, Scale, group_axis, layout, names, ticks, value_axis, wrap
from crmkit.present.differences import difference_text
from crmkit.present.figures import Figure, Plate, Row, figure
from crmkit.present.gates import Cases
from crmkit.present.texts import is_missing, label
from crmkit.present.units import KIND_OF_UNIT, with_unit

BAR = 0.34
CAPTION = 40  # letters that a name and its figure have together, on a phone too


@dataclass(frozen=True)
class Part:
    """What one factor adds to the way; ``holds`` where it is more than chance. Limits NaN: none."""

    name: str
    value: float
    low: float
    high: float
    holds: bool


def waterfall(
    parts: Sequence[Part], ends: tuple[tuple[str, float], str], plate: Plate, *, unit: str
) -> Figure:
    """Draw the way from a first bar to a last one: what adds to the right, what takes away to the left.

    Filled: more than chance; hollow: it may be chance. The whiskers are the intervals of the parts.

    Parameters
    ----------
    ends: name and figure of the first bar, name of the last one.
    unit: of all figures, one of ``measures.UNITS``.
    """
    (begin, start), last = ends
    kind, way = KIND_OF_UNIT[unit], [start]
    for part in parts:
        way.append(way[-1] + part.value)
    marks = list(zip(way[1:], parts, strict=True))
    reach = [x for mark in marks for x in _limits(*mark)]
    lowest, top = min(0.0, *way, *reach), max(0.0, *way, *reach)
    scale = Scale.of(max(top, -lowest), kind, plate.formats)
    rows = [
        Row(begin, start, Cases(), with_unit(plate.formats, start, kind)),
        *(
            Row(one.name, one.value, Cases(), difference_text(plate.formats, one.value, unit))
            for one in parts
        ),
        Row(last, way[-1], Cases(), with_unit(plate.formats, way[-1], kind)),
    ]
    captions = [
        wrap(row.name, max(CAPTION - len(row.told), 12), 1) + f": <b>{label(row.told)}</b>" for row in rows
    ]
    steps = [
        {"type": "line", "x0": x, "x1": x, "y0": i + BAR / 2, "y1": i + 1 - BAR / 2, "layer": "below",
         "line": {"color": "#8a8a8a", "width": 1, "dash": "dot"}}
        for i, x in enumerate(way)
    ]  # fmt: skip
    whole = layout(
        plate.title, 42 * len(rows) + 60, plate.formats, showlegend=True, barmode="overlay",
        xaxis=signed_axis(lowest, top, scale, plate), yaxis=group_axis(len(rows)),
        annotations=names(captions), shapes=steps,
    )  # fmt: skip
    data = [_ends([start, way[-1]], rows), *_bars(parts, way, rows, plate)]
    return figure([*data, _whiskers(marks)], whole, rows, plate)


def _limits(end: float, part: Part) -> tuple[float, ...]:
    """Return how far the interval of a part reaches around where it ends on the way."""
    if is_missing(part.low) or is_missing(part.high):
        return ()
    return end + part.low - part.value, end + part.high - part.value


def signed_axis(lowest: float, top: float, scale: Scale, plate: Plate) -> dict[str, Any]:
    """Return an axis of figures that may be below zero."""
    most, room = max(top, -lowest), 0.04 * (top - lowest)
    values, texts = ticks(most, scale, 4)
    shown = [-one for one in reversed(values[1:]) if -one >= lowest * 1.02] + [v for v in values if v <= top]
    said = dict(zip(values, texts, strict=True))
    signed = [said[one] if one >= 0 else f"\u2212{said[-one]}" for one in shown]
    return value_axis(
        most, scale, plate.axis, 1, tickvals=shown, ticktext=signed,
        range=[lowest - room if lowest < 0 else 0, top + room or 1],
    )  # fmt: skip


def _ends(values: Sequence[float], rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "type": "bar", "orientation": "h", "x": list(values), "y": [0, len(rows) - 1], "width": BAR,
        "marker": {"color": COLOURS["open"]}, "showlegend": False, "hoverinfo": "text",
        "hovertext": [label(f"{row.name}: {row.told}") for row in (rows[0], rows[-1])],
    }  # fmt: skip


def _bars(
    parts: Sequence[Part], way: Sequence[float], rows: Sequence[Row], plate: Plate
) -> list[dict[str, Any]]:
    """Return the floating bars: what adds, what takes away, and hollow what may be chance."""
    words = plate.formats.words
    forms = (
        (words.say("adds"), "won", lambda part: part.holds and part.value >= 0),
        (words.say("takes away"), "lost", lambda part: part.holds and part.value < 0),
        (words.say("may be chance, or too little data"), "", lambda part: not part.holds),
    )
    data = []
    for name, meaning, chosen in forms:
        places = [i for i, part in enumerate(parts) if chosen(part)]
        data.append({
            "type": "bar", "orientation": "h", "name": label(name), "width": BAR,
            "base": [way[i] for i in places], "x": [parts[i].value for i in places],
            "y": [i + 1 for i in places], "showlegend": bool(places),
            "marker": {
                "color": COLOURS[meaning] if meaning else "#ffffff",
                "line": {"width": 2, "color": COLOURS[meaning or "some"]},
            },
            "hoverinfo": "text",
            "hovertext": [label(f"{rows[i + 1].name}: {rows[i + 1].told}") for i in places],
        })  # fmt: skip
    return data


def _whiskers(marks: Sequence[tuple[float, Part]]) -> dict[str, Any]:
    known = [(at, *mark) for at, mark in enumerate(marks, 1) if _limits(*mark)]
    return {
        "type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "skip",
        "x": [end for _, end, _ in known], "y": [at for at, _, _ in known],
        "marker": {"size": 1, "color": "#4d4d4d"},
        "error_x": {
            "type": "data", "symmetric": False, "visible": bool(known), "color": "#4d4d4d",
            "thickness": 1.5, "width": 4,
            "array": [part.high - part.value for _, _, part in known],
            "arrayminus": [part.value - part.low for _, _, part in known],
        },
    }  # fmt: skip
