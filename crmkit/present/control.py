"""The control chart: a figure week by week, what is ordinary for it, and which weeks ask for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmkit.compare.control import Control, control
from crmkit.errors import N_
from crmkit.measures.evaluation import ALL
from crmkit.periods import Period
from crmkit.present.axes import COLOURS, Scale, layout, period_axis, value_axis, week_labels
from crmkit.present.figures import Figure, Plate, Row, figure, hover, line
from crmkit.present.gates import Cases
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import label
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.verdict_words import why

SIGNALS = {
    "above": N_("above the limits"),
    "below": N_("below the limits"),
    "run_above": N_("eight weeks or more above the mean"),
    "run_below": N_("eight weeks or more below the mean"),
}
READING = (
    N_(
        "The limits are the mean of the weeks ± 2.66 times the mean step from one week to the next: within"
        " them a week differs from the others by no more than weeks of this figure usually do. There is"
        " nothing to explain there, and nobody to praise or to blame."
    ),
    N_(
        "A week outside the limits, or the eighth in a row on one side of the mean, is a signal: ask what was"
        " different. It is a question, not a proof: of charts of a year in which nothing changed, one in four"
        " has a signal, and more where a few large deals make the figure or weeks hang together."
    ),
)


def control_charts(
    study: Study, names: Sequence[str] = ("new_deals", "won_deals", "revenue"), period: Period = ALL
) -> Several:
    """Return how control charts are read, and those of some measures with their tables."""
    charts = (control_chart(study, control(study.crm, name, period)) for name in names)
    return Several((Sentences.of(study.words, READING), *charts))


def control_chart(study: Study, told: Control) -> Figure | Sentences:
    """Return the chart of a weekly figure with its table; without weeks or limits, why."""
    title = study.title(told.name)
    if told.reason:
        said = (
            study.say(
                "{measure}: only {n} whole weeks; limits of what is ordinary need at least {least}.",
                measure=title, n=len(told.rows), least=study.crm.settings.limits.described_weeks,
            )
            if told.reason == "few_weeks"
            else study.say("{measure}: {reason}", measure=title, reason=why(study, told.reason))
        )  # fmt: skip
        return Sentences((said,), "warning")
    kind, formats = KIND_OF_UNIT[told.unit], study.formats
    rows = [_row(study, one, kind) for one in told.rows.to_dict("records")]
    hits = [index for index, one in enumerate(told.rows["signal"]) if one]
    plate = _plate(study, told, len(hits))
    top = max([told.high, *(row.value or 0 for row in rows)])
    scale = Scale.of(top, kind, formats)
    whole = layout(
        plate.title, 320, formats, showlegend=True,
        xaxis=period_axis(week_labels(formats, told.rows["week"].dt.date.tolist())),
        yaxis=value_axis(top, scale, plate.axis, 1.08),
    )  # fmt: skip
    data = [*_lines(study, told, kind), _weeks(rows, plate), _hits(study, rows, hits, plate)]
    return figure(data, whole, rows, plate, _table(study, told, plate))


def _row(study: Study, one: dict[str, Any], kind: str) -> Row:
    value = float(one["value"])
    name = study.say("week of {day}", day=study.formats.day(one["week"].date()))
    told = with_unit(study.formats, value, kind)
    if one["signal"]:
        told = f"{told} ({study.words.message(SIGNALS[one['signal']])})"
    return Row(name, value, Cases(n=float(one["n"])), told)


def _plate(study: Study, told: Control, hits: int) -> Plate:
    measure = study.title(told.name)
    axis = study.say("{measure} per working day", measure=measure) if told.is_daily else measure
    finding = (
        study.words.plural(
            "{measure} by week: {n} week asks for a reason", "{measure} by week: {n} weeks ask for a reason",
            hits, measure=measure,
        )
        if hits
        else study.say("{measure} by week: nothing out of the ordinary", measure=measure)
    )  # fmt: skip
    name, limits = f"control_{told.name}".replace(":", "_"), study.crm.settings.limits
    return Plate(name, finding, axis, study.say("Week"), study.formats, limits)


def _lines(study: Study, told: Control, kind: str) -> list[dict[str, Any]]:
    """Return the mean and both limits, across all weeks."""
    formats, last = study.formats, len(told.rows) - 1
    mean = study.say("mean: {value}", value=with_unit(formats, told.mean, kind))
    span = study.say("ordinary: {interval}", interval=_ordinary(study, told, kind))
    dashed = {"color": COLOURS["some"], "width": 1.5, "dash": "dash"}
    solid = {"color": COLOURS["plan"], "width": 1.5}
    lines = ((told.mean, mean, solid), (told.high, span, dashed), (told.low, "", dashed))
    return [line([-0.6, last + 0.6], [value, value], name, look) for value, name, look in lines]


def _ordinary(study: Study, told: Control, kind: str) -> str:
    """Return the limits as a span, money with its sign."""
    span = study.formats.interval(told.low, told.high, kind)
    return study.formats.with_symbol(span) if kind.startswith("money") else span


def _weeks(rows: Sequence[Row], plate: Plate) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines+markers",
        "x": list(range(len(rows))), "y": [row.value for row in rows],
        "line": {"color": COLOURS["open"], "width": 1.5}, "marker": {"color": COLOURS["open"], "size": 5},
        "showlegend": False, **hover(rows, plate),
    }  # fmt: skip


def _hits(study: Study, rows: Sequence[Row], hits: Sequence[int], plate: Plate) -> dict[str, Any]:
    edge = {"width": 1, "color": "#ffffff"}
    marker = {"color": COLOURS["lost"], "symbol": "diamond", "size": 12, "line": edge}
    return {
        "type": "scatter", "mode": "markers", "name": label(study.say("a signal")), "x": list(hits),
        "y": [rows[at].value for at in hits], "marker": marker, "showlegend": bool(hits),
        **hover([rows[at] for at in hits], plate),
    }  # fmt: skip


def _table(study: Study, told: Control, plate: Plate) -> Table:
    kind = KIND_OF_UNIT[told.unit]
    frame = told.rows.assign(
        monday=told.rows["week"].dt.date,
        seen=[study.words.message(SIGNALS[one]) if one else "" for one in told.rows["signal"]],
    )
    columns = [
        Column("monday", study.say("Week of"), "date"),
        Column("value", plate.axis, kind),
        Column("n", "n", "count"),
        Column("seen", study.say("Signal")),
    ]
    formats = study.formats
    note = study.say(
        "Mean {mean}; ordinary {interval}; the mean step from week to week is {step}.",
        mean=with_unit(formats, told.mean, kind), interval=_ordinary(study, told, kind),
        step=with_unit(formats, told.moving_range, kind),
    )  # fmt: skip
    return study.table(frame, plate.name, plate.title, columns, [note])
