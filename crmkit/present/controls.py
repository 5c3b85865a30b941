"""Controls with which a head of sales turns the data in a notebook: a measure over any two slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets

from crmkit.errors import CrmkitError, Message
from crmkit.measures import ALL, borders, catalogue
from crmkit.measures.slices import NO_SLICE, lacking
from crmkit.periods import GRAINS, Period
from crmkit.present.pivot import pivot
from crmkit.present.slicing import NAMES, heading
from crmkit.present.study import Study
from crmkit.present.texts import begun
from crmkit.present.tiles import Sentences
from crmkit.schema import TABLES

#: A field of the client's own with more values, such as a phone number, makes no table.
MOST_VALUES = 50
Choice = tuple[str, str]


@dataclass(frozen=True)
class Controls:
    """What can be turned, and what is shown for it; setting a ``value`` shows another table."""

    measure: Any
    rows: Any
    columns: Any
    period: Any
    shown: Any
    box: Any

    def _repr_mimebundle_(self, **chosen: Any) -> Any:
        return self.box._repr_mimebundle_(**chosen)


def turn(study: Study, measure: str = "", rows: str = "", columns: str = "") -> Controls:
    """Return dropdowns for a measure, rows, columns and the period, with the table that they ask for.

    It begins with the first pivot of the client's settings. What it shows is not among the study's findings.
    """
    first = next(iter(study.client.report.pivots), None)
    start = (first.measure, first.rows, first.columns) if first else ("new_deals", "manager", "month")
    wanted = [asked or begin for asked, begin in zip((measure, rows, columns), start, strict=True)]
    slices = _slices(study)
    made = (
        _dropdown(study.say("Figure"), _measures(study), study.measure(wanted[0]).name),
        _dropdown(study.say("Table rows"), slices, wanted[1]),
        _dropdown(study.say("Table columns"), slices, wanted[2]),
        _dropdown(study.say("Period"), _periods(study), study.period.name),
    )
    shown = ipywidgets.HTML()
    grid = ipywidgets.HBox(made, layout=ipywidgets.Layout(flex_flow="row wrap"))
    controls = Controls(*made, shown, ipywidgets.VBox([grid, shown]))

    def show(_: object = None) -> None:
        shown.value = _page(study, controls)

    for control in made:
        control.observe(show, names="value")
    show()
    return controls


def _page(study: Study, controls: Controls) -> str:
    """Return the table asked for as HTML, or in words why there is none."""
    view = replace(study, told={}, left_out={})
    try:
        period = Period.parse(controls.period.value, study.client.time_zone)
        by = (controls.rows.value, controls.columns.value)
        chosen = None if period == study.period else period
        return pivot(view, controls.measure.value, by, chosen)._repr_html_()
    except CrmkitError as error:
        said: list[Message | str] = [
            begun(study.words.message(error.what)),
            *([error.remedy] if error.remedy else []),
        ]
        return Sentences.of(study.words, said, "warning")._repr_html_()


def _dropdown(name: str, choices: Sequence[Choice], start: str) -> Any:
    values = [value for _, value in choices]
    if start not in values:
        choices = [(start, start), *choices]
    return ipywidgets.Dropdown(
        options=list(choices),
        value=start,
        description=name,
        layout=ipywidgets.Layout(width="24rem"),
        style={"description_width": "8rem"},
    )


def _measures(study: Study) -> list[Choice]:
    """Return the measures that the export can tell and that are one figure a cell."""
    known = [one for one in catalogue() if not one.within and not study.crm.lacks(one.needs)]
    return sorted((study.say(one.title), one.name) for one in known)


def _slices(study: Study) -> list[Choice]:
    """Return the slices that the export carries: common ones, time, the client's fields of few values."""
    common = [name for name in NAMES if name in GRAINS or not lacking(study.crm, name)]
    canonical = {column.name for column in TABLES["deals"]} | NO_SLICE
    fields = study.crm.deals.drop(columns=list(canonical), errors="ignore")
    own = [name for name in fields if 1 < fields[name].nunique() <= MOST_VALUES]
    return [(heading(study, name), name) for name in [*common, *own]]


def _periods(study: Study) -> list[Choice]:
    """Return the report's period, the whole time, and each year, quarter and month that the export has."""
    whole = borders(study.crm, ALL)
    found = {study.period.name: study.period_text(), "all": study.say("the whole time of the export")}
    for grain in ("year", "quarter", "month"):
        for span in reversed(whole.split(grain)):
            full = Period.parse(span.name, study.client.time_zone)
            found.setdefault(span.name, study.formats.period(*full.days()))
    return [(text, name) for name, text in found.items()]
