"""The stages of the KPI report: what became of the visits to each, and how long they took."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import N_
from crmkit.measures.summaries import FIGURES
from crmkit.present.appendix import unavailable
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import counted
from crmkit.process.accounting import accounting
from crmkit.process.steps import stages_as_places

TOLD = {"stage_conversion:passed": "conversion", "time_in_stage:median": "days"}
WAYS = {
    "advanced": N_("Went on"), "lost": N_("Lost there"), "moved_back": N_("Went back"),
    "other_pipeline": N_("To another pipeline"), "still_there": N_("Still there"),
    "unknown": N_("Not known"),
}  # fmt: skip
VISITS = N_(
    "Each visit that began in the period ends in exactly one way; together they are the visits."
    " The conversion is of those that are over; a stage that was skipped counts as passed."
)
COUNTS = ("entries", *WAYS, "skipped")
PLACES = {"pipeline": N_("Pipeline"), "stage": N_("Stage")}


def visits(study: Study) -> Table | Sentences:
    """Return for each stage how the visits to it ended, the conversion, the skips and the median time."""
    outcomes = accounting(study.crm, study.period, stages_as_places(study.crm))
    outcomes = outcomes.loc[(outcomes["entries"] + outcomes["skipped"]) > 0, [*PLACES, *COUNTS]]
    by = ["pipeline"] * (len(outcomes["pipeline"].unique()) > 1) + ["stage"]
    figures = study.evaluate(list(TOLD), by=by)
    conversion = figures[figures["measure"] == "stage_conversion"]
    if conversion["value"].isna().all() or outcomes.empty:
        return unavailable(study, list(TOLD), by=by)
    rows = outcomes.astype(dict.fromkeys(by, "str"))
    for name, key in TOLD.items():
        one = figures[figures["measure"] == name.split(":")[0]]
        names = {part: f"{key}_{part}" for part in FIGURES} | {"value": key}
        rows = rows.merge(one[[*by, *FIGURES]].rename(columns=names), how="left", on=by, validate="1:1")
    whole = rows["conversion_n"]
    rows = rows.assign(
        skips=rows["skipped"] / whole.where(whole > 0), **counted("skips", rows["skipped"], whole)
    )
    columns = [
        *(Column(name, study.words.message(PLACES[name])) for name in by),
        *how_visits_end(study, rows),
        Column("skips", study.say("Skipped"), "share", "lower"),
        Column("days", study.title("time_in_stage"), "days", gated=True),
    ]  # fmt: skip
    title = study.say("The stages, {period}", period=study.period_text())
    return study.table(rows, "stages", title, columns, _notes(study))


def how_visits_end(study: Study, rows: pd.DataFrame) -> list[Column]:
    """Return the columns of visits, of the ways in which they end, and of the conversion."""
    ways = [name for name in WAYS if rows[name].any() or name not in ("other_pipeline", "unknown")]
    return [
        Column("entries", study.say("Visits"), "count"),
        *(Column(name, study.words.message(WAYS[name]), "count") for name in ways),
        Column("conversion", study.title("stage_conversion"), "share", "higher"),
    ]


def _notes(study: Study) -> list[str]:
    notes = [study.words.message(VISITS)]
    loops = sum(
        record["n"]
        for record in study.left_out.values()
        if (record["measure"], record["variant"], record["reason"])
        == ("stage_conversion", "passed", "self_loop")
    )
    if loops:
        notes.append(
            study.words.plural(
                "{n} change from a stage to itself was collapsed.",
                "{n} changes from a stage to itself were collapsed.",
                int(loops),
            )
        )
    return notes
