"""Calls: how many, how many were answered, how long they took, which were missed (METHOD 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.actions import answers, communications, unanswered
from crmkit.facts import once_per_snapshot
from crmkit.measures.cases import row_cases, within
from crmkit.measures.catalog import measure
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]

DIRECTED = {"activities.at", "activities.kind=call", "activities.direction"}
ANSWERED = DIRECTED | {"activities.answered|activities.duration_s"}
TIMED = {"activities.at", "activities.kind=call", "activities.duration_s"}


def undirected(crm: Snapshot, rows: Mask) -> dict[str, Mask]:
    """Return which of these activities are left out because it is not known who began them."""
    return {"no_direction": rows & ~crm.activities["direction"].notna().to_numpy()}


def _calls(crm: Snapshot, period: Period, direction: str) -> tuple[Mask, dict[str, Mask]]:
    calls = communications(crm, "call") & within(crm.activities["at"], period)
    return calls & communications(crm, "call", direction=direction), undirected(crm, calls)


def _seconds(crm: Snapshot) -> npt.NDArray[np.float64]:
    return np.asarray(crm.activities["duration_s"], dtype=np.float64)


@measure(
    "calls_out", title="Outgoing calls", unit="count", better="higher", group="communications",
    needs=DIRECTED, summary="count", basis="done_in",
)  # fmt: skip
def calls_out(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Outgoing calls begun in the period, answered or not.

    Cases: one row per outgoing call whose ``at`` lies in the period.
    Leaves out: calls of which the direction is not known.
    Source: METHOD 3.1; KPI23 1
    """
    chosen, left_out = _calls(crm, period, "out")
    return row_cases(crm, "activities", chosen, at="at", left_out=left_out)


@measure(
    "calls_in", title="Incoming calls", unit="count", group="communications",
    needs=DIRECTED, summary="count", basis="done_in",
)  # fmt: skip
def calls_in(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Incoming calls of the period, answered or not.

    Cases: one row per incoming call whose ``at`` lies in the period.
    Leaves out: calls of which the direction is not known.
    Source: METHOD 3.1
    """
    chosen, left_out = _calls(crm, period, "in")
    return row_cases(crm, "activities", chosen, at="at", left_out=left_out)


@measure(
    "calls_out_connected:share", title="Connected outgoing calls, share", unit="share", better="higher",
    group="communications", needs=ANSWERED, summary="ratio", basis="done_in",
)  # fmt: skip
def calls_out_connected_share(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the outgoing calls that were talked on: answered, or longer than a threshold (15 seconds).

    Cases: one row per outgoing call of the period. Value: 1 if it was answered or longer than
    ``limits.connected_call_s`` seconds (15 unless the client's settings say otherwise).
    Leaves out: calls of which the direction is not known; calls of which neither answer nor length is known.
    Source: METHOD 3.1; KPI23 2
    """
    chosen, left_out = _calls(crm, period, "out")
    left_out["no_answer_known"] = chosen & (answers(crm) < 0)
    connected = (answers(crm) > 0) | (_seconds(crm) > crm.settings.limits.connected_call_s)
    return row_cases(crm, "activities", chosen, at="at", value=connected, left_out=left_out)


@measure(
    "calls_out_connected:count", title="Connected outgoing calls", unit="count", better="higher",
    group="communications", needs=ANSWERED, summary="sum", basis="done_in", default=False,
)  # fmt: skip
def calls_out_connected_count(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Outgoing calls that were talked on: answered, or longer than a threshold (15 seconds).

    Cases: as for the share.
    Source: METHOD 3.1; KPI23 2
    """
    return calls_out_connected_share(crm, period)


def _missed(crm: Snapshot, period: Period) -> tuple[Mask, Mask, dict[str, Mask]]:
    """Return the incoming calls, which of them nobody answered, and what is left out."""
    chosen, left_out = _calls(crm, period, "in")
    return chosen, answers(crm) == 0, left_out | {"no_answer_known": chosen & (answers(crm) < 0)}


@measure(
    "calls_missed:share", title="Missed calls, share", unit="share", better="lower",
    group="communications", needs=ANSWERED, summary="ratio", basis="done_in",
)  # fmt: skip
def calls_missed_share(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the incoming calls that nobody answered.

    Cases: one row per incoming call of the period. Value: 1 if nobody answered; where the record does not
    say so, if it was not longer than ``limits.connected_call_s``.
    Leaves out: calls of which the direction is not known; calls of which neither answer nor length is known.
    Source: METHOD 3.1
    """
    chosen, missed, left_out = _missed(crm, period)
    return row_cases(crm, "activities", chosen, at="at", value=missed, left_out=left_out)


@measure(
    "calls_missed:count", title="Missed calls", unit="count", better="lower",
    group="communications", needs=ANSWERED, summary="sum", basis="done_in", default=False,
)  # fmt: skip
def calls_missed_count(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Incoming calls of the period that nobody answered.

    Cases: as for the share.
    Source: METHOD 3.1
    """
    return calls_missed_share(crm, period)


@once_per_snapshot
def not_called_back(crm: Snapshot) -> tuple[Mask, Mask, Mask]:
    """Return the missed calls not called back in time, those too young, those from nobody known."""
    missed = communications(crm, "call", direction="in") & (answers(crm) == 0)
    back = communications(crm, "call", direction="out")
    return unanswered(crm, missed, back, hours=crm.settings.limits.call_back_hours)


@measure(
    "calls_in_missed:share", title="Missed calls not called back, share", unit="share", better="lower",
    group="communications", needs=ANSWERED | {"activities.at=time"}, summary="ratio", basis="done_in",
)  # fmt: skip
def calls_in_missed_share(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Share of the missed incoming calls that nobody called back in time (within one working hour).

    Cases: one row per incoming call of the period that nobody answered. Value: 1 if no outgoing call went
    to the same contact (else company, else deal) within ``limits.call_back_hours`` working hours.
    Leaves out: calls of which the direction is not known; calls of which neither answer nor length is known;
    calls without contact, company and deal; calls whose working hours are not over at ``as_of``.
    Source: METHOD 3.1; KPI23 3
    """
    chosen, missed, left_out = _missed(crm, period)
    chosen &= missed
    late, young, nobody = not_called_back(crm)
    left_out |= {"no_counterpart": chosen & nobody, "too_young": chosen & young}
    return row_cases(crm, "activities", chosen, at="at", value=late, left_out=left_out)


@measure(
    "calls_in_missed:count", title="Missed calls not called back", unit="count", better="lower",
    group="communications", needs=ANSWERED | {"activities.at=time"}, summary="sum", basis="done_in",
    default=False,
)  # fmt: skip
def calls_in_missed_count(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Missed incoming calls that nobody called back in time (within one working hour).

    Cases: as for the share.
    Source: METHOD 3.1; KPI23 3
    """
    return calls_in_missed_share(crm, period)


@measure(
    "talk_time", title="Talk time", unit="minutes", better="higher", group="communications",
    needs=TIMED, summary="sum", basis="done_in",
)  # fmt: skip
def talk_time(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Minutes on the telephone: the lengths of all calls of the period, added up.

    Cases: one row per call whose ``at`` lies in the period. Value: its length in minutes; 0 for a call
    without a length that nobody answered.
    Leaves out: other calls without a length.
    Source: METHOD 3.1; KPI23 4
    """
    chosen = communications(crm, "call") & within(crm.activities["at"], period)
    seconds = _seconds(crm)
    seconds = np.where(np.isnan(seconds) & (answers(crm) == 0), 0.0, seconds)
    left_out = {"no_duration": chosen & np.isnan(seconds)}
    return row_cases(crm, "activities", chosen, at="at", value=seconds / 60, left_out=left_out)


def _lengths(crm: Snapshot, period: Period) -> pd.DataFrame:
    chosen = communications(crm, "call") & within(crm.activities["at"], period)
    seconds = _seconds(crm)
    chosen &= (answers(crm) > 0) | (seconds > crm.settings.limits.connected_call_s)
    left_out = {"no_duration": chosen & np.isnan(seconds)}
    return row_cases(crm, "activities", chosen, at="at", value=seconds / 60, left_out=left_out)


@measure(
    "call_length:mean", title="Call length, mean", unit="minutes", group="communications",
    needs=TIMED, summary="mean", basis="done_in",
)  # fmt: skip
def call_length_mean(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Mean length in minutes of the calls that were talked on, incoming and outgoing.

    Cases: one row per call of the period, incoming or outgoing, that was answered or longer than
    ``limits.connected_call_s``. Value: its length in minutes.
    Leaves out: answered calls without a length.
    Source: METHOD 3.1
    """
    return _lengths(crm, period)


@measure(
    "call_length:median", title="Call length, median", unit="minutes", group="communications",
    needs=TIMED, summary="median", basis="done_in", default=False,
)  # fmt: skip
def call_length_median(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Length in minutes that half of the calls that were talked on did not exceed.

    Cases: as for the mean.
    Source: METHOD 3.1
    """
    return _lengths(crm, period)
