"""The parts that all charts share: scales and their ticks, labels that fit, the layout, the colours."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from crmkit.errors import N_
from crmkit.present.formats import Formats
from crmkit.present.texts import NBSP, clean, label, shorten

COLOURS = {
    "won": "#009e73",
    "lost": "#d55e00",
    "open": "#0072b2",
    "money": "#56b4e9",
    "plan": "#1a1a1a",
    "some": "#767676",
    "line": "#d9d9d9",
    "text": "#1d2730",
}
"""Okabe and Ito's colours, which the colour-blind tell apart; in grey print the form or the words tell."""

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
CONFIG: dict[str, Any] = {"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]}
NAME_WIDTH = 44
TITLE_WIDTH = 72

_SCALES = (
    (1e9, N_("billion {unit}")),
    (1e6, N_("million {unit}")),
    (1e3, N_("thousand {unit}")),
)


@dataclass(frozen=True)
class Scale:
    """How an axis counts: values are divided by ``divisor``, and ``unit`` names what is left."""

    divisor: float
    unit: str
    kind: str
    formats: Formats

    @classmethod
    def of(cls, top: float, kind: str, formats: Formats) -> Scale:
        """Choose a scale for values up to ``top``."""
        unit = formats.unit(kind)
        if kind == "share":
            return cls(0.01, unit, kind, formats)
        for divisor, words in _SCALES:
            if top >= divisor and (kind == "money" or divisor > 1e3):
                return cls(divisor, formats.words.say(words.text, unit=unit).strip(), kind, formats)
        return cls(1.0, unit, kind, formats)

    def text(self, value: float | None, places: int) -> str:
        """Return a value in the scale's unit."""
        if value == 0:
            return "0"
        return self.formats.number(
            None if value is None else Decimal(str(value)) / Decimal(str(self.divisor)), places
        )

    def title(self, axis: str) -> str:
        """Return the axis title with its unit."""
        return label(f"{axis}, {self.unit}" if self.unit else axis)

    def places(self, top: float, many: bool = False) -> int:
        """Return how many decimal places a value beside its bar needs."""
        if self.kind == "count" and self.divisor == 1:
            return 0
        seen = abs(top) / self.divisor
        if self.kind == "share":
            return 0
        return 2 if seen < 10 and not many else 1 if seen < 100 else 0


def ticks(top: float, scale: Scale, count: int = 5) -> tuple[list[float], list[str]]:
    """Return round tick values from 0 past ``top``, and their texts."""
    whole = scale.kind == "count"
    raw = max(top, 1 if whole else 1e-9) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999)
    if whole:
        step = max(1.0, math.ceil(step))
    values = [float(Decimal(str(step)) * i) for i in range(math.ceil(top / step - 1e-9) + 1)]
    seen = [Decimal(str(value)) / Decimal(str(scale.divisor)) for value in values]
    places = max(0, *(-int(one.normalize().as_tuple().exponent) for one in seen))
    return values, [scale.text(value, min(places, 2)) for value in values]


def wrap(text: str, width: int, lines: int) -> str:
    """Return a label of at most ``lines`` lines, escaped; what does not fit ends in «…»."""
    parts = textwrap.wrap(clean(text), width, break_long_words=True) or [""]
    if len(parts) > lines:
        rest = " ".join(parts[lines - 1 :])
        parts = [*parts[: lines - 1], shorten(rest, width)]
    return "<br>".join(label(part) for part in parts)


def soft(text: str) -> str:
    """Return a smaller, lighter end of a label; ``text`` is escaped already."""
    return f'  <span style="font-size:11px;color:#6b6b6b">{text}</span>'


def layout(title: str, height: int, formats: Formats, **parts: Any) -> dict[str, Any]:
    """Return the layout of a chart: ``height`` is that of the plot and its axis, the title comes on top."""
    lines = wrap(title, TITLE_WIDTH, 3)
    legend = bool(parts.get("showlegend"))
    top = 30 + 22 * (lines.count("<br>") + 1) + 18 * ("shapes" in parts)
    return {
        "title": {
            "text": lines, "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container",
            "yanchor": "top", "pad": {"l": 8, "t": 18}, "font": {"size": 16, "weight": 650},
        },
        "height": height + top + 34 * legend,
        "margin": {"l": 8, "r": 16, "t": top, "b": 44 + 34 * legend, "pad": 4},
        "font": {"family": FONT, "size": 13, "color": COLOURS["text"]},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "separators": f",{NBSP}" if formats.language == "ru" else ".,",
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": "#ffffff", "bordercolor": "#999999", "font": {"size": 13}},
        "showlegend": legend,
        "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "xref": "container", "y": 0, "yanchor": "bottom",
            "yref": "container", "itemclick": False, "itemdoubleclick": False,
        },
        **parts,
    }  # fmt: skip


def value_axis(
    top: float, scale: Scale, axis: str, room: float, count: int = 5, **parts: Any
) -> dict[str, Any]:
    """Return the axis of figures from 0 to ``top`` times ``room`` (space for the texts beside the bars)."""
    values, texts = ticks(top, scale, count)
    return {
        "title": {"text": scale.title(axis), "font": {"size": 12}, "standoff": 8},
        "range": [0, top * room or 1],
        "tickmode": "array",
        "tickvals": values,
        "ticktext": texts,
        "tickfont": {"size": 12},
        "gridcolor": "#ececec",
        "zeroline": True,
        "zerolinecolor": "#999999",
        "fixedrange": True,
        "automargin": True,
        **parts,
    }


def period_axis(labels: Sequence[str]) -> dict[str, Any]:
    """Return the axis of periods, left to right; ``labels`` are escaped and turn where they would meet."""
    return {
        "range": [-0.6, len(labels) - 0.4],
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "tickfont": {"size": 12},
        "autotickangles": [0, 90],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
    }


def week_labels(formats: Formats, weeks: Sequence[date], most: int = 12) -> list[str]:
    """Return the month at its first week, so many at most; the year stands by the first and by Januaries."""
    firsts = [at for at, day in enumerate(weeks) if at == 0 or day.month != weeks[at - 1].month]
    step, labels = -(-len(firsts) // most), [""] * len(weeks)
    for index, at in enumerate(firsts):
        if index % step == 0:
            year = str(weeks[at].year)
            short = formats.month(weeks[at]).removesuffix(year).strip()
            labels[at] = label(short) + (f"<br>{year}" if index == 0 or weeks[at].month <= step else "")
    return labels


def group_axis(count: int, lines: bool = False) -> dict[str, Any]:
    """Return the axis of groups, the first on top; their names stand above the marks (:func:`names`).

    ``lines`` draws a thin line through each group's marks.
    """
    return {
        "range": [count - 0.45, -0.8],
        "tickvals": list(range(count)),
        "showticklabels": False,
        "showgrid": lines,
        "gridcolor": "#ececec",
        "zeroline": False,
        "fixedrange": True,
    }


def names(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the names of groups, each above its mark, where a long one has the chart's whole width.

    ``texts`` are escaped.
    """
    return [
        {
            "text": text, "x": 0, "xref": "paper", "xanchor": "left", "xshift": -2, "y": index - 0.43,
            "yref": "y", "yanchor": "middle", "align": "left", "showarrow": False,
            "bgcolor": "rgba(255,255,255,0.85)", "borderpad": 0,
        }
        for index, text in enumerate(texts)
    ]  # fmt: skip
