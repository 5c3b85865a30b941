"""The shapes of a picture, each written as SVG with everything in it escaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import hypot
from typing import Any, Literal, NamedTuple

from crmkit.present.texts import escape

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


class Ink(NamedTuple):
    """How a role looks: the colour inside, that of the line, its width, its dashes."""

    fill: str
    stroke: str = "none"
    width: float = 1.0
    dash: str = ""


INKS: Mapping[str, Ink] = {
    "text": Ink("#1d2730"),
    "soft": Ink("#56616b"),
    "strong": Ink("#9c3d00"),
    "light": Ink("#ffffff"),
    "step": Ink("#ffffff", "#0072b2", 1.5),
    "optional": Ink("#ffffff", "#0072b2", 1.5, "5 3"),
    "outcome": Ink("#e3eff7"),
    "outside": Ink("#f1f1f1", "#767676", 1.0, "4 3"),
    "tag": Ink("#ffffff", "#1d2730", 1.2),
    "handed_tag": Ink("#fff3ea", "#c24e00", 2.2),
    "end": Ink("#ffffff", "#1d2730", 2.5),
    "number": Ink("#0b5a86"),
    "lane": Ink("#f7f9fa", "#c4ccd2"),
    "lane_name": Ink("#dfe5e9"),
    "paper": Ink("#ffffff"),
    "won": Ink("#d9f0e8", "#007a59", 2.0),
    "lost": Ink("#fbe6da", "#b34d00", 2.0),
    "bar": Ink("#0072b2"),
    "bar_few": Ink("#b9c3ca"),
    "flow": Ink("none", "#1d2730", 1.4),
    "handover": Ink("none", "#c24e00", 2.4),
    "handed_back": Ink("none", "#c24e00", 2.4, "7 3"),
    "back": Ink("none", "#56616b", 1.4, "6 3"),
    "rule": Ink("none", "#c4ccd2"),
    "norm": Ink("none", "#1a1a1a", 2.0),
    "span": Ink("none", "#1d2730", 1.5),
    "return": Ink("none", "#b34d00"),
    "move_0": Ink("none", "#838f98"),
    "move_1": Ink("none", "#6d7983"),
    "move_2": Ink("none", "#3d4a54"),
    "move_3": Ink("none", "#12202b"),
}
"""Light fills under dark lines and text; what a colour says, a form, a dash or a word says too."""


@dataclass(frozen=True)
class Box:
    """A rectangle; a ``radius`` of half its height makes it round. ``hint`` is read on pointing at it."""

    x: float
    y: float
    width: float
    height: float
    role: str = "step"
    radius: float = 0.0
    hint: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """Where it begins and ends, from above."""
        return self.y, self.y + self.height

    def written(self) -> str:
        """Return it as SVG."""
        place = numbers(x=self.x, y=self.y, width=self.width, height=self.height, rx=self.radius)
        return f"<rect{place}{_ink(self.role)}>{_hint(self.hint)}</rect>"


@dataclass(frozen=True)
class Line:
    """A line through ``points``, its corners rounded; ``width`` 0 is that of its role."""

    points: tuple[Point, ...]
    role: str = "flow"
    width: float = 0.0
    arrow: bool = False
    hint: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """Where it begins and ends, from above."""
        heights = [y for _, y in self.points]
        return min(heights), max(heights)

    def written(self) -> str:
        """Return it as SVG; an arrow's head is a triangle of its own."""
        width = self.width or INKS[self.role].width
        points = [point for n, point in enumerate(self.points) if n == 0 or point != self.points[n - 1]]
        head = ""
        if self.arrow and len(points) > 1:
            (x0, y0), (x, y) = points[-2:]
            size, long = 6 + 1.1 * width, hypot(x - x0, y - y0) or 1
            dx, dy = (x - x0) / long, (y - y0) / long
            points[-1] = (x - dx * (size - 1), y - dy * (size - 1))
            (bx, by), half = (x - dx * size, y - dy * size), 0.5 * size
            corners = ((x, y), (bx - dy * half, by + dx * half), (bx + dy * half, by - dx * half))
            at = " ".join(f"{number(cx)},{number(cy)}" for cx, cy in corners)
            head = f'<polygon points="{at}" fill="{INKS[self.role].stroke}"/>'
        hint = _hint(self.hint)
        line = f'<path d="{_route(points)}"{_ink(self.role, width)} stroke-linejoin="round">{hint}</path>'
        return line + head


@dataclass(frozen=True)
class Text:
    """One line of text, ``y`` its base line."""

    x: float
    y: float
    text: str
    role: str = "text"
    size: float = 12.0
    anchor: Anchor = "start"
    bold: bool = False
    italic: bool = False
    hint: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """Where it begins and ends, from above."""
        return self.y - self.size, self.y + self.size / 4

    def written(self) -> str:
        """Return it as SVG, with everything escaped."""
        place = numbers(x=self.x, y=self.y, font_size=self.size)
        place += {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}[self.anchor]
        place += ' font-weight="700"' if self.bold else ""
        place += ' font-style="italic"' if self.italic else ""
        return f'<text{place} fill="{INKS[self.role].fill}">{_hint(self.hint)}{escape(self.text)}</text>'


Shape = Box | Line | Text
_KINDS: Mapping[str, type[Shape]] = {"box": Box, "line": Line, "text": Text}
NAMES = {kind: name for name, kind in _KINDS.items()}


def moved(shape: Shape, down: float) -> Shape:
    """Return a shape further down."""
    if isinstance(shape, Line):
        return replace(shape, points=tuple((x, y + down) for x, y in shape.points))
    return replace(shape, y=shape.y + down)


def shape_to_json(shape: Shape) -> dict[str, Any]:
    """Return a shape as JSON values."""
    return {"is": NAMES[type(shape)], **asdict(shape)}


def shape_from_json(bundle: Mapping[str, Any]) -> Shape:
    """Return a shape from JSON, which may be anybody's: it holds texts, figures and roles, never markup."""
    fields: dict[str, Any] = {
        key: float(one) if type(one) is int else one for key, one in bundle.items() if key != "is"
    }
    if "points" in fields:
        fields["points"] = tuple((float(x), float(y)) for x, y in fields["points"])
    shape = _KINDS[bundle["is"]](**fields)
    shape.written()
    return shape


def number(value: float) -> str:
    """Return a coordinate, to a tenth."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def numbers(**values: float) -> str:
    """Return attributes that are figures."""
    return "".join(f' {key.replace("_", "-")}="{number(value)}"' for key, value in values.items())


def _hint(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""


def _ink(role: str, width: float | None = None) -> str:
    ink = INKS[role]
    if ink.stroke == "none":
        return f' fill="{ink.fill}"'
    dash = f' stroke-dasharray="{ink.dash}"' if ink.dash else ""
    line = number(ink.width if width is None else width)
    return f' fill="{ink.fill}" stroke="{ink.stroke}" stroke-width="{line}"{dash}'


def _route(points: list[Point], radius: float = 6) -> str:
    """Return the path through points, its corners rounded."""
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, (x, y), after in zip(points, points[1:], points[2:], strict=False):
        ends = []
        for other in (before, after):
            long = hypot(other[0] - x, other[1] - y) or 1
            part = min(radius, long / 2) / long
            ends.append(f"{number(x + (other[0] - x) * part)} {number(y + (other[1] - y) * part)}")
        parts.append(f"L{ends[0]}Q{number(x)} {number(y)} {ends[1]}")
    if len(points) > 1:
        parts.append(f"L{number(points[-1][0])} {number(points[-1][1])}")
    return "".join(parts)
