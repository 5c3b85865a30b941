"""How deals really go (notebook 02): the process map, how straight they go, and the paths that most take."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import N_
from crmkit.facts import is_status
from crmkit.present.grounds import log_of, no_history, places_of
from crmkit.present.process_map import pipelines_by_moves, process_map
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import counted
from crmkit.process.flows import directly_follows, starts
from crmkit.process.paths import path_shares, variants
from crmkit.stagelog import StageLog

#: How many of the most frequent paths are told.
PATHS = 12
SHARES = {
    "most_frequent": N_("On the most frequent path"),
    "happy": N_("On the way as it is meant, nothing left out, nothing repeated"),
    "in_order": N_("Only forward, leaving out allowed"),
    "skipped": N_("Left out a stage"),
    "rework": N_("Came back to a stage"),
}


def maps(study: Study) -> Several | Sentences:
    """Return the process map, one a pipeline, the busiest first."""
    what = N_("The process map is drawn from the history of stages; this export has none.")
    if lacking := no_history(study, what):
        return lacking
    log = log_of(study, places_of(study))
    edges, begun = directly_follows(log), starts(log)
    if edges.empty:
        return Sentences.of(study.words, [N_("No deal of the period moved from one stage to another.")])
    many = pipelines_by_moves(edges, log.order)
    names = {code: f"process_map_{number}" if number else "process_map" for number, code in enumerate(many)}
    drawn = [
        process_map(edges, log.order, study.formats, pipeline=code, name=names[code], starts=begun)
        for code in many
    ]
    return Several(tuple(drawn))


def shares_of(study: Study, log: StageLog) -> pd.DataFrame:
    """Return which shares of the deals keep to the order of the stages."""
    won, lost = is_status(study.crm, "won"), is_status(study.crm, "lost")
    return path_shares(log, won=won, lost=lost)


def ways(study: Study) -> Several | Sentences:
    """Return how straight the deals go, and the paths that most of them take."""
    what = N_("The paths of deals are read from the history of stages; this export has none.")
    if lacking := no_history(study, what):
        return lacking
    log = log_of(study, places_of(study))
    return Several((_straight(study, log), _paths(study, log)))


def _straight(study: Study, log: StageLog) -> Table:
    rows = shares_of(study, log).set_index("share").loc[list(SHARES)].reset_index()
    frame = rows.assign(
        name=[study.words.message(SHARES[name]) for name in rows["share"]],
        **counted("value", rows["k"], rows["n"]), value_low=rows["low"], value_high=rows["high"],
    )  # fmt: skip
    columns = [
        Column("name", study.say("Deals")),
        Column("value", study.say("Share"), "share"),
        Column("value_n", study.say("Of how many"), "count"),
    ]
    note = study.say(
        "A deal still on its way counts as on the way that is meant as long as it left out and repeated"
        " nothing; a lost one has left it."
    )
    return study.table(frame, "path_shares", study.say("How straight deals go"), columns, [note])


def _paths(study: Study, log: StageLog) -> Table:
    found = variants(log)
    labels = log.order.table["stage"].astype("str").tolist()
    total = int(found["n"].sum())
    frame = found.head(PATHS).assign(
        path=[" → ".join(labels[code] for code in path) for path in found["path"].head(PATHS)],
        **counted("share", found["n"], total),
    )
    columns = [
        Column("path", study.say("Path")),
        Column("n", study.say("Deals"), "count"),
        Column("share", study.say("Share of the deals"), "share"),
    ]
    rest = len(found) - len(frame)
    notes = []
    if rest:
        notes.append(
            study.words.plural("{n} rarer path is not shown.", "{n} rarer paths are not shown.", rest)
        )
    if log.ties:
        notes.append(
            study.words.plural(
                "{n} move has no time between its two stages: there the order of the stages counts.",
                "{n} moves have no time between their two stages: there the order of the stages counts.",
                log.ties,
            )
        )
    return study.table(frame, "paths", study.say("The paths that most deals take"), columns, notes)
