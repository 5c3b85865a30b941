"""What stands on a sheet: names, texts and number formats that Excel accepts, a table's columns as cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmkit.present.cells import FIGURES, HEAT, Column
from crmkit.present.formats import Formats
from crmkit.present.tables import Table
from crmkit.present.texts import NBSP, clean, is_missing

if TYPE_CHECKING:
    import pandas as pd

LONGEST_TEXT = 32_767
DAY = timedelta(days=1)
DAY_ZERO = datetime.fromisoformat("1899-12-30")
NAME_LENGTH = 31
SOFT = "#5b6670"
TOTAL: dict[str, object] = {"bold": True, "top": 1}
RIGHT: dict[str, object] = {"align": "right"}


@dataclass(frozen=True)
class Rows:
    """A large frame for the workbook only: the rows behind the figures, under finished headings."""

    name: str
    title: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    language: str
    currency: str
    notes: tuple[str, ...] = ()

    @property
    def formats(self) -> Formats:
        """How figures are written."""
        return Formats(self.language, self.currency)


def cell_text(text: object) -> str:
    """Return a text as a cell can hold it: without control characters, at most 32 767 UTF-16 units.

    A text that looks like the writer's own rich text (``<r>…</r>``) would be taken for XML: it gets a space.
    """
    said = clean(text)
    if len(said) > LONGEST_TEXT // 2:
        units = said.encode("utf-16-le")
        if len(units) > 2 * LONGEST_TEXT:
            said = units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
    return f"{said} " if said.startswith("<r>") and said.endswith("</r>") else said


def sheet_names(titles: Iterable[str]) -> list[str]:
    """Return a name for each sheet that Excel accepts, all different whatever their case.

    >>> sheet_names(["Sum: 1/2", "sum  1 2", "'"])
    ['Sum 1 2', 'sum 1 2 (2)', '3']
    """
    taken: set[str] = {"history"}
    names = []
    for number, title in enumerate(titles, 1):
        plain = re.sub(r"\s+", " ", re.sub(r"[\[\]:*?/\\\x85\u2028\u2029]", " ", clean(title))).strip(" '")
        name, again = _cut(plain, NAME_LENGTH) or str(number), 2
        while name.casefold() in taken:
            end = f" ({again})"
            name, again = _cut(plain, NAME_LENGTH - len(end)) + end, again + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _cut(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore").strip(" '")


class Styles:
    """The formats of a workbook's cells, made once each."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def style(self, **marks: object) -> Any:
        """Return a cell format."""
        key = tuple(sorted(marks.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "top", **marks})
        return self._made[key]


def number_format(kind: str, formats: Formats, hundredths: bool = False, alone: bool = False) -> str:
    """Return Excel's format of a kind of column; Excel itself puts the separators of its user's language.

    ``alone``: the figure carries its unit, which no heading tells.
    """
    day = "d mmm yyyy" if formats.language == "en" else "dd.mm.yyyy"
    if kind in ("money", "money_per_day"):
        sample = formats.money(-1 if not hundredths else -0.25, kopecks=hundredths).replace(NBSP, " ")
        digits = "#,##0.00" if hundredths else "#,##0"
        before, _, after = re.sub(r"[\d.,]+", "0", sample.lstrip("\u2212")).partition("0")
        return (f'"{before}"' if before else "") + digits + (f'"{after}"' if after else "")
    if alone and kind in ("days", "hours", "minutes"):
        return f'#,##0.0" {formats.unit(kind)}"'
    return {
        "count": "#,##0", "share": "0.0%", "ratio": "#,##0.00", "date": day, "moment": f"{day} hh:mm",
    }.get(kind, "#,##0.0" if kind in FIGURES else "@")  # fmt: skip


@dataclass(frozen=True)
class Strip:
    """One column of a sheet: its heading, how wide its texts are, and each row's value and cell format."""

    heading: str
    width: int
    values: Sequence[Any]
    styles: Sequence[Any]


def of_table(table: Table, styles: Styles) -> Iterator[Strip]:
    """Yield a table's columns; a gated one is followed by its n and the ends of its interval."""
    for index, column in enumerate(table.columns):
        yield _strip(table, index, styles)
        cases = table.cases.get(column.key)
        if cases is None:
            continue
        words, heading = table.words, column.heading
        if all(other.key != f"{column.key}_n" for other in table.columns):
            counts = [one.n for one in cases]
            heading_n = words.say("{heading}: n", heading=heading)
            yield _beside(table, heading_n, counts, ["count"] * len(counts), styles)
        few = [table.shown_at(row, index).standing == "few" for row in range(len(table.rows))]
        lows = [None if hidden else one.low for one, hidden in zip(cases, few, strict=True)]
        kinds = [table.kind_at(row, index) for row in range(len(table.rows))]
        highs = [None if hidden else one.high for one, hidden in zip(cases, few, strict=True)]
        if any(value is not None for value in lows):
            yield _beside(table, words.say("{heading}: from", heading=heading), lows, kinds, styles)
            yield _beside(table, words.say("{heading}: to", heading=heading), highs, kinds, styles)


def _strip(table: Table, index: int, styles: Styles) -> Strip:
    """Return one column of a table; a share of few cases is a text, as on the page."""
    column, body = table.columns[index], len(table.rows) - table.foot
    shades = table.heat.get(column.key, (0,) * len(table.rows))
    values, looks, width = [], [], 0
    for row, cells in enumerate(table.rows):
        shown, kind = table.shown_at(row, index), table.kind_at(row, index)
        weak = column.key in table.cases and shown.standing != "enough"
        counted = weak and shown.standing == "few" and kind == "share"
        said = counted or column.kind == "text" or (column.kind == "mixed" and isinstance(cells[index], str))
        form = number_format(kind, table.formats, column.key in table.hundredths, column.kind == "mixed")
        look: dict[str, object] = {"num_format": form} if column.kind == "text" or not said else RIGHT
        look |= {"italic": True, "font_color": SOFT} if weak else {}
        look |= {"bg_color": HEAT[shades[row] - 1]} if shades[row] else {}
        look |= {"font_color": "#ffffff"} if shades[row] == len(HEAT) else {}
        look |= TOTAL if row >= body else {}
        values.append(cell_text(shown.text) if said else _value(cells[index], kind))
        looks.append(styles.style(**look))
        width = max(width, len(shown.text))
    return Strip(column.heading, width, values, looks)


def _beside(
    table: Table, heading: str, values: Sequence[float | None], kinds: Sequence[str], styles: Styles
) -> Strip:
    forms, body = [number_format(kind, table.formats) for kind in kinds], len(table.rows) - table.foot
    looks = [
        styles.style(num_format=form, **(TOTAL if row >= body else {})) for row, form in enumerate(forms)
    ]
    return Strip(heading, 9, values, looks)


def of_rows(rows: Rows, styles: Styles) -> Iterator[Strip]:
    """Yield the columns of a large frame; their widths are judged by the first thousand rows."""
    for column in rows.columns:
        style = styles.style(num_format=number_format(column.kind, rows.formats, hundredths=True))
        values = [_value(value, column.kind) for value in rows.frame[column.key].tolist()]
        width = max((_width(value, column.kind) for value in values[:1000]), default=0)
        yield Strip(column.heading, width, values, [style] * len(values))


def _value(value: Any, kind: str) -> str | float | None:
    """Return what a cell holds: a number, a date as Excel counts days, a text, or nothing."""
    if is_missing(value):
        return None
    if kind in FIGURES:
        return float(value) if abs(float(value)) != float("inf") else None
    if kind in ("date", "moment"):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 (a calendar date)
        clock = moment.replace(tzinfo=None, microsecond=0)
        # Excel counts 1900 as a leap year and knows nothing earlier: there a date is written as text
        return (clock - DAY_ZERO) / DAY if clock.year > 1900 else clock.isoformat()
    return cell_text(value)


def _width(value: str | float | None, kind: str) -> int:
    if isinstance(value, str):
        return len(value)
    return 0 if value is None else 16 if kind in ("date", "moment") else len(f"{value:,.2f}")
