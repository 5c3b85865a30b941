"""The evidence of the audit: every row that offends, and those that could not be judged (notebook 04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit import SEVERITIES, find_check
from crmkit.audit.history import record as keep
from crmkit.errors import N_, Message, ReportError
from crmkit.present.audit_changes import changed, run_before
from crmkit.present.audit_records import Told, idle, records
from crmkit.present.audit_score import found_none
from crmkit.present.reasons import LEFT_OUT, TABLE_NAMES
from crmkit.present.several import beyond
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.violations import what_exactly

#: Rows of evidence that a page has for one check; the workbook has all.
EVIDENCE = 20
#: What programs are told of a row in the findings of a notebook; `crmkit audit` tells all of it.
KEPT = ("table", "id", "deal_id", "manager", "since", "waived")
#: How many rows of one check stand there: of 150 000 a notebook would have 60 MB.
MOST_KEPT = 1000


def evidence(study: Study) -> Table | Sentences:
    """Return the violations check by check, those that stand longest first; the workbook has all of them."""
    rows = ordered(study)
    if rows.empty:
        return found_none(study, N_("No check found a violation."))
    place = rows.groupby("check", sort=False, observed=True).cumcount()
    few = rows[(place < EVIDENCE).to_numpy()].reset_index(drop=True)
    frame = told(study, few)
    notes = []
    if len(few) < len(rows):
        notes.append(
            study.say(
                "Of each check the first {n} rows stand here; all {all} are in the workbook, on the sheet"
                " «Violations».",
                n=study.formats.count(EVIDENCE), all=study.formats.count(len(rows)),
            )
        )  # fmt: skip
    title = study.words.plural(
        "{n} violation with its evidence", "{n} violations with their evidence", len(rows)
    )
    return study.table(
        frame, "audit_evidence", title, columns(study, frame), notes, shown=len(frame), parted="part",
        folded=beyond(few["check"]),
    )  # fmt: skip


def ordered(study: Study) -> pd.DataFrame:
    """Return the violations by the weight of their check, then by how long they stand."""
    rows, states = study.audit.violations, study.audit.states
    severity = dict(zip(states["check"], states["severity"], strict=True))
    rank = rows["check"].map({one: -SEVERITIES[severity[one]] for one in severity}).to_numpy(np.int64)
    by = rows.assign(rank=rank).sort_values(
        ["rank", "check", "waived", "group", "since", "id"], kind="stable", na_position="last"
    )
    return by.drop(columns="rank").reset_index(drop=True)


def told(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Return violations as they are read: check, card, rep, what exactly, since when, and its waiver."""
    checks_of = {one: study.say(find_check(one).title) for one in rows["check"].unique()}
    tables = {name: study.words.message(TABLE_NAMES[name]) for name in rows["table"].unique()}
    return rows.assign(
        part=rows["check"].map(checks_of),
        kind_of=rows["table"].map(tables),
        rep=study.reps(rows),
        what=what_exactly(study.formats, rows),
        waiver=[_waiver(study, row) for row in rows[["waived", "waiver", "until"]].to_dict("records")],
    )


def _waiver(study: Study, row: Mapping[Any, Any]) -> str:
    if not row["waived"]:
        return ""
    return study.say(
        "waived until {day}: {reason}", day=study.formats.day(row["until"].date()), reason=row["waiver"]
    )


def columns(study: Study, frame: pd.DataFrame) -> list[Column]:
    """Return the columns of evidence; those without any value are left out."""
    spec = [
        Column("part", study.say("What is checked")), Column("rep", study.say("Rep")),
        Column("id", study.say("Number")), Column("name", study.say("Card")),
        Column("what", study.say("What exactly")), Column("since", study.say("Since"), "date"),
        Column("waiver", study.say("Waived")), Column("url", study.say("Link"), "url"),
    ]  # fmt: skip
    empty = {"waiver": not frame["waived"].any(), "url": not frame["url"].notna().any()}
    return [one for one in spec if not empty.get(one.key)]


def unjudged(study: Study) -> Table | Sentences:
    """Return the rows that a check is about and could not judge, by the reason."""
    found = study.audit.unknown
    if found.empty:
        said = [N_("Every row that a check is about could be judged.")] if study.audit.made.any() else []
        return Sentences.of(study.words, said)
    frame = found.assign(
        name=[study.say(find_check(one).title) for one in found["check"]],
        kind_of=[study.words.message(TABLE_NAMES[name]) for name in found["table"]],
        why=[study.words.message(LEFT_OUT[reason]) for reason in found["reason"]],
    )
    spec = [
        Column("name", study.say("What is checked")), Column("kind_of", study.say("Rows of")),
        Column("n", study.say("Rows"), "count"), Column("why", study.say("Why they could not be judged")),
    ]  # fmt: skip
    note = study.say("They count neither as violations nor as kept.")
    return study.table(
        frame, "audit_unknown", study.say("Rows that could not be judged"), spec, [note], shown=60
    )


def record(study: Study) -> Sentences:
    """Keep what the audit found, so that the next one tells what changed; tell programs what was found."""
    whole = study.whole_audit
    moment = study.crm.as_of.tz_convert(study.crm.settings.zone)
    told = Told(study, study.audit, changed(study), run_before(study))
    found = records(told)
    for one in found["checks"]:
        rows = one["offenders"][:MOST_KEPT]
        one["offenders"] = [{key: row[key] for key in KEPT} for row in rows]
    study.found["audit"] = [found]
    said: list[Message | str] = list(idle(told))
    try:
        path = keep(whole, study.client.folder)
    except ReportError as error:
        said.append(error.what)
        return Sentences.of(study.words, said, "warning")
    day = study.formats.day(moment.date())
    said.append(
        N_(
            "What was found is kept in the client's folder ({place}): the next audit will tell what has"
            " changed since {day}.",
            place=path.relative_to(study.client.folder).as_posix() if path else "", day=day,
        )
    )  # fmt: skip
    return Sentences.of(study.words, said)
