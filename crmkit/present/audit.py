"""The audit of CRM keeping (notebook 04): what was checked, what offends, and why it matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit import SEVERITIES, find_check, hygiene_checks
from crmkit.audit.risk import amounts_unknown, money_at_risk
from crmkit.errors import N_, Message
from crmkit.present.audit_score import NO_CHECK, by_weight, found_none
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import MISSING, begun
from crmkit.present.tiles import Sentences, Tile, Tiles
from crmkit.present.wide import counted
from crmkit.statistics.intervals import wilson

#: How a check came out, in the order of the page.
STATES: Mapping[str, Message] = {
    "failed": N_("Violations found"),
    "passed": N_("No violations"),
    "not_applicable": N_("Could not be checked"),
    "ask": N_("Has to be told in client.yml first"),
}
#: Cards of checks that a page shows unfolded.
CARDS = 6
SEVERITY_WORDS: Mapping[str, Message] = {
    "critical": N_("critical"),
    "major": N_("major"),
    "minor": N_("minor"),
}


def headline(study: Study) -> Tiles:
    """Return how many checks were made, what they found, and in how many deals."""
    states, rows, formats = study.audit.states, study.audit.violations, study.formats
    made = states[study.audit.made]
    against = rows[~rows["waived"].to_numpy(dtype=bool)]
    deals = against["deal_ix"].drop_duplicates()
    tiles = [
        Tile(
            study.say("Checks made"),
            study.say("{n} of {all}", n=formats.count(len(made)), all=formats.count(len(states))),
            (
                study.say("with violations: {n}", n=formats.count(int((made["state"] == "failed").sum()))),
                *((study.say("the others could not be made: see below"),) if len(made) < len(states) else ()),
            ),
        ),
    ]
    if made.empty:
        return Tiles(
            (*tiles, Tile(study.say("Violations"), MISSING, (study.words.message(NO_CHECK),))), study.language
        )
    tiles += [
        Tile(study.say("Violations"), formats.count(len(against)), _waived_line(study)),
        Tile(study.say("Deals with violations"), formats.count(int((deals >= 0).sum()))),
    ]
    if not amounts_unknown(study.crm):
        tiles.append(_money(study))
    return Tiles(tuple(tiles), study.language)


def _money(study: Study) -> Tile:
    """Return what the open deals with a violation are worth, each counted once."""
    row = money_at_risk(study.audit, ()).iloc[0]
    without = int(row["without_amount"])
    line = study.words.plural(
        "{n} more open deal has no amount", "{n} more open deals have no amount", without
    )
    worth = (None if row["deals"] else 0.0) if pd.isna(row["amount"]) else float(row["amount"])
    name, lines = study.say("Money in open deals with violations"), (line,) if without else ()
    return Tile(name, study.formats.money(worth), lines)


def _waived_line(study: Study) -> tuple[str, ...]:
    waived = int(study.audit.states["waived"].sum())
    if not waived:
        return ()
    return (study.words.plural("besides, {n} is waived", "besides, {n} are waived", waived),)


def span(study: Study) -> Sentences:
    """Return what was looked at: what stands open, and what happened in which time."""
    whole = study.asked.is_all
    told = (
        N_("What happened was looked at in the whole export; give a period to look at a week or a month.")
        if whole
        else N_("What happened was looked at in the period {period}.", period=study.period_text())
    )
    now = N_(
        "Open deals, open tasks and cards were looked at as they stand on {day}.",
        day=study.formats.day(study.crm.today),
    )
    return Sentences.of(study.words, [now, told])


def checks(study: Study) -> Table:
    """Return how each check came out: examined, violations and their share with its interval."""
    states = study.audit.states
    frame = states.assign(
        order=[list(STATES).index(state) for state in states["state"]],
        name=[study.say(find_check(one).title) for one in states["check"]],
        part=[study.words.message(STATES[state]) for state in states["state"]],
        weight=[study.words.message(SEVERITY_WORDS[one]) for one in states["severity"]],
        known=[_without(study, row) for row in states.to_dict("records")],
    )
    open_rows = (frame["wrong"] - frame["waived"]).to_numpy(np.float64)
    checked = frame["checked"].to_numpy(np.float64)
    made = study.audit.made
    low, high = wilson(np.where(made, open_rows, 0), np.where(made, checked, np.nan))
    frame = frame.assign(
        share=np.divide(open_rows, checked, out=np.full(len(frame), np.nan), where=made & (checked > 0)),
        **counted("share", open_rows, checked), share_low=low, share_high=high,
        open=np.where(made, open_rows, np.nan),
        checked=np.where(made, checked, np.nan),
        waived=np.where(made & (frame["waived"] > 0), frame["waived"], np.nan),
    )  # fmt: skip
    rank = frame["severity"].map(dict(SEVERITIES))
    shown = frame.assign(rank=-rank.to_numpy(np.int64)).sort_values(
        ["order", "rank", "check"], ignore_index=True
    )
    spec = [
        Column("part", study.say("State")), Column("name", study.say("What is checked")),
        Column("checked", study.say("Checked"), "count"),
        Column("open", study.say("Violations"), "count"),
        Column("share", study.say("Share with a violation"), "share", "lower"),
        Column("waived", study.say("Waived"), "count"), Column("weight", study.say("Weight")),
        Column("known", study.say("What to know")),
    ]  # fmt: skip
    empty = {"waived": frame["waived"].isna().all(), "known": not frame["known"].any()}
    spec = [one for one in spec if not empty.get(one.key)]
    title = study.say("The hygiene checks, one by one")
    return study.table(
        shown, "audit_checks", title, spec, [_weights(study)], shown=60, parted="part",
        folded=np.flatnonzero(~shown["state"].isin(["passed", "failed"])).tolist(),
    )  # fmt: skip


def _weights(study: Study) -> str:
    return study.say(
        "The weight says how much a check counts in the score: critical {critical}, major {major}, minor"
        " {minor}. In small type under a share: its 95% interval, how far chance alone may have moved it.",
        **SEVERITIES,
    )


def _without(study: Study, row: Mapping[Any, Any]) -> str:
    """Return what a check that was made had to do without."""
    if row["state"] not in ("passed", "failed") or not row["lacking"]:
        return ""
    return study.say("Seen in part.") + " " + " ".join(study.why(row["lacking"]))


def cards(study: Study) -> Table | Sentences:
    """Return for each check with violations what is wrong, why it matters and how to put it right."""
    failed = study.audit.states[study.audit.states["state"] == "failed"]["check"]
    if failed.empty:
        return found_none(study, N_("No check found a violation."))
    rows = [
        {
            "name": study.say(one.title),
            "why": begun(study.say(one.why)),
            "fix": begun(study.say(one.fix)),
        }
        for one in map(find_check, by_weight(study, failed))
    ]
    spec = [
        Column("name", study.say("What is checked")), Column("why", study.say("Why it matters")),
        Column("fix", study.say("What to do")),
    ]  # fmt: skip
    title = study.say("What the violations mean, and what to do about them")
    return study.table(
        pd.DataFrame(rows), "audit_cards", title, spec, shown=60, folded=range(CARDS, len(rows))
    )


def definitions(study: Study) -> Table:
    """Return for each check of the list what counts as a violation, and of what."""
    rows = [
        {
            "code": one.id,
            "name": study.say(one.title),
            "about": study.say(one.about),
            "what": study.say(one.definition),
        }
        for one in hygiene_checks()
    ]
    spec = [
        Column("code", study.say("No.")), Column("name", study.say("What is checked")),
        Column("about", study.say("Of what")), Column("what", study.say("What counts as a violation")),
    ]  # fmt: skip
    title = study.say("The checks in full")
    return study.table(
        pd.DataFrame(rows), "audit_definitions", title, spec, shown=60, folded=range(len(rows))
    )
