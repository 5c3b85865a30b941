"""Records of a CRM's saved answers as text cells, the newest version of each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pandas as pd

from crmkit.schema import TABLES
from crmkit.sources.mapping import Source

#: Where a value stands in a record: keys and positions, from the outside in.
Where: TypeAlias = tuple[str | int, ...]
Cells: TypeAlias = dict[str, str | None]
#: The place of cells that are found otherwise, or only in some records.
ELSEWHERE: Where = ("@",)

_UNFIT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_MOMENTS = {item.name for columns in TABLES.values() for item in columns if item.kind == "moment"}


@dataclass(frozen=True)
class Entity:
    """What is taken out of the records of one kind.

    Attributes
    ----------
    table: the canonical table that they feed, for the load report.
    cells: name of the cell -> where it stands in the record.
    signs: keys that tell such a record from all others; one of the groups is enough.
    key: what identifies a record; nothing for what has no identifier.
    changed: when it was last changed; of two versions the later one is believed.
    more: cells that take more than a place to find.
    own: the client's own fields by their captions, dates in the client's time zone.
    spread: the parts of a record that are rows each.
    """

    table: str
    cells: Mapping[str, Where]
    signs: Sequence[frozenset[str]] = ()
    key: Sequence[Where] = (("id",),)
    changed: Where = ()
    more: Callable[[Mapping[str, Any]], Cells] | None = None
    own: Callable[[Mapping[str, Any], str], Cells] | None = None
    spread: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]] | None = None


@dataclass
class Answers:
    """The records of a folder by kind, the newest version of each, as text cells.

    Besides its cells a row has ``@file`` and ``@line`` (its position there), ``@id`` and ``@changed``.

    Attributes
    ----------
    frames: by kind; ``[kind]`` gives an empty frame where the folder has none.
    aside: records that become no row: ``@file``, ``@line``, ``@id``, ``table``, ``reason``.
    notes: oddities: code, table, column, count, samples.
    """

    entities: Mapping[str, Entity]
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    aside: list[pd.DataFrame] = field(default_factory=list)
    notes: list[tuple[str, str, str, int, list[str]]] = field(default_factory=list)

    def __getitem__(self, kind: str) -> pd.DataFrame:
        names = ["@file", "@line", "@id", "@changed", *self.entities[kind].cells]
        if kind in self.frames:
            return self.frames[kind]
        return pd.DataFrame(columns=names, dtype="str").astype({"@file": "int64", "@line": "int64"})

    def leave(self, rows: pd.DataFrame, table: str, reason: str) -> None:
        """Set rows aside, whatever table they would have fed."""
        if len(rows):
            self.aside.append(rows[["@file", "@line", "@id"]].assign(table=table, reason=reason))


@dataclass(frozen=True)
class Interface:
    """How the answers of one CRM are read.

    Attributes
    ----------
    entities: by kind of record; of kinds with a like sign the earlier one wins.
    source: what headings of the client's own fields mean.
    is_answer: whether a value is an answer, and no record.
    unfold: the lists of records in an answer, each with the kind that the answer names; refusals are raised.
    compose: the newest records of all kinds into the rows of the canonical tables, as text.
    """

    entities: Mapping[str, Entity]
    source: Source
    is_answer: Callable[[Any], bool]
    unfold: Callable[[Any, str], Iterable[tuple[str, Sequence[Any]]]]
    compose: Callable[[Answers], dict[str, pd.DataFrame]]


def inside(value: Any, *where: str | int) -> Any:
    """Return what stands at a place of parsed JSON, ``None`` where there is no such place."""
    for step in where:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def text(value: Any) -> str | None:
    """Return a value as a cell: lists with commas, objects of a list by their value or name.

    >>> text(19999.5), text(True), text([{"VALUE": "+7"}, {"VALUE": "+8"}]), text("  "), text({"a": 1})
    ('19999.5', 'true', '+7, +8', None, None)
    """
    if isinstance(value, str):
        clean = _UNFIT.sub("", value).strip()
        return (clean if clean.isascii() else unicodedata.normalize("NFC", clean)) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        parts = [_of_object(one) if isinstance(one, dict) else one for one in value]
        return ", ".join(found for one in parts if not isinstance(one, list) and (found := text(one))) or None
    return None


def _of_object(part: Mapping[str, Any]) -> Any:
    return next((part[name] for name in ("value", "VALUE", "name", "NAME") if name in part), None)


def moment(value: Any) -> str | None:
    """Return Unix seconds as ISO text; a moment that is text already stays as it is, and 0 is none.

    >>> moment(1706734800), moment(0), moment("2024-09-02T18:37:18+02:00")
    ('2024-01-31T21:00:00+00:00', None, '2024-09-02T18:37:18+02:00')
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 200_000_000_000:
        return datetime.fromtimestamp(value, UTC).isoformat() if value else None
    return text(value)


def cells_of(record: Any, entity: Entity, zone: str) -> Iterator[Cells]:
    """Yield the text cells of a record, one row after the other."""
    for part in entity.spread(record) if entity.spread else [record]:
        key = [text(inside(part, *where)) for where in entity.key]
        cells: Cells = {"@id": None if None in key else ":".join(map(str, key))}
        cells["@changed"] = moment(inside(part, *entity.changed)) if entity.changed else None
        for name, where in entity.cells.items():
            value = inside(part, *where)
            cells[name] = moment(value) if name in _MOMENTS else text(value)
            if name.endswith("_id") and cells[name] == "0":
                cells[name] = None
        if entity.more is not None and isinstance(part, dict):
            cells |= entity.more(part)
        if entity.own is not None and isinstance(part, dict):
            for name, value in entity.own(part, zone).items():
                cells[_free(name.lstrip("@"), cells)] = value
        yield cells


def _free(name: str, taken: Iterable[str]) -> str:
    """Return the name of a client's own field, with a number where the name is taken.

    >>> _free("title", ["title", "stage"])
    'title.2'
    """
    number, free = 2, name
    while free in taken:
        free, number = f"{name}.{number}", number + 1
    return free


def newest(frame: pd.DataFrame, answers: Answers, entity: Entity) -> pd.DataFrame:
    """Keep the last changed version of each record, of equals one that names a deal, else the last found."""
    nameless = frame["@id"].isna() if entity.key else pd.Series(False, frame.index)
    answers.leave(frame[nameless], entity.table, "no_id")
    frame = frame[~nameless]
    if not entity.key or frame["@id"].is_unique:
        return frame
    again = frame[frame["@id"].duplicated(keep=False)]
    changed = pd.to_datetime(again["@changed"], format="ISO8601", utc=True, errors="coerce")
    deal = again["deal_id"].notna() if "deal_id" in again else changed.notna()
    order = pd.DataFrame({"changed": changed, "deal": deal, "place": range(len(again))})
    order = order.sort_values(["changed", "deal", "place"], na_position="first")
    again = again.loc[order.index]
    old = again["@id"].duplicated(keep="last")
    content = [name for name in again.columns if name not in ("@file", "@line")]
    same = again.duplicated(content, keep="last")
    kept = again[~old].set_index("@id")["@changed"]
    older = (again["@changed"] != again["@id"].map(kept)) & again["@changed"].notna()
    for reason, rows in (("same_row", same), ("older_version", older & ~same), ("same_id", ~older & ~same)):
        answers.leave(again[old & rows], entity.table, reason)
    return frame.drop(index=again.index[old])


def without_zeros(amounts: pd.Series) -> pd.Series:
    """Return amounts without zeros: both CRMs answer so where nobody filled one in."""
    return amounts.mask(pd.to_numeric(amounts, errors="coerce") == 0)


def distinct_names(rows: pd.DataFrame, group: str, name: str, number: str) -> pd.Series:
    """Return names of which no two of a group are alike: one that stands twice, or none, gets its number."""
    twice = rows.duplicated([group, name], keep=False)
    names = rows[name].where(~twice, rows[name] + " (" + rows[number] + ")")
    return names.where(names.notna(), rows[number])


def in_order(changes: pd.DataFrame) -> pd.DataFrame:
    """Sort moves of deals by time, of one moment by the ``place`` of the stage, then by number.

    ``@order`` is the position of a move among all; by it, and never by that in a file, ties are ordered.
    """
    number = changes["@id"].str.zfill(20)
    keys = pd.DataFrame(
        {
            "deal": changes["deal_id"],
            "at": pd.to_datetime(changes["changed_at"], format="ISO8601", utc=True, errors="coerce"),
            "place": pd.to_numeric(changes["place"], errors="coerce"),
            "number": number,
        }
    )
    changes = changes.loc[keys.sort_values(list(keys), kind="stable").index]
    return changes.assign(**{"@order": range(len(changes))})
