"""The files of a client into one typed frame per table: read, map, cast, refine, put together, join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from crmkit.errors import N_, CrmkitError, Refusals, SourceError
from crmkit.facts import day_of
from crmkit.schema import TABLES, at_midnight
from crmkit.settings import Client, ExportFile
from crmkit.sources.api import read_answers
from crmkit.sources.carded import with_columns_of_cards
from crmkit.sources.casting import OpenedFile, cast
from crmkit.sources.heading import find_heading_row, without_groups
from crmkit.sources.history import changes_between, wide_history
from crmkit.sources.identity import KEYS, TWINS, identify, without_repeats
from crmkit.sources.joining import join
from crmkit.sources.known import SOURCES
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import find_heading, map_headings, signed
from crmkit.sources.reading import RawTable, read_raw
from crmkit.sources.saved import digest


@dataclass(frozen=True)
class _Part:
    """One file, typed; ``whole_days`` are its moments (``table.column``) without a time of day.

    ``history`` are the stage changes that columns of a deals file tell.
    """

    file: OpenedFile
    frame: pd.DataFrame
    whole_days: set[str]
    history: pd.DataFrame | None


def assemble(
    client: Client, digests: Mapping[Path, str] | None = None
) -> tuple[dict[str, pd.DataFrame], set[str], Ledger]:
    """Read all files of a client; ``digests`` are those of files that are known already.

    Returns
    -------
    a typed frame per table with a file; the moments (``table.column``) without a time of day; the ledger.

    Raises
    ------
    SourceError: a file that cannot be used, with its reason; Refusals: several of them.
    """
    ledger = Ledger(digests=digests or {})
    parts = _read_all(client, ledger)
    whole_days: set[str] = set()
    tables: dict[str, pd.DataFrame] = {}
    meanings: dict[str, dict[str, str]] = {}
    for table in dict.fromkeys(part.file.entry.table for part in parts):
        rows = [one for one in parts if one.file.entry.table == table and one.file.entry.join is None]
        if not rows:
            continue
        rows.sort(key=lambda one: one.file.entry.snapshot or date.max)
        tables[table] = without_repeats(table, _stacked([one.frame for one in rows]), ledger)
        whole_days = whole_days.union(*(one.whole_days for one in rows))
        meanings[table] = {
            key: value for one in reversed(rows) for key, value in one.file.mapped.targets.items()
        }
    for part in (one for one in parts if one.file.entry.join is not None):
        table = part.file.entry.table
        if table not in tables:
            raise SourceError(
                part.file.where,
                N_("there is no other file of the table {table} to join to", table=table),
                remedy=N_("Take the join out, or name the other file too."),
            )
        tables[table], added = join(tables[table], meanings[table], part.frame, part.file, ledger)
        whole_days |= part.whole_days & {f"{table}.{name}" for name in added}
        meanings[table] = {**part.file.mapped.targets, **meanings[table]}
    history, by_day = _history(client, parts, tables.get("stage_changes"), ledger)
    if history is not None:
        tables["stage_changes"] = history
    return tables, whole_days | by_day, ledger


def _read_all(client: Client, ledger: Ledger) -> list[_Part]:
    """Read the files and the answers; all that is refused is told at once."""
    parts: list[_Part] = []
    refusals: list[CrmkitError] = []
    for entry in client.files:
        try:
            parts.append(_read_one(client, entry, ledger))
        except SourceError as error:
            refusals.append(error)
    if client.api is not None:
        try:
            parts += [_Part(*one, None) for one in read_answers(client, ledger)]
        except Refusals as error:
            refusals += error.errors
        except SourceError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else Refusals(refusals)
    return parts


def _history(
    client: Client, parts: list[_Part], given: pd.DataFrame | None, ledger: Ledger
) -> tuple[pd.DataFrame | None, set[str]]:
    """Return the stage changes given and those out of columns; without any, those between dated exports."""
    made = [part.history for part in parts if part.history is not None]
    dated = [
        (part.file.entry.snapshot, part.frame)
        for part in parts
        if part.file.entry.snapshot is not None and "stage" in part.frame
    ]
    if given is None and not made and len(dated) > 1:
        changes = changes_between(dated, client.time_zone)
        ledger.note("between_exports", "stage_changes", "changed_at", count=len(changes))
        return changes, {"stage_changes.changed_at"}
    if not made:
        return given, set()
    whole = _stacked(made).drop_duplicates(["deal_id", "changed_at", "to_stage"], ignore_index=True)
    return whole if given is None else _stacked([given, whole]), set()


def _read_one(client: Client, entry: ExportFile, ledger: Ledger) -> _Part:
    source = SOURCES[client.crm]
    path = client.file(entry)
    raw = find_heading_row(
        read_raw(path, encoding=entry.encoding, delimiter=entry.delimiter, sheet=entry.sheet)
    )
    if source.printed or "heading_line" in raw.decisions:
        raw = without_groups(raw)
    file = OpenedFile(entry, source, raw, map_headings(raw.headings, entry, source))
    _check(file)
    _enter(file, ledger.digests.get(path) or digest(path), ledger)
    frame, whole_days = cast(file, client, ledger)
    if source.refine is not None:
        before = {*frame}
        frame, merged = source.refine(entry.table, frame, client.time_zone)
        whole_days |= {f"{entry.table}.{name}" for name in {*frame} - before if _has_no_time(frame[name])}
        if len(merged):
            reason, name = merged.get("reason", "product_row"), merged.get("deal_id", merged["line"])
            ledger.set_aside(entry.shown, entry.table, merged["line"], reason, name)
    history = None
    if entry.join is None:
        frame = identify(with_columns_of_cards(frame, file), file, ledger)
        if entry.table == "deals":
            history, without_time = wide_history(file, frame, client, ledger)
            whole_days |= without_time
    return _Part(file, frame, whole_days, history)


def _enter(file: OpenedFile, sha256: str, ledger: Ledger) -> None:
    """Tell in the load report how a file was read."""
    entry, raw = file.entry, file.raw
    ledger.files.append(
        {
            "path": entry.shown,
            "table": entry.table,
            "rows_read": raw.rows_read,
            "sha256": sha256,
            **{name: raw.decisions.get(name, "") for name in ("kind", "encoding", "delimiter")},
            "decisions": " · ".join(f"{name}: {value}" for name, value in sorted(raw.decisions.items())),
        }
    )
    ledger.note("merged_cells", entry.table, count=int(raw.decisions.get("merged_cells", "0")))
    aside = raw.set_aside
    ledger.set_aside(entry.shown, entry.table, aside["line"], aside["reason"], aside["text"])
    for heading in raw.decisions.get("damaged_numbers", "").split(", "):
        if heading in raw.frame:
            long = raw.frame[heading].str.fullmatch(r"\d{16,}", na=False)
            name = file.mapped.targets.get(heading, heading)
            ledger.note(
                "damaged_numbers", entry.table, name, count=int(long.sum()), samples=raw.frame[heading][long]
            )


def _has_no_time(values: pd.Series) -> bool:
    is_moment, known = isinstance(values.dtype, pd.DatetimeTZDtype), values.dropna()
    return is_moment and bool((known == at_midnight(day_of(known), str(known.dt.tz))).all())


def _check(file: OpenedFile) -> None:
    """Refuse a file without rows, and one that lacks what is named or needed."""
    entry, raw = file.entry, file.raw
    if raw.frame.empty:
        raise SourceError(
            file.where,
            N_("the file has headings, and no row below them"),
            list(raw.set_aside["text"][:3]) or raw.headings[:5],
            N_("Export it again without filters, or take it out of client.yml."),
        )
    _check_origin(file)
    dated = [one for one in entry.stage_dates if find_heading(one, raw.headings) is None]
    if missing := [*file.mapped.missing, *dated]:
        raise SourceError(
            file.where,
            N_("column «{column}» is missing; the file has: {have}", column=missing[0], have=have(raw)),
            missing[1:],
            N_("Export with all fields, or correct the heading in client.yml under columns."),
        )
    if entry.join is not None:
        return
    found, key, twins = set(file.mapped.targets.values()), KEYS.get(entry.table), TWINS.get(entry.table, ())
    required = [item.name for item in TABLES[entry.table] if item.required]
    lacking = [name for name in required if name not in found and not (name in twins and found & set(twins))]
    if not lacking or (lacking == [key] and entry.key):
        return
    remedy = N_("Check that crm in client.yml is right; else name the heading under columns in client.yml.")
    if key in lacking:
        remedy = N_(
            "Check that crm in client.yml is right; else name the heading under columns, "
            "or write key: row if the rows have no number of their own."
        )
    what = N_(
        "nothing in the file feeds the column «{column}» of {table}; the file has: {have}",
        column=lacking[0], table=entry.table, have=have(raw),
    )  # fmt: skip
    raise SourceError(file.where, what, lacking[1:], remedy)


def _check_origin(file: OpenedFile) -> None:
    """Refuse a file that bears the signature of another CRM and not that of its own."""
    if file.entry.columns or not file.source.signature or signed(file.raw.headings, file.source):
        return
    others = [name for name, other in SOURCES.items() if signed(file.raw.headings, other)]
    if others:
        raise SourceError(
            file.where,
            N_("this reads like an export of another CRM: {names}", names=", ".join(others)),
            file.raw.headings[:5],
            N_("Correct crm in client.yml, or say under columns what the headings mean."),
        )


def have(raw: RawTable) -> str:
    """Return the first headings of a file, and how many more there are."""
    first = ", ".join(raw.headings[:8])
    return first if len(raw.headings) <= 8 else f"{first} … (+{len(raw.headings) - 8})"


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames below one another; the names of several files become text."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    return pd.concat([frame.assign(file=frame["file"].astype("str")) for frame in frames], ignore_index=True)
