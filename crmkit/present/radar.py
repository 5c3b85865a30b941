"""A chart of scores by area, as spokes of a wheel; an area without a score has a gap in its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmkit.present.axes import COLOURS, layout, wrap
from crmkit.present.figures import Figure, Plate, finished
from crmkit.present.tables import Table
from crmkit.present.texts import label

Scores = Sequence[float | None]
#: So many spokes stand apart far enough for their names.
_WIDTH = 16


def radar(plate: Plate, areas: Sequence[str], lines: Sequence[tuple[str, Scores]], *, table: Table) -> Figure:
    """Draw scores between 0 and 1 by area; the last line is the present one, those before it are dashed.

    Parameters
    ----------
    areas: short names, one a spoke. lines: what each line is called, and its scores.
    table: the same figures.
    """
    formats, last = plate.formats, len(lines) - 1
    names = [wrap(name, _WIDTH, 2) for name in areas]
    data = [
        {
            "type": "scatterpolar", "theta": [*names, *names[:1]], "r": [*scores, *scores[:1]],
            "mode": "lines+markers", "connectgaps": False, "name": label(called),
            "line": {"color": COLOURS["open" if at == last else "some"], "width": 3 if at == last else 2,
                     "dash": "solid" if at == last else "dash"},
            "marker": {"size": 8, "symbol": "circle" if at == last else "diamond"},
            "hoverinfo": "text",
            "hovertext": [_told(plate, *pair, called=called) for pair in zip(areas, scores, strict=True)],
        }
        for at, (called, scores) in enumerate(lines)
    ]  # fmt: skip
    spokes: dict[str, Any] = {
        "radialaxis": {
            "range": [0, 1], "tickvals": [0.25, 0.5, 0.75, 1], "angle": 90, "tickangle": 90,
            "ticktext": [formats.share(one, 0) for one in (0.25, 0.5, 0.75, 1)],
            "gridcolor": COLOURS["line"], "linecolor": COLOURS["line"], "tickfont": {"size": 11},
        },
        "angularaxis": {
            "direction": "clockwise", "rotation": 90, "gridcolor": COLOURS["line"], "tickfont": {"size": 12},
        },
        "bgcolor": "rgba(0,0,0,0)", "domain": {"y": [0.02, 0.95]},  # room for the name on top
    }  # fmt: skip
    whole = layout(plate.title, 560, formats, polar=spokes, showlegend=len(lines) > 1)
    told = "; ".join(_told(plate, *pair) for pair in zip(areas, lines[last][1], strict=True))
    return finished(plate, data, whole, told=told, table=table)


def _told(plate: Plate, area: str, score: float | None, *, called: str = "") -> str:
    words = plate.formats.words
    value = words.say("no score") if score is None else plate.formats.share(score, 0)
    text = f"{area}: {value}"
    return f"{label(called)}<br>{label(text)}" if called else text
