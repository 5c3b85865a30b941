"""A measure over two slices: a table that is its own heat map, totals told by ``evaluate`` itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import N_, RequestError, SettingsError
from crmkit.measures import Measure
from crmkit.measures.catalog import STANDING
from crmkit.measures.pareto import ADDED_UP
from crmkit.periods import GRAINS, Period
from crmkit.present.appendix import unavailable
from crmkit.present.cells import HEAT
from crmkit.present.gates import standing
from crmkit.present.several import Several
from crmkit.present.slicing import heading, label, ordered, within
from crmkit.present.study import Study
from crmkit.present.tables import CASES, Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT, with_unit

MOST_COLUMNS = 24
Key = tuple[object, object]


@dataclass(frozen=True)
class _Asked:
    """What is asked for: a measure, the slice of the rows and of the columns, and a period."""

    study: Study
    one: Measure
    rows: str
    columns: str
    period: Period | None

    @property
    def adds_up(self) -> bool:
        return self.one.summary in ADDED_UP

    def told(self, *names: str) -> pd.DataFrame:
        """Return the figures by slices; the label of a span of time is its first day and the day after it."""
        grain = next((name for name in names if name in GRAINS), None)
        by = [name for name in names if name != grain]
        figures = self.study.evaluate(self.one.name, by=by, each=grain, period=self.period)
        if grain:
            days = [figures[edge].dt.date for edge in ("period_start", "period_end")]
            figures = figures.assign(**{grain: list(zip(*days, strict=True))})
        return figures[figures["state"].isin(["ok", "approximate"]) & (figures["n"] > 0)]

    def missing(self) -> Sentences:
        """Return why there is nothing to show."""
        by = [name for name in (self.rows, self.columns) if name not in GRAINS]
        return unavailable(self.study, [self.one.name], by=by)


def pivot(study: Study, measure: str, by: tuple[str, str], period: Period | None = None) -> Table | Sentences:
    """Return a measure over two slices.

    Parameters
    ----------
    measure: ``id`` or ``id:variant``.
    by: the slice of the rows and that of the columns; one of them may be a step of time.
    period: by default what the study tells the measure for.

    Raises
    ------
    RequestError: no such measure or slice, or they do not fit one another.
    """
    asked = _Asked(study, study.measure(measure), *by, period)
    _check(asked)
    cells, rows, columns = asked.told(*by), asked.told(by[0]), asked.told(by[1])
    whole = asked.told()
    if cells.empty or whole.empty:
        return asked.missing()
    down = _order(asked, by[0], rows, cells)
    across = _order(asked, by[1], columns, cells)
    figures = {(row[by[0]], row[by[1]]): row for row in _records(cells, by)}
    figures |= {(row[by[0]], _TOTAL): row for row in _records(rows, by)}
    figures |= {(_TOTAL, row[by[1]]): row for row in _records(columns, by)}
    figures[_TOTAL, _TOTAL] = whole.iloc[0].to_dict()
    notes = [*_fold(asked, figures, down, across), *study.why(whole["missing"].iloc[0])]
    return _table(asked, figures, down, [*across, _TOTAL], notes)


class _Mark:
    """A place in the table that is no label of a slice."""


_TOTAL, _OTHERS, _NONE = _Mark(), _Mark(), _Mark()


def _check(asked: _Asked) -> None:
    both = (asked.rows, asked.columns)
    if both[0] == both[1] or all(name in GRAINS for name in both):
        raise RequestError(
            " × ".join(both),
            N_("these two slices do not make a table"),
            remedy=N_("Take two different ones, at most one of them a step of time."),
        )
    if asked.one.within:
        raise RequestError(asked.one.name, N_("a distribution is no single figure for a cell"))
    if (asked.one.is_timeless or asked.one.basis in STANDING) and any(name in GRAINS for name in both):
        raise RequestError(
            asked.one.name,
            N_("the measure describes one moment and cannot be told by time"),
            remedy=N_("Leave the slice out."),
        )


def _records(figures: pd.DataFrame, by: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows as dictionaries, what has no label under one mark."""
    found: list[dict[str, Any]] = figures.to_dict("records")
    for row in found:
        row.update({name: _NONE for name in by if name in row and is_missing(row[name])})
    return found


def _order(asked: _Asked, name: str, totals: pd.DataFrame, cells: pd.DataFrame) -> list[object]:
    """Return the labels that have a cell, in their order."""
    present = set(cells[name].dropna()) | ({None} if cells[name].isna().any() else set())
    sizes = totals["value" if asked.adds_up else "n"]
    known = [None if is_missing(one) else one for one in totals[name]]
    pairs = [(one, size) for one, size in zip(known, sizes, strict=True) if one in present]
    labels = ordered(asked.study, name, [one for one, _ in pairs], [size for _, size in pairs])
    return [_NONE if one is None else one for one in labels]


def _fold(
    asked: _Asked, figures: dict[Key, dict[str, Any]], down: list[object], across: list[object]
) -> list[str]:
    """Keep at most so many columns; the rest becomes «others» where figures add up, else it is counted."""
    if len(across) <= MOST_COLUMNS:
        return []
    study = asked.study
    if asked.columns in GRAINS:
        left, across[:] = across[:-MOST_COLUMNS], across[-MOST_COLUMNS:]
        return [
            study.words.plural(
                "{n} earlier span is not shown.", "{n} earlier spans are not shown.", len(left)
            )
        ]
    size = {one: figures[_TOTAL, one]["value" if asked.adds_up else "n"] for one in across}
    kept = set(sorted(across, key=lambda one: -size[one])[: MOST_COLUMNS - 1])
    left, across[:] = [one for one in across if one not in kept], [one for one in across if one in kept]
    if asked.adds_up:
        for row in (*down, _TOTAL):
            rest = [figures[row, one] for one in left if (row, one) in figures]
            if rest:
                sums = {part: sum(one[part] for one in rest) for part in ("value", "n")}
                figures[row, _OTHERS] = dict.fromkeys(CASES) | sums
        across.append(_OTHERS)
        return []
    return [study.words.plural("{n} more column is not shown.", "{n} more columns are not shown.", len(left))]


def _table(
    asked: _Asked,
    figures: dict[Key, dict[str, Any]],
    down: list[object],
    across: list[object],
    notes: list[str],
) -> Table:
    study, kind = asked.study, KIND_OF_UNIT[asked.one.unit]
    rows = [*down, _TOTAL]
    frame: dict[str, list[Any]] = {"label": [_text(asked, asked.rows, row) for row in rows]}
    columns = [Column("label", heading(study, asked.rows))]
    gated = not asked.adds_up and not asked.one.is_exact
    for place, column in enumerate(across):
        key = f"c{place}"
        cells = [figures.get((row, column), {}) for row in rows]
        frame[key] = [cell.get("value") for cell in cells]
        if not asked.one.is_exact:
            frame |= {f"{key}_{part}": [cell.get(part) for cell in cells] for part in CASES}
        told = _text(asked, asked.columns, column)
        columns.append(Column(key, told, kind, asked.one.better, gated, counted=not gated, bare=True))
    body = [place for place, column in enumerate(across) if column not in (_OTHERS, _TOTAL)]
    heat, darkest = _heat(asked, frame, len(down), body)
    if darkest is not None:
        most = with_unit(study.formats, darkest, kind)
        notes.append(study.say("The darker, the larger; the darkest is {most}.", most=most))
    if heat and gated:
        few = study.crm.settings.limits.few_cases
        notes.append(study.say("Figures of fewer than {few} cases have no colour.", few=few))
    return study.table(
        pd.DataFrame(frame), "pivot", _title(asked), columns, notes, foot=1, heat=heat, shown=40
    )


def _text(asked: _Asked, name: str, value: object) -> str:
    marks = {_TOTAL: N_("All together"), _OTHERS: N_("others")}
    if isinstance(value, _Mark):
        return asked.study.words.message(marks[value]) if value in marks else asked.study.formats.group(None)
    return label(asked.study, name, value)


def _title(asked: _Asked) -> str:
    study = asked.study
    unit = study.formats.unit(KIND_OF_UNIT[asked.one.unit])
    measure = study.title(asked.one.name)
    return study.say(
        "{measure}: {rows} × {columns}",
        measure=f"{measure}, {unit}" if unit else measure,
        rows=within(study, asked.rows),
        columns=within(study, asked.columns),
    )


def _heat(
    asked: _Asked, frame: dict[str, list[Any]], rows: int, columns: Sequence[int]
) -> tuple[dict[str, tuple[int, ...]], float | None]:
    """Return the shades of the cells, not of the totals, and the largest figure that has one."""
    limits, gate = asked.study.crm.settings.limits, not asked.adds_up and not asked.one.is_exact
    shown: dict[str, list[float]] = {}
    for key in (f"c{place}" for place in columns):
        values = np.array(
            [np.nan if is_missing(value) else value for value in frame[key][:rows]], dtype=float
        )
        if gate:
            few = [standing(n, limits) == "few" for n in frame[f"{key}_n"][:rows]]
            values[few] = np.nan
        shown[key] = values.tolist()
    most = max((value for values in shown.values() for value in values if value > 0), default=None)
    if most is None:
        return {}, None
    return {
        key: (*(ceil(value / most * len(HEAT)) if value > 0 else 0 for value in values), 0)
        for key, values in shown.items()
    }, most


def pages(study: Study) -> Several:
    """Return the pivots that the client's settings name."""
    made = []
    for place, wish in enumerate(study.client.report.pivots, 1):
        try:
            made.append(pivot(study, wish.measure, (wish.rows, wish.columns)))
        except RequestError as error:
            where = f"client.yml: report.pivots[{place}]"
            raise SettingsError(where, error.what, [error.where], error.remedy) from error
    return Several(tuple(made))
