"""The reps' pages of the KPI report: results with their intervals, and how they work."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import N_
from crmkit.present import charts
from crmkit.present.appendix import unavailable
from crmkit.present.figures import Figure
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import available, measure_columns, wide

BY_REP = (
    "new_deals",
    "won_deals",
    "lost_deals",
    "win_rate",
    "revenue",
    "average_check:median",
    "plan_attainment",
)
WORK = ("sales_actions_per_day", "tasks_on_time", "deals_without_task")


def results(study: Study) -> Table:
    """Return the reps' figures in the order of their names, shares with their intervals, the department last."""
    names = list(BY_REP)
    by_rep = study.evaluate(names, by=["manager"])
    names = available(study, by_rep, names)
    active = by_rep[by_rep["n"] > 0][["manager"]].drop_duplicates()
    frame = active.merge(wide(by_rep, names, ["manager"]), how="left", on="manager", validate="1:1")
    frame = frame.sort_values("manager", na_position="last", ignore_index=True)
    whole = wide(study.evaluate(names).assign(manager=study.say("The whole department")), names, ["manager"])
    frame = pd.concat([frame, whole], ignore_index=True)
    notes = [
        study.say(
            "In the order of names. Whether a difference is more than chance, or due to the leads a rep was given, is not decided here. Deals count for their present owner."
        )
    ]
    columns = [Column("manager", study.say("Rep")), *measure_columns(study, names)]
    return study.table(
        frame,
        "reps",
        study.say("Reps, {period}", period=study.period_text()),
        columns,
        notes,
        foot=1,
        shown=60,
    )


def win_rates(study: Study) -> Figure | Sentences:
    """Return the reps' win rates with intervals, in the order of names, the department's as a line."""
    figures = study.evaluate("win_rate", by=["manager"])
    figures = figures[figures["n"] > 0]
    if figures.empty:
        return unavailable(study, ["win_rate"], by=["manager"])
    whole = study.evaluate("win_rate")["value"].iloc[0]
    plate = study.plate(
        "win_rate_by_rep",
        N_("Win rate by rep with its 95 % interval: the longer the line, the less is known"),
        N_("Win rate"),
        N_("Rep"),
    )
    return charts.share_dots(figures, "manager", plate, reference=(study.say("department"), whole))


def revenue(study: Study) -> Figure | Sentences:
    """Return revenue by rep."""
    figures = study.evaluate("revenue", by=["manager"])
    figures = figures[figures["n"] > 0]
    if figures.empty:
        return unavailable(study, ["revenue"], by=["manager"])
    plate = study.plate("revenue_by_rep", N_("Revenue by rep"), N_("Revenue"), N_("Rep"))
    return charts.group_bars(figures, "manager", plate, meaning="won", shown=40)


def work(study: Study) -> Table | Sentences:
    """Return how the reps work: actions a day, tasks on time, open deals without a task."""
    figures = study.evaluate(list(WORK), by=["manager"])
    names = available(study, figures, WORK)
    if not names:
        return unavailable(study, WORK)
    frame = wide(figures, names, ["manager"]).sort_values("manager", na_position="last", ignore_index=True)
    whole = wide(study.evaluate(names).assign(manager=study.say("The whole department")), names, ["manager"])
    columns = [Column("manager", study.say("Rep")), *measure_columns(study, names)]
    return study.table(
        pd.concat([frame, whole], ignore_index=True),
        "work",
        study.say("How the reps work"),
        columns,
        foot=1,
        shown=60,
    )
