"""The KPI report (notebook 06): each function returns one table, chart or paragraph of it."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.measures import borders
from crmkit.periods import Period, floor, next_start
from crmkit.present import charts
from crmkit.present.appendix import unavailable
from crmkit.present.figures import Figure
from crmkit.present.reasons import missing
from crmkit.present.study import Study, before
from crmkit.present.tables import Column, Table
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
MONTHLY = ("new_deals", "won_deals", "win_rate", "revenue", "average_check:mean", "plan_attainment")
WIN_RATES = ("win_rate:closed_count", "win_rate:closed_value", "win_rate:cohort")
CYCLES = ("deal_cycle:censored_median", "deal_cycle:won_median", "deal_cycle:won_mean")
DISAGREE = 0.05


def headline(study: Study) -> Tiles:
    """Return the main figures of the period, each with the same figure of the period before."""
    now = study.evaluate(list(HEADLINE))
    span = before(study.period)
    known = span is not None and span.start is not None and span.start >= min(study.crm.began.values())
    then = study.evaluate(list(HEADLINE), period=span) if known else None
    items = []
    for name in HEADLINE:
        one = study.measure(name)
        row = row_of(now, one.id, one.variant)
        earlier = None if then is None or one.basis == "open_at" else row_of(then, one.id, one.variant)
        day = study.formats.day(study.crm.as_of.date())
        note = study.say("as of {day}", day=day) if one.basis == "open_at" else ""
        row["missing"] = " ".join(study.words.message(m) for m in missing(row["missing"] or ""))
        if (
            one.is_exact and row["state"] == "ok"
        ):  # a fact, not an estimate: no number of cases is too small for it
            counted = study.say(
                "{k} of {n}",
                k=study.formats.money(row["numerator"]),
                n=study.formats.money(row["denominator"]),
            )
            items.append(Tile(study.title(name), study.formats.share(row["value"]), (counted,), note))
            continue
        items.append(Tile.of(row, name=study.title(name), formats=study.formats, before=earlier, note=note))
    return Tiles(tuple(items), study.language)


def summary(study: Study) -> Sentences:
    """Return what the period was like, in a few sentences with their numbers of cases."""
    figures, formats = study.evaluate(["revenue", "won_deals", "win_rate", "plan_attainment"]), study.formats
    money, won, rate, plan = (row_of(figures, name, v) for name, v in (("revenue", ""), ("won_deals", ""), ("win_rate", "closed_count"), ("plan_attainment", "")))  # fmt: skip
    said: list[Message] = []
    if money["state"] == "ok":
        said.append(N_("{period}: {won} deals won, worth {money}.", period=study.period_text(), money=formats.money(money["value"]), won=formats.count(won["value"])))  # fmt: skip
    if plan["state"] == "ok":
        said.append(
            N_("That is {share} of the plan for the days that have one.", share=formats.share(plan["value"]))
        )
    if rate["state"] == "ok":
        text = N_("Of {n} deals closed, {k} were won: {share}, and with so many cases the true share may lie anywhere within {interval}.", n=formats.count(rate["n"]), k=formats.count(rate["numerator"]), share=formats.share(rate["value"]), interval=formats.interval(rate["low"], rate["high"]))  # fmt: skip
        few = N_("Only {n} deals were closed, {k} of them won: too few to speak of a share.", n=formats.count(rate["n"]), k=formats.count(rate["numerator"]))  # fmt: skip
        said.append(text if int(str(rate["n"])) >= study.crm.settings.limits.few_cases else few)
    said += _last_month(study)
    return Sentences.of(
        study.words,
        said or [N_("The export carries no closed deals with dates: there is no result to tell.")],
        "finding",
    )


def _last_month(study: Study) -> list[Message]:
    """Compare the latest whole month with the one before, without judging it."""
    edges = borders(study.crm, study.period)
    after = floor(edges.days()[1], "month")
    zone = study.crm.settings.zone
    last = floor(after - timedelta(days=1), "month")
    earlier = floor(last - timedelta(days=1), "month")
    if earlier < edges.days()[0]:
        return []
    both = [Period.between(last, after, zone), Period.between(earlier, last, zone)]
    rows = [row_of(study.evaluate(["revenue"], period=month), "revenue", "") for month in both]
    if any(row["state"] == "not_in_export" for row in rows):
        return []
    names = [study.formats.period(*month.days()) for month in both]
    values = [study.formats.money(row["value"]) for row in rows]
    return [N_("The latest whole month ({month}) brought {money}, the one before ({earlier}) {earlier_money}. One month against another says little by itself.", month=names[0], money=values[0], earlier=names[1], earlier_money=values[1])]  # fmt: skip


def months(study: Study) -> Table:
    """Return the main figures month by month."""
    figures = study.evaluate(list(MONTHLY), each="month", period=_with_today(study))
    names = available(study, figures, MONTHLY)
    frame = wide(figures, names, ["period_start", "period_end"]).sort_values(
        "period_start", ignore_index=True
    )
    frame["month"] = [study.formats.month(start) for start in frame["period_start"]]
    notes = (
        [study.say("A month that is not over yet is shown with what it has so far.")]
        if frame["period_end"].iloc[-1] > study.crm.as_of + pd.Timedelta(days=1)
        else []
    )
    columns = [Column("month", study.say("Month")), *measure_columns(study, names)]
    return study.table(frame, "months", study.say("The main figures by month"), columns, notes)


def _with_today(study: Study) -> Period:
    """Return the study's period, together with the month that is not over yet if it follows."""
    edges = borders(study.crm, study.period)
    first, after = edges.days()
    as_of = study.crm.as_of.tz_convert(study.crm.settings.zone).date()
    if study.period.grain == "" and after == floor(as_of, "month"):
        after = next_start(after, "month")
    return Period.between(first, after, study.crm.settings.zone)


def revenue_chart(study: Study) -> Figure | Sentences:
    """Return revenue by month, with the plan where there is one."""
    span = _with_today(study)
    figures = study.evaluate("revenue", each="month", period=span)
    if (figures["state"] == "not_in_export").all():
        return unavailable(study, ["revenue"])
    plan = study.evaluate("plan_attainment", each="month", period=span)
    plan = plan[plan["denominator"].notna()].assign(value=plan["denominator"], unit="money")
    best = figures.loc[figures["value"].idxmax()]
    finding = N_(
        "Revenue by month: the best was {month} with {money}",
        month=study.formats.month(best["period_start"]),
        money=study.formats.money(best["value"]),
    )
    plate = study.plate("revenue_by_month", finding, N_("Revenue"), N_("Month"))
    return charts.period_bars(
        figures, plate, plan=plan if len(plan) else None, as_of=study.crm.as_of + pd.Timedelta(days=1)
    )


def win_rates(study: Study) -> Table:
    """Return the three win rates side by side, with what each of them answers."""
    figures = study.evaluate(list(WIN_RATES))
    frame = figures.assign(
        name=[study.title(f"win_rate:{variant}") for variant in figures["variant"]],
        meaning=[
            study.say(study.measure(f"win_rate:{variant}").definition) for variant in figures["variant"]
        ],
    ).rename(
        columns={"value": "win_rate"}
        | {part: f"win_rate_{part}" for part in ("numerator", "denominator", "n", "low", "high")}
    )
    told = frame["win_rate"].dropna()
    notes = []
    if len(told) > 1 and told.max() - told.min() > DISAGREE:
        notes = [
            study.say(
                "The three disagree. The first speaks of deals closed in the period, whenever they were created; the one of deals created speaks of the leads of the period. Agree on one before comparing anything."
            )
        ]
    columns = [
        Column("name", study.say("Win rate")),
        Column("win_rate", study.say("Share"), "share"),
        Column("win_rate_n", study.say("Deals"), "count"),
        Column("meaning", study.say("What it tells")),
    ]
    return study.table(frame, "win_rates", study.say("Three win rates, side by side"), columns, notes)


def cycles(study: Study) -> Table:
    """Return the deal's cycle: with open deals taken into account, and beside it the naive figures."""
    figures = study.evaluate(list(CYCLES))
    names = [f"deal_cycle:{variant}" for variant in figures["variant"]]
    frame = figures.assign(
        name=[study.title(name) for name in names],
        meaning=[study.say(study.measure(name).definition) for name in names],
        why=[
            " ".join(study.words.message(m) for m in missing(code)) if code else ""
            for code in figures["missing"]
        ],
    )
    columns = [
        Column("name", study.say("Deal cycle")),
        Column("value", study.say("Cycle"), "days"),
        Column("n", study.say("Deals"), "count"),
        Column("meaning", study.say("What it tells")),
        Column("why", study.say("Why it is not told")),
    ]
    if not frame["why"].any():
        columns.pop()
    return study.table(frame, "cycles", study.say("The cycle, measured in three ways"), columns)


def funnel(study: Study) -> Figure | Sentences:
    """Return where the open deals stand: how many, and how much money."""
    figures = study.evaluate("stage_distribution", by=["stage"], period=Period(None, None, "all"))
    if not figures["n"].sum():
        return unavailable(study, ["stage_distribution"])
    counts = figures.assign(value=figures["numerator"], unit="count")
    money = study.evaluate("open_amount", by=["stage"], period=Period(None, None, "all"))
    told = money["n"].sum() > 0
    top = counts.loc[counts["value"].idxmax()]
    finding = N_(
        "Most open deals stand in «{stage}»: {k} of {n}",
        stage=study.formats.group(top["stage"]),
        k=study.formats.count(top["value"]),
        n=study.formats.count(top["denominator"]),
    )
    plate = study.plate("funnel", finding, N_("Open deals"), N_("Stage"))
    return charts.stage_bars(
        counts, plate, money=money if told else None, money_axis=study.say("Amount"), order=stage_order(study)
    )


def stage_order(study: Study) -> list[str]:
    """Return the stages in the order of the pipelines."""
    stages = study.crm.tables["stages"].sort_values(
        ["pipeline", "position"], kind="stable", na_position="last"
    )
    return list(dict.fromkeys(stages["stage"].astype("str")))


def reasons(study: Study) -> Figure | Sentences:
    """Return why deals were lost: how many by reason."""
    figures = study.evaluate("refusals", by=["lost_reason"])
    if (figures["state"] == "not_in_export").all() or not figures["n"].sum():
        return unavailable(study, ["refusals"], by=["lost_reason"])
    top = figures.loc[figures["value"].idxmax()]
    finding = N_(
        "The most frequent reason: «{reason}», {k} of {n} lost deals",
        reason=study.formats.group(top["lost_reason"]),
        k=study.formats.count(top["value"]),
        n=study.formats.count(figures["value"].sum()),
    )
    plate = study.plate("reasons", finding, N_("Lost deals"), N_("Reason"))
    return charts.group_bars(figures, "lost_reason", plate, meaning="lost", shown=12)


def reasons_table(study: Study) -> Table | Sentences:
    """Return refusals by reason: deals, and money where lost deals carry an amount."""
    names = ["refusals:count", "refusals:value"]
    figures = study.evaluate(names, by=["lost_reason"])
    told = available(study, figures, names)
    if not told or not figures["n"].sum():
        return Sentences.of(study.words, [])  # the chart above has said why
    frame = wide(figures, told, ["lost_reason"]).sort_values(
        "refusals_count", ascending=False, ignore_index=True
    )
    columns = [Column("lost_reason", study.say("Reason")), *measure_columns(study, told)]
    return study.table(frame, "reasons", study.say("Refusals by reason"), columns)


def forecast(study: Study) -> Table | Sentences:
    """Return what the open deals promise: this month, the next one, and all of them."""
    zone = study.crm.settings.zone
    this = floor(study.crm.as_of.tz_convert(zone).date(), "month")
    spans = [
        Period.between(this, next_start(this, "month"), zone),
        Period.between(next_start(this, "month"), next_start(next_start(this, "month"), "month"), zone),
    ]
    rows = [
        study.evaluate("weighted_forecast", period=span).assign(span=study.formats.period(*span.days()))
        for span in spans
    ]
    rows.append(
        study.evaluate("weighted_forecast", period=Period(None, None, "all")).assign(
            span=study.say("all open deals")
        )
    )
    frame = pd.concat(rows, ignore_index=True)
    if (frame["state"] == "not_in_export").all():
        return unavailable(study, ["weighted_forecast"])
    notes = [
        study.say(
            "Amount times the chance that the CRM states for the deal or its stage. How good these chances are, the plan and forecast notebook checks."
        )
    ]
    columns = [
        Column("span", study.say("Expected to close")),
        Column("n", study.say("Deals"), "count"),
        Column("value", study.title("weighted_forecast"), "money"),
    ]
    return study.table(frame, "forecast", study.say("Weighted forecast by month"), columns, notes)
