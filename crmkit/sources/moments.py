"""Moments from text: the order of day and month decided on evidence, placeholders dropped, zones applied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.errors import N_, SourceError
from crmkit.sources.dateshapes import Group, shape_groups
from crmkit.sources.parsed import AmbiguousValues, Parsed, as_arrow

#: Moments outside are placeholders («01.01.0001», 9999-12-31, 2050-01-01), not dates.
FIRST, LAST = np.datetime64("1990-01-01", "us"), np.datetime64("2050-01-01", "us")
DAY = 86_400_000_000
#: Up to this share, dates with two-digit years count as unreadable cells; beyond it the column is in doubt.
STRAY = 0.1
_NO_DATE = np.datetime64("0001-01-01", "us").astype(np.int64)
_NAT = np.iinfo(np.int64).min
_SERIAL_DAY_0 = np.datetime64("1899-12-30", "us").astype(np.int64)


@dataclass
class _Reading:
    """Moments in the making, by position of the filled cells: µs, whether they are UTC, the formats met."""

    stamps: np.ndarray
    universal: np.ndarray
    clocked: bool
    formats: dict[str, int]


def parse_moments(
    text: pd.Series,
    zone: str,
    *,
    fmt: str | None = None,
    day_first: bool | None = None,
    native: bool = False,
    empty_words: frozenset[str] = frozenset(),
) -> Parsed:
    """Read dates and moments as ``datetime64[us, zone]``.

    ISO is always year, month, day; dots with a year of four digits are day, month, year. The order in dates
    with slashes or dashes is decided for each separator on evidence: a number above 12.

    Parameters
    ----------
    text: the column.
    zone: IANA name of the zone in which times without offset are meant, and in which all are returned. Of a
        moment that occurs twice the first is taken, one that the clocks skipped is shifted forward.
    fmt: a ``strptime`` format; wins over everything (ISO is still read in ``native`` columns).
    day_first: the order where the evidence is silent or contradicts itself.
    native: the column is from a workbook: ISO text and serial days (20000–80000) may occur.
    empty_words: casefolded words that mean «no date», as «не закрыта».

    Returns
    -------
    Parsed; ``notes`` counts ``sentinel`` (before 1990, or from 2050 on: missing), ``ambiguous_dst`` and
    ``nonexistent_dst``.

    Raises
    ------
    AmbiguousValues: the order of day and month is in doubt, or years have two digits and no ``fmt`` is given.
    SourceError: ``fmt`` is no format.
    """
    cells = as_arrow(text)
    rows = np.flatnonzero(pc.is_valid(cells).to_numpy(zero_copy_only=False))
    filled = cells.drop_null()
    reading = _Reading(np.full(len(filled), _NAT), np.zeros(len(filled), dtype=bool), False, {})
    if fmt is not None:
        _read_format(filled, fmt, reading)
        if native:
            left = np.flatnonzero(reading.stamps == _NAT)
            groups = [group for group in shape_groups(filled.take(pa.array(left))) if not group.mark]
            _readshape_groups(groups, left, {}, reading)
    else:
        groups = _without_stray_years(list(shape_groups(filled)))
        _readshape_groups(groups, np.arange(len(filled)), _orders(groups, filled, day_first), reading)
    if native:
        _read_serials(filled, reading)
    left = np.flatnonzero(reading.stamps == _NAT)
    bad = rows[left[~_is_word(filled.take(pa.array(left)), empty_words)]]
    values, notes = _localised(reading, zone)
    full = np.full(len(text), _NAT)
    full[rows] = values
    index = pd.DatetimeIndex(full.view("M8[us]")).tz_localize("UTC").tz_convert(zone)
    decision = "; ".join(sorted(reading.formats, key=lambda name: (-reading.formats[name], name)))
    return Parsed(pd.Series(index, index=text.index, name=text.name), bad, decision, reading.clocked, notes)


def _without_stray_years(groups: list[Group]) -> list[Group]:
    """Leave a few dates with two-digit years among many whole ones unread, rather than refuse the column."""
    short = [bool(group.mark) and len(group.shape["last"]) == 2 for group in groups]
    sizes = [len(group.rows) for group in groups]
    if sum(size for size, one in zip(sizes, short, strict=True) if one) > STRAY * sum(sizes):
        return groups
    return [group for group, one in zip(groups, short, strict=True) if not one]


def _orders(groups: list[Group], cells: pa.LargeStringArray, day_first: bool | None) -> dict[str, bool]:
    """Decide for each separator whether the day stands first."""
    orders = {".": True}
    for group in groups:
        if group.mark and len(group.shape["last"]) == 2:
            raise AmbiguousValues("dates", cells.take(pa.array(group.rows[:5])).to_pylist())
    for mark in sorted({group.mark for group in groups} - {"", "."}):
        alike = [group for group in groups if group.mark == mark]
        one, two = (np.concatenate([group.parts[place] for group in alike]) for place in (0, 1))
        day = bool(((one > 12) & (one <= 31) & (two <= 12)).any())
        month = bool(((two > 12) & (two <= 31) & (one <= 12)).any())
        if day == month and day_first is None:
            rows = np.concatenate([group.rows for group in alike])
            proofs = [*rows[one > 12][:2], *rows[two > 12][:2]] or rows[:5]
            raise AmbiguousValues("dates", cells.take(pa.array(proofs)).to_pylist())
        orders[mark] = bool(day_first) if day == month else day
    return orders


def _readshape_groups(
    groups: list[Group], places: np.ndarray, orders: dict[str, bool], reading: _Reading
) -> None:
    for group in groups:
        year, month, day = group.parts
        if group.mark:
            day, month, year = (
                group.parts if orders[group.mark] else (group.parts[1], group.parts[0], group.parts[2])
            )
        months = (year - 1970) * 12 + month - 1
        begin = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
        following = (months + 1).astype("M8[M]").astype("M8[D]").astype(np.int64)
        fits = (month >= 1) & (month <= 12) & (day >= 1) & (day <= following - begin) & (group.clock >= 0)
        stamps = (begin + day - 1) * DAY + group.clock - group.offset
        blank = (year == 0) & (month == 0) & (day == 0)  # 0000-00-00, the «no date» of some databases
        fits |= blank
        stamps[blank] = _NO_DATE
        rows = places[group.rows[fits]]
        reading.stamps[rows] = stamps[fits]
        if not len(rows):
            continue
        if group.shape["zone"]:
            reading.universal[rows] = True
        reading.clocked |= bool(group.shape["zone"]) or bool(group.clock[fits].any())
        name = _format(group, orders)
        reading.formats[name] = reading.formats.get(name, 0) + len(rows)


def _format(group: Group, orders: dict[str, bool]) -> str:
    if not group.mark:
        return "ISO"
    date = group.mark.join(("%d", "%m", "%Y") if orders[group.mark] else ("%m", "%d", "%Y"))
    if not group.shape["hour"]:
        return date
    hour = "%I" if group.shape["half"] else "%H"
    return f"{date} {hour}:%M{':%S' if group.shape['second'] else ''}{' %p' if group.shape['half'] else ''}"


def _read_format(cells: pa.LargeStringArray, fmt: str, reading: _Reading) -> None:
    coded = cells.dictionary_encode()
    try:
        moments = pd.to_datetime(coded.dictionary.to_pylist(), format=fmt, errors="coerce", utc="%z" in fmt)
    except ValueError as error:
        remedy = N_("Write a format such as %d.%m.%Y or %m/%d/%y %H:%M in client.yml under files: dates.")
        raise SourceError(fmt, N_("this is no format of dates"), [str(error)], remedy) from error
    stamps = pd.DatetimeIndex(moments).as_unit("us").asi8
    reading.stamps[:] = stamps[coded.indices.to_numpy()]
    reading.universal[:] = "%z" in fmt
    read = reading.stamps != _NAT
    if read.any():
        reading.formats[fmt] = int(read.sum())
        reading.clocked = "%z" in fmt or bool((reading.stamps[read] % DAY != 0).any())


def _read_serials(cells: pa.LargeStringArray, reading: _Reading) -> None:
    """Read what is left as days since 1899-12-30, as workbooks count."""
    left = np.flatnonzero(reading.stamps == _NAT)
    chosen = cells.take(pa.array(left))
    number = pc.match_substring_regex(chosen, r"^\d{5}(?:\.\d+)?$").to_numpy(zero_copy_only=False)
    days = chosen.filter(pa.array(number)).cast(pa.float64()).to_numpy()
    fits = (days >= 20_000) & (days < 80_000)
    if not fits.any():
        return
    stamps = np.round(days[fits] * 86_400_000).astype(np.int64) * 1000
    reading.stamps[left[number][fits]] = _SERIAL_DAY_0 + stamps
    reading.clocked |= bool((stamps % DAY).any())
    reading.formats["serial days"] = int(fits.sum())


def _is_word(cells: pa.LargeStringArray, words: frozenset[str]) -> np.ndarray:
    coded = cells.dictionary_encode()
    listed = [cell.casefold().strip() in words for cell in coded.dictionary.to_pylist()]
    known: np.ndarray = np.array(listed, dtype=bool)[coded.indices.to_numpy()]
    return known


def _localised(reading: _Reading, zone: str) -> tuple[np.ndarray, dict[str, int]]:
    """Return µs in UTC, and the counts of what could not be taken as it stood."""
    stamps, notes = reading.stamps.copy(), {}
    outside = (stamps != _NAT) & ((stamps < FIRST.astype(np.int64)) | (stamps >= LAST.astype(np.int64)))
    stamps[outside] = _NAT
    notes["sentinel"] = int(outside.sum())
    local = np.flatnonzero((stamps != _NAT) & ~reading.universal)
    naive = pd.DatetimeIndex(stamps[local].view("M8[us]"))
    aware = naive.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").asi8.copy()
    odd = np.flatnonzero(aware == _NAT)
    first = np.ones(len(odd), dtype=bool)
    skipped = naive[odd].tz_localize(zone, ambiguous=first, nonexistent="NaT").isna()
    aware[odd] = naive[odd].tz_localize(zone, ambiguous=first, nonexistent="shift_forward").asi8
    stamps[local] = aware
    notes["nonexistent_dst"] = int(skipped.sum())
    notes["ambiguous_dst"] = len(odd) - notes["nonexistent_dst"]
    return stamps, {name: count for name, count in notes.items() if count}
