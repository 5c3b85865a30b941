"""The files of a client into one typed frame per table: read, map, cast, refine, put together, join."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from crmkit.client import Client, ExportFile
from crmkit.errors import N_, Refusals, SourceError
from crmkit.schema import TABLES
from crmkit.sources.casting import cast
from crmkit.sources.known import SOURCES
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import ColumnMap, Source, map_headings, normal
from crmkit.sources.reading import RawTable, read_raw

KEYS = {
    "deals": "deal_id",
    "tasks": "task_id",
    "activities": "activity_id",
    "companies": "company_id",
    "contacts": "contact_id",
    "managers": "manager_id",
}
#: Where one of the two is missing, the other one stands in: a name is an identifier if there is no number.
TWINS = {
    "managers": ("manager_id", "name"),
    "companies": ("company_id", "name"),
    "contacts": ("contact_id", "name"),
}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def assemble(client: Client) -> tuple[dict[str, pd.DataFrame], set[str], Ledger]:
    """Read all files of a client.

    Returns
    -------
    one typed frame per table that has a file; the moments (``table.column``) without a time of day; the ledger.

    Raises
    ------
    Refusals: every file that cannot be used, each with its reason.
    """
    ledger = Ledger()
    whole_days: set[str] = set()
    parts: dict[str, list[pd.DataFrame]] = {}
    joins: list[tuple[ExportFile, pd.DataFrame, ColumnMap]] = []
    maps: dict[str, ColumnMap] = {}
    refusals: list[SourceError] = []
    for entry in client.files:
        try:
            frame, mapped, days = _read_one(client, entry, ledger)
        except SourceError as error:
            refusals.append(error)
            continue
        if entry.join is not None:
            joins.append((entry, frame, mapped))
            continue
        whole_days |= days
        maps.setdefault(entry.table, mapped)
        parts.setdefault(entry.table, []).append(frame)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else Refusals(refusals)
    tables = {table: _put_together(table, frames, ledger) for table, frames in parts.items()}
    for entry, frame, mapped in joins:
        tables[entry.table] = _join(
            tables.get(entry.table), maps.get(entry.table), entry, frame, mapped, ledger
        )
    return tables, whole_days, ledger


def _read_one(client: Client, entry: ExportFile, ledger: Ledger) -> tuple[pd.DataFrame, ColumnMap, set[str]]:
    source = SOURCES[client.crm]
    path = client.file(entry)
    raw = read_raw(path, encoding=entry.encoding, delimiter=entry.delimiter, sheet=entry.sheet)
    mapped = map_headings(raw.headings, entry, source)
    _check_map(raw, entry, source, mapped)
    ledger.files.append(
        {
            "path": entry.shown,
            "table": entry.table,
            "rows_read": raw.rows_read,
            "sha256": digest(path),
            "kind": raw.decisions.get("kind", ""),
            "encoding": raw.decisions.get("encoding", ""),
            "delimiter": raw.decisions.get("delimiter", ""),
            "decisions": " · ".join(f"{name}: {value}" for name, value in sorted(raw.decisions.items())),
        }
    )
    ledger.set_aside(entry.shown, raw.set_aside["line"], "fields", raw.set_aside["text"])
    if ledger.aside and len(raw.set_aside):
        ledger.aside[-1]["reason"] = list(raw.set_aside["reason"])
    damaged = raw.decisions.get("damaged_numbers")
    if damaged:
        ledger.note("damaged_numbers", entry.table, count=len(raw.frame), samples=[damaged])
    frame, whole_days = cast(raw, entry, source, mapped, client, ledger)
    if source.refine is not None:
        before = set(frame.columns)
        frame, merged = source.refine(entry.table, frame)
        whole_days |= {f"{entry.table}.{name}" for name in set(frame.columns) - before if _has_no_time(frame[name])}
        if len(merged):
            ledger.set_aside(entry.shown, merged["line"], "product_row", merged["deal_id"])
    if entry.join is None:
        frame = _identify(entry, source, frame, ledger)
    return frame, mapped, whole_days


def _has_no_time(values: pd.Series) -> bool:
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return False
    return bool((values.dropna() == values.dropna().dt.normalize()).all())


def _check_map(raw: RawTable, entry: ExportFile, source: Source, mapped: ColumnMap) -> None:
    have = ", ".join(raw.headings[:8])
    more = max(len(raw.headings) - 8, 0)
    if mapped.missing:
        raise SourceError(
            f"{entry.shown} ({source.name})",
            N_(
                "column «{column}» is missing; the file has: {have} ({more} more)",
                column=mapped.missing[0],
                have=have,
                more=more,
            ),
            mapped.missing[1:],
            N_("Export with all fields, or correct the heading in client.yml under columns."),
        )
    found = set(mapped.targets.values())
    required = [item.name for item in TABLES[entry.table] if item.required]
    twins = TWINS.get(entry.table, ())
    lacking = [name for name in required if name not in found and not (name in twins and found & set(twins))]
    if entry.join is None and lacking and not (lacking == [KEYS.get(entry.table)] and entry.key):
        key = KEYS.get(entry.table) in lacking
        raise SourceError(
            f"{entry.shown} ({source.name})",
            N_("nothing in the file feeds the column «{column}» of {table}; the file has: {have} ({more} more)", column=lacking[0], table=entry.table, have=have, more=more),
            lacking[1:],
            N_("Check that crm in client.yml is right; else name the heading under columns, or write key: row if the rows have no number of their own.")
            if key
            else N_("Check that crm in client.yml is right; else name the heading under columns in client.yml."),
        )  # fmt: skip


def _identify(entry: ExportFile, source: Source, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Give every row its identifier; rows without one, or with one seen before, are set aside."""
    first, second = TWINS.get(entry.table, ("", ""))
    if first and first not in frame and second in frame:
        frame = frame.assign(**{first: frame[second]})
    elif first and second not in frame:
        frame = frame.assign(**{second: frame[first]})
    key = KEYS.get(entry.table)
    if key is None:
        return frame
    if entry.key is not None and key not in frame:
        frame = frame.assign(**{key: _made_key(entry, frame)})
    if key not in frame:
        return frame
    nameless = frame[key].isna()
    if nameless.any():
        gone = frame[nameless]
        text = gone.drop(columns=["file", "line"]).iloc[:, :4].astype("str").agg(" · ".join, axis=1)
        ledger.set_aside(entry.shown, gone["line"], "no_id", text)
        frame = frame[~nameless]
    return frame


def _made_key(entry: ExportFile, frame: pd.DataFrame) -> pd.Series:
    if entry.key == "row":
        return frame["line"].astype("str").radd(f"{Path(entry.path).stem}:")
    headings = [entry.key] if isinstance(entry.key, str) else list(entry.key or [])
    by_name = {normal(name): name for name in frame.columns}
    targets = {normal(heading): target for heading, target in entry.columns.items()}
    names = [by_name.get(normal(one)) or targets.get(normal(one)) for one in headings]
    if None in names or not names:
        raise SourceError(
            entry.shown, N_("the key names a heading that the file does not have"), headings, N_("Write key: row, or the headings that tell rows apart.")
        )  # fmt: skip
    parts = [frame[name].astype("str") for name in names]
    text = parts[0]
    for part in parts[1:]:
        text = text + "|" + part
    return text


def _put_together(table: str, frames: list[pd.DataFrame], ledger: Ledger) -> pd.DataFrame:
    for frame in frames:
        frame["file"] = frame["file"].astype("str")
    whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    key = KEYS.get(table)
    if key is None or key not in whole:
        return whole
    again = whole[key].duplicated(keep=False)
    if not again.any():
        return whole
    if "updated_at" in whole:
        newest = (
            whole[["updated_at"]]
            .assign(row=np.arange(len(whole)))
            .sort_values(["updated_at", "row"], na_position="first")
        )
        last = ~whole[key].loc[newest.index].duplicated(keep="last").sort_index()
    else:
        last = ~whole[key].duplicated(keep="last")
    content = [name for name in whole.columns if name not in ("file", "line")]
    same = whole[content].duplicated(keep=False)
    for reason, chosen in (("same_row", ~last & same), ("same_id", ~last & ~same)):
        for file, rows in whole[chosen].groupby("file", dropna=False):
            ledger.set_aside(str(file), rows["line"], reason, rows[key])
    return whole[last].reset_index(drop=True)


def _squeezed(values: pd.Series) -> pd.Series:
    return values.astype("str").str.casefold().str.replace(r"[\W_]+", "", regex=True)


def _join(
    base: pd.DataFrame | None,
    base_map: ColumnMap | None,
    entry: ExportFile,
    frame: pd.DataFrame,
    mapped: ColumnMap,
    ledger: Ledger,
) -> pd.DataFrame:
    if base is None or entry.join is None:
        raise SourceError(
            entry.shown, N_("there is no other file of the table {table} to join to", table=entry.table)
        )
    on = entry.join.on
    here, there = next(iter(on.items())) if isinstance(on, dict) else (on, on)
    right = mapped.targets.get(here, here)
    left = next(
        (
            name
            for name in (there, (base_map.targets.get(there, "") if base_map else ""), right)
            if name in base
        ),
        None,
    )
    if right not in frame or left is None:
        raise SourceError(
            entry.shown,
            N_("the join on «{on}» finds no such column on both sides", on=f"{here} = {there}"),
            list(base.columns)[:5],
            N_("Write join: {{on: {{heading in this file: column of the other}}}}."),
        )
    added = [
        name for name in frame.columns if name not in (right, "file", "line") and name not in base.columns
    ]
    lookup = frame[[right, *added]].dropna(subset=[right]).drop_duplicates(subset=[right])
    ledger.note("join_key_twice", entry.table, left, count=int(frame[right].dropna().duplicated().sum()))
    taken = [name for name in frame.columns if name in base.columns and name not in (right, "file", "line")]
    ledger.note("join_column_taken", entry.table, count=len(taken), samples=taken)
    merged = base.merge(lookup, how="left", left_on=left, right_on=right, validate="m:1", suffixes=("", ".2"))
    if right != left and right in merged and right not in base:
        merged = merged.drop(columns=[right])
    lost = base[left][base[left].notna() & ~base[left].isin(lookup[right])]
    if len(lost):
        near = dict(zip(_squeezed(lookup[right]), lookup[right], strict=True))
        counts = lost.value_counts()
        pairs = [
            f"{name} ({count}) ≈ {near[key]}" if key in near else f"{name} ({count})"
            for name, count, key in zip(counts.index, counts, _squeezed(pd.Series(counts.index)), strict=True)
        ]
        ledger.note("unmatched_join", entry.table, left, count=len(lost), samples=pairs)
    return merged
