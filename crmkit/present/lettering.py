"""How wide a text of a picture is, and how it is broken into lines: the same on every machine."""

from __future__ import annotations

import unicodedata
from itertools import accumulate, takewhile

from crmkit.present.texts import clean

FONT = 'Arial, Helvetica, "Liberation Sans", Arimo, sans-serif'
"""Faces of one width, so that what fits here fits wherever the picture is seen."""

#: Widths of the signs from U+0020 and from U+0410 in hundredths of the size, as Arial has them.
_LATIN = (
    28, 28, 35, 56, 56, 89, 67, 19, 33, 33, 39, 58, 28, 33, 28, 28, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56,
    28, 28, 58, 58, 58, 56, 102, 67, 67, 72, 72, 67, 61, 78, 72, 28, 50, 67, 56, 83, 72, 78, 67, 78, 72, 67,
    61, 72, 67, 94, 67, 67, 61, 28, 28, 28, 47, 56, 33, 56, 56, 50, 56, 56, 28, 56, 56, 22, 22, 50, 22, 83,
    56, 56, 56, 56, 33, 50, 28, 56, 50, 72, 50, 50, 50, 33, 26, 33, 58,
)  # fmt: skip
_CYRILLIC = (
    67, 66, 67, 54, 68, 67, 92, 60, 72, 72, 58, 66, 83, 72, 78, 72, 67, 72, 61, 64, 76, 67, 74, 67, 92, 94,
    79, 89, 66, 72, 101, 72, 56, 57, 53, 36, 58, 56, 67, 46, 56, 56, 44, 58, 69, 55, 56, 54, 56, 50, 46, 50,
    82, 50, 57, 52, 80, 82, 62, 72, 52, 51, 75, 54,
)  # fmt: skip
_OTHERS = {"\u00a0": 28, "\u00b7": 28, "\u2013": 56, "\u00ab": 56, "\u00bb": 56, "\u00d7": 58}
_BOLD = 1.09


def text_width(text: str, size: float = 12, *, bold: bool = False) -> float:
    """Return how wide a line of text is at a size of type, both in the units of the picture.

    >>> text_width("Won", 100)
    206.0
    """
    return _width(sum(map(_advance, text)), size, bold)


def _width(hundredths: int, size: float, bold: bool) -> float:
    whole = hundredths * size / 100
    return whole * _BOLD if bold else whole


def _advance(sign: str) -> int:
    code = ord(sign)
    if 0 <= code - 0x20 < len(_LATIN):
        return _LATIN[code - 0x20]
    if 0 <= code - 0x410 < len(_CYRILLIC):
        return _CYRILLIC[code - 0x410]
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Cc"):
        return 0
    return _OTHERS.get(sign, 100 if unicodedata.east_asian_width(sign) in "WFA" else 67)


def lines_of(text: str, width: float, *, size: float = 12, most: int = 2, bold: bool = False) -> list[str]:
    """Return a text broken into at most ``most`` lines of ``width``; what does not fit ends in «…».

    A word that is too long for a line is broken. An empty text has no lines.
    """

    def fits(line: str) -> bool:
        return text_width(line, size, bold=bold) <= width

    def fitting(line: str, more: int = 0) -> int:
        """Return how many signs of a line fit, with ``more`` hundredths behind them."""
        sums = accumulate(map(_advance, line))
        return sum(1 for _ in takewhile(lambda whole: _width(whole + more, size, bold) <= width, sums))

    lines: list[str] = []
    words = clean(text).replace("\t", " ").replace("\n", " ").split(" ")
    for word in filter(None, words):
        if lines and fits(f"{lines[-1]} {word}"):
            lines[-1] += f" {word}"
            continue
        while not fits(word) and len(word) > 1 and len(lines) <= most:
            end = max(fitting(word), 1)
            lines.append(word[:end])
            word = word[end:]
        lines.append(word)
        if len(lines) > most:
            break
    if len(lines) > most:
        last = f"{lines[most - 1]} {lines[most]}"
        end = fitting(last, _advance("…"))
        lines[most - 1 :] = [f"{last if end == len(last) else last[:end].rstrip()}…"]
    return lines
