"""The account of the process as tables: what became of the deals at each step, how long, whose, why lost."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmkit.errors import N_
from crmkit.present.process_texts import norm_text
from crmkit.present.slicing import names_of_reps
from crmkit.present.stages import PLACES, VISITS, WAYS, how_visits_end
from crmkit.present.tables import Column, Table
from crmkit.present.texts import MISSING, is_missing
from crmkit.present.tiles import Sentences
from crmkit.process.accounting import accounting, missing
from crmkit.process.accounting import refusals as reasons_of_losses
from crmkit.process.description import Norm

if TYPE_CHECKING:
    from crmkit.present.study import Study
    from crmkit.process.steps import StepMap

Block = Table | Sentences
#: Reasons of losses that a page shows of a place at first: the most frequent ones.
REASONS_SHOWN = 2
STOCK = ("money_now", "open_over_norm", "money_over_norm")


def tables(study: Study, places: StepMap) -> tuple[Block, ...]:
    """Return the whole account: what became of the visits, times, what stands now, by rep, reasons of losses.

    Parameters
    ----------
    places: the described steps, or the CRM stages. What the export cannot tell is a sentence that says why.
    """
    made: list[Block] = []
    for make in (ways, times, standing, by_rep, refusals):
        block = make(study, places)
        if not (isinstance(block, Sentences) and block in made):  # why it cannot be told is said once
            made.append(block)
    return tuple(made)


def ways(study: Study, places: StepMap) -> Block:
    """Return how the visits to each place ended, and the conversion."""
    if why := _untold(study, places, "entries"):
        return why
    rows = _rows(study, places)
    columns = [
        *how_visits_end(study, rows),
        Column("returned", study.say("Came again"), "count"),
        Column("skipped", study.say("Passed over"), "count"),
    ]
    notes = [study.words.message(VISITS), *study.why(study.crm.partial.get("stage_changes"))]
    title = study.say("What became of the deals, {period}", period=study.period_text())
    return _table(study, rows, "account_ways", title, columns, notes)


def times(study: Study, places: StepMap) -> Block:
    """Return how long the visits to each place last, what is over the norm, how busy they are."""
    if why := _untold(study, places, "days_median"):
        return why
    rows, lacks = _rows(study, places), missing(study.crm, study.period, places)
    norms = zip(rows["norm_amount"], rows["norm_unit"], strict=True)
    rows["norm"] = [
        norm_text(
            None if is_missing(one) else Norm.model_validate({"amount": one, "unit": unit}), study.formats
        )
        or MISSING
        for one, unit in norms
    ]
    columns = [
        Column("working_days_median", study.say("Half: working days"), "days", gated=True, bare=True),
        Column("working_days_p90", study.say("Nine of ten: working days"), "days", gated=True, bare=True),
        Column("days_median", study.say("Half: calendar days"), "days", gated=True, bare=True),
        Column("norm", study.say("Norm")),
        Column("over_norm", study.say("Over the norm"), "share", "lower"),
        Column("actions", study.say("Actions a visit"), "number", gated=True),
        Column("owner_changes", study.say("Changes of owner a visit"), "number", gated=True),
    ]
    lacking = {*lacks, *(["norm"] if "over_norm" in lacks else [])}
    kept = [column for column in columns if column.key not in lacking]
    notes = [
        study.say(
            "Visits that still go on are taken into account: half of the visits to a stage end within the"
            " days told. Over the norm: of the visits that have ended or passed it."
        ),
        *study.why(study.crm.partial.get("stage_changes")),
        *_why(study, lacks, ("over_norm", "actions", "owner_changes")),
    ]
    title = study.say("How long deals stand, {period}", period=study.period_text())
    return _table(study, rows, "account_times", title, kept, notes)


def standing(study: Study, places: StepMap) -> Block:
    """Return what stands at each place at ``as_of``: deals, money, and how much of it over the norm."""
    if why := _untold(study, places, "open_now"):
        return why
    rows, lacks = _rows(study, places), missing(study.crm, study.period, places)
    columns = [
        Column("open_now", study.say("Deals now"), "count"),
        Column("money_now", study.say("Money now"), "money"),
        Column("open_without_amount", study.say("Without an amount"), "count"),
        Column("open_over_norm", study.say("Deals over the norm"), "count", "lower"),
        Column("money_over_norm", study.say("Money over the norm"), "money", "lower"),
    ]
    kept = [column for column in columns if column.key not in lacks]
    title = study.say("What stands where on {day}", day=study.formats.day(study.crm.as_of.date()))
    return _table(study, rows, "account_standing", title, kept, _why(study, lacks, STOCK))


def by_rep(study: Study, places: StepMap) -> Block:
    """Return who takes how long, and loses whom, at each place."""
    if why := _untold(study, places, "entries"):
        return why
    if nobody := study.crm.lacks(["deals.manager_id|stage_changes.manager_id"]):
        return Sentences.of(study.words, study.why(", ".join(nobody)), "warning")
    rows = accounting(study.crm, study.period, places, by_rep=True)
    rows = _of_process(rows[rows["entries"] > 0])
    names = rows["manager_id"].map(names_of_reps(study))
    rows = rows.assign(rep=names.fillna(rows["manager_id"]), where=_where(rows))
    order = {where: number for number, where in enumerate(dict.fromkeys(rows["where"]))}
    rows = rows.sort_values(["where", "rep"], key=lambda one: one.map(order) if one.name == "where" else one)
    columns = [
        Column("where", study.say("Stage")),
        Column("rep", study.say("Rep")),
        Column("entries", study.say("Visits"), "count"),
        Column("conversion", study.title("stage_conversion"), "share", "higher"),
        Column("lost", study.words.message(WAYS["lost"]), "count"),
        Column("working_days_median", study.say("Half: working days"), "days", gated=True, bare=True),
        *([] if rows["over_norm"].isna().all() else [
            Column("over_norm", study.say("Over the norm"), "share", "lower"),
        ]),
    ]  # fmt: skip
    notes = [
        study.say(
            "A visit belongs to the rep who owned the deal on coming there. In the order of names. Whether a"
            " difference is more than chance, or due to the leads a rep was given, is not decided here."
        )
    ]
    title = study.say("Who takes how long, and loses how many, {period}", period=study.period_text())
    folded = range(int((rows["where"] == rows["where"].iloc[0]).sum()), len(rows)) if len(rows) else ()
    return study.table(
        rows, "account_by_rep", title, columns, notes, parted="where", shown=200, folded=folded
    )


def refusals(study: Study, places: StepMap) -> Block:
    """Return why deals are lost at each place."""
    if why := _untold(study, places, "refusals"):
        return why
    rows = _of_process(reasons_of_losses(study.crm, study.period, places))
    if rows.empty:
        return Sentences.of(study.words, [N_("No deal was lost in this period.")])
    rows = rows.assign(where=_where(rows))
    rows["lost_reason"] = rows["lost_reason"].where(rows["lost_reason"].notna(), study.say("no reason given"))
    columns = [
        Column("where", study.say("Stage")), Column("lost_reason", study.say("Reason")),
        Column("n", study.say("Deals lost"), "count"),
        Column("share", study.say("Share of the losses there"), "share"),
    ]  # fmt: skip
    title = study.say("Why deals are lost, {period}", period=study.period_text())
    folded = np.flatnonzero(rows.groupby("where", sort=False).cumcount() >= REASONS_SHOWN).tolist()
    return study.table(rows, "account_refusals", title, columns, parted="where", shown=200, folded=folded)


def _of_process(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the described process, without other pipelines; all rows without a description."""
    described = rows["step_ix"] >= 0
    return rows[rows["pipeline"].isin(rows["pipeline"][described])] if described.any() else rows


@lru_cache(maxsize=4)
def account_of(study: Study, places: StepMap) -> pd.DataFrame:
    """Return the account of the study's period, reckoned once; not to be changed."""
    return accounting(study.crm, study.period, places)


def _rows(study: Study, places: StepMap) -> pd.DataFrame:
    """Return the account of the described steps and of what is used besides."""
    rows = account_of(study, places)
    used = (rows[["entries", "skipped", "open_now"]] > 0).any(axis=1)
    return rows[used | (rows["step_ix"] >= 0)].reset_index(drop=True)


def _table(
    study: Study, rows: pd.DataFrame, name: str, title: str, columns: Sequence[Column], notes: Sequence[str]
) -> Table:
    several = len(rows["pipeline"].unique()) > 1
    head = [Column("stage", study.words.message(PLACES["stage"]))]
    parted = "pipeline" if several and rows["pipeline"].notna().all() else ""
    if several:
        head.insert(0, Column("pipeline", study.words.message(PLACES["pipeline"])))
    described = study.say("The described process")
    rows = rows.assign(pipeline=rows["pipeline"].astype("str").replace("", described))
    return study.table(rows, name, title, [*head, *columns], notes, parted=parted, shown=60)


def _where(rows: pd.DataFrame) -> list[str]:
    """Return what each row's place is called, with its pipeline where there are several."""
    several = len(rows["pipeline"].unique()) > 1
    pairs = zip(rows["pipeline"], rows["stage"], strict=True)
    return [
        f"{pipeline} · {stage}" if several and isinstance(pipeline, str) and pipeline else str(stage)
        for pipeline, stage in pairs
    ]


def _untold(study: Study, places: StepMap, part: str) -> Sentences | None:
    """Return why a part of the account cannot be told, if it cannot."""
    code = missing(study.crm, study.period, places).get(part, "")
    return Sentences.of(study.words, study.why(code), "warning") if code else None


def _why(study: Study, lacks: dict[str, str], parts: Sequence[str]) -> list[str]:
    said = [sentence for part in parts if part in lacks for sentence in study.why(lacks[part])]
    return list(dict.fromkeys(said))
