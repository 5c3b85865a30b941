"""Half-open spans of time in the client's zone, and the words that name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crmkit.errors import N_, RequestError

GRAINS = ("day", "week", "month", "quarter", "year")

_FORMS = (
    ("year", re.compile(r"(\d{4})")),
    ("quarter", re.compile(r"(\d{4})-Q([1-4])")),
    ("month", re.compile(r"(\d{4})-(\d{2})")),
    ("week", re.compile(r"(\d{4})-W(\d{2})")),
    ("day", re.compile(r"(\d{4})-(\d{2})-(\d{2})")),
)
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
#: Years that periods and days may lie in; no export tells of others.
YEARS = range(1900, 2200)


@dataclass(frozen=True)
class Period:
    """A span ``[start, end)`` of aware moments; ``name`` is how it was asked for.

    ``start`` and ``end`` are both ``None`` for «all», which has no borders.
    """

    start: datetime | None
    end: datetime | None
    name: str
    grain: str = ""

    @property
    def is_all(self) -> bool:
        """Whether the span has no borders."""
        return self.start is None

    @classmethod
    def between(cls, first: date, after: date, zone: str, name: str = "", grain: str = "") -> Period:
        """Return the span from the start of day ``first`` to the start of day ``after`` (left out)."""
        tz = ZoneInfo(zone)
        start = datetime(first.year, first.month, first.day, tzinfo=tz)
        end = datetime(after.year, after.month, after.day, tzinfo=tz)
        return cls(start, end, name or f"{first.isoformat()}..{after.isoformat()}", grain)

    @classmethod
    def parse(cls, text: str, zone: str) -> Period:
        """Read a period from its name.

        ``all``, ``2017``, ``2017-Q1``, ``2017-03``, ``2017-W09`` (ISO week), ``2017-03-01`` (a day) or
        ``2017-03-01..2017-04-01`` (half-open).

        Raises
        ------
        RequestError: the text is none of these, or its end is not after its start.

        >>> Period.parse("2017-Q1", "UTC").end.isoformat()
        '2017-04-01T00:00:00+00:00'
        """
        text = text.strip()
        if text == "all":
            return cls(None, None, "all")
        try:
            if span := _SPAN.fullmatch(text):
                first, after = date.fromisoformat(span[1]), date.fromisoformat(span[2])
                if after > first and first.year in YEARS and after.year in YEARS:
                    return cls.between(first, after, zone, text)
            for grain, form in _FORMS:
                if found := form.fullmatch(text):
                    first = _first_day(grain, [int(part) for part in found.groups()])
                    if first.year not in YEARS:
                        raise _refusal(text)
                    return cls.between(first, next_start(first, grain), zone, text, grain)
        except ValueError as error:
            raise _refusal(text) from error
        raise _refusal(text)

    def split(self, grain: str) -> list[Period]:
        """Cut the span into days, weeks, months, quarters or years; the border pieces may be partial."""
        if self.start is None or self.end is None:
            raise ValueError("«all» has no borders: give it some first")
        zone = str(self.start.tzinfo)
        pieces = []
        first, last = self.start.date(), self.end.date()
        while first < last:
            whole = floor(first, grain)
            after = min(next_start(whole, grain), last)
            complete = whole == first and after == next_start(whole, grain)
            pieces.append(
                Period.between(first, after, zone, name_of(whole, grain), grain if complete else "")
            )
            first = after
        return pieces

    def days(self) -> tuple[date, date]:
        """Return the first day and the day after the last."""
        if self.start is None or self.end is None:
            raise ValueError("«all» has no borders: give it some first")
        return self.start.date(), self.end.date()


def a_day(where: str, text: str) -> date:
    """Return the day that an option tells.

    Raises
    ------
    RequestError: it is none, or none of which an export could tell.
    """
    try:
        day = date.fromisoformat(text)
        if day.year in YEARS:
            return day
    except ValueError:
        pass
    raise RequestError(where, N_("this is not a date"), [text], N_("Write it like 2026-03-01."))


def _refusal(text: str) -> RequestError:
    return RequestError(
        f"--period {text}",
        N_("this is not a period"),
        remedy=N_(
            "Write 2017, 2017-Q1, 2017-03, 2017-W09, 2017-03-01..2017-04-01 (the end is left out) or all."
        ),
    )


def _first_day(grain: str, parts: list[int]) -> date:
    if grain == "week":
        return date.fromisocalendar(parts[0], parts[1], 1)
    if grain == "quarter":
        return date(parts[0], 3 * parts[1] - 2, 1)
    return date(*[*parts, 1, 1][:3])


def floor(day: date, grain: str) -> date:
    """Return the first day of the week, month, quarter or year in which ``day`` lies."""
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if grain == "year":
        return day.replace(month=1, day=1)
    raise RequestError(
        grain, N_("there is no such step of time"), remedy=N_("Use day, week, month, quarter or year.")
    )


def next_start(first: date, grain: str) -> date:
    """Return the first day of the span that follows the one starting on ``first``."""
    if grain in ("day", "week"):
        return first + timedelta(days=7 if grain == "week" else 1)
    months = {"month": 1, "quarter": 3, "year": 12}[grain]
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def name_of(first: date, grain: str) -> str:
    """Name the span that starts on ``first``: the inverse of :meth:`Period.parse`."""
    if grain == "year":
        return f"{first.year:04d}"
    if grain == "quarter":
        return f"{first.year:04d}-Q{(first.month + 2) // 3}"
    if grain == "month":
        return f"{first.year:04d}-{first.month:02d}"
    if grain == "week":
        iso = first.isocalendar()
        return f"{iso.year:04d}-W{iso.week:02d}"
    return first.isoformat()


def before(period: Period) -> Period | None:
    """Return the period of the same length just before; whole months stay whole months."""
    if period.start is None:
        return None
    first, after = period.days()
    zone = str(period.start.tzinfo)
    if first.day == after.day == 1:
        months, earlier = (after.year - first.year) * 12 + after.month - first.month, first
        for _ in range(months):
            earlier = floor(earlier - timedelta(days=1), "month")
        return Period.between(earlier, first, zone)
    return Period.between(first - (after - first), first, zone)
