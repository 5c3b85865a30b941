"""What has changed in the violations since the audit before, by check and by rep (notebook 04)."""

from __future__ import annotations

import pandas as pd

from crmkit.audit.checks import find_check
from crmkit.audit.dynamics import COUNTS, compared
from crmkit.audit.history import Run, previous_run, rules_of
from crmkit.errors import N_, Message
from crmkit.present.audit_score import ORDER, SHOWN, by_name
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.words import refusing_in

HEADINGS: dict[str, Message] = {
    "open": N_("Now"),
    "new": N_("New"),
    "still": N_("Still there"),
    "moved_in": N_("Came with the deal"),
    "fixed": N_("Put right"),
    "gone": N_("Not in the export any more"),
    "excused": N_("Waived since"),
    "moved_out": N_("Went to another rep"),
}


RULES = N_(
    "The settings have changed since {day}: some of what is new or put right may come from that, not from"
    " people."
)


def run_before(study: Study) -> Run | None:
    """Return the audit kept before this one, if there is one."""
    with refusing_in(study.words):
        return previous_run(study.client.folder, study.crm.as_of.tz_convert(study.crm.settings.zone))


def day_of(study: Study, run: Run) -> str:
    """Return the day of an earlier audit as it is read."""
    return study.formats.day(run.as_of.date())


def rules_changed(study: Study, run: Run | None) -> list[str]:
    """Return a sentence if the client's settings have changed since an earlier audit."""
    if run is None or run.rules == rules_of(study.crm):
        return []
    return [study.say(RULES.text, day=day_of(study, run))]


def summed(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the counts of ``compared`` by check or by rep; of a group that tells none, missing."""
    counts = rows.astype(dict.fromkeys(COUNTS, "Float64"))
    groups = counts.groupby(by, dropna=False, observed=True, sort=True)
    return groups[list(COUNTS)].sum(min_count=1).reset_index()


def changes_by_check(study: Study) -> Table | Sentences:
    """Return for each check how many violations are new, put right and still there since the audit before."""
    rows = _told(study)
    if isinstance(rows, Sentences):
        return rows
    frame = summed(rows, "check")
    frame = frame.assign(name=[study.say(find_check(one).title) for one in frame["check"]])
    return _table(study, frame, "audit_changes", Column("name", study.say("What is checked")))


def changes_by_rep(study: Study) -> Table | Sentences:
    """Return for each check and rep what has changed; where nothing is and was, there is no row."""
    rows = _told(study)
    if isinstance(rows, Sentences):
        return rows
    some = (rows[list(COUNTS)].astype("Float64").sum(axis=1) > 0).to_numpy(dtype=bool)
    frame = by_name(study, rows[some], "manager")
    frame = frame.sort_values("check", kind="stable", ignore_index=True)
    frame = frame.assign(check_name=[study.say(find_check(one).title) for one in frame["check"]])
    return _table(
        study, frame, "audit_changes_reps", Column("check_name", study.say("What is checked")),
        Column("name", study.say("Rep")), parted="check_name",
    )  # fmt: skip


def _told(study: Study) -> pd.DataFrame | Sentences:
    """Return what ``compared`` tells of checks that can be compared, or why there is nothing to compare."""
    run = run_before(study)
    if run is None:
        first = N_("This is the first audit that is kept: what changes is told from the next one on.")
        return Sentences.of(study.words, [first])
    rows = compared(study.whole_audit, run)
    rows = rows[rows["state"].isin(["compared", "happened"])]
    if rows.empty:
        return Sentences.of(
            study.words,
            [
                N_(
                    "The audit of {day} looked at something else: there is nothing to compare.",
                    day=day_of(study, run),
                )
            ],
        )
    return rows.reset_index(drop=True)


def _table(study: Study, frame: pd.DataFrame, name: str, *first: Column, parted: str = "") -> Table:
    run = run_before(study)
    known = [one for one in COUNTS if one in ("open", "new", "fixed", "still") or (frame[one] > 0).any()]
    columns = [*first, *(Column(one, study.words.message(HEADINGS[one]), "count") for one in known)]
    title = study.say("What has changed since {day}", day=day_of(study, run) if run else "")
    notes = [
        study.say(
            "Of what happened and cannot be put right, only that stands here which happened since. Waived"
            " violations are in no count."
        ),
        study.words.message(ORDER),
        *rules_changed(study, run),
    ]
    return study.table(frame, name, title, columns, notes, shown=SHOWN, parted=parted)
