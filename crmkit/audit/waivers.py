"""Exceptions that a client allows: which offending rows are waived, why, and until when."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from crmkit.audit.checks import hygiene_checks
from crmkit.audit.examine import ALL, Audit
from crmkit.errors import N_, CrmkitError, Message, Refusals, SettingsError, did_you_mean, fold
from crmkit.places import resource
from crmkit.yamlfile import read_yaml

WAIVERS = "exceptions.csv"
COLUMNS = ("check", "id", "reason", "until")
MAX_BYTES = 10_000_000
#: A code of a check: of a sheet typed in Russian its letter may be the Cyrillic one that looks the same.
_CODE = re.compile("[hH\u041d\u043d]?0*([0-9]{1,2})")
_DAYS = {re.compile(r"\d{4}-\d{1,2}-\d{1,2}"): "%Y-%m-%d", re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}"): "%d.%m.%Y"}


def read_waivers(folder: Path) -> pd.DataFrame | None:
    """Return the exceptions that a client allows.

    Parameters
    ----------
    folder: the client's; a file ``exceptions.csv`` in it may be missing.

    Returns
    -------
    One row an exception: ``check`` (such as H05), ``id`` of the offending row, ``reason``, ``until`` (its
    last day, datetime64[us]), ``line`` in the file; ``None`` without a file.

    Raises
    ------
    Refusals or SettingsError: every mistake, with its line and what to do.
    """
    path = folder / WAIVERS
    if not path.is_file():
        return None
    lines = _records(_text(path))
    head = next(lines, (1, []))[1]
    places = _places(head)
    errors: list[CrmkitError] = []
    rows: list[tuple[str, str, str, date, int]] = []
    known = {one.number: one.id for one in hygiene_checks()}
    for line, cells in lines:
        told = {name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()}
        check, until = _check(told["check"], known), read_day(told["until"])
        errors += _mistakes(line, told, check=check, until=until)
        if check and until:
            rows.append((check, told["id"], told["reason"], until, line))
    errors += _contradicting(rows)
    if errors:
        raise Refusals(errors)
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "line"])
    texts = dict.fromkeys(COLUMNS[:3], "str")
    return frame.astype(texts).assign(until=pd.to_datetime(frame["until"]).astype("datetime64[us]"))


def idle_waivers(waivers: pd.DataFrame | None, audit: Audit) -> pd.DataFrame:
    """Return the exceptions that change nothing.

    Returns
    -------
    ``check``, ``id``, ``reason``, ``until``, ``line``, and ``why``: ``ran_out`` (its last day is over at
    ``as_of``), ``offends_not`` (no such row offends). What a check that was not examined, or a period, cannot
    tell is left out.
    """
    if waivers is None:
        return pd.DataFrame(columns=[*COLUMNS, "line", "why"])
    today = pd.Timestamp(audit.crm.today)
    over = (waivers["until"] < today).to_numpy()
    pairs = pd.MultiIndex.from_frame(waivers[["check", "id"]])
    offends = pairs.isin(pd.MultiIndex.from_frame(audit.violations[["check", "id"]]))
    told = waivers["check"].isin(audit.states["check"][audit.examined]).to_numpy() & (audit.period == ALL)
    idle = over | (told & ~offends)
    return waivers.assign(why=np.where(over, "ran_out", "offends_not"))[idle].reset_index(drop=True)


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise SettingsError(WAIVERS, N_("the file is larger than {size} MB", size=MAX_BYTES // 1_000_000))
    raw = path.read_bytes()
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1251"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    what = N_("the file is no text: neither UTF-8 nor Windows-1251")
    raise SettingsError(WAIVERS, what, remedy=N_("Save it as CSV, UTF-8."))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that say anything, each with the line (from 1) at which it begins."""
    head = text.partition("\n")[0]
    mark = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        what = N_("a quotation mark stands where it cannot be understood")
        remedy = N_("Put a text with quotation marks into quotation marks, and double those within.")
        raise SettingsError(f"{WAIVERS}:{line}", what, remedy=remedy) from error


def _places(head: list[str]) -> dict[str, int]:
    """Return where each column stands.

    Raises
    ------
    SettingsError: a column is missing, or stands there twice.
    """
    names: Mapping[str, list[str]] = read_yaml(resource("templates") / "exceptions.yml")[0]
    given = [fold(cell) for cell in head]
    found = {name: [place for place, one in enumerate(given) if one in names[name]] for name in COLUMNS}
    odd = [name for name, places in found.items() if len(places) != 1]
    if odd:
        what = N_("these columns are missing, or stand there twice: {names}", names=", ".join(odd))
        remedy = N_("The first line has to be: check;id;reason;until")
        raise SettingsError(f"{WAIVERS}:1", what, head, remedy)
    return {name: places[0] for name, places in found.items()}


def _check(said: str, known: Mapping[int, str]) -> str:
    code = _CODE.fullmatch(said)
    return known.get(int(code[1]), "") if code else ""


def read_day(said: str) -> date | None:
    """Return the day that is written such as 2026-12-31 or 31.12.2026, ``None`` for anything else."""
    for shape, form in _DAYS.items():
        if shape.fullmatch(said):
            try:
                return datetime.strptime(said, form).date()  # noqa: DTZ007 (a date)
            except ValueError:
                return None
    return None


def _mistakes(
    line: int, told: Mapping[str, str], *, check: str, until: date | None
) -> Iterator[SettingsError]:
    def mistake(what: Message, name: str, remedy: Message) -> SettingsError:
        return SettingsError(f"{WAIVERS}:{line}", what, [told[name]] if told[name] else (), remedy)

    if not check:
        codes = [one.id for one in hygiene_checks()]
        yield mistake(N_("there is no such check"), "check", did_you_mean(told["check"].upper(), codes))
    if not told["id"]:
        remedy = N_("Write the number of the deal, task or card as it stands in the CRM.")
        yield mistake(N_("it is not said which row is meant"), "id", remedy)
    if not told["reason"]:
        remedy = N_("Write why this is no violation: the report shows it.")
        yield mistake(N_("an exception needs a reason"), "reason", remedy)
    if until is None:
        what = N_("an exception needs its last day") if not told["until"] else N_("this is no date")
        yield mistake(what, "until", N_("Write it such as 2026-12-31 or 31.12.2026."))


def _contradicting(rows: list[tuple[str, str, str, date, int]]) -> Iterator[SettingsError]:
    """Refuse a row that is excepted twice for different reasons."""
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for check, name, reason, _, line in rows:
        before = first.setdefault((check, name), (reason, line))
        if before[0] != reason:
            what = N_("this row is excepted in line {line} already, for another reason", line=before[1])
            yield SettingsError(f"{WAIVERS}:{line}", what, [before[0], reason], N_("Keep one of the two."))
