"""The head of the KPI report (notebook 06): the main figures, in sentences, and month by month."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from crmkit.edges import begins_without_closings
from crmkit.errors import N_
from crmkit.measures import ALL, borders
from crmkit.periods import Period, floor, next_start
from crmkit.present import charts
from crmkit.present.appendix import unavailable
from crmkit.present.figures import Figure
from crmkit.present.study import Study, before
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences, Tile, Tiles
from crmkit.present.wide import available, measure_columns, row_of, wide

HEADLINE = (
    "revenue",
    "plan_attainment",
    "won_deals",
    "win_rate",
    "average_check:median",
    "deal_cycle:won_median",
    "open_amount",
    "deals_without_task",
)
#: States of a figure that can be told.
TOLD = ("ok", "approximate")
MONTHLY = ("new_deals", "won_deals", "win_rate", "revenue", "average_check:mean", "plan_attainment")


def headline(study: Study) -> Tiles:
    """Return the main figures of the period, each with the same figure of the period before."""
    now = study.evaluate(HEADLINE)
    span = before(study.period)
    recorded = borders(study.crm, ALL).days()[0]
    known = span is not None and span.days()[0] >= recorded
    passing = [name for name in HEADLINE if study.span(name) == study.period]
    then = study.evaluate(passing, period=span) if known else None
    earlier = {} if then is None else {name: row_of(then, name) for name in passing}
    tiles = [_tile(study, name, row_of(now, name), earlier.get(name)) for name in HEADLINE]
    return Tiles(tuple(tiles), study.language)


def _tile(study: Study, name: str, row: dict[str, Any], earlier: dict[str, Any] | None) -> Tile:
    formats, one = study.formats, study.measure(name)
    day = formats.day(study.crm.today)
    note = study.say("as of {day}", day=day) if one.basis == "open_at" else ""
    row["missing"] = " ".join(study.why(row["missing"]))
    if one.is_exact and row["state"] in TOLD:  # arithmetic, not an estimate: told however few the cases are
        k, n = (formats.money(row[part]) for part in ("numerator", "denominator"))
        lines = [study.say("{k} of {n}", k=k, n=n)]
        if earlier is not None and earlier["state"] in TOLD:
            lines.append(study.say("the period before: {value}", value=formats.share(earlier["value"])))
        return Tile(study.title(name), formats.share(row["value"]), tuple(lines), note)
    limits = study.crm.settings.limits
    return Tile.of(row, name=study.title(name), formats=formats, before=earlier, note=note, limits=limits)


def summary(study: Study) -> Sentences:
    """Return what the period was like, in a few sentences with their numbers of cases."""
    names = ("revenue", "won_deals", "win_rate", "plan_attainment")
    figures = study.evaluate(names)
    money, won, rate, plan = (row_of(figures, name) for name in names)
    said = [
        *_of_money(study, money, won),
        *_of_plan(study, plan),
        *_of_rate(study, rate),
        *_last_month(study),
    ]
    nothing = N_("The export carries no closed deals with dates: there is no result to tell.")
    return Sentences.of(study.words, said or [nothing], "finding")


def _of_money(study: Study, money: dict[str, Any], won: dict[str, Any]) -> list[str]:
    if won["state"] == "not_in_export":
        return []
    period, count = study.period_text(), int(won["n"])
    if not count:
        return [study.say("{period}: no deal was won.", period=period)]
    if money["state"] not in TOLD:
        return [
            study.words.plural("{period}: {n} deal won.", "{period}: {n} deals won.", count, period=period)
        ]
    worth = study.formats.money(money["value"])
    said = [
        study.words.plural(
            "{period}: {n} deal won, worth {money}.", "{period}: {n} deals won, worth {money}.", count,
            period=period, money=worth,
        )
    ]  # fmt: skip
    without = count - int(money["n"])
    if without:
        said.append(
            study.words.plural(
                "{n} of them has no amount and adds nothing to the money.",
                "{n} of them have no amount and add nothing to the money.", without,
            )
        )  # fmt: skip
    return said


def _of_plan(study: Study, plan: dict[str, Any]) -> list[str]:
    if plan["state"] not in TOLD or is_missing(plan["value"]):
        return []
    fact, whole = (study.formats.money(plan[part]) for part in ("numerator", "denominator"))
    share = study.formats.share(plan["value"])
    text = N_(
        "On the days that have a plan, {fact} of {plan} was reached: {share}.",
        fact=fact,
        plan=whole,
        share=share,
    )
    return [study.words.message(text)]


def _of_rate(study: Study, rate: dict[str, Any]) -> list[str]:
    if rate["state"] not in TOLD:
        return []
    formats = study.formats
    k, n = formats.count(rate["numerator"]), int(rate["n"])
    if n < study.crm.settings.limits.few_cases:
        return [
            study.words.plural(
                "Only {n} deal was closed ({k} won): too few to speak of a share.",
                "Only {n} deals were closed ({k} won): too few to speak of a share.", n, k=k,
            )
        ]  # fmt: skip
    return [
        study.say(
            "Of {n} deals closed, {k} were won: {share}. With this number of deals, chance alone may put"
            " the share anywhere within {interval} (95% interval).",
            n=formats.count(n), k=k, share=formats.share(rate["value"]),
            interval=formats.interval(rate["low"], rate["high"]),
        )
    ]  # fmt: skip


def _last_month(study: Study) -> list[str]:
    """Compare the latest whole month with the one before, without judging it."""
    zone = study.crm.settings.zone
    first, after = borders(study.crm, study.period).days()
    after = floor(min(after, borders(study.crm, ALL).days()[1]), "month")
    last = floor(after - timedelta(days=1), "month")
    earlier = floor(last - timedelta(days=1), "month")
    if earlier < first:
        return []
    both = [Period.between(last, after, zone), Period.between(earlier, last, zone)]
    rows = [row_of(study.evaluate("revenue", period=month), "revenue") for month in both]
    if any(row["state"] == "not_in_export" for row in rows):
        return []
    names = [study.formats.period(*month.days()) for month in both]
    values = [study.formats.money(row["value"]) for row in rows]
    return [
        study.say(
            "The latest whole month ({month}) brought {money}, the one before ({earlier}) {earlier_money}."
            " One month against another says little by itself.",
            month=names[0], money=values[0], earlier=names[1], earlier_money=values[1],
        )
    ]  # fmt: skip


def months(study: Study) -> Table | Sentences:
    """Return the main figures month by month."""
    figures = study.evaluate(MONTHLY, each="month", period=_with_today(study))
    names = available(figures, MONTHLY)
    if not names:
        return unavailable(study, MONTHLY)
    frame = wide(figures, names, ["period_start", "period_end"])
    frame = frame.sort_values("period_start", ignore_index=True)
    spans = list(zip(frame["period_start"], frame["period_end"], strict=True))
    frame["month"] = [_month(study, start, end) for start, end in spans]
    notes = []
    if spans[-1][1] > _tomorrow(study):
        notes.append(study.say("A month that is not over yet is shown with what it has so far."))
    cut = begins_without_closings(study.crm)
    if cut is not None and spans[0][1] <= cut[1]:
        notes.append(
            study.say(
                "Nothing in this export closes before {day}:"
                " before that, a zero may mean that closed deals were not exported.",
                day=study.formats.day(cut[1].date()),
            )
        )
    columns = [Column("month", study.say("Month")), *measure_columns(study, names)]
    return study.table(frame, "months", study.say("The main figures by month"), columns, notes)


def _month(study: Study, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Name a month, or the part of one."""
    if start.day == end.day == 1:
        return study.formats.month(start)
    return study.formats.period(start.date(), end.date())


def _tomorrow(study: Study) -> pd.Timestamp:
    """Return the end of the day that the report describes."""
    return pd.Timestamp(borders(study.crm, ALL).end)


def _with_today(study: Study) -> Period:
    """Return the study's period, together with the month that is not over yet if it follows."""
    first, after = borders(study.crm, study.period).days()
    today = study.crm.today
    if study.period.grain == "" and after == floor(today, "month"):
        after = next_start(after, "month")
    return Period.between(first, after, study.crm.settings.zone)


def revenue_chart(study: Study) -> Figure | Sentences:
    """Return revenue by month, with the plan where there is one."""
    span = _with_today(study)
    figures = study.evaluate("revenue", each="month", period=span)
    if (figures["state"] == "not_in_export").all():
        return unavailable(study, ["revenue"])
    plan = study.evaluate("plan_attainment", each="month", period=span)
    plan = plan[plan["denominator"] > 0].assign(value=plan["denominator"], unit="money")
    finding = N_("Revenue by month")
    if (figures["value"] > 0).sum() > 1:
        best = figures.loc[figures["value"].idxmax()]
        month = _month(study, best["period_start"], best["period_end"])
        money = study.formats.money(best["value"])
        finding = N_("Revenue by month: the best was {month} with {money}", month=month, money=money)
    plate = study.plate("revenue_by_month", finding, N_("Revenue"), N_("Month"))
    return charts.period_bars(figures, plate, plan=plan if len(plan) else None, as_of=_tomorrow(study))
