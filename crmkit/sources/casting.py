"""One file's text columns into typed canonical columns; each decision and each unreadable cell is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmkit.columns import ADDED, TABLES, column_kind
from crmkit.errors import N_, SourceError
from crmkit.sources.ledger import Ledger
from crmkit.sources.talks import ANSWERED, UNANSWERED
from crmkit.sources.values import (
    AmbiguousValues,
    Parsed,
    parse_booleans,
    parse_durations,
    parse_moments,
    parse_numbers,
)

if TYPE_CHECKING:
    from crmkit.settings import Client, ExportFile
    from crmkit.sources.mapping import ColumnMap, Source
    from crmkit.sources.reading import RawTable

_TIME_OF_DAY = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?"


@dataclass(frozen=True)
class OpenedFile:
    """A file of the export as text, and what its headings mean."""

    entry: ExportFile
    source: Source
    raw: RawTable
    mapped: ColumnMap

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"{self.entry.shown} ({self.source.name})"


def cast(file: OpenedFile, client: Client, ledger: Ledger) -> tuple[pd.DataFrame, set[str]]:
    """Turn a raw table into typed canonical columns and custom text columns.

    Returns
    -------
    the frame, with ``file`` and ``line`` of every row, and the names of its moments without a time of day.

    Raises
    ------
    SourceError: dates or numbers that may be read in two ways; too large a share that cannot be read at all.
    """
    raw, table = file.raw, file.entry.table
    wanted: dict[str, list[str]] = {}
    for heading, target in file.mapped.targets.items():
        wanted.setdefault(target, []).append(heading)
    data: dict[str, pd.Series] = {}
    own: list[str] = [heading for heading in raw.headings if heading not in file.mapped.targets]
    whole_days: set[str] = set()
    for target, headings in wanted.items():
        kind = column_kind(table, target)
        text = _joined([raw.frame[heading] for heading in headings], kind)
        if kind in ("category", "id"):
            nothing = text.isin(file.source.nulls)
            ledger.note("null_word", table, target, count=int(nothing.sum()), samples=text[nothing].unique())
            text = text.mask(nothing) if nothing.any() else text
        parsed = _parse(file, client, headings, text, kind)
        if parsed is None:
            own += headings
            continue
        data[target] = _as_kind(parsed, kind)
        if kind == "moment" and not parsed.has_time and data[target].notna().any():
            whole_days.add(f"{table}.{target}")
        _enter(ledger, file, headings, target, kind, text, parsed)
        for code, count in parsed.notes.items():
            ledger.note(code, table, target, count=count)
        if kind == "share":
            odd = (data[target] < 0) | (data[target] > 1)
            ledger.note("no_share", table, target, count=int(odd.sum()), samples=text[odd])
            data[target] = data[target].mask(odd)
    names = [item.name for item in TABLES[table]]
    for heading in own:
        data[_free(heading, [*data, *names, *ADDED])] = raw.frame[heading]
        _enter(ledger, file, [heading], "", "text", raw.frame[heading], None)
    frame = pd.DataFrame(data, index=raw.frame.index)
    frame["file"] = pd.Categorical.from_codes(np.zeros(len(frame), dtype=np.int8), [file.entry.shown])
    frame["line"] = np.asarray(raw.lines, dtype=np.int32)
    return frame, whole_days


def _joined(columns: Sequence[pd.Series], kind: str) -> pd.Series:
    """Return the first filled cell of each row; times of day are put behind the dates before them."""
    text = columns[0]
    for other in columns[1:]:
        if kind == "moment" and other.notna().any() and other.dropna().str.fullmatch(_TIME_OF_DAY).all():
            text = (text + " " + other).where(text.notna() & other.notna(), text)
        else:
            text = text.where(text.notna(), other)
    return text


def _free(heading: str, taken: Sequence[str]) -> str:
    """Return a name for a custom column that is not a canonical one."""
    name, number = heading, 2
    while name in taken:
        name, number = f"{heading}.{number}", number + 1
    return name


def _parse(
    file: OpenedFile, client: Client, headings: Sequence[str], text: pd.Series, kind: str
) -> Parsed | None:
    """Read a column as its kind; ``None`` if it is a lenient one that cannot be read."""
    target = file.mapped.targets[headings[0]]
    try:
        parsed = _read(file, client, headings, text, kind)
    except AmbiguousValues as error:
        if target in file.source.lenient:
            return None
        dates = error.kind == "dates"
        raise SourceError(
            f"{file.where}: {headings[0]}",
            N_("the day and the month can be told apart in no row, or rows contradict one another")
            if dates
            else N_("whether the mark divides thousands or decimals can be told in no row"),
            error.samples,
            N_("Say which it is in client.yml, in this file's entry: {example}", example='dates: "%d.%m.%Y"')
            if dates
            else N_("Say which it is in client.yml, in this file's entry: {example}", example='decimal: ","'),
        ) from error
    filled = int(text.notna().sum())
    if not filled or len(parsed.bad) / filled <= client.limits.unreadable_share:
        return parsed
    if target in file.source.lenient:
        return None
    raise SourceError(
        f"{file.where}: {headings[0]}",
        N_(
            "{bad} of {filled} filled cells cannot be read as «{column}» ({decision})",
            bad=len(parsed.bad), filled=filled, column=target, decision=parsed.decision or "?",
        ),
        [f"{file.raw.lines[row]}: {text.iloc[row]}" for row in parsed.bad[:5]],
        N_(
            "Check which column «{column}» is, its format (dates, decimal) in client.yml, or mend the file; "
            "limits.unreadable_share sets how much may be unreadable.",
            column=target,
        ),
    )  # fmt: skip


def _read(file: OpenedFile, client: Client, headings: Sequence[str], text: pd.Series, kind: str) -> Parsed:
    if kind in ("moment", "date"):
        parse = partial(
            parse_moments,
            text,
            client.time_zone if kind == "moment" else "UTC",
            day_first=file.source.day_first,
            native=file.raw.decisions.get("sheet") is not None
            or not file.raw.native_dates.isdisjoint(headings),
            empty_words=file.source.empty_words,
        )
        parsed = parse(fmt=file.entry.dates)
        # a column in which nothing has the file's format has one of its own
        return parsed if file.entry.dates is None or parsed.values.notna().any() else parse()
    if kind in ("money", "number", "days", "share"):
        return parse_numbers(text, decimal=file.entry.decimal)
    if kind == "bool":
        told = file.mapped.targets[headings[0]] == "answered"
        return parse_booleans(text, ANSWERED, UNANSWERED) if told else parse_booleans(text)
    if kind == "seconds":
        return parse_durations(text)
    return Parsed(text, np.array([], dtype=np.int64), "")


def _as_kind(parsed: Parsed, kind: str) -> pd.Series:
    values = parsed.values
    if kind == "date":
        return values.dt.tz_localize(None).dt.normalize()
    if kind == "money":
        return values.round(2)
    if kind == "share" and (parsed.notes.get("percent", 0) > 0 or (values > 1).any()):
        return values / 100
    return values


def _enter(
    ledger: Ledger,
    file: OpenedFile,
    headings: Sequence[str],
    target: str,
    kind: str,
    text: pd.Series,
    parsed: Parsed | None,
) -> None:
    """Tell of a column in the load report."""
    bad = parsed.bad if parsed else np.array([], dtype=np.int64)
    ledger.columns.append(
        {
            "file": file.entry.shown,
            "heading": " + ".join(headings),
            "column": target,
            "kind": kind,
            "rows": len(text),
            "filled": int(text.notna().sum()),
            "unreadable": len(bad),
            "decision": parsed.decision if parsed else "",
        }
    )
    if len(bad):
        ledger.note("unreadable", file.entry.table, target, count=len(bad), samples=text.iloc[bad])
