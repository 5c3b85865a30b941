"""Pareto for people: a chart whose title says who gives most, and the 20/80 claim against the data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.errors import N_, Message, RequestError, SettingsError
from crmkit.measures.pareto import Core, core_of
from crmkit.measures.pareto import pareto as items_of
from crmkit.present.appendix import unavailable
from crmkit.present.axes import COLOURS, Scale, layout, value_axis, wrap
from crmkit.present.figures import Figure, Plate, Row, figure, hover
from crmkit.present.gates import Cases
from crmkit.present.several import Several
from crmkit.present.slicing import heading, label, within
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import label as escaped
from crmkit.present.texts import shorten
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT, with_unit

MOST_BARS = 25
NAME = 20
REST = "#9ecae1"
#: Titles for what is asked most; all others are put together of the measure and the slice.
FINDINGS = {
    ("revenue", "company"): N_("Clients: {given} of revenue comes from {core} of {items} ({share})"),
    ("revenue", "manager"): N_("Reps: {given} of revenue comes from {core} of {items} ({share})"),
    ("refusals", "lost_reason"): N_("Refusals: {given} comes from {core} of {items} reasons ({share})"),
}


def pareto(study: Study, measure: str, by: str) -> Several:
    """Return which few items of a slice give most of a count or a sum: a chart, and what it says.

    Raises
    ------
    RequestError: no such measure or slice, or the measure's groups do not add up.
    """
    threshold = study.crm.settings.limits.pareto_share
    items = items_of(measure, study.crm, by, study.span(measure))
    study.evaluate(measure, by=[by])  # for the findings
    core = core_of(items, threshold)
    if not core.items:
        return Several((unavailable(study, [measure], by=[by]),))
    items = items.assign(label=[label(study, by, value) for value in items[by]])
    kind = KIND_OF_UNIT[study.measure(measure).unit]
    title = _finding(study, measure, by, core)
    plate = study.plate("pareto", title, Message(study.measure(measure).title), Message(heading(study, by)))
    return Several((_chart(study, items, core, plate, kind), _said(study, by, items, core, kind)))


def _finding(study: Study, measure: str, by: str, core: Core) -> Message:
    given, share = study.formats.share(core.given, 0), study.formats.share(core.core / core.items, 0)
    parts: dict[str, Any] = {"core": core.core, "items": core.items, "given": given, "share": share}
    known = FINDINGS.get((measure, by))
    if known:
        return Message(known.text, parts)
    parts |= {"measure": study.title(measure), "slice": within(study, by)}
    return N_("{measure}, by {slice}: {given} comes from {core} of {items} ({share})", **parts)


def _table(study: Study, items: pd.DataFrame, plate: Plate, kind: str) -> Table:
    columns = [
        Column("label", plate.heading), Column("value", plate.axis, kind),
        Column("share", study.say("Share"), "share"),
        Column("cumulative", study.say("Together with those above"), "share"),
        Column("n", study.say("Cases"), "count"),
    ]  # fmt: skip
    return study.table(items, plate.name, plate.title, columns)


def _bars(study: Study, items: pd.DataFrame, kind: str) -> tuple[list[Row], list[float]]:
    """Return at most so many bars, the last of them all that are left, and the running shares."""
    giving = items[items["value"] > 0]
    shown = giving if len(giving) <= MOST_BARS else giving.head(MOST_BARS - 1)
    names, values = shown["label"].tolist(), shown["value"].tolist()
    counts, running = shown["n"].tolist(), shown["cumulative"].tolist()
    left = giving.iloc[len(shown) :]
    if len(left):
        names.append(study.words.plural("{n} other", "{n} others", len(left)))
        values.append(float(left["value"].sum()))
        counts.append(int(left["n"].sum()))
        running.append(1.0)
    rows = [
        Row(name, value, Cases(n=n), with_unit(study.formats, value, kind))
        for name, value, n in zip(names, values, counts, strict=True)
    ]
    return rows, running


def _chart(study: Study, items: pd.DataFrame, core: Core, plate: Plate, kind: str) -> Figure:
    """Draw bars from the largest down, and the line of what they give together."""
    rows, running = _bars(study, items, kind)
    top = max(row.value or 0 for row in rows)
    scale = Scale.of(top, kind, study.formats)
    named = min(len(rows), MOST_BARS - 1) if core.items > MOST_BARS else len(rows)
    inside = min(core.core, named)
    together = study.say("together {share}", share=study.formats.share(core.given, 0))
    data = [
        _columns(rows, range(inside), together, plate),
        _columns(rows, range(inside, named), study.say("the rest"), plate, REST),
        _columns(rows, range(named, len(rows)), rows[-1].name, plate, REST, "/"),
        _line(study, rows, running),
    ]
    goal = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": core.threshold}
    dash = {"color": "#4d4d4d", "width": 1.5, "dash": "dash"}
    whole = layout(
        plate.title, 420, study.formats, showlegend=True, barmode="overlay",
        xaxis=_names(rows), yaxis=value_axis(top, scale, plate.axis, 1.08),
        yaxis2=_shares(study), shapes=[goal | {"y1": core.threshold, "line": dash, "layer": "below"}],
    )  # fmt: skip
    return figure(data, whole, rows, plate, _table(study, items, plate, kind))


def _columns(
    rows: list[Row], places: range, name: str, plate: Plate, colour: str = COLOURS["open"], hatch: str = ""
) -> dict[str, Any]:
    chosen = [rows[place] for place in places]
    pattern = {"shape": hatch, "fgcolor": colour, "bgcolor": "#ffffff"} if hatch else {}
    return {
        "type": "bar", "name": escaped(name), "x": list(places), "y": [row.value for row in chosen],
        "width": 0.75, "marker": {"color": colour, "pattern": pattern}, "showlegend": bool(chosen),
        **hover(chosen, plate),
    }  # fmt: skip


def _line(study: Study, rows: list[Row], running: list[float]) -> dict[str, Any]:
    name = study.say("Together with those to the left")
    over = [
        f"{escaped(row.name)}<br>{escaped(name)}: {escaped(study.formats.share(share))}"
        for row, share in zip(rows, running, strict=True)
    ]
    return {
        "type": "scatter", "mode": "lines+markers", "name": escaped(name), "x": list(range(len(rows))),
        "y": running, "yaxis": "y2", "line": {"color": COLOURS["plan"], "width": 2}, "marker": {"size": 6},
        "hoverinfo": "text", "hovertext": over, "cliponaxis": False,
    }  # fmt: skip


def _names(rows: list[Row]) -> dict[str, Any]:
    few = len(rows) <= 8
    texts = [wrap(row.name, 12, 3) if few else escaped(shorten(row.name, NAME)) for row in rows]
    return {
        "range": [-0.6, len(rows) - 0.4], "tickmode": "array", "tickvals": list(range(len(rows))),
        "ticktext": texts, "tickfont": {"size": 12 if few else 11}, "showgrid": False, "zeroline": False,
        "fixedrange": True, "automargin": True, **({"autotickangles": [0, 90]} if few else {"tickangle": 90}),
    }  # fmt: skip


def _shares(study: Study) -> dict[str, Any]:
    steps = [0, 0.2, 0.4, 0.6, 0.8, 1]
    return {
        "overlaying": "y", "side": "right", "range": [0, 1.08], "tickmode": "array", "tickvals": steps,
        "ticktext": [escaped(study.formats.share(step, 0)) for step in steps], "tickfont": {"size": 12},
        "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True,
    }  # fmt: skip


def _said(study: Study, by: str, items: pd.DataFrame, core: Core, kind: str) -> Sentences:
    """Return the claim set against the data, and what has no share or no name."""
    said = [_claim(study, core)]
    nobodys = items[items[by].isna() & (items["value"] > 0)]
    if len(nobodys):
        worth = with_unit(study.formats, nobodys["value"].item(), kind)
        share = study.formats.share(nobodys["share"].item())
        said.append(
            study.say(
                "What has nothing under «{slice}» counts as one item here: {worth} ({share}).",
                slice=heading(study, by), worth=worth, share=share,
            )
        )  # fmt: skip
    none = core.idle + core.negative
    if none:
        said.append(
            study.words.plural(
                "{n} more gives nothing or less than nothing, and has no share.",
                "{n} more give nothing or less than nothing, and have no share.", none,
            )
        )  # fmt: skip
    return Sentences.of(study.words, said, "finding")


def _claim(study: Study, core: Core) -> str:
    """Set the claim that a fifth gives four fifths against the data."""
    share = study.formats.share
    if core.items < study.crm.settings.limits.few_cases:
        return study.say(
            "{items} items are too few to hold the rule of 20/80 against: a fifth of them is {top}.",
            items=core.items,
            top=core.top,
        )
    return study.say(
        "The rule of 20/80 has a fifth give {threshold}. Here a fifth ({top} of {items}) gives {top_given},"
        " and {threshold} takes {core} of {items} ({share}).",
        top=core.top, items=core.items, core=core.core, top_given=share(core.top_given, 0),
        share=share(core.core / core.items, 0), threshold=share(core.threshold, 0),
    )  # fmt: skip


def pages(study: Study) -> Several:
    """Return the Paretos that the client's settings name."""
    made: list[Any] = []
    for place, wish in enumerate(study.client.report.pareto, 1):
        try:
            made += pareto(study, wish.measure, wish.by).items
        except RequestError as error:
            where = f"client.yml: report.pareto[{place}]"
            raise SettingsError(where, error.what, [error.where], error.remedy) from error
    return Several(tuple(made))
