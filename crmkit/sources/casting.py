"""One file's text columns into typed canonical columns; each decision and each unreadable cell is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmkit.errors import N_, SourceError
from crmkit.schema import column
from crmkit.sources.ledger import Ledger
from crmkit.sources.values import (
    AmbiguousValues,
    Parsed,
    parse_booleans,
    parse_durations,
    parse_moments,
    parse_numbers,
)

if TYPE_CHECKING:
    from crmkit.client import Client, ExportFile
    from crmkit.sources.mapping import ColumnMap, Source
    from crmkit.sources.reading import RawTable


def cast(
    raw: RawTable, entry: ExportFile, source: Source, mapped: ColumnMap, client: Client, ledger: Ledger
) -> tuple[pd.DataFrame, set[str]]:
    """Turn a raw table into typed canonical columns and custom text columns.

    Returns
    -------
    the frame, with ``file`` and ``line`` of every row, and the names of its moments without a time of day.

    Raises
    ------
    SourceError: dates or numbers that may be read in two ways; too large a share that cannot be read at all.
    """
    wanted: dict[str, list[str]] = {}
    for heading, target in mapped.targets.items():
        wanted.setdefault(target, []).append(heading)
    data: dict[str, pd.Series] = {}
    whole_days: set[str] = set()
    for target, headings in wanted.items():
        item = column(entry.table, target)
        kind = item.kind if item else "text"
        text = raw.frame[headings[0]]
        for heading in headings[1:]:
            text = text.where(text.notna(), raw.frame[heading])
        parsed = _parse(raw, entry, source, client, target, kind, headings[0], text)
        if parsed is None:  # a lenient column: kept under its own heading
            data[headings[0]] = text
            _enter(ledger, entry, headings, "", "text", text, 0, "")
            continue
        data[target] = _as_kind(parsed.values, kind, parsed)
        if kind == "moment" and not parsed.has_time and data[target].notna().any():
            whole_days.add(f"{entry.table}.{target}")
        _enter(ledger, entry, headings, target, kind, text, len(parsed.bad), parsed.decision)
        for code, count in parsed.notes.items():
            ledger.note(code, entry.table, target, count=count)
        if len(parsed.bad):
            ledger.note(
                "unreadable", entry.table, target, count=len(parsed.bad), samples=text.iloc[parsed.bad]
            )
    for heading in raw.headings:
        if heading not in mapped.targets:
            name = heading if heading not in data and heading not in ("file", "line") else f"{heading}.2"
            data[name] = raw.frame[heading]
            _enter(ledger, entry, [heading], "", "text", raw.frame[heading], 0, "")
    frame = pd.DataFrame(data, index=raw.frame.index)
    frame["file"] = pd.Categorical.from_codes(np.zeros(len(frame), dtype=np.int8), [entry.shown])
    frame["line"] = np.asarray(raw.lines, dtype=np.int32)
    return frame, whole_days


def _parse(
    raw: RawTable,
    entry: ExportFile,
    source: Source,
    client: Client,
    target: str,
    kind: str,
    heading: str,
    text: pd.Series,
) -> Parsed | None:
    native = heading in raw.native_dates
    try:
        if kind in ("moment", "date"):
            zone = client.time_zone if kind == "moment" else "UTC"
            parsed = parse_moments(
                text,
                zone,
                fmt=entry.dates,
                day_first=source.day_first,
                native=native,
                empty_words=source.empty_words,
            )
        elif kind in ("money", "number", "days", "share"):
            parsed = parse_numbers(text, decimal=entry.decimal)
        elif kind == "bool":
            parsed = parse_booleans(text)
        elif kind == "seconds":
            parsed = parse_durations(text)
        else:
            return Parsed(text, np.array([], dtype=np.int64), "", False, {})
    except AmbiguousValues as error:
        if target in source.lenient:
            return None
        dates = error.kind == "dates"
        raise SourceError(
            f"{entry.shown} ({source.name}): {heading}",
            N_("the day and the month can be told apart in no row, or rows contradict one another")
            if dates
            else N_("whether the mark divides thousands or decimals can be told in no row"),
            error.samples,
            N_("Say which it is in client.yml, in this file's entry: {example}", example='dates: "%d.%m.%Y"')
            if dates
            else N_("Say which it is in client.yml, in this file's entry: {example}", example='decimal: ","'),
        ) from error
    filled = int(text.notna().sum())
    if filled and len(parsed.bad) / filled > client.thresholds().unreadable_share:
        if target in source.lenient:
            return None
        raise SourceError(
            f"{entry.shown} ({source.name}): {heading}",
            N_(
                "{bad} of {filled} filled cells cannot be read as «{column}» ({decision})",
                bad=len(parsed.bad), filled=filled, column=target, decision=parsed.decision,
            ),
            [f"{raw.lines[row]}: {text.iloc[row]}" for row in parsed.bad[:5]],
            N_(
                "Check which column «{column}» is, its format (dates, decimal) in client.yml, or mend the file; "
                "limits.unreadable_share sets how much may be unreadable.",
                column=target,
            ),
        )  # fmt: skip
    return parsed


def _as_kind(values: pd.Series, kind: str, parsed: Parsed) -> pd.Series:
    if kind == "date":
        return values.dt.tz_localize(None).dt.normalize()
    if kind == "money":
        return values.round(2)
    if kind == "share":
        hundred = parsed.notes.get("percent", 0) > 0 or bool((values > 1).any())
        return values / 100 if hundred else values
    return values


def _enter(
    ledger: Ledger,
    entry: ExportFile,
    headings: list[str],
    target: str,
    kind: str,
    text: pd.Series,
    bad: int,
    decision: str,
) -> None:
    ledger.columns.append(
        {
            "file": entry.shown,
            "heading": " + ".join(headings),
            "column": target,
            "kind": kind,
            "rows": len(text),
            "filled": int(text.notna().sum()),
            "unreadable": bad,
            "decision": decision,
        }
    )
