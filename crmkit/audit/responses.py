"""Checks of how soon reps answer: the first response, the proposal (METHOD 5.1: 16, 17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import communications, first_after, first_responses, named, next_day_ends, worked_hours
from crmkit.audit.checks import Examined, check
from crmkit.audit.seeing import begun, by_measure, moments
from crmkit.errors import N_
from crmkit.facts import (
    NEVER,
    BoolArray,
    IntArray,
    day_of,
    is_status,
    is_technical,
    micros,
    midnights,
    within,
)
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stagelog import first_of_run, owners, stage_log
from crmkit.stages import ADVANCED, STILL_THERE, StageOrder, coded_stages, stage_order
from crmkit.visits import stage_visits

Codes = npt.NDArray[np.signedinteger]
RESPONSE = "first_response_time:share_in_norm"
PREPARATION = "proposal preparation"
#: After the moment itself: what was done in the very moment of entering a stage was done before it.
_LATER = 1000


@check(
    "H16", title="Leads answered too late", about="inbound leads", severity="critical", mendable=False,
    needs={"deals.created_at", "deals.created_at=time", "activities.at", "activities.at=time",
           "activities.direction"},
    says=[
        N_("came on {since}, answered in working hour {number}; the norm is {norm}"),
        N_("came on {since}, not answered: working hour {number} of waiting; the norm is {norm}"),
    ],
)  # fmt: skip
def leads_answered_late(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Inbound leads to which no rep turned within the norm of working hours (one) after they came.

    An answer is the first outgoing call, letter or message by a rep. Nights and days off do not count; a lead
    whose hour is not over yet, and one that came before communications were recorded, are not judged, nor is
    anybody where the export tells only calls: the answer may have been a letter. Technical losses that nobody
    answered are not looked at.

    Evidence: the lead, when it came, and in which working hour it was answered, or that it still waits.
    Why: who has asked three suppliers buys of the one who answers first; after an hour most have gone on.
    Fix: name who is on duty, let the CRM notify them of each lead, and call first, write afterwards.
    """
    created, hours = micros(crm.deals["created_at"]), first_responses(crm)
    now = np.full(len(created), micros(pd.Series([crm.as_of]))[0])
    waits = np.isnan(hours)
    log = stage_log(crm)
    seen = by_measure(
        RESPONSE, crm, period, offends=lambda cases: np.asarray(cases["value"] == 0),
        since=crm.deals["created_at"], kind=waits.astype(np.int8),
        number=np.ceil(np.where(waits, worked_hours(crm, created, now), hours)),
        norm=np.full(len(created), crm.settings.limits.first_response_hours),
        owner=_owners(crm, log.deal, log.manager),
    )  # fmt: skip
    return [_told_of(crm, seen, created)]


def _told_of(crm: Snapshot, seen: Examined, since: IntArray) -> Examined:
    """Take out those whom communications that are not in the export may have saved."""
    untold = seen.wrong & (since < begun(crm, "activities"))
    untold = seen.checked & (untold | (crm.partial.get("activities") == "calls_only"))
    return replace(seen, checked=seen.checked & ~untold, unknown={**seen.unknown, "not_recorded": untold})


def _owners(crm: Snapshot, deal: Codes, manager: Codes) -> pd.Categorical:
    """Return who owned each deal at the first of some rows, sorted by deal; else its present owner."""
    _, present, names = owners(crm)
    first, codes = first_of_run(deal), present.copy()
    codes[deal[first]] = np.where(manager[first] >= 0, manager[first], present[deal[first]])
    return pd.Categorical.from_codes(codes, names, validate=False)


@check(
    "H17", title="Proposals sent too late", about="deals that came to the proposal", severity="major",
    mendable=False, needs={
        "stage_changes.to_stage", "deals.deal_id", "stages.process_step", "activities.at",
        "activities.direction", "activities.kind=email|activities.kind=messenger",
    },
    says=[
        N_("in the stage since {since}, sent on working day {number} after it; the norm is {norm}"),
        N_("in the stage since {since}, not sent: working day {number} after it; the norm is {norm}"),
    ],
)  # fmt: skip
def proposals_late(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Deals whose proposal was not sent by the end of the working day after they entered its stage.

    The stage is the one whose process step in client.yml is «proposal preparation», entered for the first
    time. As sent counts what came first: a letter or message to the client, a meeting, a task done that is no
    call, or that the deal went on to a later stage. A deal whose day is not over yet is not looked at, nor is
    one that was closed, or left the stage otherwise, before; one that came before communications were
    recorded is not judged.

    Evidence: the deal, when it entered the stage, on which working day after it the proposal was sent, or
    that it was not; who owned it on entering.
    Why: a proposal that comes a week later meets another's that has been discussed already.
    Fix: prepare templates and price lists, so that a proposal takes an hour; set a task for the same day.
    """
    deal, entered, manager, left, outcome = _entries(crm, period)
    since, gone, onward = np.full((3, len(crm.deals)), NEVER)
    came, ended = np.zeros((2, len(crm.deals)), dtype=bool)
    since[deal], gone[deal] = entered, left
    onward[deal] = np.where(outcome == ADVANCED, left, NEVER)
    came[deal], ended[deal] = ~is_technical(crm)[deal], outcome != STILL_THERE
    start = moments(crm, since)
    sent = _sent(crm, start)
    sent[(gone != NEVER) & (sent > gone)] = NEVER
    sent = np.where(sent == NEVER, onward, sent)
    ends, now = next_day_ends(crm, start), micros(pd.Series([crm.as_of]))[0]
    over = (ends <= now + 1) & ~((gone != NEVER) & (gone < ends) & (sent == NEVER))
    until = moments(crm, np.where(sent != NEVER, sent, np.where(gone != NEVER, gone, now)))
    days = (day_of(each) + pd.Timedelta(days=1) for each in (start, until))
    number = np.maximum(crm.settings.calendar.working_days_between(*days), 2)
    late, untold = (sent == NEVER) | (sent >= ends), came & (since == NEVER)
    untold |= _stands_there(crm) & stage_visits(crm).without_history
    undated = came & ~untold & late & ended & (gone == NEVER)
    seen = Examined(
        "deals", came & ~untold & ~undated & over, late, start, (sent == NEVER).astype(np.int8),
        number=number, norm=np.ones(len(came)), owner=_owners(crm, deal, manager),
        unknown={"no_stage_entry": untold, "no_closing_date": undated},
    )  # fmt: skip
    return [_told_of(crm, seen, since)]


def _entries(crm: Snapshot, period: Period) -> tuple[Codes, IntArray, Codes, IntArray, Codes]:
    """Return deal, entry, owner, end and outcome of first visits to proposal stages, begun in the period."""
    visits = stage_visits(crm)
    rows = visits.rows
    places = np.flatnonzero(_prepares(visits.order)[rows["stage"].to_numpy()])
    places = places[first_of_run(rows["deal_ix"].to_numpy()[places])]
    entered = rows["entered_at"].iloc[places]
    rows = rows.iloc[places[within(entered, period) | entered.isna().to_numpy()]]
    return (
        rows["deal_ix"].to_numpy(), micros(rows["entered_at"]), rows["manager_id"].cat.codes.to_numpy(),
        micros(rows["left_at"]), rows["outcome"].to_numpy(),
    )  # fmt: skip


def _stands_there(crm: Snapshot) -> BoolArray:
    """Return which open deals stand in a proposal stage."""
    order = stage_order(crm)
    places = coded_stages(crm, order, crm.deals["stage"], np.arange(len(crm.deals)))
    return np.asarray(is_status(crm, "open") & np.append(_prepares(order), values=False)[places])


def _prepares(order: StageOrder) -> BoolArray:
    """Return which stages are those of the proposal."""
    return np.asarray(order.table["process_step"].str.casefold() == PREPARATION, dtype=bool)


def _sent(crm: Snapshot, entered: pd.Series) -> IntArray:
    """Return when something that may have been the proposal was sent or handed over after a moment."""
    written = communications(crm, "email", "messenger", "linkedin", direction="out")
    done = crm.tasks["completed_at"].notna().to_numpy() & ~named(crm.tasks["kind"], ["call"])
    found = []
    for table, moment, rows in (
        ("activities", "at", written | communications(crm, "meeting")),
        ("tasks", "completed_at", done),
    ):
        chosen, start = np.flatnonzero(rows), micros(entered)
        since = np.where(start == NEVER, NEVER, start + _LATER)
        if {"stage_changes.changed_at", f"{table}.{moment}"} & crm.whole_days:
            since = micros(midnights(crm, day_of(entered)))
        at = micros(crm.tables[table][moment].iloc[chosen])
        found.append(first_after(crm, table, (chosen, at), since=since))
    early, late = np.minimum(*found), np.maximum(*found)
    return np.where(early == NEVER, late, early)
