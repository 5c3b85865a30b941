"""Communications as arrays: of what kind, answered or not, with whom, and what followed; once per Snapshot.

Ten million of them are common, so that all work is on codes and microseconds, one entry per row.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.clients import places_among
from crmkit.facts import (
    NEVER,
    BoolArray,
    FloatArray,
    IntArray,
    day_of,
    micros,
    midnights,
    once_per_snapshot,
)
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.signedinteger]

#: Kinds of tasks that are contacts with a client when they are done.
CONTACTS = ("call", "email", "messenger", "linkedin", "meeting")
MESSAGES = ("messenger", "linkedin")

_LATEST = np.iinfo(np.int64).max


def named(column: pd.Series, names: Iterable[str]) -> BoolArray:
    """Return which rows of a column of categories bear one of these names."""
    codes, hits = column.cat.codes.to_numpy(), np.flatnonzero(column.cat.categories.isin(list(names)))
    if len(hits) > 4:
        return np.isin(codes, hits)
    return np.asarray(np.logical_or.reduce([codes == hit for hit in hits] or [np.zeros(len(codes), bool)]))


def communications(crm: Snapshot, *kinds: str, direction: str = "") -> BoolArray:
    """Return which activities are of these kinds, and went ``in`` or ``out`` where that is asked."""
    chosen = named(crm.activities["kind"], kinds)
    return chosen & named(crm.activities["direction"], [direction]) if direction else chosen


@once_per_snapshot
def answers(crm: Snapshot) -> npt.NDArray[np.int8]:
    """Return for each activity 1 if somebody answered, 0 if nobody did, −1 if it is not known.

    Where the record does not say so, a call longer than the limit was answered, and a shorter one was not.
    """
    seconds = crm.activities["duration_s"].to_numpy(dtype=np.float64)
    by_length = np.where(np.isnan(seconds), -1, seconds > crm.settings.limits.connected_call_s)
    told = crm.activities["answered"]
    if "activities.answered" not in crm.supplied:
        return by_length.astype(np.int8)
    flags = told.to_numpy(dtype=bool, na_value=False)
    return np.where(told.notna().to_numpy(), flags, by_length).astype(np.int8)


@once_per_snapshot
def counterparts(crm: Snapshot) -> npt.NDArray[np.int32]:
    """Return for each activity a code of whom it was with: contact, else company, else deal; −1 unknown."""
    contact, company = (crm.activities[name].cat for name in ("contact_id", "company_id"))
    codes = crm.activities["deal_ix"].to_numpy().astype(np.int32)
    after = len(contact.categories) + len(company.categories)
    codes = np.where(codes >= 0, codes + after, codes)
    firm = company.codes.to_numpy()
    codes = np.where(firm >= 0, firm.astype(np.int32) + len(contact.categories), codes)
    person = contact.codes.to_numpy()
    return np.asarray(np.where(person >= 0, person, codes), dtype=np.int32)


def next_moments(events: tuple[Ints, Ints], asked: tuple[Ints, Ints]) -> npt.NDArray[np.int64]:
    """Return when the first event with the same key came at or after each moment asked about.

    Parameters
    ----------
    events, asked: keys (codes from 0; −1 has no partner) and moments in microseconds.

    Returns
    -------
    Microseconds, one for each moment asked about; ``NEVER`` where no event came.

    Notes
    -----
    Key and moment are one number, so that one sort of whole numbers does. Where they do not fit, the
    moments are told to the millisecond.

    >>> key, at = np.array([0, 0, 1]), np.array([10, 20, 15])
    >>> found = next_moments((key, at), (np.array([0, 1, 0]), np.array([11, 11, 21])))
    >>> found[:2].tolist(), bool(found[2] == NEVER)
    ([20, 15], True)
    """
    keys, moments = asked
    found = np.full(len(keys), NEVER)
    wants = np.flatnonzero((keys >= 0) & (moments != NEVER))
    present, line = np.unique(keys[wants], return_inverse=True)
    place = np.full(max(int(events[0].max(initial=0)), int(keys.max(initial=0))) + 2, -1)
    place[present] = np.arange(len(present))
    at_key = place[events[0]]  # −1, the last place, has no partner
    told = np.flatnonzero((at_key >= 0) & (events[1] != NEVER))
    if not len(told) or not len(wants):
        return found
    since, starts = events[1][told], moments[wants]
    first = min(int(since.min()), int(starts.min()))
    span = max(int(since.max()), int(starts.max())) - first + 1
    unit = 1 if span * len(present) < _LATEST // 2 else 1000
    span = span // unit + 1
    lines = at_key[told] * span + (since - first) // unit
    lines.sort()
    mine = line * span + (starts - first) // unit
    spot = np.searchsorted(lines, mine)
    next_line = lines[np.minimum(spot, len(lines) - 1)]
    here = (spot < len(lines)) & (next_line // span == line)
    found[wants[here]] = np.maximum(next_line[here] % span * unit + first, starts[here])
    return found


def worked_hours(crm: Snapshot, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> FloatArray:
    """Return the working hours between moments in microseconds; NaN where one of them is missing."""
    begun, ended = (pd.DatetimeIndex(each.view("M8[us]")).tz_localize("UTC") for each in (starts, ends))
    return crm.settings.calendar.working_time(begun, ended)


def next_day_ends(crm: Snapshot, moments: pd.Series) -> IntArray:
    """Return the microsecond at which the working day after each moment's day is over; ``NEVER`` if missing.

    That is midnight: who works late is still in time.
    """
    days = day_of(moments).to_numpy().astype("datetime64[D]")
    known, line = np.unique(days, return_inverse=True)
    following = crm.settings.calendar.add_working_days(known.astype("datetime64[us]"), 1)
    ends = micros(midnights(crm, pd.Series(following) + pd.Timedelta(days=1)))
    return np.asarray(np.append(ends, NEVER)[line], dtype=np.int64)


def blank_words(crm: Snapshot, table: str) -> tuple[BoolArray, BoolArray] | None:
    """Return which tasks or activities have no title, and which no description; ``None`` if not exported.

    What came of a task is a description too.
    """
    rows, texts = crm.tables[table], ["text", "result"] if table == "tasks" else ["text"]
    told = [name for name in texts if f"{table}.{name}" in crm.supplied]
    if f"{table}.title" not in crm.supplied or not told:
        return None
    silent = np.logical_and.reduce([rows[name].isna().to_numpy() for name in told])
    return rows["title"].isna().to_numpy(), np.asarray(silent)


def unanswered(
    crm: Snapshot, asked: BoolArray, by: BoolArray, *, hours: float
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Return which activities were not followed in time by others with the same counterpart.

    Parameters
    ----------
    asked: the activities that want to be answered; by: those that answer.
    hours: working hours within which an answer must come.

    Returns
    -------
    of all activities those asked about that had no answer in time; those whose time is not over at
    ``as_of``; those of which it is not known with whom they were.
    """
    keys, at = counterparts(crm), micros(crm.activities["at"])
    answering = np.flatnonzero(by)
    rows = np.flatnonzero(asked & (at != NEVER))
    found = next_moments((keys[answering], at[answering]), (keys[rows], at[rows]))
    late, young, nobody = np.zeros((3, len(at)), dtype=bool)
    late[rows] = ~(worked_hours(crm, at[rows], found) <= hours)
    now = np.full(1, micros(pd.Series([crm.as_of]))[0])
    young[rows] = worked_hours(crm, at[rows], now.repeat(len(rows))) < hours
    nobody[rows] = keys[rows] < 0
    return late, young, nobody


def first_after(crm: Snapshot, table: str, actions: tuple[Ints, IntArray], *, since: IntArray) -> IntArray:
    """Return for each deal when the first of some actions came at or after its own moment.

    An action without a deal counts for the deals with its contact (of a deal without contact: its company).

    Parameters
    ----------
    actions: rows of the table, and their moments in microseconds. since: microseconds, one per deal.

    Returns
    -------
    Microseconds, one per deal; ``NEVER`` where none came or ``since`` is not known.
    """
    (rows, at), deals = actions, crm.deals
    ix = crm.tables[table]["deal_ix"].to_numpy()[rows]
    mine = (ix >= 0) & (at != NEVER)
    mine[mine] = at[mine] >= since[ix[mine]]
    first = np.full(len(deals), _LATEST)
    np.minimum.at(first, ix[mine], at[mine])
    loose = np.flatnonzero(ix < 0)
    keys, theirs = persons(deals, crm.tables[table].iloc[rows[loose]])
    found = next_moments((theirs, at[loose]), (keys, since))
    first = np.where(found == NEVER, first, np.minimum(first, found))
    return np.where((first == _LATEST) | (since == NEVER), NEVER, first)


@once_per_snapshot
def first_responses(crm: Snapshot) -> FloatArray:
    """Return for each deal the working hours from its creation to the first human outgoing action; NaN: none.

    It is an outgoing communication of the deal, or one without a deal with the deal's contact (of a deal
    without contact: with its company). Where communications name reps, one without a rep is no human's.
    """
    acts = crm.activities
    out = named(acts["direction"], ["out"])
    if "activities.manager_id" in crm.supplied:
        out &= (acts["manager_id"].cat.codes >= 0).to_numpy()
    rows, created = np.flatnonzero(out), micros(crm.deals["created_at"])
    first = first_after(crm, "activities", (rows, micros(acts["at"].iloc[rows])), since=created)
    return worked_hours(crm, created, first)


def persons(these: pd.DataFrame, others: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return codes of contact, else company, in the rows of two tables: alike for the same; −1 for none."""
    mine, theirs, start = np.full(len(these), -1), np.full(len(others), -1), 0
    for name in ("company_id", "contact_id"):
        names = these[name].cat.categories
        strangers = others[name].notna().to_numpy() * (len(names) + 1) - 1
        found = places_among(others[name], names)
        found = np.where(found >= 0, found, strangers)  # known to the others alone: one code, no partner
        for places, codes in ((these[name].cat.codes.to_numpy(dtype=np.int64), mine), (found, theirs)):
            codes[places >= 0] = places[places >= 0] + start
        start += len(names) + 1
    return mine, theirs


@once_per_snapshot
def begun_by_client(crm: Snapshot) -> BoolArray:
    """Return for each deal whether its first communication is an incoming one."""
    acts = crm.activities
    ix, at = acts["deal_ix"].to_numpy(), micros(acts["at"])
    known = np.flatnonzero((ix >= 0) & (at != NEVER))
    first = np.full(len(crm.deals), _LATEST)
    np.minimum.at(first, ix[known], at[known])
    incoming = known[named(acts["direction"], ["in"])[known]]
    begun = np.zeros(len(crm.deals), dtype=bool)
    begun[ix[incoming[at[incoming] == first[ix[incoming]]]]] = True
    return begun
