"""The kinds of charts: each takes a frame as ``evaluate`` returns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmkit.present.axes import (
    COLOURS,
    NAME_WIDTH,
    Scale,
    group_axis,
    layout,
    names,
    soft,
    value_axis,
    wrap,
)
from crmkit.present.figures import (
    Figure,
    Plate,
    Row,
    across,
    beside,
    figure,
    hover,
    kind_of,
    ordered,
    rows_of,
    table_of,
    whiskers,
)
from crmkit.present.gates import standing
from crmkit.present.texts import is_missing, label
from crmkit.present.timeline import period_bars
from crmkit.present.units import with_unit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reference", "group_bars", "period_bars", "share_dots", "stage_bars"]

Reference = tuple[str, float]


def group_bars(
    frame: pd.DataFrame, by: str, plate: Plate, *, meaning: str = "open", order: str = "value",
    shown: int = 20,
) -> Figure:  # fmt: skip
    """Draw one horizontal bar a group (reps, sources, reasons), with a whisker where there is an interval.

    Parameters
    ----------
    frame: rows of one measure, sliced by ``by``.
    meaning: the colour: ``won``, ``lost`` or ``open``.
    order: ``value`` (largest first), ``name``, or ``given``.
    shown: how many bars at most; the table has all.
    """
    kind = kind_of(frame)
    frame = ordered(frame, by, order)
    rows = rows_of(frame.head(shown), by, plate)
    top = max((row.end for row in rows), default=0.0)
    scale = Scale.of(top, kind, plate.formats)
    bars = _bars([row.value for row in rows], meaning) | {"error_x": whiskers(rows)} | hover(rows, plate)
    texts = beside(
        [row.end for row in rows], [label(scale.text(row.value, scale.places(top))) for row in rows]
    )
    whole = layout(
        plate.title, 42 * max(len(rows), 1) + 60, plate.formats, annotations=_names(rows),
        xaxis=value_axis(top, scale, plate.axis, 1.16), yaxis=group_axis(len(rows)),
    )  # fmt: skip
    return figure([bars, texts], whole, rows, plate, table_of(frame, by, plate))


def share_dots(frame: pd.DataFrame, by: str, plate: Plate, *, reference: Reference | None = None) -> Figure:
    """Draw a share by group as a dot with its interval: filled from 30 cases, hollow from 10, «k of n» below.

    Groups stand in the order of their names, so that no ranking is read into chance.

    Parameters
    ----------
    frame: rows of one share, sliced by ``by``, with n and interval.
    reference: a line across, as (its name, its share).
    """
    formats = plate.formats
    frame = ordered(frame, by, "name")
    rows = rows_of(frame, by, plate)
    stands = [standing(row.cases.n, plate.limits) if row.value is not None else "few" for row in rows]
    ends = [row.end if stand != "few" else 0.0 for row, stand in zip(rows, stands, strict=True)]
    texts = [
        formats.share(row.value, 0) if stand != "few" else row.told
        for row, stand in zip(rows, stands, strict=True)
    ]
    top = max([*ends, reference[1] if reference else 0, 0.1])
    titles = _names(rows, [soft(label(f"n = {formats.count(row.cases.n)}")) for row in rows])
    whole = layout(
        plate.title, 42 * max(len(rows), 1) + 60 + 20 * bool(reference), formats, showlegend=True,
        xaxis=value_axis(top, Scale.of(1.0, "share", formats), plate.axis, 1.16),
        yaxis=group_axis(len(rows), lines=True), **across(titles, reference, "share", plate),
    )  # fmt: skip
    data = [*_dots(rows, stands, plate), beside(ends, [label(text) for text in texts])]
    return figure(data, whole, rows, plate, table_of(frame, by, plate))


def _dots(rows: Sequence[Row], stands: Sequence[str], plate: Plate) -> list[dict[str, Any]]:
    words, few, enough = plate.formats.words, plate.limits.few_cases, plate.limits.compared_cases
    forms = (
        ("enough", "open", "circle", words.say("{cases} cases and more", cases=enough)),
        ("some", "some", "circle-open", words.say("{few} to {last} cases", few=few, last=enough - 1)),
    )
    data = []
    for wanted, meaning, symbol, name in forms:
        places = [index for index, stand in enumerate(stands) if stand == wanted]
        chosen = [rows[index] for index in places]
        marker = {"color": COLOURS[meaning], "symbol": symbol, "size": 11}
        marker["line"] = {"width": 2, "color": COLOURS[meaning]}
        dots = {
            "type": "scatter", "mode": "markers", "name": label(name), "x": [row.value for row in chosen],
            "y": places, "marker": marker, "showlegend": bool(places),
        }  # fmt: skip
        data.append(dots | {"error_x": whiskers(chosen, COLOURS[meaning])} | hover(chosen, plate))
    return data


def stage_bars(
    counts: pd.DataFrame, plate: Plate, *, money: pd.DataFrame | None = None, money_axis: str = "",
    order: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Draw how the open deals are spread over the stages: how many stand in each, and how much money.

    Parameters
    ----------
    counts, money: rows of one count and of one sum, sliced by ``stage``.
    order: the stages in the pipeline's order; others follow as they stand in ``counts``.
    """
    rank, stages = {stage: index for index, stage in enumerate(order)}, counts["stage"].tolist()
    frame = counts.iloc[sorted(range(len(stages)), key=lambda i: rank.get(stages[i], len(rank)))]
    rows = rows_of(frame, "stage", plate)
    panels = [(plate.axis, kind_of(frame), "open", [row.value for row in rows])]
    if money is not None:
        sums = dict(zip(map(plate.formats.group, money["stage"]), money["value"], strict=True))
        amounts = [None if is_missing(sums.get(row.name)) else float(sums[row.name]) for row in rows]
        panels.append((money_axis, "money", "money", amounts))
    data, axes = [], {}
    for index, (axis, kind, meaning, values) in enumerate(panels):
        top = max([value or 0 for value in values], default=0)
        scale = Scale.of(top, kind, plate.formats)
        at = {"xaxis": f"x{index + 1 if index else ''}"}
        told = [label(with_unit(plate.formats, value, kind)) for value in values]
        over = [f"{label(row.name)}<br>{label(axis)}: {text}" for row, text in zip(rows, told, strict=True)]
        texts = [label(scale.text(value, scale.places(top))) for value in values]
        data.append(_bars(values, meaning) | at | {"hoverinfo": "text", "hovertext": over})
        data.append(beside([value or 0 for value in values], texts) | at)
        domain = [0.0, 1.0] if money is None else [[0.0, 0.46], [0.54, 1.0]][index]
        axes[f"xaxis{at['xaxis'][1:]}"] = value_axis(top, scale, axis, 1.35, count=3, domain=domain)
    whole = layout(
        plate.title, 42 * max(len(rows), 1) + 60, plate.formats, yaxis=group_axis(len(rows)),
        annotations=_names(rows), **axes,
    )  # fmt: skip
    more = {axis: values for axis, _, _, values in panels[1:]}
    return figure(data, whole, rows, plate, table_of(frame, "stage", plate, more))


def _bars(values: Sequence[float | None], meaning: str) -> dict[str, Any]:
    return {
        "type": "bar", "orientation": "h", "x": list(values), "y": list(range(len(values))), "width": 0.34,
        "marker": {"color": COLOURS[meaning]}, "showlegend": False,
    }  # fmt: skip


def _names(rows: Sequence[Row], ends: Sequence[str] = ()) -> list[dict[str, Any]]:
    width = NAME_WIDTH - 10 * bool(ends)
    return names(
        [wrap(r.name, width, 1) + end for r, end in zip(rows, ends or [""] * len(rows), strict=True)]
    )
