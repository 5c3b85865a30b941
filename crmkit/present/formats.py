"""Numbers, money and dates as a reader of the language writes them: the one place where figures become text.

Every rounding is half up, away from zero, on the decimal digits that are seen (0.6315 is 63.2%, as in
Excel), never half to even. Spaces inside a figure do not break. What is missing is «—».
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cached_property
from typing import TYPE_CHECKING

from crmkit.errors import N_, RequestError
from crmkit.present.texts import HYPHEN, MINUS, MISSING, NBSP, clean, is_missing
from crmkit.present.words import Words

if TYPE_CHECKING:
    from babel import Locale

Number = int | float | Decimal


@contextmanager
def _half_up() -> Iterator[None]:
    with localcontext() as context:
        context.rounding = ROUND_HALF_UP
        yield


@dataclass(frozen=True)
class Formats:
    """How one language writes figures, and money of one currency.

    Parameters
    ----------
    language: ``en`` or ``ru``.
    currency: ISO 4217 code.

    Raises
    ------
    RequestError: there is no such language.

    >>> Formats("en", "USD").share(0.6315), Formats("en", "USD").money(2360.909391)
    ('63.2%', '$2,361')
    """

    language: str
    currency: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise RequestError("currency", N_("this is not a currency code"), [self.currency])
        _ = self.words

    @cached_property
    def words(self) -> Words:
        """The words of the language."""
        return Words(self.language)

    @cached_property
    def locale(self) -> Locale:
        """Babel's locale."""
        from babel import Locale

        return Locale(self.language)

    def _digits(self, value: Number | None, pattern: str) -> str:
        if is_missing(value) or not math.isfinite(value or 0):
            return MISSING
        from babel.numbers import format_decimal

        with _half_up():
            return _typeset(format_decimal(Decimal(str(value)), pattern, self.locale))

    def count(self, value: Number | None) -> str:
        """Return a whole number: «1 589»."""
        return self._digits(value, "#,##0")

    def number(self, value: Number | None, places: int = 1) -> str:
        """Return a number with a fixed count of decimal places: «51.8»."""
        return self._digits(value, "#,##0" + ("." + "0" * places if places else ""))

    def share(self, value: Number | None, places: int = 1) -> str:
        """Return a share 0–1 in per cent: «63.2%», «63,2 %»."""
        if is_missing(value):
            return MISSING
        return self.per_cent(self.number(Decimal(str(value)) * 100, places))

    def points(self, value: Number | None, places: int = 1) -> str:
        """Return a difference of two shares in percentage points, with its sign: «+3.1 points»."""
        if is_missing(value):
            return MISSING
        points = self.number(Decimal(str(value)) * 100, places)
        sign = "" if points[0] == MINUS or not points.strip("0.,") else "+"
        return self.words.say("{points} points", points=sign + points).replace(" ", NBSP)

    def days(self, value: Number | None, places: int = 1) -> str:
        """Return a duration in days: the number only, the heading carries the unit."""
        return self.number(value, places)

    def money(self, value: Number | None, *, kopecks: bool | None = None, sign: bool = True) -> str:
        """Return an amount of the currency: whole units, but hundredths below 100.

        Parameters
        ----------
        kopecks: whether hundredths are shown; ``None`` shows them below 100 where they are not zero.
        sign: False leaves the currency to the heading.
        """
        if is_missing(value) or not math.isfinite(value or 0):
            return MISSING
        amount = Decimal(str(value))
        places = self._places(amount, kopecks)
        return self.with_symbol(self.number(amount, places)) if sign else self.number(amount, places)

    def compact(self, value: Number | None, *, money: bool = False) -> str:
        """Return a number as a chart's label: «$1.1M», «€940K»; the exact one stands in the table."""
        if is_missing(value):
            return MISSING
        from babel.numbers import format_compact_decimal

        amount = Decimal(str(value))
        with _half_up():
            size = max(amount.adjusted(), 0)
            step = 0 if size < 3 else size - size % 3 - (size % 3 < 2)
            amount = amount.quantize(Decimal(1).scaleb(step)).quantize(Decimal(1))
            text = format_compact_decimal(amount, format_type="short", locale=self.locale, fraction_digits=1)
        return self.with_symbol(_typeset(text)) if money else _typeset(text)

    def interval(self, low: Number | None, high: Number | None, kind: str = "share") -> str:
        """Return a span: «58–68%», «1 200–3 400»; shares in whole per cent unless the ends then meet."""
        if is_missing(low) or is_missing(high):
            return MISSING
        if kind == "share":
            ends = [self.number(Decimal(str(end)) * 100, 0) for end in (low, high)]
            if ends[0] == ends[1]:
                ends = [self.number(Decimal(str(end)) * 100) for end in (low, high)]
        elif kind in ("money", "money_per_day"):
            ends = [self.money(end, sign=False) for end in (low, high)]
        else:
            ends = [self.number(end, 0 if kind == "count" else 1) for end in (low, high)]
        if ends[0].startswith(MINUS):
            span = self.words.say("from {low} to {high}", low=ends[0], high=ends[1]).replace(" ", NBSP)
        else:
            span = "–".join(ends)
        return self.per_cent(span) if kind == "share" else span

    def k_of_n(self, k: Number | None, n: Number | None) -> str:
        """Return «3 of 7»."""
        if is_missing(k) or is_missing(n):
            return MISSING
        return self.words.say("{k} of {n}", k=self.count(k), n=self.count(n)).replace(" ", NBSP)

    def day(self, value: date | None) -> str:
        """Return a date: «15 Mar 2017», «15.03.2017»."""
        return self._date(value, "d MMM y" if self.language == "en" else "dd.MM.y")

    def moment(self, value: datetime | None) -> str:
        """Return a date with its time of day, as the value's own zone has it."""
        if value is None or is_missing(value):
            return MISSING
        return f"{self.day(value)}{NBSP}{value:%H:%M}"

    def month(self, value: date | None) -> str:
        """Return a month's short name with its year: «Jan 2017»."""
        return self._date(value, "LLL y")

    def period(self, start: date | None, end: date | None) -> str:
        """Return the name of a half-open span: a month, a quarter, a year, or first day – last day."""
        if start is None or end is None or is_missing(start) or is_missing(end):
            return self.words.say("the whole time of the export")
        months = (end.year - start.year) * 12 + end.month - start.month
        if start.day == end.day == 1:
            if months == 1:
                return self._date(start, "LLLL y")
            if months == 3 and start.month % 3 == 1:
                return self._date(start, "QQQ y").replace("-", HYPHEN)
            if months == 12 and start.month == 1:
                return str(start.year)
        last = end - timedelta(days=1)
        return self.day(start) if last == start else f"{self.day(start)} – {self.day(last)}"

    def group(self, value: object) -> str:
        """Return a group's label; the group of missing values is «not set»."""
        return self.words.say("not set") if is_missing(value) else clean(value)

    def unit(self, kind: str) -> str:
        """Return the unit that a heading of this kind carries: «%», «₽», «days», or nothing."""
        if kind == "money_per_day":
            return self.words.say("{money} a day", money=self.symbol)
        spans = {"days": N_("days"), "hours": N_("hours"), "minutes": N_("minutes")}
        if kind in spans:
            return self.words.message(spans[kind])
        return {"share": "%", "money": self.symbol}.get(kind, "")

    @cached_property
    def symbol(self) -> str:
        """The currency's sign in this language, else its code."""
        from babel.numbers import get_currency_symbol

        return str(get_currency_symbol(self.currency, self.locale))

    def _places(self, amount: Decimal, kopecks: bool | None) -> int:
        from babel.numbers import get_currency_precision

        shown = kopecks if kopecks is not None else abs(amount) < 100 and amount != amount.to_integral_value()
        return get_currency_precision(self.currency) if shown else 0

    def per_cent(self, digits: str) -> str:
        """Return digits, or a span of them, with the sign of per cent."""
        return f"{digits}%" if self.language == "en" else f"{digits}{NBSP}%"

    def with_symbol(self, digits: str) -> str:
        """Return digits, or a span of them, with the currency's sign where the language has it."""
        pattern = str(self.locale.currency_formats["standard"].pattern)
        if pattern.startswith("¤"):
            space = NBSP if self.symbol[-1].isalpha() else ""
            minus = MINUS if digits.startswith(MINUS) else ""
            return f"{minus}{self.symbol}{space}{digits.removeprefix(MINUS)}"
        return f"{digits}{NBSP}{self.symbol}"

    def _date(self, value: date | None, pattern: str) -> str:
        if value is None or is_missing(value):
            return MISSING
        from babel.dates import format_date

        return _typeset(format_date(value, pattern, self.locale))


def _typeset(text: str) -> str:
    """Return a figure with unbreakable spaces and a true minus; a zero has no sign."""
    text = re.sub(r"\s", NBSP, text)
    digits = text.removeprefix("-")
    return MINUS + digits if text != digits and re.search("[1-9]", digits) else digits
