"""The page of a change: what it did to a measure, how sure that is, and what may not be concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmkit.compare.effect import Effect, effect
from crmkit.compare.series import TOTALS, Group, unit_of
from crmkit.errors import N_, Message, RequestError
from crmkit.measures.catalog import find
from crmkit.present import slicing
from crmkit.present.compared import records
from crmkit.present.differences import RELATIVE, between_text, difference_text, sentence
from crmkit.present.effect_chart import placebo_chart, weeks_chart
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences, Tone
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.verdict_words import Compared, label_text, verdict_text

#: What the option says of a change.
ASKED = ("date", "measure", "control", "treated")
READING = (
    N_(
        "The line through the weeks before is carried on into the weeks after: that is what would have been"
        " without the change. The difference to it is the effect; the interval says how far it may be off."
    ),
    N_(
        "The figures tell whether the level moved from that day on, and not why. Another price, a new rep, a"
        " campaign, a competitor who closed: whatever came at the same time is in it too. It is the average"
        " of the weeks since then; of later weeks it says nothing."
    ),
    N_("A figure that may be chance is no ground for a bonus, a penalty or a contract."),
)
KEPT = {
    "new_deals": N_(
        "Since then {after} deals a working day are created, {before} before; won deals moved by no more than"
        " chance. So it may be that more, or less, is written down, and not that more, or less, is done."
    ),
    "lost_deals": N_(
        "Since then {after} deals a working day are closed as lost, {before} before; won deals moved by no"
        " more than chance. So it may be that more, or fewer, losses are written down, and not that more, or"
        " less, is lost."
    ),
}
MOST_DAYS = 3


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
    found = effect(study.crm, day, measure, control=control, treated=treated)
    rows, what = effect_row(found)
    study.found.setdefault("effects", []).extend(
        {"date": day.isoformat(), "control": dict(found.control), "treated": dict(found.treated), **row}
        for row in records(study, rows, lambda _: what)
    )
    title = Message(
        N_("{measure}: before and after {day}").text,
        {"measure": study.title(found.measure), "day": study.formats.day(day)},
    )
    said = [study.words.message(title), verdict_text(study, rows.iloc[0].to_dict(), what)]
    if found.label == "cannot_be_computed" or found.series.empty:
        return Sentences(tuple(said), "warning")
    said.append(_label(study, found))
    said += [*_figures(study, found), *_grounds(study, found), *_recording(study, found)]
    tone: Tone = "finding" if found.label == "holds" else "plain"
    axis = _axis(study, found)
    charts = [weeks_chart(study, found, title, axis, unit_of(find(found.measure)))]
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
    asked = study.options.get("effects", [])
    if not asked:
        said = N_(
            "No change was named. Tell the day from which on something was done otherwise (a new CRM, a new"
            " step, another price): the option «effects»."
        )
        return Sentences.of(study.words, [said])
    items: list[Any] = [Sentences.of(study.words, READING)]
    for one in asked if isinstance(asked, list) else [asked]:
        told = effect_of(study, _day(one), **{name: one[name] for name in ASKED[1:] if name in one})
        items += told.items if isinstance(told, Several) else [told]
    return Several(tuple(items))


def _day(asked: Any) -> date:
    """Return the day of one asked effect."""
    where, expected = "options: effects", ", ".join(ASKED)
    if not isinstance(asked, Mapping) or not {"date"} <= set(asked) <= set(ASKED):
        what = N_("an effect is asked for by its date")
        raise RequestError(where, what, remedy=N_("Possible: {expected}.", expected=expected))
    try:
        return date.fromisoformat(asked["date"])
    except (TypeError, ValueError) as error:
        what = N_("this is not a date")
        raise RequestError(where, what, [str(asked["date"])], N_("Write it like 2026-03-01.")) from error


def effect_row(found: Effect) -> tuple[pd.DataFrame, Compared]:
    """Return an effect as a compared row: as a part of what would have been, shares in points."""
    one = find(found.measure)
    figure = unit_of(one)
    unit = figure if one.unit == "share" else RELATIVE
    of = "" if unit == figure else "relative_"
    names = (
        "low", "high", "n", "relative", "relative_low", "relative_high", "base", "label", "direction",
        "reason", "money_month", "money_low", "money_high",
    )  # fmt: skip
    row = {"measure": found.measure, "unit": figure, "value": found.value}
    row |= {name: getattr(found, name) for name in names}
    row |= dict.fromkeys(("adjusted", "adjusted_low", "adjusted_high"), float("nan"))
    row |= {"gap": found.relative if of else found.value}
    row |= {f"gap_{end}": getattr(found, of + end) for end in ("low", "high")}
    return pd.DataFrame([row]), Compared(unit, one.better, "cases", "change", figure)


def _label(study: Study, found: Effect) -> str:
    text = N_("Verdict: {label}. Cases on the side that has fewer: {n}.")
    return study.say(text.text, label=label_text(study, found.label), n=study.formats.count(found.n))


def _axis(study: Study, found: Effect) -> str:
    title = study.title(found.measure)
    daily = find(found.measure).summary in TOTALS
    return study.say("{measure} per working day", measure=title) if daily else title


def _figures(study: Study, found: Effect) -> list[str]:
    """Return what was, what would have been, and the money."""
    formats, words = study.formats, study.words
    kind = KIND_OF_UNIT[unit_of(find(found.measure))]
    told = {"measure": _axis(study, found), "before": found.n_before, "after": found.n_after}
    said = [
        study.say(
            "{measure}: {before} weeks before that day and {after} from then on; the week in which it lies"
            " counts on neither side.", **told,
        )
    ]  # fmt: skip
    if is_missing(found.value):
        return said
    if is_missing(found.base):
        sides = [_mean(found.series, side) for side in (False, True)]
        texts = dict(zip(("first", "second"), (with_unit(formats, one, kind) for one in sides), strict=True))
        text = N_(
            "Before it was {first} on average, since then {second}. That is only a description: so few weeks"
            " cannot tell a change from chance."
        )
        return [*said, sentence(words, text.text, **texts)]
    now, base = (with_unit(formats, one, kind) for one in (found.base + found.value, found.base))
    text = N_("Since then it is {now} on average; without the change it would have been {base}.")
    said.append(sentence(words, text.text, now=now, base=base))
    if not is_missing(found.money_month):
        text = (
            N_("In money that is {money} a month; it may be {interval}.")
            if found.label == "holds"
            else N_("In money the change a month may be {interval}.")
        )
        money = difference_text(formats, found.money_month, "money")
        interval = between_text(formats, found.money_low, found.money_high, "money")
        said.append(sentence(words, text.text, money=money, interval=interval))
    return said


def _mean(series: pd.DataFrame, is_after: bool) -> float:
    """Return the mean of the weeks of a side, each by what it is worth."""
    side = series[(series["is_after"] == is_after).fillna(value=False).to_numpy(dtype=bool)]
    side = side[side["value"].notna() & (side["weight"] > 0)]
    return float(np.average(side["value"], weights=side["weight"])) if len(side) else float("nan")


def _grounds(study: Study, found: Effect) -> list[str]:
    """Return what speaks for the effect and what does not: placebo dates, season, a group beside it."""
    if is_missing(found.base):
        return []
    limits, said = study.crm.settings.limits, []
    if found.placebo_dates:
        text = N_("On {k} of {n} dates on which nothing was changed, the same calculation finds less.")
        smaller = round(found.placebo_share * found.placebo_dates)
        said.append(study.say(text.text, k=smaller, n=found.placebo_dates))
    season = (
        N_("The season is taken off: each month of the year has a level of its own.")
        if found.is_season
        else N_(
            "The season is not taken off: that needs {weeks} weeks before the change. A strong or a weak"
            " season looks like an effect here."
        )
    )
    said.append(study.say(season.text, weeks=limits.season_weeks))
    if not found.control:
        text = N_(
            "There is no group beside it that the change did not touch: whatever else came at that time is in"
            " the figure."
        )
        return [*said, study.say(text.text)]
    names = [f"{slicing.heading(study, name)}: {group}" for name, group in found.control.items()]
    text = N_("What happened at the same time to others ({group}), in proportion, is taken off.")
    return [*said, study.say(text.text, group=", ".join(names))]


def _recording(study: Study, found: Effect) -> list[str]:
    """Return who closed deals in a mass around the day, and what is written down otherwise since then."""
    formats, mass = study.formats, found.recording.mass
    largest = mass.sort_values("closed", ascending=False, kind="stable").head(MOST_DAYS)
    who = study.reps(largest, study.say("nobody's deals"))
    text = N_("{day}: {n} deals were closed at once ({rep}); usual are {usual} a day.")
    said = [
        study.say(
            text.text, day=formats.day(row["day"].date()), n=formats.count(row["closed"]), rep=rep,
            usual=formats.count(row["usual"]),
        )
        for row, rep in zip(largest.to_dict("records"), who, strict=True)
    ]  # fmt: skip
    for row in found.recording.kept.to_dict("records"):
        before, after = (formats.number(row[side]) for side in ("before", "after"))
        said.append(study.say(KEPT[row["measure"]].text, before=before, after=after))
    return said
