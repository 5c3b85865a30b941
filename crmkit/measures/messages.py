"""E-mails, messages and meetings: how many, and which letters nobody answered (METHOD 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import MESSAGES, communications, named, persons, unanswered
from crmkit.facts import micros, once_per_snapshot
from crmkit.measures.calls import undirected
from crmkit.measures.cases import Rows, action_cases, row_cases, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]

LETTERS = {"activities.at", "activities.kind=email", "activities.direction"}
ANSWERABLE = LETTERS | {"activities.at=time"}
CHATS = "activities.kind=messenger|activities.kind=linkedin"


def _sent(crm: Snapshot, period: Period, *kinds: str) -> pd.DataFrame:
    rows = communications(crm, *kinds) & within(crm.activities["at"], period)
    sent = rows & communications(crm, *kinds, direction="out")
    return row_cases(crm, "activities", sent, at="at", left_out=undirected(crm, rows))


@measure(
    "emails_out", title="E-mails sent", unit="count", better="higher", group="communications",
    needs=LETTERS, summary="count", basis="done_in",
)  # fmt: skip
def emails_out(crm: Snapshot, period: Period) -> pd.DataFrame:
    """E-mails sent in the period.

    Cases: one row per outgoing e-mail whose ``at`` lies in the period.
    Leaves out: e-mails of which the direction is not known.
    Source: METHOD 3.1
    """
    return _sent(crm, period, "email")


@measure(
    "messages_out", title="E-mails and messages sent", unit="count", better="higher", group="communications",
    needs={"activities.at", f"activities.kind=email|{CHATS}", "activities.direction"},
    summary="count", basis="done_in",
)  # fmt: skip
def messages_out(crm: Snapshot, period: Period) -> pd.DataFrame:
    """E-mails and messages of messengers sent in the period.

    Cases: one row per outgoing e-mail or message (messenger, LinkedIn) whose ``at`` lies in the period.
    Leaves out: e-mails and messages of which the direction is not known.
    Source: METHOD 3.1; KPI23 5
    """
    return _sent(crm, period, "email", *MESSAGES)


@measure(
    "messenger_messages", title="Messages in messengers", unit="count", group="communications",
    needs={"activities.at", CHATS}, summary="count", basis="done_in",
)  # fmt: skip
def messenger_messages(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Messages of messengers in the period, sent and received.

    Cases: one row per message (messenger, LinkedIn) whose ``at`` lies in the period.
    Leaves out: nothing.
    Source: METHOD 3.1
    """
    chosen = communications(crm, *MESSAGES) & within(crm.activities["at"], period)
    return row_cases(crm, "activities", chosen, at="at")


@once_per_snapshot
def waiting_letters(crm: Snapshot) -> tuple[Mask, Mask, Mask]:
    """Return the incoming e-mails not answered in a working day, those too young, those from nobody known."""
    incoming = communications(crm, "email", direction="in")
    reply = communications(crm, "email", "call", direction="out")
    return unanswered(crm, incoming, reply, hours=crm.settings.calendar.hours_per_day)


@measure(
    "emails_unanswered:share", title="E-mails unanswered, share", unit="share", better="lower",
    group="communications", needs=ANSWERABLE, summary="ratio", basis="done_in", default=False,
)  # fmt: skip
def emails_unanswered_share(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the incoming e-mails to which nobody wrote back or called within one working day.

    Cases: one row per incoming e-mail of the period. Value: 1 if no outgoing e-mail or call went to the same
    contact (else company, else deal) within as many working hours as a working day has.
    Leaves out: e-mails of which the direction is not known; those without contact, company and deal; those
    whose working day is not over at ``as_of``.
    Source: METHOD 3.1
    """
    rows = communications(crm, "email") & within(crm.activities["at"], period)
    chosen = rows & communications(crm, "email", direction="in")
    late, young, nobody = waiting_letters(crm)
    left_out = undirected(crm, rows) | {"no_counterpart": chosen & nobody, "too_young": chosen & young}
    return row_cases(crm, "activities", chosen, at="at", value=late, left_out=left_out)


@measure(
    "emails_unanswered:count", title="E-mails unanswered", unit="count", better="lower",
    group="communications", needs=ANSWERABLE, summary="sum", basis="done_in",
)  # fmt: skip
def emails_unanswered_count(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Incoming e-mails to which nobody wrote back or called within one working day.

    Cases: as for the share.
    Source: METHOD 3.1
    """
    return emails_unanswered_share(crm, period)


@measure(
    "meetings_held", title="Meetings held", unit="count", better="higher", group="communications",
    needs={"activities.kind=meeting+tasks.kind=meeting", "activities.at|tasks.completed_at"},
    summary="count", basis="done_in",
)  # fmt: skip
def meetings_held(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Meetings that took place in the period: logged as a meeting, or a meeting task that was completed.

    Cases: one row per meeting whose ``at``, or meeting task whose ``completed_at`` lies in the period. A
    task is not counted beside a logged meeting of the same deal (else contact, else company) and day.
    Leaves out: nothing.
    Source: METHOD 3.1; KPI23 6
    """
    met = communications(crm, "meeting") & within(crm.activities["at"], period)
    done = named(crm.tasks["kind"], ["meeting"]) & within(crm.tasks["completed_at"], period)
    held, tasks = (np.flatnonzero(rows).astype(np.int32) for rows in (met, done))
    return action_cases(crm, tasks[~_logged(crm, tasks, held)], held)


def _logged(crm: Snapshot, tasks: Rows, held: Rows) -> Mask:
    """Return which meeting tasks are logged as meetings too: one task for each meeting, at most."""
    needed = ["deal_ix", "company_id", "contact_id"]
    done = crm.tasks[[*needed, "completed_at"]].iloc[tasks]
    met = crm.activities[[*needed, "at"]].iloc[held]
    whom = [rows["deal_ix"].to_numpy(copy=True) for rows in (done, met)]
    loose = [np.flatnonzero(codes < 0) for codes in whom]
    alike = persons(done.iloc[loose[0]], met.iloc[loose[1]])
    for codes, rows, same in zip(whom, loose, alike, strict=True):
        codes[rows] = np.where(same >= 0, same + len(crm.deals), -1)
    of_task, of_meeting = _with_day(whom[0], done["completed_at"]), _with_day(whom[1], met["at"])
    known, line = np.unique(of_task, return_inverse=True)
    place = np.minimum(np.searchsorted(known, of_meeting), max(len(known) - 1, 0))
    same = known[place] == of_meeting if len(known) else np.zeros(len(place), dtype=bool)
    meetings = np.bincount(place[same & (of_meeting >= 0)], minlength=len(known))
    order = np.lexsort((micros(done["completed_at"]), line))
    times = np.empty(len(line), dtype=np.int64)
    firsts = np.cumsum(np.bincount(line, minlength=len(known))) - np.bincount(line, minlength=len(known))
    times[order] = np.arange(len(line)) - firsts[line[order]]
    return np.asarray((times < meetings[line]) & (of_task >= 0), dtype=bool)


def _with_day(whom: Rows, moments: pd.Series) -> Rows:
    """Return one number for a counterpart and the local day of a moment; −1 without a counterpart."""
    days = moments.dt.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(whom >= 0, whom * 1_000_000 + days, -1)
