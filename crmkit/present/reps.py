"""The reps' pages of the KPI report: results with their intervals, and how they work."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.errors import N_
from crmkit.present import charts
from crmkit.present.appendix import unavailable
from crmkit.present.figures import Figure
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import available, key_of, measure_columns, wide

BY_REP = ("new_deals", "won_deals", "win_rate", "revenue", "plan_attainment", "average_check:median")
WORK = ("sales_actions_per_day", "tasks_on_time", "deals_without_task")
SHOWN = 60


def results(study: Study) -> Table | Sentences:
    """Return the reps' figures in the order of names, shares with their intervals, the department last."""
    notes = [
        study.say(
            "In the order of names. Whether a difference is more than chance, or due to the leads a rep was"
            " given, is not decided here. Deals count for their present owner."
        )
    ]
    title = study.say("Reps, {period}", period=study.period_text())
    return _by_rep(study, BY_REP, "reps", title, notes)


def work(study: Study) -> Table | Sentences:
    """Return how the reps work: actions a day, tasks on time, open deals without a task."""
    return _by_rep(study, WORK, "work", study.say("How the reps work"), [])


def _by_rep(
    study: Study, names: Sequence[str], name: str, title: str, notes: Sequence[str]
) -> Table | Sentences:
    whole, figures = study.evaluate(names), study.evaluate(names, by=["manager"])
    told = available(figures, names)
    if not told:
        return unavailable(study, names, by=["manager"])
    frame = wide(figures, told, ["manager"])
    estimated = [key_of(one) for one in told if not study.measure(one).is_exact]
    exact = [key_of(one) for one in told if study.measure(one).is_exact]
    present = (frame[[f"{key}_n" for key in estimated]] > 0).any(axis=1)
    planned = frame[exact].notna().any(axis=1) & frame["manager"].notna()
    frame = frame[present | planned].sort_values("manager", na_position="last", ignore_index=True)
    department = wide(whole.assign(manager=study.say("The whole department")), told, ["manager"])
    columns = [Column("manager", study.say("Rep")), *measure_columns(study, told)]
    rows = pd.concat([frame, department], ignore_index=True)
    return study.table(rows, name, title, columns, notes, foot=1, shown=SHOWN)


def win_rates(study: Study) -> Figure | Sentences:
    """Return the reps' win rates with intervals, in the order of names, the department's as a line."""
    figures = study.evaluate("win_rate", by=["manager"])
    figures = figures[figures["n"] > 0]
    if figures.empty:
        return unavailable(study, ["win_rate"], by=["manager"])
    whole = study.evaluate("win_rate")
    enough = whole["n"].item() >= study.crm.settings.limits.few_cases
    plate = study.plate(
        "win_rate_by_rep",
        N_("Win rate by rep with its 95 % interval: the longer the line, the less is known"),
        N_("Win rate"),
        N_("Rep"),
    )
    line = (study.say("department"), whole["value"].item()) if enough else None
    return charts.share_dots(figures, "manager", plate, reference=line)


def revenue(study: Study) -> Figure | Sentences:
    """Return revenue by rep, in the order of names."""
    figures = study.evaluate("revenue", by=["manager"])
    figures = figures[figures["n"] > 0]
    if figures.empty:
        return unavailable(study, ["revenue"], by=["manager"])
    plate = study.plate("revenue_by_rep", N_("Revenue by rep"), N_("Revenue"), N_("Rep"))
    return charts.group_bars(figures, "manager", plate, meaning="won", order="name", shown=SHOWN)
