"""The page of a change: what it did to a measure, how sure that is, and what may not be concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from crmkit.compare.effect import Effect, effect
from crmkit.compare.series import Group, unit_of
from crmkit.errors import N_, Message, RequestError
from crmkit.measures.catalog import find
from crmkit.periods import a_day
from crmkit.present.asked import check_texts, each_asked
from crmkit.present.compared import records
from crmkit.present.differences import RELATIVE, difference_text
from crmkit.present.effect_chart import placebo_chart, weeks_chart
from crmkit.present.effect_words import READING, axis, said_of
from crmkit.present.options import how_to_ask
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences, Tone
from crmkit.present.verdict_words import Compared, label_text, verdict_text

#: What the option says of a change.
ASKED = ("date", "measure", "control", "treated")


def effect_of(
    study: Study, day: date, measure: str = "revenue", *, control: Group | None = None,
    treated: Group | None = None,
) -> Several | Sentences:  # fmt: skip
    """Return what a change did: sentences, the weeks as a chart, the placebo dates as another.

    Parameters
    ----------
    day, measure, control, treated: as for :func:`crmkit.compare.effect.effect`.

    Raises
    ------
    RequestError: an unknown measure, slice or group; a measure that has no weekly figures.
    """
    return shown(study, effect(study.crm, day, measure, control=control, treated=treated))


def shown(study: Study, found: Effect) -> Several | Sentences:
    """Return an effect as sentences and its charts."""
    rows, what = effect_row(found)
    study.found.setdefault("effects", []).extend(
        {
            "date": found.date.isoformat(),
            "control": dict(found.control),
            "treated": dict(found.treated),
            **row,
        }
        for row in records(study, rows, lambda _: what)
    )
    title = Message(
        N_("{measure}: before and after {day}").text,
        {"measure": study.title(found.measure), "day": study.formats.day(found.date)},
    )
    said = [study.words.message(title), verdict_text(study, rows.iloc[0].to_dict(), what)]
    if found.label == "cannot_be_computed" or found.series.empty:
        return Sentences(tuple(said), "warning")
    said += said_of(study, found)
    tone: Tone = "finding" if found.label == "holds" else "plain"
    unit = unit_of(find(found.measure))
    charts = [weeks_chart(study, found, _finding(study, found), axis(study, found), unit)]
    if found.placebo_dates and found.base > 0:
        charts.append(placebo_chart(study, found, study.say("Effect found")))
    return Several((Sentences(tuple(said), tone), *charts))


def effects(study: Study) -> Several | Sentences:
    """Return how effects are read, and those that the option ``effects`` asks for.

    The option is a list; each has ``date`` (2026-03-01), and where wanted ``measure``, ``control`` and
    ``treated`` (slice -> group).

    Raises
    ------
    RequestError: an option that cannot be used.
    """
    asked = asked_effects(study)
    if not asked:
        said = N_(
            "No change was named. Tell the day from which on something was done otherwise (a new CRM, a new"
            " step, another price)."
        )
        example = {"effects": [{"date": "2026-03-01", "measure": "revenue"}]}
        return Sentences.of(study.words, [said, how_to_ask(example)])
    items: list[Any] = [Sentences.of(study.words, READING)]
    for found in asked:
        told = shown(study, found)
        items += told.items if isinstance(told, Several) else [told]
    return Several(tuple(items))


def asked_effects(study: Study) -> list[Effect]:
    """Return the effects that the option ``effects`` asks for, computed once for all pages.

    Raises
    ------
    RequestError: an option that cannot be used.
    """
    return each_asked(study, "effects", _asked)


def _asked(study: Study, one: Any) -> Effect:
    day = _day(one)
    measure = one.get("measure", "revenue")
    return effect(study.crm, day, measure, control=one.get("control"), treated=one.get("treated"))


def _day(asked: Any) -> date:
    """Return the day of one asked effect."""
    where, expected = "options: effects", ", ".join(ASKED)
    if not isinstance(asked, Mapping) or not {"date"} <= set(asked) <= set(ASKED):
        what = N_("an effect is asked for by its date")
        raise RequestError(where, what, remedy=N_("Possible: {expected}.", expected=expected))
    check_texts(where, asked, ASKED[-2:])
    return a_day(where, asked["date"])


def effect_row(found: Effect) -> tuple[pd.DataFrame, Compared]:
    """Return an effect as a compared row: as a part of what would have been; shares in points.

    In the unit of the figures, too, where nothing or less would have been.
    """
    one = find(found.measure)
    figure = unit_of(one)
    is_plain = one.unit == "share" or (is_missing(found.relative_low) and not is_missing(found.low))
    unit = figure if is_plain else RELATIVE
    of = "" if unit == figure else "relative_"
    names = (
        "low", "high", "n", "relative", "relative_low", "relative_high", "robust_low",
        "robust_high", "base", "label", "direction", "reason", "money_month", "money_low", "money_high",
    )  # fmt: skip
    row = {"measure": found.measure, "unit": figure, "value": found.value}
    row |= {name: getattr(found, name) for name in names}
    row |= dict.fromkeys(("adjusted", "adjusted_low", "adjusted_high"), float("nan"))
    row |= {"gap": found.relative if of else found.value}
    row |= {f"gap_{end}": getattr(found, of + end) for end in ("low", "high")}
    return pd.DataFrame([row]), Compared(unit, one.better, "cases", "change", figure)


def _finding(study: Study, found: Effect) -> Message:
    """Return the title of the chart."""
    change = difference_text(study.formats, found.relative, RELATIVE)
    told: dict[str, object] = {
        "measure": study.title(found.measure), "day": study.formats.day(found.date), "change": change,
        "label": label_text(study, found.label),
    }  # fmt: skip
    text = (
        N_("{measure} since {day}: {change} against what it would have been")
        if found.label == "holds"
        else N_("{measure} since {day}: {label}")
    )
    return Message(text.text, told)
