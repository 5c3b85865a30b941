"""The chart of a figure over time, with its plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmkit.present.axes import COLOURS, Scale, layout, period_axis, value_axis, wrap
from crmkit.present.figures import Figure, Plate, Row, figure, hover, kind_of, rows_of, table_of
from crmkit.present.formats import Formats
from crmkit.present.texts import is_missing, label
from crmkit.present.units import with_unit

if TYPE_CHECKING:
    import pandas as pd


def period_bars(
    frame: pd.DataFrame, plate: Plate, *, plan: pd.DataFrame | None = None, as_of: datetime | None = None
) -> Figure:
    """Draw a figure by month (or another step of time) as bars, with the plan as marks on them.

    Parameters
    ----------
    frame, plan: rows of one measure, one a period; a plan's rows match by ``period_start``.
    as_of: periods that end later are hatched: they are not over yet.
    """
    words, kind = plate.formats.words, kind_of(frame)
    frame = frame.sort_values("period_start", kind="stable")
    starts, ends = frame["period_start"].tolist(), frame["period_end"].tolist()
    spans = list(zip(starts, ends, strict=True))
    named = frame.assign(period=[_period(start, end, plate.formats) for start, end in spans])
    rows = rows_of(named, "period", plate)
    goals = {} if plan is None else dict(zip(plan["period_start"], plan["value"], strict=True))
    aims = [None if is_missing(goals.get(start)) else float(goals[start]) for start in starts]
    top = max([*(row.value or 0 for row in rows), *(aim or 0 for aim in aims), 0])
    scale = Scale.of(top, kind, plate.formats)
    over = [as_of is None or end <= as_of for end in ends]
    texts = [label(scale.text(row.value, scale.places(top, many=len(rows) > 6))) for row in rows]
    data = [
        _columns(rows, over, plate),
        _columns(rows, [not one for one in over], plate, "/"),
    ]
    data += [_marks(aims, words.say("plan"), kind, plate)] if goals else []
    data.append(_above(rows, aims, texts, top))
    whole = layout(
        plate.title, 320, plate.formats, showlegend=bool(goals) or not all(over), barmode="overlay",
        xaxis=period_axis(_months(spans, plate.formats)),
        yaxis=value_axis(top, scale, plate.axis, 1.12),
    )  # fmt: skip
    more = {words.say("plan"): aims} if goals else {}
    return figure(data, whole, rows, plate, table_of(named, "period", plate, more))


def _columns(rows: Sequence[Row], wanted: Sequence[bool], plate: Plate, hatch: str = "") -> dict[str, Any]:
    places = [index for index, one in enumerate(wanted) if one]
    chosen, colour = [rows[index] for index in places], COLOURS["won"]
    pattern = {"shape": hatch, "fgcolor": colour, "bgcolor": "#ffffff", "size": 6} if hatch else {}
    name = plate.formats.words.say("the period is not over") if hatch else plate.axis
    return {
        "type": "bar", "name": label(name), "x": places, "y": [row.value for row in chosen], "width": 0.7,
        "marker": {"color": colour, "pattern": pattern, "line": {"width": int(bool(hatch)), "color": colour}},
        "showlegend": bool(chosen), **hover(chosen, plate),
    }  # fmt: skip


def _above(
    rows: Sequence[Row], aims: Sequence[float | None], texts: Sequence[str], top: float
) -> dict[str, Any]:
    """Return the figures over the bars, lifted where the plan's mark would cross them."""
    ends = []
    for row, aim in zip(rows, aims, strict=True):
        value = row.value or 0
        crossed = aim is not None and value <= aim < value + 0.09 * top
        ends.append((aim or 0) + 0.015 * top if crossed else value)
    return {
        "type": "scatter", "mode": "text", "x": list(range(len(ends))), "y": ends, "text": list(texts),
        "textposition": "top center", "textfont": {"size": 11}, "hoverinfo": "skip", "showlegend": False,
        "cliponaxis": False,
    }  # fmt: skip


def _marks(aims: Sequence[float | None], name: str, kind: str, plate: Plate) -> dict[str, Any]:
    marker = {"symbol": "line-ew", "size": 24, "line": {"width": 3, "color": COLOURS["plan"]}}
    texts = [f"{label(name)}: {label(with_unit(plate.formats, aim, kind))}" for aim in aims]
    return {
        "type": "scatter", "mode": "markers", "name": label(name), "x": list(range(len(aims))),
        "y": list(aims), "marker": marker, "hoverinfo": "text", "hovertext": texts,
    }  # fmt: skip


def _is_month(start: datetime, end: datetime) -> bool:
    return start.day == end.day == 1 and (end.year - start.year) * 12 + end.month - start.month == 1


def _period(start: datetime, end: datetime, formats: Formats) -> str:
    return formats.month(start) if _is_month(start, end) else formats.period(start, end)


def _months(spans: Sequence[tuple[datetime, datetime]], formats: Formats) -> list[str]:
    """Return some twelve labels; a month says its year where it is the first, or a January."""
    step, labels = -(-len(spans) // 12) or 1, []
    for index, (start, end) in enumerate(spans):
        name, year = _period(start, end, formats), str(start.year)
        if _is_month(start, end):
            name = name.removesuffix(year).strip()
            name = f"{name} {year}" if index == 0 or start.month == 1 else name
        labels.append(wrap(name, max(len(name.split(" ")[0]), 6), 3) if index % step == 0 else "")
    return labels
