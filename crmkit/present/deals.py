"""The deals of the KPI report: rates and cycles told in several ways, the funnel, refusals, the forecast."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.errors import N_
from crmkit.periods import Period, floor, next_start
from crmkit.present import charts
from crmkit.present.appendix import unavailable
from crmkit.present.figures import Figure
from crmkit.present.slicing import stage_order
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import available, beside, measure_columns, row_of, rows_of, wide

WIN_RATES = ("win_rate:closed_count", "win_rate:closed_value", "win_rate:cohort")
CYCLES = ("deal_cycle:censored_median", "deal_cycle:won_median", "deal_cycle:won_mean")
REFUSALS = ("refusals:count", "refusals:value")
DISAGREE = 0.05


def win_rates(study: Study) -> Table | Sentences:
    """Return the three win rates side by side, with what each of them answers."""
    figures = study.evaluate(WIN_RATES)
    if not available(figures, WIN_RATES):
        return unavailable(study, WIN_RATES)
    money, count = row_of(figures, "win_rate:closed_value"), row_of(figures, "win_rate")
    unpriced = money["value"] == 1 and count["numerator"] < count["denominator"]
    hidden = (figures["variant"] == "closed_value") & unpriced
    frame = _told_ways(study, figures.assign(value=figures["value"].where(~hidden)))
    days = study.crm.settings.limits.cohort_days
    notes = [
        study.words.plural(
            "The horizon of the deals created is {n} day.",
            "The horizon of the deals created is {n} days.",
            days,
        )
    ]
    if unpriced:
        notes.append(
            study.say("Lost deals carry no money in this export: the win rate in money would say nothing.")
        )
    told = frame["value"][frame["value_n"] >= study.crm.settings.limits.few_cases].dropna()
    if len(told) > 1 and told.max() - told.min() > DISAGREE:
        notes.append(
            study.say(
                "They disagree because they ask different questions: one about the deals closed in the"
                " period, whenever they were created, the other about the deals created in it."
                " Agree on one before comparing anything."
            )
        )
    columns = [
        Column("name", study.say("Win rate")), Column("value", study.say("Share"), "share"),
        Column("value_n", study.say("Deals"), "count"), Column("meaning", study.say("What it tells")),
    ]  # fmt: skip
    return _with_why(study, frame, "win_rates", study.say("Three win rates, side by side"), columns, notes)


def cycles(study: Study) -> Table | Sentences:
    """Return the deal's cycle: with open deals taken into account, and beside it the naive figures."""
    figures = study.evaluate(CYCLES)
    if not available(figures, CYCLES):
        return unavailable(study, CYCLES)
    columns = [
        Column("name", study.say("Deal cycle")), Column("value", study.say("Cycle"), "days", gated=True),
        Column("value_n", study.say("Deals"), "count"), Column("meaning", study.say("What it tells")),
    ]  # fmt: skip
    title = study.say("The cycle, measured in three ways")
    old = row_of(study.evaluate("deals_older_than_cycle"), "deals_older_than_cycle")
    notes = []
    if old["n"]:
        k, n = study.formats.count(old["numerator"]), study.formats.count(old["n"])
        notes.append(
            study.say(
                "Of {n} open deals {k} are already older than half of the won deals were when they were won.",
                k=k, n=n,
            )
        )  # fmt: skip
    return _with_why(study, _told_ways(study, figures), "cycles", title, columns, notes)


def _told_ways(study: Study, figures: pd.DataFrame) -> pd.DataFrame:
    """Return the variants of a measure, one a row, with their names, meanings and why they are not told."""
    names = [":".join(pair) for pair in zip(figures["measure"], figures["variant"], strict=True)]
    return figures.rename(columns=beside("value")).assign(
        name=[study.title(name) for name in names],
        meaning=[study.say(study.measure(name).definition) for name in names],
        why=[" ".join(study.why(code)) for code in figures["missing"]],
    )


def _with_why(
    study: Study, frame: pd.DataFrame, name: str, title: str, columns: list[Column], notes: Sequence[str]
) -> Table:
    """Return the table, with a column for what is not told where something is not."""
    why = [Column("why", study.say("Why it is not told"))] if frame["why"].any() else []
    return study.table(frame, name, title, [*columns, *why], notes)


def funnel(study: Study) -> Figure | Sentences:
    """Return where the open deals stand: how many, and how much money."""
    figures = study.evaluate("stage_distribution", by=["stage"])
    if not figures["n"].sum():
        return unavailable(study, ["stage_distribution"], by=["stage"])
    counts = figures.assign(value=figures["numerator"], unit="count")
    money = study.evaluate("open_amount", by=["stage"])
    top = counts.loc[counts["value"].idxmax()]
    stage = study.formats.group(top["stage"])
    k, n = study.formats.count(top["value"]), study.formats.count(top["denominator"])
    finding = N_(
        "Open deals by stage: the largest group stands in «{stage}», {k} of {n}", stage=stage, k=k, n=n
    )
    plate = study.plate("funnel", finding, N_("Open deals"), N_("Stage"))
    return charts.stage_bars(
        counts, plate, money=money if money["n"].sum() else None, money_axis=study.say("Amount"),
        order=stage_order(study),
    )  # fmt: skip


def reasons(study: Study) -> Figure | Sentences:
    """Return why deals were lost: how many by reason."""
    whole, figures = study.evaluate(REFUSALS), study.evaluate("refusals", by=["lost_reason"])
    if not figures["n"].sum():
        return unavailable(study, ["refusals"], by=["lost_reason"])
    n = study.formats.count(row_of(whole, "refusals")["value"])
    finding = N_("Lost deals without a reason: {k} of {n}", k=n, n=n)
    named = figures[figures["lost_reason"].notna()]
    if len(named):
        top = named.loc[named["value"].idxmax()]
        reason, k = study.formats.group(top["lost_reason"]), study.formats.count(top["value"])
        finding = N_("The most frequent reason: «{reason}», {k} of {n} lost deals", reason=reason, k=k, n=n)
    plate = study.plate("reasons", finding, N_("Lost deals"), N_("Reason"))
    return charts.group_bars(figures, "lost_reason", plate, meaning="lost", shown=12)


def reasons_table(study: Study) -> Table | Sentences:
    """Return refusals by reason: deals, and money where lost deals carry any."""
    figures = study.evaluate(REFUSALS, by=["lost_reason"])
    told = [name for name in available(figures, REFUSALS) if rows_of(figures, name)["value"].sum() > 0]
    if "refusals:count" not in told:
        return Sentences.of(study.words, [])  # the chart above has said why
    frame = wide(figures, told, ["lost_reason"])
    frame = frame.sort_values(["refusals_count", "lost_reason"], ascending=[False, True], ignore_index=True)
    columns = [Column("lost_reason", study.say("Reason")), *measure_columns(study, told)]
    return study.table(frame, "refusals", study.say("Refusals by reason"), columns)


def forecast(study: Study) -> Table | Sentences:
    """Return what the open deals promise: this month, the next one, and all of them."""
    zone, name = study.crm.settings.zone, "weighted_forecast"
    this = floor(study.crm.today, "month")
    after = next_start(this, "month")
    spans = [Period.between(this, after, zone), Period.between(after, next_start(after, "month"), zone)]
    rows = [
        study.evaluate(name, period=span).assign(span=study.formats.period(*span.days())) for span in spans
    ]
    rows.append(study.evaluate(name).assign(span=study.say("all open deals")))
    frame = pd.concat(rows, ignore_index=True)
    if frame["value"].isna().all():
        return unavailable(study, [name])
    why = dict.fromkeys(sentence for code in frame["missing"] for sentence in study.why(code))
    note = study.say(
        "Amount times the chance that the CRM states for the deal or its stage."
        " How good these chances are has not been checked here."
    )
    columns = [
        Column("span", study.say("Expected to close")), Column("n", study.say("Deals"), "count"),
        Column("value", study.title(name), "money"),
    ]  # fmt: skip
    return study.table(frame, "forecast", study.say("Weighted forecast by month"), columns, [note, *why])
