"""Numbers from text: thousands marks, currency signs, percent; the decimal mark is decided per column."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.sources.parsed import AmbiguousValues, Parsed, as_arrow

_CODES = (
    "RUB RUR USD EUR GBP KZT BYN BYR UAH BRL MXN ARS CLP COP PEN AMD AZN GEL KGS UZS TJS MDL TRY CNY JPY"
    " INR CHF PLN CZK SEK NOK DKK HUF ILS AED CAD AUD"
)
_SIGNS = r"US\$|R\$|S/\.?|[$€£¥₽₸₴₹₺₪]|руб(?:\.|лей|ля|ль)?|р\.?|тг\.?|тенге|грн\.?|сум"
_CURRENCY = rf"(?:{_SIGNS}|{'|'.join(_CODES.split())})"
#: A number with what may stand around it: currency before or behind, a sign, percent, parentheses.
_DECORATED = re.compile(
    rf"(?P<open>\()?'?\s*(?P<sign>[-+−–])?\s*(?:{_CURRENCY}\s*)?(?P<inner>[-+−–])?\s*"
    rf"(?P<body>\d[\d.,\s'’]*|[.,]\d+)(?P<percent>%)?(?:{_CURRENCY})?\s*(?P<close>\))?",
    re.IGNORECASE,
)
_SPACED = re.compile(r"\d{1,3}(?:([\s'’])\d{3})(?:\1\d{3})*(?P<rest>[.,]\d*)?")
_GROUPED = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+") for mark in ".,"}
_SPACES = r" \x{a0}\x{202f}\x{2009}"
_SPACES_ONLY = rf"^[+-]?\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?$"
_PLAIN = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"
_UNDECIDED = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_OTHER = {".": ",", ",": "."}
#: No amount is as large: a slip of a key, or an identifier. Squares and sums of what is smaller stay finite.
TOO_LARGE = 1e18
_NAMES = {
    "": "whole numbers",
    ".": "decimal point",
    ",": "decimal comma",
    ",.": "decimal comma and decimal point",
}


@dataclass(frozen=True)
class _Numeral:
    """One cell understood: its digits, the decimal mark it proves, or the mark that may be either."""

    digits: str
    negative: bool
    percent: bool
    parentheses: bool
    proves: str = ""
    undecided: str = ""

    def value(self, decimal: str) -> float:
        """Return the number, an undecided mark being read as ``decimal`` says."""
        digits = self.digits
        if self.undecided:
            digits = digits.replace(self.undecided, "." if self.undecided == decimal else "")
        number = float(digits)
        if not number < TOO_LARGE:
            return math.nan
        return -number if self.negative else number


def parse_numbers(text: pd.Series, *, decimal: str | None = None) -> Parsed:
    """Read numbers as float64; those of ``TOO_LARGE`` and more cannot be read.

    Every cell is read by its own shape where that leaves no doubt: both marks (the last is decimal), one mark
    several times (thousands), one mark with other than three digits behind it (decimal). Cells such as
    ``1,234`` are read as the rest of the column shows, or as ``decimal`` says.

    Parameters
    ----------
    text: the column.
    decimal: the decimal mark, ``.`` or ``,``, for the cells in doubt.

    Returns
    -------
    Parsed; ``notes`` counts ``percent`` (12% is 12) and ``parentheses`` (negative amounts).

    Raises
    ------
    AmbiguousValues: nothing in the column tells thousands from decimals.
    """
    cells, proved, spaced = _without_spaces(as_arrow(text))
    plain = _holds(pc.match_substring_regex(cells, _PLAIN))
    clear = pc.and_not(plain, _holds(pc.match_substring_regex(cells, _UNDECIDED)))
    if pc.any(pc.and_(pc.and_not(clear, spaced), _holds(pc.match_substring(cells, ".")))).as_py():
        proved.add(".")
    nothing = pa.scalar(None, cells.type)
    values = pc.if_else(clear, cells, nothing).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    values[~(np.abs(values) < TOO_LARGE)] = np.nan
    coded = pc.if_else(clear, nothing, cells).dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    numerals = {cell: _understand(cell) for cell in coded.dictionary.to_pylist()}
    proved |= {one.proves for one in numerals.values() if one} - {""}
    doubtful = [cell for cell, one in numerals.items() if one and one.undecided]
    if doubtful:
        decimal = decimal or (proved.pop() if len(proved) == 1 else None)
        if decimal is None:
            raise AmbiguousValues("numbers", doubtful)
        proved.add(decimal)
    table = [math.nan if one is None else one.value(decimal or ".") for one in numerals.values()]
    values = np.where(codes >= 0, np.array([*table, np.nan])[codes], values)
    bad = np.flatnonzero(np.isnan(values) & cells.is_valid().to_numpy(zero_copy_only=False))
    column = pd.Series(values, index=text.index, name=text.name)
    return Parsed(column, bad, _NAMES["".join(sorted(proved))], notes=_notes(numerals, codes))


def _holds(found: pa.BooleanArray) -> pa.BooleanArray:
    return pc.fill_null(found, False)


def _without_spaces(cells: pa.LargeStringArray) -> tuple[pa.LargeStringArray, set[str], pa.BooleanArray]:
    """Take the spaces out of ``1 234,56`` and the like; tell the decimal marks they prove; and where."""
    spaced = _holds(pc.match_substring_regex(cells, _SPACES_ONLY))
    if not pc.any(spaced).as_py():
        return cells, set(), spaced
    proved = {
        mark for mark in ".," if pc.any(pc.and_(spaced, _holds(pc.match_substring(cells, mark)))).as_py()
    }
    bare = pc.replace_substring(pc.replace_substring_regex(cells, f"[{_SPACES}]", ""), ",", ".")
    return pc.if_else(spaced, bare, cells), proved, spaced


def _notes(numerals: dict[str, _Numeral | None], codes: np.ndarray) -> dict[str, int]:
    counts = np.bincount(codes[codes >= 0], minlength=len(numerals)).tolist()
    found = list(zip(counts, numerals.values(), strict=True))
    notes = {
        "percent": sum(count for count, one in found if one and one.percent),
        "parentheses": sum(count for count, one in found if one and one.parentheses),
    }
    return {name: count for name, count in notes.items() if count}


def _understand(cell: str) -> _Numeral | None:
    """Return what a cell's shape says, or ``None`` if it is no number."""
    found = _DECORATED.fullmatch(cell)
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    body = found["body"].rstrip()
    proves = undecided = ""
    if spaced := _SPACED.fullmatch(body):
        proves = (spaced["rest"] or "")[:1]
        digits = re.sub(r"[\s'’]", "", body).replace(",", ".")
    else:
        shape = _marks(body)
        if shape is None:
            return None
        digits, proves, undecided = shape
    negative = bool(found["open"]) or any(found[name] in ("-", "−", "–") for name in ("sign", "inner"))
    return _Numeral(digits, negative, bool(found["percent"]), bool(found["open"]), proves, undecided)


def _marks(body: str) -> tuple[str, str, str] | None:
    """Return the digits in Python's spelling, the decimal mark they prove, and the mark in doubt."""
    marks = [sign for sign in body if sign in ".,"]
    if not body.replace(".", "").replace(",", "").isdigit():
        return None
    if not marks:
        return body, "", ""
    last = marks[-1]
    whole, _, part = body.rpartition(last)
    if len(set(marks)) == 2:
        groups = _GROUPED[_OTHER[last]].fullmatch(whole)
        return (f"{whole.replace(_OTHER[last], '')}.{part}", last, "") if groups else None
    if len(marks) > 1:
        return (body.replace(last, ""), _OTHER[last], "") if _GROUPED[last].fullmatch(body) else None
    if _GROUPED[last].fullmatch(body):
        return body, "", last
    return f"{whole or '0'}.{part or '0'}", last, ""
