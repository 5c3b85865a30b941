"""A chart of shares by two things: darker is fuller, and every cell says its figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmkit.present.axes import NAME_WIDTH, group_axis, layout, names, period_axis, wrap
from crmkit.present.figures import Figure, Plate, finished
from crmkit.present.tables import Table
from crmkit.present.texts import label

#: From white to a deep blue: its greys keep their order in print, and the colour-blind see it as it is.
SCALE = ((0.0, "#f4f1e8"), (0.5, "#7fb3d5"), (1.0, "#0b4f7d"))
Counted = tuple[int, int]


def share_map(
    plate: Plate, axes: tuple[Sequence[str], Sequence[str]], cells: Sequence[Sequence[Counted]], table: Table
) -> Figure:
    """Draw shares as a map: names from top to bottom, periods from left to right.

    Parameters
    ----------
    axes: the names and the periods.
    cells: for each name and period, how many of how many. A share of few cases is told as «k/n» and has no
        colour; of none, «·».
    table: the same figures.
    """
    rows, columns = axes
    data = [_cells(plate, axes, cells)]
    whole = layout(
        plate.title, 46 * max(len(rows), 1) + 110, plate.formats,
        xaxis=period_axis([label(one) for one in columns]) | {"ticks": ""},
        yaxis=group_axis(len(rows)) | {"range": [len(rows) - 0.6, -0.8], "ticks": ""},
        annotations=names([wrap(name, NAME_WIDTH, 1) for name in rows]),
    )  # fmt: skip
    said = "; ".join(
        f"{name}: {plate.formats.share(sum(k for k, _ in row) / max(sum(n for _, n in row), 1), 0)}"
        for name, row in zip(rows[:12], cells, strict=False)
    )
    return finished(plate, data, whole, told=said, table=table)


def _cells(
    plate: Plate, axes: tuple[Sequence[str], Sequence[str]], cells: Sequence[Sequence[Counted]]
) -> dict[str, Any]:
    (rows, columns), few = axes, plate.limits.few_cases
    count = plate.formats.count
    shares = [[k / n if n >= few else None for k, n in row] for row in cells]
    texts = [[_text(plate, one) for one in row] for row in cells]
    over = [
        [
            f"{label(name)}<br>{label(period)}: {count(k)} / {count(n)}"
            for period, (k, n) in zip(columns, row, strict=True)
        ]
        for name, row in zip(rows, cells, strict=True)
    ]
    nothing: list[Any] = [None] * len(columns)
    blank = [""] * len(columns)
    return {
        "type": "heatmap", "x": list(range(len(columns))),
        # between two rows there is room for the name of the lower one
        "y": [edge for row in range(len(rows)) for edge in (row - 0.66, row - 0.24)] + [len(rows) - 0.66],
        "z": [line for row in shares for line in (nothing, row)],
        "text": [line for row in texts for line in (blank, row)],
        "hovertext": [line for row in over for line in (blank, row)],
        "hoverinfo": "text", "hoverongaps": False, "texttemplate": "%{text}", "textfont": {"size": 11},
        "zmin": 0, "zmax": 1, "colorscale": [list(step) for step in SCALE], "showscale": False,
        "xgap": 2, "ygap": 0,
    }  # fmt: skip


def _text(plate: Plate, cell: Counted) -> str:
    k, n = cell
    if not n:
        return "·"
    return f"{k}/{n}" if n < plate.limits.few_cases else plate.formats.number(100 * k / n, 0)
