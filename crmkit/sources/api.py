"""The folder of a CRM's saved answers as typed tables, by the same casts as files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import Refusals, SourceError
from crmkit.schema import column
from crmkit.settings import Client, ExportFile
from crmkit.sources import amocrm_api, bitrix24_api
from crmkit.sources.answers import Answers, Cells, Interface, cells_of, newest
from crmkit.sources.casting import OpenedFile, cast
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import map_headings
from crmkit.sources.rawtable import RawTable
from crmkit.sources.saved import answer_files, digest, parse

INTERFACES: Mapping[str, Interface] = {"amocrm": amocrm_api.API, "bitrix24": bitrix24_api.API}
#: Columns that a field of the client's own feeds by its caption, where the CRM itself leaves them empty.
LENT = ("source", "lost_reason", "product", "segment", "city", "tax_id")
CHUNK = 50_000
_Typed = tuple[OpenedFile, pd.DataFrame, set[str]]


@dataclass
class _Rows:
    """Rows of one kind as they come in, now and then put into a frame: text takes less room there."""

    cells: list[Cells] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    frames: list[pd.DataFrame] = field(default_factory=list)

    def add(self, cells: Cells, file: int, line: int) -> None:
        self.cells.append(cells)
        self.places.append((file, line))
        if len(self.cells) == CHUNK:
            self.pack()

    def pack(self) -> None:
        files, lines = np.array(self.places, dtype=np.int64).reshape(-1, 2).T
        frame = pd.DataFrame(self.cells, dtype="str")
        self.frames.append(frame.assign(**{"@file": files, "@line": lines}))
        self.cells, self.places = [], []

    def whole(self) -> pd.DataFrame:
        if self.cells:
            self.pack()
        return pd.concat(self.frames, ignore_index=True)


def read_answers(client: Client, ledger: Ledger) -> list[_Typed]:
    """Read all answers of a client's folder.

    Returns
    -------
    for each table that they feed: what it was read from, the typed rows, the moments without a time of day.

    Raises
    ------
    SourceError or Refusals: answers that cannot be read, or in which the CRM refuses.
    """
    crm = INTERFACES[client.crm]
    files = answer_files(client.folder, str(client.api))
    answers = Answers(crm.entities)
    _gather(files, crm, client, answers)
    tables: dict[str, pd.DataFrame] = {name: rows for name, rows in crm.compose(answers).items() if len(rows)}
    _account(files, tables, answers, ledger)
    shown = [name for name, _ in files]
    return [_typed(table, rows, crm, shown, client, ledger) for table, rows in tables.items()]


def _gather(files: Sequence[tuple[str, Path]], crm: Interface, client: Client, answers: Answers) -> None:
    """Put the records of all files by their kinds, and keep the newest version of each."""
    rows: dict[str, _Rows] = {}
    refusals: list[SourceError] = []
    strange: dict[str, int] = {}
    for number, (shown, path) in enumerate(files):
        try:
            found = _by_kind(parse(shown, path), crm, shown)
        except SourceError as error:
            refusals.append(error)
            continue
        line = 0
        for kind, records in found:
            if not kind:
                strange[shown] = len(records)
            for record in records:
                line += 1
                for cells in cells_of(record, crm.entities[kind], client.time_zone) if kind else [{}]:
                    rows.setdefault(kind, _Rows()).add(cells, number, line)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else Refusals(refusals)
    if strange:
        count = sum(max(1, n) for n in strange.values())
        answers.notes.append(("unknown_answer", "", "", count, list(strange)))
    for kind, heap in rows.items():
        if kind:
            answers.frames[kind] = newest(heap.whole(), answers, crm.entities[kind])
        else:
            answers.leave(heap.whole().assign(**{"@id": None}), "", "other_kind")


def _by_kind(answer: Any, crm: Interface, shown: str) -> list[tuple[str, Sequence[Any]]]:
    """Return the lists of records in an answer, each with its kind; an empty one if that is not known.

    What the records are is told by the answer itself or by their keys, else by the folder's name.
    """
    if answer is None:
        return []
    if isinstance(answer, list) and answer and all(crm.is_answer(one) for one in answer):
        return [pair for one in answer for pair in _by_kind(one, crm, shown)]
    lists = [("", answer)] if isinstance(answer, list) else crm.unfold(answer, shown)
    found = []
    for hint, records in lists:
        keys = {key for record in records[:20] if isinstance(record, dict) for key in record}
        signed = (name for name, one in crm.entities.items() if any(sign <= keys for sign in one.signs))
        folder = Path(shown).parent.name
        guess = next(signed, folder if folder in crm.entities and keys and not hint else "")
        kind = hint if hint in crm.entities else guess
        if records or not isinstance(records, list):
            found.append((kind, records))
    return found


def _account(
    files: Sequence[tuple[str, Path]],
    tables: Mapping[str, pd.DataFrame],
    answers: Answers,
    ledger: Ledger,
) -> None:
    """Tell in the load report which records of which file feed which table, and which none."""
    shown = [name for name, _ in files]
    counts: Counter[tuple[int, str]] = Counter()
    for table, rows in tables.items():
        counts.update((number, table) for number in rows["@file"].tolist())
    for one in answers.aside:
        counts.update(zip(one["@file"].tolist(), one["table"], strict=True))
    silent = set(range(len(files))) - {number for number, _ in counts}
    for number, table in sorted([*counts, *((number, "") for number in silent)]):
        name, path = files[number]
        entry = {"path": name, "table": table, "rows_read": counts[number, table]}
        ledger.files.append(
            entry
            | {
                "sha256": digest(path),
                "kind": "json",
                "encoding": "",
                "delimiter": "",
                "decisions": "kind: json",
            }
        )
    for one in answers.aside:
        for (number, table, reason), rows in one.groupby(["@file", "table", "reason"]):
            ledger.set_aside(shown[number], table, rows["@line"], reason, rows["@id"].fillna(""))
    for code, table, name, count, samples in answers.notes:
        ledger.note(code, table, name, count=count, samples=samples)


def _typed(
    table: str, rows: pd.DataFrame, crm: Interface, shown: Sequence[str], client: Client, ledger: Ledger
) -> _Typed:
    """Cast the rows of one table; they keep the file and the position that they come from."""
    empty = [name for name in LENT if name in rows and rows[name].isna().all()]
    own = [name for name in rows if column(table, name) is None and rows[name].isna().all()]
    text = rows.drop(columns=[*empty, *own]).reset_index(drop=True)
    text = text[[name for name in text if not name.startswith("@")]].astype("str")
    known = {name: name for name in text if column(table, name) is not None}
    entry = ExportFile(path=f"{client.api}/{table}", table=table, columns=known, decimal=".")
    lines = rows["@line"].to_numpy()
    aside = pd.DataFrame({"line": [], "reason": [], "text": []})
    raw = RawTable(tuple(text.columns), text, lines, len(text), aside, {}, frozenset())
    file = OpenedFile(entry, crm.source, raw, map_headings(raw.headings, entry, crm.source))
    frame, whole_days = cast(file, client, ledger)
    frame["file"] = pd.Categorical.from_codes(rows["@file"].to_numpy(), list(shown))
    if "@order" in rows:
        frame["@order"] = rows["@order"].to_numpy()
    return file, frame, whole_days
