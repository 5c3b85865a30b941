"""What the head of sales decided on the weekly sheets, kept in the client's folder (METHOD 5.3).

Kept as CSV, one row for each violation of a card that was decided on: rows of one shape that only grow are
read a hundred times faster than YAML. Waivers that were decided on a sheet are kept here too and not written
into ``exceptions.csv``: that file is a person's own, whatever its encoding and its order, and what a later
sheet takes back has to vanish without a trace in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from crmkit.audit.checks import KEYS, hygiene_checks
from crmkit.audit.keys import STAND_IN, lasting_names, places_of_names
from crmkit.errors import N_, CrmkitError, Refusals, SettingsError
from crmkit.folder import alone, write_whole
from crmkit.schema import Snapshot

FILE = "decisions.csv"
DECISIONS = ("mend", "waive", "close", "no_violation", "other")
COLUMNS = ("as_of", "card", "card_id", "manager_id", "check", "table", "id", "decision", "until", "note")
#: Signs at which a spreadsheet program takes a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
Violation = tuple[str, str, str]


@dataclass(frozen=True)
class Decision:
    """What was decided on one card of one sheet.

    Attributes
    ----------
    as_of: the day of the sheet. card, card_id: the table and the id of the card, else its lasting name (see
        :func:`crmkit.audit.keys.lasting_names`), as with the violations; manager_id: who answers for
        it, "" for nobody. wrong: check, table and id of each violation that stood on the sheet.
    decision: one of ``DECISIONS``. until: its day. note: what was written beside.
    """

    as_of: date
    card: str
    card_id: str
    manager_id: str
    wrong: tuple[Violation, ...]
    decision: str
    until: date | None = None
    note: str = ""

    @property
    def key(self) -> tuple[date, str, str, str]:
        """The card on its sheet: what can be decided on only in one way."""
        return self.as_of, self.card, self.card_id, self.manager_id


@dataclass(frozen=True)
class Kept:
    """How many decisions of a sheet are new, changed, or were known already."""

    added: int
    changed: int
    known: int


def read_decisions(folder: Path) -> pd.DataFrame:
    """Return what was decided, one row a violation: ``COLUMNS``, days as datetime64[us]; by day and card.

    ``manager_id`` is "" for nobody, ``until`` missing where no day was named.

    Raises
    ------
    Refusals: the file is not as it was written, with each line.
    """
    rows = [
        (one.as_of, one.card, one.card_id, one.manager_id, *wrong, one.decision, one.until, one.note)
        for one in _stored(folder)
        for wrong in one.wrong
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    texts = dict.fromkeys(set(COLUMNS) - {"as_of", "until"}, "str")
    days = {name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("as_of", "until")}
    return frame.astype(texts).assign(**days)


def keep(folder: Path, fresh: Sequence[Decision]) -> Kept:
    """Add the decisions of a sheet; one on a card of the same day takes the place of the one before.

    Raises
    ------
    Refusals: the file that is there is not as it was written; then nothing is changed.
    """
    path = folder / "audit" / FILE
    with alone(path):
        before = {one.key: one for one in _stored(folder)}
        after = before | {one.key: _plain(one) for one in fresh}
        added = len(after) - len(before)
        changed = sum(after[key] != one for key, one in before.items())
        if added or changed:
            write_whole(path, _csv(after[key] for key in sorted(after)))
    return Kept(added, changed, len(fresh) - added - changed)


def with_decided(waivers: pd.DataFrame | None, decisions: pd.DataFrame, crm: Snapshot) -> pd.DataFrame | None:
    """Add to the exceptions of the client's file those that were decided on sheets up to ``as_of``.

    A violation on which a later sheet decided otherwise is waived no longer.
    """
    last = standing(decisions, crm.today)
    chosen = last[(last["decision"] == "waive").to_numpy()].reset_index(drop=True)
    ids = pd.Series(None, index=chosen.index, dtype="str")
    for table, some in chosen.groupby("table"):
        places = places_of_names(crm, str(table), some["id"].to_numpy(object))
        known = crm.tables[str(table)][KEYS[str(table)]].astype("str").array
        ids.loc[some.index] = known.take(places, allow_fill=True)
    own = chosen[["check", "table", "note", "until"]].rename(columns={"note": "reason"}).assign(id=ids)
    own = own[own["id"].notna()]
    if own.empty:
        return waivers
    return own if waivers is None else pd.concat([waivers, own], ignore_index=True)


def with_names(crm: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Add ``key`` to rows with ``table`` and ``row``: what each is called in any export.

    Rows that say the same and have no number of their own share it.
    """
    keys = np.empty(len(rows), dtype=object)
    tables = rows["table"].astype("str").to_numpy(object)
    for table in sorted(set(tables)):
        mine = np.flatnonzero(tables == table)
        places, at = np.unique(rows["row"].to_numpy(np.int64)[mine], return_inverse=True)
        names = [STAND_IN.sub(r"~\1", name) for name in lasting_names(crm, table, places)]
        keys[mine] = np.array(names, dtype=object)[at]
    return rows.assign(key=pd.Series(keys, index=rows.index, dtype="str"))


def standing(decisions: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return for each violation what was decided on it last, up to a day: nothing later is seen."""
    seen = decisions[(decisions["as_of"] <= pd.Timestamp(day)).to_numpy()]
    return seen.drop_duplicates(["check", "table", "id"], keep="last").reset_index(drop=True)


def _plain(one: Decision) -> Decision:
    return replace(one, wrong=tuple(sorted(set(one.wrong))))


def _csv(decisions: Iterable[Decision]) -> bytes:
    """Write a row for each violation; no text begins as a formula would."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in decisions:
        ends = (one.decision, one.until.isoformat() if one.until else "", one.note)
        for wrong in one.wrong:
            cells = (one.as_of.isoformat(), one.card, one.card_id, one.manager_id, *wrong, *ends)
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _stored(folder: Path) -> list[Decision]:
    """Read the file; a decision is the rows of one card and day, one after another."""
    path = folder / "audit" / FILE
    if not path.is_file():
        return []
    errors: list[CrmkitError] = []
    rows = list(_rows(path, errors))
    if errors:
        raise Refusals(errors)
    found = []
    for _, some in groupby(rows, key=lambda one: (one.key, one.decision, one.until, one.note)):
        parts = list(some)
        found.append(replace(parts[0], wrong=tuple(wrong for one in parts for wrong in one.wrong)))
    return found


def _rows(path: Path, errors: list[CrmkitError]) -> Iterator[Decision]:
    """Yield the lines of the file, each as a decision on one violation."""
    where, remedy = f"audit/{FILE}", N_("Put the file back as it was, or delete the line.")
    what, known = N_("the file is not as it was written"), {one.id for one in hygiene_checks()}
    try:
        text = path.read_bytes().decode("utf-8")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refusals([SettingsError(where, what, [str(error)[:100]], remedy)]) from error
    for line, raw in enumerate(lines[1:], 2):
        try:
            day, card, card_id, manager, check, table, name, decision, until, note = (
                cell[1:] if cell.startswith("'") else cell for cell in raw
            )
            days = date.fromisoformat(day), date.fromisoformat(until) if until else None
            whole = lines[0] == list(COLUMNS) and check in known and {card, table} <= set(KEYS)
        except ValueError:
            whole = False
        if whole and decision in DECISIONS:
            wrong = ((check, table, name),)
            yield Decision(days[0], card, card_id, manager, wrong, decision, days[1], note)
        else:
            errors.append(SettingsError(f"{where}:{line}", what, raw, remedy))
