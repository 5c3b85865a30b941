"""What has changed in the violations since the audit before, by check and by rep (notebook 04)."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from crmkit.audit.checks import find_check
from crmkit.audit.dynamics import COUNTS, compared
from crmkit.audit.history import Run, previous_run, rules_of
from crmkit.errors import N_, Message
from crmkit.present.audit_score import ORDER, SHOWN, by_name, by_weight
from crmkit.present.several import MOST, Several
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


@lru_cache(maxsize=4)
def run_before(study: Study) -> Run | None:
    """Return the audit kept before this one, if there is one."""
    with refusing_in(study.words):
        return previous_run(study.client.folder, study.crm.as_of.tz_convert(study.crm.settings.zone))


@lru_cache(maxsize=4)
def changed(study: Study) -> pd.DataFrame:
    """Return what changed in the whole audit since the one before; see :func:`compared`."""
    return compared(study.whole_audit, run_before(study))


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


def changes(study: Study) -> Several | Sentences:
    """Return how many violations are new, put right and still there since the audit before.

    First check by check, the critical ones first; then rep by rep, where anything is or was.
    """
    rows = _told(study)
    if isinstance(rows, Sentences):
        return rows
    title = {one: study.say(find_check(one).title) for one in by_weight(study, rows["check"])}
    place = rows["check"].map({one: place for place, one in enumerate(title)})
    some = (rows[list(COUNTS)].astype("Float64").sum(axis=1) > 0).to_numpy(dtype=bool)
    reps = by_name(study, rows.assign(place=place)[some], "manager")
    reps = reps.sort_values("place", kind="stable", ignore_index=True)
    checks = summed(rows, "check").set_index("check").loc[list(title)].reset_index()
    checks, reps = (frame.assign(what=frame["check"].map(title)) for frame in (checks, reps))
    return Several((_by_check(study, checks), _by_rep(study, reps)))


def _told(study: Study) -> pd.DataFrame | Sentences:
    """Return what ``compared`` tells of checks that can be compared, or why there is nothing to compare."""
    run = run_before(study)
    if run is None:
        first = N_("This is the first audit that is kept: what changes is told from the next one on.")
        return Sentences.of(study.words, [first])
    rows = changed(study)
    rows = rows[rows["state"].isin(["compared", "happened"])]
    if rows.empty:
        other = N_(
            "The audit of {day} looked at something else: there is nothing to compare.",
            day=day_of(study, run),
        )
        return Sentences.of(study.words, [other])
    return rows.reset_index(drop=True)


def _by_check(study: Study, frame: pd.DataFrame) -> Table:
    run = run_before(study)
    title = study.say("What has changed since {day}", day=day_of(study, run) if run else "")
    notes = [
        study.say(
            "Of what happened and cannot be put right, only that stands here which happened since. Waived"
            " violations are in no count."
        ),
        *rules_changed(study, run),
    ]
    return study.table(frame, "audit_changes", title, _columns(study, frame), notes, shown=SHOWN)


def _by_rep(study: Study, frame: pd.DataFrame) -> Table:
    columns = [Column("name", study.say("Rep")), *_columns(study, frame)]
    moved = [one for one in COUNTS if one not in ("open", "still")]
    same = (frame[moved] > 0).sum(axis=1) == 0
    return study.table(
        frame, "audit_changes_reps", study.say("The same by rep"), columns, [study.words.message(ORDER)],
        shown=MOST, parted="what", folded=[row for row, one in enumerate(same) if one],
    )  # fmt: skip


def _columns(study: Study, frame: pd.DataFrame) -> list[Column]:
    known = [one for one in COUNTS if one in ("open", "new", "fixed", "still") or (frame[one] > 0).any()]
    what = Column("what", study.say("What is checked"))
    return [what, *(Column(one, study.words.message(HEADINGS[one]), "count") for one in known)]
