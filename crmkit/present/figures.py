"""A chart as plain data, and the parts that its kinds share; plotly is not imported to build it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crmkit.limits import Limits
from crmkit.present.axes import CONFIG
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, gated
from crmkit.present.tables import CASES, Column, Table
from crmkit.present.texts import clean, is_missing, label
from crmkit.present.units import KIND_OF_UNIT, with_unit

if TYPE_CHECKING:
    import pandas as pd

PLOTLY_MIME = "application/vnd.plotly.v1+json"
FIGURE_MIME = "application/vnd.crmkit.figure+json"


@dataclass(frozen=True)
class Figure:
    """A chart: stable ``name``, the finding as ``title``, plotly's ``spec``, ``alt`` text, its ``table``."""

    name: str
    title: str
    spec: Mapping[str, Any]
    alt: str
    table: Table | None = None

    @classmethod
    def from_json(cls, spec: Mapping[str, Any], bundle: Mapping[str, Any]) -> Figure:
        """Return the figure from its two parts in a notebook's output."""
        table = bundle.get("table")
        return cls(
            bundle["name"], bundle["title"], spec, bundle["alt"], Table.from_json(table) if table else None
        )

    def to_json(self) -> dict[str, Any]:
        """Return what stands beside plotly's specification."""
        table = self.table.to_json() if self.table else None
        return {"name": self.name, "title": self.title, "alt": self.alt, "table": table}

    def __repr__(self) -> str:
        return clean(self.alt)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {PLOTLY_MIME: dict(self.spec), "text/plain": repr(self), FIGURE_MIME: self.to_json()}


@dataclass(frozen=True)
class Plate:
    """What every chart is told.

    Parameters
    ----------
    name: stable id, ``[a-z_]+``.
    title: the finding.
    axis: what is counted («Revenue»), without its unit.
    heading: what the groups are («Rep», «Month»), for the table.
    formats: how figures are written.
    limits: thresholds of small numbers.
    """

    name: str
    title: str
    axis: str
    heading: str
    formats: Formats
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Row:
    """One row of an evaluated frame, as a chart needs it; ``told`` is its value as text."""

    name: str
    value: float | None
    cases: Cases
    told: str

    @property
    def end(self) -> float:
        """How far its mark reaches: the value or the top of its interval."""
        return max(self.value or 0.0, self.cases.high or 0.0)


def rows_of(frame: pd.DataFrame, by: str, plate: Plate) -> list[Row]:
    """Return the rows of a frame, in its order."""
    kind, formats, rows = kind_of(frame), plate.formats, []
    for record in frame[[by, "value", *CASES]].to_dict("records"):
        cases = Cases.of(record)
        value = None if is_missing(record["value"]) else float(record["value"])
        told = with_unit(formats, value, kind)
        told = str(gated(formats, value, cases, kind, plate.limits)) if kind == "share" else told
        rows.append(Row(formats.group(record[by]), value, cases, told))
    return rows


def kind_of(frame: pd.DataFrame) -> str:
    """Return the kind of figure a frame of one unit holds; an empty frame holds counts."""
    units = sorted(set(frame["unit"]))
    if len(units) > 1:
        raise ValueError(f"a chart shows one unit, not {units}")
    return KIND_OF_UNIT[units[0]] if units else "count"


def ordered(frame: pd.DataFrame, by: str, order: str) -> pd.DataFrame:
    """Return the rows by ``value`` (largest first), by ``name`` or as ``given``."""
    if order == "value":
        return frame.sort_values("value", ascending=False, kind="stable")
    if order == "name":
        names = frame[by].tolist()
        places = sorted(range(len(names)), key=lambda i: (is_missing(names[i]), clean(names[i]).casefold()))
        return frame.iloc[places]
    return frame


def hover(rows: Sequence[Row], plate: Plate) -> dict[str, Any]:
    """Return what is read over each mark: the whole name, the figure, the number of cases."""
    texts = []
    for row in rows:
        lines = [row.name, f"{plate.axis}: {row.told}"]
        if row.cases.n is not None:
            lines.append(f"n = {plate.formats.count(row.cases.n)}")
        texts.append("<br>".join(map(label, lines)))
    return {"hoverinfo": "text", "hovertext": texts}


def line(x: Sequence[float], y: Sequence[float | None], name: str, look: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line with nothing to be read over it; one without a ``name`` is not in the legend."""
    return {
        "type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "name": label(name),
        "showlegend": bool(name), "hoverinfo": "skip", "line": look,
    }  # fmt: skip


def whiskers(rows: Sequence[Row], colour: str = "#4d4d4d") -> dict[str, Any]:
    """Return the intervals as plotly's error bars; a row without one has none."""
    up, down = [], []
    for row in rows:
        known = None not in (row.value, row.cases.low, row.cases.high)
        up.append((row.cases.high or 0) - (row.value or 0) if known else 0)
        down.append((row.value or 0) - (row.cases.low or 0) if known else 0)
    shown = any(up) or any(down)
    return {
        "type": "data", "symmetric": False, "array": up, "arrayminus": down, "visible": shown,
        "color": colour, "thickness": 1.5, "width": 4,
    }  # fmt: skip


def beside(ends: Sequence[float], texts: Sequence[str]) -> dict[str, Any]:
    """Return the texts that stand at the ends of horizontal marks; ``texts`` are escaped."""
    return {
        "type": "scatter", "mode": "text", "x": list(ends), "y": list(range(len(ends))),
        "text": [f" {text}" for text in texts], "textposition": "middle right", "textfont": {"size": 12},
        "hoverinfo": "skip", "showlegend": False, "cliponaxis": False,
    }  # fmt: skip


def across(
    titles: list[dict[str, Any]], reference: tuple[str, float] | None, kind: str, plate: Plate
) -> dict[str, Any]:
    """Return the groups' ``titles`` and a line across them with its name on top, as parts of a layout."""
    if reference is None:
        return {"annotations": titles}
    name, value = reference
    line = {"color": "#4d4d4d", "width": 1.5, "dash": "dash"}
    text = label(f"{name}: {with_unit(plate.formats, value, kind)}")
    ends = {"x0": value, "x1": value, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "shapes": [{"type": "line", **ends, "line": line, "layer": "below"}],
        "annotations": [
            *titles,
            {"text": text, "x": value, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False},
        ],
    }  # fmt: skip


def table_of(
    frame: pd.DataFrame, by: str, plate: Plate, more: Mapping[str, Sequence[float | None]] | None = None
) -> Table:
    """Return the figures of a chart as a table; ``more`` are further columns, by their heading."""
    kind = kind_of(frame)
    wide = frame[[by, "value", *CASES]].rename(columns={part: f"value_{part}" for part in CASES})
    columns = [Column(by, plate.heading), Column("value", plate.axis, kind)]
    for index, (heading, values) in enumerate((more or {}).items()):
        wide[f"more_{index}"] = list(values)
        columns.append(Column(f"more_{index}", heading, "money" if kind == "count" else kind))
    if kind == "share":
        columns.append(Column("value_n", "n", "count"))
    formats = plate.formats
    return Table.of(
        wide, name=plate.name, title=plate.title, columns=columns, language=formats.language,
        currency=formats.currency, limits=plate.limits,
    )  # fmt: skip


def figure(
    data: list[dict[str, Any]], layout: dict[str, Any], rows: Sequence[Row], plate: Plate,
    table: Table | None = None,
) -> Figure:  # fmt: skip
    """Return the finished chart; one without rows says so."""
    if not rows:
        nothing = {
            "text": label(plate.formats.words.say("There is nothing to draw.")), "showarrow": False,
            "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "font": {"size": 14},
        }  # fmt: skip
        layout = {**layout, "annotations": [nothing]}
    told = "; ".join(f"{row.name}: {row.told}" for row in rows[:12])
    return finished(plate, data, layout, told=told, table=table)


def finished(
    plate: Plate, data: list[dict[str, Any]], layout: dict[str, Any], *, told: str, table: Table | None
) -> Figure:
    """Return a chart whose figures are ``told`` to those who do not see it."""
    title = plate.title.rstrip(".")
    alt = plate.formats.words.say("Chart: {title}. {values}", title=title, values=told).strip()
    config = {**CONFIG, "toImageButtonOptions": {"filename": plate.name}}
    return Figure(plate.name, plate.title, {"data": data, "layout": layout, "config": config}, alt, table)
