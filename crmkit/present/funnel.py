"""The funnel plot: reps by how many cases they have, and how far equal reps scatter by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmkit.facts import FloatArray
from crmkit.present.axes import COLOURS, Scale, layout, value_axis
from crmkit.present.figures import Figure, Plate, Row, figure, hover, line
from crmkit.present.gates import Cases
from crmkit.present.texts import is_missing, label
from crmkit.statistics.funnels import funnel_limits

#: Limits as lines: the level, their dashes.
LEVELS = ((0.95, "dash"), (0.998, "solid"))
POINTS = 60
#: By the direction of a verdict that holds: what it is called by whether more is better, and its form.
FORMS = {
    ("above", "higher"): ("won", "triangle-up"), ("below", "higher"): ("lost", "triangle-down"),
    ("above", "lower"): ("lost", "triangle-up"), ("below", "lower"): ("won", "triangle-down"),
}  # fmt: skip


def funnel(rows: pd.DataFrame, plate: Plate, *, better: str, counted: str) -> Figure:
    """Draw each rep's share like for like over the number of cases, between the limits of chance.

    Parameters
    ----------
    rows: ``name``, ``n``, ``worth`` (as many cases the figure is as certain as: its place), ``adjusted``,
        ``whole``, ``direction``. better: ``higher`` or ``lower``. counted: what the axis says.
    """
    formats, words = plate.formats, plate.formats.words
    told = rows[rows["n"] >= plate.limits.few_cases]
    known = [row for row in told.to_dict("records") if not is_missing(row["adjusted"])]
    worth = [float(row["worth"]) for row in known]
    marks = [
        Row(str(row["name"]), row["adjusted"], Cases(n=row["n"]), formats.share(row["adjusted"], 0))
        for row in known
    ]
    whole = float(rows["whole"].iloc[0]) if len(rows) else 0.5
    last = max(worth, default=10.0) * 1.1
    least = max(1.0, min([plate.limits.few_cases, *np.floor(worth)]))
    sizes = np.unique(np.geomspace(least, max(last, least + 2), POINTS).round())
    lines, reach = [], [0.0]
    for level, dash in LEVELS:
        for at, limit in enumerate(funnel_limits(whole, sizes, level) if 0 < whole < 1 else ()):
            inside = formats.share(level, 0 if level == 0.95 else 1)
            name = words.say("{level} of equal reps lie within", level=inside)
            lines.append(_line(sizes, limit, dash, name if at == 0 else ""))
            reach.append(float(limit.max(initial=0.0)))
    top = min(1.0, max([*reach, *(row["adjusted"] for row in known)]) * 1.05)
    mean = words.say("Usual: {share}", share=formats.share(whole))
    lines.append(_line(sizes[[0, -1]], np.array([whole, whole]), "dot", mean))
    axis = value_axis(top, Scale.of(1.0, "share", formats), plate.axis, 1)
    axis |= {"range": [0, top]}
    shape = layout(
        plate.title, 380, formats, showlegend=True, yaxis=axis,
        xaxis={"title": {"text": label(counted), "standoff": 8, "font": {"size": 12}}, "automargin": True,
               "range": [0, float(sizes[-1])], "zeroline": False,
               "gridcolor": COLOURS["line"], "fixedrange": True},
    )  # fmt: skip
    return figure([*lines, *_points(known, marks, plate, better)], shape, marks, plate)


def _line(x: FloatArray, y: FloatArray, dash: str, name: str) -> dict[str, Any]:
    return line(x.tolist(), y.tolist(), name, {"color": "#6b6b6b", "width": 1.3, "dash": dash})


def _points(
    known: Sequence[Mapping[str, Any]], marks: Sequence[Row], plate: Plate, better: str
) -> list[dict[str, Any]]:
    """Return the reps: filled with their name where the verdict holds, hollow elsewhere."""
    words = plate.formats.words
    kinds = {
        "above": words.say("more than chance, higher"), "below": words.say("more than chance, lower"),
        "none": words.say("the data cannot tell"),
    }  # fmt: skip
    data, sides = [], _text_sides(known)
    for direction, said in kinds.items():
        places = [i for i, row in enumerate(known) if row["direction"] == direction]
        meaning, symbol = FORMS.get((direction, better), ("some", "circle-open"))
        chosen = [marks[i] for i in places]
        told = direction != "none"
        data.append({
            "type": "scatter", "mode": "markers+text" if told else "markers", "name": label(said),
            "x": [float(known[i]["worth"]) for i in places], "y": [known[i]["adjusted"] for i in places],
            "text": [label(one.name) for one in chosen] if told else [],
            "textposition": [sides[i] for i in places] if told else "top center",
            "cliponaxis": False, "showlegend": bool(places),
            "marker": {"size": 12 if told else 10, "symbol": symbol, "color": COLOURS[meaning],
                       "line": {"width": 2, "color": COLOURS[meaning]}},
        } | hover(chosen, plate))  # fmt: skip
    return data


def _text_sides(known: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return where each rep's name stands: towards the middle, where there is room; near ones apart."""
    most = max([float(row["worth"]) for row in known], default=0.0)
    sides, taken = [""] * len(known), list[tuple[float, float]]()
    for i in sorted(range(len(known)), key=lambda at: (-known[at]["adjusted"], known[at]["name"])):
        n, share = float(known[i]["worth"]), float(known[i]["adjusted"])
        near = any(abs(n - x) < 0.3 * most and abs(share - y) < 0.07 for x, y in taken)
        height = "middle" if near else "bottom" if known[i]["direction"] == "below" else "top"
        sides[i] = f"{height} {'left' if n > most / 2 else 'right'}"
        if known[i]["direction"] != "none":
            taken.append((n, share))
    return sides
