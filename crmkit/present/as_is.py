"""The process as it is (notebook 02): what is described, what the history tells, and both side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.measures.records import plain_rows
from crmkit.present import accounting as account
from crmkit.present import beside as sides
from crmkit.present import conformance as keeping
from crmkit.present.drawing import Diagram
from crmkit.present.grounds import (
    BEGIN,
    HISTORY,
    NO_HISTORY,
    examined,
    has_history,
    log_of,
    no_description,
    no_history,
    places_of,
)  # fmt: skip
from crmkit.present.lanes import flow_diagram
from crmkit.present.lint import lint_findings, lint_table
from crmkit.present.process_table import process_table
from crmkit.present.process_ways import SHARES, maps, shares_of, ways
from crmkit.present.reasons import missing
from crmkit.present.several import Several
from crmkit.present.stage_pictures import funnel as drawn_funnel
from crmkit.present.stage_pictures import time_in_stage
from crmkit.present.study import Study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences, Tile, Tiles
from crmkit.process.conformance import conforming

__all__ = [
    "beside", "by_rep", "conformance", "described", "deviations", "flow", "funnel", "headline", "lint",
    "maps", "not_told", "refusals", "steps", "summary", "times", "ways",
]  # fmt: skip


def headline(study: Study) -> Tiles:
    """Return what there is: steps, places to mend, deals, their paths, how many go as described."""
    process, words, formats = study.processes.as_is, study.words, study.formats
    tiles = []
    if process is None:
        tiles.append(Tile(words.say("Steps described"), formats.count(0), (), words.say("not described yet")))
    else:
        tiles.append(Tile(words.say("Steps described"), formats.count(len(process.steps))))
        found = lint_findings(study.crm, process, study.report)
        tiles.append(Tile(words.say("Places of the description to mend"), formats.count(len(found))))
    if has_history(study):
        log = log_of(study, places_of(study))
        deals = len(pd.unique(log.deal))
        tiles.append(Tile(words.say("Deals begun in the period, with a history"), formats.count(deals)))
        shares = shares_of(study, log).set_index("share")
        for name in ("happy", "rework"):
            tiles.append(_share(study, SHARES[name], shares.loc[name].to_dict()))
        if process is not None:
            row = conforming(examined(study, process)).iloc[0].to_dict()
            tiles.append(_share(study, N_("Deals without any deviation"), row))
    else:
        tiles.append(
            Tile(words.say("History of stages"), words.say("not in this export"), (), "", "not_in_export")
        )
    return Tiles(tuple(tiles), study.language)


def _share(study: Study, name: Message, row: dict[str, Any]) -> Tile:
    k = row["k"] if "k" in row else row["numerator"]
    row = row | {"unit": "share", "state": "ok", "numerator": k, "denominator": row["n"]}
    limits = study.crm.settings.limits
    return Tile.of(row, name=study.words.message(name), formats=study.formats, limits=limits)


def summary(study: Study) -> Sentences:
    """Return what this notebook rests on, and what was repaired in the descriptions."""
    process, said = study.processes.as_is, list[Message | str]()
    tone = "plain"
    if process is None:
        said.append(study.words.say(BEGIN.text, client=study.client.folder.name))
        tone = "warning"
    elif not places_of(study).is_described and has_history(study):
        said.append(
            N_("No CRM stage is tied to a step of the description, so the figures below are by CRM stage.")
        )
        tone = "warning"
    if not has_history(study):
        said += [NO_HISTORY, *missing(study.crm, HISTORY)]
        tone = "warning"
    else:
        text = N_("Deals that began in the period, {period}; times and ways up to {day}.",
                  period=study.period_text(), day=study.formats.moment(study.crm.as_of))  # fmt: skip
        said.append(text)
    said += study.processes.repairs
    for wanted, written in places_of(study).repaired:
        said.append(N_("The CRM stage «{wanted}» was taken for «{written}».", wanted=wanted, written=written))
    return Sentences.of(study.words, said, tone)  # type: ignore[arg-type]


def flow(study: Study) -> Diagram | Sentences:
    """Return the picture of the process as it is described."""
    process = study.processes.as_is
    return flow_diagram(process, study.formats, name="flow_as_is") if process else no_description(study)


def described(study: Study) -> Table | Sentences:
    """Return the table of the process as it is described."""
    process = study.processes.as_is
    return process_table(study, process, "process_as_is") if process else no_description(study)


def lint(study: Study) -> Table | Sentences:
    """Return what is to be mended in the description."""
    process = study.processes.as_is
    return lint_table(study, process) if process else no_description(study)


def funnel(study: Study) -> Several | Sentences:
    """Return how far the deals come and how long they stand, as pictures."""
    what = N_("How far deals come is read from the history of stages; this export has none.")
    if lacking := no_history(study, what):
        return lacking
    rows = account.account_of(study, places_of(study))
    rows = rows[((rows["entries"] > 0) | (rows["step_ix"] >= 0)).to_numpy()].reset_index(drop=True)
    hours, limits = study.crm.settings.calendar.hours_per_day, study.crm.settings.limits
    inside = (rows["step_ix"] >= 0).to_numpy()
    parts = {"stage_times": rows[inside], "stage_times_others": rows[~inside]}  # norms of a kind on one scale
    pictures = [drawn_funnel(rows, study.formats, limits=limits)]
    pictures += [
        time_in_stage(
            part.reset_index(drop=True), study.formats, name=name, hours_per_day=hours, limits=limits
        )
        for name, part in parts.items()
        if len(part)
    ]
    study.found["accounting"] = plain_rows(rows)
    return Several(tuple(pictures))


def steps(study: Study) -> account.Block:
    """Return how the visits to each place ended."""
    what = N_("How visits end is read from the history of stages; this export has none.")
    return no_history(study, what) or account.ways(study, places_of(study))


def times(study: Study) -> Several:
    """Return how long the visits last, and what stands where now."""
    places = places_of(study)
    lasting = (account.times(study, places),) if has_history(study) else ()
    return Several((*lasting, account.standing(study, places)))


def refusals(study: Study) -> account.Block:
    """Return why deals are lost at each place."""
    what = N_("Where deals are lost is read from the history of stages; this export has none.")
    return no_history(study, what) or account.refusals(study, places_of(study))


def by_rep(study: Study) -> account.Block:
    """Return who takes how long, and loses whom, at each place."""
    what = N_("Who takes how long is read from the history of stages; this export has none.")
    return no_history(study, what) or account.by_rep(study, places_of(study))


def beside(study: Study) -> Table | Sentences:
    """Return what people say of each step beside what the data says."""
    process = study.processes.as_is
    return no_description(study) if process is None else sides.page(study, process)


def conformance(study: Study) -> Several | Sentences:
    """Return how many deals go as described, by kind of deviation, step and rep."""
    process = study.processes.as_is
    if process is None:
        return no_description(study)
    what = N_("Whether deals keep to the process is read from the history of stages; this export has none.")
    if lacking := no_history(study, what):
        return lacking
    found = examined(study, process)
    study.found["conformance"] = plain_rows(conforming(found, "kind"))
    parts = (
        keeping.summary(study, found), keeping.by_kind(study, found),
        keeping.by_step(study, found), keeping.by_rep(study, found),
    )  # fmt: skip
    return Several(parts)


def deviations(study: Study) -> Table | Sentences:
    """Return every deviation with its deal."""
    process = study.processes.as_is
    if process is None or not has_history(study):
        return Sentences.of(study.words, [N_("There is nothing to list.")])
    return keeping.deviations_table(study, examined(study, process))


def not_told(study: Study) -> Sentences:
    """Return what the export lacks for these pages, and how to get it."""
    needs = dict.fromkeys((HISTORY, "stages.norm_days", "deals.lost_reason", "deals.amount", "managers.role"))
    lacks = [one for need in needs for one in missing(study.crm, ", ".join(study.crm.lacks([need])))]
    nothing = N_("Everything that these pages tell could be told from the export.")
    return Sentences.of(study.words, list(lacks) or [nothing], "warning" if lacks else "plain")
